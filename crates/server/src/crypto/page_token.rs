//! Where the next page of a list begins.
//!
//! A marker is the name of the last item, sealed for one account: it says nothing to whoever carries it, and one made up, or
//! of another account, is refused. It is at most 320 characters long, the most that IAM's `Marker` may have.

use bowline_iam::account::AccountId;
use jiff::Timestamp;

use crate::crypto::{
    keyring::Keyring,
    seal::{self, OpenError, Purpose, SealError},
};

/// Longest marker, in characters (IAM, shape `markerType`).
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

/// Opens a marker of this account.
///
/// # Errors
/// [`OpenError`] if it was not sealed here for this account.
pub fn open(
    marker: &str,
    account: AccountId,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<String, OpenError> {
    let sealed = seal::from_text(marker, MAX_PAGE_TOKEN_CHARS)?;
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
    fn a_marker_names_where_to_go_on() {
        let keyring = keyring();
        let name = "n".repeat(128);
        let marker = seal(&name, account(1), &keyring, NOW).unwrap();
        assert!(
            marker.len() <= MAX_PAGE_TOKEN_CHARS
                && !marker.contains('n'.to_string().repeat(8).as_str())
        );
        assert_eq!(open(&marker, account(1), &keyring, NOW).unwrap(), name);
    }

    #[test]
    fn a_marker_of_another_account_is_refused() {
        let keyring = keyring();
        let marker = seal("name", account(1), &keyring, NOW).unwrap();
        assert_eq!(
            open(&marker, account(2), &keyring, NOW),
            Err(OpenError::NotAuthentic)
        );
    }

    #[test]
    fn what_is_no_marker_is_refused() {
        let keyring = keyring();
        for text in ["", "name", "AQAAAAA", &"A".repeat(320), &"A".repeat(400)] {
            assert!(open(text, account(1), &keyring, NOW).is_err(), "{text}");
        }
    }
}
