//! Which requests are operations, which are rejected, and which permissions operations need.

use std::borrow::Cow;

use super::*;
use crate::{
    checksum::ChecksumAlgorithm, error::Code, requirement::ResourceOwner, s3::decode_query,
};

mod model;

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

fn needs(method: &str, target: &str) -> String {
    let operation = parse(method, target, &[]).unwrap();
    let needed: Vec<String> = operation
        .requirements()
        .iter()
        .map(|r| format!("{} {} {:?}", r.action, r.arn, condition_keys(r)))
        .collect();
    format!("{}: {}", operation.name(), needed.join(", "))
}

#[test]
fn each_operation_needs_its_own_permission() {
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
        ("GET", "/insights/bot/a?versionId=null"),
        ("HEAD", "/insights/bot/a?versionId=null"),
        ("DELETE", "/insights/bot/a?versionId=null"),
    ]
    .map(|(method, target)| needs(method, target));
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
    GetObject: s3:GetObjectVersion arn:aws:s3:::insights/bot/a [("s3:VersionId", "null")]
    HeadObject: s3:GetObjectVersion arn:aws:s3:::insights/bot/a [("s3:VersionId", "null")]
    DeleteObject: s3:DeleteObjectVersion arn:aws:s3:::insights/bot/a [("s3:VersionId", "null")]
    "#);
}

#[test]
fn a_bucket_is_created_only_if_the_body_has_the_checksum_that_the_headers_claim() {
    let read = |name: &str, value: &str| {
        let mut operation = parse("PUT", "/insights", &[(name, value)])?;
        operation.read_body(b"")
    };
    let rejected = |name, value| read(name, value).unwrap_err().to_string();
    read("x-amz-checksum-crc32", "AAAAAA==").unwrap();
    read("x-amz-checksum-crc32c", "AAAAAA==").unwrap();
    insta::assert_snapshot!(rejected("x-amz-checksum-crc32", "AAAAAQ=="), @"BadDigest: The CRC32 you specified did not match the calculated checksum.");
    insta::assert_snapshot!(rejected("x-amz-checksum-crc32", "x"), @"InvalidRequest: Value for x-amz-checksum-crc32 header is invalid.");
    insta::assert_snapshot!(rejected("x-amz-checksum-md5", "x"), @"NotImplemented: A header or query you provided implies functionality that is not implemented");
}

#[test]
fn acl_storage_class_and_region_are_condition_keys() {
    let conditions = |target: &str, headers: &[(&str, &str)], body: &str| {
        let mut operation = parse("PUT", target, headers).unwrap();
        operation.read_body(body.as_bytes()).unwrap();
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
fn unknown_queries_and_headers_are_not_implemented() {
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
        ("GET", "/insights/a?versionId="),
        ("GET", "/insights/a?versionId=NULL"),
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
fn an_upload_keeps_its_metadata_without_the_transfer_coding() {
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
    let Ok(Operation::PutObject(put)) = operation else {
        panic!("{operation:?}")
    };
    assert_eq!(put.metadata.headers["content-encoding"], "gzip");
    assert_eq!(put.metadata.user["k"], "v");
    assert_eq!(
        put.claims.checksum,
        Some((ChecksumAlgorithm::Crc32, "NhCmhg==".to_owned()))
    );
    assert!(put.only_if_absent);
    let big = parse("PUT", "/insights/a", &[("x-amz-meta-k", &"v".repeat(2048))]);
    assert_eq!(big.map_err(|e| e.code()), Err(Code::MetadataTooLarge));
}

#[test]
fn preconditions_are_evaluated_for_the_object() {
    let modified = "2026-11-24T01:02:03.5Z".parse().unwrap();
    let now = "2026-11-24T01:02:05Z".parse().unwrap();
    let check = |headers: &[(&str, &str)]| {
        let operation = parse("GET", "/insights/a", headers).unwrap();
        let Operation::GetObject(get) = operation else {
            panic!("{operation:?}")
        };
        let checked = get.read.preconditions.check("abc", modified, now);
        checked.map_err(|e| e.code())
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
    let (latest, future) = (
        "Tue, 24 Nov 2026 01:02:05 GMT",
        "Tue, 24 Nov 2026 01:02:06 GMT",
    );
    assert_eq!(
        check(&[("if-modified-since", latest)]),
        Err(Code::NotModified)
    );
    assert_eq!(check(&[("if-modified-since", future)]), Ok(()));
    assert_eq!(check(&[("if-unmodified-since", future)]), Ok(()));
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
fn a_read_accepts_the_headers_of_the_sdk_for_java_only_if_they_are_true() {
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

#[test]
fn a_target_method_and_selector_have_one_row() {
    let mut selected = std::collections::HashSet::new();
    for row in ROWS {
        let selector = (row.method, row.target as u8, row.selector);
        assert!(selected.insert(selector), "{}", row.name);
    }
}

#[test]
fn every_operation_about_a_bucket_needs_permission_of_its_owner_but_the_one_that_creates_it() {
    let bucket = || ResourceOwner::Bucket("insights".parse().unwrap());
    let owner = |method, target| {
        let mut requirements = parse(method, target, &[]).unwrap().requirements();
        requirements.remove(0).owner
    };
    assert_eq!(owner("GET", "/"), ResourceOwner::Caller);
    assert_eq!(owner("PUT", "/insights"), ResourceOwner::Caller);
    assert_eq!(owner("HEAD", "/insights"), bucket());
    assert_eq!(owner("DELETE", "/insights"), bucket());
    assert_eq!(owner("GET", "/insights?list-type=2"), bucket());
    assert_eq!(owner("GET", "/insights/a"), bucket());
    assert_eq!(owner("PUT", "/insights/a"), bucket());
}
