//! What is served, what is refused, and what each operation asks for.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets another operation has failed"
)]

use std::borrow::Cow;

use super::*;
use crate::requirement::Requirement;

fn parse(method: &str, target: &str, headers: &[(&str, &str)]) -> Result<Operation, AwsError> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = decode_query(query)?;
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(n, v)| (*n, v.as_bytes())).collect();
    let target = S3Target::parse("127.0.0.1", path, &["localhost"])?;
    Operation::parse(
        target,
        &OperationRequest {
            method,
            query: &query,
            headers: &headers,
        },
    )
}

/// The condition keys of a requirement, with their values as text.
fn condition_keys(requirement: &Requirement<'static>) -> Vec<(&'static str, String)> {
    let keys = requirement.keys.iter().map(|(key, value)| match key {
        Cow::Borrowed(key) => (*key, value.texts().join(",")),
        Cow::Owned(key) => panic!("`{key}` is not a key of S3"),
    });
    keys.collect()
}

fn asks(method: &str, target: &str) -> String {
    let operation = parse(method, target, &[]).unwrap();
    let asked: Vec<String> = operation
        .requirements()
        .iter()
        .map(|r| format!("{} {} {:?}", r.action, r.arn, condition_keys(r)))
        .collect();
    format!("{}: {}", operation.name(), asked.join(", "))
}

