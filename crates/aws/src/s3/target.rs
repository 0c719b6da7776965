//! Finds the bucket and key that a request is for.
//!
//! The bucket is in the host (`bucket.localhost`, `bucket.<base domain>`) or is the first segment
//! of the path. The key is decoded exactly once. Signatures are verified over the path as received.

use percent_encoding::percent_decode_str;

use super::{BucketName, InvalidBucketName, InvalidKey, ObjectKey};
use crate::error::{AwsError, Code};

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum S3Target {
    /// Neither a bucket nor an object.
    Service,
    /// A bucket.
    Bucket(BucketName),
    /// An object.
    Object(ObjectAddress),
}

/// A kind of [`S3Target`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// Neither a bucket nor an object.
    Service,
    /// A bucket.
    Bucket,
    /// An object.
    Object,
}

/// The bucket and key of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectAddress {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
}

impl ObjectAddress {
    /// `arn:aws:s3:::bucket/key`.
    pub fn arn(&self) -> String {
        format!("{}/{}", self.bucket.arn(), self.key)
    }
}

/// Why a target cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// The path does not begin with a slash, has a malformed escape, or is not UTF-8 once decoded.
    #[error("the path cannot be decoded")]
    Undecodable,
    /// The bucket's name is invalid.
    #[error(transparent)]
    Bucket(#[from] InvalidBucketName),
    /// The key is invalid.
    #[error(transparent)]
    Key(#[from] InvalidKey),
}

impl S3Target {
    /// Reads `host` (with or without port) and `raw_path` (as received, without query).
    ///
    /// `base_domains` are in lower case, without leading dot. `localhost` is one only if listed.
    ///
    /// # Errors
    /// [`InvalidTarget`].
    pub fn parse<D: AsRef<str>>(
        host: &str,
        raw_path: &str,
        base_domains: &[D],
    ) -> Result<Self, InvalidTarget> {
        let path = raw_path
            .strip_prefix('/')
            .ok_or(InvalidTarget::Undecodable)?;
        if let Some(bucket) = bucket_of_host(host, base_domains) {
            return Self::new(bucket.parse()?, path);
        }
        if path.is_empty() {
            return Ok(Self::Service);
        }
        let (bucket, rest) = path.split_once('/').unwrap_or((path, ""));
        Self::new(decode(bucket)?.parse()?, rest)
    }

    fn new(bucket: BucketName, raw_key: &str) -> Result<Self, InvalidTarget> {
        if raw_key.is_empty() {
            return Ok(Self::Bucket(bucket));
        }
        let key = ObjectKey::new(decode(raw_key)?)?;
        Ok(Self::Object(ObjectAddress { bucket, key }))
    }

    /// Which kind of target it is.
    pub const fn kind(&self) -> TargetKind {
        match self {
            Self::Service => TargetKind::Service,
            Self::Bucket(_) => TargetKind::Bucket,
            Self::Object(_) => TargetKind::Object,
        }
    }
}

/// Decodes once. Rejects a `%` that begins no escape: the signer could have read it differently.
fn decode(raw: &str) -> Result<String, InvalidTarget> {
    let mut rest = raw.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%'
            && !tail
                .get(..2)
                .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
        {
            return Err(InvalidTarget::Undecodable);
        }
    }
    let text = percent_decode_str(raw)
        .decode_utf8()
        .map_err(|_| InvalidTarget::Undecodable)?;
    Ok(text.into_owned())
}

/// The label before a base domain. An IP address has none.
fn bucket_of_host<D: AsRef<str>>(host: &str, base_domains: &[D]) -> Option<String> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    // Host names have no case and may end in the root's dot.
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let domains = base_domains.iter().map(AsRef::as_ref);
    let label = |domain: &str| name.strip_suffix(domain)?.strip_suffix('.');
    // A base domain is an endpoint itself, even under another one. Of several matches the longest
    // domain counts, which leaves the shortest label.
    if domains.clone().any(|domain| domain == name) {
        return None;
    }
    let shortest = domains.filter_map(label).min_by_key(|label| label.len());
    shortest.map(str::to_owned)
}

impl From<InvalidTarget> for AwsError {
    fn from(error: InvalidTarget) -> Self {
        match error {
            InvalidTarget::Undecodable
            | InvalidTarget::Key(InvalidKey::Empty | InvalidKey::ClimbsOut) => {
                Self::new(Code::InvalidUri, "Couldn't parse the specified URI.")
            }
            InvalidTarget::Bucket(InvalidBucketName(name)) => Self::new(
                Code::InvalidBucketName,
                "The specified bucket is not valid.",
            )
            .with("BucketName", name),
            InvalidTarget::Key(InvalidKey::TooLong) => {
                Self::new(Code::KeyTooLong, "Your key is too long")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(host: &str, path: &str) -> String {
        match S3Target::parse(host, path, &["localhost", "s3.example.com"]) {
            Ok(S3Target::Service) => "-".to_owned(),
            Ok(S3Target::Bucket(bucket)) => bucket.to_string(),
            Ok(S3Target::Object(object)) => format!("{} {}", object.bucket, object.key),
            Err(error) => format!("{:?}", AwsError::from(error).code()),
        }
    }

    #[test]
    fn the_longest_matching_base_domain_counts() {
        let domains = ["example.com", "s3.example.com"];
        let bucket = |host| bucket_of_host(host, &domains);
        assert_eq!(bucket("data.s3.example.com").as_deref(), Some("data"));
        assert_eq!(bucket("data.example.com:9400").as_deref(), Some("data"));
        for endpoint in ["s3.example.com", "S3.example.com.", "example.com:9400"] {
            assert_eq!(bucket(endpoint), None, "{endpoint}");
        }
    }

    #[test]
    fn the_bucket_is_in_the_host_or_first_in_the_path() {
        assert_eq!(show("127.0.0.1:9400", "/"), "-");
        assert_eq!(show("127.0.0.1:9400", "/insights"), "insights");
        assert_eq!(show("[::1]:9400", "/insights/"), "insights");
        assert_eq!(show("localhost:9400", "/insights/bot/a"), "insights bot/a");
        assert_eq!(show("insights.localhost:9400", "/bot/a"), "insights bot/a");
        assert_eq!(show("a.b.s3.example.com", "/"), "a.b");
        assert_eq!(show("notlocalhost", "/insights/a"), "insights a");
        assert_eq!(show(".localhost", "/a"), "InvalidBucketName");
    }

    #[test]
    fn a_key_is_decoded_once_and_slashes_are_kept() {
        assert_eq!(show("h", "/insights/%2561"), "insights %61");
        assert_eq!(show("h", "/insights//a//b/"), "insights /a//b/");
        assert_eq!(show("h", "/insights/a+b%20c"), "insights a+b c");
    }

    #[test]
    fn no_path_reaches_another_bucket() {
        for path in [
            "/insights/../other/x",
            "/insights/%2e%2e/other",
            "/insights/..%2Fother",
            "/insights/%",
            "/insights/%ff",
            "",
        ] {
            assert_eq!(show("h", path), "InvalidUri", "{path}");
        }
        for path in [
            "//insights/a",
            "/./insights/a",
            "/../x",
            "/%2e%2e/x",
            "/Insights/a",
            "/a%2Fb/c",
        ] {
            assert_eq!(show("h", path), "InvalidBucketName", "{path}");
        }
    }
}
