//! `CreateBucket`.

use aws_lc_rs::rand::SecureRandom as _;
use bowline_aws::{
    error::{AwsError, Code, Protocol},
    s3::{BucketName, operation::CreateBucket},
};
use bowline_iam::decision::Permit;
use http::header;

use super::{
    bucket_record,
    call::{AuthorizedS3Operation, S3Call},
    error::{S3Error, store_error},
    response,
};
use crate::{
    http::response::Response,
    identity::entity::{Bucket, BucketId, BucketState},
    request::{error::RequestError, request_id::NoRandomness},
    upstream::EMBEDDED,
};

pub(super) async fn handle(
    call: &S3Call<'_>,
    permit: Permit<AuthorizedS3Operation<CreateBucket>>,
) -> Result<Response, S3Error> {
    let create = permit.into_action().operation;
    let bucket = Bucket {
        name: create.bucket.to_string(),
        id: new_id(call, &create.bucket)?,
        owner: call.caller()?.account(),
        region: region(create.location, call.region)?,
        upstream: EMBEDDED.to_owned(),
        upstream_bucket: None,
        state: BucketState::Creating,
        created: call.now,
        lease: call.state.lease(call.now),
    };
    let store = call.upstreams.for_bucket(&bucket)?;
    bucket_record::create(call.state, &bucket).await?;
    let created = match store.create_bucket(&bucket.upstream_bucket()).await {
        Ok(()) => bucket_record::activate(call.state, &bucket)
            .await
            .map_err(RequestError::from),
        Err(error) => Err(store_error(&bucket.name, error)),
    };
    if let Err(error) = created {
        bucket_record::roll_back_create(call.state, store, &bucket).await;
        return Err(error.into());
    }
    let mut response = response::ok();
    response::set(
        &mut response,
        header::LOCATION,
        &format!("/{}", create.bucket),
    );
    Ok(response)
}

fn new_id(call: &S3Call<'_>, name: &BucketName) -> Result<BucketId, RequestError> {
    let mut random = [0; 16];
    call.random
        .fill(&mut random)
        .map_err(|_| RequestError::new(AwsError::internal(Protocol::S3), &NoRandomness))?;
    Ok(BucketId::new(name, random))
}

/// The region of a new bucket: the endpoint's, which the body may name too. `us-east-1` accepts
/// every name.
fn region(named: Option<String>, endpoint: &str) -> Result<String, AwsError> {
    match named {
        None => Ok(endpoint.to_owned()),
        Some(named) if named == endpoint || endpoint == "us-east-1" => Ok(named),
        Some(named) => Err(AwsError::new(
            Code::IllegalLocationConstraint,
            format!(
                "The {named} location constraint is incompatible for the region specific endpoint this request was sent to."
            ),
        )),
    }
}
