//! Tokens before and after verification.
//!
//! An [`UnverifiedToken`] shows its issuer and nothing else. Only
//! [`TokenVerifier::verify`](super::TokenVerifier::verify) makes a [`VerifiedToken`], after it has
//! checked the signature, the times and the audience. Both borrow from the decoded token.

use std::borrow::Cow;

use bowline_iam::context;
use bowline_json::{Json, JsonKind, JsonObject};
use jiff::Timestamp;

use super::{
    error::TokenError,
    jws::{CompactJws, DecodedToken},
};

/// Seconds that clocks may differ. AWS accepts a token up to five minutes past `exp` (IAM User
/// Guide, "OIDC federation").
const CLOCK_SKEW_SECONDS: i64 = 300;
/// Most claims that become condition keys.
const MAX_CLAIMS: usize = 128;
/// Most bytes of a claim that becomes a condition key.
const MAX_CLAIM_BYTES: usize = 2_048;
/// Most bytes of `sub`, `aud` and `azp` (IAM: a client id has at most 255 characters).
const MAX_NAME_BYTES: usize = 1_024;
/// Claims with a meaning of their own.
const RESERVED: [&str; 9] = [
    "iss", "sub", "aud", "azp", "exp", "nbf", "iat", "jti", KUBERNETES,
];
/// The claim whose members are claims as well.
const KUBERNETES: &str = "kubernetes.io";

/// A parsed token.
#[derive(Debug)]
pub struct UnverifiedToken<'a> {
    pub(super) jws: CompactJws<'a>,
}

/// A token with a verified signature, and valid times and audience.
#[derive(Clone, Debug)]
pub struct VerifiedToken<'a> {
    claims: &'a JsonObject<'a>,
    subject: &'a str,
    others: OtherClaims<'a>,
    audience: Vec<&'a str>,
    matched_audience: &'a str,
    authorized_party: Option<&'a str>,
}

impl<'a> UnverifiedToken<'a> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`TokenError::Malformed`], and [`TokenError::MissingClaim`] or [`TokenError::WrongKind`] for
    /// `iss`.
    pub fn read(token: &'a DecodedToken<'_>) -> Result<Self, TokenError> {
        let jws = CompactJws::read(token)?;
        required_text(&jws.claims, "iss")?;
        Ok(Self { jws })
    }

    /// The unverified `iss`, for finding the provider.
    pub fn unverified_issuer(&self) -> &str {
        let issuer = self.jws.claims.get("iss").and_then(Json::as_str);
        issuer.unwrap_or_default()
    }

    /// When it expires by its own account, which bounds how long its signature is cached.
    pub(super) fn unverified_end(&self) -> Option<i64> {
        let expires = self.jws.claims.get("exp")?.as_i64()?;
        Some(expires.saturating_add(CLOCK_SKEW_SECONDS))
    }

    /// Checks the claims of a token with a verified signature: times, then audience, then the
    /// others.
    pub(super) fn validate_claims(
        &self,
        client_ids: &[String],
        now: Timestamp,
    ) -> Result<VerifiedToken<'_>, TokenError> {
        let claims = &self.jws.claims;
        let now = now.as_second();
        let expires = required_time(claims, "exp")?;
        if now >= expires.saturating_add(CLOCK_SKEW_SECONDS) {
            return Err(TokenError::Expired { now, expires });
        }
        let issued = required_time(claims, "iat")?;
        let not_before = time(claims, "nbf")?;
        for (claim, at) in [("nbf", not_before), ("iat", Some(issued))] {
            if let Some(at) = at.filter(|at| *at > now.saturating_add(CLOCK_SKEW_SECONDS)) {
                return Err(TokenError::NotYet { claim, now, at });
            }
        }
        let audience = audience(claims)?;
        let authorized_party = text(claims, "azp")?;
        let offered = match &authorized_party {
            Some(party) => std::slice::from_ref(party),
            None => audience.as_slice(),
        };
        let matched = offered
            .iter()
            .find(|name| client_ids.iter().any(|id| id == *name));
        let matched_audience = matched.copied().ok_or_else(|| TokenError::Audience {
            expected: client_ids.to_vec(),
            actual: offered
                .iter()
                .take(8)
                .map(|&name| name.to_owned())
                .collect(),
        })?;
        let subject = required_text(claims, "sub")?;
        text(claims, "jti")?;
        refuse_session_claims(claims)?;
        Ok(VerifiedToken {
            claims,
            others: others(claims)?,
            subject,
            audience,
            matched_audience,
            authorized_party,
        })
    }
}

