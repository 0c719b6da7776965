//! The S3 gateway: authenticates and authorizes requests, and executes them against the store that
//! the bucket's record names.
//!
//! A request is authenticated, parsed and authorized, in this order. The few bytes of a body that
//! has parameters are read before the decision, the data of an upload only after it. One handler
//! file per operation does the rest: it takes the [`Permit`] for its operation, calls the store and
//! builds the response. The caller's credentials end here.

mod body;
mod bucket_record;
mod call;
mod create_bucket;
mod delete_bucket;
mod delete_object;
mod error;
mod get_bucket_location;
mod get_object;
mod head_bucket;
mod head_object;
mod list_buckets;
mod list_objects_v2;
mod put_object;
mod response;

use std::sync::Arc;

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use bowline_aws::{
    error::{AwsError, Code, Protocol},
    s3::{
        ObjectAddress, Operation, OperationRequest, S3Target, decode_query,
        operation::{BodyKind, Declared as _, ListObjectsV2, OperationTarget as _},
    },
    s3_operations,
    sigv4::{ChunkChain, ContentSha256, Payload, UnverifiedRequest},
};
use bowline_iam::{account::AccountId, decision::Permit};
use bytes::Bytes;
use http_body::Body;

use crate::{
    app::App,
    http::{
        body::{self as request_body, RequestBody},
        head::RequestHead,
        response::{BoxError, Response},
    },
    identity::{
        entity::BucketState,
        index::{BucketEntry, Index},
    },
    request::{
        authenticate::{authenticate, record_claimed_identity},
        authorize::Authorizer,
        condition_keys::s3_signature_keys,
        error::RequestError,
        record::{AuditedResource, RecordedIdentity, RequestRecord},
    },
};
pub(crate) use bucket_record::recover;
use call::{AuthorizedS3Operation, S3Call};
use error::S3Error;
use response::BUCKET_REGION;

/// The most bytes of a body with parameters.
const MAX_PARAMETERS_BYTES: usize = 64 * 1024;

/// Serves an S3 request, signed or not.
pub(crate) async fn serve(
    app: &App,
    record: &mut RequestRecord<'_>,
    signature: Option<&UnverifiedRequest<'_>>,
    mut body: RequestBody,
) -> Result<Response, RequestError> {
    let head = record.head;
    let mut index = app.state.current();
    let (content, chunk_chain) = authenticate_caller(record, signature, &index)?;
    if let Some(caller) = record.caller() {
        body.prove(caller.account(), Protocol::S3)?;
    }

    let target = S3Target::parse(head.host(), head.path(), &app.live.load().base_domains)
        .map_err(AwsError::from)?;
    let query = decode_query(head.query())?;
    let request = OperationRequest {
        method: head.method().as_str(),
        query: &query,
        headers: &head.headers(),
    };
    let mut operation =
        Operation::parse(target, &request).map_err(|error| unsupported(error, head))?;
    let expected_owner = request.expected_bucket_owner()?;
    audit_operation(record, &operation, &index);

    // The bodies of anonymous requests are not read: they are always denied.
    let mut parameters = Bytes::new();
    if record.caller().is_some() && operation.body() != BodyKind::Object {
        let complete = body.is_end_stream();
        parameters = read_verified_body(content, &mut body).await?;
        if !complete {
            // However long the body took, the decision is about the present state.
            index = app.state.current();
            authenticate_caller(record, signature, &index)?;
            audit_bucket_owner(record, &operation, &index);
        }
        if operation.body() == BodyKind::Parameters {
            operation.read_body(&std::mem::take(&mut parameters))?;
        }
    }

    let authorization = Authorization {
        record,
        index: &index,
        content,
        expected_owner,
    };
    let permit = authorization.permit(operation).await?;
    app.audit.check_before(record)?;
    let operation = &permit.action().operation;
    if operation.body() == BodyKind::Empty && !parameters.is_empty() {
        let message = format!("{} takes no request body", operation.name());
        return Err(AwsError::new(Code::InvalidRequest, message).into());
    }
    let call = S3Call {
        state: &app.state,
        index: &index,
        upstreams: &app.upstreams,
        random: &app.random,
        caller: record.caller(),
        region: record.region.as_deref().unwrap_or_default(),
        now: head.now,
        content,
        chunk_chain,
    };
    match dispatch(&call, permit, body).await {
        Ok(response) => Ok(response),
        Err(S3Error::NoSuchKey(object)) => Err(authorization.missing_key_error(&object).await),
        Err(S3Error::Request(error)) => Err(error),
    }
}

