//! Sessions: temporary credentials that carry everything about themselves.
//!
//! A [`Session`] is not stored. Its token is the session, sealed under the
//! [keyring](crate::crypto::keyring) with the purpose `session-token` as associated data, beside
//! the format and the key id ([`seal`]). It contains the secret, the role and the session policies.
//! [`mint`] takes the permit of a decision, so every session was allowed by policies. The secret is
//! random and cannot be derived from visible values.
//!
//! [`open`] checks that the token belongs to the request's access key and has not expired. The
//! caller checks in the [index](crate::identity::index) whether the role still exists.

mod policy_cache;
mod sealed;

use std::sync::Arc;

use aws_lc_rs::rand::SecureRandom;
use bowline_aws::{
    credentials::{AccessKeyId, SecretAccessKey, SessionToken},
    ids,
};
use bowline_iam::{account::AccountId, decision::Permit};
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use crate::{
    crypto::{
        keyring::Keyring,
        seal::{self, Purpose, SealError},
    },
    identity::entity::{self, FeatureLevel, ServiceResource, UniqueId},
};

pub use policy_cache::{SessionPolicy, SessionPolicyCache};

/// Most characters of a token.
pub const MAX_TOKEN_CHARS: usize = 4096;

/// The action of a [`Permit`] for [`mint`].
#[derive(Clone, Debug)]
pub struct AssumeRole {
    /// The role.
    pub role: Arc<entity::Role>,
    /// `RoleSessionName`.
    pub session_name: String,
    /// The inline session policy, byte for byte.
    pub session_policy: Option<String>,
    /// The claims of the web identity token that was exchanged, if one was.
    pub web_identity: Option<WebIdentityClaims>,
    /// The resource for which a service assumes the role, if one does.
    pub service_resource: Option<ServiceResource>,
    /// The ARN of the session that assumed the role, if roles are chained.
    pub chained_from: Option<String>,
    /// The request's time.
    pub issued: Timestamp,
}

/// The claims of a web identity token that later requests' conditions need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebIdentityClaims {
    /// The provider's ARN: `aws:FederatedProvider`.
    pub provider_arn: String,
    /// The prefix of the provider's condition keys, before the colon.
    pub condition_prefix: String,
    /// `azp`, or else the matching `aud`.
    pub audience: String,
    /// `sub`.
    pub subject: String,
    /// The Kubernetes pod that the token is bound to.
    pub pod_uid: Option<String>,
}

/// The kind of a session's principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// A role that was assumed.
    AssumedRole,
}

/// An opened session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Identifies the session: 32 hexadecimal digits.
    pub session_id: String,
    /// `ASIA` and 16 more characters.
    pub access_key_id: AccessKeyId,
    /// The key that signs its requests.
    pub secret_access_key: SecretAccessKey,
    /// The kind of its principal.
    pub kind: SessionKind,
    /// The role's account.
    pub account: AccountId,
    /// The role's unique id.
    pub role_id: UniqueId,
    /// The role's name when the session was minted.
    pub role_name: String,
    /// The role's path when the session was minted.
    pub role_path: String,
    /// `RoleSessionName`.
    pub session_name: String,
    /// When it was minted, to the second.
    pub issued: Timestamp,
    /// When it expires: exactly the duration later.
    pub expires: Timestamp,
    /// The inline session policy, byte for byte.
    pub session_policy: Option<String>,
    /// The unique ids of session policies that were passed by ARN.
    pub session_policy_ids: Vec<UniqueId>,
    /// Session tags: key and value.
    pub tags: Vec<(String, String)>,
    /// The keys of tags that chained sessions inherit.
    pub transitive_tag_keys: Vec<String>,
    /// `SourceIdentity`.
    pub source_identity: Option<String>,
    /// The claims of the web identity token that was exchanged, if one was.
    pub web_identity: Option<WebIdentityClaims>,
    /// The resource for which a service assumed the role, if one did.
    pub service_resource: Option<ServiceResource>,
    /// The ARN of the session that assumed the role, if roles are chained.
    pub chained_from: Option<String>,
    /// When a second factor was checked: `aws:MultiFactorAuthAge` counts from it.
    pub mfa_authenticated_at: Option<Timestamp>,
}

impl Session {
    /// The role's ARN when the session was minted.
    pub fn role_arn(&self) -> String {
        format!(
            "arn:aws:iam::{}:role{}{}",
            self.account, self.role_path, self.role_name
        )
    }

    /// `arn:aws:sts::{account}:assumed-role/{role}/{session}`: without the role's path.
    pub fn arn(&self) -> String {
        let (account, role, name) = (self.account.as_str(), &*self.role_name, &*self.session_name);
        ["arn:aws:sts::", account, ":assumed-role/", role, "/", name].concat()
    }

    /// `{role id}:{session}`.
    pub fn assumed_role_id(&self) -> String {
        [self.role_id.as_str(), ":", &*self.session_name].concat()
    }

    /// Whether it has expired.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires
    }
}

/// A new session and its token.
#[derive(Debug)]
pub struct Minted {
    /// The session.
    pub session: Session,
    /// Its token.
    pub token: SessionToken,
    /// The share of the space for session policies and tags that is used, in percent, if there are
    /// any.
    pub packed_policy_size: Option<i32>,
}

/// Why a session was not minted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// Session policies and tags do not fit into a token.
    #[error("session policies and tags use {percent}% of the space that a session has")]
    TooLarge {
        /// The share of the space that they would use, over 100.
        percent: i32,
    },
    /// No randomness, or no key to seal with.
    #[error("sealing the session")]
    Seal(#[from] SealError),
    /// The expiry is later than any timestamp.
    #[error("the session would never end")]
    NoEnd,
}

