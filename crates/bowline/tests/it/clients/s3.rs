//! S3 through clients that send and sign it in other ways than boto3.

use std::fs;

use insta::assert_snapshot;

use crate::support::bowline::Bowline;
use crate::support::python::{clients, clients_with};
use crate::support::sdk::node;
use crate::support::world::World;

#[test]
fn the_aws_cli_copies_empty_files_without_waiting() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    let folder = world.server.home().join("empty");
    fs::create_dir(&folder).unwrap();
    for number in 0..20 {
        let body = if number % 4 == 0 { "a" } else { "" };
        fs::write(folder.join(format!("{number:02}")), body).unwrap();
    }
    let aws = |args: &[&str]| clients.aws(args, &world.server.url, Some(&Bowline::root()), &[]);
    // A client that waits for a response that never comes fails after this time.
    let copy = [
        "s3",
        "cp",
        "--recursive",
        "--quiet",
        "--cli-read-timeout",
        "20",
    ];
    aws(&[
        &copy[..],
        &[folder.to_str().unwrap(), "s3://insights/empty/"],
    ]
    .concat());
    let count = ["--query", "length(Contents)"];
    let list = ["s3api", "list-objects-v2", "--bucket", "insights"];
    assert_snapshot!(aws(&[&list[..], &count[..]].concat()), @"20");
}

#[test]
fn python_clients_sign_every_key_and_learn_what_is_wrong() {
    let Some(clients) = clients_with(&["minio", "pyarrow", "requests_aws4auth"]) else {
        return;
    };
    let world = World::new();
    let printed = clients.drive(
        "s3_signers.py",
        &world.server.url,
        Some(&Bowline::root()),
        &[],
    );
    assert_snapshot!(printed, @r#"
    requests-aws4auth plain: (200, 'hello')
    requests-aws4auth a=b: (200, 'hello')
    requests-aws4auth 19:30: (200, 'hello')
    requests-aws4auth report(1).pdf: (200, 'hello')
    requests-aws4auth a b: (200, 'hello')
    requests-aws4auth a&b: (200, 'hello')
    requests-aws4auth a@b: (200, 'hello')
    requests-aws4auth it's: (200, 'hello')
    requests-aws4auth a!b*c: (200, 'hello')
    requests-aws4auth a$b,c;d: (403, 'SignatureDoesNotMatch')
    requests-aws4auth a+b: (403, 'SignatureDoesNotMatch')
    requests-aws4auth, unknown key: (403, 'InvalidAccessKeyId')
    requests-aws4auth, wrong secret: (403, 'SignatureDoesNotMatch')
    requests-aws4auth, wrong service: (400, 'AuthorizationHeaderMalformed')
    requests-aws4auth, no region: (400, 'AuthorizationHeaderMalformed')
    minio, bucket: None
    minio, abroad: None
    minio, exists: True
    minio, put: 5d41402abc4b2a76b9719d911017c592
    minio, get: b'hello'
    minio, empty: d41d8cd98f00b204e9800998ecf8427e
    minio, list: ["dt=2026-07-12/T19:30 (1)+&@$,;!*'~.csv", 'empty']
    minio, none: NoSuchKey
    minio, unknown key: InvalidAccessKeyId
    pyarrow, bucket: None
    pyarrow, put: None
    pyarrow, empty: None
    pyarrow, get: b'hello'
    pyarrow, none: NotFound
    pyarrow, list: ['by-arrow/dt=2026-07-12', "by-arrow/dt=2026-07-12/T19:30 (1)+&@$,;!*'~.csv", 'by-arrow/empty']
    pyarrow, wrong secret: True
    "#);
}

#[test]
fn javascript_signers_sign_every_key_and_learn_what_is_wrong() {
    let world = World::new();
    let printed = node("signers.mjs", &world.server.url, &Bowline::root());
    let Some(printed) = printed else { return };
    assert_snapshot!(printed, @"
    aws4 plain: 200 hello
    aws4 a=b: 200 hello
    aws4 19:30: 200 hello
    aws4 report(1).pdf: 200 hello
    aws4 it's: 200 hello
    aws4 a@b: 200 hello
    aws4 a&b: 200 hello
    aws4 a!b*c: 200 hello
    aws4 a$b,c;d: 200 hello
    aws4 a%20b: 200 hello
    aws4 a%3Db: 200 hello
    aws4 a+b: 200 hello
    aws4 %C3%BC: 200 hello
    aws4, unknown key: 403 InvalidAccessKeyId
    aws4, wrong secret: 403 SignatureDoesNotMatch
    aws4, another path: 403 SignatureDoesNotMatch
    aws4, no signature: 400 AuthorizationHeaderMalformed
    aws4, no terminal: 400 AuthorizationHeaderMalformed
    aws4fetch plain: 200 hello
    aws4fetch a=b: 200 hello
    aws4fetch 19:30: 200 hello
    aws4fetch report(1).pdf: 200 hello
    aws4fetch it's: 200 hello
    aws4fetch a@b: 200 hello
    aws4fetch a&b: 200 hello
    aws4fetch a!b*c: 200 hello
    aws4fetch a$b,c;d: 200 hello
    aws4fetch a%20b: 200 hello
    aws4fetch a%3Db: 200 hello
    aws4fetch a+b: 200 hello
    aws4fetch %C3%BC: 200 hello
    aws4fetch ü: 200 hello
    aws4fetch, unknown key: 403 InvalidAccessKeyId
    aws4fetch, wrong secret: 403 SignatureDoesNotMatch
    ");
}
