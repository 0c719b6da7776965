//! Signs requests, for the commands, for upstreams, and for tests.

use aws_lc_rs::digest;
use jiff::Timestamp;

use super::{
    canonical::{canonical_request, string_to_sign},
    content::ContentSha256,
    error::{AuthorizationError, SignatureError},
    key::DerivedKey,
    request_parts::RequestParts,
    scope::{CredentialScope, InvalidScope, SigningRules},
    time::amz_date,
};
use crate::{
    credentials::{AccessKeyId, SecretAccessKey, SessionToken},
    hex,
};

/// The credentials of the signer.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The access key id.
    pub access_key_id: AccessKeyId,
    /// Its secret access key.
    pub secret_access_key: SecretAccessKey,
    /// The session token of temporary credentials.
    pub session_token: Option<SessionToken>,
}

/// The payload of a request to sign.
#[derive(Debug, Clone, Copy)]
pub enum SigningPayload<'a> {
    /// The whole body, which is hashed.
    Whole(&'a [u8]),
    /// The value of `x-amz-content-sha256`.
    Declared(ContentSha256),
}

/// Signs a request. Returns the headers to add: `x-amz-date`, `x-amz-security-token`,
/// `x-amz-content-sha256` (S3 only) and `authorization`.
///
/// Signs all headers of `parts`, which must include `host`, except those that proxies change.
///
/// # Errors
/// A region or service that is not valid in a scope ([`SignatureError::Malformed`]), a missing
/// `host`, or a request without a canonical form.
pub fn sign(
    parts: &RequestParts<'_>,
    payload: SigningPayload<'_>,
    credentials: &Credentials,
    region: &str,
    service: &str,
    now: Timestamp,
) -> Result<Vec<(&'static str, String)>, SignatureError> {
    let date = amz_date(now);
    let day = date.get(..8).unwrap_or_default();
    let scope = CredentialScope::new(day, region, service).map_err(|InvalidScope| {
        AuthorizationError::Credential(format!(
            "{}/{day}/{region}/{service}",
            credentials.access_key_id
        ))
    })?;
    let content = match payload {
        SigningPayload::Whole(body) => hex::encode(digest::digest(&digest::SHA256, body).as_ref()),
        SigningPayload::Declared(content) => content.to_value(),
    };

    let mut added = vec![("x-amz-date", date.clone())];
    if let Some(token) = &credentials.session_token {
        added.push(("x-amz-security-token", token.expose().to_owned()));
    }
    if scope.rules() == SigningRules::S3 {
        added.push(("x-amz-content-sha256", content.clone()));
    }

    let mut headers: Vec<(&str, &[u8])> = parts
        .headers
        .iter()
        .copied()
        .filter(|(name, _)| is_signable(name))
        .collect();
    headers.extend(added.iter().map(|(name, value)| (*name, value.as_bytes())));
    let mut names: Vec<String> = headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    names.sort_unstable();
    names.dedup();
    if !names.iter().any(|name| name == "host") {
        return Err(SignatureError::HostNotSigned);
    }
    let names = names.join(";");

    let canonical = canonical_request(
        &RequestParts {
            headers: &headers,
            ..*parts
        },
        &names,
        &content,
        scope.rules(),
    )?;
    let key = DerivedKey::derive(&credentials.secret_access_key, scope);
    let signature =
        hex::encode(&key.sign(string_to_sign(&date, key.scope(), &canonical).as_bytes()));
    added.push((
        "authorization",
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={names}, Signature={signature}",
            credentials.access_key_id,
            key.scope()
        ),
    ));
    Ok(added)
}

/// Whether the signature covers a header: not those of one hop, nor those that proxies rewrite.
fn is_signable(name: &str) -> bool {
    const UNSIGNED: [&str; 12] = [
        "authorization",
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    ];
    !UNSIGNED
        .iter()
        .any(|unsigned| unsigned.eq_ignore_ascii_case(name))
}
