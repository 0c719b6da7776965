//! The operator API: what Bowline has beside AWS's APIs, as JSON by `X-Amz-Target`, signed for the service `bowline`.
//!
//! Its actions are `bowline:*`, decided by the same engine and audited like any other. What concerns the whole server belongs to
//! the management account, so that callers of other accounts are denied as any callers from outside are. The `bowline` commands are its
//! clients.

mod account;
mod attach_role;
mod configure_provider;
mod create_account;
mod detach_role;
mod explain;
mod get_attached_credentials;
mod input;
mod list_accounts;
mod list_attachments;
mod rotate_keyring;
mod rotate_root_access_key;
mod service_resource;

use std::sync::Arc;

use bowline_aws::{
    access::Access,
    error::{AwsError, Code},
    requirement::Requirement,
    sigv4::UnverifiedRequest,
};
use bowline_iam::account::AccountId;
use bowline_json::{JsonError, JsonLimits};
use http::Method;

use crate::{
    app::App,
    http::{
        body::RequestBody,
        response::{self, Response},
    },
    iam::pass_role::PassRole,
    identity::index::Index,
    request::{
        authenticate::{Signed, signed_body},
        authorize::Authorizer,
        call::Call,
        error::RequestError,
        record::{self, AuditedResource, RequestRecord},
    },
};
use attach_role::AttachRole;
use configure_provider::ConfigureProvider;
use create_account::CreateAccount;
use detach_role::DetachRole;
use explain::Explain;
use get_attached_credentials::GetAttachedCredentials;
use input::Members;
use list_accounts::ListAccounts;
use list_attachments::ListAttachments;
use rotate_keyring::RotateKeyring;
use rotate_root_access_key::RotateRootAccessKey;

/// The version of the API, as `X-Amz-Target` has it.
const VERSION: &str = "20261101";
/// How much a request may hold: a key set and certificates, mostly.
const LIMITS: JsonLimits = JsonLimits {
    max_bytes: 512 * 1024,
    max_depth: 4,
    max_values: 64,
};

/// Most entries of a list in one answer.
const MOST_LISTED: usize = 1_000;

/// A well-formed request.
enum Request {
    AttachRole(AttachRole),
    ConfigureProvider(ConfigureProvider),
    CreateAccount(CreateAccount),
    DetachRole(DetachRole),
    Explain(Explain),
    GetAttachedCredentials(GetAttachedCredentials),
    ListAccounts(ListAccounts),
    ListAttachments(ListAttachments),
    RotateKeyring(RotateKeyring),
    RotateRootAccessKey(RotateRootAccessKey),
}

/// Serves a call of the operator API. `operation` is what stands after the dot of `X-Amz-Target`.
pub(crate) async fn serve(
    app: &App,
    record: &mut RequestRecord<'_>,
    signature: &UnverifiedRequest<'_>,
    operation: &str,
    body: RequestBody,
) -> Result<Response, RequestError> {
    let head = record.head;
    let Signed {
        body,
        caller,
        index,
    } = signed_body(record, signature, &app.state, body, LIMITS.max_bytes).await?;

    if *head.method() != Method::POST || head.path() != "/" || !head.query().is_empty() {
        let message = "The operator API takes POST requests to / without a query";
        return Err(AwsError::new(Code::InvalidRequest, message).into());
    }
    let request = Request::read(operation, &body)?;
    let name = request.name();
    record.operation = Some(record::AuditedOperation {
        name,
        access: request.access(),
        is_about_data: false,
    });
    request.tell(record);
    let subject = request.subject(&index);
    let requirement = Requirement::new(
        format!("bowline:{name}"),
        subject.arn.clone(),
        subject.account.into(),
    );
    let pass_role = request.pass_role(&index, caller.account());
    let requirements: Vec<_> = [Some(requirement), pass_role.map(PassRole::into_requirement)]
        .into_iter()
        .flatten()
        .collect();
    let region = signature.scope().region();
    let authorizer = Authorizer::new(&index, head, record.service, Some(region), Some(&caller));
    let permit = authorizer.permit(&requirements, request);
    record.resource = Some(subject);
    let permit = permit?;
    app.audit.check_before(record)?;
    let call = Call {
        app,
        index: Arc::clone(&index),
        caller: &caller,
        now: head.now,
        request_id: &record.ids.request,
    };
    let body = match permit.into_action() {
        Request::AttachRole(input) => input.carry_out(&call).await?,
        Request::ConfigureProvider(input) => input.carry_out(&call).await?,
        Request::CreateAccount(input) => input.carry_out(&call, record).await?,
        Request::DetachRole(input) => input.carry_out(&call).await?,
        Request::Explain(input) => input.carry_out(&call)?,
        Request::GetAttachedCredentials(input) => input.carry_out(&call, record)?,
        Request::ListAccounts(input) => input.carry_out(&call)?,
        Request::ListAttachments(input) => input.carry_out(&call)?,
        Request::RotateKeyring(input) => input.carry_out(&call).await?,
        Request::RotateRootAccessKey(input) => input.carry_out(&call, record).await?,
    };
    Ok(response::ok("application/x-amz-json-1.1", body))
}