/// Adds to an error what is not built, which an explanation shows.
fn unsupported(error: AwsError, head: &RequestHead) -> RequestError {
    if error.code() != Code::NotImplemented {
        return error.into();
    }
    let named = [("Header", "header"), ("QueryParameter", "query parameter")];
    let mut named = named.into_iter();
    let why = named.find_map(|(element, kind)| {
        let name = error.element(element)?;
        Some(format!(
            "the {kind} `{name}` is not supported here, or not with its value"
        ))
    });
    let why = why.unwrap_or_else(|| {
        let parameters = head.query().split('&').filter(|pair| !pair.is_empty());
        let parameters = parameters.map(|pair| pair.split('=').next().unwrap_or_default());
        let parameters: Vec<_> = parameters.map(|name| format!("`{name}`")).collect();
        let query = if parameters.is_empty() {
            "without a query".to_owned()
        } else {
            format!("with the query parameters {}", parameters.join(", "))
        };
        let (method, path) = (head.method(), head.path());
        format!("no operation that is supported is {method} of `{path}` {query}")
    });
    RequestError::new(error, &why)
}

/// Authenticates a signed request and records its caller. Returns what the signature states about
/// the body, and what the signatures of its chunks build on.
fn authenticate_caller(
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

/// Reads a body that is not an object's, and verifies that it is what was signed.
async fn read_verified_body(
    content: ContentSha256,
    body: &mut RequestBody,
) -> Result<Bytes, AwsError> {
    let body = request_body::read(body, MAX_PARAMETERS_BYTES, Protocol::S3).await?;
    match content {
        ContentSha256::Hash(signed) => {
            let actual = digest::digest(&digest::SHA256, &body);
            verify_slices_are_equal(&signed, actual.as_ref())
                .map_err(|_| AwsError::content_sha256_mismatch())?;
        }
        ContentSha256::Unsigned => {}
        // Only the data of an object is chunked.
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

/// Records the operation and its resource.
fn audit_operation(record: &mut RequestRecord<'_>, operation: &Operation, index: &Index) {
    record.operation = Some(operation.into());
    let Some(bucket) = operation.bucket() else {
        return;
    };
    let parameters = &mut record.parameters;
    parameters.add("bucketName", bucket.as_str().to_owned());
    let arn = match operation.object() {
        None => bucket.arn(),
        Some(object) => {
            parameters.add("key", object.key.as_str().to_owned());
            object.arn()
        }
    };
    for (name, value) in operation.audited_parameters() {
        parameters.add(name, value);
    }
    record.resource = Some(AuditedResource { arn, account: None });
    audit_bucket_owner(record, operation, index);
}

/// Records the owner of the bucket.
fn audit_bucket_owner(record: &mut RequestRecord<'_>, operation: &Operation, index: &Index) {
    if let (Some(resource), Some(bucket)) = (&mut record.resource, operation.bucket()) {
        let bucket = index.bucket(bucket.as_str());
        resource.account = bucket.map(|bucket| bucket.record.owner);
    }
}

/// Decides what one request may do, on one snapshot of the index.
struct Authorization<'a> {
    record: &'a RequestRecord<'a>,
    index: &'a Arc<Index>,
    content: ContentSha256,
    /// The account that must own the bucket.
    expected_owner: Option<AccountId>,
}

impl Authorization<'_> {
    async fn permit(
        &self,
        operation: Operation,
    ) -> Result<Permit<AuthorizedS3Operation>, RequestError> {
        let requirements = operation.requirements();
        let name = operation.bucket();
        let bucket = name
            .and_then(|name| self.index.bucket(name.as_str()))
            .cloned();
        let (owner, region) = match &bucket {
            Some(bucket) => (Some(bucket.record.owner), known_region(&operation, bucket)),
            None => (None, None),
        };
        let authorized = AuthorizedS3Operation { operation, bucket };
        let decider = self.authorizer();
        let permit = decider.permit(&requirements, authorized).await;
        let permit = permit.map_err(|mut denied| {
            if let Some(region) = region {
                denied.client = denied.client.with_header(BUCKET_REGION, region);
            }
            denied
        })?;
        match (self.expected_owner, owner) {
            (Some(expected), Some(owner)) if expected != owner => {
                let denied = AwsError::access_denied("Access Denied");
                let why = format!("the bucket does not belong to `{expected}`, its expected owner");
                Err(RequestError::new(denied, &why))
            }
            (Some(_) | None, Some(_) | None) => Ok(permit),
        }
    }

    /// The error for an object that does not exist. A caller that may not list the key gets
    /// `AccessDenied`; only the operator learns why.
    async fn missing_key_error(&self, object: &ObjectAddress) -> RequestError {
        let requirement = object.bucket.requirement(ListObjectsV2::ACTION);
        let key = object.key.as_str();
        let requirement = requirement.with([("s3:prefix", Some(key.to_owned()))]);
        let authorizer = self.authorizer();
        let allowed = authorizer.permit(std::slice::from_ref(&requirement), ());
        let allowed = allowed.await;
        let (action, arn) = (&requirement.action, &requirement.arn);
        match allowed {
            Ok(_) => {
                let message = "The specified key does not exist.";
                let client = AwsError::new(Code::NoSuchKey, message);
                let reason = format!(
                    "no object has this key; the caller may know, being allowed {action} on {arn}"
                );
                RequestError::new(client.with("Key", object.key.as_str()), &reason)
            }
            Err(denied) => RequestError {
                client: AwsError::access_denied("Access Denied"),
                internal: Some(format!(
                    "no object has this key; the caller may not know, not being allowed {action} on {arn}"
                )),
                traces: denied.traces,
                more: denied.more,
            },
        }
    }

    fn authorizer(&self) -> Authorizer<'_> {
        let record = self.record;
        let caller = record.caller();
        let region = record.region.as_deref();
        let authorizer = Authorizer::new(self.index, record.head, record.service, region, caller);
        if caller.is_some() {
            authorizer.with_service_keys(s3_signature_keys(self.content))
        } else {
            authorizer
        }
    }
}

