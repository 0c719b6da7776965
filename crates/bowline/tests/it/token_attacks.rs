//! Forged and changed tokens. Next to each rejected token stands one that differs in one thing and
//! is accepted.

mod claims;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use insta::assert_snapshot;
use serde_json::json;

use crate::support::http::Request;
use crate::support::issuer::Issuer;
use crate::support::keys::{SigningKey, unrelated_key};
use crate::support::token::{SUBJECT, Token};
use crate::support::wait::now;
use crate::support::world::{World, allow, credentials};

/// Sends the valid one, which must be accepted, then the invalid one: the error of that.
#[track_caller]
fn refused(world: &World, good: &str, bad: &str) -> String {
    world.exchange(good).accepted();
    let verdict = world.exchange(bad).verdict();
    assert_ne!(verdict, "200", "the bad token was accepted");
    world.exchange(good).accepted();
    verdict
}

#[test]
fn a_token_without_a_signature_is_rejected() {
    let world = World::new();
    let token = world.issuer.token();
    let good = token.sign(&world.issuer.key);
    for algorithm in ["none", "None", "NONE", ""] {
        let bad = token.clone().header("alg", algorithm).sign_with_text("");
        assert_eq!(
            refused(&world, &good, &bad),
            refused(&world, &good, &token.sign_with_text("")),
            "{algorithm}"
        );
    }
    assert_snapshot!(refused(&world, &good, &token.clone().header("alg", "none").sign_with_text("")), @"400 InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");
}

#[test]
fn a_public_key_is_not_accepted_as_an_hmac_secret() {
    let world = World::new();
    let token = world.issuer.token();
    let good = token.sign(&world.issuer.key);
    let pem = world.issuer.key.public_pem();
    let jwk = world.issuer.key.jwk(Some("k1")).to_string();
    for secret in [
        pem.as_bytes(),
        pem.trim_end().as_bytes(),
        jwk.as_bytes(),
        b"",
    ] {
        let bad = token.clone().header("alg", "HS256").sign_hs256(secret);
        assert_eq!(
            refused(&world, &good, &bad),
            "400 InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        );
    }
}

#[test]
fn an_issuer_without_a_provider_is_rejected() {
    let world = World::new();
    let good = world.issuer.valid_token();
    let bad = world
        .issuer
        .token()
        .claim("iss", "https://issuer.invalid")
        .sign(&world.issuer.key);
    assert_snapshot!(refused(&world, &good, &bad), @"400 InvalidIdentityToken: No OpenIDConnect provider found in your account for https://issuer.invalid");
    let longer = world
        .issuer
        .token()
        .claim("iss", format!("{}/", world.issuer.url()))
        .sign(&world.issuer.key);
    assert_snapshot!(refused(&world, &good, &longer), @"400 InvalidIdentityToken: No OpenIDConnect provider found in your account for http://localhost:[port]/");
}

#[test]
fn a_key_of_one_provider_is_not_accepted_for_another() {
    let world = World::new();
    let other = Issuer::start();
    let jwk = other.key.jwk(Some("other"));
    other.publish(jwk);
    world.add_provider(&other.url());
    let good = world.issuer.valid_token();
    // The other issuer's own token is a good one, but the role does not trust that issuer.
    assert_snapshot!(refused(&world, &good, &other.valid_token()), @"403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity");
    // Its key, under any id, does not make it this issuer.
    let borrowed = |kid: &str| Token::new(&world.issuer.url(), kid).sign(&other.key);
    assert_snapshot!(refused(&world, &good, &borrowed("k1")), @"400 InvalidIdentityToken: The web identity token that was passed could not be validated by AWS. Get a new identity token from the identity provider and then retry the request.");
    assert_snapshot!(refused(&world, &good, &borrowed("other")), @"400 InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
}

#[test]
fn a_key_embedded_in_the_token_is_ignored() {
    let world = World::new();
    let elsewhere = Issuer::start();
    let jwk = unrelated_key().jwk(Some("k1"));
    elsewhere.publish(jwk.clone());
    let certificate =
        base64::engine::general_purpose::STANDARD.encode(unrelated_key().public_pem());
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!(format!("{}/openid/v1/jwks", elsewhere.url()))),
        ("x5c", json!([certificate])),
        ("x5u", json!(elsewhere.url())),
    ] {
        let token = world.issuer.token().header(name, value);
        for kid in [Some("k1"), Some("k9"), None] {
            let bad = match kid {
                Some(kid) => token.clone().header("kid", kid),
                None => token.clone().without_header("kid"),
            };
            let verdict = refused(
                &world,
                &world.issuer.valid_token(),
                &bad.sign(unrelated_key()),
            );
            assert!(
                verdict.starts_with("400 InvalidIdentityToken"),
                "{name}: {verdict}"
            );
        }
    }
    assert_eq!(
        elsewhere.request_count(),
        0,
        "the address in a token was followed"
    );
}

#[test]
fn a_signature_by_an_unknown_key_is_rejected() {
    let world = World::new();
    let token = world.issuer.token();
    let good = token.sign(&world.issuer.key);
    assert_snapshot!(refused(&world, &good, &token.sign(unrelated_key())), @"400 InvalidIdentityToken: The web identity token that was passed could not be validated by AWS. Get a new identity token from the identity provider and then retry the request.");
}