/// Why a token opens no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// It was not sealed by this store's keyring, or was changed.
    #[error("the token does not open")]
    Seal(#[from] seal::OpenError),
    /// Another build sealed it.
    #[error("the session has format {0}, this version of bowline reads 2")]
    UnknownFormat(u8),
    /// The content is no session. A bug: only [`mint`] seals sessions.
    #[error("the sealed session is malformed")]
    Malformed,
    /// It is the token of another session.
    #[error("the token belongs to another access key")]
    OtherAccessKey,
    /// It has expired.
    #[error("the session expired at {0}")]
    Expired(Timestamp),
}

/// Makes the session that a decision permits. It lasts `seconds`. Its token is in a format that
/// every server of a store at this feature `level` reads.
///
/// # Errors
/// [`MintError`].
pub fn mint(
    permit: Permit<AssumeRole>,
    seconds: u32,
    keyring: &Keyring,
    level: FeatureLevel,
    random: &dyn SecureRandom,
) -> Result<Minted, MintError> {
    let format = sealed::Format::at(level);
    issue(permit.into_action(), seconds, keyring, format, random)
}

fn issue(
    request: AssumeRole,
    seconds: u32,
    keyring: &Keyring,
    format: sealed::Format,
    random: &dyn SecureRandom,
) -> Result<Minted, MintError> {
    // To the second, as AWS shows times, so that the expiry in the response is the one that is
    // checked.
    let issued =
        Timestamp::from_second(request.issued.as_second()).map_err(|_| MintError::NoEnd)?;
    let duration = SignedDuration::from_secs(i64::from(seconds));
    let expires = issued.checked_add(duration).map_err(|_| MintError::NoEnd)?;
    let account = request.role.account;
    // One call for all random bytes: a call costs more than its bytes.
    let mut chance = Zeroizing::new([0; 16 + 5 + 30]);
    random.fill(chance.as_mut_slice()).map_err(|_| SealError)?;
    let (id, rest) = chance.split_first_chunk::<16>().ok_or(SealError)?;
    let (key_id, secret) = rest.split_first_chunk::<5>().ok_or(SealError)?;
    let secret = secret.first_chunk::<30>().ok_or(SealError)?;
    let session = Session {
        session_id: format!("{:032x}", u128::from_be_bytes(*id)),
        access_key_id: ids::access_key_id(ids::KeyKind::Temporary, account, *key_id)
            .map_err(|_| SealError)?,
        secret_access_key: ids::secret_access_key(*secret).map_err(|_| SealError)?,
        kind: SessionKind::AssumedRole,
        account,
        role_id: request.role.id.clone(),
        role_name: request.role.name.clone(),
        role_path: request.role.path.clone(),
        session_name: request.session_name,
        issued,
        expires,
        session_policy: request.session_policy,
        session_policy_ids: Vec::new(),
        tags: Vec::new(),
        transitive_tag_keys: Vec::new(),
        source_identity: None,
        web_identity: request.web_identity,
        service_resource: request.service_resource,
        chained_from: request.chained_from,
        mfa_authenticated_at: None,
    };
    let (token, packed_policy_size) = close(&session, keyring, format, request.issued)?;
    Ok(Minted {
        session,
        token,
        packed_policy_size,
    })
}

/// Seals a session. Also returns the share of the space that its policies and tags use.
fn close(
    session: &Session,
    keyring: &Keyring,
    format: sealed::Format,
    now: Timestamp,
) -> Result<(SessionToken, Option<i32>), MintError> {
    let bytes = sealed::encode(session, format)?;
    let packed_policy_size = packed_policy_size(session, bytes.len());
    if bytes.len() > seal::room(MAX_TOKEN_CHARS) {
        let percent = packed_policy_size.unwrap_or(101).max(101);
        return Err(MintError::TooLarge { percent });
    }
    let sealed = keyring.seal(Purpose::SessionToken, &[], &bytes, now)?;
    let token = SessionToken::new(seal::to_text(&sealed)).map_err(|_| SealError)?;
    Ok((token, packed_policy_size))
}

/// The token of a session that [`mint`] does not make, for tests of authentication.
#[cfg(test)]
pub(crate) fn sealed_for_test(
    session: &Session,
    keyring: &Keyring,
) -> Result<SessionToken, MintError> {
    close(session, keyring, sealed::Format::V2, session.issued).map(|(token, _)| token)
}

/// Opens a session's token for a request that its access key signed.
///
/// # Errors
/// [`SessionError`].
pub fn open(
    token: &SessionToken,
    access_key_id: &AccessKeyId,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<Session, SessionError> {
    let sealed = seal::from_text(token.expose(), MAX_TOKEN_CHARS)?;
    let bytes = keyring.open(Purpose::SessionToken, &[], &sealed, now)?;
    let session = sealed::decode(&bytes)?;
    if session.access_key_id != *access_key_id {
        return Err(SessionError::OtherAccessKey);
    }
    if session.is_expired(now) {
        return Err(SessionError::Expired(session.expires));
    }
    Ok(session)
}

/// The share of the space beside everything else, in percent, rounded up: more than 100 does not
/// fit.
fn packed_policy_size(session: &Session, length: usize) -> Option<i32> {
    let policy = session.session_policy.as_ref().map_or(0, String::len);
    let ids: usize = session
        .session_policy_ids
        .iter()
        .map(|id| id.as_str().len())
        .sum();
    let tags: usize = session
        .tags
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    let used = policy + ids + tags;
    if used == 0 {
        return None;
    }
    let rest = length.saturating_sub(used);
    let space = seal::room(MAX_TOKEN_CHARS).saturating_sub(rest).max(1);
    i32::try_from((used * 100).div_ceil(space)).ok()
}

#[cfg(test)]
mod tests;
