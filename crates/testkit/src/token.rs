//! Tokens of the shape that a kube-apiserver issues, in which everything can be changed.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::{keys::SigningKey, wait::now};

/// The service account of [`Token::new`].
pub const SUBJECT: &str = "system:serviceaccount:gbot-dev:bot-builder-insight-generator";

/// An unsigned token: change anything, then [`Token::sign`] it.
#[derive(Clone, Debug)]
pub struct Token {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    /// Text in place of the claims, for claims that a map cannot represent.
    text: Option<String>,
}

impl Token {
    /// A valid token of this issuer by the wall clock, for [`SUBJECT`] and `sts.amazonaws.com`.
    pub fn new(issuer: &str, kid: &str) -> Self {
        Self::issued_at(issuer, kid, now())
    }

    /// The same, valid for an hour from this time, in seconds since 1970.
    pub fn issued_at(issuer: &str, kid: &str, now: i64) -> Self {
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

    /// Sets a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Removes a claim.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets a member of the header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Removes a member of the header.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Rewrites the text of the claims before it is signed.
    #[must_use]
    pub fn rewritten(mut self, rewrite: impl FnOnce(String) -> String) -> Self {
        self.text = Some(rewrite(Value::Object(self.claims.clone()).to_string()));
        self
    }

    /// Signs by the algorithm that the header names: the whole token.
    pub fn sign(&self, key: &SigningKey) -> String {
        let message = self.message();
        let algorithm = self.header["alg"].as_str().unwrap();
        let signature = key.sign(algorithm, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Signs by HMAC with this secret.
    pub fn sign_hs256(&self, secret: &[u8]) -> String {
        let message = self.message();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let tag = hmac::sign(&key, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// The token with this text in place of a signature.
    pub fn sign_with_text(&self, signature: &str) -> String {
        format!("{}.{signature}", self.message())
    }

    /// The signing input: header and claims, encoded (RFC 7515).
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
