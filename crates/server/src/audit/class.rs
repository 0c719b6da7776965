//! What a record is worth when there is no room for all: which budget it counts against, and how
//! much of the disk's reserve it may use.

use std::sync::atomic::Ordering;

use bowline_aws::{access::Access, error::ErrorKind};

use super::{
    budget::{Source, SuppressedKind},
    record::{Outcome, event_name, recipient},
};
use crate::request::{
    record::{RecordedIdentity, RequestRecord},
    service::Service,
};

/// The class of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A failure of a caller without a proven identity, a denial, or a request that failed before a
    /// decision: nothing happened. It counts against a budget.
    Budgeted(Source),
    /// A change of identity data, or by the operator.
    Change,
    /// New credentials.
    Session,
    /// Everything else.
    Other,
}

impl Class {
    /// The class of a finished request.
    pub(super) fn of(record: &RequestRecord<'_>, outcome: Outcome<'_>) -> Self {
        let denied = match outcome {
            Outcome::Done => false,
            Outcome::Failed { kind, .. } => match kind {
                ErrorKind::Rejected => true,
                ErrorKind::Failed => !record.is_permitted.load(Ordering::Relaxed),
                ErrorKind::ServerError => false,
            },
        };
        match (&record.identity, outcome) {
            (
                RecordedIdentity::Anonymous
                | RecordedIdentity::ClaimedKey { .. }
                | RecordedIdentity::UnverifiedToken { .. },
                Outcome::Failed { .. },
            ) => Self::Budgeted(Source::network(record.head.peer.address)),
            (RecordedIdentity::Caller(caller), _) if denied => {
                Self::Budgeted(Source::Account(caller.account()))
            }
            (RecordedIdentity::WebIdentity { provider, .. }, _) if denied => {
                Self::Budgeted(Source::Account(provider.record.account))
            }
            _ => Self::if_done(record),
        }
    }

    /// The class of a request that is carried out.
    pub(super) fn if_done(record: &RequestRecord<'_>) -> Self {
        let changes = record
            .operation
            .is_some_and(|operation| operation.access == Access::Changes);
        match record.service {
            Service::Iam | Service::Bowline if changes => Self::Change,
            Service::Sts if record.operation.is_some() => Self::Session,
            Service::Iam | Service::Bowline | Service::Sts | Service::S3 | Service::DynamoDb => {
                Self::Other
            }
        }
    }
}

/// What a record has in common with others that are counted together.
pub(super) fn suppressed_kind(record: &RequestRecord<'_>, outcome: Outcome<'_>) -> SuppressedKind {
    SuppressedKind {
        identity: match &record.identity {
            RecordedIdentity::Anonymous => "Anonymous",
            RecordedIdentity::ClaimedKey { .. } => "UnverifiedKey",
            RecordedIdentity::UnverifiedToken { .. } => "UnverifiedToken",
            RecordedIdentity::WebIdentity { .. } => "WebIdentityUser",
            RecordedIdentity::Caller(_) => "Caller",
            RecordedIdentity::Service(_) => "AWSService",
        },
        service: record.service,
        operation: event_name(record),
        error: match outcome {
            Outcome::Done => "None",
            Outcome::Failed { code, .. } => code,
        },
        account: recipient(record),
    }
}