impl<'a> VerifiedToken<'a> {
    /// `sub`.
    pub fn subject(&self) -> &'a str {
        self.subject
    }

    /// The client id that matched `azp`, or else `aud`: the `Audience` of the response.
    pub fn audience(&self) -> &'a str {
        self.matched_audience
    }

    /// The value of the condition key `:aud`: `azp` alone if there is one, or else all of `aud`.
    pub fn audience_for_conditions(&self) -> &[&'a str] {
        self.authorized_party
            .as_ref()
            .map_or(self.audience.as_slice(), std::slice::from_ref)
    }

    /// The Kubernetes pod that the token is bound to.
    pub fn pod_uid(&self) -> Option<&'a str> {
        let pod = self.claims.get("kubernetes.io")?.get("pod")?;
        pod.get("uid")?
            .as_str()
            .filter(|uid| uid.len() <= MAX_NAME_BYTES)
    }

    /// The other claims, for conditions: strings, numbers as JSON writes them, booleans, and lists
    /// of these. Members of `kubernetes.io` are named `kubernetes.io/namespace`,
    /// `kubernetes.io/serviceaccount/name` and so on; other objects are left out.
    pub fn claims(&self) -> &[(Cow<'a, str>, context::ConditionValue<'a>)] {
        &self.others
    }
}

/// Names and values of claims.
type OtherClaims<'a> = Vec<(Cow<'a, str>, context::ConditionValue<'a>)>;

fn others<'a>(claims: &'a JsonObject<'_>) -> Result<OtherClaims<'a>, TokenError> {
    let mut kept = OtherClaims::with_capacity(16);
    for member in claims.members() {
        let name = &*member.name;
        if name == KUBERNETES {
            flatten(Cow::Borrowed(name), &member.value, &mut kept)?;
        } else if RESERVED.contains(&name) || is_under_kubernetes(name) {
            // A claim whose name is spelled like a member of the object must not replace it.
        } else if RESERVED.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            return Err(ambiguous(name, "differs from another one by case only"));
        } else {
            keep(Cow::Borrowed(name), &member.value, &mut kept)?;
        }
    }
    // Condition keys have no case.
    for (number, (name, _)) in kept.iter().enumerate() {
        let mut earlier = kept.iter().take(number);
        if earlier.any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            return Err(ambiguous(name, "differs from another one by case only"));
        }
    }
    Ok(kept)
}

fn is_under_kubernetes(name: &str) -> bool {
    let parts = name.split_once('/');
    parts.is_some_and(|(first, _)| first.eq_ignore_ascii_case(KUBERNETES))
}

fn ambiguous(name: &str, why: &'static str) -> TokenError {
    TokenError::AmbiguousClaim(shown(name), why)
}

/// A claim's name, for messages.
fn shown(name: &str) -> String {
    name.chars().take(128).filter(|c| !c.is_control()).collect()
}

/// Rejects claims that AWS turns into tags and source identity of the session, in its nested and
/// its flat form ("Pass session tags in STS", "Monitor and control actions taken with assumed
/// roles", IAM User Guide). Policies with these keys would not match.
fn refuse_session_claims(claims: &JsonObject<'_>) -> Result<(), TokenError> {
    let asks = |name: &str| {
        let own = name.strip_prefix("https://aws.amazon.com/");
        own.is_some_and(|own| own.starts_with("tags") || own.starts_with("source_identity"))
    };
    let mut names = claims.members().iter().map(|member| &*member.name);
    names.find(|name| asks(name)).map_or(Ok(()), |name| {
        Err(TokenError::UnsupportedClaim(shown(name)))
    })
}

fn text<'a>(
    claims: &'a JsonObject<'_>,
    claim: &'static str,
) -> Result<Option<&'a str>, TokenError> {
    let Some(value) = claims.get(claim) else {
        return Ok(None);
    };
    value.as_str().filter(is_name).map(Some).ok_or({
        TokenError::WrongKind {
            claim,
            expected: "a text of 1 to 1024 bytes",
        }
    })
}

