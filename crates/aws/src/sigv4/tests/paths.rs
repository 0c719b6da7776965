//! Spellings of S3's paths, in every way to sign that has a path: each vector is signed anew over
//! the canonical path of the table, and over the path as sent.

use aws_lc_rs::digest;

use super::*;
use crate::{hex, uri::vectors::PATHS};

const AMZ_DATE: &str = "20261124T003000Z";
const SCOPE: &str = "20261124/us-east-1/s3/aws4_request";
const SIGNED: &str = "host;x-amz-content-sha256;x-amz-date";

/// A request for `raw` whose signature covers the path `signed`, written without this crate's own
/// signer.
fn request(raw: &str, signed: &str, content: &str) -> Request {
    let canonical = format!(
        "PUT\n{signed}\n\nhost:127.0.0.1:9400\nx-amz-content-sha256:{content}\nx-amz-date:{AMZ_DATE}\n\n{SIGNED}\n{content}"
    );
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{AMZ_DATE}\n{SCOPE}\n{}",
        sha256(canonical.as_bytes())
    );
    let signature = hex::encode(&key().sign(to_sign.as_bytes()));
    let mut request = Request::new("PUT", "/", "data")
        .header("x-amz-content-sha256", content)
        .header("x-amz-date", AMZ_DATE)
        .header(
            "authorization",
            &format!("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/{SCOPE},SignedHeaders={SIGNED},Signature={signature}"),
        );
    raw.clone_into(&mut request.path);
    request
}

fn key() -> DerivedKey {
    let scope = CredentialScope::new("20261124", "us-east-1", "s3").unwrap();
    DerivedKey::derive(&secret(), scope)
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

#[test]
fn a_signed_header_covers_the_canonical_path_whatever_the_client_sent() {
    let content = sha256(b"data");
    for path in PATHS {
        let verified = request(path.raw, path.canonical, &content).verified();
        assert!(verified.is_ok(), "{}: {verified:?}", path.raw);
        // As a signer does that takes the path as it is.
        let raw = request(path.raw, path.raw, &content).verified();
        assert_eq!(raw.is_ok(), path.raw == path.canonical, "{}", path.raw);
    }
}

#[test]
fn our_signer_signs_the_canonical_path() {
    for path in PATHS {
        let mut request = Request::new("GET", "/", "");
        path.raw.clone_into(&mut request.path);
        let mut signed = request.signed_for("s3");
        for other in PATHS {
            other.raw.clone_into(&mut signed.path);
            let same = other.canonical == path.canonical;
            let verified = signed.verified();
            assert_eq!(verified.is_ok(), same, "{} {}", path.raw, other.raw);
        }
    }
}

#[test]
fn signed_chunks_build_on_the_signature_of_the_canonical_path() {
    for path in PATHS {
        let content = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
        let request = request(path.raw, path.canonical, content);
        let seed = request
            .value("authorization")
            .rsplit_once('=')
            .map(|(_, signature)| signature.to_owned())
            .unwrap();
        let mut chain = request.with(|parts| {
            let PresentedSignature::Header(unverified) = present(parts).unwrap() else {
                panic!("the request is not signed")
            };
            let verified = verify(&unverified, Payload::Declared, &key(), now()).unwrap();
            verified.chunk_chain().cloned().unwrap()
        });
        let (empty, hash) = (sha256(b""), sha256(b"data"));
        let to_sign =
            format!("AWS4-HMAC-SHA256-PAYLOAD\n{AMZ_DATE}\n{SCOPE}\n{seed}\n{empty}\n{hash}");
        let claimed = key().sign(to_sign.as_bytes());
        let data = digest::digest(&digest::SHA256, b"data");
        assert_eq!(chain.verify_chunk(&data, &claimed), Ok(()), "{}", path.raw);
    }
}

#[test]
fn a_query_parameter_is_decoded_and_encoded_as_a_path_is() {
    for path in PATHS.iter().filter(|path| !path.raw.contains('&')) {
        let of = |value: &str| {
            let parts = RequestParts {
                method: "GET",
                path: "/bucket",
                query: &format!("prefix={value}"),
                headers: &[("host", b"h")],
            };
            let canonical = canonical_request(&parts, "host", "", SigningRules::S3).unwrap();
            let canonical = String::from_utf8(canonical).unwrap();
            canonical.lines().nth(2).unwrap().to_owned()
        };
        let canonical = path.canonical.replace('/', "%2F");
        assert_eq!(of(path.raw), format!("prefix={canonical}"));
        let pairs = crate::s3::decode_query(&format!("prefix={}", path.raw)).unwrap();
        assert_eq!(pairs, [("prefix".to_owned(), path.text.to_owned())]);
    }
}
