//! Page tokens: any text is rejected, and the token of a name opens as that name in its own account
//! only.
//!
//! Input: the bytes.

use std::sync::LazyLock;

use bowline_iam::account::AccountId;
use bowline_server::crypto::{
    keyring::{Keyring, KeyringRecord},
    master_key::MasterKey,
    page_token::{MAX_PAGE_TOKEN_CHARS, open, seal},
};
use jiff::Timestamp;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

static KEYRING: LazyLock<Keyring> = LazyLock::new(|| {
    let master = MasterKey::generate().expect("randomness");
    let record = KeyringRecord::generate(&master, NOW).expect("randomness");
    record.open(&master).expect("the same master key")
});

/// Opens the bytes as a token, and makes a token of them and opens that.
pub fn run(input: &[u8]) {
    let account: AccountId = "111122223333".parse().expect("an account id");
    let other: AccountId = "432797229265".parse().expect("an account id");
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    assert!(open(text, account, &KEYRING, NOW).is_err());
    if let Ok(token) = seal(text, account, &KEYRING, NOW) {
        assert!(token.len() <= MAX_PAGE_TOKEN_CHARS);
        assert_eq!(
            open(&token, account, &KEYRING, NOW).ok().as_deref(),
            Some(text)
        );
        assert!(open(&token, other, &KEYRING, NOW).is_err());
    }
}
