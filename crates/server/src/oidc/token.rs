//! Tokens before and after verification.
//!
//! An [`UnverifiedToken`] shows its issuer and nothing else. A [`VerifiedToken`] exists only after the signature, the times and
//! the audience were found good, and only [`Oidc::verify`](super::Oidc::verify) makes one.

use jiff::Timestamp;

use super::{error::TokenError, json::Json, jws::CompactJws};

/// Seconds that clocks may differ. AWS takes a token up to five minutes past `exp` (IAM User Guide, "OIDC federation").
const SKEW: i64 = 300;
/// Claims that are kept for conditions; more are left out.
const MAX_CLAIMS: usize = 128;
/// Bytes of a text that is kept for conditions.
const MAX_TEXT: usize = 2_048;
/// Bytes of `sub`, `aud` and `azp` (IAM: a client id has at most 255 characters).
const MAX_NAME: usize = 1_024;

/// A token that was only taken apart.
#[derive(Debug)]
pub struct UnverifiedToken<'a> {
    pub(super) jws: CompactJws<'a>,
    issuer: String,
}

/// A token whose signature, times and audience are good.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedToken {
    issuer: String,
    subject: String,
    audience: Vec<String>,
    matched_audience: String,
    authorized_party: Option<String>,
    expires: i64,
    issued: i64,
    not_before: Option<i64>,
    token_id: Option<String>,
    pod_uid: Option<String>,
    claims: Vec<(String, ClaimValue)>,
}

/// A claim as a condition sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimValue {
    /// A text.
    Text(String),
    /// A number, as JSON writes it.
    Number(String),
    /// True or false.
    Bool(bool),
    /// A list of texts, numbers and booleans, each as text.
    List(Vec<String>),
}

impl<'a> UnverifiedToken<'a> {
    /// Takes a token apart. White space around it, such as a file's last line feed, is not part of it.
    ///
    /// # Errors
    /// [`TokenError::Malformed`], and [`TokenError::MissingClaim`] or [`TokenError::WrongKind`] for `iss`.
    pub fn parse(token: &'a str) -> Result<Self, TokenError> {
        let jws = CompactJws::parse(token.trim_ascii())?;
        let issuer = required_text(&jws.payload, "iss")?;
        Ok(Self { jws, issuer })
    }

    /// Who claims to have issued it, for finding the provider.
    pub fn unverified_issuer(&self) -> &str {
        &self.issuer
    }

    /// When it says that it dies, for bounding how long its signature is remembered.
    pub(super) fn unverified_end(&self) -> Option<i64> {
        let expires = self.jws.payload.get("exp")?.as_integer()?;
        Some(expires.saturating_add(SKEW))
    }

    /// Judges the claims of a token whose signature was found good: times, then audience, then the rest.
    pub(super) fn judge(
        &self,
        client_ids: &[String],
        now: Timestamp,
    ) -> Result<VerifiedToken, TokenError> {
        let claims = &self.jws.payload;
        let now = now.as_second();
        let expires = required_time(claims, "exp")?;
        if now >= expires.saturating_add(SKEW) {
            return Err(TokenError::Expired { now, expires });
        }
        let issued = required_time(claims, "iat")?;
        let not_before = time(claims, "nbf")?;
        for (claim, at) in [("nbf", not_before), ("iat", Some(issued))] {
            if let Some(at) = at.filter(|at| *at > now.saturating_add(SKEW)) {
                return Err(TokenError::NotYet { claim, now, at });
            }
        }
        let audience = audience(claims)?;
        let authorized_party = text(claims, "azp")?;
        let offered = match &authorized_party {
            Some(party) => std::slice::from_ref(party),
            None => audience.as_slice(),
        };
        let matched = offered.iter().find(|name| client_ids.contains(name));
        let matched_audience = matched.cloned().ok_or_else(|| TokenError::Audience {
            expected: client_ids.to_vec(),
            actual: offered.iter().take(8).cloned().collect(),
        })?;
        let subject = required_text(claims, "sub")?;
        refuse_session_claims(claims)?;
        Ok(VerifiedToken {
            issuer: self.issuer.clone(),
            subject,
            matched_audience,
            audience,
            authorized_party,
            expires,
            issued,
            not_before,
            token_id: text(claims, "jti")?,
            pod_uid: pod_uid(claims),
            claims: kept(claims),
        })
    }
}

impl VerifiedToken {
    /// `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `sub`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Whom it was for: the client id that matched `azp`, or else `aud`. The `Audience` of the response.
    pub fn audience(&self) -> &str {
        &self.matched_audience
    }

    /// What the condition key `:aud` holds: `azp` alone if there is one, or else all of `aud`.
    pub fn audience_for_conditions(&self) -> &[String] {
        self.authorized_party
            .as_ref()
            .map_or(self.audience.as_slice(), std::slice::from_ref)
    }

    /// All of `aud`.
    pub fn listed_audience(&self) -> &[String] {
        &self.audience
    }

    /// `azp`.
    pub fn authorized_party(&self) -> Option<&str> {
        self.authorized_party.as_deref()
    }

    /// `exp`, in seconds since 1970.
    pub fn expires(&self) -> i64 {
        self.expires
    }

    /// `iat`, in seconds since 1970.
    pub fn issued(&self) -> i64 {
        self.issued
    }

    /// `nbf`, in seconds since 1970.
    pub fn not_before(&self) -> Option<i64> {
        self.not_before
    }

    /// `jti`.
    pub fn token_id(&self) -> Option<&str> {
        self.token_id.as_deref()
    }