#[test]
fn a_claim_changed_after_signing_is_rejected() {
    let world = World::new();
    let good = world.issuer.valid_token();
    let forged = world
        .issuer
        .token()
        .claim("jti", "another")
        .sign_with_text("x");
    let parts: Vec<_> = good.split('.').collect();
    let payload = forged.split('.').nth(1).unwrap();
    let bad = format!("{}.{payload}.{}", parts[0], parts[2]);
    assert_snapshot!(refused(&world, &good, &bad), @"400 InvalidIdentityToken: The web identity token that was passed could not be validated by AWS. Get a new identity token from the identity provider and then retry the request.");
}

#[test]
fn the_key_decides_the_algorithm() {
    let world = World::new();
    let p256 = SigningKey::p256();
    world.issuer.publish(p256.jwk(Some("ec")));
    let good = world
        .issuer
        .token()
        .header("kid", "ec")
        .header("alg", "ES256")
        .sign(&p256);
    // The key set says RS256 of `k1`, and ES256 of `ec`.
    let rs512 = world
        .issuer
        .token()
        .header("alg", "RS512")
        .sign(&world.issuer.key);
    assert_snapshot!(refused(&world, &good, &rs512), @"400 InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
    let crossed = world
        .issuer
        .token()
        .header("kid", "k1")
        .header("alg", "ES256")
        .sign(&p256);
    assert_snapshot!(refused(&world, &good, &crossed), @"400 InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
    let named_wrong = world
        .issuer
        .token()
        .header("kid", "ec")
        .header("alg", "ES384")
        .sign(&p256);
    assert_snapshot!(refused(&world, &good, &named_wrong), @"400 InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
}

#[test]
fn a_critical_header_extension_is_rejected() {
    let world = World::new();
    let good = world.issuer.token().header("x", 1).sign(&world.issuer.key);
    let bad = world
        .issuer
        .token()
        .header("x", 1)
        .header("crit", json!(["x"]))
        .sign(&world.issuer.key);
    assert_snapshot!(refused(&world, &good, &bad), @"400 InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");
    let unencoded = world
        .issuer
        .token()
        .header("b64", false)
        .header("crit", json!(["b64"]))
        .sign(&world.issuer.key);
    assert_snapshot!(refused(&world, &good, &unencoded), @"400 InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");
}

#[test]
fn a_truncated_token_is_rejected() {
    let world = World::new();
    let good = world.issuer.valid_token();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    for bad in [
        &good[..good.len() - 1],
        &good[..good.len() - 40],
        &good[..good.len() / 2],
        message,
        &format!("{message}."),
        &format!("{header}..{signature}"),
        &format!(".{payload}.{signature}"),
        &format!("{good}.{signature}"),
        &format!("{good}=="),
        &format!("{header}.{}.{signature}", &payload[..payload.len() - 4]),
        "....",
        "not.a.jwt",
        "e30.e30.e30",
    ] {
        let verdict = refused(&world, &good, bad);
        assert!(
            verdict.starts_with("400 InvalidIdentityToken"),
            "{bad}: {verdict}"
        );
    }
}

#[test]
fn the_last_character_of_a_signature_has_one_encoding() {
    let world = World::new();
    let good = world.issuer.valid_token();
    // 256 bytes are 341 full groups and one byte more: the last character carries four bits that
    // mean nothing.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.find(good.chars().last().unwrap()).unwrap();
    let other = &alphabet[last + 1..last + 2];
    let bad = format!("{}{other}", &good[..good.len() - 1]);
    assert_snapshot!(refused(&world, &good, &bad), @"400 InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");
}

#[test]
fn a_token_of_more_than_20_000_characters_is_rejected() {
    let world = World::new();
    let token = world.issuer.token();
    let size = |n: usize| {
        token
            .clone()
            .claim("padding", json!({ "x": "x".repeat(n) }))
            .sign(&world.issuer.key)
    };
    let bad = size(15_000);
    assert!(bad.len() > 20_000);
    let good = size(14_000);
    assert!((19_000..20_000).contains(&good.len()), "{}", good.len());
    let verdict = refused(&world, &good, &bad);
    assert_snapshot!(verdict.split(" at ").last().unwrap(), @"'webIdentityToken' failed to satisfy constraint: Member must have length less than or equal to 20000");
}

#[test]
fn a_cached_signature_does_not_skip_the_trust_policy() {
    let world = World::new();
    let token = world.issuer.valid_token();
    world.exchange(&token).accepted();
    let closed = world.trust().to_string().replace(SUBJECT, "nobody");
    world
        .iam(
            "UpdateAssumeRolePolicy",
            &[("RoleName", "bot"), ("PolicyDocument", &closed)],
        )
        .accepted();
    assert_snapshot!(world.exchange(&token).verdict(), @"403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity");
    let open = world.trust().to_string();
    world
        .iam(
            "UpdateAssumeRolePolicy",
            &[("RoleName", "bot"), ("PolicyDocument", &open)],
        )
        .accepted();
    world.exchange(&token).accepted();
    // One character of the same token is another token.
    let (message, _) = token.rsplit_once('.').unwrap();
    let bent = format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 256]));
    assert_snapshot!(refused(&world, &token, &bent), @"400 InvalidIdentityToken: The web identity token that was passed could not be validated by AWS. Get a new identity token from the identity provider and then retry the request.");
    world
        .iam(
            "DeleteOpenIDConnectProvider",
            &[("OpenIDConnectProviderArn", &world.provider())],
        )
        .accepted();
    assert_snapshot!(world.exchange(&token).verdict(), @"400 InvalidIdentityToken: No OpenIDConnect provider found in your account for http://localhost:[port]");
}
