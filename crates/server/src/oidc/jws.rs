//! JSON Web Signatures (RFC 7515) in their compact form: the only file that verifies the signature
//! of a token.
//!
//! RS256, RS384, RS512, ES256, ES384 and ES512 exist here; `none` and the HMAC algorithms do not. The key
//! determines the allowed algorithms, and the token can only name one of them. Keys come from the
//! provider: `jwk`, `jku`, `x5c` and `x5u` of a header are never read. A header with `crit` or
//! `b64` is rejected: if it were ignored, the verified text would not be the signed text.

use std::borrow::Cow;

use aws_lc_rs::{
    digest,
    rsa::PublicKeyComponents,
    signature::{self, ParsedPublicKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bowline_json::{Json, JsonKind, JsonLimits, JsonObject};

/// Characters of a token, shape `clientTokenType` of STS.
pub const MAX_TOKEN: usize = 20_000;
const MIN_TOKEN: usize = 4;
/// Limits of the header and the claims.
const TOKEN_LIMITS: JsonLimits = JsonLimits {
    max_bytes: MAX_TOKEN,
    max_depth: 8,
    max_values: 2_048,
};
/// Bytes of a `kid`: longer ones are not looked up.
const MAX_KID: usize = 512;

/// A signature algorithm (RFC 7518 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwsAlgorithm {
    /// RSA PKCS #1 v1.5 with SHA-256.
    Rs256,
    /// RSA PKCS #1 v1.5 with SHA-384.
    Rs384,
    /// RSA PKCS #1 v1.5 with SHA-512.
    Rs512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
}

impl JwsAlgorithm {
    /// The algorithm of this name. Names are case-sensitive.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            _ => return None,
        })
    }

    /// Its name in a header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
        }
    }
}