/// The region that a denied caller learns: clients find it out by a `HeadBucket` of any caller, and
/// the names of buckets are no secret ("`HeadBucket`", Amazon S3 API Reference).
fn known_region(operation: &Operation, bucket: &BucketEntry) -> Option<String> {
    let record = &bucket.record;
    let shown =
        matches!(operation, Operation::HeadBucket(_)) && record.state == BucketState::Active;
    shown.then(|| record.region.clone())
}

/// Calls a handler: with the body if it is an object's data.
macro_rules! handle {
    (Object $module:ident $call:ident $permit:ident $body:ident) => {
        $module::handle($call, $permit, $body).await
    };
    ($other:ident $module:ident $call:ident $permit:ident $body:ident) => {
        $module::handle($call, $permit).await
    };
}

macro_rules! dispatch {
    ($($name:ident $module:ident $action:literal $method:ident $target:ident [$($selector:literal)?] $body:ident $access:ident $event:ident;)*) => {
        /// Calls the handler of a permitted operation, with a permit for that operation alone.
        async fn dispatch<B>(
            call: &S3Call<'_>,
            permit: Permit<AuthorizedS3Operation>,
            body: B,
        ) -> Result<Response, S3Error>
        where
            B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
        {
            match permit.action().operation {
                $(Operation::$name(_) => {
                    let permit = permit.narrow(|AuthorizedS3Operation { operation, bucket }| {
                        if let Operation::$name(operation) = operation {
                            Some(AuthorizedS3Operation { operation, bucket })
                        } else {
                            None
                        }
                    });
                    let Some(permit) = permit else {
                        return Err(AwsError::internal(Protocol::S3).into());
                    };
                    handle!($body $module call permit body)
                })*
            }
        }
    };
}

s3_operations!(dispatch);

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
