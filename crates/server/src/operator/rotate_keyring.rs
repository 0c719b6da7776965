//! `RotateKeyring`: new sessions are sealed under a new key.
//!
//! `{"Revoke": false}`; with `true`, all sessions end at once. The answer lists the keys that open.

use bowline_aws::{
    error::{AwsError, Protocol},
    xml::iso_seconds,
};
use jiff::SignedDuration;
use serde::Serialize;

use super::{input::Members, management_account};
use crate::{
    crypto::keyring::{KeyState, KeyStatus},
    identity::index::Index,
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, AuditedResource},
    },
};

/// How long a new key is known before it seals. There is one replica, which knows it at once.
const PUBLISH_FOR: SignedDuration = SignedDuration::ZERO;

/// How to rotate.
#[derive(Debug)]
pub(super) struct RotateKeyring {
    revoke: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    keys: Vec<Key>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    id: String,
    state: &'static str,
    created: String,
    /// Until when it opens, once that is known.
    not_after: Option<String>,
}

/// The keyring, which is the management account's.
pub(super) fn subject(index: &Index) -> AuditedResource {
    let account = management_account(index);
    let of = account.map(|account| account.to_string());
    AuditedResource {
        arn: format!("arn:aws:bowline::{}:keyring", of.unwrap_or_default()),
        account,
    }
}

impl RotateKeyring {
    pub(super) fn read(members: &Members<'_>) -> Result<Self, AwsError> {
        members.only(&["Revoke"])?;
        Ok(Self {
            revoke: members.boolean("Revoke")?,
        })
    }

    pub(super) fn tell(&self, told: &mut AuditFields<'_>) {
        told.add("revoke", self.revoke.to_string());
    }

    pub(super) async fn carry_out(&self, call: &Call<'_>) -> Result<String, RequestError> {
        let state = &call.app.state;
        let internal = || AwsError::internal(Protocol::Bowline);
        let keyring = state
            .rotate_keyring(self.revoke, PUBLISH_FOR, call.now)
            .await
            .map_err(|error| {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "The keyring could not be rotated"
                );
                RequestError::new(internal(), &error)
            })?;
        let output = Output {
            keys: keyring.status(call.now).iter().map(Key::from).collect(),
        };
        serde_json::to_string(&output).map_err(|error| RequestError::new(internal(), &error))
    }
}

impl From<&KeyStatus> for Key {
    fn from(status: &KeyStatus) -> Self {
        Self {
            id: status.id.to_string(),
            state: match status.state {
                KeyState::Published => "Published",
                KeyState::Active => "Active",
                KeyState::Retired => "Retired",
            },
            created: iso_seconds(status.created),
            not_after: status.not_after.map(iso_seconds),
        }
    }
}