/// Why a text is no token that could be verified. Nothing of the token is quoted but the algorithm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedJws {
    /// Too short or too long.
    #[error("token has {0} characters, not {MIN_TOKEN} to {MAX_TOKEN}")]
    Length(usize),
    /// Not the compact form.
    #[error("token is not three parts between two dots")]
    Parts,
    /// One part is not strict base64url.
    #[error("token's {0} is not base64url without padding")]
    Encoding(&'static str),
    /// One part is not strict JSON.
    #[error("token's {0} is not a strict JSON object: {1}")]
    Json(&'static str, String),
    /// No supported algorithm.
    #[error("token's algorithm is `{0}`, not one of RS256, RS384, RS512, ES256, ES384, ES512")]
    Algorithm(String),
    /// A header member that changes the signed content.
    #[error("token's header has `{0}`, which is not supported")]
    Extension(&'static str),
    /// A key id that is no short text.
    #[error("token's `kid` is not a text of at most {MAX_KID} bytes")]
    KeyId,
}

/// The three parts of a token, decoded. The parsed token borrows from them.
#[derive(Debug)]
pub struct DecodedToken<'a> {
    /// Header and payload, as they were signed.
    signed: &'a str,
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> DecodedToken<'a> {
    /// Takes a token apart. White space around it, such as a file's last line feed, is not part of
    /// it.
    ///
    /// # Errors
    /// [`MalformedJws`] unless it is three parts in strict base64url.
    pub fn decode(token: &'a str) -> Result<Self, MalformedJws> {
        let token = token.trim_ascii();
        if !(MIN_TOKEN..=MAX_TOKEN).contains(&token.len()) {
            return Err(MalformedJws::Length(token.len()));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(MalformedJws::Parts)?;
        let (header, payload) = signed.split_once('.').ok_or(MalformedJws::Parts)?;
        if payload.contains('.') {
            return Err(MalformedJws::Parts);
        }
        Ok(Self {
            signed,
            header: decode("header", header)?,
            payload: decode("payload", payload)?,
            signature: decode("signature", signature)?,
        })
    }
}

/// A token that was read; nothing in it is believed yet.
#[derive(Debug)]
pub(super) struct CompactJws<'a> {
    signed: &'a str,
    signature: &'a [u8],
    /// What the header names.
    pub(super) algorithm: JwsAlgorithm,
    /// The key that the header names; an empty one is none.
    pub(super) kid: Option<Cow<'a, str>>,
    /// The claims as they stand there.
    pub(super) claims: JsonObject<'a>,
}

impl<'a> CompactJws<'a> {
    /// Reads header and claims.
    pub(super) fn read(token: &'a DecodedToken<'_>) -> Result<Self, MalformedJws> {
        let header = object("header", &token.header)?;
        for name in ["crit", "b64"] {
            if header.get(name).is_some() {
                return Err(MalformedJws::Extension(name));
            }
        }
        let name = header.get("alg").and_then(Json::as_str).unwrap_or("");
        let algorithm = JwsAlgorithm::from_name(name).ok_or_else(|| {
            let shown = name.chars().take(16).flat_map(char::escape_debug);
            MalformedJws::Algorithm(shown.collect())
        })?;
        let kid = match header.get("kid").map(|kid| &kid.kind) {
            None => None,
            Some(JsonKind::String(kid)) if kid.is_empty() => None,
            Some(JsonKind::String(kid)) if kid.len() <= MAX_KID => Some(kid.clone()),
            Some(_) => return Err(MalformedJws::KeyId),
        };
        Ok(Self {
            signed: token.signed,
            signature: &token.signature,
            algorithm,
            kid,
            claims: object("payload", &token.payload)?,
        })
    }

    /// The whole token as it is remembered: SHA-256 of everything, the signature included.
    pub(super) fn digest_into(&self, context: &mut digest::Context) {
        context.update(self.signed.as_bytes());
        context.update(b".");
        context.update(self.signature);
    }
}

/// A provider's key, parsed once.
#[derive(Debug)]
pub(super) struct PublicKey {
    /// The algorithms that it takes, each with its ready key.
    ready: Vec<(JwsAlgorithm, ParsedPublicKey)>,
    thumbprint: [u8; 32],
}

/// Why a key is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKey {
    /// The modulus is too small, too large or even.
    #[error("its modulus is not an odd number of 2048 to 8192 bits")]
    Modulus,
    /// The exponent is not a common one.
    #[error("its exponent is not an odd number of 3 to 2^32")]
    Exponent,
    /// Its algorithm is not for this kind of key.
    #[error("its `alg` is not for this kind of key")]
    Algorithm,
    /// Its curve is not supported.
    #[error("its curve is none of P-256, P-384 and P-521")]
    Curve,
    /// The numbers are not a key.
    #[error("its numbers are not a public key")]
    Numbers,
}

impl PublicKey {
    /// An RSA key from its big-endian numbers. Without `alg` it takes RS256, RS384 and RS512.
    pub(super) fn rsa(n: &[u8], e: &[u8], alg: Option<JwsAlgorithm>) -> Result<Self, UnusableKey> {
        let (n, e) = (without_zeros(n), without_zeros(e));
        let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
        let zeros = n.first().map_or(8, |byte| byte.leading_zeros() as usize);
        if !odd(n) || n.len() > 1_024 || n.len() * 8 - zeros < 2_048 {
            return Err(UnusableKey::Modulus);
        }
        if !odd(e) || e.len() > 4 || e == [1] {
            return Err(UnusableKey::Exponent);
        }
        let algorithms: &[_] = match alg {
            None => &[
                JwsAlgorithm::Rs256,
                JwsAlgorithm::Rs384,
                JwsAlgorithm::Rs512,
            ],
            Some(JwsAlgorithm::Rs256) => &[JwsAlgorithm::Rs256],
            Some(JwsAlgorithm::Rs384) => &[JwsAlgorithm::Rs384],
            Some(JwsAlgorithm::Rs512) => &[JwsAlgorithm::Rs512],
            Some(JwsAlgorithm::Es256 | JwsAlgorithm::Es384 | JwsAlgorithm::Es512) => {
                return Err(UnusableKey::Algorithm);
            }
        };
        let components = PublicKeyComponents { n, e };
        let mut ready = Vec::with_capacity(algorithms.len());
        for &algorithm in algorithms {
            let parameters = match algorithm {
                JwsAlgorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                JwsAlgorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                JwsAlgorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
                JwsAlgorithm::Es256 | JwsAlgorithm::Es384 | JwsAlgorithm::Es512 => {
                    return Err(UnusableKey::Algorithm);
                }
            };
            let key = components.to_parsed_public_key(parameters);
            ready.push((algorithm, key.map_err(|_| UnusableKey::Numbers)?));
        }
        let members = format!(
            r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
            URL_SAFE_NO_PAD.encode(e),
            URL_SAFE_NO_PAD.encode(n)
        );
        Ok(Self {
            ready,
            thumbprint: sha256(members.as_bytes()),
        })
    }

