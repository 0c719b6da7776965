//! S3 requests: keys that look like paths, ranges, streams, and requests without a permission of
//! their own.

use std::fmt::Write as _;
use std::fs;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::bowline::{Bowline, Launch};
use crate::support::http::Request;
use crate::support::issuer::Issuer;
use crate::support::sign::Signer;
use crate::support::world::World;

#[test]
fn similar_keys_name_different_objects() {
    let world = World::new();
    // As on the wire. Several of them name one file to anything that tidies paths.
    let keys = [
        "a",
        "a/",
        "/a",
        "//a",
        "b//a",
        "./a",
        "b/./a",
        "b/../a",
        "b/..",
        "A",
        "%2561",
        "%61/x",
        "a%20b%2Bc",
        "%C3%BC",
        ".hidden",
        "%00",
        "a%252Fb",
        "a%5Cb",
    ];
    for (n, key) in keys.iter().enumerate() {
        let put = world.s3(Request::put(&format!("/insights/{key}"), n.to_string()));
        assert_eq!(put.verdict(), "200", "{key}");
    }
    for (n, key) in keys.iter().enumerate() {
        let got = world
            .s3(Request::get(&format!("/insights/{key}")))
            .accepted();
        assert_eq!(got.text(), n.to_string(), "{key}");
    }
}

#[test]
fn spellings_of_a_key_name_one_object_and_the_signature_covers_the_canonical_one() {
    let world = World::new();
    let port = world.server.port;
    let send = |request: Request, signed: &str| {
        let signer = Signer::new(&Bowline::root(), "s3").path(signed);
        signer.sign(request, port).send(port)
    };
    for (key, canonical) in [
        ("dt=2026-07-12/d.parquet", "dt%3D2026-07-12/d.parquet"),
        ("2026-07-23T19:30:45Z", "2026-07-23T19%3A30%3A45Z"),
        ("report(1)*!'.pdf", "report%281%29%2A%21%27.pdf"),
        ("a&b@c$d,e;f", "a%26b%40c%24d%2Ce%3Bf"),
        ("a+b", "a%20b"),
        ("%61%3d%2fb", "a%3D/b"),
        ("a|b^c{d}[e]", "a%7Cb%5Ec%7Bd%7D%5Be%5D"),
    ] {
        let target = format!("/insights/{key}");
        let canonical = format!("/insights/{canonical}");
        send(Request::put(&target, key), &canonical).accepted();
        let get = send(Request::get(&canonical), &canonical).accepted();
        assert_eq!(get.text(), key);
        // A signer that takes the path as it is.
        let raw = send(Request::put(&target, "other"), &target);
        assert_eq!(
            raw.element("Code").as_deref(),
            Some("SignatureDoesNotMatch")
        );
    }
}

#[test]
fn no_key_escapes_its_bucket() {
    let world = World::new();
    world.s3(Request::new("PUT", "/other")).accepted();
    world.s3(Request::put("/insights/bot/a", "x")).accepted();
    for key in [
        "../other/stolen",
        "bot/../../other/stolen",
        "..",
        "../..",
        "%2e%2e/other/stolen",
        "..%2Fother%2Fstolen",
        "bot/%2E%2E/%2e%2e/other/stolen",
    ] {
        let put = world.s3(Request::put(&format!("/insights/{key}"), "x"));
        assert_eq!(put.status, 400, "{key}: {}", put.verdict());
    }
    assert_snapshot!(world.s3(Request::put("/insights/../other/stolen", "x")).verdict(), @"400 InvalidURI: Couldn't parse the specified URI.");
    let other = world
        .s3(Request::get("/other?list-type=2"))
        .accepted()
        .text();
    assert!(!other.contains("<Contents>"), "{other}");
}

