//! What each IAM operation needs to be allowed: the columns of the operation's row in
//! `table.rs`.
//!
//! An existing entity's ARN contains its stored path, so a row names the member and the server
//! looks the entity up. An operation that is not built acts on `*`: a caller who may not do
//! everything of the kind learns nothing from it.

use super::Operation;
pub use crate::operation_table::{ConditionKey, PassedRole};
use crate::{access::Access, operation_table::Status};

/// What an operation acts on. The texts are names of members of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationResource {
    /// `*`: the operation has no resource, or is not built.
    Any,
    /// The instance profile with this name; its path is `/` if it does not exist.
    InstanceProfile(&'static str),
    /// The entity to be created, of this resource type (as in its ARN) and with the name in this
    /// member. Its path is in the member `Path`, `/` if absent.
    New(&'static str, &'static str),
    /// The OIDC provider to be created:
    /// `arn:aws:iam::{account}:oidc-provider/{URL without scheme}`. The member has the URL.
    NewProvider(&'static str),
    /// The managed policy with this ARN.
    Policy(&'static str),
    /// The OIDC provider with this ARN.
    Provider(&'static str),
    /// All OIDC providers of the account: `arn:aws:iam::{account}:oidc-provider/*`.
    Providers,
    /// The role with this name; its path is `/` if it does not exist.
    Role(&'static str),
    /// The user with this name, whose path is `/` if it does not exist. Without the member, the
    /// caller.
    User(&'static str),
}

impl Operation {
    /// Whether this version carries the operation out. The others answer `InvalidAction` once they
    /// are authorized.
    pub const fn is_built(self) -> bool {
        matches!(self.row().status, Status::Built)
    }

    /// Whether the operation changes anything, also where it is not built. A generated report is
    /// kept, so it is a change.
    pub const fn access(self) -> Access {
        self.row().access
    }

    /// What the operation acts on.
    pub const fn resource(self) -> OperationResource {
        self.row().resource
    }

    /// The role that the operation passes to a service, for which the caller also needs
    /// `iam:PassRole`.
    pub const fn passed_role(self) -> Option<PassedRole> {
        self.row().passed_role
    }

    /// The condition keys of IAM's own that the operation sets.
    pub const fn condition_keys(self) -> &'static [ConditionKey] {
        self.row().condition_keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_that_only_read_are_those_that_get_list_or_simulate() {
        for operation in Operation::ALL {
            let name = operation.name();
            let reads = ["Get", "List", "Simulate"];
            let reads = reads.iter().any(|verb| name.starts_with(verb));
            let expected = if reads {
                Access::Reads
            } else {
                Access::Changes
            };
            assert_eq!(operation.access(), expected, "{name}");
        }
    }
}