impl Request {
    fn read(operation: &str, body: &[u8]) -> Result<Self, AwsError> {
        let unknown = || AwsError::unknown_operation(operation, VERSION);
        let read: fn(&Members<'_>) -> Result<Self, AwsError> = match operation {
            "AttachRole" => |m| AttachRole::read(m).map(Self::AttachRole),
            "ConfigureProvider" => |m| ConfigureProvider::read(m).map(Self::ConfigureProvider),
            "CreateAccount" => |m| CreateAccount::read(m).map(Self::CreateAccount),
            "DetachRole" => |m| DetachRole::read(m).map(Self::DetachRole),
            "Explain" => |m| Explain::read(m).map(Self::Explain),
            "GetAttachedCredentials" => {
                |m| GetAttachedCredentials::read(m).map(Self::GetAttachedCredentials)
            }
            "ListAccounts" => |m| ListAccounts::read(m).map(Self::ListAccounts),
            "ListAttachments" => |m| ListAttachments::read(m).map(Self::ListAttachments),
            "RotateKeyring" => |m| RotateKeyring::read(m).map(Self::RotateKeyring),
            "RotateRootAccessKey" => {
                |m| RotateRootAccessKey::read(m).map(Self::RotateRootAccessKey)
            }
            _ => return Err(unknown()),
        };
        let malformed = |error: JsonError| AwsError::new(Code::MalformedInput, error.to_string());
        let value = bowline_json::parse(body, &LIMITS).map_err(malformed)?;
        read(&Members::of(&value)?)
    }

    fn name(&self) -> &'static str {
        match self {
            Self::AttachRole(_) => "AttachRole",
            Self::ConfigureProvider(_) => "ConfigureProvider",
            Self::CreateAccount(_) => "CreateAccount",
            Self::DetachRole(_) => "DetachRole",
            Self::Explain(_) => "Explain",
            Self::GetAttachedCredentials(_) => "GetAttachedCredentials",
            Self::ListAccounts(_) => "ListAccounts",
            Self::ListAttachments(_) => "ListAttachments",
            Self::RotateKeyring(_) => "RotateKeyring",
            Self::RotateRootAccessKey(_) => "RotateRootAccessKey",
        }
    }

    fn access(&self) -> Access {
        match self {
            // Credentials are sealed, not kept.
            Self::Explain(_)
            | Self::GetAttachedCredentials(_)
            | Self::ListAccounts(_)
            | Self::ListAttachments(_) => Access::Reads,
            Self::AttachRole(_)
            | Self::ConfigureProvider(_)
            | Self::CreateAccount(_)
            | Self::DetachRole(_)
            | Self::RotateKeyring(_)
            | Self::RotateRootAccessKey(_) => Access::Changes,
        }
    }

    fn tell(&self, record: &mut RequestRecord<'_>) {
        match self {
            Self::AttachRole(input) => input.tell(&mut record.parameters),
            Self::ConfigureProvider(input) => input.tell(&mut record.parameters),
            Self::CreateAccount(input) => input.tell(&mut record.parameters),
            Self::DetachRole(input) => input.tell(&mut record.parameters),
            Self::Explain(input) => input.tell(&mut record.parameters),
            Self::GetAttachedCredentials(input) => input.tell(&mut record.parameters),
            Self::ListAccounts(input) => input.tell(&mut record.parameters),
            Self::ListAttachments(input) => input.tell(&mut record.parameters),
            Self::RotateKeyring(input) => input.tell(&mut record.parameters),
            Self::RotateRootAccessKey(input) => input.tell(&mut record.parameters),
        }
    }

    fn subject(&self, index: &Index) -> AuditedResource {
        match self {
            Self::AttachRole(input) => input.subject(),
            Self::ConfigureProvider(input) => input.subject(),
            Self::CreateAccount(input) => input.subject(index),
            Self::DetachRole(input) => input.subject(),
            Self::GetAttachedCredentials(input) => input.subject(),
            Self::Explain(_) | Self::ListAttachments(_) => AuditedResource {
                arn: "*".to_owned(),
                account: None,
            },
            Self::ListAccounts(_) => ListAccounts::subject(index),
            Self::RotateKeyring(_) => rotate_keyring::subject(index),
            Self::RotateRootAccessKey(input) => input.subject(index),
        }
    }
}

impl Request {
    /// The role that is handed to a service, which takes a permission of its own.
    fn pass_role(&self, index: &Index, caller: AccountId) -> Option<PassRole> {
        match self {
            Self::AttachRole(input) => Some(input.pass_role(index, caller)),
            Self::ConfigureProvider(_)
            | Self::CreateAccount(_)
            | Self::DetachRole(_)
            | Self::Explain(_)
            | Self::GetAttachedCredentials(_)
            | Self::ListAccounts(_)
            | Self::ListAttachments(_)
            | Self::RotateKeyring(_)
            | Self::RotateRootAccessKey(_) => None,
        }
    }
}

/// The account that operations beyond one account belong to.
fn management_account(index: &Index) -> Option<AccountId> {
    let management = index.accounts().find(|account| account.record.management);
    management.map(|account| account.record.id)
}
