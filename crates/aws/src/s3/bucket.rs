//! Bucket names.

use std::{fmt, net::Ipv4Addr, str::FromStr, sync::Arc};

/// The name of a general purpose bucket, by the rules for new ones ("General purpose bucket naming
/// rules", S3 User Guide). Cloning is cheap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketName(Arc<str>);

/// The text is not a valid bucket name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a bucket name")]
pub struct InvalidBucketName(pub String);

/// Prefixes that AWS reserves; `xn--` marks an internationalized domain.
const RESERVED_PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
/// Suffixes of access points, directory buckets and tables.
const RESERVED_SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

impl BucketName {
    /// The name as text: 3 to 63 of `a-z`, `0-9`, `-` and `.`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `arn:aws:s3:::bucket`.
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.0)
    }
}

impl FromStr for BucketName {
    type Err = InvalidBucketName;

    fn from_str(text: &str) -> Result<Self, InvalidBucketName> {
        let alphanumeric =
            |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let valid = (3..=63).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
            && alphanumeric(text.bytes().next())
            && alphanumeric(text.bytes().next_back())
            && !text.contains("..")
            && text.parse::<Ipv4Addr>().is_err()
            && !RESERVED_PREFIXES
                .iter()
                .any(|prefix| text.starts_with(prefix))
            && !RESERVED_SUFFIXES
                .iter()
                .any(|suffix| text.ends_with(suffix));
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(InvalidBucketName(text.to_owned()))
        }
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_name_follows_the_rules_for_new_buckets() {
        for good in [
            "abc",
            "a-b.c",
            "0a0",
            "fine-name.1",
            "a--b",
            &"a".repeat(63),
        ] {
            assert!(good.parse::<BucketName>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "ab",
            "Insights",
            "-ab",
            "ab-",
            ".ab",
            "a..b",
            "..",
            "192.168.1.1",
            "a_b",
            "a/b",
            "xn--a",
            "sthree-a",
            "a-s3alias",
            "a--x-s3",
            "a--ol-s3",
            "a.mrap",
            "a\0b",
            "bücket",
            &"a".repeat(64),
        ] {
            assert!(bad.parse::<BucketName>().is_err(), "{bad}");
        }
    }
}
