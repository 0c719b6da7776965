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
/// Most claims whose values are taken over. The values of further ones are unknown.
const MAX_CLAIMS: usize = 128;
/// Most bytes of a text of a claim. The value of a claim with a longer one is unknown.
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
            others: OtherClaims::of(claims),
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
    /// `kubernetes.io/serviceaccount/name` and so on.
    ///
    /// A claim that cannot be taken over is [`Unknown`](context::ConditionValue::Unknown): other
    /// objects, lists with other values, and texts of more than 2,048 bytes. So are all claims
    /// whose names differ by case only, since condition keys have no case.
    pub fn claims(&self) -> &[(Cow<'a, str>, context::ConditionValue<'a>)] {
        &self.others.taken
    }

    /// The names of further claims. Their values are unknown: more claims than 128 are not taken
    /// over.
    pub fn unknown_claims(&self) -> &[Cow<'a, str>] {
        &self.others.unknown
    }

    /// Whether a claim spells `aud` or `sub` in other letters, so that the condition key could be
    /// either.
    pub fn is_ambiguous(&self, claim: &str) -> bool {
        let members = self.claims.members().iter();
        let mut names = members.map(|member| &*member.name);
        names.any(|name| name != claim && name.eq_ignore_ascii_case(claim))
    }
}

/// The claims without a meaning of their own. No two names are equal ignoring case.
#[derive(Clone, Debug)]
struct OtherClaims<'a> {
    taken: Vec<(Cow<'a, str>, context::ConditionValue<'a>)>,
    unknown: Vec<Cow<'a, str>>,
}

impl<'a> OtherClaims<'a> {
    fn of(claims: &'a JsonObject<'_>) -> Self {
        let mut others = Self {
            taken: Vec::with_capacity(16),
            unknown: Vec::new(),
        };
        let members = claims.members();
        // The members of the object first: a claim whose name spells one of them must not replace
        // it.
        for member in members.iter().filter(|member| member.name == KUBERNETES) {
            others.flatten(Cow::Borrowed(KUBERNETES), &member.value);
        }
        for member in members {
            let name = &*member.name;
            if RESERVED.contains(&name) {
                continue;
            }
            let is_own = RESERVED.iter().any(|own| own.eq_ignore_ascii_case(name));
            if is_own || is_under_kubernetes(name) {
                others.add_if_new(Cow::Borrowed(name), context::ConditionValue::Unknown);
            } else if let Some(value) = value(&member.value) {
                others.add(Cow::Borrowed(name), value);
            }
        }
        others
    }

    /// Adds the members of an object under their paths, and any other value under its name.
    fn flatten(&mut self, name: Cow<'a, str>, json: &'a Json<'a>) {
        let Some(object) = json.as_object() else {
            if let Some(value) = value(json) {
                self.add(name, value);
            }
            return;
        };
        // A slash in a member's name could spell another member's path: those come last.
        let (paths, plain): (Vec<_>, Vec<_>) = object
            .members()
            .iter()
            .partition(|member| member.name.contains('/'));
        for member in plain {
            let name = [&*name, "/", &*member.name].concat();
            self.flatten(name.into(), &member.value);
        }
        for member in paths {
            let name = [&*name, "/", &*member.name].concat();
            self.add_if_new(name.into(), context::ConditionValue::Unknown);
        }
    }

    /// Adds a claim. If the name is taken, the value of both is unknown.
    fn add(&mut self, name: Cow<'a, str>, value: context::ConditionValue<'a>) {
        let same = |(taken, _): &&mut (Cow<'a, str>, _)| taken.eq_ignore_ascii_case(&name);
        if let Some((_, taken)) = self.taken.iter_mut().find(same) {
            *taken = context::ConditionValue::Unknown;
        } else if self.taken.len() < MAX_CLAIMS {
            self.taken.push((name, value));
        } else {
            self.unknown.push(name);
        }
    }

    fn add_if_new(&mut self, name: Cow<'a, str>, value: context::ConditionValue<'a>) {
        let mut names = self.taken.iter().map(|(name, _)| name).chain(&self.unknown);
        if !names.any(|taken| taken.eq_ignore_ascii_case(&name)) {
            self.add(name, value);
        }
    }
}

fn is_under_kubernetes(name: &str) -> bool {
    let parts = name.split_once('/');
    parts.is_some_and(|(first, _)| first.eq_ignore_ascii_case(KUBERNETES))
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

/// The value of a claim, which is unknown if it cannot be taken over; `None` for `null`, which is
/// no value.
fn value<'a>(json: &'a Json<'a>) -> Option<context::ConditionValue<'a>> {
    use context::ConditionValue::{Bool, Set, Text, Unknown};
    Some(match &json.kind {
        JsonKind::Null => return None,
        JsonKind::Object(_) => Unknown,
        JsonKind::Bool(value) => Bool(*value),
        JsonKind::Number(_) | JsonKind::String(_) => {
            word(json).map_or(Unknown, |text| Text(text.into()))
        }
        JsonKind::Array(items) => {
            let words = items.iter().map(|item| word(item).map(Cow::Borrowed));
            words.collect::<Option<_>>().map_or(Unknown, Set)
        }
    })
}

/// A text, a number or a truth value as text; `None` for other values and longer texts.
fn word<'a>(value: &'a Json<'a>) -> Option<&'a str> {
    let word = match &value.kind {
        JsonKind::String(text) => &**text,
        JsonKind::Bool(true) => "true",
        JsonKind::Bool(false) => "false",
        JsonKind::Number(number) => number.text(),
        JsonKind::Null | JsonKind::Array(_) | JsonKind::Object(_) => return None,
    };
    (word.len() <= MAX_CLAIM_BYTES).then_some(word)
}
