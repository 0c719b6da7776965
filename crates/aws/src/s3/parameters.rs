//! The query and headers of a request, each name at most once, and the check that an operation
//! knows all of them: an unknown query key or `x-amz-*` header could make the request another one.

use std::collections::BTreeMap;

use bowline_iam::account::AccountId;

use super::{
    error::{unsupported_header, unsupported_parameter},
    operation::Neutral,
};
use crate::{
    checksum::ChecksumAlgorithm,
    error::{AwsError, Code},
    uri,
};

/// The most query parameters; no operation reads half as many.
const MAX_QUERY_PARAMETERS: usize = 32;

/// Query keys of every operation: the SDKs' label, and those of a presigned URL.
const COMMON_QUERY: [&str; 9] = [
    "x-id",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "X-Amz-Content-Sha256",
];

/// Headers of every operation: those of the signature and of the SDKs' bookkeeping. The API has one
/// version, which the SDK for C++ names.
const COMMON_HEADERS: [&str; 5] = [
    "x-amz-api-version",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-user-agent",
];

/// The header with the account that must own the bucket.
pub(super) const EXPECTED_OWNER: &str = "x-amz-expected-bucket-owner";

/// A request without its target and body.
#[derive(Debug, Clone, Copy)]
pub struct OperationRequest<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The query, decoded by [`decode_query`].
    pub query: &'a [(String, String)],
    /// Header names in lower case with their values, as received.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl OperationRequest<'_> {
    /// The account that must own the bucket, if the request names one. [`Operation::parse`] rejects
    /// the header if it is repeated, or if the operation is not about a bucket that exists.
    ///
    /// # Errors
    /// `InvalidBucketOwnerAWSAccountID` for a text that is no account id.
    ///
    /// [`Operation::parse`]: super::Operation::parse
    pub fn expected_bucket_owner(&self) -> Result<Option<AccountId>, AwsError> {
        let mut headers = self.headers.iter();
        let Some((_, value)) = headers.find(|(name, _)| *name == EXPECTED_OWNER) else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(value);
        text.trim().parse().map(Some).map_err(|_| {
            let shown: String = text.chars().take(64).collect();
            AwsError::new(
                Code::InvalidBucketOwner,
                format!("The value of the expected bucket owner parameter must be an AWS Account ID... [{shown}]"),
            )
        })
    }
}

/// Decodes a raw query into pairs, in order. A `+` is a space, as S3 reads it.
///
/// # Errors
/// `InvalidURI` for text that is not UTF-8, `InvalidArgument` for more than 32 parameters or a
/// repeated one.
pub fn decode_query(raw: &str) -> Result<Vec<(String, String)>, AwsError> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if pairs.len() == MAX_QUERY_PARAMETERS || pairs.iter().any(|(n, _)| *n == name) {
            return Err(AwsError::new(
                Code::InvalidArgument,
                "The query has too many parameters, or one of them twice",
            ));
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn decode(raw: &str) -> Result<String, AwsError> {
    String::from_utf8(uri::decode(raw.as_bytes()).collect())
        .map_err(|_| AwsError::new(Code::InvalidUri, "Couldn't parse the specified URI."))
}

/// The query and headers of one request.
#[derive(Debug)]
pub struct RequestParameters<'a> {
    query: &'a [(String, String)],
    headers: BTreeMap<&'a str, &'a str>,
}

impl<'a> RequestParameters<'a> {
    /// Takes the headers that operations read. One that is repeated or not UTF-8 is rejected.
    pub(super) fn new(request: &OperationRequest<'a>) -> Result<Self, AwsError> {
        let mut headers = BTreeMap::new();
        for &(name, value) in request.headers {
            if !is_read(name) {
                continue;
            }
            let value = str::from_utf8(value).map_err(|_| {
                AwsError::new(
                    Code::InvalidRequest,
                    format!("The value of header {name} is not UTF-8"),
                )
            })?;
            if headers
                .insert(name, value.trim_matches([' ', '\t']))
                .is_some()
            {
                return Err(AwsError::new(
                    Code::InvalidRequest,
                    format!("Header {name} is given more than once"),
                ));
            }
        }
        Ok(Self {
            query: request.query,
            headers,
        })
    }

