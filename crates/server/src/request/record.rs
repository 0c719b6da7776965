//! The record of one request: what the audit log and explanations contain about it. It is filled in
//! as the request progresses, so it exists for a request that fails early, too.

use std::{
    any::Any,
    borrow::Cow,
    sync::{Arc, atomic::AtomicBool},
};

use bowline_aws::{
    access::Access,
    credentials::AccessKeyId,
    dynamodb, iam,
    output::Envelope,
    requirement::{Requirement, ResourceOwner},
    s3, sts,
};
use bowline_iam::account::AccountId;

use crate::{
    http::head::RequestHead,
    identity::{entity::RoleService, index::ProviderEntry},
    request::{caller::Caller, cut_text::Original, request_id::RecordIds, service::Service},
};

/// Most bytes of one recorded value. Of a longer value the beginning is recorded.
const MAX_VALUE_BYTES: usize = 6 * 1024;
/// Most bytes of all recorded values, of which each has its first [`MIN_VALUE_BYTES`].
const MAX_VALUES_BYTES: usize = 16 * 1024;
/// Bytes that are recorded of every value.
const MIN_VALUE_BYTES: usize = 128;
/// Most recorded values. The longest list of an operation has a hundred.
const MAX_FIELDS: usize = 256;

/// A request, and what is known of it so far.
#[derive(Debug)]
pub(crate) struct RequestRecord<'a> {
    /// The request head.
    pub(crate) head: &'a RequestHead,
    /// The ids of the request.
    pub(crate) ids: &'a RecordIds,
    /// The service that the request is for.
    pub(crate) service: Service,
    /// The operation, once it is known to exist.
    pub(crate) operation: Option<AuditedOperation>,
    /// The region of the signature.
    pub(crate) region: Option<Box<str>>,
    /// The identity of the client.
    pub(crate) identity: RecordedIdentity,
    /// Parameters, under the names that CloudTrail uses. No secret is ever among them.
    pub(crate) parameters: AuditFields<'a>,
    /// Members of the response, likewise.
    pub(crate) response: AuditFields<'a>,
    /// The resource.
    pub(crate) resource: Option<AuditedResource>,
    /// Further resources: the other tables of a batch or a transaction.
    pub(crate) other_resources: Vec<AuditedResource>,
    /// Whether the policies allow the request, once that is decided.
    pub(crate) is_permitted: AtomicBool,
    /// What is kept until the response is sent.
    pub(crate) until_sent: Option<Arc<dyn Any + Send + Sync>>,
}

/// An operation, as its API declares it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuditedOperation {
    /// Its name in the API.
    pub(crate) name: &'static str,
    /// Whether it changes something.
    pub(crate) access: Access,
    /// Whether it acts on objects or items.
    pub(crate) is_about_data: bool,
}

/// The identity of a client, as far as it is known.
#[derive(Debug)]
pub(crate) enum RecordedIdentity {
    /// The client claims no identity.
    Anonymous,
    /// The client names this access key, and its signature is not verified.
    ClaimedKey {
        /// The access key.
        access_key_id: AccessKeyId,
        /// The account of the access key, if it exists.
        account: Option<AccountId>,
    },
    /// The client has a token that is not verified.
    UnverifiedToken {
        /// The issuer that the token claims.
        issuer: Option<String>,
        /// The account that the request names.
        account: Option<AccountId>,
    },
    /// The client has a token that was verified.
    WebIdentity {
        /// The provider whose key verified the token.
        provider: Arc<ProviderEntry>,
        /// The token's audience.
        audience: String,
        /// The token's subject.
        subject: String,
    },
    /// The client has signed.
    Caller(Arc<Caller>),
    /// A service, for which the server acts on behalf of a resource that has a role attached. No
    /// client authenticates as one.
    Service(RoleService),
}

/// A resource of a request.
#[derive(Debug)]
pub(crate) struct AuditedResource {
    /// Its ARN.
    pub(crate) arn: String,
    /// The account that owns it.
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

/// Names and values for the audit log. Names that share the part before a dot become one object.
#[derive(Debug, Default)]
pub(crate) struct AuditFields<'a> {
    fields: Vec<AuditField<'a>>,
    /// Bytes of the values.
    size: usize,
    /// How many fields were left out.
    omitted: usize,
}

/// A name and its value.
#[derive(Debug)]
pub(crate) struct AuditField<'a> {
    /// The name.
    pub(crate) name: Cow<'static, str>,
    /// The value, or its beginning.
    pub(crate) value: Cow<'a, str>,
    /// What the value was, if this is its beginning.
    pub(crate) original: Option<Original>,
}

impl<'a> RequestRecord<'a> {
    /// The request id, and the form in which the client reads responses of the query protocol.
    pub(crate) fn envelope(&self) -> Envelope<'a> {
        Envelope {
            request_id: &self.ids.request,
            format: self.head.accepted_format(),
        }
    }

    /// A request of which nothing more is known yet.
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
            is_permitted: AtomicBool::new(false),
            until_sent: None,
        }
    }

    /// The caller, once the signature is verified.
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

    /// Whether the operation only reads. An unknown operation may be one that changes something.
    pub(crate) fn reads_only(&self) -> bool {
        self.operation
            .is_some_and(|operation| operation.access == Access::Reads)
    }

    /// Whether it acts on objects or items rather than on buckets or tables.
    pub(crate) fn is_about_data(&self) -> bool {
        match self.operation {
            Some(operation) => operation.is_about_data,
            // Most operations of DynamoDB act on items.
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
    /// Adds a value.
    pub(crate) fn add(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'a, str>>,
    ) {
        if self.fields.len() == MAX_FIELDS {
            self.omitted += 1;
            return;
        }
        let mut value = value.into();
        let most = MAX_VALUES_BYTES.saturating_sub(self.size);
        let most = most.clamp(MIN_VALUE_BYTES, MAX_VALUE_BYTES);
        let original = (value.len() > most).then(|| Original::of(&value));
        if original.is_some() {
            let end = value.floor_char_boundary(most);
            value = Cow::Owned(value.get(..end).unwrap_or_default().to_owned());
        }
        self.size += value.len();
        self.fields.push(AuditField {
            name: name.into(),
            value,
            original,
        });
    }

    /// Adds a value that may be absent.
    pub(crate) fn add_if(&mut self, name: &'static str, value: Option<impl Into<Cow<'a, str>>>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    /// Whether there are no values.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &AuditField<'a>> {
        self.fields.iter()
    }

    /// How many fields were left out.
    pub(crate) fn omitted(&self) -> usize {
        self.omitted
    }
}
