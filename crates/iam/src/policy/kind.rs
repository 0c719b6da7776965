//! The kinds of policies, and the limits of their documents.

use bowline_json::JsonLimits;

/// The limits of a policy document (shape `policyDocumentType` of IAM: at most 131,072 characters).
pub const DOCUMENT_LIMITS: JsonLimits = JsonLimits {
    max_bytes: 4 * 131_072,
    max_depth: 32,
    max_values: 65_536,
};

/// The kind of a policy, which determines the elements that it can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// An inline policy of a user, group or role.
    Inline,
    /// A managed policy, which must have version 2012-10-17.
    Managed,
    /// A session policy.
    Session,
    /// The trust policy of a role.
    Trust,
    /// The policy of another resource, such as a bucket.
    Resource,
}