#[test]
fn no_spelling_of_a_key_bypasses_a_deny_statement() {
    let world = World::new();
    let bot = world.bot();
    world
        .s3(Request::put("/insights/secret/k", "hush"))
        .accepted();
    world.s3(Request::put("/insights/bot/k", "open")).accepted();
    let get = |target: &str| world.send(&bot, "s3", Request::get(target));
    assert_eq!(get("/insights/bot/k").text(), "open");
    for target in [
        "/insights/secret/k",
        "/insights/%73ecret/k",
        "/insights/bot/../secret/k",
        "/insights/./secret/k",
        "/insights//secret/k",
        "/insights/secret%2Fk",
        "/insights/secret/./k",
        "//insights/secret/k",
        "/./insights/secret/k",
        "/Insights/secret/k",
        "/insights/bot/%2e%2e/secret/k",
    ] {
        let response = get(target);
        assert!(response.status >= 400, "{target}: {}", response.text());
        assert!(!response.text().contains("hush"), "{target}");
    }
}

#[test]
fn a_bucket_name_is_valid_and_unique() {
    let world = World::new();
    let create = |name: &str| world.s3(Request::new("PUT", &format!("/{name}"))).verdict();
    assert_eq!(create("fine-name.1"), "200");
    assert_snapshot!(create("Insights"), @"400 InvalidBucketName: The specified bucket is not valid.");
    assert_snapshot!(create("ab"), @"400 InvalidBucketName: The specified bucket is not valid.");
    assert_snapshot!(create("-a-"), @"400 InvalidBucketName: The specified bucket is not valid.");
    assert_snapshot!(create(".."), @"400 InvalidBucketName: The specified bucket is not valid.");
    assert_snapshot!(create("%2e%2e"), @"400 InvalidBucketName: The specified bucket is not valid.");
    assert_snapshot!(create("a..b"), @"400 InvalidBucketName: The specified bucket is not valid.");
    assert_snapshot!(create("192.168.1.1"), @"400 InvalidBucketName: The specified bucket is not valid.");
    // Its owner creates it again in `us-east-1`.
    assert_eq!(create("insights"), "200");
}