    pub(super) fn query(&self, name: &str) -> Option<&'a str> {
        self.query
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name).copied()
    }

    /// The headers whose names begin with `prefix`, with the rest of their names.
    pub(super) fn headers_with_prefix(
        &self,
        prefix: &str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.headers
            .iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, *value)))
    }

    /// Rejects query keys and `x-amz-*` headers that an operation does not read, and neutral ones
    /// with another value. A name that ends in `-` in `headers` stands for all that begin so.
    pub(super) fn reject_unknown(
        &self,
        selector: Option<&str>,
        query: &[&str],
        headers: &[&str],
        neutral: &[Neutral],
    ) -> Result<(), AwsError> {
        let is_neutral = |name: &str, value: &str| {
            let mut neutral = neutral.iter();
            neutral.any(|(known, values)| *known == name && values.contains(&value))
        };
        let query_known = |name: &str, value: &str| {
            selector == Some(name)
                || query.contains(&name)
                || COMMON_QUERY.contains(&name)
                || is_neutral(name, value)
        };
        let header_known = |name: &str, value: &str| {
            is_neutral(name, value)
                || COMMON_HEADERS.contains(&name)
                || headers
                    .iter()
                    .any(|known| name == *known || known.ends_with('-') && name.starts_with(known))
        };
        let mut query = self.query.iter();
        if let Some((name, _)) = query.find(|(name, value)| !query_known(name, value)) {
            return Err(unsupported_parameter(name));
        }
        let mut headers = self.headers.iter();
        let unknown =
            headers.find(|(name, value)| name.starts_with("x-amz-") && !header_known(name, value));
        match unknown {
            Some((name, _)) => Err(unsupported_header(name)),
            None => Ok(()),
        }
    }

    /// Whether the request names the version `null`.
    pub(super) fn names_null_version(&self) -> bool {
        self.query("versionId").is_some()
    }

    /// Rejects headers that would change what the operation does.
    pub(super) fn reject_headers(&self, names: &[&str]) -> Result<(), AwsError> {
        match names.iter().find(|name| self.headers.contains_key(*name)) {
            Some(name) => Err(unsupported_header(name)),
            None => Ok(()),
        }
    }

    /// `x-amz-acl`, if it grants nothing: policies alone grant access.
    pub(super) fn private_acl(&self) -> Result<Option<String>, AwsError> {
        match self.header("x-amz-acl") {
            None => Ok(None),
            Some(acl @ ("private" | "bucket-owner-full-control")) => Ok(Some(acl.to_owned())),
            Some(_) => Err(unsupported_header("x-amz-acl")),
        }
    }

    /// The body's checksum that a header states, in base64: at most one, of a known algorithm.
    pub(super) fn claimed_checksum(&self) -> Result<Option<(ChecksumAlgorithm, String)>, AwsError> {
        let mut found = None;
        for (rest, value) in self.headers_with_prefix("x-amz-checksum-") {
            let name = format!("x-amz-checksum-{rest}");
            if name == "x-amz-checksum-type" && value == "FULL_OBJECT" {
                continue;
            }
            if name == "x-amz-checksum-algorithm" && ChecksumAlgorithm::from_name(value).is_some() {
                continue;
            }
            let algorithm = ChecksumAlgorithm::from_header(&name);
            let algorithm = algorithm.ok_or_else(|| unsupported_header(&name))?;
            if found.replace((algorithm, value.to_owned())).is_some() {
                return Err(AwsError::new(
                    Code::InvalidRequest,
                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
                ));
            }
        }
        let header = "x-amz-sdk-checksum-algorithm";
        match self.header(header) {
            Some(name) if ChecksumAlgorithm::from_name(name).is_none() => {
                Err(unsupported_header(header))
            }
            Some(_) | None => Ok(found),
        }
    }
}

/// Whether an operation reads the header. The others (`accept`, `connection`, ..) may be repeated.
fn is_read(name: &str) -> bool {
    name.starts_with("x-amz-")
        || matches!(
            name,
            "cache-control"
                | "content-disposition"
                | "content-encoding"
                | "content-language"
                | "content-length"
                | "content-md5"
                | "content-type"
                | "expires"
                | "if-match"
                | "if-modified-since"
                | "if-none-match"
                | "if-unmodified-since"
                | "range"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_knows_the_query_keys_of_a_presigned_url() {
        insta::assert_snapshot!(COMMON_QUERY.join(" "), @"x-id X-Amz-Algorithm X-Amz-Credential X-Amz-Date X-Amz-Expires X-Amz-SignedHeaders X-Amz-Signature X-Amz-Security-Token X-Amz-Content-Sha256");
    }
}
