//! Handlers over the embedded store: what is stored, how they respond, and false claims of bodies.

use bowline_aws::sigv4::ContentSha256;
use http_body_util::BodyExt as _;

use super::super::{
    S3Error,
    testing::{TestGateway, TestRequest},
};

struct World {
    gateway: TestGateway,
    runtime: tokio::runtime::Runtime,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let gateway = runtime.block_on(TestGateway::new());
        let world = Self { gateway, runtime };
        assert_eq!(
            world.send("PUT", "/insights", &[], "", ContentSha256::Unsigned),
            "200 location=/insights"
        );
        world
    }

    fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
        content: ContentSha256,
    ) -> String {
        let request = TestRequest {
            method,
            target,
            headers,
            body,
            content,
        };
        self.runtime.block_on(async {
            let response = match self.gateway.handle(request).await {
                Err(S3Error::NoSuchKey(_)) => return "NoSuchKey".to_owned(),
                Err(S3Error::Request(error)) => return format!("{:?}", error.client.code()),
                Ok(response) => response,
            };
            let (parts, body) = response.into_parts();
            let data = body.collect().await.unwrap().to_bytes();
            let mut shown = vec![parts.status.as_str().to_owned()];
            let headers = parts.headers.iter();
            shown.extend(headers.map(|(n, v)| format!("{n}={}", v.to_str().unwrap())));
            shown.extend((!data.is_empty()).then(|| String::from_utf8(data.to_vec()).unwrap()));
            shown.join(" ")
        })
    }

    fn get(&self, target: &str, headers: &[(&str, &str)]) -> String {
        self.send("GET", target, headers, "", ContentSha256::Unsigned)
    }
}

