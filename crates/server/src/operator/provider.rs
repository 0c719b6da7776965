//! A provider as Bowline's own operations show it: its settings, and what is known of its keys.

use bowline_aws::{requirement::ResourceOwner, xml::iso_seconds};
use serde::Serialize;

use super::{error::OperatorError, input::Members};
use crate::{
    identity::index::ProviderEntry,
    oidc::{Failure, KeyReport},
    request::record::AuditFields,
};

/// The input of an operation on a provider that has no other members.
#[derive(Debug)]
pub(super) struct Addressed {
    pub(super) arn: String,
}

impl Addressed {
    pub(super) fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&["Arn"])?;
        Ok(Self {
            arn: members.required_text("Arn")?,
        })
    }

    pub(super) fn audit(&self, parameters: &mut AuditFields<'_>) {
        parameters.add("arn", self.arn.clone());
    }
}

/// A provider.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Shown<'a> {
    arn: &'a str,
    url: &'a str,
    /// The `iss` that tokens must have.
    issuer: &'a str,
    client_ids: &'a [String],
    created: String,
    /// Whether keys were uploaded, so that none is fetched.
    has_jwks: bool,
    /// Whether the issuer's certificate must be signed by an uploaded authority.
    has_ca_bundle: bool,
    keys: Vec<ShownKey>,
    /// The keys that verify no token, and why.
    left_out: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fetched: Option<ShownFetch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<ShownFailure>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownKey {
    kid: String,
    algorithms: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownFetch {
    at: String,
    fresh_until: String,
    usable_until: String,
}

/// A fetch that failed.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShownFailure {
    at: String,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
}

impl From<Failure> for ShownFailure {
    fn from(failure: Failure) -> Self {
        Self {
            at: iso_seconds(failure.at),
            reason: failure.reason,
            hint: failure.hint,
        }
    }
}

impl<'a> Shown<'a> {
    pub(super) fn new(provider: &'a ProviderEntry, keys: KeyReport) -> Self {
        let record = &provider.record;
        Self {
            arn: &provider.arn,
            url: &record.url,
            issuer: record.issuer(),
            client_ids: &record.client_ids,
            created: iso_seconds(record.created),
            has_jwks: record.jwks.is_some(),
            has_ca_bundle: record.ca_bundle.is_some(),
            keys: keys
                .usable
                .into_iter()
                .map(|(kid, algorithms)| ShownKey { kid, algorithms })
                .collect(),
            left_out: keys.left_out.iter().map(ToString::to_string).collect(),
            fetched: keys.fetched.map(|fetched| ShownFetch {
                at: iso_seconds(fetched.at),
                fresh_until: iso_seconds(fetched.fresh_until),
                usable_until: iso_seconds(fetched.usable_until),
            }),
            failure: keys.failure.map(ShownFailure::from),
        }
    }
}

/// The resource of a request about this provider, and its owner.
pub(super) fn target(arn: &str) -> (String, ResourceOwner) {
    let account = arn.split(':').nth(4);
    let account = account.and_then(|part| part.parse().ok());
    (arn.to_owned(), account.into())
}
