//! The gateway: data requests, decided on and executed against the store that holds the bucket.
//!
//! Who calls is found out first, then what is asked, then whether it is allowed; the body of an upload is not asked for before
//! that, the few bytes that say what is asked are. The caller's credentials end here.

mod buckets;
mod execute;

use std::sync::Arc;

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest, rand::SecureRandom as _};
use bowline_aws::{
    error::{AwsError, Code, Protocol},
    requirement::Requirement,
    s3::{BucketName, Operation, OperationRequest, S3Target, decode_query},
    sigv4::{ChunkChain, ContentSha256, Payload, UnverifiedRequest},
};
use bowline_iam::decision::Permit;
use bytes::Bytes;
use http_body::Body as _;

use crate::upstream::objects::ObjectStore;
use crate::{
    app::App,
    http::{
        body::{self, RequestBody},
        response::Response,
    },
    identity::{
        entity::{BucketId, BucketState},
        index::{BucketEntry, Index},
    },
    request::{
        authenticate::{authenticate, record_claimed_identity},
        authorize::Authorizer,
        condition_keys::s3_signature_keys,
        error::RequestError,
        record::{AuditedResource, RecordedIdentity, RequestRecord},
        request_id::NoRandomness,
    },
};
pub(crate) use buckets::recover;
use execute::{AuthorizedS3Operation, execute};

/// Most bytes of a body that is no object's: `CreateBucket` has a few.
const MAX_BODY: usize = 64 * 1024;

/// Serves an S3 request, signed or not.
pub(crate) async fn serve(
    app: &App,
    record: &mut RequestRecord<'_>,
    signature: Option<&UnverifiedRequest<'_>>,
    mut body: RequestBody,
) -> Result<Response, RequestError> {
    let head = record.head;
    let mut index = app.state.current();
    let (content, chunk_chain) = identify(record, signature, &index)?;

    let target = S3Target::parse(head.host(), head.path(), &app.config.base_domains)
        .map_err(AwsError::from)?;
    let query = decode_query(head.query())?;
    let mut operation = Operation::parse(
        target,
        &OperationRequest {
            method: head.method().as_str(),
            query: &query,
            headers: &head.headers(),
        },
    )?;
    tell(record, &operation, &index);

    // Nobody unknown is read: they are denied whatever they ask.
    let mut given = Bytes::new();
    if record.caller().is_some() && !matches!(operation, Operation::PutObject { .. }) {
        let ended = body.is_end_stream();
        given = whole(content, &mut body).await?;
        if !ended {
            // What is decided on is what holds now, however long the body took.
            index = app.state.current();
            identify(record, signature, &index)?;
            tell_owner(record, &operation, &index);
        }
        if operation.asks_in_body() {
            operation.take_body(&std::mem::take(&mut given))?;
        }
    }

    let request = S3Request {
        app,
        index: &index,
        content,
        bucket: Asked::of(&operation, &index),
        chunk_chain,
    };
    let absence = operation.absence_requirement();
    let permit = request.decide(record, operation)?;
    app.audit.check_before(record)?;
    match request.carry_out(record, permit, &given, body).await {
        Err(refused) if refused.client.code() == Code::NoSuchKey => {
            Err(request.absent(record, refused, absence))
        }
        Err(RequestError {
            client,
            internal: None,
            ..
        }) if client.code() == Code::NoSuchBucket => {
            let why = "the bucket that was decided about is gone: it was removed meanwhile";
            Err(RequestError::new(request.bucket.named_in(client), why))
        }
        outcome => outcome,
    }
}

/// Takes into the record who sent a request, if it is signed, and returns what is signed of its body, with what the signatures of its
/// chunks build on.
fn identify(
    record: &mut RequestRecord<'_>,
    signature: Option<&UnverifiedRequest<'_>>,
    index: &Index,
) -> Result<(ContentSha256, Option<ChunkChain>), RequestError> {
    let Some(signature) = signature else {
        return Ok((ContentSha256::Unsigned, None));
    };
    record_claimed_identity(record, signature, index);
    let (payload, now) = (Payload::Declared, record.head.now);
    let authenticated = authenticate(signature, payload, index, now, Protocol::S3)?;
    record.identity = RecordedIdentity::Caller(Arc::new(authenticated.caller));
    let verified = authenticated.verified;
    Ok((verified.content(), verified.chunk_chain().cloned()))
}