    /// A point on P-256, P-384 or P-521, whose curve names its only algorithm.
    pub(super) fn ec(
        curve: &str,
        x: &[u8],
        y: &[u8],
        alg: Option<JwsAlgorithm>,
    ) -> Result<Self, UnusableKey> {
        let (algorithm, parameters, size) = match curve {
            "P-256" => (JwsAlgorithm::Es256, &signature::ECDSA_P256_SHA256_FIXED, 32),
            "P-384" => (JwsAlgorithm::Es384, &signature::ECDSA_P384_SHA384_FIXED, 48),
            "P-521" => (JwsAlgorithm::Es512, &signature::ECDSA_P521_SHA512_FIXED, 66),
            _ => return Err(UnusableKey::Curve),
        };
        if alg.is_some_and(|alg| alg != algorithm) {
            return Err(UnusableKey::Algorithm);
        }
        if x.len() != size || y.len() != size {
            return Err(UnusableKey::Numbers);
        }
        let point = [&[4], x, y].concat();
        let key = ParsedPublicKey::new(parameters, &point).map_err(|_| UnusableKey::Numbers)?;
        let members = format!(
            r#"{{"crv":"{curve}","kty":"EC","x":"{}","y":"{}"}}"#,
            URL_SAFE_NO_PAD.encode(x),
            URL_SAFE_NO_PAD.encode(y)
        );
        Ok(Self {
            ready: vec![(algorithm, key)],
            thumbprint: sha256(members.as_bytes()),
        })
    }

    /// The algorithms that it takes.
    pub(super) fn algorithms(&self) -> impl Iterator<Item = JwsAlgorithm> {
        self.ready.iter().map(|(algorithm, _)| *algorithm)
    }

    /// Whether the key takes this algorithm.
    pub(super) fn takes(&self, algorithm: JwsAlgorithm) -> bool {
        self.ready.iter().any(|(taken, _)| *taken == algorithm)
    }

    /// SHA-256 over the key's required members (RFC 7638).
    pub(super) fn thumbprint(&self) -> &[u8; 32] {
        &self.thumbprint
    }

    /// Whether the token's signature was made by this key with an algorithm that the key takes.
    pub(super) fn verifies(&self, token: &CompactJws<'_>) -> bool {
        let ready = self
            .ready
            .iter()
            .find(|(taken, _)| *taken == token.algorithm);
        ready.is_some_and(|(_, key)| {
            key.verify_sig(token.signed.as_bytes(), token.signature)
                .is_ok()
        })
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn decode(part: &'static str, text: &str) -> Result<Vec<u8>, MalformedJws> {
    if text.is_empty() {
        return Err(MalformedJws::Encoding(part));
    }
    let bytes = URL_SAFE_NO_PAD.decode(text);
    bytes.map_err(|_| MalformedJws::Encoding(part))
}

fn object<'a>(part: &'static str, text: &'a [u8]) -> Result<JsonObject<'a>, MalformedJws> {
    let value = bowline_json::parse(text, &TOKEN_LIMITS)
        .map_err(|error| MalformedJws::Json(part, error.to_string()))?;
    match value.kind {
        JsonKind::Object(object) => Ok(object),
        JsonKind::Null
        | JsonKind::Bool(_)
        | JsonKind::Number(_)
        | JsonKind::String(_)
        | JsonKind::Array(_) => Err(MalformedJws::Json(part, "is no object".to_owned())),
    }
}
