//! What the tables of IAM's and STS's operations (`iam/table.rs`, `sts/table.rs`) declare.

use crate::{access::Access, query::Params, requirement::ConditionEntry};

/// The row of one operation. `R` is the service's own kind of resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<R> {
    pub(crate) status: Status,
    pub(crate) access: Access,
    pub(crate) resource: R,
    pub(crate) passed_role: Option<PassedRole>,
    pub(crate) condition_keys: &'static [ConditionKey],
}

/// Whether this version carries an operation out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Built,
    NotBuilt,
}

/// A role that an operation passes to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassedRole {
    /// The member with the role's name.
    pub role: &'static str,
    /// The service that is to assume the role: `iam:PassedToService`.
    pub service: &'static str,
}

/// A condition key that an operation sets from its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConditionKey {
    /// The key, such as `iam:PolicyARN`.
    pub name: &'static str,
    /// The member with its value. Without the member, the key is absent.
    pub member: &'static str,
}

impl ConditionKey {
    /// The key with its value, if the request has the member.
    pub fn entry<'p>(&self, params: &'p Params) -> Option<ConditionEntry<'p>> {
        Some((self.name.into(), params.get(self.member)?.into()))
    }
}

/// Turns a service's rows into `Operation::row`. An operation without a row, or a row without an
/// operation, does not compile.
///
/// The generator reads the same files with a macro of its own by this name.
macro_rules! operations {
    ($(
        $status:ident $access:ident $name:ident: $resource:expr
        $(, keys [$($key:literal = $member:literal),*])?
        $(, passes $role:literal to $service:literal)?;
    )*) => {
        impl super::Operation {
            pub(super) const fn row(self) -> crate::operation_table::Row<super::OperationResource> {
                use super::OperationResource::*;
                match self {
                    $(Self::$name => crate::operation_table::Row {
                        status: crate::operation_table::Status::$status,
                        access: crate::access::Access::$access,
                        resource: $resource,
                        passed_role: operations!(@optional $(crate::operation_table::PassedRole { role: $role, service: $service })?),
                        condition_keys: &[$($(crate::operation_table::ConditionKey { name: $key, member: $member },)*)?],
                    },)*
                }
            }
        }
    };
    (@optional $value:expr) => { Some($value) };
    (@optional) => { None };
}
