//! Session tokens: any text is rejected, and any sealed bytes open as a session or are rejected.
//!
//! Input: the bytes.

use std::sync::LazyLock;

use bowline_aws::credentials::{AccessKeyId, SessionToken};
use bowline_server::crypto::{
    keyring::{Keyring, KeyringRecord},
    master_key::MasterKey,
    seal::{self, Purpose},
};
use bowline_server::identity::session;
use jiff::Timestamp;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

static KEYRING: LazyLock<Keyring> = LazyLock::new(|| {
    let master = MasterKey::generate().expect("randomness");
    let record = KeyringRecord::generate(&master, NOW).expect("randomness");
    record.open(&master).expect("the same master key")
});

/// Opens the bytes as a token, and seals them and opens that.
pub fn run(input: &[u8]) {
    let key: AccessKeyId = "ASIAIOSFODNN7EXAMPLE".parse().expect("an access key id");
    if let Ok(token) = SessionToken::new(String::from_utf8_lossy(input)) {
        assert!(session::open(&token, &key, &KEYRING, NOW).is_err());
    }
    let sealed = KEYRING
        .seal(Purpose::SessionToken, &[], input, NOW)
        .expect("an active key");
    if let Ok(token) = SessionToken::new(seal::to_text(&sealed)) {
        let _ = session::open(&token, &key, &KEYRING, NOW);
    }
}
