//! The query keys and headers that a request gives, each at most once, and the check that an operation knows them all.

use std::collections::BTreeMap;

use percent_encoding::percent_decode;

use super::{OperationRequest, not_implemented};
use crate::error::{AwsError, Code};

/// The most query parameters; no operation here has half as many.
const MAX_QUERY: usize = 32;

/// Query keys that any operation may have: the SDKs' label, and what a presigned URL is made of.
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

/// Headers that any operation may have: those of the signature and of the SDKs' book-keeping.
const COMMON_HEADERS: [&str; 4] = [
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-user-agent",
];

/// Decodes a raw query into pairs, in order. A `+` is a space, as S3 reads it.
///
/// # Errors
/// `InvalidURI` for text that is not UTF-8, `InvalidArgument` for more than 32 parameters or one that is given twice.
pub fn decode_query(raw: &str) -> Result<Vec<(String, String)>, AwsError> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if pairs.len() == MAX_QUERY || pairs.iter().any(|(n, _)| *n == name) {
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
    let spaced = raw.replace('+', " ");
    percent_decode(spaced.as_bytes())
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| AwsError::new(Code::InvalidUri, "Couldn't parse the specified URI."))
}

/// What a request gives.
#[derive(Debug)]
pub(super) struct Given<'a> {
    query: &'a [(String, String)],
    headers: BTreeMap<&'a str, &'a str>,
}

impl<'a> Given<'a> {
    /// Takes the headers that an operation may read. One that comes twice or is not UTF-8 is refused.
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

    /// All headers whose names begin so, with the rest of their names.
    pub(super) fn headers_under(&self, prefix: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.headers
            .iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, *value)))
    }

    /// Refuses whatever is not on the operation's lists. A name that ends in `-` in `headers` stands for all that begin so.
    pub(super) fn only(&self, query: &[&str], headers: &[&str]) -> Result<(), AwsError> {
        let query_known = |name: &str| query.contains(&name) || COMMON_QUERY.contains(&name);
        let header_known = |name: &str| {
            COMMON_HEADERS.contains(&name)
                || headers
                    .iter()
                    .any(|known| name == *known || known.ends_with('-') && name.starts_with(known))
        };
        let known = self.query.iter().all(|(name, _)| query_known(name))
            && self
                .headers
                .keys()
                .all(|name| !name.starts_with("x-amz-") || header_known(name));
        if known {
            Ok(())
        } else {
            Err(not_implemented())
        }
    }

    /// Refuses headers that would change what the operation does.
    pub(super) fn no_header(&self, names: &[&str]) -> Result<(), AwsError> {
        if names.iter().any(|name| self.headers.contains_key(name)) {
            return Err(not_implemented());
        }
        Ok(())
    }

    /// `x-amz-acl`, as far as it grants nobody anything: access is what policies say.
    pub(super) fn owner_keeps_control(&self) -> Result<Option<String>, AwsError> {
        match self.header("x-amz-acl") {
            None => Ok(None),
            Some(acl @ ("private" | "bucket-owner-full-control")) => Ok(Some(acl.to_owned())),
            Some(_) => Err(not_implemented()),
        }
    }
}

/// Whether any operation reads the header. Others (`accept`, `connection`, ..) may come as often as they like.
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
