//! Finds the bucket and key that a request is for.
//!
//! The bucket is in the host (`bucket.localhost`, `bucket.<base domain>`) or is the first segment
//! of the path. The path is decoded exactly once, as for its signature ([`crate::uri`]), and split
//! after that: two paths with the same signature name the same object.

use super::{BucketName, InvalidBucketName, InvalidKey, ObjectKey};
use crate::{
    error::{AwsError, Code},
    uri,
};

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
        let path = decode(path)?;
        if let Some(bucket) = bucket_of_host(host, base_domains) {
            return Self::new(bucket.parse()?, path);
        }
        if path.is_empty() {
            return Ok(Self::Service);
        }
        match path.split_once('/') {
            Some((bucket, key)) => Self::new(bucket.parse()?, key.to_owned()),
            None => Self::new(path.parse()?, String::new()),
        }
    }

    fn new(bucket: BucketName, key: String) -> Result<Self, InvalidTarget> {
        if key.is_empty() {
            return Ok(Self::Bucket(bucket));
        }
        let key = ObjectKey::new(key)?;
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

/// Decodes once. Rejects a `%` that begins no escape.
fn decode(raw: &str) -> Result<String, InvalidTarget> {
    if !uri::has_only_escapes(raw.as_bytes()) {
        return Err(InvalidTarget::Undecodable);
    }
    let text = uri::decode(raw.as_bytes()).collect();
    String::from_utf8(text).map_err(|_| InvalidTarget::Undecodable)
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
            InvalidTarget::Key(InvalidKey::TooLong(bytes)) => {
                Self::new(Code::KeyTooLong, "Your key is too long")
                    .with("Size", bytes.to_string())
                    .with("MaxSizeAllowed", ObjectKey::MAX_LEN.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uri::vectors::PATHS;

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
        assert_eq!(show("h", "/insights/a+b%20c%2B"), "insights a b c+");
    }

    #[test]
    fn bucket_and_key_are_the_text_that_the_signature_covers() {
        for path in PATHS {
            let (_, key) = path.text.split_at("/bucket/".len());
            let shown = show("h", path.raw);
            assert_eq!(shown, format!("bucket {key}"), "{}", path.raw);
            if let Some(raw) = path
                .raw
                .strip_prefix("/bucket")
                .filter(|raw| raw.starts_with('/'))
            {
                assert_eq!(show("bucket.localhost", raw), shown, "{}", path.raw);
            }
        }
    }

    proptest::proptest! {
        /// The signature covers the canonical path, so nothing else may decide what a path names.
        #[test]
        fn a_path_names_what_its_canonical_form_names(path in "/([a-z/.+ü&=]|%[0-9a-fA-F]{2}){0,24}") {
            let mut canonical = Vec::new();
            uri::encode_path_into(&mut canonical, uri::decode(path.as_bytes()));
            let canonical = String::from_utf8(canonical).unwrap();
            for host in ["127.0.0.1", "insights.localhost"] {
                let named = |path| S3Target::parse(host, path, &["localhost"]);
                proptest::prop_assert_eq!(named(&path), named(&canonical), "{}", host);
            }
        }
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
            "/a%252Fb/c",
            "/%2Finsights/a",
        ] {
            assert_eq!(show("h", path), "InvalidBucketName", "{path}");
        }
    }
}
