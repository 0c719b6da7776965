//! The operator API: Bowline's own operations beside AWS's APIs, as JSON by `X-Amz-Target`, signed
//! for the service `bowline`.
//!
//! Its actions are `bowline:*`, decided by the same engine and audited like any other. What
//! concerns the whole server belongs to the management account, so callers of other accounts are
//! denied as callers from outside are. The `bowline` commands are its clients. [`table`] declares
//! the operations.

mod account;
mod attach_role;
mod backup;
mod check_provider;
mod configure_provider;
mod create_account;
mod delete_account_quota;
mod describe_provider;
mod detach_role;
mod error;
mod explain;
mod get_attached_credentials;
mod input;
mod list_account_quotas;
mod list_accounts;
mod list_attachments;
mod operation;
mod provider;
mod put_account_quota;
mod quota;
mod rotate_keyring;
mod rotate_root_access_key;
mod service_resource;
mod table;

use std::sync::Arc;

use bowline_aws::{requirement::ResourceOwner, sigv4::UnverifiedRequest};
use bowline_iam::account::AccountId;
use bowline_json::JsonLimits;
use http::Method;

use crate::{
    app::App,
    http::{body::RequestBody, response::Response},
    identity::index::Index,
    request::{
        authenticate::{Signed, signed_body},
        authorize::Authorizer,
        call::Call,
        error::RequestError,
        record::{AuditedResource, RequestRecord},
    },
};
use error::OperatorError;
use input::Members;
use table::Request;

/// The version of the API, as `X-Amz-Target` has it.
const VERSION: &str = "20261101";
/// Limits of a request body. The largest contain a key set and certificates.
const LIMITS: JsonLimits = JsonLimits {
    max_bytes: 512 * 1024,
    max_depth: 4,
    max_values: 64,
};

/// Entries of one page of a list.
const MAX_LISTED: usize = 1_000;

/// Serves a request of the operator API. `operation` is the name after the dot of `X-Amz-Target`.
pub(crate) async fn serve(
    app: &App,
    record: &mut RequestRecord<'_>,
    signature: &UnverifiedRequest<'_>,
    operation: &str,
    body: RequestBody,
) -> Result<Response, RequestError> {
    let signed = signed_body(record, signature, &app.state, body, LIMITS.max_bytes).await?;
    Box::pin(authenticated(app, record, signature, operation, signed)).await
}

async fn authenticated(
    app: &App,
    record: &mut RequestRecord<'_>,
    signature: &UnverifiedRequest<'_>,
    operation: &str,
    signed: Signed,
) -> Result<Response, RequestError> {
    let head = record.head;
    let Signed {
        body,
        caller,
        index,
    } = signed;
    if *head.method() != Method::POST || head.path() != "/" || !head.query().is_empty() {
        return Err(OperatorError::NotAPost.into());
    }
    let read = Request::reader(operation)?;
    let json = bowline_json::parse(&body, &LIMITS)
        .map_err(|error| OperatorError::MalformedJson(error.to_string()))?;
    let request = read(&Members::of(&json)?)?;
    record.operation = Some(request.operation());
    request.audit(&mut record.parameters);
    let requirements = request.requirements(&index, caller.account());
    let region = signature.scope().region();
    let authorizer = Authorizer::new(&index, head, record.service, Some(region), Some(&caller));
    let permit = authorizer.permit(&requirements, request).await;
    record.resource = requirements.into_iter().next().map(AuditedResource::from);
    let permit = permit?;
    app.audit.check_before(record)?;
    let call = Call {
        app,
        index: Arc::clone(&index),
        caller: &caller,
        now: head.now,
        envelope: record.envelope(),
    };
    permit.into_action().handle(&call, record).await
}

/// A resource that concerns the whole server, such as `keyring`: the management account owns it.
fn server_resource(index: &Index, resource: &str) -> (String, ResourceOwner) {
    let account = management_account(index);
    let owner = account.map(|account| account.to_string());
    let arn = format!("arn:aws:bowline::{}:{resource}", owner.unwrap_or_default());
    (arn, account.into())
}

/// The account that owns what concerns the whole server.
fn management_account(index: &Index) -> Option<AccountId> {
    let management = index.accounts().find(|account| account.record.management);
    management.map(|account| account.record.id)
}