#[test]
fn an_object_is_read_as_it_was_put() {
    let world = World::new();
    let headers = [
        ("content-type", "text/plain"),
        ("x-amz-meta-k", "v"),
        ("x-amz-checksum-crc32", "NhCmhg=="),
        ("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="),
        ("content-length", "5"),
    ];
    insta::assert_snapshot!(world.send("PUT", "/insights/a", &headers, "hello", ContentSha256::Unsigned),
        @r#"200 etag="5d41402abc4b2a76b9719d911017c592" x-amz-checksum-crc32=NhCmhg== x-amz-checksum-type=FULL_OBJECT"#);
    insta::assert_snapshot!(world.get("/insights/a", &[("x-amz-checksum-mode", "ENABLED")]),
        @r#"200 last-modified=Thu, 01 Jan 1970 00:00:00 GMT etag="5d41402abc4b2a76b9719d911017c592" accept-ranges=bytes content-type=text/plain content-length=5 x-amz-meta-k=v x-amz-checksum-crc32=NhCmhg== x-amz-checksum-type=FULL_OBJECT hello"#);
    insta::assert_snapshot!(world.get("/insights/a", &[("x-amz-checksum-mode", "ENABLED"), ("range", "bytes=1-3")]),
        @r#"206 content-range=bytes 1-3/5 last-modified=Thu, 01 Jan 1970 00:00:00 GMT etag="5d41402abc4b2a76b9719d911017c592" accept-ranges=bytes content-type=text/plain content-length=3 x-amz-meta-k=v ell"#);
    assert_eq!(world.get("/insights/none", &[]), "NoSuchKey");
}

#[test]
fn a_body_with_a_false_claim_stores_nothing() {
    let world = World::new();
    let put = |headers: &[(&str, &str)], body: &str, content| {
        world.send("PUT", "/insights/bad", headers, body, content)
    };
    let (plain, chunked) = (ContentSha256::Unsigned, ContentSha256::UnsignedTrailer);
    assert_eq!(
        put(&[], "evil", ContentSha256::Hash([7; 32])),
        "ContentSha256Mismatch"
    );
    assert_eq!(
        put(&[("x-amz-checksum-crc32", "AAAAAA==")], "evil", plain),
        "BadDigest"
    );
    assert_eq!(
        put(&[("x-amz-checksum-crc32", "x")], "evil", plain),
        "InvalidRequest"
    );
    assert_eq!(
        put(
            &[("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")],
            "evil",
            plain
        ),
        "BadDigest"
    );
    assert_eq!(put(&[("content-md5", "x")], "evil", plain), "InvalidDigest");
    assert_eq!(
        put(&[("content-length", "9")], "evil", plain),
        "IncompleteBody"
    );
    assert_eq!(
        put(&[("content-length", "3")], "evil", plain),
        "IncompleteBody"
    );
    assert_eq!(
        put(&[("content-length", "5368709121")], "evil", plain),
        "EntityTooLarge"
    );
    assert_eq!(
        put(&[("x-amz-trailer", "x-amz-checksum-crc32")], "evil", plain),
        "InvalidRequest"
    );
    let framed = |length, trailer: &str| {
        let headers = [
            ("x-amz-decoded-content-length", length),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
        ];
        put(
            &headers,
            &format!("5\r\nhello\r\n0\r\n{trailer}\r\n"),
            chunked,
        )
    };
    assert_eq!(
        framed("5", "x-amz-checksum-crc32:AAAAAA==\r\n"),
        "BadDigest"
    );
    assert_eq!(framed("5", ""), "InvalidRequest");
    for unknown in ["x-amz-checksum-xxhash64", "x-amz-meta-a"] {
        let headers = [
            ("x-amz-decoded-content-length", "5"),
            ("x-amz-trailer", unknown),
        ];
        let body = format!("5\r\nhello\r\n0\r\n{unknown}:AAAA\r\n\r\n");
        assert_eq!(put(&headers, &body, chunked), "InvalidRequest", "{unknown}");
    }
    assert_eq!(
        framed("4", "x-amz-checksum-crc32:NhCmhg==\r\n"),
        "IncompleteBody"
    );
    assert_eq!(
        framed("6", "x-amz-checksum-crc32:NhCmhg==\r\n"),
        "IncompleteBody"
    );
    assert_eq!(put(&[], "0\r\n\r\n", chunked), "MissingContentLength");
    assert_eq!(world.get("/insights/bad", &[]), "NoSuchKey");
    assert!(framed("5", "x-amz-checksum-crc32:NhCmhg==\r\n").starts_with("200 "));
}

#[test]
fn a_listing_continues_where_the_page_ended() {
    let world = World::new();
    for key in ["a", "b/1", "b/2", "c%20d"] {
        world.send(
            "PUT",
            &format!("/insights/{key}"),
            &[],
            "x",
            ContentSha256::Unsigned,
        );
    }
    let page = world.get(
        "/insights?list-type=2&delimiter=/&max-keys=2&encoding-type=url",
        &[],
    );
    let token = page
        .split("<NextContinuationToken>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    insta::assert_snapshot!(page.replace(token, "TOKEN"), @r#"
    200 content-type=application/xml <?xml version="1.0" encoding="UTF-8"?>
    <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>insights</Name><Prefix></Prefix><NextContinuationToken>TOKEN</NextContinuationToken><KeyCount>2</KeyCount><MaxKeys>2</MaxKeys><Delimiter>/</Delimiter><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><Contents><Key>a</Key><LastModified>1970-01-01T00:00:00.000Z</LastModified><ETag>&quot;9dd4e461268c8034f5c8564e155c67a6&quot;</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents><CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes></ListBucketResult>
    "#);
    let rest = world.get(
        &format!("/insights?list-type=2&delimiter=/&encoding-type=url&continuation-token={token}"),
        &[],
    );
    assert!(
        rest.contains("<KeyCount>1</KeyCount>") && rest.contains("<Key>c%20d</Key>"),
        "{rest}"
    );
    assert_eq!(
        world.get("/insights?list-type=2&continuation-token=x", &[]),
        "InvalidArgument"
    );
    assert_eq!(
        world.send("DELETE", "/insights", &[], "", ContentSha256::Unsigned),
        "BucketNotEmpty"
    );
}
