//! STS: issues temporary credentials to callers who prove their identity.

mod assume_role;
mod assume_role_with_web_identity;
mod dispatch;
mod get_access_key_info;
mod get_caller_identity;
pub(crate) mod role_arn;
mod service_role;
mod session_limits;

use bowline_aws::{
    error::{AwsError, Protocol},
    query::Params,
    requirement::{ConditionEntry, Requirement},
    sts::{self, Operation, OperationResource, Request},
};

use crate::{
    identity::session::{MintError, Minted},
    request::{authorize::Authorizer, call::Call, error::RequestError, record::RequestRecord},
};
pub(crate) use assume_role_with_web_identity::with_web_identity;
pub(crate) use service_role::{assume_for_service, check_service_trust};

/// The handler of one operation that is signed, implemented for the operation's input.
///
/// The generated [`dispatch`](dispatch::dispatch) calls the handler of each operation that
/// `sts/table.rs` in `bowline-aws` declares as built: without one, the server does not compile.
trait Handle {
    /// Carries out a request. Returns the response's body.
    ///
    /// # Errors
    /// The operation's own, as the STS API Reference lists them.
    async fn handle(self, call: SignedCall<'_, '_>) -> Result<String, RequestError>;
}

/// What the handlers take beside their input.
struct SignedCall<'a, 'r> {
    call: &'a Call<'a>,
    authorizer: &'a Authorizer<'a>,
    record: &'a mut RequestRecord<'r>,
    params: &'a Params,
}

/// Serves a signed request. Returns the response's body.
///
/// # Errors
/// The operation's own; `AccessDenied`; `InvalidAction` if the operation is not built.
pub(crate) async fn signed(
    operation: Operation,
    params: &Params,
    call: &Call<'_>,
    authorizer: &Authorizer<'_>,
    record: &mut RequestRecord<'_>,
) -> Result<String, RequestError> {
    let request = Request::parse(operation, params).map_err(AwsError::from)?;
    let request = match operation.resource() {
        OperationResource::Any => {
            let requirement = Requirement::any_resource(operation.action());
            let permit = authorizer.permit(&[requirement], request).await?;
            permit.into_action()
        }
        // The handler decides on a role, with the role's trust policy.
        OperationResource::Role(_) | OperationResource::Nothing => request,
    };
    let call = SignedCall {
        call,
        authorizer,
        record,
        params,
    };
    dispatch::dispatch(request, call).await
}

/// The condition keys that a request's parameters set.
fn condition_keys(operation: Operation, params: &Params) -> Vec<ConditionEntry<'_>> {
    let keys = operation.condition_keys().iter();
    keys.filter_map(|key| key.entry(params)).collect()
}

/// The credentials of a new session, as responses contain them.
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

/// Adds a new session to the audit record, without secret and token.
fn audit_issued_credentials(
    record: &mut RequestRecord<'_>,
    credentials: Option<sts::Credentials>,
    user: Option<sts::AssumedRoleUser>,
) {
    let audited = &mut record.response;
    if let Some(credentials) = credentials {
        let expiration = bowline_aws::xml::iso_seconds(credentials.expiration);
        audited.add("credentials.accessKeyId", credentials.access_key_id);
        audited.add("credentials.expiration", expiration);
    }
    if let Some(user) = user {
        audited.add("assumedRoleUser.assumedRoleId", user.assumed_role_id);
        audited.add("assumedRoleUser.arn", user.arn);
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
