//! Parameters of reading an object: range and preconditions.

use std::{fmt, ops};

use jiff::{Timestamp, fmt::rfc2822};

use super::{error::unsupported_header, parameters::RequestParameters};
use crate::{
    checksum::{Checksum, ChecksumAlgorithm},
    error::{AwsError, Code},
};

/// The `x-amz-*` headers that [`ReadParameters`] reads.
pub(super) const READ_HEADERS: [&str; 8] = [
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-mode",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
    "x-amz-expected-bucket-owner",
    "x-amz-te",
];

/// How to read an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadParameters {
    /// The range; `None` for the whole object.
    pub range: Option<ByteRange>,
    /// When to read the object at all.
    pub preconditions: Preconditions,
    /// Whether the response shows the stored checksum.
    pub checksum: bool,
}

/// The byte range of a `Range` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
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
pub struct Preconditions {
    if_match: Option<String>,
    if_none_match: Option<String>,
    if_modified_since: Option<Timestamp>,
    if_unmodified_since: Option<Timestamp>,
}

impl ReadParameters {
    pub(super) fn parse(parameters: &RequestParameters<'_>) -> Result<Self, AwsError> {
        // The SDK for Java also sends a checksum of the request's body, which is empty.
        for algorithm in ChecksumAlgorithm::ALL {
            if let Some(claimed) = parameters.header(algorithm.header()) {
                Checksum::new(algorithm).finish().verify(claimed)?;
            }
        }
        // It also accepts an MD5 behind the data. A response that does not announce one has none.
        if parameters
            .header("x-amz-te")
            .is_some_and(|coding| coding != "append-md5")
        {
            return Err(unsupported_header("x-amz-te"));
        }
        // A malformed date is ignored (RFC 9110, 13.1.3).
        let date = |name| parameters.header(name).and_then(parse_http_date);
        Ok(Self {
            range: parameters.header("range").and_then(ByteRange::parse),
            preconditions: Preconditions {
                if_match: parameters.header("if-match").map(str::to_owned),
                if_none_match: parameters.header("if-none-match").map(str::to_owned),
                if_modified_since: date("if-modified-since"),
                if_unmodified_since: date("if-unmodified-since"),
            },
            checksum: parameters
                .header("x-amz-checksum-mode")
                .is_some_and(|mode| mode.eq_ignore_ascii_case("enabled")),
        })
    }
}

impl ByteRange {
    /// Reads a `Range` header. Several ranges, other units and malformed ones are `None`: the
    /// response is the whole object then, as RFC 9110 (14.2) allows and AWS does.
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

    /// The range in an object of `length` bytes.
    ///
    /// # Errors
    /// `InvalidRange` if it is empty.
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
            .with("RangeRequested", self.to_string())
            .with("ActualObjectSize", length.to_string()));
        }
        Ok(range)
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between(first, last) => write!(f, "bytes={first}-{last}"),
            Self::From(first) => write!(f, "bytes={first}-"),
            Self::Last(n) => write!(f, "bytes=-{n}"),
        }
    }
}

impl Preconditions {
    /// Evaluates the conditions for an object, in the order of RFC 9110, 13.2.2. `etag` is without
    /// quotes. An `If-Modified-Since` after `now` is ignored (RFC 7232, 3.3).
    ///
    /// # Errors
    /// `PreconditionFailed` and `NotModified`.
    pub fn check(&self, etag: &str, modified: Timestamp, now: Timestamp) -> Result<(), AwsError> {
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
            (None, Some(since)) => since <= now && modified <= since.as_second(),
            (None, None) => false,
        };
        if same {
            return Err(AwsError::new(Code::NotModified, "Not Modified"));
        }
        Ok(())
    }
}

/// Whether a list of entity tags contains this one. `W/` makes no difference, and S3 accepts tags
/// without quotes.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_accepts_a_checksum_of_every_algorithm() {
        for algorithm in ChecksumAlgorithm::ALL {
            assert!(READ_HEADERS.contains(&algorithm.header()), "{algorithm:?}");
        }
    }

    #[test]
    fn a_range_is_cut_to_the_object() {
        let within = |header: &str| {
            ByteRange::parse(header).map(|range| range.within(10).map_err(|e| e.code()))
        };
        assert_eq!(within("bytes=1-3"), Some(Ok(1..4)));
        assert_eq!(within("bytes=8-"), Some(Ok(8..10)));
        assert_eq!(within("bytes=-2"), Some(Ok(8..10)));
        assert_eq!(within("bytes=-20"), Some(Ok(0..10)));
        assert_eq!(within("bytes=5-18446744073709551615"), Some(Ok(5..10)));
        assert_eq!(within("bytes=10-"), Some(Err(Code::InvalidRange)));
        assert_eq!(within("bytes=-0"), Some(Err(Code::InvalidRange)));
        for header in ["bytes=1-3", "bytes=8-", "bytes=-2"] {
            let range = ByteRange::parse(header).map(|range| range.to_string());
            assert_eq!(range.as_deref(), Some(header));
        }
        for whole in [
            "lines=1-2",
            "bytes=1-2,4-5",
            "bytes=3-1",
            "bytes=+1-2",
            "bytes=-",
            "bytes=",
        ] {
            assert_eq!(within(whole), None, "{whole}");
        }
    }
}
