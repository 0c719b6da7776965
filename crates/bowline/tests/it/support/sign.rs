//! Signature Version 4, written anew from the manual ("Create a signed AWS API request"), so that a
//! mistake which the product made twice, once signing and once verifying, would not go unseen here.

use std::fmt::Write as _;

use aws_lc_rs::{digest, hmac};

use super::http::Request;
use super::keys::Keys;
use super::wait::now;

/// How to sign: as the AWS SDKs do, unless changed.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    keys: Keys,
    service: String,
    region: String,
    /// Seconds since 1970.
    time: i64,
    /// Sent as `x-amz-content-sha256` and signed; `None` is the body's own hash, sent to S3 alone.
    payload: Option<String>,
    /// Headers that are there and are left out of the signature.
    unsigned: Vec<String>,
    /// The path that is signed instead of the canonical one.
    path: Option<String>,
}

impl Signer {
    pub(crate) fn new(keys: &Keys, service: &str) -> Self {
        Self {
            keys: keys.clone(),
            service: service.to_owned(),
            region: "us-east-1".to_owned(),
            time: now(),
            payload: None,
            unsigned: Vec::new(),
            path: None,
        }
    }

    /// Signs this path, whatever the request's is.
    #[must_use]
    pub(crate) fn path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self
    }

    #[must_use]
    pub(crate) fn seconds_ago(mut self, seconds: i64) -> Self {
        self.time -= seconds;
        self
    }

    #[must_use]
    pub(crate) fn payload(mut self, payload: &str) -> Self {
        self.payload = Some(payload.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn leave_unsigned(mut self, header: &str) -> Self {
        self.unsigned.push(header.to_owned());
        self
    }

    /// Adds `host`, the `x-amz-*` headers and `authorization` to a request.
    pub(crate) fn sign(&self, request: Request, port: u16) -> Request {
        let mut request = request;
        if request.value("host").is_none() {
            request = request.header("host", &format!("127.0.0.1:{port}"));
        }
        let date = basic_time(self.time);
        request = request.header("x-amz-date", &date);
        if let Some(token) = &self.keys.session_token {
            request = request.header("x-amz-security-token", token);
        }
        let payload = self
            .payload
            .clone()
            .unwrap_or_else(|| sha256(&request.body));
        if self.service == "s3" || self.payload.is_some() {
            request = request.header("x-amz-content-sha256", &payload);
        }
        let scope = self.scope(&date);
        let (canonical, signed) = self.canonical(&request, &payload);
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
            sha256(canonical.as_bytes())
        );
        let signature = hex(&self.key(&date[..8], to_sign.as_bytes()));
        let id = &self.keys.access_key_id;
        request.header(
            "authorization",
            &format!(
                "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={signed}, Signature={signature}"
            ),
        )
    }

    /// The signatures of a body's chunks, the last and empty one's too, after a request that
    /// declares them and was signed.
    pub(crate) fn chunks(&self, signed: &Request, chunks: &[&str]) -> Vec<String> {
        let authorization = signed.value("authorization").unwrap();
        let (_, mut last) = authorization
            .rsplit_once('=')
            .map(|(head, signature)| (head, signature.to_owned()))
            .unwrap();
        let date = basic_time(self.time);
        let scope = self.scope(&date);
        let nothing = sha256(b"");
        let all = chunks.iter().chain([&""]);
        all.map(|chunk| {
            let hash = sha256(chunk.as_bytes());
            let to_sign =
                format!("AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{last}\n{nothing}\n{hash}");
            last = hex(&self.key(&date[..8], to_sign.as_bytes()));
            last.clone()
        })
        .collect()
    }

    fn scope(&self, date: &str) -> String {
        let (region, service) = (&self.region, &self.service);
        format!("{}/{region}/{service}/aws4_request", &date[..8])
    }

    fn key(&self, day: &str, to_sign: &[u8]) -> Vec<u8> {
        let first = format!("AWS4{}", self.keys.secret_access_key).into_bytes();
        [
            day.as_bytes(),
            self.region.as_bytes(),
            self.service.as_bytes(),
            b"aws4_request",
            to_sign,
        ]
        .iter()
        .fold(first, |key, part| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
            hmac::sign(&key, part).as_ref().to_vec()
        })
    }

    fn canonical(&self, request: &Request, payload: &str) -> (String, String) {
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        // The others encode the path once more. They are all called at `/` here.
        let path = self.path.clone().unwrap_or_else(|| s3_path(path));
        let mut parameters: Vec<String> = query
            .split('&')
            .filter(|p| !p.is_empty())
            .map(|p| {
                if p.contains('=') {
                    p.to_owned()
                } else {
                    format!("{p}=")
                }
            })
            .collect();
        parameters.sort();
        let mut headers: Vec<(String, &str)> = request
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
            .filter(|(name, _)| !self.unsigned.contains(name))
            .filter(|(name, _)| !matches!(&**name, "connection" | "expect" | "transfer-encoding"))
            .collect();
        headers.sort();
        let lines: String = headers
            .iter()
            .flat_map(|(name, value)| [name, ":", value, "\n"])
            .collect();
        let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let canonical = format!(
            "{}\n{path}\n{}\n{lines}\n{names}\n{payload}",
            request.method,
            parameters.join("&")
        );
        (canonical, names)
    }
}

/// The path decoded once, with `+` as a space, and encoded again.
fn s3_path(sent: &str) -> String {
    let text = sent.replace('+', " ");
    let hex = |at: usize| u8::from_str_radix(text.get(at + 1..at + 3)?, 16).ok();
    let (mut canonical, mut at) = (String::new(), 0);
    while let Some(&byte) = text.as_bytes().get(at) {
        let escape = hex(at).filter(|_| byte == b'%');
        at += if escape.is_some() { 3 } else { 1 };
        match escape.unwrap_or(byte) {
            byte if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) => {
                canonical.push(byte.into());
            }
            byte => write!(canonical, "%{byte:02X}").unwrap(),
        }
    }
    canonical
}

/// `20261124T015500Z`
fn basic_time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .unwrap()
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string()
}

/// The lower-case hexadecimal SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(n.into(), 16);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .flatten()
        .collect()
}
