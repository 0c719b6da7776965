//! STS: whoever proves who they are gets credentials for a while.

mod assume_role;
mod assume_role_with_web_identity;
mod get_access_key_info;
mod get_caller_identity;
pub(crate) mod role_arn;
mod service_role;
mod session_limits;

use bowline_aws::{
    error::{AwsError, Protocol},
    requirement::Requirement,
    sts::{self, Request},
};

use crate::{
    identity::session::{MintError, Minted},
    request::{authorize::Authorizer, call::Call, error::RequestError, record::RequestRecord},
};
pub(crate) use assume_role_with_web_identity::with_web_identity;
pub(crate) use service_role::{assume_for_service, check_service_trust};

/// Serves a signed call: the answer's XML.
///
/// # Errors
/// What the operation refuses with; `InvalidAction` for one that this version does not carry out.
pub(crate) async fn signed(
    request: Request,
    call: &Call<'_>,
    authorizer: &Authorizer<'_>,
    record: &mut RequestRecord<'_>,
) -> Result<String, RequestError> {
    match request {
        Request::AssumeRole(input) => assume_role::assume_role(call, authorizer, record, &input),
        // The signature was good and is not asked for: the token says who calls.
        Request::AssumeRoleWithWebIdentity(input) => {
            with_web_identity(call.app, record, input).await
        }
        Request::GetAccessKeyInfo(input) => {
            get_access_key_info::get_access_key_info(call, authorizer, &input)
        }
        Request::GetCallerIdentity(_) => Ok(get_caller_identity::get_caller_identity(call)),
        Request::NotBuilt(operation) => {
            let requirement = Requirement::any_resource(operation.action());
            let _permit = authorizer.permit(&[requirement], operation)?;
            Err(AwsError::unknown_operation(operation.name(), sts::VERSION).into())
        }
    }
}

/// What a new session gives its holder.
pub(crate) struct IssuedCredentials {
    pub(crate) credentials: sts::Credentials,
    pub(crate) user: sts::AssumedRoleUser,
    packed_policy_size: Option<i32>,
}

impl From<Minted> for IssuedCredentials {
    fn from(minted: Minted) -> Self {
        let session = minted.session;
        Self {
            user: sts::AssumedRoleUser {
                assumed_role_id: session.assumed_role_id(),
                arn: session.arn(),
            },
            credentials: sts::Credentials {
                access_key_id: session.access_key_id.to_string(),
                secret_access_key: session.secret_access_key,
                session_token: minted.token,
                expiration: session.expires,
            },
            packed_policy_size: minted.packed_policy_size,
        }
    }
}

/// Tells of a new session, once it was answered with: without secret and token.
fn audit_issued_credentials(
    record: &mut RequestRecord<'_>,
    credentials: Option<sts::Credentials>,
    user: Option<sts::AssumedRoleUser>,
) {
    let told = &mut record.response;
    if let Some(credentials) = credentials {
        let expiration = bowline_aws::xml::iso_seconds(credentials.expiration);
        told.add("credentials.accessKeyId", credentials.access_key_id);
        told.add("credentials.expiration", expiration);
    }
    if let Some(user) = user {
        told.add("assumedRoleUser.assumedRoleId", user.assumed_role_id);
        told.add("assumedRoleUser.arn", user.arn);
    }
}

impl From<MintError> for RequestError {
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
        Self::new(aws, &error)
    }
}
