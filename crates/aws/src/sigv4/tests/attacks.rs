//! Requests that were signed and then changed, or signed badly. Each starts from one that is
//! accepted.

use super::*;

fn sts() -> Request {
    let request = Request::new(
        "POST",
        "/?a=1",
        "Action=GetCallerIdentity&Version=2011-06-15",
    )
    .header("Content-Type", "application/x-www-form-urlencoded")
    .signed_for("sts");
    assert!(request.verified().is_ok());
    request
}

fn s3() -> Request {
    let request = Request::new("PUT", "/bucket/key", "data")
        .header("x-amz-meta-a", "1")
        .signed_for("s3");
    assert!(request.verified().is_ok());
    request
}

/// Replaces a part of the `Authorization` header.
fn authorization(request: &Request, from: &str, to: &str) -> Request {
    let old = request.value("authorization");
    assert!(old.contains(from), "{old}");
    request
        .clone()
        .set("authorization", &old.replacen(from, to, 1))
}

#[test]
fn an_amazon_header_that_is_not_signed_is_rejected() {
    insta::assert_snapshot!(s3().header("X-Amz-Copy-Source", "/other/secret").rejection(), @"header `x-amz-copy-source` is not signed");
    insta::assert_snapshot!(sts().header("x-amz-target", "DynamoDB_20120810.GetItem").rejection(), @"header `x-amz-target` is not signed");
    assert!(s3().header("x-amzn-trace-id", "Root=1").verified().is_ok());
}

#[test]
fn a_changed_part_is_rejected() {
    let mismatch = Err(SignatureError::Mismatch);
    let changed = |change: fn(&mut Request)| {
        let mut request = s3();
        change(&mut request);
        request.verified().map(|_| ())
    };
    assert_eq!(changed(|r| r.method = "DELETE".to_owned()), mismatch);
    assert_eq!(changed(|r| r.path = "/bucket/kex".to_owned()), mismatch);
    assert_eq!(changed(|r| r.path = "/bucket/./key".to_owned()), mismatch);
    assert_eq!(changed(|r| r.path = "/bucket//key".to_owned()), mismatch);
    assert_eq!(changed(|r| r.path = "/bucket/%256bey".to_owned()), mismatch);
    assert_eq!(changed(|r| r.query = "acl".to_owned()), mismatch);
    assert_eq!(
        changed(|r| r.headers[0].1 = b"other:9400".to_vec()),
        mismatch
    );
    assert_eq!(changed(|r| r.headers[1].1 = b"2".to_vec()), mismatch);
    assert_eq!(
        changed(|r| r.body.push(b'x')),
        Err(SignatureError::ContentSha256Mismatch)
    );
}

#[test]
fn values_of_two_signed_headers_cannot_be_swapped() {
    let mut request = Request::new("GET", "/b/k", "")
        .header("x-amz-a", "1")
        .header("x-amz-b", "2")
        .signed_for("s3");
    assert!(request.verified().is_ok());
    let value = request.headers[1].1.clone();
    request.headers[1].1 = request.headers[2].1.clone();
    request.headers[2].1 = value;
    assert_eq!(request.verified().unwrap_err(), SignatureError::Mismatch);
}

