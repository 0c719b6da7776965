//! Authentication: from the signature of a request to a [`Caller`].
//!
//! The access key leads to a secret: one in the index, or the one that the session token seals. The
//! signature is verified with that secret before anything else in the request matters. The client's
//! error says no more than AWS's does about a missing secret, session or role.

use std::sync::Arc;

use bowline_aws::{
    credentials::{AccessKeyId, SecretAccessKey, SessionToken},
    error::{AwsError, Protocol},
    ids,
    sigv4::{
        DerivedKey, Payload, SignatureError, UnverifiedRequest, VerifiedRequest,
        canonical_request_without_secrets, verify,
    },
};
use bowline_iam::account::AccountId;
use bytes::Bytes;
use jiff::Timestamp;

use crate::{
    crypto::seal::{KeyId, OpenError},
    http::body::{self, RequestBody},
    identity::index::{AccessKeyEntry, IdentityState, Index, KeyOwner},
    identity::session::{self, Session},
    request::{
        caller::{Caller, Identity},
        error::RequestError,
        record::{RecordedIdentity, RequestRecord},
    },
};

/// A request whose signature was verified.
#[derive(Debug)]
pub(crate) struct Authenticated {
    /// The caller.
    pub(crate) caller: Caller,
    /// The proof of the signature.
    pub(crate) verified: VerifiedRequest,
}

/// The reason to reject a signature.
#[derive(Debug, thiserror::Error)]
enum AuthenticationError {
    #[error("access key `{0}` does not exist")]
    UnknownKey(AccessKeyId),
    #[error(
        "access key `{0}` is one of temporary credentials, and the request has no session token"
    )]
    NoToken(AccessKeyId),
    #[error("access key `{0}` is inactive")]
    InactiveKey(AccessKeyId),
    #[error("the user that access key `{0}` belongs to does not exist any more")]
    NoOwner(AccessKeyId),
    #[error("the session token is not accepted: {0}")]
    Token(#[from] session::SessionError),
    #[error("the session has {0}, which this version does not honour")]
    UnsupportedFeature(&'static str),
    #[error("role deleted: the role `{0}` of the session does not exist any more")]
    NoRole(String),
    #[error(
        "revoked: the session was sealed under key {0}, which `bowline keyring rotate --revoke` removed, or which ended after every session under it"
    )]
    Revoked(KeyId),
    #[error("the signature is not accepted: {0}")]
    Signature(#[from] SignatureError),
}

/// Verifies a signature. `payload` is the part of the body that has been read.
///
/// # Errors
/// [`RequestError`], in the form of this protocol.
pub(crate) fn authenticate(
    request: &UnverifiedRequest<'_>,
    payload: Payload<'_>,
    index: &Index,
    now: Timestamp,
    protocol: Protocol,
) -> Result<Authenticated, RequestError> {
    authenticate_inner(request, payload, index, now).map_err(|error| {
        let mut refused = RequestError::new(error.to_aws(protocol), &error);
        if matches!(
            error,
            AuthenticationError::Signature(SignatureError::Mismatch)
        ) {
            refused.more().canonical_request = canonical_request_without_secrets(request, payload);
        }
        refused
    })
}

/// Records the identity that a request claims, before it is verified.
pub(crate) fn record_claimed_identity(
    record: &mut RequestRecord<'_>,
    request: &UnverifiedRequest<'_>,
    index: &Index,
) {
    let id = request.access_key_id();
    record.region = Some(request.scope().region().into());
    record.identity = RecordedIdentity::ClaimedKey {
        access_key_id: id.clone(),
        account: claimed_account(id, index),
    };
}

/// A request whose signature covers the whole body.
pub(crate) struct Signed {
    pub(crate) body: Bytes,
    /// The caller.
    pub(crate) caller: Arc<Caller>,
    /// The index at the time when the whole body had arrived. Authorization uses it, so a slow
    /// sender keeps no permission that was taken away meanwhile.
    pub(crate) index: Arc<Index>,
}

/// Reads a request whose signature covers the whole body, and authenticates it. A request with an
/// unknown access key or session token is rejected before its body is read, so that it holds no
/// memory. The record has the caller's identity afterwards.
///
/// # Errors
/// [`RequestError`], in the form of the record's service.
pub(crate) async fn signed_body(
    record: &mut RequestRecord<'_>,
    request: &UnverifiedRequest<'_>,
    state: &IdentityState,
    mut body: RequestBody,
    most: usize,
) -> Result<Signed, RequestError> {
    let index = state.current();
    record_claimed_identity(record, request, &index);
    let (now, protocol) = (record.head.now, record.service.protocol());
    // For a small body a second check of the key costs more than reading it.
    if body::exceeds_unmetered(&body) {
        let account = account_of_key(request, &index, now)
            .map_err(|error| RequestError::new(error.to_aws(protocol), &error))?;
        body.claim(account);
    }
    drop(index);
    let whole = body::read(&mut body, most, protocol).await?;
    let index = state.current();
    record_claimed_identity(record, request, &index);
    let authenticated = authenticate(request, Payload::Whole(&whole), &index, now, protocol)?;
    let caller = Arc::new(authenticated.caller);
    record.identity = RecordedIdentity::Caller(Arc::clone(&caller));
    body.prove(caller.account(), protocol)?;
    Ok(Signed {
        body: whole,
        caller,
        index,
    })
}

/// The account of the access key that a request names. Its audit has the attempt.
fn claimed_account(id: &AccessKeyId, index: &Index) -> Option<AccountId> {
    let of_key = index.access_key(id.as_str()).map(|key| key.account());
    of_key.or_else(|| ids::account_of(id).filter(|account| index.account(*account).is_some()))
}

