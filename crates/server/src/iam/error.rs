//! Why IAM's operations refuse a request, and AWS's code and text for each cause.

use std::fmt;

use bowline_aws::error::{AwsError, Code};

use crate::request::error::RequestError;

/// A cause for which an IAM operation refuses a request. `Display` is AWS's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IamError {
    /// Something else still depends on the entity.
    #[error(transparent)]
    DeleteConflict(#[from] DeleteConflict),
    /// The account has an entity of this kind with this name.
    #[error("{}", already_exists(*.0, .1))]
    EntityAlreadyExists(Kind, String),
    /// A text that is no ARN (issue 347 of pulumi/pulumi-aws-apigateway has the other one).
    #[error("Invalid ARN:  Could not be parsed!")]
    InvalidArn,
    /// An ARN of another partition.
    #[error("Invalid ARN partition")]
    InvalidArnPartition,
    /// A page marker that is not one of this account and list.
    #[error("Invalid Marker.")]
    InvalidMarker,
    /// A trust policy names a principal that does not exist.
    #[error("Invalid principal in policy: \"AWS\":\"{0}\"")]
    InvalidPrincipal(String),
    /// A provider's URL that tokens cannot be verified for.
    #[error("Invalid Open ID Connect Provider URL")]
    InvalidProviderUrl,
    /// A policy document that is not one; the text is AWS's.
    #[error("{0}")]
    MalformedPolicyDocument(String),
    /// A thumbprint with other characters.
    #[error("Thumbprint is not 40 hexadecimal digits.")]
    MalformedThumbprint,
    /// The account has no entity of this kind with this name, id or ARN.
    #[error("{}", no_such_entity(*.0, .1))]
    NoSuchEntity(Kind, String),
    /// The entity has no inline policy with this name.
    #[error("The {0} policy with name {1} cannot be found.")]
    NoSuchInlinePolicy(Kind, String),
    /// The managed policy has no version with this id.
    #[error("Policy {arn} version {version} does not exist or is not attachable.")]
    NoSuchPolicyVersion { arn: String, version: String },
    /// The instance profile contains no role, or another one.
    #[error("Role {role} in instance profile {profile} cannot be found.")]
    NoSuchRoleInInstanceProfile { role: String, profile: String },
    /// There is no managed policy of the account with this ARN to attach.
    #[error("Policy {0} does not exist or is not attachable.")]
    PolicyNotAttachable(String),
    /// A policy, or all inline policies of an entity together, have too much white space. AWS has
    /// no such limit, so the text is ours.
    #[error("Maximum policy size of {max} bytes with white space exceeded")]
    PolicyBytesExceeded { max: usize },
    /// All inline policies of an entity together are too large.
    #[error("Maximum policy size of {max} bytes exceeded for {kind} {name}")]
    PolicySizeExceeded {
        kind: Kind,
        name: String,
        max: usize,
    },
    /// A quota is used up ("IAM and AWS STS quotas", IAM User Guide).
    #[error("Cannot exceed quota for {quota}: {max}")]
    QuotaExceeded { quota: &'static str, max: usize },
    /// A status of access keys that a request cannot set: only AWS sets `Expired`.
    #[error("The status {0} cannot be set.")]
    StatusNotSettable(String),
    /// A provider has more thumbprints than AWS allows.
    #[error("Thumbprint list must contain no more than 5 entries.")]
    TooManyThumbprints,
    /// A path that only AWS creates entities in. The text was seen for `/aws-service-role/`
    /// (tilfin/aws-iam-policy-tool, pull request 9).
    #[error("Path prefix '{0}' can only be used for AWS {owner}", owner = owner_of(.0))]
    ReservedPath(&'static str),
    /// The user name is left out, and the caller is not a user.
    #[error("Must specify userName when calling with non-User credentials")]
    UserNameMissing,
}

/// What still depends on an entity that a request deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeleteConflict {
    /// A user's access keys.
    #[error("Cannot delete entity, must delete access keys first.")]
    AccessKeys,
    /// Managed policies that are attached to the entity.
    #[error("Cannot delete entity, must detach all policies first.")]
    AttachedPolicies,
    /// A role is in an instance profile.
    #[error("Cannot delete entity, must remove roles from instance profile first.")]
    InInstanceProfile,
    /// Inline policies of the entity.
    #[error("Cannot delete entity, must delete policies first.")]
    InlinePolicies,
    /// A managed policy is attached to entities.
    #[error("Cannot delete a policy attached to entities.")]
    PolicyAttached,
    /// Versions of a managed policy beside the default one.
    #[error(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy."
    )]
    PolicyVersions,
    /// A role is attached to a resource of a service. AWS has no such attachments, so the text is
    /// ours.
    #[error("Cannot delete entity, must detach it from all service resources first.")]
    ServiceAttachments,
}

