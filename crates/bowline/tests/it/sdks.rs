//! The AWS SDKs of other languages, as in a pod: where they put the name of a bucket, and how they
//! sign requests.
//!
//! Each run goes through a proxy that notes both, so a test fails if an SDK no longer sends what
//! its name says that the server was shown.

use std::net::Ipv4Addr;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::bowline::{ACCOUNT, Bowline, Launch};
use crate::support::http::Request;
use crate::support::issuer::Issuer;
use crate::support::proxy::Proxy;
use crate::support::sdk::{Sdk, go, java, javascript};
use crate::support::world::{World, allow};

/// From where the proxy that ends TLS comes.
const TRUSTED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// The usual scene, with and without TLS in front of it, and a table that the role may use.
fn world() -> World {
    let launch = Launch {
        config: "tls = \"terminated\"\ntrusted_proxies = [\"127.0.0.2\"]\n",
        ..Launch::default()
    };
    let world = World::without_roles(launch, Issuer::start());
    world.add_role("bot");
    let table = json!({
        "TableName": "insights",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
    });
    let create = Request::new("POST", "/")
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", "DynamoDB_20120810.CreateTable")
        .body(table.to_string());
    world.send(&Bowline::root(), "dynamodb", create).accepted();
    let actions = ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query"];
    let table = format!("arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/insights");
    let items = allow(&actions, &[&table]).to_string();
    let policy = [
        ("RoleName", "bot"),
        ("PolicyName", "items"),
        ("PolicyDocument", &items),
    ];
    world.iam("PutRolePolicy", &policy).accepted();
    world
}

/// A way to the server.
#[derive(Clone, Copy)]
enum Way {
    HttpByAddress,
    HttpByName,
    HttpsByName,
}

/// Runs an SDK's program with one kind of URL: its output, and the form of its S3 requests.
#[track_caller]
fn run(sdk: &Sdk, world: &World, way: Way, arguments: &[&str]) -> (String, String) {
    let proxy = match way {
        Way::HttpByAddress | Way::HttpByName => Proxy::plain(world.server.port),
        Way::HttpsByName => Proxy::start(world.server.port, TRUSTED),
    };
    let url = match way {
        Way::HttpByAddress => format!("http://127.0.0.1:{}", proxy.port),
        Way::HttpByName | Way::HttpsByName => proxy.url.clone(),
    };
    let printed = sdk.run(world, &proxy, &url, arguments);
    (printed, proxy.seen())
}