/// Reads a small body and holds it against what was signed.
async fn whole(content: ContentSha256, body: &mut RequestBody) -> Result<Bytes, AwsError> {
    let body = body::read(body, MAX_BODY, Protocol::S3).await?;
    match content {
        ContentSha256::Hash(signed) => {
            let actual = digest::digest(&digest::SHA256, &body);
            verify_slices_are_equal(&signed, actual.as_ref())
                .map_err(|_| AwsError::content_sha256_mismatch())?;
        }
        ContentSha256::Unsigned => {}
        // A framing that only an object's body has.
        ContentSha256::UnsignedTrailer
        | ContentSha256::SignedChunks
        | ContentSha256::SignedChunksTrailer
            if body.is_empty() => {}
        ContentSha256::UnsignedTrailer
        | ContentSha256::SignedChunks
        | ContentSha256::SignedChunksTrailer => {
            return Err(AwsError::new(
                Code::NotImplemented,
                "A header or query you provided implies functionality that is not implemented",
            ));
        }
    }
    Ok(body)
}

/// What is known of a request once it was read.
struct S3Request<'a> {
    app: &'a App,
    index: &'a Arc<Index>,
    content: ContentSha256,
    chunk_chain: Option<ChunkChain>,
    bucket: Asked<'a>,
}

/// Which bucket is asked for.
enum Asked<'a> {
    /// None in particular.
    Nothing,
    /// One that does not exist.
    Unknown(BucketName),
    /// This one, in whatever state it is.
    Known(&'a Arc<BucketEntry>),
}

impl<'a> Asked<'a> {
    fn of(operation: &Operation, index: &'a Index) -> Self {
        let Some(name) = operation.bucket() else {
            return Self::Nothing;
        };
        let record = index.bucket(name.as_str());
        record.map_or_else(|| Self::Unknown(name.clone()), Self::Known)
    }

    /// The record, if there is one.
    fn record(&self) -> Option<&'a Arc<BucketEntry>> {
        match self {
            Self::Known(bucket) => Some(bucket),
            Self::Nothing | Self::Unknown(_) => None,
        }
    }

    /// The failure with the name of the bucket, as S3 tells it.
    fn named_in(&self, error: AwsError) -> AwsError {
        match self {
            Self::Nothing => error,
            Self::Unknown(name) => error.with("BucketName", name.as_str()),
            Self::Known(bucket) => error.with("BucketName", bucket.record.name.as_str()),
        }
    }
}

