//! Sources of keys: discovery over TLS and on loopback, uploaded key sets, and issuers that fail.

use std::fs;
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::bowline::{ACCOUNT, Bowline, Launch};
use crate::support::http::Response;
use crate::support::issuer::{Issuer, IssuerResponse};
use crate::support::keys::{SigningKey, unrelated_key};
use crate::support::sign::Signer;
use crate::support::token::Token;
use crate::support::wait::wait_for;
use crate::support::world::{World, provider, role_arn, show_ids_as_words, web_identity};

/// How long anything may take that is bounded by seconds.
const SOON: Duration = Duration::from_secs(30);

/// Runs `bowline provider configure` for the world's provider, with one file of this text.
fn configure(world: &World, option: &str, text: &str) {
    let file = world.server.home().join("configured");
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    world.server.ran(
        &Bowline::root(),
        &["provider", "configure", &world.provider(), option, file],
    );
}

fn unknown_key(world: &World) -> Response {
    let kid = world.server.pid().to_string();
    world.exchange(
        &world
            .issuer
            .token()
            .header("kid", kid)
            .sign(unrelated_key()),
    )
}

#[test]
fn an_issuer_over_tls_is_trusted_under_its_own_certificate_authority_only() {
    let world = World::without_roles(Launch::default(), Issuer::start_tls());
    world.add_role("bot");
    let token = world.issuer.valid_token();
    assert_snapshot!(world.exchange(&token).verdict(), @"400 IDPCommunicationError: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
    let another = Issuer::start_tls();
    configure(&world, "--ca-bundle", another.authority.as_ref().unwrap());
    assert_snapshot!(world.exchange(&token).verdict(), @"400 IDPCommunicationError: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
    configure(
        &world,
        "--ca-bundle",
        world.issuer.authority.as_ref().unwrap(),
    );
    world.exchange(&token).accepted();
}

#[test]
fn an_uploaded_key_set_replaces_discovery() {
    let world = World::without_roles(Launch::default(), Issuer::start());
    world.add_role("bot");
    let uploaded = SigningKey::rsa();
    configure(
        &world,
        "--jwks",
        &json!({ "keys": [uploaded.jwk(Some("up"))] }).to_string(),
    );
    world
        .exchange(&world.issuer.token().header("kid", "up").sign(&uploaded))
        .accepted();
    assert_snapshot!(world.exchange(&world.issuer.valid_token()).verdict(), @"400 InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
    assert_eq!(
        world.issuer.request_count(),
        0,
        "the issuer was asked although its keys are known"
    );
}

#[test]
fn a_provider_keeps_its_settings_when_its_clients_change() {
    let world = World::without_roles(Launch::default(), Issuer::start_tls());
    world.add_role("bot");
    configure(
        &world,
        "--ca-bundle",
        world.issuer.authority.as_ref().unwrap(),
    );
    let arn = world.provider();
    world
        .iam(
            "AddClientIDToOpenIDConnectProvider",
            &[("OpenIDConnectProviderArn", &arn), ("ClientID", "another")],
        )
        .accepted();
    world
        .iam(
            "UpdateOpenIDConnectProviderThumbprint",
            &[
                ("OpenIDConnectProviderArn", &arn),
                ("ThumbprintList.member.1", &"b".repeat(40)),
            ],
        )
        .accepted();
    world.exchange(&world.issuer.valid_token()).accepted();
    // What was deleted does not come back with its settings.
    world
        .iam(
            "DeleteOpenIDConnectProvider",
            &[("OpenIDConnectProviderArn", &arn)],
        )
        .accepted();
    assert_snapshot!(world.exchange(&world.issuer.valid_token()).verdict(), @"400 InvalidIdentityToken: No OpenIDConnect provider found in your account for https://localhost:[port]");
    world.add_provider(&world.issuer.url());
    assert_snapshot!(world.exchange(&world.issuer.valid_token()).verdict(), @"400 IDPCommunicationError: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
}

#[test]
fn several_clusters_may_share_an_issuer_url() {
    let world = World::without_roles(Launch::default(), Issuer::start());
    world.add_role("bot");
    let default = "https://kubernetes.default.svc";
    let token = world
        .issuer
        .token()
        .claim("iss", default)
        .sign(&world.issuer.key);
    assert_snapshot!(world.exchange(&token).verdict(), @"400 InvalidIdentityToken: No OpenIDConnect provider found in your account for https://kubernetes.default.svc");
    let jwks = world.server.home().join("jwks");
    fs::write(&jwks, world.issuer.jwks().to_string()).unwrap();
    let arn = world.provider();
    world.server.ran(
        &Bowline::root(),
        &[
            "provider",
            "configure",
            &arn,
            "--issuer",
            default,
            "--jwks",
            jwks.to_str().unwrap(),
        ],
    );
    world.exchange(&token).accepted();
    // A second cluster of that name has keys of its own; the role still trusts only the first.
    let other = Issuer::start();
    let jwks = world.server.home().join("other");
    fs::write(
        &jwks,
        json!({ "keys": [other.key.jwk(Some("k2"))] }).to_string(),
    )
    .unwrap();
    world.add_provider(&other.url());
    let arn = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{}", other.host);
    world.server.ran(
        &Bowline::root(),
        &[
            "provider",
            "configure",
            &arn,
            "--issuer",
            default,
            "--jwks",
            jwks.to_str().unwrap(),
        ],
    );
    world.exchange(&token).accepted();
    let foreign = other
        .token()
        .claim("iss", default)
        .header("kid", "k2")
        .sign(&other.key);
    assert_snapshot!(world.exchange(&foreign).verdict(), @"403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity");
}

#[test]
fn an_unavailable_issuer_is_a_retryable_error() {
    for response in [IssuerResponse::status(500), IssuerResponse::status(503)] {
        let world = World::new();
        world.issuer.respond_to_discovery(response.clone());
        let verdict = world.exchange(&world.issuer.valid_token()).verdict();
        assert!(
            verdict.starts_with("400 IDPCommunicationError"),
            "{response:?}: {verdict}"
        );
    }
    let world = World::new();
    world.issuer.respond_to_keys(IssuerResponse::status(502));
    assert_snapshot!(world.exchange(&world.issuer.valid_token()).verdict(), @"400 IDPCommunicationError: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
}

#[test]
fn an_issuer_without_a_usable_key_is_rejected() {
    let far = Issuer::start();
    for (discovery, response) in [
        (true, IssuerResponse::ok("no json".to_owned())),
        (
            true,
            IssuerResponse::ok(
                r#"{"issuer":"https://issuer.invalid","jwks_uri":"https://issuer.invalid/keys"}"#
                    .to_owned(),
            ),
        ),
        (false, IssuerResponse::ok(r#"{"keys":[]}"#.to_owned())),
        (
            false,
            IssuerResponse::ok(
                r#"{"keys":[{"kty":"ML-DSA","kid":"k1","alg":"ML-DSA-65","pub":"AAAA"}]}"#
                    .to_owned(),
            ),
        ),
        (
            false,
            IssuerResponse::ok(format!("{{\"keys\":[{}]}}", "{},".repeat(200_000))),
        ),
        (
            true,
            IssuerResponse::redirect(format!("{}/.well-known/openid-configuration", far.url())),
        ),
    ] {
        let world = World::new();
        if discovery {
            world.issuer.respond_to_discovery(response);
        } else {
            world.issuer.respond_to_keys(response);
        }
        let answer = world.exchange(&world.issuer.valid_token());
        assert_eq!(answer.status, 400, "{}", answer.verdict());
        assert!(
            !answer.text().contains("no json"),
            "what the issuer said was shown"
        );
    }
    assert_eq!(far.request_count(), 0, "a redirect was followed");
}

#[test]
fn an_unknown_key_type_does_not_disable_the_other_keys() {
    let world = World::new();
    world
        .issuer
        .publish(json!({ "kty": "AKP", "kid": "pq", "alg": "ML-DSA-65", "pub": "AAAA" }));
    world
        .issuer
        .publish(json!({ "kty": "EC", "crv": "P-999", "kid": "odd", "x": "AA", "y": "AA" }));
    world.exchange(&world.issuer.valid_token()).accepted();
}

#[test]
fn cached_keys_are_used_while_the_issuer_is_down() {
    let world = World::new();
    world.exchange(&world.issuer.valid_token()).accepted();
    world
        .issuer
        .respond_to_discovery(IssuerResponse::status(500));
    world.issuer.respond_to_keys(IssuerResponse::status(500));
    world
        .exchange(
            &world
                .issuer
                .token()
                .claim("jti", "2")
                .sign(&world.issuer.key),
        )
        .accepted();
    // An unknown key makes the server fetch the keys again, and the cached keys stay.
    assert_ne!(unknown_key(&world).status, 200);
    world
        .exchange(
            &world
                .issuer
                .token()
                .claim("jti", "3")
                .sign(&world.issuer.key),
        )
        .accepted();
    world.issuer.recover();
}

#[test]
fn unknown_key_ids_do_not_flood_the_issuer() {
    let world = World::new();
    world.exchange(&world.issuer.valid_token()).accepted();
    let before = world.issuer.request_count();
    for n in 0..40 {
        let token = world.issuer.token().header("kid", format!("unknown-{n}"));
        assert_eq!(world.exchange(&token.sign(unrelated_key())).status, 400);
    }
    // One look in ten seconds is two requests: discovery and keys. The forty take a few seconds at
    // most.
    let requests = world.issuer.request_count() - before;
    assert!(requests <= 6, "{requests} requests for 40 unknown keys");
    world
        .exchange(
            &world
                .issuer
                .token()
                .claim("jti", "2")
                .sign(&world.issuer.key),
        )
        .accepted();
}

#[test]
fn a_silent_issuer_delays_only_requests_with_its_own_tokens() {
    let world = World::new();
    let silent = Issuer::start();
    silent.stop_responding();
    let url = format!("http://{}", silent.host);
    world.add_provider(&url);
    let token = Token::new(&url, "k1").sign(unrelated_key());
    let request = web_identity(&role_arn("bot"), "test", &token, &[]);
    let port = world.server.port;
    let waiting = std::thread::spawn(move || request.send(port).verdict());
    wait_for("a request to the silent issuer", SOON, || {
        (silent.request_count() > 0).then_some(())
    });
    world.exchange(&world.issuer.valid_token()).accepted();
    assert!(
        !waiting.is_finished(),
        "the good token was not exchanged meanwhile"
    );
    wait_for("an end of the wait", SOON, || {
        waiting.is_finished().then_some(())
    });
    let verdict = waiting.join().unwrap();
    assert!(
        verdict.starts_with("400 IDPCommunicationError"),
        "{verdict}"
    );
}

#[test]
fn loopback_issuers_need_the_flag() {
    let strict = Bowline::launch(Launch {
        loopback_issuers: false,
        ..Launch::default()
    });
    let issuer = Issuer::start();
    let signed = Signer::new(&Bowline::root(), "iam").sign(provider(&issuer.url()), strict.port);
    let _shown = show_ids_as_words();
    assert_snapshot!(signed.send(strict.port).verdict(), @"400 ValidationError: Invalid Open ID Connect Provider URL");
    assert_eq!(issuer.request_count(), 0);
}
