//! The ids and secrets that AWS APIs return, generated from random bytes of the caller.
//!
//! An access key id contains its account as AWS's do: after the four-letter prefix follow 80 bits
//! in base32: a set bit, 40 bits of account, 39 random bits. So [`account_of`] needs no lookup.

use base64::{Engine, engine::general_purpose::STANDARD};
use bowline_iam::account::AccountId;

use crate::credentials::{AccessKeyId, InvalidAccessKeyId, InvalidSecret, SecretAccessKey};

/// The alphabet of RFC 4648.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The kind of an access key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// `AKIA`: of a user or the root user of an account.
    LongTerm,
    /// `ASIA`: of a session.
    Temporary,
}

/// The kind of entity of a unique id (IAM User Guide, "IAM identifiers", the table of prefixes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueIdKind {
    /// `AGPA`.
    Group,
    /// `AIPA`.
    InstanceProfile,
    /// `ANPA`.
    ManagedPolicy,
    /// `OIDC`: AWS has no unique ids of providers; these are internal.
    Provider,
    /// `AROA`.
    Role,
    /// `AIDA`.
    User,
}

/// Generates a 20-character access key id.
///
/// # Errors
/// Never [`InvalidAccessKeyId`]: all characters are valid.
pub fn access_key_id(
    kind: KeyKind,
    account: AccountId,
    random: [u8; 5],
) -> Result<AccessKeyId, InvalidAccessKeyId> {
    let prefix = match kind {
        KeyKind::LongTerm => "AKIA",
        KeyKind::Temporary => "ASIA",
    };
    let random_bits = random
        .iter()
        .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let account: u128 = account.as_str().parse().map_err(|_| InvalidAccessKeyId)?;
    let bits = 1 << 79 | account << 39 | random_bits & ((1 << 39) - 1);
    let mut id = prefix.to_owned();
    push_base32(&mut id, bits, 16);
    id.parse()
}

/// The account in an access key id; `None` for ids of another form.
pub fn account_of(id: &AccessKeyId) -> Option<AccountId> {
    let text = id.as_str();
    let encoded = text
        .strip_prefix("AKIA")
        .or_else(|| text.strip_prefix("ASIA"))?;
    if encoded.len() != 16 {
        return None;
    }
    let mut bits = 0_u128;
    for byte in encoded.bytes() {
        let value = BASE32.iter().position(|letter| *letter == byte)?;
        bits = bits << 5 | u128::try_from(value).ok()?;
    }
    if bits >> 79 == 0 {
        return None;
    }
    let account = bits >> 39 & ((1 << 40) - 1);
    format!("{account:012}").parse().ok()
}

/// Generates a 40-character secret access key.
///
/// # Errors
/// Never [`InvalidSecret`]: all characters are valid.
pub fn secret_access_key(random: [u8; 30]) -> Result<SecretAccessKey, InvalidSecret> {
    SecretAccessKey::new(STANDARD.encode(random))
}

/// Generates a 21-character unique id.
pub fn unique_id(kind: UniqueIdKind, random: [u8; 11]) -> String {
    let prefix = match kind {
        UniqueIdKind::Group => "AGPA",
        UniqueIdKind::InstanceProfile => "AIPA",
        UniqueIdKind::ManagedPolicy => "ANPA",
        UniqueIdKind::Provider => "OIDC",
        UniqueIdKind::Role => "AROA",
        UniqueIdKind::User => "AIDA",
    };
    let bits = random
        .iter()
        .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let mut id = prefix.to_owned();
    push_base32(&mut id, bits, 17);
    id
}

/// Appends the low bits of a number as `letters` letters.
fn push_base32(text: &mut String, bits: u128, letters: u32) {
    for position in (0..letters).rev() {
        let value = usize::try_from(bits >> (5 * position) & 31).unwrap_or_default();
        text.push(char::from(BASE32.get(value).copied().unwrap_or(b'A')));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_access_key_id_contains_its_account() {
        for account in ["432797229265", "000000000001", "999999999999"] {
            let account: AccountId = account.parse().unwrap();
            for random in [[0; 5], [255; 5], [1, 2, 3, 4, 5]] {
                let id = access_key_id(KeyKind::Temporary, account, random).unwrap();
                assert_eq!(id.as_str().len(), 20);
                assert_eq!(account_of(&id), Some(account), "{id}");
            }
        }
    }

    #[test]
    fn the_account_has_the_position_of_aws() {
        // A published example with a known account.
        let id = "ASIAY34FZKBOKMUTVV7A".parse().unwrap();
        insta::assert_snapshot!(account_of(&id).unwrap(), @"609629065308");
    }

    #[test]
    fn ids_of_other_forms_have_no_account() {
        for id in [
            // Valid letters, but the bit that is always set is not.
            "AKIADECLAREDFIRSTKEY",
            "AKIADECLAREDFIRST001",
            "AROAJQABLZS4A3QDU576Q",
            "some_declared_key",
        ] {
            assert_eq!(account_of(&id.parse().unwrap()), None, "{id}");
        }
    }

    #[test]
    fn ids_and_secrets_have_the_lengths_of_aws() {
        let account = "432797229265".parse().unwrap();
        insta::assert_snapshot!(access_key_id(KeyKind::LongTerm, account, [7; 5]).unwrap(), @"AKIAWJRFZUDIQ4DQOBYH");
        insta::assert_snapshot!(unique_id(UniqueIdKind::Role, [7; 11]), @"AROAHA4DQOBYHA4DQOBYH");
        assert_eq!(secret_access_key([7; 30]).unwrap().expose().len(), 40);
    }

    proptest! {
        #[test]
        fn every_account_is_recovered_with_any_random_bits(account in "[0-9]{12}", random in any::<[u8; 5]>()) {
            let account: AccountId = account.parse().unwrap();
            for kind in [KeyKind::LongTerm, KeyKind::Temporary] {
                prop_assert_eq!(account_of(&access_key_id(kind, account, random).unwrap()), Some(account));
            }
        }
    }
}
