//! A server behind a proxy that terminates TLS: requests over https, and which proxy is trusted.
//!
//! The server trusts the proxy at 127.0.0.2. Another one, at 127.0.0.3, says the same and is not
//! believed. The clients of both are at 127.0.0.1.

use std::fs;
use std::net::Ipv4Addr;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::bowline::Launch;
use crate::support::http::{Request, Response};
use crate::support::issuer::Issuer;
use crate::support::keys::Keys;
use crate::support::proxy::Proxy;
use crate::support::python::clients;
use crate::support::sign::Signer;
use crate::support::world::{World, query, role_arn};

const TRUSTED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// The usual scene, behind TLS.
fn world() -> World {
    let launch = Launch {
        config: "tls = \"terminated\"\ntrusted_proxies = [\"127.0.0.2\"]\n",
        ..Launch::default()
    };
    let world = World::without_roles(launch, Issuer::start());
    world.add_role("bot");
    world
}

/// A pod's variables, for a client that knows the proxy's authority.
fn pod(world: &World, proxy: &Proxy) -> [(&'static str, String); 5] {
    let token = world.server.home().join("token");
    fs::write(&token, world.issuer.valid_token()).unwrap();
    [
        ("AWS_ROLE_ARN", role_arn("bot")),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.display().to_string()),
        ("AWS_ROLE_SESSION_NAME", "pod".to_owned()),
        ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
        (
            "AWS_CA_BUNDLE",
            proxy.authority_file().unwrap().display().to_string(),
        ),
    ]
}

#[test]
fn boto3_exchanges_its_token_and_uploads_in_unsigned_chunks_over_https() {
    let Some(clients) = clients() else { return };
    let world = world();
    let proxy = Proxy::start(world.server.port, TRUSTED);
    let pod = pod(&world, &proxy);
    let pod = pod.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_snapshot!(clients.drive("s3_https.py", &proxy.url, None, &pod), @"
    arn:aws:sts::432797229265:assumed-role/bot/pod
    bytes equal
    stream equal
    empty equal
    ");
    assert_snapshot!(proxy.seen(), @"
    GET path hash
    PUT path STREAMING-UNSIGNED-PAYLOAD-TRAILER
    ");
}

#[test]
fn the_aws_cli_exchanges_its_token_and_uploads_in_unsigned_chunks_over_https() {
    let Some(clients) = clients() else { return };
    let world = world();
    let proxy = Proxy::start(world.server.port, TRUSTED);
    let pod = pod(&world, &proxy);
    let pod = pod.each_ref().map(|(name, value)| (*name, value.as_str()));
    let aws = |args: &[&str]| clients.aws(args, &proxy.url, None, &pod);
    let [there, back] = ["there", "back"].map(|name| world.server.home().join(name));
    let body: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    fs::write(&there, &body).unwrap();
    aws(&["s3", "cp", there.to_str().unwrap(), "s3://insights/bot/cli"]);
    aws(&["s3", "cp", "s3://insights/bot/cli", back.to_str().unwrap()]);
    assert!(fs::read(&back).unwrap() == body);
    assert_snapshot!(proxy.seen(), @"
    GET path hash
    HEAD path hash
    PUT path STREAMING-UNSIGNED-PAYLOAD-TRAILER
    ");
}

/// Lists users through a proxy, with unsigned headers.
fn list(proxy: &Proxy, keys: &Keys, headers: &[(&str, &str)]) -> Response {
    let signed = Signer::new(keys, "iam").sign(query("iam", "ListUsers", &[]), proxy.port);
    let add = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
    proxy.send(&headers.iter().fold(signed, add))
}

/// A policy that lets users be listed under a condition.
fn list_if(condition: &Value) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*", "Condition": condition }],
    })
}

fn list_from(address: &str) -> Value {
    list_if(&json!({ "IpAddress": { "aws:SourceIp": format!("{address}/32") } }))
}

#[test]
fn secure_transport_is_true_only_if_a_trusted_proxy_reports_https() {
    let world = world();
    let secure = json!({ "Bool": { "aws:SecureTransport": "true" } });
    let user = world.user("secure", Some(list_if(&secure)));
    let through = |from| {
        let proxy = Proxy::start(world.server.port, from);
        list(&proxy, &user, &[]).verdict()
    };
    assert_eq!(through(TRUSTED), "200");
    assert_snapshot!(through(STRANGER), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/secure is not authorized to perform: iam:ListUsers on resource: * because no identity-based policy allows the iam:ListUsers action");
    // That TLS was said to end somewhere makes no request a secure one.
    assert_snapshot!(world.call(&user, "iam", "ListUsers", &[]).verdict(), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/secure is not authorized to perform: iam:ListUsers on resource: * because no identity-based policy allows the iam:ListUsers action");
}

#[test]
fn source_ip_is_the_address_that_a_trusted_proxy_reports() {
    let world = world();
    let client = world.user("client", Some(list_from("127.0.0.1")));
    let stranger = world.user("stranger", Some(list_from("127.0.0.3")));
    let through = |from, user: &Keys| {
        let proxy = Proxy::start(world.server.port, from);
        list(&proxy, user, &[]).verdict()
    };
    assert_eq!(through(TRUSTED, &client), "200");
    assert_snapshot!(through(STRANGER, &client), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/client is not authorized to perform: iam:ListUsers on resource: * because no identity-based policy allows the iam:ListUsers action");
    // A proxy that is not trusted is itself the caller.
    assert_eq!(through(STRANGER, &stranger), "200");
    assert_snapshot!(through(TRUSTED, &stranger), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/stranger is not authorized to perform: iam:ListUsers on resource: * because no identity-based policy allows the iam:ListUsers action");
}

#[test]
fn a_forged_forwarded_address_is_not_the_source_ip() {
    let world = world();
    let claimed = "203.0.113.7";
    let honest = world.user("honest", Some(list_from("127.0.0.1")));
    let liar = world.user("liar", Some(list_from(claimed)));
    let proxy = Proxy::start(world.server.port, TRUSTED);
    let ask =
        |user: &Keys, claim: &str| list(&proxy, user, &[("x-forwarded-for", claim)]).verdict();
    for claim in [claimed, "203.0.113.7, 127.0.0.2"] {
        assert_eq!(ask(&honest, claim), "200", "{claim}");
    }
    assert_snapshot!(ask(&liar, claimed), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/liar is not authorized to perform: iam:ListUsers on resource: * because no identity-based policy allows the iam:ListUsers action");
    assert_snapshot!(ask(&liar, "203.0.113.7, 127.0.0.2"), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/liar is not authorized to perform: iam:ListUsers on resource: * because no identity-based policy allows the iam:ListUsers action");
}
