use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

const HOUR: i64 = 3600;

fn seal(keyring: &Keyring, now: Timestamp) -> Vec<u8> {
    keyring
        .seal(Purpose::SessionToken, b"", b"hello", now)
        .unwrap()
}

fn opens(keyring: &Keyring, sealed: &[u8], now: Timestamp) -> bool {
    keyring
        .open(Purpose::SessionToken, b"", sealed, now)
        .is_ok()
}

#[test]
fn a_published_key_opens_but_does_not_seal_until_its_time() {
    let master = MasterKey::generate().unwrap();
    let before = KeyringRecord::generate(&master, at(0)).unwrap();
    let record = before
        .rotate(&master, at(10), SignedDuration::from_secs(60))
        .unwrap();
    let keyring = record.open(&master).unwrap();
    let [new, old] = keyring.status(at(11)).try_into().unwrap();
    assert_eq!(
        (new.state, old.state),
        (KeyState::Published, KeyState::Active)
    );
    assert_eq!(seal::key_id(&seal(&keyring, at(69))), Ok(old.id));
    assert_eq!(seal::key_id(&seal(&keyring, at(70))), Ok(new.id));

    // Another replica's clock is ahead: what it sealed already opens here.
    let early = seal(&keyring, at(70));
    assert!(opens(&keyring, &early, at(11)));
}

#[test]
fn a_retired_key_opens_until_the_longest_session_under_it_has_expired() {
    let master = MasterKey::generate().unwrap();
    let first = KeyringRecord::generate(&master, at(0)).unwrap();
    let sealed = seal(&first.open(&master).unwrap(), at(99));
    let second = first
        .rotate(&master, at(100), SignedDuration::ZERO)
        .unwrap();
    let keyring = second.open(&master).unwrap();
    assert!(opens(&keyring, &sealed, at(100)));
    assert!(opens(&keyring, &sealed, at(99 + 12 * HOUR)));
    assert!(!opens(&keyring, &sealed, at(100 + 13 * HOUR)));

    let later = second
        .rotate(&master, at(100 + 13 * HOUR), SignedDuration::ZERO)
        .unwrap();
    assert_eq!(later.keys.len(), 2, "the dead key is dropped");
}

#[test]
fn a_revoked_key_is_dropped_at_once_and_replaced_if_it_was_the_last() {
    let master = MasterKey::generate().unwrap();
    let record = KeyringRecord::generate(&master, at(0)).unwrap();
    let keyring = record.open(&master).unwrap();
    let sealed = seal(&keyring, at(0));
    let id = keyring.status(at(0))[0].id;
    let after = record
        .revoke(id, &master, at(1))
        .unwrap()
        .open(&master)
        .unwrap();
    assert!(!opens(&after, &sealed, at(1)));
    assert!(opens(&after, &seal(&after, at(1)), at(1)));
}

#[test]
fn another_master_key_opens_no_keyring() {
    let record = KeyringRecord::generate(&MasterKey::generate().unwrap(), at(0)).unwrap();
    let error = record.open(&MasterKey::generate().unwrap()).unwrap_err();
    assert!(matches!(
        error,
        KeyringError::Open(OpenError::UnknownKey(_))
    ));
}

#[test]
fn keys_cannot_be_exchanged_within_the_record() {
    let master = MasterKey::generate().unwrap();
    let record = KeyringRecord::generate(&master, at(0)).unwrap();
    let mut record = record.rotate(&master, at(1), SignedDuration::ZERO).unwrap();
    let [first, second] = record.keys.as_mut_slice() else {
        panic!("two keys");
    };
    std::mem::swap(&mut first.secret, &mut second.secret);
    assert!(record.open(&master).is_err());
}

#[test]
fn an_empty_keyring_seals_nothing() {
    assert!(
        Keyring::default()
            .seal(Purpose::SessionToken, b"", b"", at(0))
            .is_err()
    );
}
