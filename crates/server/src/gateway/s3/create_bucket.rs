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
        region: create.region(call.region)?.to_owned(),
        upstream: EMBEDDED.to_owned(),
        upstream_bucket: None,
        state: BucketState::Creating,
        created: call.now,
        lease: call.state.lease(call.now),
    };
    let store = call.upstreams.for_bucket(&bucket)?;
    match bucket_record::create(call.state, &bucket).await {
        Err(error) if succeeds_again(call, &bucket, &error) => return Ok(created(&bucket.name)),
        reserved => reserved?,
    }
    let activated = match store.create_bucket(&bucket.upstream_bucket()).await {
        Ok(()) => bucket_record::activate(call.state, &bucket)
            .await
            .map_err(RequestError::from),
        Err(error) => Err(store_error(&bucket.name, error)),
    };
    if let Err(error) = activated {
        bucket_record::roll_back_create(call.state, store, &bucket).await;
        return Err(error.into());
    }
    Ok(created(&bucket.name))
}

fn created(name: &str) -> Response {
    let mut response = response::ok();
    response::set(&mut response, header::LOCATION, &format!("/{name}"));
    response
}

/// Whether the creation of a bucket that its account has already is a success. AWS has it so in
/// `us-east-1` for buckets there, for older clients (`BucketAlreadyOwnedByYou`, "Error Responses",
/// Amazon S3 API Reference). Nothing changes.
fn succeeds_again(call: &S3Call<'_>, bucket: &Bucket, error: &AwsError) -> bool {
    const REGION: &str = "us-east-1";
    let index = call.state.current();
    let existing = index.bucket(&bucket.name);
    error.code() == Code::BucketAlreadyOwnedByYou
        && [call.region, &bucket.region] == [REGION; 2]
        && existing.is_some_and(|existing| existing.record.region == REGION)
}

fn new_id(call: &S3Call<'_>, name: &BucketName) -> Result<BucketId, RequestError> {
    let mut random = [0; 16];
    call.random
        .fill(&mut random)
        .map_err(|_| RequestError::new(AwsError::internal(Protocol::S3), &NoRandomness))?;
    Ok(BucketId::new(name, random))
}
