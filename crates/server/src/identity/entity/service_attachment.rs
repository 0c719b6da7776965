//! Roles that are attached to resources of services.

use bowline_iam::account::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Counted, Entity, InvalidEntity, ServiceResource, UniqueId, ensure};
use crate::identity::store::RecordKey;

/// That a service assumes a role for one of its resources. A resource has one role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceAttachment {
    /// The account of both.
    #[serde(with = "crate::serde_text")]
    pub account: AccountId,
    /// The resource, which says which service it is.
    #[serde(with = "crate::serde_text")]
    pub resource: ServiceResource,
    /// The role, whatever it is called by now.
    pub role: UniqueId,
    /// When it was created.
    #[serde(with = "crate::serde_text")]
    pub created: Timestamp,
}

impl Entity for ServiceAttachment {
    const KIND: &'static str = "service-attachment";
    const LEVEL: u32 = 0;

    fn key(&self) -> RecordKey {
        RecordKey::service_attachment(self.account, self.resource.as_str())
    }

    fn counted(&self) -> Option<Counted> {
        Some(Counted::in_account::<Self>(self.account))
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        ensure(
            self.resource.account() == self.account,
            "resource",
            "is of another account",
        )?;
        ensure(
            self.role.as_str().starts_with("AROA"),
            "role id",
            "does not begin with AROA",
        )
    }
}