#[test]
fn each_operation_asks_its_own_permission() {
    let all = [
        ("GET", "/"),
        ("PUT", "/insights"),
        ("HEAD", "/insights"),
        ("DELETE", "/insights"),
        ("GET", "/insights?location"),
        ("GET", "/insights?list-type=2"),
        (
            "GET",
            "/insights?list-type=2&prefix=&delimiter=%2F&max-keys=7",
        ),
        ("GET", "/insights/bot/a?x-id=GetObject"),
        ("HEAD", "/insights/bot/a"),
        ("PUT", "/insights/bot/a%20*"),
        ("DELETE", "/insights/bot/a"),
    ]
    .map(|(method, target)| asks(method, target));
    insta::assert_snapshot!(all.join("\n"), @r#"
    ListBuckets: s3:ListAllMyBuckets arn:aws:s3:::* []
    CreateBucket: s3:CreateBucket arn:aws:s3:::insights []
    HeadBucket: s3:ListBucket arn:aws:s3:::insights []
    DeleteBucket: s3:DeleteBucket arn:aws:s3:::insights []
    GetBucketLocation: s3:GetBucketLocation arn:aws:s3:::insights []
    ListObjectsV2: s3:ListBucket arn:aws:s3:::insights []
    ListObjectsV2: s3:ListBucket arn:aws:s3:::insights [("s3:prefix", ""), ("s3:delimiter", "/"), ("s3:max-keys", "7")]
    GetObject: s3:GetObject arn:aws:s3:::insights/bot/a []
    HeadObject: s3:GetObject arn:aws:s3:::insights/bot/a []
    PutObject: s3:PutObject arn:aws:s3:::insights/bot/a * []
    DeleteObject: s3:DeleteObject arn:aws:s3:::insights/bot/a []
    "#);
}

#[test]
fn a_bucket_is_made_only_if_the_body_has_the_checksum_that_the_headers_claim() {
    let take = |name: &str, value: &str| {
        let mut operation = parse("PUT", "/insights", &[(name, value)])?;
        operation.take_body(b"")
    };
    let refused = |name, value| take(name, value).unwrap_err().to_string();
    take("x-amz-checksum-crc32", "AAAAAA==").unwrap();
    take("x-amz-checksum-crc32c", "AAAAAA==").unwrap();
    insta::assert_snapshot!(refused("x-amz-checksum-crc32", "AAAAAQ=="), @"BadDigest: The CRC32 you specified did not match the calculated checksum.");
    insta::assert_snapshot!(refused("x-amz-checksum-crc32", "x"), @"InvalidRequest: Value for x-amz-checksum-crc32 header is invalid.");
    insta::assert_snapshot!(refused("x-amz-checksum-md5", "x"), @"NotImplemented: A header or query you provided implies functionality that is not implemented");
}

#[test]
fn what_a_request_says_of_acl_class_and_region_is_asked_about() {
    let conditions = |target: &str, headers: &[(&str, &str)], body: &str| {
        let mut operation = parse("PUT", target, headers).unwrap();
        operation.take_body(body.as_bytes()).unwrap();
        condition_keys(&operation.requirements().remove(0))
    };
    let acl = ("x-amz-acl", "bucket-owner-full-control");
    assert_eq!(conditions("/insights", &[], ""), []);
    assert_eq!(
        conditions(
            "/insights",
            &[acl],
            "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
        ),
        [
            ("s3:x-amz-acl", acl.1.to_owned()),
            ("s3:LocationConstraint", "eu-west-1".to_owned())
        ]
    );
    assert_eq!(conditions("/insights/a", &[], "<"), []);
    assert_eq!(
        conditions(
            "/insights/a",
            &[acl, ("x-amz-storage-class", "STANDARD")],
            ""
        ),
        [
            ("s3:x-amz-acl", acl.1.to_owned()),
            ("s3:x-amz-storage-class", "STANDARD".to_owned())
        ]
    );
    let glacier = parse("PUT", "/insights/a", &[("x-amz-storage-class", "GLACIER")]);
    assert_eq!(glacier.map_err(|e| e.code()), Err(Code::NotImplemented));
}

#[test]
fn what_is_not_on_the_list_is_not_implemented() {
    let code = |method, target, headers: &[(&str, &str)]| {
        parse(method, target, headers).map_err(|e| e.code())
    };
    for (method, target) in [
        ("GET", "/insights"),
        ("GET", "/insights?list-type=1"),
        ("GET", "/insights?list-type=2&location"),
        ("GET", "/insights/a?acl"),
        ("PUT", "/insights/a?tagging"),
        ("DELETE", "/insights/a?versionId=1"),
        ("POST", "/insights/a?uploads"),
        ("PUT", "/insights/a?partNumber=1&uploadId=x"),
        ("PUT", "/insights?policy"),
        ("POST", "/insights?delete"),
        ("GET", "/insights/a?response-content-type=text/html"),
        ("PUT", "/"),
    ] {
        assert_eq!(
            code(method, target, &[]),
            Err(Code::NotImplemented),
            "{method} {target}"
        );
    }
    for header in [
        ("x-amz-copy-source", "insights/secret/k"),
        ("x-amz-acl", "public-read"),
        ("x-amz-tagging", "a=b"),
        ("x-amz-checksum-xxhash64", "AAAA"),
        ("x-amz-website-redirect-location", "/"),
        ("x-amz-server-side-encryption", "AES256"),
        ("if-match", "\"x\""),
        ("if-none-match", "\"x\""),
    ] {
        assert_eq!(
            code("PUT", "/insights/a", &[header]),
            Err(Code::NotImplemented),
            "{header:?}"
        );
    }
    assert_eq!(
        code(
            "PUT",
            "/insights/a",
            &[("x-amz-meta-a", "1"), ("x-amz-meta-a", "2")]
        ),
        Err(Code::InvalidRequest)
    );
    assert_eq!(
        code("GET", "/insights?list-type=2&prefix=a&prefix=b", &[]),
        Err(Code::InvalidArgument)
    );
}

#[test]
fn an_upload_keeps_its_metadata_without_the_framing() {
    let operation = parse(
        "PUT",
        "/insights/a",
        &[
            ("content-type", "text/plain"),
            ("content-encoding", "aws-chunked, gzip"),
            ("x-amz-meta-k", "v"),
            ("x-amz-checksum-crc32", "NhCmhg=="),
            ("x-amz-sdk-checksum-algorithm", "CRC32"),
            ("if-none-match", "*"),
        ],
    );
    let Ok(Operation::PutObject { put, .. }) = operation else {
        panic!("{operation:?}")
    };
    assert_eq!(put.metadata.headers["content-encoding"], "gzip");
    assert_eq!(put.metadata.user["k"], "v");
    assert_eq!(
        put.checksum,
        Some((ChecksumAlgorithm::Crc32, "NhCmhg==".to_owned()))
    );
    assert!(put.only_if_absent);
    let big = parse("PUT", "/insights/a", &[("x-amz-meta-k", &"v".repeat(2048))]);
    assert_eq!(big.map_err(|e| e.code()), Err(Code::MetadataTooLarge));
}

#[test]
fn a_range_is_cut_to_the_object() {
    let within =
        |header: &str| Range::parse(header).map(|range| range.within(10).map_err(|e| e.code()));
    assert_eq!(within("bytes=1-3"), Some(Ok(1..4)));
    assert_eq!(within("bytes=8-"), Some(Ok(8..10)));
    assert_eq!(within("bytes=-2"), Some(Ok(8..10)));
    assert_eq!(within("bytes=-20"), Some(Ok(0..10)));
    assert_eq!(within("bytes=5-18446744073709551615"), Some(Ok(5..10)));
    assert_eq!(within("bytes=10-"), Some(Err(Code::InvalidRange)));
    assert_eq!(within("bytes=-0"), Some(Err(Code::InvalidRange)));
    for whole in [
        "lines=1-2",
        "bytes=1-2,4-5",
        "bytes=3-1",
        "bytes=+1-2",
        "bytes=-",
        "bytes=",
    ] {
        assert_eq!(within(whole), None, "{whole}");
    }
}

#[test]
fn conditions_are_held_against_the_object() {
    let modified = "2026-11-24T01:02:03.5Z".parse().unwrap();
    let check = |headers: &[(&str, &str)]| match parse("GET", "/insights/a", headers).unwrap() {
        Operation::GetObject { read, .. } => {
            read.conditions.check("abc", modified).map_err(|e| e.code())
        }
        other => panic!("{other:?}"),
    };
    let (same, earlier) = (
        "Tue, 24 Nov 2026 01:02:03 GMT",
        "Tue, 24 Nov 2026 01:02:02 GMT",
    );
    assert_eq!(check(&[("if-match", "\"abc\"")]), Ok(()));
    assert_eq!(
        check(&[("if-match", "\"x\", \"y\"")]),
        Err(Code::PreconditionFailed)
    );
    assert_eq!(
        check(&[("if-none-match", "\"x\", W/\"abc\"")]),
        Err(Code::NotModified)
    );
    assert_eq!(
        check(&[("if-modified-since", same)]),
        Err(Code::NotModified)
    );
    assert_eq!(check(&[("if-modified-since", earlier)]), Ok(()));
    assert_eq!(check(&[("if-unmodified-since", same)]), Ok(()));
    assert_eq!(
        check(&[("if-unmodified-since", earlier)]),
        Err(Code::PreconditionFailed)
    );
    assert_eq!(
        check(&[("if-match", "*"), ("if-unmodified-since", earlier)]),
        Ok(())
    );
}

#[test]
fn a_read_takes_what_the_sdk_for_java_sends_with_it_and_nothing_that_is_not_so() {
    let with = |name: &str, value: &str| {
        let parsed = parse("GET", "/insights/a", &[(name, value)]);
        parsed.map(|_| ()).map_err(|e| e.code())
    };
    assert_eq!(with("x-amz-te", "append-md5"), Ok(()));
    assert_eq!(with("x-amz-te", "trailers"), Err(Code::NotImplemented));
    assert_eq!(with("x-amz-checksum-crc32", "AAAAAA=="), Ok(()));
    let another = with("x-amz-checksum-crc32", "NhCmhg==");
    assert_eq!(another, Err(Code::BadDigest));
    let unknown = with("x-amz-checksum-md5", "1B2M2Y8AsgTpgAmY7PhCfg==");
    assert_eq!(unknown, Err(Code::NotImplemented));
}
