//! Parameters of storing an object: its metadata, and what the request claims of the body.

use std::collections::BTreeMap;

use super::{allowed::Given, invalid_argument, not_implemented};
use crate::{
    checksum::ChecksumAlgorithm,
    error::{AwsError, Code},
};

/// The most bytes of user metadata, names and values together ("Working with object metadata", S3 User Guide).
const MAX_USER_METADATA: usize = 2048;
/// The most bytes of one system header.
const MAX_SYSTEM_HEADER: usize = 4096;
/// Headers that are kept and given back.
const SYSTEM_HEADERS: [&str; 5] = [
    "cache-control",
    "content-disposition",
    "content-language",
    "content-type",
    "expires",
];

/// What is kept with an object beside its data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `content-type` and other headers of HTTP, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// User metadata, names in lower case without `x-amz-meta-`.
    pub user: BTreeMap<String, String>,
}

/// An upload, but for its body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PutObject {
    /// What is kept with the object.
    pub metadata: Metadata,
    /// The checksum that a header claims, in base64.
    pub checksum: Option<(ChecksumAlgorithm, String)>,
    /// `Content-MD5`.
    pub content_md5: Option<String>,
    /// `Content-Length`, of the body as sent.
    pub content_length: Option<u64>,
    /// `x-amz-decoded-content-length`, of the data in a chunked body.
    pub decoded_length: Option<u64>,
    /// `x-amz-trailer`; empty if not sent.
    pub trailer: String,
    /// `If-None-Match: *`: only where no object is.
    pub only_if_absent: bool,
    /// `x-amz-acl`, which changes nothing and is there for policies.
    pub acl: Option<String>,
    /// `x-amz-storage-class`, which can only be `STANDARD` and is there for policies.
    pub storage_class: Option<String>,
}

impl PutObject {
    pub(super) fn read(given: &Given<'_>) -> Result<Self, AwsError> {
        given.only(
            &[],
            &[
                "x-amz-acl",
                "x-amz-checksum-",
                "x-amz-decoded-content-length",
                "x-amz-meta-",
                "x-amz-sdk-checksum-algorithm",
                "x-amz-storage-class",
                "x-amz-trailer",
            ],
        )?;
        given.no_header(&["if-match"])?;
        let storage_class = match given.header("x-amz-storage-class") {
            None => None,
            Some(class @ "STANDARD") => Some(class.to_owned()),
            Some(_) => return Err(not_implemented()),
        };
        let length = |name: &str| match given.header(name) {
            None => Ok(None),
            Some(value) if value.bytes().all(|b| b.is_ascii_digit()) => value
                .parse()
                .map(Some)
                .map_err(|_| invalid_argument(name, value)),
            Some(value) => Err(invalid_argument(name, value)),
        };
        Ok(Self {
            metadata: Metadata::read(given)?,
            checksum: checksum(given)?,
            content_md5: given.header("content-md5").map(str::to_owned),
            content_length: length("content-length")?,
            decoded_length: length("x-amz-decoded-content-length")?,
            trailer: given.header("x-amz-trailer").unwrap_or_default().to_owned(),
            only_if_absent: match given.header("if-none-match") {
                None => false,
                Some("*") => true,
                Some(_) => return Err(not_implemented()),
            },
            acl: given.owner_keeps_control()?,
            storage_class,
        })
    }
}

impl Metadata {
    fn read(given: &Given<'_>) -> Result<Self, AwsError> {
        let mut headers = BTreeMap::new();
        for name in SYSTEM_HEADERS {
            match given.header(name) {
                Some(value) if value.len() > MAX_SYSTEM_HEADER => return Err(too_large()),
                Some(value) => drop(headers.insert(name.to_owned(), value.to_owned())),
                None => {}
            }
        }
        // `aws-chunked` is how the body travels, not what the object is.
        let encodings: Vec<&str> = given
            .header("content-encoding")
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("aws-chunked"))
            .collect();
        if !encodings.is_empty() {
            headers.insert("content-encoding".to_owned(), encodings.join(","));
        }
        let user: BTreeMap<String, String> = given
            .headers_under("x-amz-meta-")
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let size: usize = user
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if size > MAX_USER_METADATA {
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

/// The one checksum header, of an algorithm that is computed here.
pub(super) fn checksum(given: &Given<'_>) -> Result<Option<(ChecksumAlgorithm, String)>, AwsError> {
    let mut found = None;
    for (rest, value) in given.headers_under("x-amz-checksum-") {
        let name = format!("x-amz-checksum-{rest}");
        if name == "x-amz-checksum-type" && value == "FULL_OBJECT" {
            continue;
        }
        if name == "x-amz-checksum-algorithm" && ChecksumAlgorithm::from_name(value).is_some() {
            continue;
        }
        let algorithm = ChecksumAlgorithm::from_header(&name).ok_or_else(not_implemented)?;
        if found.replace((algorithm, value.to_owned())).is_some() {
            return Err(AwsError::new(
                Code::InvalidRequest,
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
            ));
        }
    }
    match given.header("x-amz-sdk-checksum-algorithm") {
        Some(name) if ChecksumAlgorithm::from_name(name).is_none() => Err(not_implemented()),
        Some(_) | None => Ok(found),
    }
}
