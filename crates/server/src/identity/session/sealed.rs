//! The binary form of a session inside its token: a format byte, then postcard.
//!
//! Strings are borrowed both ways; the one copy of the secret is zeroized.
//!
//! A new field makes a new format, which is [written](Format::at) only at a feature level whose
//! servers all read it. The builds of format N and N-1 then open each other's sessions. A session
//! in any other format is refused, never read in part. That includes format 1: it has no service
//! resource, so a deny on `aws:SourceArn` would not match it, and its last session ended 12 hours
//! after the upgrade.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use bowline_aws::credentials::SecretAccessKey;
use jiff::Timestamp;

use super::{Session, SessionError, SessionKind, WebIdentityClaims};
use crate::{
    crypto::seal::SealError,
    identity::entity::{FeatureLevel, ServiceResource},
};

/// A format of sealed sessions that this build reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// The fields of [`SealedSession`].
    V2,
}

impl Format {
    /// The newest format that every server of a store at this feature level reads.
    pub(super) fn at(_level: FeatureLevel) -> Self {
        // No level has added one yet.
        Self::V2
    }

    /// The byte that begins a session.
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::V2 => 2,
        }
    }

    fn from_byte(byte: u8) -> Result<Self, SessionError> {
        match byte {
            2 => Ok(Self::V2),
            other => Err(SessionError::UnknownFormat(other)),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct SealedSession<'a> {
    /// As bytes, since a number's length would depend on its value.
    session_id: [u8; 16],
    #[serde(borrow)]
    access_key_id: &'a str,
    secret_access_key: &'a str,
    kind: SealedKind,
    account: &'a str,
    role_id: &'a str,
    role_name: &'a str,
    role_path: &'a str,
    session_name: &'a str,
    /// Seconds since 1970.
    issued: i64,
    /// Seconds.
    duration: u32,
    session_policy: Option<&'a str>,
    session_policy_ids: Vec<&'a str>,
    tags: Vec<(&'a str, &'a str)>,
    transitive_tag_keys: Vec<&'a str>,
    source_identity: Option<&'a str>,
    web_identity: Option<SealedClaims<'a>>,
    service_resource: Option<&'a str>,
    chained_from: Option<&'a str>,
    mfa_authenticated_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
enum SealedKind {
    AssumedRole,
}

#[derive(Serialize, Deserialize)]
struct SealedClaims<'a> {
    provider_arn: &'a str,
    condition_prefix: &'a str,
    audience: &'a str,
    subject: &'a str,
    pod_uid: Option<&'a str>,
}

/// Most bytes of a session without a policy.
const CAPACITY_BYTES: usize = 4 * 1024;

/// Writes a session.
pub(super) fn encode(session: &Session, format: Format) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let lifetime = session.expires.as_second() - session.issued.as_second();
    let sealed = SealedSession {
        session_id: u128::from_str_radix(&session.session_id, 16)
            .map_err(|_| SealError)?
            .to_be_bytes(),
        access_key_id: session.access_key_id.as_str(),
        secret_access_key: session.secret_access_key.expose(),
        kind: match session.kind {
            SessionKind::AssumedRole => SealedKind::AssumedRole,
        },
        account: session.account.as_str(),
        role_id: session.role_id.as_str(),
        role_name: &session.role_name,
        role_path: &session.role_path,
        session_name: &session.session_name,
        issued: session.issued.as_second(),
        duration: u32::try_from(lifetime).map_err(|_| SealError)?,
        session_policy: session.session_policy.as_deref(),
        session_policy_ids: session
            .session_policy_ids
            .iter()
            .map(AsRef::as_ref)
            .collect(),
        tags: session
            .tags
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect(),
        transitive_tag_keys: session
            .transitive_tag_keys
            .iter()
            .map(String::as_str)
            .collect(),
        source_identity: session.source_identity.as_deref(),
        web_identity: session.web_identity.as_ref().map(|claims| SealedClaims {
            provider_arn: &claims.provider_arn,
            condition_prefix: &claims.condition_prefix,
            audience: &claims.audience,
            subject: &claims.subject,
            pod_uid: claims.pod_uid.as_deref(),
        }),
        service_resource: session
            .service_resource
            .as_ref()
            .map(ServiceResource::as_str),
        chained_from: session.chained_from.as_deref(),
        mfa_authenticated_at: session.mfa_authenticated_at.map(Timestamp::as_second),
    };
    // Enough for every session that fits, so that no reallocation leaves a copy of the secret
    // behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        CAPACITY_BYTES + session.session_policy.as_ref().map_or(0, String::len),
    ));
    bytes.push(format.byte());
    let taken = std::mem::take(&mut *bytes);
    *bytes = match format {
        Format::V2 => postcard::to_extend(&sealed, taken).map_err(|_| SealError)?,
    };
    Ok(bytes)
}

/// Reads a session.
pub(super) fn decode(bytes: &[u8]) -> Result<Session, SessionError> {
    let (format, body) = bytes.split_first().ok_or(SessionError::Malformed)?;
    let (sealed, rest) = match Format::from_byte(*format)? {
        Format::V2 => postcard::take_from_bytes(body).map_err(|_| SessionError::Malformed)?,
    };
    if rest.is_empty() {
        restore(&sealed).ok_or(SessionError::Malformed)
    } else {
        Err(SessionError::Malformed)
    }
}

fn restore(sealed: &SealedSession<'_>) -> Option<Session> {
    let issued = Timestamp::from_second(sealed.issued).ok()?;
    let expires = sealed.issued.checked_add(i64::from(sealed.duration))?;
    let text = |text: Option<&str>| text.map(str::to_owned);
    let ids = sealed.session_policy_ids.iter();
    Some(Session {
        session_id: format!("{:032x}", u128::from_be_bytes(sealed.session_id)),
        access_key_id: sealed.access_key_id.parse().ok()?,
        secret_access_key: SecretAccessKey::new(sealed.secret_access_key).ok()?,
        kind: match sealed.kind {
            SealedKind::AssumedRole => SessionKind::AssumedRole,
        },
        account: sealed.account.parse().ok()?,
        role_id: sealed.role_id.parse().ok()?,
        role_name: sealed.role_name.to_owned(),
        role_path: sealed.role_path.to_owned(),
        session_name: sealed.session_name.to_owned(),
        issued,
        expires: Timestamp::from_second(expires).ok()?,
        session_policy: text(sealed.session_policy),
        session_policy_ids: ids.map(|id| id.parse()).collect::<Result<_, _>>().ok()?,
        tags: sealed
            .tags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        transitive_tag_keys: sealed
            .transitive_tag_keys
            .iter()
            .map(|key| (*key).to_owned())
            .collect(),
        source_identity: text(sealed.source_identity),
        web_identity: sealed
            .web_identity
            .as_ref()
            .map(|claims| WebIdentityClaims {
                provider_arn: claims.provider_arn.to_owned(),
                condition_prefix: claims.condition_prefix.to_owned(),
                audience: claims.audience.to_owned(),
                subject: claims.subject.to_owned(),
                pod_uid: text(claims.pod_uid),
            }),
        service_resource: match sealed.service_resource {
            Some(arn) => Some(arn.parse().ok()?),
            None => None,
        },
        chained_from: text(sealed.chained_from),
        mfa_authenticated_at: match sealed.mfa_authenticated_at {
            Some(second) => Some(Timestamp::from_second(second).ok()?),
            None => None,
        },
    })
}
