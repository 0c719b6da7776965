//! The services that one endpoint serves.

use bowline_aws::error::Protocol;

/// A service, as a credential scope names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Service {
    /// IAM.
    Iam,
    /// STS.
    Sts,
    /// The gateway's objects.
    S3,
    /// The gateway's tables.
    DynamoDb,
    /// Bowline's own: the operator API.
    Bowline,
}

impl Service {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Iam,
        Self::Sts,
        Self::S3,
        Self::DynamoDb,
        Self::Bowline,
    ];

    /// The service with exactly this name in a credential scope.
    pub(crate) fn from_scope(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// The name in a credential scope, and before the colon of an action.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::S3 => "s3",
            Self::DynamoDb => "dynamodb",
            Self::Bowline => "bowline",
        }
    }

    /// The name in an audit record.
    pub(crate) const fn event_source(self) -> &'static str {
        match self {
            Self::Iam => "iam.amazonaws.com",
            Self::Sts => "sts.amazonaws.com",
            Self::S3 => "s3.amazonaws.com",
            Self::DynamoDb => "dynamodb.amazonaws.com",
            Self::Bowline => "bowline",
        }
    }

    /// The protocol of its clients.
    pub(crate) const fn protocol(self) -> Protocol {
        match self {
            Self::Iam => Protocol::IAM,
            Self::Sts => Protocol::STS,
            Self::S3 => Protocol::S3,
            Self::DynamoDb => Protocol::DynamoDb,
            Self::Bowline => Protocol::Bowline,
        }
    }

    /// The part of `X-Amz-Target` before the dot, for services that use the header.
    pub(crate) const fn target_prefix(self) -> Option<&'static str> {
        match self {
            Self::DynamoDb => Some("DynamoDB_20120810"),
            Self::Bowline => Some("Bowline_20261101"),
            Self::Iam | Self::Sts | Self::S3 => None,
        }
    }
}
