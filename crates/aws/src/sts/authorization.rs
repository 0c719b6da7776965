//! What each STS operation needs to be allowed: the columns of the operation's row in
//! `table.rs`.

use super::Operation;
pub use crate::operation_table::ConditionKey;
use crate::{access::Access, operation_table::Status};

/// What an operation acts on. The texts are names of members of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationResource {
    /// `*`: the operation has no resource, or is not built.
    Any,
    /// Nothing: the operation needs no permission, and none can forbid it.
    Nothing,
    /// The role with this ARN. Its trust policy takes part in the decision.
    Role(&'static str),
}

impl Operation {
    /// Whether this version carries the operation out. The others answer `InvalidAction` once they
    /// are authorized.
    pub const fn is_built(self) -> bool {
        matches!(self.row().status, Status::Built)
    }

    /// Whether the operation changes anything. None does.
    pub const fn access(self) -> Access {
        self.row().access
    }

    /// What the operation acts on.
    pub const fn resource(self) -> OperationResource {
        self.row().resource
    }

    /// The condition keys of STS's own that the operation sets.
    pub const fn condition_keys(self) -> &'static [ConditionKey] {
        self.row().condition_keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_operation_changes_anything() {
        for operation in Operation::ALL {
            assert_eq!(operation.access(), Access::Reads, "{}", operation.name());
        }
    }
}
