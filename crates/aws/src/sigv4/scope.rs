//! The credential scope: for which day, region and service a signature counts, and the rules that follow from the service.

use std::fmt;

const TERMINATOR: &str = "aws4_request";
const MAX_PART: usize = 64;

/// Day, region and service of a signature, such as `20261124/us-east-1/sts/aws4_request`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CredentialScope {
    date: Box<str>,
    region: Box<str>,
    service: Box<str>,
}

/// The parts make no credential scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("credential scope is not date/region/service/aws4_request")]
pub struct InvalidScope;

/// Which of the two dialects of Signature Version 4 a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningRules {
    /// S3: the path as received; `x-amz-content-sha256` required, and it may say that the payload is unsigned.
    S3,
    /// All others: the path normalized and encoded once more; the payload always signed.
    Standard,
}

impl CredentialScope {
    /// A scope of its parts: eight digits, then 1 to 64 letters, digits, `-`, `_` or `.` each.
    ///
    /// # Errors
    /// [`InvalidScope`] for anything else.
    pub fn new(date: &str, region: &str, service: &str) -> Result<Self, InvalidScope> {
        let day = date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit());
        if day && is_name(region) && is_name(service) {
            Ok(Self {
                date: date.into(),
                region: region.into(),
                service: service.into(),
            })
        } else {
            Err(InvalidScope)
        }
    }

    /// Reads `date/region/service/aws4_request`.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidScope> {
        let mut parts = text.split('/');
        match (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) {
            (Some(date), Some(region), Some(service), Some(TERMINATOR), None) => {
                Self::new(date, region, service)
            }
            _ => Err(InvalidScope),
        }
    }

    /// The day as eight digits.
    pub fn date(&self) -> &str {
        &self.date
    }

    /// The region, such as `us-east-1`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The service, such as `sts`: whose request this is.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The rules of the service.
    pub fn rules(&self) -> SigningRules {
        match self.service() {
            "s3" | "s3express" | "s3-object-lambda" | "s3-outposts" => SigningRules::S3,
            _ => SigningRules::Standard,
        }
    }
}

impl fmt::Display for CredentialScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}/{TERMINATOR}",
            self.date, self.region, self.service
        )
    }
}

fn is_name(text: &str) -> bool {
    (1..=MAX_PART).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
