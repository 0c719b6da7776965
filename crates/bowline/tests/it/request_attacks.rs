//! Signed requests that were changed, replayed or sent to another service, each next to an accepted
//! request.

mod ambiguity;

use std::io::{Read, Write};
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::bowline::Bowline;
use crate::support::http::{Request, connect, exchange, exchange_over};
use crate::support::keys::Keys;
use crate::support::sign::{Signer, sha256};
use crate::support::wait::wait_for;
use crate::support::world::{World, allow, query};

const FORM: &str = "application/x-www-form-urlencoded";

fn list_users() -> Request {
    query("iam", "ListUsers", &[])
}

fn put(key: &str) -> Request {
    Request::put(&format!("/insights/bot/{key}"), "hello").header("content-type", "text/plain")
}

#[test]
fn an_unsigned_request_is_rejected() {
    let world = World::new();
    let port = world.server.port;
    world.iam("ListUsers", &[]).accepted();
    assert_snapshot!(list_users().send(port).verdict(), @"403 MissingAuthenticationToken: Request is missing Authentication Token");
    assert_snapshot!(query("sts", "GetCallerIdentity", &[]).send(port).verdict(), @"403 MissingAuthenticationToken: Request is missing Authentication Token");
    assert_snapshot!(put("a").send(port).verdict(), @"403 AccessDenied: Access Denied");
    assert_snapshot!(Request::get("/").send(port).verdict(), @"403 AccessDenied: Access Denied");
    let target = Request::new("POST", "/")
        .header("x-amz-target", "DynamoDB_20120810.ListTables")
        .body("{}");
    assert_snapshot!(target.send(port).text(), @r#"{"__type":"com.amazon.coral.service#MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}"#);
}

#[test]
fn an_unknown_access_key_is_rejected() {
    let world = World::new();
    let nobody = Keys {
        access_key_id: "AKIANOSUCHKEYAAAAAAA".to_owned(),
        secret_access_key: "x".repeat(40),
        session_token: None,
    };
    assert_snapshot!(world.call(&nobody, "iam", "ListUsers", &[]).verdict(), @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    assert_snapshot!(world.send(&nobody, "s3", put("a")).verdict(), @"403 InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.");
    let guess = Keys {
        secret_access_key: "x".repeat(40),
        ..Bowline::root()
    };
    assert_snapshot!(world.call(&guess, "iam", "ListUsers", &[]).verdict(), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.");
    assert_snapshot!(world.send(&guess, "s3", put("a")).verdict(), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.");
}

#[test]
fn a_signed_request_cannot_be_changed() {
    let world = World::new();
    let port = world.server.port;
    let signed = Signer::new(&world.bot(), "s3").sign(put("a").header("x-amz-meta-k", "v"), port);
    signed.send(port).accepted();
    let verdict = |request: Request| request.send(port).verdict();
    assert_snapshot!(verdict(signed.clone().replaced("x-amz-meta-k", "w")), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.");
    assert_snapshot!(verdict(signed.clone().replaced("content-type", "text/html")), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.");
    assert_snapshot!(verdict(signed.clone().replaced("x-amz-content-sha256", &sha256(b"other")).body("other")), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.");
    assert_snapshot!(verdict(signed.clone().body("jello")), @"400 XAmzContentSHA256Mismatch: The provided 'x-amz-content-sha256' header does not match what was computed.");
    assert_snapshot!(verdict(Request { method: "DELETE".to_owned(), ..signed.clone() }), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.");
    assert_snapshot!(verdict(Request { target: "/insights/bot/b".to_owned(), ..signed.clone() }), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.");
    assert_snapshot!(verdict(Request { target: "/insights/bot/a?x-id=PutObject".to_owned(), ..signed.clone() }), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.");
    // The values of two signed headers, exchanged.
    let swapped = signed
        .clone()
        .replaced("x-amz-meta-k", "text/plain")
        .replaced("content-type", "v");
    assert_snapshot!(verdict(swapped), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.");
    let mut without = signed.clone();
    without.headers.retain(|(name, _)| name != "x-amz-meta-k");
    assert_snapshot!(verdict(without), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.");
    let form = Signer::new(&Bowline::root(), "iam").sign(list_users(), port);
    form.send(port).accepted();
    let evil = form
        .replaced("content-type", FORM)
        .body("Action=CreateUser&Version=2010-05-08&UserName=evil");
    assert_snapshot!(verdict(evil), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.");
    let users = world.iam("ListUsers", &[]).text();
    assert!(!users.contains("evil"), "{users}");
}

#[test]
fn every_amz_header_must_be_signed() {
    let world = World::new();
    let port = world.server.port;
    let bot = world.bot();
    let twin = |signer: Signer| {
        signer
            .sign(put("a").header("x-amz-meta-owner", "me"), port)
            .send(port)
            .verdict()
    };
    assert_eq!(twin(Signer::new(&bot, "s3")), "200");
    assert_snapshot!(twin(Signer::new(&bot, "s3").leave_unsigned("x-amz-meta-owner")), @"403 AccessDenied: There were headers present in the request which were not signed");
    assert_snapshot!(twin(Signer::new(&bot, "s3").leave_unsigned("x-amz-content-sha256")), @"403 AccessDenied: There were headers present in the request which were not signed");
    assert_snapshot!(twin(Signer::new(&bot, "s3").leave_unsigned("x-amz-security-token")), @"403 AccessDenied: There were headers present in the request which were not signed");
    assert_snapshot!(twin(Signer::new(&bot, "s3").leave_unsigned("host")), @"403 AccessDenied: There were headers present in the request which were not signed");
    // Added on the way.
    let signed = Signer::new(&bot, "s3").sign(put("a"), port);
    assert_eq!(signed.send(port).verdict(), "200");
    for (name, value) in [
        ("x-amz-acl", "public-read"),
        ("x-amz-copy-source", "/insights/secret/a"),
        ("X-Amz-Meta-Owner", "me"),
    ] {
        let verdict = signed.clone().header(name, value).send(port).verdict();
        assert_eq!(
            verdict,
            "403 AccessDenied: There were headers present in the request which were not signed"
        );
    }
}

#[test]
fn a_signature_is_valid_for_fifteen_minutes() {
    let world = World::new();
    let port = world.server.port;
    let root = Bowline::root();
    let iam = |ago| {
        Signer::new(&root, "iam")
            .seconds_ago(ago)
            .sign(list_users(), port)
            .send(port)
            .verdict()
    };
    let s3 = |ago| {
        Signer::new(&root, "s3")
            .seconds_ago(ago)
            .sign(put("a"), port)
            .send(port)
            .verdict()
    };
    for near in [890, -890] {
        assert_eq!(
            (iam(near).as_str(), s3(near).as_str()),
            ("200", "200"),
            "{near} s ago"
        );
    }
    assert_snapshot!(iam(915), @"403 SignatureDoesNotMatch: Signature expired: [time] is now earlier than [time] ([time] - 15 min.)");
    assert_snapshot!(iam(-915), @"403 SignatureDoesNotMatch: Signature not yet current: [time] is still later than [time] ([time] + 15 min.)");
    assert_snapshot!(s3(915), @"403 RequestTimeTooSkewed: The difference between the request time and the current time is too large.");
    assert_snapshot!(s3(-915), @"403 RequestTimeTooSkewed: The difference between the request time and the current time is too large.");
    // The scope's day must be the day of the request.
    let signed = Signer::new(&root, "iam").sign(list_users(), port);
    let date = signed.value("x-amz-date").unwrap().to_owned();
    let authorization = signed
        .value("authorization")
        .unwrap()
        .replace(&date[..8], "20200101");
    let verdict = signed
        .replaced("authorization", &authorization)
        .send(port)
        .verdict();
    let verdict = verdict.replace(&format!("'{}'", &date[..8]), "'[day]'");
    assert_snapshot!(verdict, @"403 SignatureDoesNotMatch: Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20200101' != '[day]', from '[time]'.");
}

#[test]
fn a_session_token_works_only_with_its_own_access_key() {
    let world = World::new();
    let (one, two) = (world.bot(), world.bot());
    let ask = |keys: &Keys| world.sts(keys, "GetCallerIdentity", &[]).verdict();
    let write = |keys: &Keys| world.send(keys, "s3", put("a")).verdict();
    assert_eq!(
        (ask(&one), write(&two)),
        ("200".to_owned(), "200".to_owned())
    );
    let crossed = Keys {
        session_token: two.session_token.clone(),
        ..one.clone()
    };
    assert_snapshot!(ask(&crossed), @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    assert_snapshot!(write(&crossed), @"400 InvalidToken: The provided token is malformed or otherwise invalid.");
    let bare = Keys {
        session_token: None,
        ..one.clone()
    };
    assert_snapshot!(ask(&bare), @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    assert_snapshot!(write(&bare), @"403 InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.");
    let root = Keys {
        session_token: one.session_token.clone(),
        ..Bowline::root()
    };
    assert_snapshot!(ask(&root), @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    let token = one.session_token.clone().unwrap();
    for at in [0, 1, token.len() / 2, token.len() - 1] {
        let other = if &token[at..=at] == "A" { "B" } else { "A" };
        let bent = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        let keys = Keys {
            session_token: Some(bent),
            ..one.clone()
        };
        let verdict = ask(&keys);
        assert!(
            verdict.starts_with("403 InvalidClientTokenId"),
            "character {at}: {verdict}"
        );
    }
    let bent = Keys {
        session_token: Some(format!("{token}AAAA")),
        ..one
    };
    assert_snapshot!(ask(&bent), @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    assert_snapshot!(write(&bent), @"400 InvalidToken: The provided token is malformed or otherwise invalid.");
}

#[test]
fn a_permission_removed_while_the_body_is_sent_no_longer_applies() {
    let world = World::new();
    let port = world.server.port;
    world.s3(Request::put("/insights/a", "x")).accepted();
    let get = Request::get("/insights/a").header("transfer-encoding", "chunked");
    let list = list_users();
    let form = list.body.clone();
    for (service, request, body) in [("s3", get, &b"0\r\n\r\n"[..]), ("iam", list, &form)] {
        let (kept, taken) = ([service, "-kept"].concat(), [service, "-taken"].concat());
        let send = |name: &str, meanwhile: &dyn Fn()| {
            let policy = allow(&["s3:GetObject", "iam:ListUsers"], &["*"]);
            let keys = world.user(name, Some(policy));
            let request = request.clone().header("expect", "100-continue");
            let bytes = Signer::new(&keys, service).sign(request, port).bytes(port);
            let head = bytes.len() - if service == "s3" { 0 } else { body.len() };
            let mut stream = connect(port);
            stream.write_all(&bytes[..head]).unwrap();
            // It is said once the server waits for the body.
            let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
            stream.read_exact(&mut go_on).unwrap();
            assert!(go_on.starts_with(b"HTTP/1.1 100 "));
            meanwhile();
            exchange_over(stream, body).status
        };
        assert_eq!(send(&kept, &|| {}), 200, "{service}");
        let take = || {
            let own = [("UserName", &*taken), ("PolicyName", "own")];
            world.iam("DeleteUserPolicy", &own).accepted();
        };
        assert_eq!(send(&taken, &take), 403, "{service}");
    }
}

#[test]
fn a_session_token_is_opaque_and_useless_without_its_secret() {
    let world = World::new();
    let bot = world.bot();
    let token = bot.session_token.clone().unwrap();
    assert!(!token.starts_with("eyJ"), "a JWT: {token}");
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    for start in 0..4 {
        let usable = (token.len() - start) / 4 * 4;
        let bytes = base64::Engine::decode(&engine, &token[start..start + usable]).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for word in [
            "gbot-dev",
            "serviceaccount",
            "insights",
            &bot.secret_access_key,
        ] {
            assert!(!text.contains(word), "{word}");
        }
    }
    // As a bearer, and as the secret of its own key.
    let bearer =
        Request::get("/insights/bot/a").header("authorization", &format!("Bearer {token}"));
    assert_snapshot!(bearer.send(world.server.port).verdict(), @"400 InvalidArgument: Unsupported Authorization Type");
    let guess = Keys {
        secret_access_key: token,
        ..bot
    };
    assert_snapshot!(world.sts(&guess, "GetCallerIdentity", &[]).verdict(), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.");
}

#[test]
fn no_header_of_a_client_changes_its_source_ip() {
    let world = World::new();
    let port = world.server.port;
    let near = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*", "Condition": { "IpAddress": { "aws:SourceIp": "127.0.0.1/32" } } },
        { "Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*", "Condition": { "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } } },
        { "Effect": "Allow", "Action": "iam:ListPolicies", "Resource": "*", "Condition": { "Bool": { "aws:SecureTransport": "true" } } },
        { "Effect": "Allow", "Action": "iam:ListOpenIDConnectProviders", "Resource": "*", "Condition": { "DateLessThan": { "aws:CurrentTime": "2020-01-01T00:00:00Z" } } },
    ] });
    let user = world.user("ip", Some(near));
    let ask = |action: &str| {
        Signer::new(&user, "iam")
            .sign(query("iam", action, &[]), port)
            .header("x-forwarded-for", "203.0.113.7")
            .header("x-forwarded-proto", "https")
            .header("x-real-ip", "203.0.113.7")
            .header("forwarded", "for=203.0.113.7;proto=https")
            .send(port)
            .verdict()
    };
    assert_eq!(ask("ListUsers"), "200");
    assert_snapshot!(ask("ListRoles"), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/ip is not authorized to perform: iam:ListRoles on resource: * because no identity-based policy allows the iam:ListRoles action");
    assert_snapshot!(ask("ListPolicies"), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/ip is not authorized to perform: iam:ListPolicies on resource: * because no identity-based policy allows the iam:ListPolicies action");
    assert_snapshot!(ask("ListOpenIDConnectProviders"), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/ip is not authorized to perform: iam:ListOpenIDConnectProviders on resource: arn:aws:iam::432797229265:oidc-provider/* because no identity-based policy allows the iam:ListOpenIDConnectProviders action");
}

#[test]
fn deny_statements_about_the_connection_or_the_time_apply() {
    let world = World::new();
    let deny = |name: &str, condition: serde_json::Value| {
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "iam:*", "Resource": "*" },
            { "Effect": "Deny", "Action": "iam:ListUsers", "Resource": "*", "Condition": condition },
        ] });
        let user = world.user(name, Some(policy));
        world.call(&user, "iam", "ListUsers", &[]).verdict()
    };
    assert_snapshot!(deny("plain", json!({ "Bool": { "aws:SecureTransport": "false" } })), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/plain is not authorized to perform: iam:ListUsers on resource: * with an explicit deny in an identity-based policy");
    assert_eq!(
        deny(
            "secure",
            json!({ "Bool": { "aws:SecureTransport": "true" } })
        ),
        "200"
    );
    assert_snapshot!(deny("late", json!({ "DateGreaterThan": { "aws:CurrentTime": "2020-01-01T00:00:00Z" } })), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/late is not authorized to perform: iam:ListUsers on resource: * with an explicit deny in an identity-based policy");
    assert_eq!(
        deny(
            "early",
            json!({ "DateLessThan": { "aws:CurrentTime": "2020-01-01T00:00:00Z" } })
        ),
        "200"
    );
}

#[test]
fn resources_are_matched_case_sensitively() {
    let world = World::new();
    let user = world.user(
        "case",
        Some(allow(&["S3:putobject"], &["arn:aws:s3:::insights/Case/*"])),
    );
    let put = |key: &str| {
        world
            .send(&user, "s3", Request::put(&format!("/insights/{key}"), "x"))
            .verdict()
    };
    assert_eq!(put("Case/a"), "200");
    assert_snapshot!(put("case/a"), @r#"403 AccessDenied: User: arn:aws:iam::432797229265:user/case is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::insights/case/a" because no identity-based policy allows the s3:PutObject action"#);
}

#[test]
fn a_new_user_under_an_old_name_inherits_no_trust() {
    let world = World::new();
    let assume = allow(&["sts:AssumeRole"], &["*"]);
    let phoenix = world.user("phoenix", Some(assume.clone()));
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::432797229265:user/phoenix" }, "Action": "sts:AssumeRole" }] });
    world
        .iam(
            "CreateRole",
            &[
                ("RoleName", "nest"),
                ("AssumeRolePolicyDocument", &trust.to_string()),
            ],
        )
        .accepted();
    let role = crate::support::world::role_arn("nest");
    let enter = |keys: &Keys| {
        world
            .sts(
                keys,
                "AssumeRole",
                &[("RoleArn", &role), ("RoleSessionName", "test")],
            )
            .verdict()
    };
    assert_eq!(enter(&phoenix), "200");
    world
        .iam(
            "DeleteAccessKey",
            &[
                ("UserName", "phoenix"),
                ("AccessKeyId", &phoenix.access_key_id),
            ],
        )
        .accepted();
    world
        .iam(
            "DeleteUserPolicy",
            &[("UserName", "phoenix"), ("PolicyName", "own")],
        )
        .accepted();
    world
        .iam("DeleteUser", &[("UserName", "phoenix")])
        .accepted();
    assert_snapshot!(enter(&phoenix), @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    let again = world.user("phoenix", Some(assume));
    assert_snapshot!(enter(&again), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/phoenix is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::432797229265:role/nest because no role trust policy allows the sts:AssumeRole action");
}

#[test]
fn signatures_for_any_region_are_accepted() {
    let world = World::new();
    let port = world.server.port;
    for region in ["us-east-1", "eu-central-1", "home"] {
        let signer = Signer::new(&Bowline::root(), "s3").region(region);
        assert_eq!(
            signer.sign(put("a"), port).send(port).verdict(),
            "200",
            "{region}"
        );
    }
}

#[test]
fn a_request_is_audited_even_if_its_client_disconnects() {
    const CALLS: usize = 40;
    let world = World::new();
    for number in 0..CALLS {
        let name = format!("left-{number}");
        let request = query("iam", "CreateUser", &[("UserName", &name)]);
        Signer::new(&Bowline::root(), "iam")
            .sign(request, world.server.port)
            .send_and_hang_up(world.server.port);
    }
    let audit = world.server.data().join("audit/audit.jsonl");
    wait_for("a record of every user", Duration::from_secs(30), || {
        let audit = std::fs::read_to_string(&audit).unwrap();
        let recorded = audit
            .lines()
            .filter(|line| line.contains(r#""CreateUser""#) && line.contains(r#""left-"#));
        (recorded.count() == CALLS).then_some(())
    });
    let users = world.iam("ListUsers", &[]).accepted().text();
    assert_eq!(users.matches("<UserName>left-").count(), CALLS);
}
