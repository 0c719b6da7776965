//! One call, as audit and explanations tell of it. It is filled while the call is served, so a call that ends early is told of as
//! far as it came.

use std::{borrow::Cow, sync::Arc};

use bowline_aws::{
    access::Access,
    credentials::AccessKeyId,
    dynamodb, iam,
    requirement::{Requirement, ResourceOwner},
    s3, sts,
};
use bowline_iam::account::AccountId;

use crate::{
    http::head::RequestHead,
    identity::{entity::RoleService, index::ProviderEntry},
    request::{caller::Caller, request_id::RecordIds, service::Service},
};

/// Longest parameter that is told of; of a longer one only its length is.
const MAX_VALUE: usize = 8 * 1024;
/// Most bytes of the parameters of one call that are told of; of the values beyond, only the lengths are.
const MAX_VALUES: usize = 32 * 1024;
/// Most parameters of one call that are told of. The longest list of an operation has a hundred.
const MAX_FIELDS: usize = 256;

/// A call and what is known of it.
#[derive(Debug)]
pub(crate) struct RequestRecord<'a> {
    /// Its head.
    pub(crate) head: &'a RequestHead,
    /// Its ids.
    pub(crate) ids: &'a RecordIds,
    /// The service that it is for.
    pub(crate) service: Service,
    /// The operation, once it is known to be one.
    pub(crate) operation: Option<AuditedOperation>,
    /// The region of its signature.
    pub(crate) region: Option<Box<str>>,
    /// Who calls.
    pub(crate) identity: RecordedIdentity,
    /// Parameters, by the names that CloudTrail has for them. No secret is ever among them.
    pub(crate) parameters: AuditFields<'a>,
    /// What it gave, likewise.
    pub(crate) response: AuditFields<'a>,
    /// What it is about.
    pub(crate) resource: Option<AuditedResource>,
    /// What else it is about: the other tables of a batch or a transaction.
    pub(crate) other_resources: Vec<AuditedResource>,
}

/// What is told of an operation: facts that its API declares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuditedOperation {
    /// Its name in the API.
    pub(crate) name: &'static str,
    /// Whether it changes something.
    pub(crate) access: Access,
    /// Whether it is about objects or items.
    pub(crate) is_about_data: bool,
}

/// Who calls.
#[derive(Debug)]
pub(crate) enum RecordedIdentity {
    /// Nobody has said so.
    Anonymous,
    /// Whoever named this access key, and has not proved to hold its secret.
    ClaimedKey {
        /// The access key.
        access_key_id: AccessKeyId,
        /// The account whose it is, if it is one.
        account: Option<AccountId>,
    },
    /// Whoever holds a token that was not found good.
    UnverifiedToken {
        /// What the token says of its issuer.
        issuer: Option<String>,
        /// The account that was addressed.
        account: Option<AccountId>,
    },
    /// Whoever holds a token that was found good.
    WebIdentity {
        /// The provider that vouches.
        provider: Arc<ProviderEntry>,
        /// Whom the token is for.
        audience: String,
        /// Whom it is about.
        subject: String,
    },
    /// Whoever signed.
    Caller(Arc<Caller>),
    /// A service, which the server itself plays for a resource that it has a role for. No request comes from one.
    Service(RoleService),
}

/// What a call is about.
#[derive(Debug)]
pub(crate) struct AuditedResource {
    /// Its ARN.
    pub(crate) arn: String,
    /// The account that it belongs to.
    pub(crate) account: Option<AccountId>,
}

impl From<Requirement<'_>> for AuditedResource {
    fn from(requirement: Requirement<'_>) -> Self {
        let account = match requirement.owner {
            ResourceOwner::Account(account) => Some(account),
            ResourceOwner::Table(table) => Some(table.account_region.account()),
            ResourceOwner::Caller | ResourceOwner::Bucket(_) => None,
        };
        Self {
            arn: requirement.arn.into_owned(),
            account,
        }
    }
}

/// Names and values. A dot in a name makes an object of those that share what stands before it.
#[derive(Debug, Default)]
pub(crate) struct AuditFields<'a> {
    fields: Vec<(Cow<'static, str>, Cow<'a, str>)>,
    /// Bytes of the values.
    size: usize,
}

impl<'a> RequestRecord<'a> {
    /// A call of which nothing more is known yet.
    pub(crate) fn new(head: &'a RequestHead, ids: &'a RecordIds, service: Service) -> Self {
        Self {
            head,
            ids,
            service,
            operation: None,
            region: None,
            identity: RecordedIdentity::Anonymous,
            parameters: AuditFields::default(),
            response: AuditFields::default(),
            resource: None,
            other_resources: Vec::new(),
        }
    }

    /// The caller, if one has signed.
    pub(crate) fn caller(&self) -> Option<&Caller> {
        match &self.identity {
            RecordedIdentity::Caller(caller) => Some(caller),
            RecordedIdentity::Anonymous
            | RecordedIdentity::ClaimedKey { .. }
            | RecordedIdentity::UnverifiedToken { .. }
            | RecordedIdentity::WebIdentity { .. }
            | RecordedIdentity::Service(_) => None,
        }
    }

    /// Whether it is known to change nothing. What is not known to be any operation may be one that does.
    pub(crate) fn reads_only(&self) -> bool {
        self.operation
            .is_some_and(|operation| operation.access == Access::Reads)
    }

    /// Whether it is about objects or items rather than about what holds them.
    pub(crate) fn is_about_data(&self) -> bool {
        match self.operation {
            Some(operation) => operation.is_about_data,
            // Most operations of tables are about items.
            None => self.service == Service::DynamoDb,
        }
    }
}

impl From<iam::Operation> for AuditedOperation {
    fn from(operation: iam::Operation) -> Self {
        Self {
            name: operation.name(),
            access: operation.access(),
            is_about_data: false,
        }
    }
}

impl From<sts::Operation> for AuditedOperation {
    fn from(operation: sts::Operation) -> Self {
        Self {
            name: operation.name(),
            access: operation.access(),
            is_about_data: false,
        }
    }
}

impl From<&s3::Operation> for AuditedOperation {
    fn from(operation: &s3::Operation) -> Self {
        Self {
            name: operation.name(),
            access: operation.access(),
            is_about_data: operation.is_about_data(),
        }
    }
}

impl From<dynamodb::Operation> for AuditedOperation {
    fn from(operation: dynamodb::Operation) -> Self {
        Self {
            name: operation.name(),
            access: operation.access(),
            is_about_data: operation.is_about_data(),
        }
    }
}

impl<'a> AuditFields<'a> {
    /// Adds one.
    pub(crate) fn add(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'a, str>>,
    ) {
        if self.fields.len() == MAX_FIELDS {
            return;
        }
        let value = value.into();
        let value = if value.len() > MAX_VALUE || self.size + value.len() > MAX_VALUES {
            Cow::Owned(format!("[{} bytes]", value.len()))
        } else {
            value
        };
        self.size += value.len();
        self.fields.push((name.into(), value));
    }

    /// Adds one that may be absent.
    pub(crate) fn add_if(&mut self, name: &'static str, value: Option<impl Into<Cow<'a, str>>>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (&**name, &**value))
    }
}