/// The account of the secret that the signature is to be verified with.
fn account_of_key(
    request: &UnverifiedRequest<'_>,
    index: &Index,
    now: Timestamp,
) -> Result<AccountId, AuthenticationError> {
    let id = request.access_key_id();
    Ok(match request.session_token() {
        Some(token) => open_session(token, id, index, now)?.account,
        None => long_term_key(id, index)?.account(),
    })
}

fn authenticate_inner(
    request: &UnverifiedRequest<'_>,
    payload: Payload<'_>,
    index: &Index,
    now: Timestamp,
) -> Result<Authenticated, AuthenticationError> {
    let id = request.access_key_id();
    let (identity, verified) = match request.session_token() {
        Some(token) => authenticate_session(token, request, payload, index, now)?,
        None => authenticate_access_key(request, payload, index, now)?,
    };
    Ok(Authenticated {
        caller: Caller::new(id.clone(), identity),
        verified,
    })
}

fn authenticate_session(
    token: &SessionToken,
    request: &UnverifiedRequest<'_>,
    payload: Payload<'_>,
    index: &Index,
    now: Timestamp,
) -> Result<(Identity, VerifiedRequest), AuthenticationError> {
    let session = open_session(token, request.access_key_id(), index, now)?;
    let verified = verify_signature(&session.secret_access_key, request, payload, now)?;
    if let Some(what) = unsupported_session_feature(&session) {
        return Err(AuthenticationError::UnsupportedFeature(what));
    }
    let role = index.role_by_id(session.role_id.as_str());
    let role = role.ok_or_else(|| AuthenticationError::NoRole(session.role_arn()))?;
    let session: Arc<Session> = Arc::new(session);
    let role = Arc::clone(role);
    Ok((Identity::Session { session, role }, verified))
}

/// Opens the session of a request. A token under a key that is not in the keyring any more is one of
/// a session that was revoked, if its access key is of an account of this server: the keyring keeps
/// no list of the keys that it had. Whatever it is, it opens nothing.
fn open_session(
    token: &SessionToken,
    id: &AccessKeyId,
    index: &Index,
    now: Timestamp,
) -> Result<Session, AuthenticationError> {
    session::open(token, id, index.keyring(), now).map_err(|error| {
        if let session::SessionError::Seal(OpenError::UnknownKey(key)) = error
            && claimed_account(id, index).is_some()
        {
            return AuthenticationError::Revoked(key);
        }
        AuthenticationError::Token(error)
    })
}

/// The first feature of a session that authorization does not support. A policy that denies by it
/// would have no effect, and the session would be allowed more than its issuer meant. Support for
/// tags and source identities removes them here.
fn unsupported_session_feature(session: &Session) -> Option<&'static str> {
    if !session.tags.is_empty() || !session.transitive_tag_keys.is_empty() {
        return Some("tags");
    }
    session
        .source_identity
        .as_ref()
        .map(|_| "a source identity")
}

fn authenticate_access_key(
    request: &UnverifiedRequest<'_>,
    payload: Payload<'_>,
    index: &Index,
    now: Timestamp,
) -> Result<(Identity, VerifiedRequest), AuthenticationError> {
    let id = request.access_key_id();
    let key = long_term_key(id, index)?;
    let verified = verify_signature(key.secret(), request, payload, now)?;
    if !key.is_active() {
        return Err(AuthenticationError::InactiveKey(id.clone()));
    }
    let identity = match index.owner_of(key) {
        Some(KeyOwner::Root(account)) => Identity::Root(account),
        Some(KeyOwner::User(user)) => Identity::User(user),
        None => return Err(AuthenticationError::NoOwner(id.clone())),
    };
    Ok((identity, verified))
}

fn long_term_key<'a>(
    id: &AccessKeyId,
    index: &'a Index,
) -> Result<&'a Arc<AccessKeyEntry>, AuthenticationError> {
    index.access_key(id.as_str()).ok_or_else(|| {
        if id.as_str().starts_with("ASIA") {
            AuthenticationError::NoToken(id.clone())
        } else {
            AuthenticationError::UnknownKey(id.clone())
        }
    })
}

fn verify_signature(
    secret: &SecretAccessKey,
    request: &UnverifiedRequest<'_>,
    payload: Payload<'_>,
    now: Timestamp,
) -> Result<VerifiedRequest, AuthenticationError> {
    let key = DerivedKey::derive(secret, request.scope().clone());
    Ok(verify(request, payload, &key, now)?)
}

impl AuthenticationError {
    fn to_aws(&self, protocol: Protocol) -> AwsError {
        match self {
            Self::UnknownKey(id)
            | Self::NoToken(id)
            | Self::InactiveKey(id)
            | Self::NoOwner(id) => AwsError::unknown_access_key(protocol, id.as_str()),
            Self::Token(session::SessionError::Expired(_)) => AwsError::expired_session(protocol),
            Self::Revoked(_) | Self::NoRole(_) => AwsError::ended_session(protocol),
            Self::Token(
                session::SessionError::Seal(_)
                | session::SessionError::UnknownFormat(_)
                | session::SessionError::Malformed
                | session::SessionError::OtherAccessKey,
            )
            | Self::UnsupportedFeature(_) => AwsError::invalid_session_token(protocol),
            Self::Signature(error) => AwsError::from_signature(error, protocol),
        }
    }
}

#[cfg(test)]
mod tests;
