//! Resources of services that roles are attached to: instances, functions, tasks.
//!
//! The ARN alone determines the service, and so the principal that assumes the role. Only the
//! resources that are listed here can have a role.

use std::{fmt, str::FromStr};

use bowline_iam::{account::AccountId, arn::Arn};

/// A service that assumes the roles of its resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoleService {
    /// Instances of EC2.
    Ec2,
    /// Tasks of ECS.
    EcsTasks,
    /// Functions of Lambda.
    Lambda,
}

/// A resource of a service, in one account.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServiceResource {
    arn: Box<str>,
    account: AccountId,
    service: RoleService,
    /// Where the name of the resource's sessions begins.
    name: usize,
}

/// The text is the ARN of no resource that a role can be attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is the ARN of no EC2 instance, Lambda function or ECS task")]
pub struct InvalidServiceResource;

impl RoleService {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ec2, Self::EcsTasks, Self::Lambda];

    /// The service as a principal of trust policies.
    pub const fn principal(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2.amazonaws.com",
            Self::EcsTasks => "ecs-tasks.amazonaws.com",
            Self::Lambda => "lambda.amazonaws.com",
        }
    }

    /// The service with exactly this principal.
    pub fn from_principal(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|service| service.principal() == name)
    }

    /// Seconds of a session of a role that is assumed for a resource. The role's
    /// `MaxSessionDuration` is for those who ask for a duration (IAM API Reference, `CreateRole`:
    /// instances "are not subject to the specified maximum session duration").
    pub const fn session_seconds(self) -> u32 {
        match self {
            Self::Ec2 | Self::EcsTasks => 6 * 3_600,
            // A function's credentials outlive its environment.
            Self::Lambda => 12 * 3_600,
        }
    }

    /// The condition key by which later requests of such a session tell the resource ("AWS global
    /// condition context keys" and "Working with source function ARN", AWS Lambda Developer Guide).
    pub(crate) const fn source_key(self) -> Option<&'static str> {
        match self {
            Self::Ec2 => Some("ec2:SourceInstanceARN"),
            Self::EcsTasks => None,
            Self::Lambda => Some("lambda:SourceFunctionArn"),
        }
    }
}

impl ServiceResource {
    /// The ARN: `aws:SourceArn`.
    pub fn as_str(&self) -> &str {
        &self.arn
    }

    /// The account that the ARN names: `aws:SourceAccount`.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The service that it is of.
    pub fn service(&self) -> RoleService {
        self.service
    }

    /// What its sessions are called: the instance id, the function's name, the task id.
    pub fn session_name(&self) -> &str {
        self.arn.get(self.name..).unwrap_or_default()
    }
}

impl FromStr for ServiceResource {
    type Err = InvalidServiceResource;

    fn from_str(text: &str) -> Result<Self, InvalidServiceResource> {
        let arn: Arn = text.parse().map_err(|_| InvalidServiceResource)?;
        let region = !arn.region().is_empty()
            && arn.region().len() <= 32
            && arn.region().bytes().all(|b| is_lower(b) || b == b'-');
        if arn.partition() != "aws" || !region {
            return Err(InvalidServiceResource);
        }
        let account = arn.account().parse().map_err(|_| InvalidServiceResource)?;
        let found = match arn.service() {
            "ec2" => instance(arn.resource()).map(|name| (RoleService::Ec2, name)),
            "ecs" => task(arn.resource()).map(|name| (RoleService::EcsTasks, name)),
            "lambda" => function(arn.resource()).map(|name| (RoleService::Lambda, name)),
            _ => None,
        };
        let (service, name) = found.ok_or(InvalidServiceResource)?;
        Ok(Self {
            account,
            service,
            name: text.len() - name.len(),
            arn: text.into(),
        })
    }
}

/// `instance/i-` and 8 or 17 hexadecimal digits.
fn instance(resource: &str) -> Option<&str> {
    let id = resource.strip_prefix("instance/")?;
    let digits = id.strip_prefix("i-")?;
    let good = matches!(digits.len(), 8 | 17) && digits.bytes().all(is_hexadecimal);
    good.then_some(id)
}

/// `task/{cluster}/{id}`, or the older `task/{id}`; the id has 32 hexadecimal digits, or is a UUID.
fn task(resource: &str) -> Option<&str> {
    let path = resource.strip_prefix("task/")?;
    let (cluster, id) = path
        .split_once('/')
        .map_or((None, path), |(cluster, id)| (Some(cluster), id));
    let good_cluster = cluster.is_none_or(|name| is_name(name, 255));
    let good_id = matches!(id.len(), 32 | 36) && id.bytes().all(|b| is_hexadecimal(b) || b == b'-');
    (good_cluster && good_id).then_some(id)
}

/// `function:{name}`. A version or an alias has no role of its own.
fn function(resource: &str) -> Option<&str> {
    let name = resource.strip_prefix("function:")?;
    is_name(name, 64).then_some(name)
}

fn is_name(name: &str, longest: usize) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=longest).contains(&name.len()) && name.bytes().all(word)
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_hexadecimal(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

impl fmt::Display for ServiceResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

impl fmt::Debug for ServiceResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceResource({})", self.arn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_says_which_service_assumes_the_role_and_what_its_sessions_are_called() {
        let parts = |arn: &str| {
            let resource: ServiceResource = arn.parse().unwrap();
            let service = resource.service().principal();
            format!(
                "{service} {} {}",
                resource.account(),
                resource.session_name()
            )
        };
        insta::assert_snapshot!(parts("arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60718"), @"ec2.amazonaws.com 432797229265 i-0a1b2c3d4e5f60718");
        insta::assert_snapshot!(parts("arn:aws:lambda:eu-west-1:432797229265:function:Report"), @"lambda.amazonaws.com 432797229265 Report");
        insta::assert_snapshot!(parts("arn:aws:ecs:us-east-1:432797229265:task/main/0123456789abcdef0123456789abcdef"), @"ecs-tasks.amazonaws.com 432797229265 0123456789abcdef0123456789abcdef");
    }

    #[test]
    fn anything_else_is_no_such_resource() {
        for arn in [
            "",
            "i-0a1b2c3d",
            "arn:aws:s3:::insights",
            "arn:aws:iam::432797229265:role/bot",
            "arn:aws-cn:ec2:cn-north-1:432797229265:instance/i-0a1b2c3d",
            "arn:aws:ec2::432797229265:instance/i-0a1b2c3d",
            "arn:aws:ec2:us-east-1::instance/i-0a1b2c3d",
            "arn:aws:ec2:us-east-1:4327:instance/i-0a1b2c3d",
            "arn:aws:ec2:us-east-1:432797229265:instance/*",
            "arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d/x",
            "arn:aws:ec2:us-east-1:432797229265:instance/i-XYZ",
            "arn:aws:ec2:us-east-1:432797229265:volume/vol-0a1b2c3d",
            "arn:aws:ec2:*:432797229265:instance/i-0a1b2c3d",
            "arn:aws:lambda:us-east-1:432797229265:function:report:3",
            "arn:aws:lambda:us-east-1:432797229265:function:",
            "arn:aws:ecs:us-east-1:432797229265:task/main/x",
            "arn:aws:ecs:us-east-1:432797229265:service/main",
        ] {
            assert_eq!(
                arn.parse::<ServiceResource>(),
                Err(InvalidServiceResource),
                "{arn}"
            );
        }
    }
}
