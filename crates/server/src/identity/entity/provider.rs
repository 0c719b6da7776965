//! OIDC providers.

use bowline_iam::account::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Counted, Entity, InvalidEntity, UniqueId, ensure};
use crate::identity::store::RecordKey;

/// An OIDC provider whose tokens an account takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcProvider {
    /// Of this record, so that a provider deleted and made again shares no state with the first.
    pub id: UniqueId,
    /// The account that it belongs to.
    #[serde(with = "crate::serde_text")]
    pub account: AccountId,
    /// With its scheme, as the client sent it. Without the scheme it names the provider in its ARN
    /// and prefixes its condition keys.
    pub url: String,
    /// What `iss` must be, if that is not the URL: clusters may share
    /// `https://kubernetes.default.svc`.
    #[serde(default)]
    pub issuer_override: Option<String>,
    /// The audiences that it takes.
    pub client_ids: Vec<String>,
    /// SHA-1 fingerprints, as on AWS. They are stored and shown; the certificate authorities below
    /// decide.
    pub thumbprints: Vec<String>,
    /// Uploaded keys: a JWKS document. Nothing is fetched when there is one.
    #[serde(default)]
    pub jwks: Option<String>,
    /// Certificate authorities for fetching keys, as PEM, instead of the public ones.
    #[serde(default)]
    pub ca_bundle: Option<String>,
    /// When it was created.
    #[serde(with = "crate::serde_text")]
    pub created: Timestamp,
}

impl OidcProvider {
    /// The URL without its scheme: host, port and path, such as
    /// `oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE`.
    pub fn address(&self) -> &str {
        let url = self.url.as_str();
        let address = url.strip_prefix("https://");
        address.or(url.strip_prefix("http://")).unwrap_or(url)
    }

    /// `arn:aws:iam::{account}:oidc-provider/{address}`.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:iam::{}:oidc-provider/{}",
            self.account,
            self.address()
        )
    }

    /// What the `iss` of its tokens must be.
    pub fn issuer(&self) -> &str {
        self.issuer_override.as_deref().unwrap_or(&self.url)
    }
}

impl Entity for OidcProvider {
    const KIND: &'static str = "provider";
    const LEVEL: u32 = 0;

    fn key(&self) -> RecordKey {
        RecordKey::provider(self.account, &self.id)
    }

    fn lookups(&self) -> Vec<RecordKey> {
        vec![RecordKey::provider_url(self.account, self.address())]
    }

    fn counted(&self) -> Option<Counted> {
        Some(Counted::in_account::<Self>(self.account))
    }

    fn document_bytes(&self) -> usize {
        let settings = [&self.jwks, &self.ca_bundle, &self.issuer_override];
        let settings = settings.into_iter().flatten().map(String::len);
        settings.sum::<usize>() + self.client_ids.iter().map(String::len).sum::<usize>()
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        let schemes = ["https://", "http://"];
        ensure(
            schemes.iter().any(|scheme| self.url.starts_with(scheme)),
            "provider url",
            "does not begin with https://",
        )?;
        ensure(self.url.len() <= 255 + 8, "provider url", "is too long")?;
        ensure(!self.address().is_empty(), "provider url", "has no host")?;
        ensure(self.issuer().len() <= 2_048, "issuer", "is too long")?;
        // IAM User Guide, "IAM and AWS STS quotas": 100 client ids, 5 thumbprints.
        ensure(self.client_ids.len() <= 100, "client ids", "are too many")?;
        ensure(self.thumbprints.len() <= 5, "thumbprints", "are too many")?;
        let long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > 96 * 1024);
        ensure(!long(&self.jwks), "uploaded keys", "are too long")?;
        ensure(
            !long(&self.ca_bundle),
            "certificate authorities",
            "are too long",
        )
    }
}