    /// The Kubernetes pod that the token is bound to.
    pub fn pod_uid(&self) -> Option<&str> {
        self.pod_uid.as_deref()
    }

    /// The other claims, for conditions. Members of `kubernetes.io` are named `kubernetes.io/namespace`,
    /// `kubernetes.io/serviceaccount/name` and so on; other objects are left out.
    pub fn claims(&self) -> impl Iterator<Item = (&str, &ClaimValue)> {
        self.claims
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }
}

/// Claims that AWS turns into tags and source identity of the session, in its nested and its flat form ("Pass session tags in
/// STS", "Monitor and control actions taken with assumed roles", IAM User Guide). Policies that ask for them would find nothing.
fn refuse_session_claims(claims: &Json) -> Result<(), TokenError> {
    let members = claims.as_object().unwrap_or_default();
    let mut names = members.iter().map(|(name, _)| name);
    let asks = |name: &&String| {
        let own = name.strip_prefix("https://aws.amazon.com/");
        own.is_some_and(|own| own.starts_with("tags") || own.starts_with("source_identity"))
    };
    names.find(asks).map_or(Ok(()), |name| {
        let name = name.chars().take(128).filter(|c| !c.is_control());
        Err(TokenError::UnsupportedClaim(name.collect()))
    })
}

fn text(claims: &Json, claim: &'static str) -> Result<Option<String>, TokenError> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Json::Text(text)) if !text.is_empty() && text.len() <= MAX_NAME => {
            Ok(Some(text.clone()))
        }
        Some(_) => Err(TokenError::WrongKind {
            claim,
            expected: "a text of 1 to 1024 bytes",
        }),
    }
}

fn required_text(claims: &Json, claim: &'static str) -> Result<String, TokenError> {
    text(claims, claim)?.ok_or(TokenError::MissingClaim(claim))
}

fn time(claims: &Json, claim: &'static str) -> Result<Option<i64>, TokenError> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Json::Integer(seconds)) if *seconds >= 0 => Ok(Some(*seconds)),
        Some(_) => Err(TokenError::WrongKind {
            claim,
            expected: "a whole number of seconds since 1970",
        }),
    }
}

fn required_time(claims: &Json, claim: &'static str) -> Result<i64, TokenError> {
    time(claims, claim)?.ok_or(TokenError::MissingClaim(claim))
}

fn audience(claims: &Json) -> Result<Vec<String>, TokenError> {
    let wrong = TokenError::WrongKind {
        claim: "aud",
        expected: "a text or a list of texts",
    };
    let usable = |name: &Json| {
        let name = name.as_text()?;
        (!name.is_empty() && name.len() <= MAX_NAME).then(|| name.to_owned())
    };
    match claims.get("aud") {
        None => Err(TokenError::MissingClaim("aud")),
        Some(Json::List(names)) if !names.is_empty() => names
            .iter()
            .map(usable)
            .collect::<Option<Vec<_>>>()
            .ok_or(wrong),
        Some(name) => usable(name).map(|name| vec![name]).ok_or(wrong),
    }
}

fn pod_uid(claims: &Json) -> Option<String> {
    let uid = claims.get("kubernetes.io")?.get("pod")?.get("uid")?;
    uid.as_text()
        .filter(|uid| uid.len() <= MAX_NAME)
        .map(str::to_owned)
}

fn kept(claims: &Json) -> Vec<(String, ClaimValue)> {
    let mut kept = Vec::new();
    for (name, value) in claims.as_object().unwrap_or_default() {
        match name.as_str() {
            "iss" | "sub" | "aud" | "azp" | "exp" | "nbf" | "iat" | "jti" => {}
            "kubernetes.io" => flatten(name, value, &mut kept),
            // A claim that is spelled like a member of the object must not stand in for it.
            _ if name.starts_with("kubernetes.io/") => {}
            _ => keep(name.clone(), value, &mut kept),
        }
    }
    kept
}

fn flatten(name: &str, value: &Json, kept: &mut Vec<(String, ClaimValue)>) {
    match value {
        Json::Object(members) => {
            // A slash in a member's name could spell another member's path.
            for (member, value) in members.iter().filter(|(member, _)| !member.contains('/')) {
                flatten(&[name, "/", member.as_str()].concat(), value, kept);
            }
        }
        Json::Null
        | Json::Bool(_)
        | Json::Integer(_)
        | Json::Number(_)
        | Json::Text(_)
        | Json::List(_) => keep(name.to_owned(), value, kept),
    }
}

fn keep(name: String, value: &Json, kept: &mut Vec<(String, ClaimValue)>) {
    let value = match value {
        Json::Null | Json::Object(_) => None,
        Json::Bool(value) => Some(ClaimValue::Bool(*value)),
        Json::Integer(_) | Json::Number(_) => word(value).map(ClaimValue::Number),
        Json::Text(_) => word(value).map(ClaimValue::Text),
        Json::List(elements) => {
            let words: Option<Vec<_>> = elements.iter().map(word).collect();
            words.map(ClaimValue::List)
        }
    };
    if let Some(value) = value
        && kept.len() < MAX_CLAIMS
    {
        kept.push((name, value));
    }
}

fn word(value: &Json) -> Option<String> {
    match value {
        Json::Text(text) if text.len() <= MAX_TEXT => Some(text.clone()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Integer(number) => Some(number.to_string()),
        Json::Number(number) => Some(number.to_string()),
        Json::Text(_) | Json::Null | Json::List(_) | Json::Object(_) => None,
    }
}
