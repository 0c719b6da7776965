//! Page tokens: where the next page of a list begins.
//!
//! A token is the name of the page's last item, sealed for one account: a client cannot read it,
//! and a forged one, or one of another account, is rejected. It has at most 320 characters, as
//! IAM's `Marker`.

use bowline_iam::account::AccountId;
use jiff::Timestamp;

use crate::crypto::{
    keyring::Keyring,
    seal::{self, OpenError, Purpose, SealError},
};

/// Most characters of a token (IAM, shape `markerType`).
pub const MAX_PAGE_TOKEN_CHARS: usize = 320;

/// Seals the name of a page's last item: at most 207 bytes, enough for every name that IAM has.
///
/// # Errors
/// [`SealError`] if the name is longer, or without an active key.
pub fn seal(
    name: &str,
    account: AccountId,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<String, SealError> {
    if name.len() > seal::room(MAX_PAGE_TOKEN_CHARS) {
        return Err(SealError);
    }
    let context = account.as_str().as_bytes();
    let sealed = keyring.seal(Purpose::PageToken, context, name.as_bytes(), now)?;
    Ok(seal::to_text(&sealed))
}

/// Opens a token of this account.
///
/// # Errors
/// [`OpenError`] if it was not sealed here for this account.
pub fn open(
    token: &str,
    account: AccountId,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<String, OpenError> {
    let sealed = seal::from_text(token, MAX_PAGE_TOKEN_CHARS)?;
    let context = account.as_str().as_bytes();
    let name = keyring.open(Purpose::PageToken, context, &sealed, now)?;
    str::from_utf8(&name)
        .map(str::to_owned)
        .map_err(|_| OpenError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{keyring::KeyringRecord, master_key::MasterKey};

    fn keyring() -> Keyring {
        let master = MasterKey::generate().unwrap();
        let record = KeyringRecord::generate(&master, Timestamp::UNIX_EPOCH).unwrap();
        record.open(&master).unwrap()
    }

    fn account(digit: u8) -> AccountId {
        digit.to_string().repeat(12).parse().unwrap()
    }

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_token_opens_to_the_sealed_name() {
        let keyring = keyring();
        let name = "n".repeat(128);
        let token = seal(&name, account(1), &keyring, NOW).unwrap();
        assert!(
            token.len() <= MAX_PAGE_TOKEN_CHARS
                && !token.contains('n'.to_string().repeat(8).as_str())
        );
        assert_eq!(open(&token, account(1), &keyring, NOW).unwrap(), name);
    }

    #[test]
    fn a_token_of_another_account_is_rejected() {
        let keyring = keyring();
        let token = seal("name", account(1), &keyring, NOW).unwrap();
        assert_eq!(
            open(&token, account(2), &keyring, NOW),
            Err(OpenError::NotAuthentic)
        );
    }

    #[test]
    fn a_text_that_is_no_token_is_rejected() {
        let keyring = keyring();
        for text in ["", "name", "AQAAAAA", &"A".repeat(320), &"A".repeat(400)] {
            assert!(open(text, account(1), &keyring, NOW).is_err(), "{text}");
        }
    }
}
