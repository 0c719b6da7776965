//! Session tokens: any text, and any bytes under a true seal, open as a session or end in an error.
#![no_main]

use std::sync::LazyLock;

use bowline_aws::credentials::{AccessKeyId, SessionToken};
use bowline_server::crypto::{
    keyring::{Keyring, KeyringRecord},
    master_key::MasterKey,
    seal::{self, Purpose},
    session,
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

static KEYRING: LazyLock<Keyring> = LazyLock::new(|| {
    let master = MasterKey::generate().expect("randomness");
    let record = KeyringRecord::generate(&master, NOW).expect("randomness");
    record.open(&master).expect("the same master key")
});

fuzz_target!(|bytes: &[u8]| {
    let key: AccessKeyId = "ASIAIOSFODNN7EXAMPLE".parse().expect("an access key id");
    if let Ok(token) = SessionToken::new(String::from_utf8_lossy(bytes)) {
        assert!(session::open(&token, &key, &KEYRING, NOW).is_err());
    }
    let sealed = KEYRING
        .seal(Purpose::SessionToken, &[], bytes, NOW)
        .expect("an active key");
    if let Ok(token) = SessionToken::new(seal::to_text(&sealed)) {
        let _ = session::open(&token, &key, &KEYRING, NOW);
    }
});
