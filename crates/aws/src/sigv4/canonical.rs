//! The canonical form of a request: the bytes over which signer and verifier compute the signature.
//!
//! Two requests with the same canonical form must mean the same to the server. The query string, and
//! the path of S3, are decoded once and encoded strictly, with `+` as a space, as AWS does. Header
//! values with control characters are rejected: a line feed could forge the line of another header.

use aws_lc_rs::digest;

use super::{
    error::SignatureError,
    request_parts::RequestParts,
    scope::{CredentialScope, SigningRules},
};
use crate::{
    hex,
    uri::{decode, encode_into, encode_path_into},
};

/// The initial capacity of a canonical request, enough for usual requests.
const INITIAL_BYTES: usize = 1536;

/// Writes the canonical request for `signed_headers` (sorted lower-case names, separated by `;`).
///
/// `payload_hash` is the last line: the hash of the body in hexadecimal, or the value of
/// `x-amz-content-sha256`.
///
/// # Errors
/// A signed header that is absent, a control character, or a path that does not begin with a
/// slash.
pub fn canonical_request(
    parts: &RequestParts<'_>,
    signed_headers: &str,
    payload_hash: &str,
    rules: SigningRules,
) -> Result<Vec<u8>, SignatureError> {
    if has_control(parts.method.as_bytes())
        || has_control(parts.path.as_bytes())
        || has_control(parts.query.as_bytes())
    {
        return Err(SignatureError::ControlCharacter);
    }
    if !parts.path.starts_with('/') {
        return Err(SignatureError::BadTarget);
    }
    let mut out = Vec::with_capacity(INITIAL_BYTES);
    out.extend_from_slice(parts.method.as_bytes());
    out.push(b'\n');
    match rules {
        SigningRules::S3 => encode_path_into(&mut out, decode(parts.path.as_bytes())),
        SigningRules::Standard => standard_path(&mut out, parts.path),
    }
    out.push(b'\n');
    query(&mut out, parts.query);
    out.push(b'\n');
    for name in signed_headers.split(';') {
        header(&mut out, parts, name)?;
    }
    out.push(b'\n');
    out.extend_from_slice(signed_headers.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload_hash.as_bytes());
    Ok(out)
}

/// The string to sign: algorithm, time, scope and the hash of the canonical request.
pub fn string_to_sign(amz_date: &str, scope: &CredentialScope, canonical_request: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, canonical_request);
    format!(
        "AWS4-HMAC-SHA256\n{amz_date}\n{scope}\n{}",
        hex::encode(hash.as_ref())
    )
}

/// Removes empty and dot segments, then percent-encodes the encoded path once more.
fn standard_path(out: &mut Vec<u8>, path: &str) {
    if path == "/" {
        out.push(b'/');
        return;
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    for segment in &segments {
        out.push(b'/');
        encode_into(out, segment.as_bytes().iter().copied());
    }
    if segments.is_empty() || path.ends_with('/') {
        out.push(b'/');
    }
}

/// Writes the parameters, sorted by encoded name, then encoded value. A name without `=` gets one.
fn query(out: &mut Vec<u8>, raw: &str) {
    if raw.is_empty() {
        return;
    }
    let encode = |part: &str| {
        let mut encoded = Vec::with_capacity(part.len() + 8);
        encode_into(&mut encoded, decode(part.as_bytes()));
        encoded
    };
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = raw
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    pairs.sort_unstable();
    for (at, (name, value)) in pairs.iter().enumerate() {
        if at > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value);
    }
}

/// Writes `name:value,value\n`. Trims the values and collapses runs of spaces.
fn header(out: &mut Vec<u8>, parts: &RequestParts<'_>, name: &str) -> Result<(), SignatureError> {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    let mut found = false;
    for (_, value) in parts
        .headers
        .iter()
        .filter(|(n, _)| n.eq_ignore_ascii_case(name))
    {
        if found {
            out.push(b',');
        }
        found = true;
        if value.iter().any(|b| b.is_ascii_control() && *b != b'\t') {
            return Err(SignatureError::ControlCharacter);
        }
        let blank = |b: &u8| matches!(b, b' ' | b'\t');
        if !value.iter().any(blank) {
            out.extend_from_slice(value);
            continue;
        }
        let mut words = value.split(blank).filter(|word| !word.is_empty());
        if let Some(first) = words.next() {
            out.extend_from_slice(first);
        }
        for word in words {
            out.push(b' ');
            out.extend_from_slice(word);
        }
    }
    out.push(b'\n');
    if found {
        Ok(())
    } else {
        Err(SignatureError::SignedHeaderAbsent(name.to_owned()))
    }
}

fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().any(u8::is_ascii_control)
}
