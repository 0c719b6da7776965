//! Published vectors, an independent signer's vectors, attacks each beside the request that is
//! accepted, and properties.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::credentials::{SecretAccessKey, SessionToken};

mod attacks;
mod paths;
mod presigned;
mod vectors;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn secret() -> SecretAccessKey {
    SecretAccessKey::new(SECRET).unwrap()
}

fn credentials() -> Credentials {
    Credentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
        secret_access_key: secret(),
        session_token: None,
    }
}

fn now() -> Timestamp {
    "2026-11-24T00:30:00Z".parse().unwrap()
}

/// A request that owns its parts, so that a test can change one of them.
#[derive(Debug, Clone)]
struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Request {
    fn new(method: &str, target: &str, body: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("Host".to_owned(), b"127.0.0.1:9400".to_vec())],
            body: body.as_bytes().to_vec(),
        }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.header(name, value)
    }

    fn value(&self, name: &str) -> String {
        let (_, value) = self
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .unwrap();
        String::from_utf8(value.clone()).unwrap()
    }

    /// Runs `f` over the borrowed parts.
    fn with<T>(&self, f: impl FnOnce(&RequestParts<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_slice()))
            .collect();
        f(&RequestParts {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
        })
    }

    fn signed_for(self, service: &str) -> Self {
        self.signed_with(&credentials(), service, now())
    }

    fn signed_with(mut self, credentials: &Credentials, service: &str, at: Timestamp) -> Self {
        let body = self.body.clone();
        let added = self
            .with(|parts| {
                sign(
                    parts,
                    SigningPayload::Whole(&body),
                    credentials,
                    "us-east-1",
                    service,
                    at,
                )
            })
            .unwrap();
        self.headers.extend(
            added
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into_bytes())),
        );
        self
    }

    fn verified(&self) -> Result<VerifiedRequest, SignatureError> {
        self.verified_at(now())
    }

    fn verified_at(&self, now: Timestamp) -> Result<VerifiedRequest, SignatureError> {
        self.verified_by(&secret(), now)
    }

    fn verified_by(
        &self,
        secret: &SecretAccessKey,
        now: Timestamp,
    ) -> Result<VerifiedRequest, SignatureError> {
        self.with(|parts| {
            let (PresentedSignature::Header(request) | PresentedSignature::Query(request)) =
                present(parts)?
            else {
                panic!("the request is not signed")
            };
            let key = DerivedKey::derive(secret, request.scope().clone());
            verify(&request, Payload::Whole(&self.body), &key, now)
        })
    }

    fn rejection(&self) -> String {
        let error = self.verified().unwrap_err();
        match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        }
    }
}

#[test]
fn a_verified_request_has_its_key_id_scope_time_and_content() {
    let request = Request::new("PUT", "/bucket/a%20b", "body")
        .header("x-amz-meta-a", "1")
        .signed_for("s3");
    let verified = request.verified().unwrap();
    assert_eq!(verified.access_key_id().as_str(), "AKIAIOSFODNN7EXAMPLE");
    assert_eq!(
        verified.scope().to_string(),
        "20261124/us-east-1/s3/aws4_request"
    );
    assert_eq!(verified.requested(), now());
    assert!(verified.signs("x-amz-meta-a") && verified.signs("host") && !verified.signs("x-amz"));
    assert!(matches!(verified.content(), ContentSha256::Hash(_)));
}

