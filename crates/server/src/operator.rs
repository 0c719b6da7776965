//! The operator API: what Bowline has beside AWS's APIs, as JSON by `X-Amz-Target`, signed for the service `bowline`.
//!
//! Its actions are `bowline:*`, decided by the same engine and audited like any other. What concerns the whole server belongs to
//! the management account, so that callers of other accounts are denied as any callers from outside are. The `bowline` commands are its
//! clients.

mod configure_provider;
mod explain;
mod input;
mod rotate_keyring;

use std::sync::Arc;

use bowline_aws::{
    access::Access,
    error::{AwsError, Code},
    sigv4::Unverified,
};
use bowline_iam::{
    account::AccountId,
    json::{self, Limits},
};
use http::Method;

use self::{
    configure_provider::ConfigureProvider, explain::Explain, input::Members,
    rotate_keyring::RotateKeyring,
};
use crate::{
    api::call::Call,
    app::App,
    authenticate::{Signed, signed_body},
    authorize::{Asker, Question},
    event::{self, Event, Subject},
    http::{
        answer::{self, Answer},
        body::RequestBody,
    },
    index::Index,
    refusal::Refused,
};

/// The version of the API, as `X-Amz-Target` has it.
const VERSION: &str = "20261101";
/// How much a request may hold: a key set and certificates, mostly.
const LIMITS: Limits = Limits {
    max_bytes: 512 * 1024,
    max_depth: 4,
    max_values: 64,
};

/// A well-formed request.
enum Request {
    ConfigureProvider(ConfigureProvider),
    Explain(Explain),
    RotateKeyring(RotateKeyring),
}

/// Serves a call of the operator API. `operation` is what stands after the dot of `X-Amz-Target`.
pub(crate) async fn serve(
    app: &App,
    event: &mut Event<'_>,
    signature: &Unverified<'_>,
    operation: &str,
    body: RequestBody,
) -> Result<Answer, Refused> {
    let head = event.head;
    let Signed {
        body,
        caller,
        index,
    } = signed_body(event, signature, &app.state, body, LIMITS.max_bytes).await?;

    if *head.method() != Method::POST || head.path() != "/" || !head.query().is_empty() {
        let message = "The operator API takes POST requests to / without a query";
        return Err(AwsError::new(Code::InvalidRequest, message).into());
    }
    let request = Request::read(operation, &body)?;
    let name = request.name();
    event.operation = Some(event::Operation {
        name,
        access: request.access(),
        is_about_data: false,
    });
    request.tell(event);
    let subject = request.subject(&index);
    let question = Question {
        action: &format!("bowline:{name}"),
        resource: &subject.arn,
        account: subject.account,
        keys: Vec::new(),
        trust: None,
    };
    let region = signature.scope().region();
    let asker = Asker::new(&index, head, event.service, Some(region), Some(&caller));
    let permit = asker.permit(&[question], request);
    event.resource = Some(subject);
    let permit = permit?;
    app.audit.check_before(event)?;
    let call = Call {
        app,
        index: Arc::clone(&index),
        caller: &caller,
        now: head.now,
        request_id: &head.ids.request,
    };
    let body = match permit.into_action() {
        Request::ConfigureProvider(input) => input.carry_out(&call).await?,
        Request::Explain(input) => input.carry_out(&call)?,
        Request::RotateKeyring(input) => input.carry_out(&call).await?,
    };
    Ok(answer::whole("application/x-amz-json-1.1", body))
}

impl Request {
    fn read(operation: &str, body: &[u8]) -> Result<Self, AwsError> {
        let unknown = || AwsError::unknown_operation(operation, VERSION);
        let read = match operation {
            "ConfigureProvider" => |members: &Members<'_>| {
                ConfigureProvider::read(members).map(Self::ConfigureProvider)
            },
            "Explain" => |members: &Members<'_>| Explain::read(members).map(Self::Explain),
            "RotateKeyring" => {
                |members: &Members<'_>| RotateKeyring::read(members).map(Self::RotateKeyring)
            }
            _ => return Err(unknown()),
        };
        let malformed =
            |error: json::JsonError| AwsError::new(Code::MalformedInput, error.to_string());
        let value = json::parse(body, &LIMITS).map_err(malformed)?;
        read(&Members::of(&value)?)
    }

    fn name(&self) -> &'static str {
        match self {
            Self::ConfigureProvider(_) => "ConfigureProvider",
            Self::Explain(_) => "Explain",
            Self::RotateKeyring(_) => "RotateKeyring",
        }
    }

    fn access(&self) -> Access {
        match self {
            Self::Explain(_) => Access::Reads,
            Self::ConfigureProvider(_) | Self::RotateKeyring(_) => Access::Changes,
        }
    }

    fn tell(&self, event: &mut Event<'_>) {
        match self {
            Self::ConfigureProvider(input) => input.tell(&mut event.parameters),
            Self::Explain(input) => input.tell(&mut event.parameters),
            Self::RotateKeyring(input) => input.tell(&mut event.parameters),
        }
    }

    fn subject(&self, index: &Index) -> Subject {
        match self {
            Self::ConfigureProvider(input) => input.subject(),
            Self::Explain(_) => Subject {
                arn: "*".to_owned(),
                account: None,
            },
            Self::RotateKeyring(_) => rotate_keyring::subject(index),
        }
    }
}

/// The account that operations beyond one account belong to.
fn management_account(index: &Index) -> Option<AccountId> {
    let management = index.accounts().find(|account| account.record.management);
    management.map(|account| account.record.id)
}