#[test]
fn a_replay_outside_of_the_window_is_rejected() {
    let at = |text: &str| {
        sts()
            .verified_at(text.parse().unwrap())
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(at("2026-11-24T00:45:00Z"), Ok(()));
    assert_eq!(
        at("2026-11-24T00:45:01Z"),
        Err("the signature has expired".to_owned())
    );
    assert_eq!(at("2026-11-24T00:15:00Z"), Ok(()));
    assert_eq!(
        at("2026-11-24T00:14:59Z"),
        Err("the signature is not yet current".to_owned())
    );
}

#[test]
fn a_later_date_on_an_old_request_is_rejected() {
    assert_eq!(
        sts()
            .set("x-amz-date", "20261124T003001Z")
            .verified()
            .unwrap_err(),
        SignatureError::Mismatch
    );
}

#[test]
fn a_scope_of_another_day_region_or_service_is_rejected() {
    insta::assert_snapshot!(authorization(&sts(), "/20261124/", "/20261123/").rejection(), @"the credential scope is of `20261123`, the request of another day");
    insta::assert_snapshot!(authorization(&sts(), "/us-east-1/", "/eu-west-1/").rejection(), @"the signature does not match");
    insta::assert_snapshot!(authorization(&sts(), "/sts/", "/iam/").rejection(), @"the signature does not match");
}

#[test]
fn another_secret_is_rejected() {
    let other = SecretAccessKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEX").unwrap();
    assert_eq!(
        sts().verified_by(&other, now()).unwrap_err(),
        SignatureError::Mismatch
    );
}

#[test]
fn duplicate_headers_are_rejected() {
    let twice = |request: Request, name: &str| {
        let value = request.value(name);
        request.header(name, &value).rejection()
    };
    insta::assert_snapshot!(twice(sts(), "Authorization"), @"header `authorization` is given more than once");
    insta::assert_snapshot!(twice(sts(), "Host"), @"header `host` is given more than once");
    insta::assert_snapshot!(twice(sts(), "X-Amz-Date"), @"header `x-amz-date` is given more than once");
    insta::assert_snapshot!(twice(s3(), "x-amz-content-sha256"), @"header `x-amz-content-sha256` is given more than once");
    let token = sts()
        .header("x-amz-security-token", "a")
        .header("X-Amz-Security-Token", "b");
    insta::assert_snapshot!(token.rejection(), @"header `x-amz-security-token` is given more than once");
}

#[test]
fn a_session_token_cannot_be_added_or_removed() {
    insta::assert_snapshot!(sts().header("x-amz-security-token", "FwoG").rejection(), @"header `x-amz-security-token` is not signed");
    let mut session = credentials();
    session.session_token = Some(SessionToken::new("FwoG").unwrap());
    let mut request = Request::new("GET", "/", "").signed_with(&session, "s3", now());
    assert!(request.verified().is_ok());
    request
        .headers
        .retain(|(name, _)| name != "x-amz-security-token");
    insta::assert_snapshot!(request.rejection(), @"signed header `x-amz-security-token` is absent");
}

#[test]
fn the_host_must_be_signed() {
    insta::assert_snapshot!(authorization(&sts(), "host;", "").rejection(), @"header `host` is not signed");
}

#[test]
fn signed_headers_have_one_spelling() {
    for (from, to) in [
        ("content-type;host", "host;content-type"),
        ("content-type;host", "Content-Type;host"),
        ("content-type;host", "content-type;host;host"),
        ("content-type;host", "content-type;;host"),
        ("content-type;host", ""),
        ("content-type;host", "content-type;ho st"),
        ("content-type;host", "content-type;host:"),
    ] {
        let error = authorization(&sts(), from, to).verified().unwrap_err();
        assert!(
            matches!(
                error,
                SignatureError::Malformed(AuthorizationError::SignedHeaders(_))
            ),
            "{to}: {error:?}"
        );
    }
}

#[test]
fn the_authorization_header_is_parsed_strictly() {
    let rejected = |value: &str| sts().set("authorization", value).rejection();
    let good = sts().value("authorization");
    insta::assert_snapshot!(rejected(""), @"malformed authorization header: unsupported authorization scheme ``");
    insta::assert_snapshot!(rejected("Basic dXNlcg=="), @"malformed authorization header: unsupported authorization scheme `Basic`");
    insta::assert_snapshot!(rejected("AWS4-HMAC-SHA256"), @"malformed authorization header: `` is not a key=value pair");
    insta::assert_snapshot!(rejected("AWS4-HMAC-SHA256 Credential"), @"malformed authorization header: `Credential` is not a key=value pair");
    insta::assert_snapshot!(rejected("AWS4-HMAC-SHA256 wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), @"malformed authorization header: `wJalrXUtnFEMI...` is not a key=value pair");
    insta::assert_snapshot!(rejected("AWS4-HMAC-SHA256 Credential=a"), @"malformed authorization header: parameter `SignedHeaders` is missing");
    insta::assert_snapshot!(rejected(&format!("{good}, Extra=1")), @"malformed authorization header: unknown parameter `Extra`");
    insta::assert_snapshot!(rejected(&format!("{good}, Signature=1")), @"malformed authorization header: parameter `Signature` is given more than once");
    insta::assert_snapshot!(rejected(&good.replace("/aws4_request", "/aws5_request")), @"malformed authorization header: the terminal of the credential is `aws5_request`");
    insta::assert_snapshot!(rejected(&good.replace("/aws4_request", "")), @"malformed authorization header: credential `AKIAIOSFODNN7EXAMPLE/20261124/us-east-1/sts` is not keyid/date/region/service/aws4_request");
    insta::assert_snapshot!(rejected(&good.replace("/us-east-1/", "/us/east-1/")), @"malformed authorization header: credential `AKIAIOSFODNN7EXAMPLE/20261124/us/east-1/sts/aws4_request` is not keyid/date/region/service/aws4_request");
    insta::assert_snapshot!(rejected(&good.replace("/us-east-1/", "//")), @"malformed authorization header: the region of the credential is ``");
    insta::assert_snapshot!(rejected(&good.replace("/sts/", "/s;ts/")), @"malformed authorization header: the service of the credential is `s;ts`");
    insta::assert_snapshot!(rejected(&good.replace("/20261124/", "/2026-11-24/")), @"malformed authorization header: the date of the credential is `2026-11-24`");
    insta::assert_snapshot!(rejected(&good.replace("AKIAIOSFODNN7EXAMPLE", "")), @"malformed authorization header: the credential has no access key id");
    insta::assert_snapshot!(rejected(&good.to_uppercase().replace("AWS4-HMAC-SHA256 CREDENTIAL", "AWS4-HMAC-SHA256 Credential")), @"malformed authorization header: parameter `SignedHeaders` is missing");
    insta::assert_snapshot!(rejected(&format!("{good}0")), @"the signature does not match");
    insta::assert_snapshot!(rejected(&"x".repeat(9000)), @"malformed authorization header: the authorization header is longer than 8192 bytes");
    insta::assert_snapshot!(rejected("AWS4-HMAC-SHA256 Credential=é"), @"malformed authorization header: the authorization header has a character other than visible ASCII");
    // A key id of another shape is that of no key, which the caller finds out.
    let short = good.replace("AKIAIOSFODNN7EXAMPLE", "test");
    assert!(sts().set("authorization", &short).verified().is_ok());
    // SDKs write the separator with a space or without.
    assert!(
        sts()
            .set("authorization", &good.replace(", ", ","))
            .verified()
            .is_ok()
    );
}

#[test]
fn control_characters_cannot_forge_a_line() {
    let request = s3();
    let mut headers = request.clone();
    headers.headers[1].1 = b"1\nx-amz-security-token:forged".to_vec();
    assert_eq!(
        headers.verified().unwrap_err(),
        SignatureError::ControlCharacter
    );
    let mut path = request.clone();
    path.path = "/bucket/key\n\nhost:other".to_owned();
    assert_eq!(
        path.verified().unwrap_err(),
        SignatureError::ControlCharacter
    );
    let mut query = request;
    query.query = "a=1\nhost:other".to_owned();
    assert_eq!(
        query.verified().unwrap_err(),
        SignatureError::ControlCharacter
    );
}

#[test]
fn an_absolute_target_is_rejected() {
    let mut request = s3();
    request.path = "http://other/bucket/key".to_owned();
    assert_eq!(request.verified().unwrap_err(), SignatureError::BadTarget);
}

#[test]
fn an_unsigned_payload_is_for_s3_only() {
    for (service, expected) in [
        ("s3", Ok(())),
        ("sts", Err(SignatureError::ContentSha256Malformed)),
        ("dynamodb", Err(SignatureError::ContentSha256Malformed)),
    ] {
        let mut request = Request::new("POST", "/", "Action=X")
            .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        let added = request
            .with(|parts| {
                let without = RequestParts {
                    headers: &parts.headers[..1],
                    ..*parts
                };
                let from = if service == "s3" { &without } else { parts };
                sign(
                    from,
                    SigningPayload::Declared(ContentSha256::Unsigned),
                    &credentials(),
                    "us-east-1",
                    service,
                    now(),
                )
            })
            .unwrap();
        if service == "s3" {
            request.headers.truncate(1);
        }
        request.headers.extend(
            added
                .into_iter()
                .map(|(n, v)| (n.to_owned(), v.into_bytes())),
        );
        assert_eq!(request.verified().map(|_| ()), expected, "{service}");
    }
}

#[test]
fn an_s3_request_declares_its_payload() {
    let mut request = s3();
    request
        .headers
        .retain(|(name, _)| name != "x-amz-content-sha256");
    insta::assert_snapshot!(request.rejection(), @"header `x-amz-content-sha256` is missing");
    let declared = |value: &str| s3().set("x-amz-content-sha256", value).rejection();
    insta::assert_snapshot!(declared("unsigned-payload"), @"header `x-amz-content-sha256` is malformed or not allowed here");
    insta::assert_snapshot!(declared(&"E3".repeat(32)), @"header `x-amz-content-sha256` is malformed or not allowed here");
    insta::assert_snapshot!(declared("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"), @"payloads in chunks signed by signature version 4A are not supported");
    insta::assert_snapshot!(declared("UNSIGNED-PAYLOAD"), @"the signature does not match");
}

#[test]
fn a_plus_sign_is_a_space_for_signer_and_parser() {
    let mut request = Request::new("GET", "/b?prefix=a%2Bb", "").signed_for("s3");
    assert!(request.verified().is_ok());
    request.query = "prefix=a+b".to_owned();
    assert_eq!(request.verified().unwrap_err(), SignatureError::Mismatch);
    request.query = "prefix=a%2bb".to_owned();
    assert!(request.verified().is_ok());
}

#[test]
fn an_encoded_separator_is_not_a_separator_of_the_query() {
    let mut request = Request::new("GET", "/b?a=1&b=2", "").signed_for("s3");
    assert!(request.verified().is_ok());
    for other in ["a=1%26b=2", "a=1&b=2&c", "a=1", "a%3D1&b=2", "a=2&b=1"] {
        request.query = other.to_owned();
        assert_eq!(
            request.verified().unwrap_err(),
            SignatureError::Mismatch,
            "{other}"
        );
    }
}