#[test]
fn the_javascript_sdk_works_as_in_a_pod() {
    let Some(sdk) = javascript() else { return };
    let world = world();
    let (printed, seen) = run(&sdk, &world, Way::HttpByAddress, &[]);
    assert_snapshot!(printed, @"
    arn:aws:sts::432797229265:assumed-role/bot/pod
    bytes equal
    stream equal
    empty equal
    bot/js bytes 5, bot/js empty 0, bot/js stream 1048576
    item hello, 1 by query
    ");
    assert_snapshot!(seen, @"
    GET path hash
    PUT path STREAMING-UNSIGNED-PAYLOAD-TRAILER
    PUT path hash
    ");
    let run = |way, arguments: &[&str]| {
        let (again, seen) = run(&sdk, &world, way, arguments);
        assert_eq!(again, printed);
        seen
    };
    assert_snapshot!(run(Way::HttpByName, &[]), @"
    GET host hash
    PUT host STREAMING-UNSIGNED-PAYLOAD-TRAILER
    PUT host hash
    ");
    assert_snapshot!(run(Way::HttpByName, &["path"]), @"
    GET path hash
    PUT path STREAMING-UNSIGNED-PAYLOAD-TRAILER
    PUT path hash
    ");
    assert_snapshot!(run(Way::HttpsByName, &[]), @"
    GET host hash
    PUT host STREAMING-UNSIGNED-PAYLOAD-TRAILER
    PUT host hash
    ");
    assert_snapshot!(run(Way::HttpsByName, &["path"]), @"
    GET path hash
    PUT path STREAMING-UNSIGNED-PAYLOAD-TRAILER
    PUT path hash
    ");
}

#[test]
fn the_go_sdk_works_as_in_a_pod() {
    let Some(sdk) = go() else { return };
    let world = world();
    let (printed, seen) = run(&sdk, &world, Way::HttpByAddress, &[]);
    assert_snapshot!(printed, @"
    arn:aws:sts::432797229265:assumed-role/bot/pod
    bytes equal
    large equal
    empty equal
    bot/go bytes 5, bot/go empty 0, bot/go large 1048576
    item hello, 1 by query
    ");
    assert_snapshot!(seen, @"
    GET path hash
    PUT path hash
    ");
    let run = |way, arguments: &[&str]| {
        let (again, seen) = run(&sdk, &world, way, arguments);
        assert_eq!(again, printed);
        seen
    };
    assert_snapshot!(run(Way::HttpByName, &[]), @"
    GET host hash
    PUT host hash
    ");
    assert_snapshot!(run(Way::HttpByName, &["path"]), @"
    GET path hash
    PUT path hash
    ");
    assert_snapshot!(run(Way::HttpsByName, &[]), @"
    GET host hash
    PUT host STREAMING-UNSIGNED-PAYLOAD-TRAILER
    PUT host UNSIGNED-PAYLOAD
    ");
    assert_snapshot!(run(Way::HttpsByName, &["path"]), @"
    GET path hash
    PUT path STREAMING-UNSIGNED-PAYLOAD-TRAILER
    PUT path UNSIGNED-PAYLOAD
    ");
}

#[test]
fn the_java_sdk_works_as_in_a_pod() {
    let Some(sdk) = java() else { return };
    let world = world();
    let (printed, seen) = run(&sdk, &world, Way::HttpByAddress, &[]);
    assert_snapshot!(printed, @"
    arn:aws:sts::432797229265:assumed-role/bot/pod
    bytes equal
    large equal
    empty equal
    bot/java bytes 5, bot/java empty 0, bot/java large 1048576
    item hello, 1 by query
    ");
    assert_snapshot!(seen, @"
    GET path UNSIGNED-PAYLOAD
    PUT path STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
    ");
    let run = |way, arguments: &[&str]| {
        let (again, seen) = run(&sdk, &world, way, arguments);
        assert_eq!(again, printed);
        seen
    };
    assert_snapshot!(run(Way::HttpByName, &[]), @"
    GET host UNSIGNED-PAYLOAD
    PUT host STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
    ");
    assert_snapshot!(run(Way::HttpByName, &["path"]), @"
    GET path UNSIGNED-PAYLOAD
    PUT path STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
    ");
    assert_snapshot!(run(Way::HttpsByName, &[]), @"
    GET host UNSIGNED-PAYLOAD
    PUT host STREAMING-UNSIGNED-PAYLOAD-TRAILER
    ");
    assert_snapshot!(run(Way::HttpsByName, &["path"]), @"
    GET path UNSIGNED-PAYLOAD
    PUT path STREAMING-UNSIGNED-PAYLOAD-TRAILER
    ");
}

#[test]
fn the_go_sdk_sends_its_token_to_aws_unless_the_sts_endpoint_is_set() {
    let Some(sdk) = go() else { return };
    let world = world();
    let proxy = Proxy::plain(world.server.port);
    let url = ("AWS_ENDPOINT_URL", proxy.url.as_str());
    let lost = sdk.output(&world, &proxy, &[], &[url]);
    assert!(!lost.status.success());
    let printed = String::from_utf8(lost.stdout).unwrap();
    assert!(
        printed.contains("not on loopback: sts.us-east-1.amazonaws.com:443"),
        "{printed}"
    );
    let sts = ("AWS_ENDPOINT_URL_STS", proxy.url.as_str());
    assert!(
        sdk.output(&world, &proxy, &[], &[url, sts])
            .status
            .success()
    );
}
