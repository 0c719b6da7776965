//! The credential scope: the day, region and service of a signature, and the rules of the service.

use std::fmt;

use super::error::AuthorizationError;

const TERMINATOR: &str = "aws4_request";
/// The most bytes of a region or service.
const MAX_NAME_BYTES: usize = 64;

/// The day, region and service of a signature, such as `20261124/us-east-1/sts/aws4_request`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CredentialScope {
    date: Box<str>,
    region: Box<str>,
    service: Box<str>,
}

/// The text is not a credential scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("credential scope is not date/region/service/aws4_request")]
pub struct InvalidScope;

/// The rules of Signature Version 4 that a service applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningRules {
    /// S3: the path is decoded once and encoded again; `x-amz-content-sha256` is required and can
    /// declare the payload unsigned.
    S3,
    /// All other services: the path is normalized and encoded once more; the payload is always
    /// signed.
    Standard,
}

impl CredentialScope {
    /// Builds a scope. The date has eight digits; region and service have 1 to 64 letters, digits,
    /// `-`, `_` or `.`.
    ///
    /// # Errors
    /// [`InvalidScope`] for anything else.
    pub fn new(date: &str, region: &str, service: &str) -> Result<Self, InvalidScope> {
        if is_day(date) && is_name(region) && is_name(service) {
            Ok(Self {
                date: date.into(),
                region: region.into(),
                service: service.into(),
            })
        } else {
            Err(InvalidScope)
        }
    }

    /// Reads the elements of a credential after the access key id.
    pub(super) fn read(
        date: &str,
        region: &str,
        service: &str,
        terminal: &str,
    ) -> Result<Self, AuthorizationError> {
        if terminal != TERMINATOR {
            return Err(AuthorizationError::Terminal(terminal.to_owned()));
        }
        if !is_day(date) {
            return Err(AuthorizationError::Date(date.to_owned()));
        }
        if !is_name(region) {
            return Err(AuthorizationError::Region(region.to_owned()));
        }
        Self::new(date, region, service)
            .map_err(|InvalidScope| AuthorizationError::Service(service.to_owned()))
    }

    /// The day as eight digits.
    pub fn date(&self) -> &str {
        &self.date
    }

    /// The region, such as `us-east-1`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The service, such as `sts`.
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

fn is_day(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_name(text: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