#[test]
fn a_cached_key_verifies_only_its_own_scope() {
    let request = Request::new("POST", "/", "Action=GetCallerIdentity").signed_for("sts");
    let verify_with = |region: &str, service: &str| {
        let key = DerivedKey::derive(
            &secret(),
            CredentialScope::new("20261124", region, service).unwrap(),
        );
        request.with(|parts| {
            let PresentedSignature::Header(unverified) = present(parts).unwrap() else {
                panic!()
            };
            verify(&unverified, Payload::Whole(&request.body), &key, now()).map(|_| ())
        })
    };
    assert_eq!(verify_with("us-east-1", "sts"), Ok(()));
    assert_eq!(
        verify_with("us-east-1", "iam"),
        Err(SignatureError::Mismatch)
    );
    assert_eq!(
        verify_with("eu-west-1", "sts"),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn a_session_token_is_presented_with_its_key_id() {
    let mut credentials = credentials();
    credentials.session_token = Some(SessionToken::new("FwoGZXIvYXdzEXAMPLE").unwrap());
    let request = Request::new("GET", "/", "").signed_with(&credentials, "s3", now());
    request.with(|parts| {
        let PresentedSignature::Header(unverified) = present(parts).unwrap() else {
            panic!()
        };
        assert_eq!(
            unverified.session_token(),
            credentials.session_token.as_ref()
        );
    });
    assert!(request.verified().unwrap().signs("x-amz-security-token"));
}

#[test]
fn a_body_can_be_streamed_after_its_declaration() {
    let request = Request::new("PUT", "/b/k", "");
    let sign_as = |content: ContentSha256| {
        let mut request = request.clone();
        let added = request
            .with(|parts| {
                sign(
                    parts,
                    SigningPayload::Declared(content),
                    &credentials(),
                    "us-east-1",
                    "s3",
                    now(),
                )
            })
            .unwrap();
        request.headers.extend(
            added
                .into_iter()
                .map(|(n, v)| (n.to_owned(), v.into_bytes())),
        );
        request.with(|parts| {
            let PresentedSignature::Header(unverified) = present(parts).unwrap() else {
                panic!()
            };
            let key = DerivedKey::derive(&secret(), unverified.scope().clone());
            let verified = verify(&unverified, Payload::Declared, &key, now()).unwrap();
            (verified.content(), verified.chunk_chain().is_some())
        })
    };
    for (content, has_chunk_chain) in [
        (ContentSha256::Hash([7; 32]), false),
        (ContentSha256::Unsigned, false),
        (ContentSha256::UnsignedTrailer, false),
        (ContentSha256::SignedChunks, true),
        (ContentSha256::SignedChunksTrailer, true),
    ] {
        assert_eq!(sign_as(content), (content, has_chunk_chain));
    }
}

#[test]
fn a_request_without_a_signature_is_unsigned() {
    Request::new("GET", "/b/k?prefix=Signature", "").with(|parts| {
        assert!(matches!(present(parts), Ok(PresentedSignature::Unsigned)));
    });
}

#[test]
fn unsupported_signing_mechanisms_are_named() {
    let shown = |request: Request| request.with(|parts| present(parts).unwrap_err().to_string());
    let plain = || Request::new("GET", "/b/k", "");
    insta::assert_snapshot!(shown(Request::new("GET", "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00", "")), @"presigned URLs are not supported");
    insta::assert_snapshot!(shown(Request::new("GET", "/b/k?X%2DAmz%2DSignature=00", "")), @"presigned URLs are not supported");
    insta::assert_snapshot!(shown(Request::new("GET", "/b/k?AWSAccessKeyId=a&Signature=b&Expires=1", "")), @"signature version 2 in the query string is not supported");
    insta::assert_snapshot!(shown(plain().header("Authorization", "AWS AKIAIOSFODNN7EXAMPLE:c2ln")), @"signature version 2 is not supported");
    insta::assert_snapshot!(shown(plain().header("Authorization", "AWS4-ECDSA-P256-SHA256 Credential=a")), @"signature version 4A is not supported");
    insta::assert_snapshot!(shown(Request::new("GET", "/?X-Amz-Signature=0", "").header("Authorization", "AWS4-HMAC-SHA256 x")), @"the request is signed in more than one way");
}

proptest! {
    /// The verifier accepts every signed request, and rejects it with one byte of the body changed.
    #[test]
    fn a_signed_request_verifies_and_one_with_a_changed_body_does_not(
        path in "/[ -\"$->@-~]{0,30}",
        query in "[ -\"$-~]{0,40}",
        value in "[ -~\t]{0,20}",
        body in "[ -~]{1,30}",
        service in "s3|sts|iam|dynamodb|bowline",
    ) {
        let mut request = Request::new("POST", "/", &body).header("x-amz-meta-v", &value);
        request.path = path;
        // Names that only presigned requests have would be another mechanism.
        request.query = query.replace("X-Amz-", "x");
        let mut request = request.signed_for(&service);
        prop_assert!(request.verified().is_ok());
        request.body[0] ^= 1;
        prop_assert!(request.verified().is_err());
    }

    #[test]
    fn no_header_makes_the_parser_panic(value in proptest::collection::vec(any::<u8>(), 0..200), query in any::<String>()) {
        let headers: [(&str, &[u8]); 1] = [("authorization", &value)];
        let _ = present(&RequestParts { method: "GET", path: "/", query: &query, headers: &headers });
    }

    #[test]
    fn no_well_formed_header_makes_the_verifier_panic(
        path in "/\\PC{0,40}", query in any::<String>(), name in "[a-z]{1,8}", value in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/us-east-1/iam/aws4_request,SignedHeaders=host;x-amz-date;y-{name},Signature={}",
            "0".repeat(64)
        );
        let headers: [(&str, &[u8]); 4] = [
            ("host", b"h"), ("x-amz-date", b"20261124T003000Z"), (&format!("y-{name}"), &value), ("authorization", authorization.as_bytes()),
        ];
        let parts = RequestParts { method: "GET", path: &path, query: &query, headers: &headers };
        let Ok(PresentedSignature::Header(request)) = present(&parts) else {
            return Err(TestCaseError::fail("the request is not signed"));
        };
        let key = DerivedKey::derive(&secret(), request.scope().clone());
        let error = verify(&request, Payload::Whole(b""), &key, now()).unwrap_err();
        // The signature is compared last.
        let end = [SignatureError::Mismatch, SignatureError::ControlCharacter];
        prop_assert!(end.contains(&error), "{error}");
    }
}
