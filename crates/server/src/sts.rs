//! STS: whoever proves who they are gets credentials for a while.

mod assume_role;
mod assume_role_with_web_identity;
mod get_caller_identity;
mod role_arn;
mod session_limits;

use bowline_aws::{
    error::{AwsError, Protocol},
    sts::{self, Request},
};

pub(crate) use self::assume_role_with_web_identity::with_web_identity;
use crate::{
    api::call::Call,
    authorize::{Asker, Question},
    event::Event,
    refusal::Refused,
    session::{MintError, Minted},
};

/// Serves a signed call: the answer's XML.
///
/// # Errors
/// What the operation refuses with; `InvalidAction` for one that this version does not carry out.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not built is refused in one way"
)]
pub(crate) async fn signed(
    request: Request,
    call: &Call<'_>,
    asker: &Asker<'_>,
    event: &mut Event<'_>,
) -> Result<String, Refused> {
    match request {
        Request::AssumeRole(input) => assume_role::assume_role(call, asker, event, &input),
        // The signature was good and is not asked for: the token says who calls.
        Request::AssumeRoleWithWebIdentity(input) => {
            with_web_identity(call.app, event, input).await
        }
        Request::GetCallerIdentity(_) => Ok(get_caller_identity::get_caller_identity(call)),
        other => {
            let operation = other.operation();
            let question = Question {
                action: operation.action(),
                resource: "*",
                account: None,
                keys: Vec::new(),
                trust: None,
            };
            let _permit = asker.permit(&[question], operation)?;
            Err(AwsError::unknown_operation(operation.name(), sts::VERSION).into())
        }
    }
}

/// The credentials of an answer.
fn credentials(minted: &Minted) -> sts::Credentials {
    sts::Credentials {
        access_key_id: minted.session.access_key_id.to_string(),
        secret_access_key: minted.session.secret_access_key.clone(),
        session_token: minted.token.clone(),
        expiration: minted.session.expires,
    }
}

fn assumed_role_user(minted: &Minted) -> sts::AssumedRoleUser {
    sts::AssumedRoleUser {
        assumed_role_id: minted.session.assumed_role_id(),
        arn: minted.session.arn(),
    }
}

/// Tells of a new session, without secret and token.
fn tell_session(event: &mut Event<'_>, minted: &Minted) {
    let session = &minted.session;
    let told = &mut event.response;
    told.add("credentials.accessKeyId", session.access_key_id.to_string());
    let expiration = bowline_aws::xml::iso_seconds(session.expires);
    told.add("credentials.expiration", expiration);
    told.add("assumedRoleUser.assumedRoleId", session.assumed_role_id());
    told.add("assumedRoleUser.arn", session.arn());
}

impl From<MintError> for Refused {
    fn from(error: MintError) -> Self {
        let aws = match error {
            MintError::TooLarge { percent } => AwsError::new(
                bowline_aws::error::Code::PackedPolicyTooLarge,
                format!(
                    "Packed policy consumes {percent}% of allotted space, please use smaller policy."
                ),
            ),
            MintError::Seal(_) | MintError::NoEnd => AwsError::internal(Protocol::STS),
        };
        Self::because(aws, &error)
    }
}
