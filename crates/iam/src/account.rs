//! Account ids: exactly twelve digits.

use std::{fmt, str::FromStr};

/// A twelve-digit AWS account id, such as `111122223333`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId([u8; 12]);

/// Why a text is not an account id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccountId {
    /// It does not have twelve bytes.
    #[error("account id does not have twelve digits")]
    Length,
    /// It has a character other than a digit.
    #[error("account id contains a character other than 0-9")]
    Character,
}

impl AccountId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        // Digits are ASCII, so this never falls back.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The ARN of the account's root user, which also denotes the account.
    pub fn root_arn(&self) -> String {
        ["arn:aws:iam::", self.as_str(), ":root"].concat()
    }
}

impl FromStr for AccountId {
    type Err = InvalidAccountId;

    fn from_str(text: &str) -> Result<Self, InvalidAccountId> {
        let digits: [u8; 12] = text
            .as_bytes()
            .try_into()
            .map_err(|_| InvalidAccountId::Length)?;
        if digits.iter().all(u8::is_ascii_digit) {
            Ok(Self(digits))
        } else {
            Err(InvalidAccountId::Character)
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({self})")
    }
}

impl AsRef<str> for AccountId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_is_exactly_twelve_digits() {
        assert_eq!(
            "111122223333".parse::<AccountId>().unwrap().as_str(),
            "111122223333"
        );
        assert_eq!(
            "000000000001".parse::<AccountId>().unwrap().as_str(),
            "000000000001"
        );
        for bad in ["", "11112222333", "1111222233334"] {
            assert_eq!(
                bad.parse::<AccountId>(),
                Err(InvalidAccountId::Length),
                "{bad}"
            );
        }
        insta::assert_snapshot!("12345678901x".parse::<AccountId>().unwrap_err(),
            @"account id contains a character other than 0-9");
    }
}
