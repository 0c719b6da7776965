//! The metadata of an object.

use std::collections::BTreeMap;

use super::parameters::RequestParameters;
use crate::error::{AwsError, Code};

/// The most bytes of user metadata, names and values together ("Working with object metadata", S3
/// User Guide).
const MAX_USER_METADATA_BYTES: usize = 2048;
/// The most bytes of one system header.
const MAX_SYSTEM_HEADER_BYTES: usize = 4096;
/// Headers that are stored and sent back, beside `content-encoding`.
const SYSTEM_HEADERS: [&str; 5] = [
    "cache-control",
    "content-disposition",
    "content-language",
    "content-type",
    "expires",
];

/// What is stored with an object beside its data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectMetadata {
    /// `content-type` and other headers of HTTP, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// User metadata, names in lower case without `x-amz-meta-`.
    pub user: BTreeMap<String, String>,
}

impl ObjectMetadata {
    pub(super) fn parse(parameters: &RequestParameters<'_>) -> Result<Self, AwsError> {
        let mut headers = BTreeMap::new();
        for name in SYSTEM_HEADERS {
            match parameters.header(name) {
                Some(value) if value.len() > MAX_SYSTEM_HEADER_BYTES => return Err(too_large()),
                Some(value) => drop(headers.insert(name.to_owned(), value.to_owned())),
                None => {}
            }
        }
        // `aws-chunked` describes the transfer, not the object.
        let encodings: Vec<&str> = parameters
            .header("content-encoding")
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("aws-chunked"))
            .collect();
        if !encodings.is_empty() {
            headers.insert("content-encoding".to_owned(), encodings.join(","));
        }
        let user: BTreeMap<String, String> = parameters
            .headers_with_prefix("x-amz-meta-")
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let size: usize = user
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if size > MAX_USER_METADATA_BYTES {
            return Err(too_large());
        }
        Ok(Self { headers, user })
    }
}

fn too_large() -> AwsError {
    AwsError::new(
        Code::MetadataTooLarge,
        "Your metadata headers exceed the maximum allowed metadata size",
    )
}
