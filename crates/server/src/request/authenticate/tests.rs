//! Sessions with valid tokens that are rejected all the same.

use bowline_aws::sigv4::{
    Credentials, PresentedSignature, RequestParts, SigningPayload, present, sign,
};
use jiff::SignedDuration;

use super::*;
use crate::{
    crypto::master_key::MasterKey,
    identity::session::SessionKind,
    identity::{
        entity::{self, ServerId, TrustDocument},
        index::IdentityState,
        store::{MemoryStore, Transaction},
    },
};

/// An index with one role, and a session of it.
async fn role_and_session() -> (IdentityState, Session) {
    let now = Timestamp::from_second(1_790_000_000).unwrap();
    let master_key = Arc::new(MasterKey::generate().unwrap());
    let state = IdentityState::start(
        Arc::new(MemoryStore::new()),
        master_key,
        ServerId::new([0; 16]),
    )
    .await
    .unwrap();
    state.ensure_keyring(now).await.unwrap();
    let role = entity::Role::new(
        "AROAJQABLZS4A3QDU576Q".parse().unwrap(),
        "432797229265".parse().unwrap(),
        "bot-builder".to_owned(),
        TrustDocument {
            text: "{}".to_owned(),
            principals: Vec::new(),
        },
        now,
    );
    state
        .commit(Transaction::new().create(&role))
        .await
        .unwrap();
    let session = Session {
        session_id: "0".repeat(32),
        access_key_id: "ASIAUNHONOUREDKEY000".parse().unwrap(),
        secret_access_key: SecretAccessKey::new("s".repeat(40)).unwrap(),
        kind: SessionKind::AssumedRole,
        account: role.account,
        role_id: role.id,
        role_name: role.name,
        role_path: role.path,
        session_name: "pod-1".to_owned(),
        issued: now,
        expires: now + SignedDuration::from_hours(1),
        session_policy: None,
        session_policy_ids: Vec::new(),
        tags: Vec::new(),
        transitive_tag_keys: Vec::new(),
        source_identity: None,
        web_identity: None,
        service_resource: None,
        chained_from: None,
        mfa_authenticated_at: None,
    };
    (state, session)
}

/// The outcome of a request that the session signs.
fn authenticate_as(state: &IdentityState, session: &Session) -> Result<String, RequestError> {
    let index = state.current();
    let token = session::sealed_for_test(session, index.keyring()).unwrap();
    let parts = RequestParts {
        method: "GET",
        path: "/",
        query: "",
        headers: &[("host", b"127.0.0.1")],
    };
    let credentials = Credentials {
        access_key_id: session.access_key_id.clone(),
        secret_access_key: session.secret_access_key.clone(),
        session_token: Some(token),
    };
    let payload = SigningPayload::Whole(b"");
    let signed = sign(
        &parts,
        payload,
        &credentials,
        "us-east-1",
        "sts",
        session.issued,
    )
    .unwrap();
    let mut headers: Vec<(&str, &[u8])> = vec![("host", b"127.0.0.1")];
    headers.extend(
        signed
            .iter()
            .map(|(name, value)| (&**name, value.as_bytes())),
    );
    let parts = RequestParts {
        headers: &headers,
        ..parts
    };
    let PresentedSignature::Header(signature) = present(&parts).unwrap() else {
        panic!("the request is signed in its header");
    };
    let payload = Payload::Whole(b"");
    let asked = authenticate(&signature, payload, &index, session.issued, Protocol::STS);
    asked.map(|authenticated| authenticated.caller.arn().to_owned())
}

#[tokio::test]
async fn a_session_with_an_unsupported_feature_is_rejected() {
    let (state, session) = role_and_session().await;
    assert_eq!(
        authenticate_as(&state, &session).unwrap(),
        "arn:aws:sts::432797229265:assumed-role/bot-builder/pod-1"
    );
    let with = |change: fn(&mut Session)| {
        let mut session = session.clone();
        change(&mut session);
        let error = authenticate_as(&state, &session).unwrap_err();
        format!("{}: {}", error.client, error.internal.unwrap_or_default())
    };
    insta::assert_snapshot!(with(|session| session.tags = vec![("team".to_owned(), "gbot".to_owned())]), @"InvalidSessionToken: The security token included in the request is invalid.: the session has tags, which this version does not honour");
    insta::assert_snapshot!(with(|session| session.transitive_tag_keys = vec!["team".to_owned()]), @"InvalidSessionToken: The security token included in the request is invalid.: the session has tags, which this version does not honour");
    insta::assert_snapshot!(with(|session| session.source_identity = Some("alice".to_owned())), @"InvalidSessionToken: The security token included in the request is invalid.: the session has a source identity, which this version does not honour");
}
