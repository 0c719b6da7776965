//! Tokens shaped like a kube-apiserver's, in which everything can be made wrong.

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::keys::SigningKey;
use super::wait::now;

/// The service account that the roles of these tests trust.
pub(crate) const SUBJECT: &str = "system:serviceaccount:gbot-dev:bot-builder-insight-generator";

/// A token that is still open: change what you like, then [`Token::sign`] it.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    /// Text put in place of the claims, for what a map cannot hold.
    text: Option<String>,
}

impl Token {
    /// A good token of this issuer: fresh, for [`SUBJECT`], for `sts.amazonaws.com`.
    pub(crate) fn new(issuer: &str, kid: &str) -> Self {
        let now = now();
        let claims = json!({
            "aud": ["sts.amazonaws.com"],
            "exp": now + 3600,
            "iat": now,
            "iss": issuer,
            "jti": "8e1ec2c0-4a0b-4b3c-9d0c-0a6e6f5a9a11",
            "kubernetes.io": {
                "namespace": "gbot-dev",
                "pod": { "name": "insights-0", "uid": "5a1d0f6e-9a3f-4c52-8c5b-4b8d6f0f9d21" },
                "serviceaccount": { "name": "bot-builder-insight-generator", "uid": "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798" },
            },
            "nbf": now,
            "sub": SUBJECT,
        });
        let header = json!({ "alg": "RS256", "kid": kid });
        let (Value::Object(header), Value::Object(claims)) = (header, claims) else {
            panic!("both are objects")
        };
        Self {
            header,
            claims,
            text: None,
        }
    }

    #[must_use]
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Rewrites the text of the claims before it is signed.
    #[must_use]
    pub(crate) fn rewritten(mut self, rewrite: impl FnOnce(String) -> String) -> Self {
        self.text = Some(rewrite(Value::Object(self.claims.clone()).to_string()));
        self
    }

    /// Signs with the algorithm that the header names, and shows the whole token.
    pub(crate) fn sign(&self, key: &SigningKey) -> String {
        let message = self.message();
        let algorithm = self.header["alg"].as_str().unwrap();
        let signature = key.sign(algorithm, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Signs with HMAC, taking `secret` for the key of both sides.
    pub(crate) fn sign_hs256(&self, secret: &[u8]) -> String {
        let message = self.message();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let tag = hmac::sign(&key, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// Puts this text where the signature belongs.
    pub(crate) fn sign_with_text(&self, signature: &str) -> String {
        format!("{}.{signature}", self.message())
    }

    fn message(&self) -> String {
        let claims = match &self.text {
            Some(text) => text.clone(),
            None => Value::Object(self.claims.clone()).to_string(),
        };
        let header = Value::Object(self.header.clone()).to_string();
        format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        )
    }
}

/// The lower-case hexadecimal SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(n.into(), 16);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .flatten()
        .collect()
}
