//! Parameters of reading an object: range and conditions.

use std::ops;

use jiff::{Timestamp, fmt::rfc2822};

use super::{allowed::Given, not_implemented};
use crate::{
    checksum::{Checksum, ChecksumAlgorithm},
    error::{AwsError, Code},
};

/// How an object is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadObject {
    /// The part asked for; `None` for all of it.
    pub range: Option<Range>,
    /// When to read it at all.
    pub conditions: Conditions,
    /// Whether the stored checksum is to be shown.
    pub checksum: bool,
}

/// A single byte range of a `Range` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// `bytes=a-b`, both inclusive.
    Between(u64, u64),
    /// `bytes=a-`.
    From(u64),
    /// `bytes=-n`: the last n.
    Last(u64),
}

/// The conditional headers of RFC 9110, section 13.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_field_names,
    reason = "the fields have the names of their headers"
)]
pub struct Conditions {
    if_match: Option<String>,
    if_none_match: Option<String>,
    if_modified_since: Option<Timestamp>,
    if_unmodified_since: Option<Timestamp>,
}

impl ReadObject {
    pub(super) fn read(given: &Given<'_>) -> Result<Self, AwsError> {
        let mut headers = ChecksumAlgorithm::ALL
            .map(ChecksumAlgorithm::header)
            .to_vec();
        headers.extend(["x-amz-checksum-mode", "x-amz-te"]);
        given.only(&[], &headers)?;
        // The SDK for Java claims a checksum of a read's body too, which is empty.
        for algorithm in ChecksumAlgorithm::ALL {
            if let Some(claimed) = given.header(algorithm.header()) {
                Checksum::new(algorithm).finish().verify(claimed)?;
            }
        }
        // It also takes an MD5 behind the data. An answer that does not say that it has one has none.
        if given
            .header("x-amz-te")
            .is_some_and(|coding| coding != "append-md5")
        {
            return Err(not_implemented());
        }
        // A date that cannot be read is as good as not sent (RFC 9110, 13.1.3).
        let date = |name| given.header(name).and_then(parse_http_date);
        Ok(Self {
            range: given.header("range").and_then(Range::parse),
            conditions: Conditions {
                if_match: given.header("if-match").map(str::to_owned),
                if_none_match: given.header("if-none-match").map(str::to_owned),
                if_modified_since: date("if-modified-since"),
                if_unmodified_since: date("if-unmodified-since"),
            },
            checksum: given
                .header("x-amz-checksum-mode")
                .is_some_and(|mode| mode.eq_ignore_ascii_case("enabled")),
        })
    }
}

impl Range {
    /// Reads a `Range` header. Several ranges, other units and malformed ones are `None`: the whole object is then sent, as RFC 9110
    /// (14.2) allows and AWS does.
    pub fn parse(header: &str) -> Option<Self> {
        let (first, last) = header.strip_prefix("bytes=")?.trim().split_once('-')?;
        match (first, last) {
            ("", last) => digits(last).map(Self::Last),
            (first, "") => digits(first).map(Self::From),
            (first, last) => {
                let (first, last) = (digits(first)?, digits(last)?);
                (first <= last).then_some(Self::Between(first, last))
            }
        }
    }

    /// The bytes meant in an object of this length.
    ///
    /// # Errors
    /// `InvalidRange` if there are none.
    pub fn within(self, length: u64) -> Result<ops::Range<u64>, AwsError> {
        let range = match self {
            Self::Between(first, last) => first..last.saturating_add(1).min(length),
            Self::From(first) => first..length,
            Self::Last(n) => length.saturating_sub(n)..length,
        };
        if range.is_empty() {
            return Err(AwsError::new(
                Code::InvalidRange,
                "The requested range is not satisfiable",
            )
            .with("ActualObjectSize", length.to_string()));
        }
        Ok(range)
    }
}

impl Conditions {
    /// Holds the conditions against an object, in the order of RFC 9110, 13.2.2. `etag` is without quotes.
    ///
    /// # Errors
    /// `PreconditionFailed` and `NotModified`.
    pub fn check(&self, etag: &str, modified: Timestamp) -> Result<(), AwsError> {
        let modified = modified.as_second();
        let failed = |condition: &'static str| {
            Err(AwsError::new(
                Code::PreconditionFailed,
                "At least one of the pre-conditions you specified did not hold",
            )
            .with("Condition", condition))
        };
        match (&self.if_match, self.if_unmodified_since) {
            (Some(tags), _) if !matches(tags, etag) => return failed("If-Match"),
            (None, Some(since)) if modified > since.as_second() => {
                return failed("If-Unmodified-Since");
            }
            (Some(_) | None, _) => {}
        }
        let same = match (&self.if_none_match, self.if_modified_since) {
            (Some(tags), _) => matches(tags, etag),
            (None, Some(since)) => modified <= since.as_second(),
            (None, None) => false,
        };
        if same {
            return Err(AwsError::new(Code::NotModified, "Not Modified"));
        }
        Ok(())
    }
}

/// Whether a list of entity tags names this one. `W/` makes no difference, and S3 takes tags without quotes too.
fn matches(tags: &str, etag: &str) -> bool {
    tags.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"') == etag)
}

fn digits(text: &str) -> Option<u64> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn parse_http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}