fn is_name(text: &&str) -> bool {
    !text.is_empty() && text.len() <= MAX_NAME_BYTES
}

fn required_text<'a>(
    claims: &'a JsonObject<'_>,
    claim: &'static str,
) -> Result<&'a str, TokenError> {
    text(claims, claim)?.ok_or(TokenError::MissingClaim(claim))
}

fn time(claims: &JsonObject<'_>, claim: &'static str) -> Result<Option<i64>, TokenError> {
    let Some(value) = claims.get(claim) else {
        return Ok(None);
    };
    let seconds = value.as_i64().filter(|seconds| *seconds >= 0);
    seconds.map(Some).ok_or(TokenError::WrongKind {
        claim,
        expected: "a whole number of seconds since 1970",
    })
}

fn required_time(claims: &JsonObject<'_>, claim: &'static str) -> Result<i64, TokenError> {
    time(claims, claim)?.ok_or(TokenError::MissingClaim(claim))
}

fn audience<'a>(claims: &'a JsonObject<'_>) -> Result<Vec<&'a str>, TokenError> {
    let value = claims.get("aud").ok_or(TokenError::MissingClaim("aud"))?;
    let one = std::slice::from_ref(value);
    let names = value.as_array().unwrap_or(one).iter();
    let names: Option<Vec<_>> = names.map(|name| name.as_str().filter(is_name)).collect();
    names
        .filter(|names| !names.is_empty())
        .ok_or(TokenError::WrongKind {
            claim: "aud",
            expected: "a text or a list of texts",
        })
}

fn flatten<'a>(
    name: Cow<'a, str>,
    value: &'a Json<'a>,
    kept: &mut OtherClaims<'a>,
) -> Result<(), TokenError> {
    match &value.kind {
        JsonKind::Object(object) => {
            // A slash in a member's name could spell another member's path.
            let members = object.members().iter();
            for member in members.filter(|member| !member.name.contains('/')) {
                let name = [&*name, "/", &*member.name].concat();
                flatten(name.into(), &member.value, kept)?;
            }
            Ok(())
        }
        JsonKind::Null
        | JsonKind::Bool(_)
        | JsonKind::Number(_)
        | JsonKind::String(_)
        | JsonKind::Array(_) => keep(name, value, kept),
    }
}

/// Adds a claim that can be a condition key: not null, an object or a list of either.
fn keep<'a>(
    name: Cow<'a, str>,
    value: &'a Json<'a>,
    kept: &mut OtherClaims<'a>,
) -> Result<(), TokenError> {
    let value = match &value.kind {
        JsonKind::Null | JsonKind::Object(_) => None,
        JsonKind::Bool(value) => Some(context::ConditionValue::Bool(*value)),
        JsonKind::Number(_) | JsonKind::String(_) => {
            word(&name, value)?.map(context::ConditionValue::from)
        }
        JsonKind::Array(items) => {
            let mut words = Vec::with_capacity(items.len());
            for item in items {
                words.extend(word(&name, item)?.map(Cow::Borrowed));
            }
            if !words.is_empty() && words.len() < items.len() {
                return Err(ambiguous(&name, "lists texts beside what is none"));
            }
            (words.len() == items.len()).then_some(context::ConditionValue::Set(words))
        }
    };
    if let Some(value) = value {
        if kept.len() == MAX_CLAIMS {
            return Err(ambiguous(&name, "is one more than the 128 that are taken"));
        }
        kept.push((name, value));
    }
    Ok(())
}

fn word<'a>(name: &str, value: &'a Json<'a>) -> Result<Option<&'a str>, TokenError> {
    let word = match &value.kind {
        JsonKind::String(text) => &**text,
        JsonKind::Bool(true) => "true",
        JsonKind::Bool(false) => "false",
        JsonKind::Number(number) => number.text(),
        JsonKind::Null | JsonKind::Array(_) | JsonKind::Object(_) => return Ok(None),
    };
    if word.len() > MAX_CLAIM_BYTES {
        return Err(ambiguous(name, "has a text of more than 2048 bytes"));
    }
    Ok(Some(word))
}
