//! From host and path to bucket and key.
//!
//! The bucket stands in the host (`bucket.localhost`, `bucket.<base domain>`) or is the first segment of the path. The key is decoded exactly
//! once; the path as received stays with the caller, since that is what was signed.

use percent_encoding::percent_decode_str;

use super::{BucketName, InvalidBucketName, InvalidKey, ObjectKey};
use crate::error::{AwsError, Code};

/// Where the bucket stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressingStyle {
    /// In the path.
    Path,
    /// In the host.
    VirtualHost,
}

/// What a request is about: the service, a bucket, or an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Target {
    /// The bucket; `None` means the service.
    pub bucket: Option<BucketName>,
    /// The key; never without a bucket.
    pub key: Option<ObjectKey>,
    /// Where the bucket stood.
    pub style: AddressingStyle,
}

/// Why a target cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// The path does not begin with a slash, has a malformed escape, or is not UTF-8 once decoded.
    #[error("the path cannot be decoded")]
    Undecodable,
    /// The bucket's name is none.
    #[error(transparent)]
    Bucket(#[from] InvalidBucketName),
    /// The key is none.
    #[error(transparent)]
    Key(#[from] InvalidKey),
}

impl S3Target {
    /// Reads `host` (with or without port) and `raw_path` (as received, without query).
    ///
    /// `base_domains` are in lower case, without leading dot; `localhost` is to be among them if wanted.
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
            return Ok(Self {
                bucket: Some(bucket.parse()?),
                key: key(path)?,
                style: AddressingStyle::VirtualHost,
            });
        }
        if path.is_empty() {
            return Ok(Self {
                bucket: None,
                key: None,
                style: AddressingStyle::Path,
            });
        }
        let (bucket, rest) = path.split_once('/').unwrap_or((path, ""));
        Ok(Self {
            bucket: Some(decode(bucket)?.parse()?),
            key: key(rest)?,
            style: AddressingStyle::Path,
        })
    }
}

fn key(raw: &str) -> Result<Option<ObjectKey>, InvalidTarget> {
    if raw.is_empty() {
        return Ok(None);
    }
    Ok(Some(ObjectKey::new(decode(raw)?)?))
}

/// Decodes once. A `%` that begins no escape is refused: whoever signed it and we could read it differently.
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

/// The label before a base domain. An IP address is under none.
fn bucket_of_host<D: AsRef<str>>(host: &str, base_domains: &[D]) -> Option<String> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    // Host names have no case and may end in the root's dot.
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let domains = base_domains.iter().map(AsRef::as_ref);
    let label = |domain: &str| name.strip_suffix(domain)?.strip_suffix('.');
    // A base domain is an endpoint itself, even under another one. Of several the longest is meant, which leaves the shortest label.
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
            Ok(target) => format!(
                "{:?} {} {}",
                target.style,
                target.bucket.as_ref().map_or("-", BucketName::as_str),
                target.key.as_ref().map_or("-", ObjectKey::as_str)
            ),
            Err(error) => format!("{:?}", AwsError::from(error).code()),
        }
    }

    #[test]
    fn of_several_base_domains_the_longest_is_meant() {
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
        assert_eq!(show("127.0.0.1:9400", "/"), "Path - -");
        assert_eq!(show("127.0.0.1:9400", "/insights"), "Path insights -");
        assert_eq!(show("[::1]:9400", "/insights/"), "Path insights -");
        assert_eq!(
            show("localhost:9400", "/insights/bot/a"),
            "Path insights bot/a"
        );
        assert_eq!(
            show("insights.localhost:9400", "/bot/a"),
            "VirtualHost insights bot/a"
        );
        assert_eq!(show("a.b.s3.example.com", "/"), "VirtualHost a.b -");
        assert_eq!(show("notlocalhost", "/insights/a"), "Path insights a");
        assert_eq!(show(".localhost", "/a"), "InvalidBucketName");
    }

    #[test]
    fn a_key_is_decoded_once_and_slashes_are_kept() {
        assert_eq!(show("h", "/insights/%2561"), "Path insights %61");
        assert_eq!(show("h", "/insights//a//b/"), "Path insights /a//b/");
        assert_eq!(show("h", "/insights/a+b%20c"), "Path insights a+b c");
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