#[test]
fn virtual_host_and_path_style_name_the_same_bucket() {
    let world = World::new();
    let bot = world.bot();
    let port = world.server.port;
    world
        .s3(Request::put("/insights/bot/a", "hello"))
        .accepted();
    let at = |host: &str, target: &str| {
        let request = Request::get(target).header("host", &format!("{host}:{port}"));
        Signer::new(&bot, "s3").sign(request, port).send(port)
    };
    assert_eq!(at("insights.localhost", "/bot/a").text(), "hello");
    assert_eq!(at("localhost", "/insights/bot/a").text(), "hello");
    assert_snapshot!(at("other.localhost", "/bot/a").verdict(), @r#"403 AccessDenied: User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::other/bot/a" because no identity-based policy allows the s3:GetObject action"#);
    // The path is all key then, whatever bucket it seems to name.
    assert_snapshot!(at("other.localhost", "/insights/bot/a").verdict(), @r#"403 AccessDenied: User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::other/insights/bot/a" because no identity-based policy allows the s3:GetObject action"#);
    assert_snapshot!(at("insights.localhost", "/secret/a").verdict(), @r#"403 AccessDenied: User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::insights/secret/a" with an explicit deny in an identity-based policy"#);
}

#[test]
fn a_range_request_returns_part_of_an_object() {
    let world = World::new();
    world
        .s3(Request::put("/insights/a", "0123456789"))
        .accepted();
    let range = |range: &str| {
        let got = world.s3(Request::get("/insights/a").header("range", range));
        match got.value("content-range") {
            Some(part) => format!("{} {part} {}", got.status, got.text()),
            None => got.verdict(),
        }
    };
    assert_snapshot!(range("bytes=1-3"), @"206 bytes 1-3/10 123");
    assert_snapshot!(range("bytes=8-"), @"206 bytes 8-9/10 89");
    assert_snapshot!(range("bytes=-2"), @"206 bytes 8-9/10 89");
    assert_snapshot!(range("bytes=5-100"), @"206 bytes 5-9/10 56789");
    assert_snapshot!(range("bytes=10-"), @"416 InvalidRange: The requested range is not satisfiable");
    assert_snapshot!(range("lines=1-2"), @"200");
}

#[test]
fn unsupported_s3_requests_are_rejected_as_not_implemented() {
    let world = World::new();
    world
        .s3(Request::put("/insights/bot/a", "hello"))
        .accepted();
    world
        .s3(Request::put("/insights/secret/k", "hush"))
        .accepted();
    let verdict = |request: Request| world.s3(request).verdict();
    let copy =
        Request::new("PUT", "/insights/bot/copy").header("x-amz-copy-source", "/insights/secret/k");
    assert_snapshot!(verdict(copy), @"501 NotImplemented: A header or query you provided implies functionality that is not implemented");
    for (method, target) in [
        ("GET", "/insights/bot/a?acl"),
        ("PUT", "/insights/bot/a?acl"),
        ("GET", "/insights/bot/a?tagging"),
        ("DELETE", "/insights/bot/a?tagging"),
        ("GET", "/insights/bot/a?versionId=1"),
        ("DELETE", "/insights/bot/a?versionId=1"),
        ("POST", "/insights/bot/a?uploads"),
        ("PUT", "/insights/bot/a?partNumber=1&uploadId=x"),
        ("PUT", "/insights?policy"),
        ("DELETE", "/insights?policy"),
        ("POST", "/insights?delete"),
        ("GET", "/insights/bot/a?anything"),
        ("GET", "/insights?list-type=2&anything=1"),
    ] {
        let response = world.s3(Request::new(method, target));
        assert_eq!(
            response.element("Code").as_deref(),
            Some("NotImplemented"),
            "{method} {target}: {}",
            response.verdict()
        );
    }
    assert_eq!(world.s3(Request::get("/insights/bot/a")).text(), "hello");
    assert_eq!(world.s3(Request::get("/insights/bot/copy")).status, 404);
}

#[test]
fn a_chunked_body_is_stored_only_if_its_checksum_matches() {
    let world = World::new();
    let port = world.server.port;
    let bot = world.bot();
    let send = |key: &str, checksum: &str, length: &str, body: &str| {
        let request = Request::put(&format!("/insights/bot/{key}"), body)
            .header("content-encoding", "aws-chunked")
            .header("x-amz-decoded-content-length", length)
            .header("x-amz-trailer", checksum.split(':').next().unwrap());
        Signer::new(&bot, "s3")
            .payload("STREAMING-UNSIGNED-PAYLOAD-TRAILER")
            .sign(request, port)
            .send(port)
            .verdict()
    };
    let good = "x-amz-checksum-crc32:NhCmhg==";
    let body = |trailer: &str| format!("3\r\nhel\r\n2\r\nlo\r\n0\r\n{trailer}\r\n\r\n");
    assert_eq!(send("good", good, "5", &body(good)), "200");
    assert_eq!(world.s3(Request::get("/insights/bot/good")).text(), "hello");
    let wrong = "x-amz-checksum-crc32:AAAAAA==";
    assert_snapshot!(send("bad", wrong, "5", &body(wrong)), @"400 BadDigest: The CRC32 you specified did not match the calculated checksum.");
    assert_snapshot!(send("bad", good, "4", &body(good)), @"400 IncompleteBody: The request body terminated unexpectedly or does not have the number of bytes that was declared");
    assert_snapshot!(send("bad", good, "6", &body(good)), @"400 IncompleteBody: The request body terminated unexpectedly or does not have the number of bytes that was declared");
    assert_snapshot!(send("bad", good, "5", "5\r\nhello\r\n"), @"400 IncompleteBody: The request body terminated unexpectedly or does not have the number of bytes that was declared");
    assert_snapshot!(send("bad", good, "5", &body("x-amz-checksum-sha1:qvTGHdzF6KLavt4PO0gs2a6pQ00=")), @"400 MalformedTrailerError: The request contained trailing data that was not well-formed or did not conform to our published schema.");
    assert_snapshot!(send("bad", good, "5", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"), @"400 IncompleteBody: The request body terminated unexpectedly or does not have the number of bytes that was declared");
    assert_snapshot!(send("bad", good, "5", &format!("{}x", body(good))), @"400 IncompleteBody: The request body terminated unexpectedly or does not have the number of bytes that was declared");
    assert_eq!(world.s3(Request::get("/insights/bot/bad")).status, 404);
}

#[test]
fn a_signed_chunked_body_is_stored_only_if_every_signature_matches() {
    let world = World::new();
    let port = world.server.port;
    let bot = world.bot();
    let send = |key: &str, change: &dyn Fn(String) -> String| {
        let signer = Signer::new(&bot, "s3").payload("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
        let request = Request::put(&format!("/insights/bot/{key}"), "")
            .header("content-encoding", "aws-chunked")
            .header("x-amz-decoded-content-length", "5");
        let request = signer.sign(request, port);
        let chunks = ["hell", "o"];
        let signatures = signer.chunks(&request, &chunks);
        let mut body = String::new();
        for (data, signature) in chunks.iter().chain([&""]).zip(&signatures) {
            let size = data.len();
            write!(body, "{size:x};chunk-signature={signature}\r\n{data}\r\n").unwrap();
        }
        request.body(change(body)).send(port).verdict()
    };
    assert_eq!(send("good", &|body| body), "200");
    assert_eq!(world.s3(Request::get("/insights/bot/good")).text(), "hello");
    assert_snapshot!(send("bad", &|body| body.replace("o\r\n", "y\r\n")), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.");
    assert_snapshot!(send("bad", &|body| body.replace("0;chunk", "0;chunks")), @"400 InvalidRequest: The chunked encoding of the body is malformed.");
    // Chunks of another request, of the same signer and in the same second.
    let other = std::cell::RefCell::new(String::new());
    send("other", &|body| {
        other.borrow_mut().clone_from(&body);
        body
    });
    assert_snapshot!(send("bad", &|_| other.borrow().clone()), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.");
    assert_eq!(world.s3(Request::get("/insights/bot/bad")).status, 404);
}

#[test]
fn a_denied_upload_is_rejected_before_its_body_is_sent() {
    let world = World::new();
    let port = world.server.port;
    let bot = world.bot();
    let head = |key: &str| {
        let request = Request::put(&format!("/insights/{key}"), Vec::new())
            .header("expect", "100-continue")
            .header("content-length", "1000000");
        // Signed for a body that is never sent.
        Signer::new(&bot, "s3")
            .payload("UNSIGNED-PAYLOAD")
            .sign(request, port)
    };
    assert_snapshot!(head("secret/a").send(port).verdict(), @r#"403 AccessDenied: User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::insights/secret/a" with an explicit deny in an identity-based policy"#);
}

#[test]
fn a_bucket_that_is_not_empty_is_not_deleted() {
    let world = World::new();
    let delete = || world.s3(Request::new("DELETE", "/insights")).verdict();
    world.s3(Request::put("/insights/a", "x")).accepted();
    assert_snapshot!(delete(), @"409 BucketNotEmpty: The bucket you tried to delete is not empty");
    world.s3(Request::new("DELETE", "/insights/a")).accepted();
    assert_eq!(delete(), "204");
    assert_snapshot!(world.s3(Request::get("/insights?list-type=2")).verdict(), @"404 NoSuchBucket: The specified bucket does not exist");
}

#[test]
fn creating_a_bucket_that_another_account_owns_is_a_conflict() {
    let world = World::without_roles(Launch::two_accounts(), Issuer::start());
    let other = Bowline::other_root();
    let create = || Request::new("PUT", "/ledger");
    world.send(&other, "s3", create()).accepted();
    assert_snapshot!(world.s3(create()).verdict(), @"409 BucketAlreadyExists: The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.");
    // A caller without the permission to create buckets does not learn who owns the name.
    let nobody = world.user("nobody", None);
    let refused = world.send(&nobody, "s3", create());
    assert_snapshot!(refused.verdict(), @r#"403 AccessDenied: User: arn:aws:iam::432797229265:user/nobody is not authorized to perform: s3:CreateBucket on resource: "arn:aws:s3:::ledger" because no identity-based policy allows the s3:CreateBucket action"#);
    world
        .send(&other, "s3", Request::new("HEAD", "/ledger"))
        .accepted();
}

#[test]
fn deny_statements_about_storage_class_acl_or_region_apply() {
    let world = World::new();
    let denied = |key: &str, value: &str| json!({ "Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": { "StringEquals": { key: value } } });
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "s3:*", "Resource": "*" },
            denied("s3:x-amz-storage-class", "STANDARD"),
            denied("s3:x-amz-acl", "private"),
            denied("s3:LocationConstraint", "eu-west-1"),
        ],
    });
    let user = world.user("careful", Some(policy));
    let send = |request: Request| world.send(&user, "s3", request).verdict();
    let object = || Request::put("/insights/a", "x");
    assert_eq!(send(object()), "200");
    assert_snapshot!(send(object().header("x-amz-storage-class", "STANDARD")), @r#"403 AccessDenied: User: arn:aws:iam::432797229265:user/careful is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::insights/a" with an explicit deny in an identity-based policy"#);
    assert_snapshot!(send(object().header("x-amz-acl", "private")), @r#"403 AccessDenied: User: arn:aws:iam::432797229265:user/careful is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::insights/a" with an explicit deny in an identity-based policy"#);
    assert_eq!(
        send(object().header("x-amz-acl", "bucket-owner-full-control")),
        "200"
    );
    let bucket = |region: &str| {
        let body = format!(
            "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
        );
        Request::put("/second", body)
    };
    assert_snapshot!(send(Request::new("PUT", "/second").header("x-amz-acl", "private")), @r#"403 AccessDenied: User: arn:aws:iam::432797229265:user/careful is not authorized to perform: s3:CreateBucket on resource: "arn:aws:s3:::second" with an explicit deny in an identity-based policy"#);
    assert_snapshot!(send(bucket("eu-west-1")), @r#"403 AccessDenied: User: arn:aws:iam::432797229265:user/careful is not authorized to perform: s3:CreateBucket on resource: "arn:aws:s3:::second" with an explicit deny in an identity-based policy"#);
    assert_eq!(world.s3(Request::new("HEAD", "/second")).status, 404);
    assert_eq!(send(bucket("eu-central-1")), "200");
    assert_eq!(send(Request::new("PUT", "/third")), "200");
}

#[test]
fn a_body_with_a_wrong_hash_creates_no_bucket() {
    let world = World::new();
    let port = world.server.port;
    let signed = Signer::new(&Bowline::root(), "s3").sign(Request::put("/second", ""), port);
    let response = signed
        .body("<CreateBucketConfiguration/>")
        .send(port)
        .verdict();
    assert_snapshot!(response, @"400 XAmzContentSHA256Mismatch: The provided 'x-amz-content-sha256' header does not match what was computed.");
    assert_snapshot!(Request::put("/second", "<").send(port).verdict(), @"403 AccessDenied: Access Denied");
    assert_eq!(world.s3(Request::new("HEAD", "/second")).status, 404);
}

#[test]
fn a_new_bucket_does_not_inherit_objects_of_a_deleted_one() {
    let world = World::on_disk();
    let buckets = world.server.data().join("objects/buckets");
    let folders = || -> Vec<_> {
        let entries = fs::read_dir(&buckets).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.display().to_string().contains("/second."))
            .collect()
    };
    let create = || world.s3(Request::new("PUT", "/second")).accepted();
    create();
    let left = folders().remove(0);
    world.s3(Request::new("DELETE", "/second")).accepted();
    assert_eq!(folders().len(), 0);
    // As if the store had not let go of it.
    fs::create_dir(&left).unwrap();
    fs::write(left.join("fa"), "x").unwrap();
    create();
    assert_eq!(folders().len(), 2);
    assert_eq!(world.s3(Request::get("/second/a")).status, 404);
    let listed = world.s3(Request::get("/second?list-type=2")).accepted();
    assert_eq!(listed.element("KeyCount").as_deref(), Some("0"));
}
