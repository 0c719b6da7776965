//! Bowline's own operations, declared once: whether an operation changes anything, its name, and
//! the module with its input.
//!
//! The action of an operation is `bowline:` and its name. What it acts on and the role that it
//! passes are in its [`Operation`](super::operation::Operation), without which the table does not
//! compile.

use bowline_aws::{access::Access, error::AwsError, requirement::Requirement};
use bowline_iam::account::AccountId;

use super::{VERSION, error::OperatorError, input::Members, operation::Operation};
use crate::{
    http::response::Response,
    iam::pass_role::PassRole,
    identity::index::Index,
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, AuditedOperation, RequestRecord},
    },
};

macro_rules! operations {
    ($($access:ident $name:ident in $module:ident;)*) => {
        /// A well-formed request.
        pub(super) enum Request {
            $($name(super::$module::$name),)*
        }

        /// Reads the members of one operation's request.
        type Read = fn(&Members<'_>) -> Result<Request, OperatorError>;

        impl Request {
            /// How to read a request of the operation with this name.
            ///
            /// # Errors
            /// The operation is not one.
            pub(super) fn reader(operation: &str) -> Result<Read, AwsError> {
                match operation {
                    $(stringify!($name) => Ok(|members| Operation::read(members).map(Self::$name)),)*
                    _ => Err(AwsError::unknown_operation(operation, VERSION)),
                }
            }

            /// What the audit record says of the operation.
            pub(super) fn operation(&self) -> AuditedOperation {
                let (name, access) = match self {
                    $(Self::$name(_) => (stringify!($name), Access::$access),)*
                };
                AuditedOperation { name, access, is_about_data: false }
            }

            /// Adds the parameters to the audit record, without secrets.
            pub(super) fn audit(&self, parameters: &mut AuditFields<'_>) {
                match self {
                    $(Self::$name(input) => input.audit(parameters),)*
                }
            }

            /// The permissions that the request requires: the operation's, and `iam:PassRole` if it
            /// passes a role.
            pub(super) fn requirements(&self, index: &Index, caller: AccountId) -> Vec<Requirement<'static>> {
                let (action, (arn, owner), pass_role) = match self {
                    $(Self::$name(input) => (
                        concat!("bowline:", stringify!($name)),
                        input.resource(index),
                        input.pass_role(index, caller),
                    ),)*
                };
                let requirement = Requirement::new(action, arn, owner);
                [Some(requirement), pass_role.map(PassRole::into_requirement)]
                    .into_iter()
                    .flatten()
                    .collect()
            }

            /// Carries out a request that was authorized.
            ///
            /// # Errors
            /// The operation's own, and those of the store.
            pub(super) async fn handle(
                self,
                call: &Call<'_>,
                record: &mut RequestRecord<'_>,
            ) -> Result<Response, RequestError> {
                match self {
                    $(Self::$name(input) => input.handle(call, record).await,)*
                }
            }
        }
    };
}

operations! {
    Changes AttachRole in attach_role;
    Reads   Backup in backup;
    Reads   CheckProvider in check_provider;
    Changes ConfigureProvider in configure_provider;
    Changes CreateAccount in create_account;
    Changes DeleteAccountQuota in delete_account_quota;
    Reads   DescribeProvider in describe_provider;
    Changes DetachRole in detach_role;
    Reads   Explain in explain;
    // Credentials are sealed and not stored.
    Reads   GetAttachedCredentials in get_attached_credentials;
    Reads   ListAccountQuotas in list_account_quotas;
    Reads   ListAccounts in list_accounts;
    Reads   ListAttachments in list_attachments;
    Changes PutAccountQuota in put_account_quota;
    Changes RotateKeyring in rotate_keyring;
    Changes RotateRootAccessKey in rotate_root_access_key;
}