/// The kinds of IAM entities that errors name. `Display` is AWS's word for a role or a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    AccessKey,
    InstanceProfile,
    ManagedPolicy,
    OidcProvider,
    Role,
    User,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessKey => "Access Key",
            Self::InstanceProfile => "Instance Profile",
            Self::ManagedPolicy => "policy",
            Self::OidcProvider => "OpenIDConnect Provider",
            Self::Role => "role",
            Self::User => "user",
        })
    }
}

fn no_such_entity(kind: Kind, name: &str) -> String {
    match kind {
        Kind::AccessKey => format!("The Access Key with id {name} cannot be found."),
        Kind::InstanceProfile => format!("Instance Profile {name} cannot be found."),
        Kind::ManagedPolicy => format!("Policy {name} was not found."),
        Kind::OidcProvider => format!("OpenIDConnect Provider not found for arn {name}"),
        Kind::Role | Kind::User => format!("The {kind} with name {name} cannot be found."),
    }
}

/// Who may use a reserved path, in AWS's words for the first; the other's are not known.
fn owner_of(path: &str) -> &'static str {
    if path == "/aws-service-role/" {
        "Service linked Roles"
    } else {
        "services"
    }
}

fn already_exists(kind: Kind, name: &str) -> String {
    match kind {
        Kind::AccessKey | Kind::InstanceProfile => format!("{kind} {name} already exists."),
        Kind::ManagedPolicy => {
            format!("A policy called {name} already exists. Duplicate names are not allowed.")
        }
        Kind::OidcProvider => format!("Provider with url {name} already exists."),
        Kind::Role => format!("Role with name {name} already exists."),
        Kind::User => format!("User with name {name} already exists."),
    }
}

impl IamError {
    fn code(&self) -> Code {
        match self {
            Self::DeleteConflict(_) => Code::DeleteConflict,
            Self::EntityAlreadyExists(..) => Code::EntityAlreadyExists,
            Self::ReservedPath(_) | Self::TooManyThumbprints => Code::InvalidInput,
            Self::PolicyBytesExceeded { .. }
            | Self::PolicySizeExceeded { .. }
            | Self::QuotaExceeded { .. } => Code::LimitExceeded,
            Self::InvalidPrincipal(_) | Self::MalformedPolicyDocument(_) => {
                Code::MalformedPolicyDocument
            }
            Self::NoSuchEntity(..)
            | Self::NoSuchInlinePolicy(..)
            | Self::NoSuchPolicyVersion { .. }
            | Self::NoSuchRoleInInstanceProfile { .. }
            | Self::PolicyNotAttachable(_) => Code::NoSuchEntity,
            Self::InvalidArn
            | Self::InvalidArnPartition
            | Self::InvalidMarker
            | Self::InvalidProviderUrl
            | Self::MalformedThumbprint
            | Self::StatusNotSettable(_)
            | Self::UserNameMissing => Code::ValidationError,
        }
    }
}

impl From<IamError> for AwsError {
    fn from(error: IamError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<IamError> for RequestError {
    fn from(error: IamError) -> Self {
        Self::from(AwsError::from(error))
    }
}

impl From<DeleteConflict> for RequestError {
    fn from(conflict: DeleteConflict) -> Self {
        Self::from(IamError::from(conflict))
    }
}
