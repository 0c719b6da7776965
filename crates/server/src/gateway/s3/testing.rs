//! The handlers without listener and signatures, for tests.

use std::sync::Arc;

use bowline_aws::{
    s3::{Operation, OperationRequest, S3Target, decode_query, operation::BodyKind},
    sigv4::ContentSha256,
};
use bowline_iam::{
    account::AccountId,
    action::Action,
    authorize::{AuthorizationRequest, Policies, RequestedResource, authorize},
    context::ConditionContext,
    decision::Permit,
    principal::Principal,
};
use bytes::Bytes;
use http_body_util::Full;
use jiff::Timestamp;

use super::{
    S3Error,
    call::{AuthorizedS3Operation, S3Call},
    dispatch,
};
use crate::{
    crypto::master_key::MasterKey,
    http::response::Response,
    identity::{
        entity::{Account, ServerId},
        index::{BucketEntry, IdentityState},
        store::{MemoryStore, Transaction},
    },
    request::caller::{Caller, Identity},
    upstream::{EMBEDDED, Upstreams, objects::embedded::EmbeddedObjects},
};

/// The parts that handlers use, with one account and no buckets.
pub(super) struct TestGateway {
    pub(super) folder: tempfile::TempDir,
    pub(super) objects: EmbeddedObjects,
    pub(super) upstreams: Upstreams,
    pub(super) state: IdentityState,
}

/// A request. Its caller is the root of [`account`], who may do everything.
#[derive(Clone, Copy)]
pub(super) struct TestRequest<'a> {
    pub(super) method: &'a str,
    /// Path and query.
    pub(super) target: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a str,
    pub(super) content: ContentSha256,
}

pub(super) fn account() -> AccountId {
    "432797229265".parse().unwrap()
}

impl TestGateway {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let objects = EmbeddedObjects::open(folder.path()).unwrap();
        let upstreams = Upstreams::default().with_objects(EMBEDDED, Arc::new(objects.clone()));
        let state = IdentityState::start(
            Arc::new(MemoryStore::new()),
            Arc::new(MasterKey::generate().unwrap()),
            ServerId::new([0; 16]),
        );
        let state = state.await.unwrap();
        let account = Account {
            id: account(),
            management: true,
            created: Timestamp::UNIX_EPOCH,
        };
        let transaction = Transaction::new().create(&account);
        state.commit(transaction).await.unwrap();
        Self {
            folder,
            objects,
            upstreams,
            state,
        }
    }

    /// Handles a request about the bucket that has the name now.
    pub(super) async fn handle(&self, request: TestRequest<'_>) -> Result<Response, S3Error> {
        let operation = operation(request);
        let index = self.state.current();
        let name = operation.bucket();
        let bucket = name.and_then(|name| index.bucket(name.as_str())).cloned();
        self.handle_for(request, operation, bucket).await
    }

    /// Handles a request that was permitted for this bucket.
    pub(super) async fn handle_permitted(
        &self,
        request: TestRequest<'_>,
        bucket: Arc<BucketEntry>,
    ) -> Result<Response, S3Error> {
        self.handle_for(request, operation(request), Some(bucket))
            .await
    }

    async fn handle_for(
        &self,
        request: TestRequest<'_>,
        mut operation: Operation,
        bucket: Option<Arc<BucketEntry>>,
    ) -> Result<Response, S3Error> {
        if operation.body() == BodyKind::Parameters {
            operation.read_body(request.body.as_bytes()).unwrap();
        }
        let access_key_id = "AKIAHANDLERTESTSROOT".parse().unwrap();
        let caller = Caller::new(access_key_id, Identity::Root(account()));
        let call = S3Call {
            state: &self.state,
            index: &self.state.current(),
            upstreams: &self.upstreams,
            random: &aws_lc_rs::rand::SystemRandom::new(),
            caller: Some(&caller),
            region: "us-east-1",
            now: Timestamp::UNIX_EPOCH,
            content: request.content,
            chunk_chain: None,
        };
        let permit = permitted(AuthorizedS3Operation { operation, bucket });
        let body = Full::new(Bytes::from(request.body.to_owned()));
        dispatch(&call, permit, body).await
    }
}

fn operation(request: TestRequest<'_>) -> Operation {
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((request.target, ""));
    let length = request.body.len().to_string();
    let given = request.headers.iter();
    let mut headers: Vec<(&str, &[u8])> = given.map(|(n, v)| (*n, v.as_bytes())).collect();
    if !headers.iter().any(|(name, _)| *name == "content-length") {
        headers.push(("content-length", length.as_bytes()));
    }
    let target = S3Target::parse("127.0.0.1", path, &["localhost"]).unwrap();
    let request = OperationRequest {
        method: request.method,
        query: &decode_query(query).unwrap(),
        headers: &headers,
    };
    Operation::parse(target, &request).unwrap()
}

/// A permit for whatever the root of the account does in it.
fn permitted<A>(action: A) -> Permit<A> {
    let request = AuthorizationRequest {
        principal: Principal::Root { account: account() },
        action: &Action::parse("s3:GetObject").unwrap(),
        resource: RequestedResource {
            arn: "arn:aws:s3:::insights",
            account: Some(account()),
        },
        context: &ConditionContext::new(),
    };
    let decision = authorize(&request, &Policies::default());
    decision.permit(action).unwrap()
}
