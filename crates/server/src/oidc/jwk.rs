//! Key sets (RFC 7517): what a provider publishes or an operator uploads.
//!
//! A set may have keys that verify no token: keys for encryption, and kinds that this version does
//! not know. They are left out, and named for the operator. An uploaded set must have a key that
//! serves, and no private key.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bowline_json::Json;

use super::{
    document::DOCUMENT_LIMITS,
    jws::{CompactJws, JwsAlgorithm, PublicKey, UnusableKey},
};

/// Keys of one set.
const MAX_KEYS: usize = 100;
/// Keys that are tried for a token whose header or whose provider names none.
const MAX_TRIES: usize = 16;

/// A provider's usable keys.
#[derive(Debug, Default)]
pub(super) struct KeySet {
    keys: Vec<(Option<String>, PublicKey)>,
    left_out: Vec<KeyLeftOut>,
}

/// A key of a set that verifies no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("key {number} (`kid` `{kid}`) cannot serve: {reason}")]
pub struct KeyLeftOut {
    /// Its position, from 1.
    pub number: usize,
    /// Its name, or nothing.
    pub kid: String,
    /// Why.
    pub reason: String,
}

/// Why a document is no key set that could serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeySet {
    /// Not strict JSON.
    #[error("key set is not strict JSON: {0}")]
    Json(String),
    /// No member `keys`.
    #[error("key set has no list `keys`")]
    NoKeys,
    /// Too many keys.
    #[error("key set has {0} keys, more than {MAX_KEYS}")]
    TooMany(usize),
    /// An uploaded set has no keys.
    #[error("key set has no key")]
    Empty,
    /// No key of an uploaded set can verify a token: the first one, and why.
    #[error("key set has no key that can verify a token: {0}")]
    Useless(KeyLeftOut),
    /// An uploaded set has a private key.
    #[error("key {0} is a private key: upload the public keys alone")]
    Private(usize),
}

impl KeySet {
    /// Reads a published set.
    pub(super) fn published(document: &[u8]) -> Result<Self, InvalidKeySet> {
        let document = bowline_json::parse(document, &DOCUMENT_LIMITS)
            .map_err(|e| InvalidKeySet::Json(e.to_string()))?;
        Self::read(listed(&document)?)
    }

    /// Reads an uploaded set, one key of which has to serve.
    pub(super) fn uploaded(document: &[u8]) -> Result<Self, InvalidKeySet> {
        let document = bowline_json::parse(document, &DOCUMENT_LIMITS)
            .map_err(|e| InvalidKeySet::Json(e.to_string()))?;
        let listed = listed(&document)?;
        if let Some(place) = listed.iter().position(|jwk| jwk.get("d").is_some()) {
            return Err(InvalidKeySet::Private(place + 1));
        }
        let mut set = Self::read(listed)?;
        if !set.keys.is_empty() {
            return Ok(set);
        }
        Err(match set.left_out.drain(..).next() {
            Some(first) => InvalidKeySet::Useless(first),
            None => InvalidKeySet::Empty,
        })
    }

    fn read(listed: &[Json<'_>]) -> Result<Self, InvalidKeySet> {
        if listed.len() > MAX_KEYS {
            return Err(InvalidKeySet::TooMany(listed.len()));
        }
        let mut set = Self {
            keys: Vec::with_capacity(listed.len()),
            left_out: Vec::new(),
        };
        for (number, jwk) in (1..).zip(listed) {
            let kid = jwk.get("kid").and_then(Json::as_str).unwrap_or("");
            match key(jwk) {
                Ok(key) => set
                    .keys
                    .push(((!kid.is_empty()).then(|| kid.to_owned()), key)),
                Err(reason) => set.left_out.push(KeyLeftOut {
                    number,
                    kid: shown(kid),
                    reason,
                }),
            }
        }
        Ok(set)
    }

    /// The keys that verify no token.
    pub(super) fn left_out(&self) -> &[KeyLeftOut] {
        &self.left_out
    }

    /// The names of the keys that serve, each with its algorithms.
    pub(super) fn usable(&self) -> impl Iterator<Item = (String, Vec<&'static str>)> {
        let keys = self.keys.iter();
        keys.map(|(kid, key)| {
            let algorithms = key.algorithms().map(JwsAlgorithm::name);
            (shown(kid.as_deref().unwrap_or("")), algorithms.collect())
        })
    }

    /// Whether the set is worth trying for this token, or a newer one could be better.
    pub(super) fn knows(&self, token: &CompactJws<'_>) -> bool {
        match &token.kid {
            Some(kid_of_token) => self.keys.iter().any(|(kid, key)| {
                kid.as_deref() == Some(&**kid_of_token)
                    || (kid.is_none() && key.takes(token.algorithm))
            }),
            None => self.candidates(token).next().is_some(),
        }
    }

    /// The keys that could have signed the token: those that it names, and nameless ones; all if it
    /// names none. A bounded number of those that take its algorithm.
    pub(super) fn candidates<'a>(
        &'a self,
        token: &'a CompactJws<'_>,
    ) -> impl Iterator<Item = &'a PublicKey> {
        let named = move |kid: &Option<String>| {
            token.kid.is_none() || kid.is_none() || kid.as_deref() == token.kid.as_deref()
        };
        self.keys
            .iter()
            .filter(move |(kid, key)| named(kid) && key.takes(token.algorithm))
            .map(|(_, key)| key)
            .take(MAX_TRIES)
    }
}

fn listed<'a>(document: &'a Json<'_>) -> Result<&'a [Json<'a>], InvalidKeySet> {
    let listed = document.get("keys").and_then(Json::as_array);
    listed.ok_or(InvalidKeySet::NoKeys)
}

/// A name as the operator sees it.
fn shown(kid: &str) -> String {
    kid.chars().take(64).flat_map(char::escape_debug).collect()
}

fn key(jwk: &Json<'_>) -> Result<PublicKey, String> {
    let text = |name: &str| jwk.get(name).and_then(Json::as_str);
    let number = |name: &str| {
        let text = text(name).ok_or_else(|| format!("it has no text `{name}`"))?;
        let bytes = URL_SAFE_NO_PAD.decode(text);
        bytes.map_err(|_| format!("its `{name}` is not base64url without padding"))
    };
    if jwk.get("d").is_some() {
        return Err("it holds a private key".to_owned());
    }
    // Bundles of SPIFFE name the keys of their tokens so.
    if text("use").is_some_and(|used| used != "sig" && used != "jwt-svid") {
        return Err("its `use` is not `sig`".to_owned());
    }
    if let Some(operations) = jwk.get("key_ops").and_then(Json::as_array)
        && !operations.iter().any(|o| o.as_str() == Some("verify"))
    {
        return Err("its `key_ops` are without `verify`".to_owned());
    }
    let alg = match jwk.get("alg") {
        None => None,
        Some(alg) => Some(
            alg.as_str()
                .and_then(JwsAlgorithm::from_name)
                .ok_or("its `alg` is not supported")?,
        ),
    };
    let key = match text("kty") {
        Some("RSA") => PublicKey::rsa(&number("n")?, &number("e")?, alg),
        Some("EC") => PublicKey::ec(text("crv").unwrap_or(""), &number("x")?, &number("y")?, alg),
        Some(_) | None => return Err("its `kty` is neither RSA nor EC".to_owned()),
    };
    key.map_err(|e: UnusableKey| e.to_string())
}
