//! Requests with known signatures; `tests/sigv4_suite/README.md` says where they are from.

use super::*;
use crate::hex;

/// One case of a file of vectors.
struct Case {
    name: String,
    request: Request,
    raw_path: bool,
}

fn cases(file: &str) -> Vec<Case> {
    file.split("case ")
        .filter(|text| !text.is_empty())
        .map(case)
        .collect()
}

fn case(text: &str) -> Case {
    let mut lines = text.lines();
    let name = lines.next().unwrap().to_owned();
    let mut case = Case {
        name,
        request: Request::new("GET", "/", ""),
        raw_path: false,
    };
    case.request.headers.clear();
    for line in lines.filter(|line| !line.is_empty()) {
        let (kind, rest) = line.split_once(' ').unwrap();
        match kind {
            "rules" => case.raw_path = rest == "s3",
            "request" => {
                let (method, target) = rest.split_once(' ').unwrap();
                let headers = std::mem::take(&mut case.request.headers);
                case.request = Request {
                    headers,
                    ..Request::new(method, target, "")
                };
            }
            "header" => {
                let (name, value) = rest.split_once(':').unwrap();
                case.request
                    .headers
                    .push((name.to_owned(), value.as_bytes().to_vec()));
            }
            "body" => case.request.body = rest.as_bytes().to_vec(),
            other => panic!("{}: `{other}`", case.name),
        }
    }
    case
}

fn all_verify(file: &str, secret: &str, now: &str) {
    let secret = SecretAccessKey::new(secret).unwrap();
    for case in cases(file).into_iter().filter(|case| !case.raw_path) {
        let result = case.request.verified_by(&secret, now.parse().unwrap());
        assert!(result.is_ok(), "{}: {result:?}", case.name);
    }
}

#[test]
fn the_published_suite_verifies() {
    all_verify(
        include_str!("../../../tests/sigv4_suite/published.txt"),
        SECRET,
        "2015-08-30T12:36:00Z",
    );
}

#[test]
fn the_examples_of_the_s3_reference_verify() {
    all_verify(
        include_str!("../../../tests/sigv4_suite/s3_manual.txt"),
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "2013-05-24T00:00:00Z",
    );
}

#[test]
fn requests_signed_by_botocore_verify() {
    all_verify(
        include_str!("../../../tests/sigv4_suite/botocore.txt"),
        SECRET,
        "2026-11-24T01:02:03Z",
    );
}

#[test]
fn the_rules_of_s3_keep_the_segments_of_the_path() {
    let published = cases(include_str!("../../../tests/sigv4_suite/published.txt"));
    for case in published.into_iter().filter(|case| case.raw_path) {
        case.request.with(|parts| {
            let PresentedSignature::Header(request) = present(parts).unwrap() else {
                panic!()
            };
            let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
            let canonical =
                canonical_request(parts, &request.signed_headers, empty, SigningRules::S3).unwrap();
            let key = DerivedKey::derive(&secret(), request.scope().clone());
            let to_sign = string_to_sign("20150830T123600Z", request.scope(), &canonical);
            assert_eq!(
                hex::encode(&key.sign(to_sign.as_bytes())),
                hex::encode(&request.signature.unwrap()),
                "{}",
                case.name
            );
        });
    }
}

#[test]
fn a_canonical_request_is_the_documented_one() {
    let headers: &[(&str, &[u8])] = &[
        ("X-Amz-Date", b"20150830T123600Z"),
        (
            "Content-Type",
            b"  application/x-www-form-urlencoded;   charset=utf-8 ",
        ),
        ("Host", b"iam.amazonaws.com"),
    ];
    let parts = RequestParts {
        method: "GET",
        path: "/",
        query: "b&Version=2010-05-08&Action=ListUsers&b=%7e&a=1+2",
        headers,
    };
    let canonical = canonical_request(
        &parts,
        "content-type;host;x-amz-date",
        "HASH",
        SigningRules::Standard,
    )
    .unwrap();
    insta::assert_snapshot!(String::from_utf8(canonical).unwrap(), @"
    GET
    /
    Action=ListUsers&Version=2010-05-08&a=1%202&b=&b=~
    content-type:application/x-www-form-urlencoded; charset=utf-8
    host:iam.amazonaws.com
    x-amz-date:20150830T123600Z

    content-type;host;x-amz-date
    HASH
    ");
}

#[test]
fn a_derived_key_is_the_documented_one() {
    // "Examples of how to derive a signing key", AWS General Reference.
    let scope = CredentialScope::new("20150830", "us-east-1", "iam").unwrap();
    let key = DerivedKey::derive(&secret(), scope);
    let scope = key.scope().clone();
    let request =
        hex::decode32(b"f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59").unwrap();
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n20150830T123600Z\n{scope}\n{}",
        hex::encode(&request)
    );
    assert_eq!(
        hex::encode(&key.sign(to_sign.as_bytes())),
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    );
    assert_eq!(
        format!("{key:?}"),
        "DerivedKey(20150830/us-east-1/iam/aws4_request, ..)"
    );
}