impl S3Request<'_> {
    /// Decides on the operation.
    fn decide(
        &self,
        record: &RequestRecord<'_>,
        operation: Operation,
    ) -> Result<Permit<AuthorizedS3Operation>, RequestError> {
        let requirements = operation.requirements();
        let bucket = if let Operation::CreateBucket { bucket, .. } = &operation {
            Some(self.new_id(bucket)?)
        } else {
            let record = self.bucket.record();
            record.map(|bucket| bucket.record.id.clone())
        };
        let bound = AuthorizedS3Operation { operation, bucket };
        self.authorizer(record).permit(&requirements, bound)
    }

    /// The id of a bucket that may be made.
    fn new_id(&self, name: &BucketName) -> Result<BucketId, RequestError> {
        let mut random = [0; 16];
        self.app
            .random
            .fill(&mut random)
            .map_err(|_| RequestError::new(AwsError::internal(Protocol::S3), &NoRandomness))?;
        Ok(BucketId::new(name, random))
    }

    /// What the caller is told of an object that is not there. Whoever may not list the bucket does not learn that it is not, only the
    /// operator does.
    fn absent(
        &self,
        record: &RequestRecord<'_>,
        told: RequestError,
        requirement: Option<Requirement<'_>>,
    ) -> RequestError {
        let Some(requirement) = requirement else {
            return told;
        };
        let (action, resource) = (&requirement.action, &requirement.arn);
        let allowed = self
            .authorizer(record)
            .permit(std::slice::from_ref(&requirement), ());
        match allowed {
            Ok(_) => {
                let reason = format!(
                    "the bucket has no such object, which the caller is told for being allowed {action} on {resource}"
                );
                RequestError::new(told.client, &reason)
            }
            Err(hidden) => {
                let reason = format!(
                    "the bucket has no such object, which the caller is not told for not being allowed {action} on {resource}"
                );
                RequestError {
                    client: AwsError::access_denied("Access Denied"),
                    internal: Some(reason),
                    traces: hidden.traces,
                }
            }
        }
    }

    fn authorizer<'a>(&'a self, record: &'a RequestRecord<'_>) -> Authorizer<'a> {
        let caller = record.caller();
        let authorizer = Authorizer::new(
            self.index,
            record.head,
            record.service,
            record.region.as_deref(),
            caller,
        );
        if caller.is_some() {
            authorizer.with_service_keys(s3_signature_keys(self.content))
        } else {
            authorizer
        }
    }

    async fn carry_out(
        &self,
        record: &RequestRecord<'_>,
        permit: Permit<AuthorizedS3Operation>,
        given: &[u8],
        body: RequestBody,
    ) -> Result<Response, RequestError> {
        if let Operation::PutObject { .. } = permit.action().operation {
            let context = self.context(record, self.active()?);
            let store = self.store()?;
            return Ok(execute(permit, store, body, &context).await?);
        }
        match &permit.action().operation {
            Operation::CreateBucket { .. } => buckets::create(self, record, permit).await,
            other if !given.is_empty() => {
                let message = format!("{} takes no request body", other.name());
                Err(AwsError::new(Code::InvalidRequest, message).into())
            }
            Operation::DeleteBucket { .. } => buckets::delete(self, record, permit).await,
            Operation::ListBuckets => buckets::list(self, record, permit).await,
            Operation::HeadBucket { .. }
            | Operation::GetBucketLocation { .. }
            | Operation::ListObjectsV2 { .. }
            | Operation::GetObject { .. }
            | Operation::HeadObject { .. }
            | Operation::PutObject { .. }
            | Operation::DeleteObject { .. } => {
                let context = self.context(record, self.active()?);
                self.execute(permit, &context).await
            }
        }
    }

    /// Executes an operation that takes no body.
    async fn execute(
        &self,
        permit: Permit<AuthorizedS3Operation>,
        context: &execute::Context<'_>,
    ) -> Result<Response, RequestError> {
        let none = http_body_util::Empty::<Bytes>::new();
        Ok(execute(permit, self.store()?, none, context).await?)
    }

    /// The store of the bucket's objects; that of new buckets if there is none.
    fn store(&self) -> Result<&dyn ObjectStore, RequestError> {
        let upstreams = &self.app.upstreams;
        let store = match self.bucket.record() {
            Some(bucket) => upstreams.for_bucket(&bucket.record),
            None => upstreams.for_new_buckets(),
        };
        store.map_err(|error| RequestError::new(AwsError::internal(Protocol::S3), &error))
    }

    /// The bucket, if it can be used.
    fn active(&self) -> Result<&BucketEntry, RequestError> {
        let record = self.bucket.record();
        let why = match record.map(|bucket| (bucket, bucket.record.state)) {
            Some((bucket, BucketState::Active)) => return Ok(bucket),
            Some((_, BucketState::Creating)) => "the bucket is being made, and cannot be used yet",
            Some((_, BucketState::Deleting)) => "the bucket is being removed",
            None => "no bucket has this name",
        };
        let error = AwsError::new(Code::NoSuchBucket, "The specified bucket does not exist");
        Err(RequestError::new(self.bucket.named_in(error), why))
    }

    fn context<'c>(
        &'c self,
        record: &RequestRecord<'_>,
        bucket: &'c BucketEntry,
    ) -> execute::Context<'c> {
        execute::Context {
            now: record.head.now,
            content: self.content,
            chunk_chain: self.chunk_chain.as_ref(),
            owner: bucket.record.owner.to_string(),
            region: &bucket.record.region,
            buckets: &[],
        }
    }
}

/// Takes what is asked into the record.
fn tell(record: &mut RequestRecord<'_>, operation: &Operation, index: &Index) {
    record.operation = Some(operation.into());
    let Some(bucket) = operation.bucket() else {
        return;
    };
    record
        .parameters
        .add("bucketName", bucket.as_str().to_owned());
    let mut arn = bucket.arn();
    match operation {
        Operation::GetObject { key, .. }
        | Operation::HeadObject { key, .. }
        | Operation::PutObject { key, .. }
        | Operation::DeleteObject { key, .. } => {
            record.parameters.add("key", key.as_str().to_owned());
            arn = format!("{arn}/{key}");
        }
        Operation::ListObjectsV2 { list, .. } => {
            record.parameters.add_if("prefix", list.prefix.clone());
            record
                .parameters
                .add_if("delimiter", list.delimiter.clone());
        }
        Operation::ListBuckets
        | Operation::CreateBucket { .. }
        | Operation::HeadBucket { .. }
        | Operation::DeleteBucket { .. }
        | Operation::GetBucketLocation { .. } => {}
    }
    record.resource = Some(AuditedResource { arn, account: None });
    tell_owner(record, operation, index);
}

/// Takes into the record whose the bucket is.
fn tell_owner(record: &mut RequestRecord<'_>, operation: &Operation, index: &Index) {
    if let (Some(subject), Some(bucket)) = (&mut record.resource, operation.bucket()) {
        let record = index.bucket(bucket.as_str());
        subject.account = record.map(|bucket| bucket.record.owner);
    }
}

#[cfg(test)]
mod tests;
