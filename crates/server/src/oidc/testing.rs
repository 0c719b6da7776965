//! What the tests of this folder share: a fixed time, keys, and providers' records.

use std::sync::{Arc, LazyLock};

use bowline_testkit::{issuer::Issuer, keys::SigningKey, token::Token};
use jiff::Timestamp;
use serde_json::Value;

use crate::identity::{entity::OidcProvider, index::ProviderEntry, store::Revision};

/// The time of the tests, in seconds since 1970.
pub(super) const NOW: i64 = 1_790_000_000;

/// The key of the tests' issuers.
pub(super) static RSA: LazyLock<Arc<SigningKey>> = LazyLock::new(|| Arc::new(SigningKey::rsa()));
/// A key that they do not publish at first.
pub(super) static STRANGER: LazyLock<SigningKey> = LazyLock::new(SigningKey::rsa);

pub(super) fn now() -> Timestamp {
    at(0)
}

/// So many seconds after [`NOW`].
pub(super) fn at(offset: i64) -> Timestamp {
    Timestamp::from_second(NOW + offset).unwrap()
}

/// An issuer that signs with [`RSA`].
pub(super) fn start_issuer() -> Issuer {
    Issuer::with_key(Arc::clone(&RSA))
}

/// A valid token at [`NOW`].
pub(super) fn token_of(issuer: &str, kid: &str) -> Token {
    Token::issued_at(issuer, kid, NOW)
}

/// A public key whose algorithm is not pinned.
pub(super) fn jwk(key: &SigningKey, kid: &str) -> Value {
    let mut jwk = key.jwk(Some(kid));
    jwk.as_object_mut().unwrap().remove("alg");
    jwk
}

/// A provider's record in an account.
pub(super) fn record(number: u32, url: &str) -> OidcProvider {
    OidcProvider {
        id: format!("PROVIDER{number:012}").parse().unwrap(),
        account: "432797229265".parse().unwrap(),
        url: url.to_owned(),
        issuer_override: None,
        client_ids: vec!["sts.amazonaws.com".to_owned()],
        thumbprints: Vec::new(),
        jwks: None,
        ca_bundle: None,
        created: now(),
    }
}

/// The record as the index holds it, after the commit of this number.
pub(super) fn stored(record: OidcProvider, number: u64) -> Arc<ProviderEntry> {
    Arc::new(ProviderEntry {
        arn: record.arn().into(),
        record: Arc::new(record),
        revision: Revision::from_number(number),
    })
}
