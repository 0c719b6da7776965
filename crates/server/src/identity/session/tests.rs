use aws_lc_rs::rand::SystemRandom;
use proptest::prelude::*;

use super::*;
use crate::{
    crypto::{keyring::KeyringRecord, master_key::MasterKey},
    identity::entity::TrustDocument,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn keyring() -> Keyring {
    let master = MasterKey::generate().unwrap();
    let record = KeyringRecord::generate(&master, at(0)).unwrap();
    record.open(&master).unwrap()
}

fn request() -> AssumeRole {
    let account = "432797229265".parse().unwrap();
    AssumeRole {
        role: Arc::new(entity::Role {
            path: "/gbot/".to_owned(),
            ..entity::Role::new(
                "AROAJQABLZS4A3QDU576Q".parse().unwrap(),
                account,
                "bot-builder".to_owned(),
                TrustDocument::default(),
                at(-1),
            )
        }),
        session_name: "pod-1".to_owned(),
        session_policy: None,
        web_identity: Some(WebIdentityClaims {
            provider_arn: "arn:aws:iam::432797229265:oidc-provider/issuer.example".to_owned(),
            condition_prefix: "issuer.example".to_owned(),
            audience: "sts.amazonaws.com".to_owned(),
            subject: "system:serviceaccount:gbot-dev:bot-builder".to_owned(),
            pod_uid: Some("6d8a1c1e-0000-4000-8000-000000000000".to_owned()),
        }),
        service_resource: None,
        chained_from: None,
        issued: at(0),
    }
}

/// A session that was minted.
pub(super) fn session() -> Session {
    mint(request(), &keyring()).session
}

fn mint(request: AssumeRole, keyring: &Keyring) -> Minted {
    issue(
        request,
        3_600,
        keyring,
        sealed::Format::V2,
        &SystemRandom::new(),
    )
    .unwrap()
}

fn reopen(minted: &Minted, keyring: &Keyring, now: Timestamp) -> Result<Session, SessionError> {
    open(&minted.token, &minted.session.access_key_id, keyring, now)
}

#[test]
fn a_token_opens_to_the_minted_session() {
    let keyring = keyring();
    let minted = mint(request(), &keyring);
    let opened = reopen(&minted, &keyring, at(1)).unwrap();
    assert_eq!(format!("{opened:?}"), format!("{:?}", minted.session));
    assert_eq!(opened.secret_access_key, minted.session.secret_access_key);
    assert_eq!(
        opened.role_arn(),
        "arn:aws:iam::432797229265:role/gbot/bot-builder"
    );
    assert!(minted.session.access_key_id.as_str().starts_with("ASIA"));
    assert!(
        minted.token.expose().len() <= 1024,
        "{}",
        minted.token.expose().len()
    );
}

#[test]
fn every_field_is_sealed_and_opened() {
    let keyring = keyring();
    let mut session = mint(request(), &keyring).session;
    session.session_policy = Some("{}".to_owned());
    session.session_policy_ids = vec!["ANPAJQABLZS4A3QDU576Q".parse().unwrap()];
    session.tags = vec![("team".to_owned(), "gbot".to_owned())];
    session.transitive_tag_keys = vec!["team".to_owned()];
    let instance = "arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60718";
    session.service_resource = Some(instance.parse().unwrap());
    session.source_identity = Some("alice".to_owned());
    session.chained_from = Some("arn:aws:sts::432797229265:assumed-role/first/one".to_owned());
    session.mfa_authenticated_at = Some(at(-5));
    let (token, _) = close(&session, &keyring, sealed::Format::V2, at(0)).unwrap();
    let opened = open(&token, &session.access_key_id, &keyring, at(1)).unwrap();
    assert_eq!(format!("{opened:?}"), format!("{session:?}"));
}

#[test]
fn the_expiry_is_exactly_the_duration_later() {
    let keyring = keyring();
    let mut request = request();
    request.issued = at(0) + SignedDuration::from_millis(987);
    let minted = issue(
        request,
        900,
        &keyring,
        sealed::Format::V2,
        &SystemRandom::new(),
    )
    .unwrap();
    assert_eq!(
        (minted.session.issued, minted.session.expires),
        (at(0), at(900))
    );
    assert!(reopen(&minted, &keyring, at(899)).is_ok());
    assert_eq!(
        reopen(&minted, &keyring, at(900)).unwrap_err(),
        SessionError::Expired(at(900))
    );
}

#[test]
fn the_token_of_another_session_is_refused() {
    let keyring = keyring();
    let (mine, other) = (mint(request(), &keyring), mint(request(), &keyring));
    let swapped = open(&other.token, &mine.session.access_key_id, &keyring, at(1));
    assert_eq!(swapped.unwrap_err(), SessionError::OtherAccessKey);
}

#[test]
fn a_token_with_any_changed_character_is_rejected() {
    let keyring = keyring();
    let minted = mint(request(), &keyring);
    let token = minted.token.expose();
    for position in 0..token.len() {
        let mut changed = token.as_bytes().to_vec();
        changed[position] = if changed[position] == b'A' {
            b'B'
        } else {
            b'A'
        };
        let changed = SessionToken::new(String::from_utf8(changed).unwrap()).unwrap();
        let opened = open(&changed, &minted.session.access_key_id, &keyring, at(1));
        assert!(matches!(opened, Err(SessionError::Seal(_))), "{position}");
    }
}

#[test]
fn bytes_sealed_for_another_purpose_are_no_session() {
    let keyring = keyring();
    let minted = mint(request(), &keyring);
    let bytes = sealed::encode(&minted.session, sealed::Format::V2).unwrap();
    for purpose in [
        Purpose::PageToken,
        Purpose::AuthorizationMessage,
        Purpose::ImdsToken,
    ] {
        let sealed = keyring.seal(purpose, &[], &bytes, at(0)).unwrap();
        let token = SessionToken::new(seal::to_text(&sealed)).unwrap();
        let opened = open(&token, &minted.session.access_key_id, &keyring, at(1));
        assert_eq!(
            opened.unwrap_err(),
            SessionError::Seal(seal::OpenError::NotAuthentic)
        );
    }
}

#[test]
fn another_servers_token_is_refused() {
    let minted = mint(request(), &keyring());
    let opened = reopen(&minted, &keyring(), at(1));
    assert!(matches!(
        opened,
        Err(SessionError::Seal(seal::OpenError::UnknownKey(_)))
    ));
}

#[test]
fn an_older_or_newer_session_is_refused_by_name() {
    let keyring = keyring();
    let minted = mint(request(), &keyring);
    for format in [1, 3] {
        let mut bytes = sealed::encode(&minted.session, sealed::Format::V2).unwrap();
        bytes[0] = format;
        let sealed = keyring
            .seal(Purpose::SessionToken, &[], &bytes, at(0))
            .unwrap();
        let token = SessionToken::new(seal::to_text(&sealed)).unwrap();
        let opened = open(&token, &minted.session.access_key_id, &keyring, at(1));
        assert_eq!(opened.unwrap_err(), SessionError::UnknownFormat(format));
    }
    assert_eq!(
        SessionError::UnknownFormat(3).to_string(),
        "the session has format 3, this version of bowline reads 2"
    );
}

#[test]
fn a_session_with_trailing_bytes_is_rejected() {
    let keyring = keyring();
    let minted = mint(request(), &keyring);
    let mut bytes = sealed::encode(&minted.session, sealed::Format::V2).unwrap();
    bytes.push(0);
    assert_eq!(sealed::decode(&bytes).unwrap_err(), SessionError::Malformed);
    for length in 1..bytes.len() - 1 {
        assert!(sealed::decode(&bytes[..length]).is_err());
    }
}

#[test]
fn the_packed_size_is_a_share_of_the_space() {
    let keyring = keyring();
    let of = |length: usize| {
        let mut request = request();
        request.session_policy = Some("x".repeat(length));
        issue(
            request,
            3_600,
            &keyring,
            sealed::Format::V2,
            &SystemRandom::new(),
        )
    };
    assert_eq!(mint(request(), &keyring).packed_policy_size, None);
    // The most that still fits is 100 percent, and a byte more does not fit.
    let most = (1..4096).rev().find(|length| of(*length).is_ok()).unwrap();
    assert!(most > 2_048, "{most}");
    let full = of(most).unwrap();
    assert_eq!(full.packed_policy_size, Some(100));
    assert!((4093..=MAX_TOKEN_CHARS).contains(&full.token.expose().len()));
    assert_eq!(
        of(most + 1).unwrap_err(),
        MintError::TooLarge { percent: 101 }
    );
    assert_eq!(of(1).unwrap().packed_policy_size, Some(1));
}

#[test]
fn no_secret_is_in_the_debug_form() {
    let minted = mint(request(), &keyring());
    let debug = format!("{minted:?}");
    assert!(!debug.contains(minted.session.secret_access_key.expose()));
    assert!(!debug.contains(minted.token.expose()));
}

proptest! {
    /// Only a leaked key could seal such bytes, and even then they end in an error.
    #[test]
    fn bytes_that_are_no_session_are_rejected(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let mut formatted = vec![sealed::Format::V2.byte()];
        formatted.extend_from_slice(&bytes);
        for bytes in [&bytes, &formatted] {
            let opened = sealed::decode(bytes);
            prop_assert!(matches!(opened, Err(SessionError::Malformed | SessionError::UnknownFormat(_))));
        }
    }

    #[test]
    fn a_text_that_is_no_token_is_rejected(text in "[A-Za-z0-9_-]{1,600}") {
        let token = SessionToken::new(text).unwrap();
        let opened = open(&token, &"ASIAIOSFODNN7EXAMPLE".parse().unwrap(), &keyring(), at(0));
        prop_assert!(matches!(opened, Err(SessionError::Seal(_))));
    }
}

#[test]
fn a_key_seals_within_the_second_of_its_creation() {
    let master = MasterKey::generate().unwrap();
    let now = at(0) + SignedDuration::from_millis(500);
    let record = KeyringRecord::generate(&master, now).unwrap();
    let keyring = record.open(&master).unwrap();
    let mut request = request();
    request.issued = now;
    let minted = mint(request, &keyring);
    assert!(reopen(&minted, &keyring, now).is_ok());
}
