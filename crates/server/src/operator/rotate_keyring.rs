//! `RotateKeyring`: new sessions are sealed under a new key.
//!
//! `{"Revoke": false}`; with `true`, all sessions end at once. The response lists the keys that
//! open sessions.

use bowline_aws::{
    error::{AwsError, Protocol},
    requirement::ResourceOwner,
    xml::iso_seconds,
};
use jiff::SignedDuration;
use serde::Serialize;

use super::{
    error::OperatorError,
    input::Members,
    operation::{Operation, to_json},
    server_resource,
};
use crate::{
    crypto::keyring::{KeyState, KeyStatus},
    http::response::Response,
    identity::index::Index,
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// How long a new key is published before it seals. The one replica knows it at once.
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
    /// When it stops opening sessions, once that is known.
    not_after: Option<String>,
}

impl Operation for RotateKeyring {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&["Revoke"])?;
        Ok(Self {
            revoke: members.boolean("Revoke")?,
        })
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        parameters.add("revoke", self.revoke.to_string());
    }

    /// The keyring belongs to the management account.
    fn resource(&self, index: &Index) -> (String, ResourceOwner) {
        server_resource(index, "keyring")
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let state = &call.app.state;
        let keyring = state
            .rotate_keyring(self.revoke, PUBLISH_FOR, call.now)
            .await
            .map_err(|error| {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "The keyring could not be rotated"
                );
                RequestError::new(AwsError::internal(Protocol::Bowline), &error)
            })?;
        to_json(&Output {
            keys: keyring.status(call.now).iter().map(Key::from).collect(),
        })
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
