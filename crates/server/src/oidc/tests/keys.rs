//! Keys from issuers: what is fetched, how often, from where, and what is kept when nothing can be
//! had.

use std::{net::SocketAddr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bowline_client::connector::{Resolution, Resolver};
use bowline_testkit::{
    issuer::{Issuer, IssuerResponse},
    keys::SigningKey,
};
use serde_json::json;

use crate::identity::{entity::OidcProvider, index::ProviderEntry};
use crate::oidc::{
    DecodedToken, OidcConfig, TokenError, TokenVerifier, UnverifiedToken,
    testing::{NOW, RSA, STRANGER, at, jwk, record, start_issuer, stored, token_of},
};

fn loopback() -> TokenVerifier {
    TokenVerifier::new(OidcConfig {
        allow_loopback: true,
        ..OidcConfig::default()
    })
}

fn provider(url: &str) -> Arc<ProviderEntry> {
    stored(record(1, url), 1)
}

async fn verify(
    oidc: &TokenVerifier,
    provider: &Arc<ProviderEntry>,
    token: &str,
    offset: i64,
) -> Result<(), TokenError> {
    let decoded = DecodedToken::decode(token)?;
    let token = UnverifiedToken::read(&decoded)?;
    let verified = oidc.verify(&token, std::slice::from_ref(provider), at(offset));
    verified.await.map(drop)
}

/// A token that lives long enough for tests that let days pass.
fn lasting(issuer: &Issuer) -> String {
    issuer
        .token_at(NOW)
        .claim("exp", NOW + 1_000_000)
        .sign(&RSA)
}

#[tokio::test]
async fn concurrent_first_tokens_share_one_fetch() {
    let issuer = start_issuer();
    let (oidc, provider) = (loopback(), provider(&issuer.url()));
    let tokens: Vec<_> = (0..20)
        .map(|n| issuer.token_at(NOW).claim("jti", n.to_string()).sign(&RSA))
        .collect();
    let all = tokens
        .iter()
        .map(|token| verify(&oidc, &provider, token, 0));
    for verdict in futures_util::future::join_all(all).await {
        verdict.unwrap();
    }
    assert_eq!((oidc.stats().fetches(), issuer.request_count()), (1, 2));
}

#[tokio::test]
async fn unknown_keys_cause_one_fetch_in_ten_seconds() {
    let issuer = start_issuer();
    let (oidc, provider) = (loopback(), provider(&issuer.url()));
    verify(&oidc, &provider, &issuer.token_at(NOW).sign(&RSA), 0)
        .await
        .unwrap();
    let unknown = |n: usize| token_of(&issuer.url(), &format!("unknown-{n}")).sign(&STRANGER);
    for n in 0..40 {
        let error = verify(&oidc, &provider, &unknown(n), 0).await.unwrap_err();
        assert!(matches!(error, TokenError::NoUsableKey { .. }));
    }
    assert_eq!(
        (oidc.stats().fetches(), oidc.stats().negative_hits()),
        (2, 39)
    );
    // The one that was looked for is not looked for again in thirty seconds, another is after ten.
    verify(&oidc, &provider, &unknown(0), 11).await.unwrap_err();
    assert_eq!(oidc.stats().fetches(), 2);
    verify(&oidc, &provider, &unknown(1), 11).await.unwrap_err();
    assert_eq!(oidc.stats().fetches(), 3);
}

#[tokio::test]
async fn a_rotated_key_is_fetched_and_the_old_one_dropped() {
    let issuer = start_issuer();
    let (oidc, provider) = (loopback(), provider(&issuer.url()));
    let old = lasting(&issuer);
    verify(&oidc, &provider, &old, 0).await.unwrap();
    issuer.replace_keys(&[jwk(&STRANGER, "k2")]);
    let new = issuer.token_at(NOW).header("kid", "k2").sign(&STRANGER);
    verify(&oidc, &provider, &new, 1).await.unwrap();
    let error = verify(&oidc, &provider, &old, 1).await.unwrap_err();
    assert!(matches!(error, TokenError::NoUsableKey { .. }), "{error}");
}

#[tokio::test]
async fn a_key_that_is_replaced_under_the_same_id_or_without_one_is_fetched() {
    for kid in ["k1", ""] {
        let issuer = start_issuer();
        let (oidc, provider) = (loopback(), provider(&issuer.url()));
        issuer.replace_keys(&[jwk(&RSA, kid)]);
        let token = || issuer.token_at(NOW).header("kid", kid);
        verify(&oidc, &provider, &token().sign(&RSA), 0)
            .await
            .unwrap();
        issuer.replace_keys(&[jwk(&STRANGER, kid)]);
        verify(&oidc, &provider, &token().sign(&STRANGER), 1)
            .await
            .unwrap();
        assert_eq!(oidc.stats().fetches(), 2);
        let old = verify(&oidc, &provider, &token().sign(&RSA), 1)
            .await
            .unwrap_err();
        assert!(matches!(old, TokenError::BadSignature { .. }), "{old}");
    }
}

#[tokio::test]
async fn bad_signatures_cause_one_fetch_in_ten_seconds() {
    let issuer = start_issuer();
    let (oidc, provider) = (loopback(), provider(&issuer.url()));
    verify(&oidc, &provider, &lasting(&issuer), 0)
        .await
        .unwrap();
    for (offset, fetches) in [(0, 2), (1, 2), (9, 2), (10, 3), (19, 3)] {
        let forged = issuer.token_at(NOW).claim("jti", offset).sign(&STRANGER);
        let error = verify(&oidc, &provider, &forged, offset).await.unwrap_err();
        assert!(matches!(error, TokenError::BadSignature { .. }), "{error}");
        assert_eq!(oidc.stats().fetches(), fetches, "{offset}");
    }
    verify(&oidc, &provider, &lasting(&issuer), 20)
        .await
        .unwrap();
    assert_eq!(oidc.stats().fetches(), 3);
}

const SHARED: &str = "https://kubernetes.default.svc";

/// A cluster's provider, whose issuer is that of other clusters too.
fn cluster(number: u32, key: &SigningKey) -> (Issuer, Arc<ProviderEntry>) {
    let issuer = start_issuer();
    let discovery = json!({ "issuer": SHARED, "jwks_uri": issuer.jwks_uri() });
    issuer.respond_to_discovery(IssuerResponse::ok(discovery.to_string()));
    issuer.replace_keys(&[jwk(key, "k1")]);
    let record = OidcProvider {
        issuer_override: Some(SHARED.to_owned()),
        ..record(number, &issuer.url())
    };
    (issuer, stored(record, u64::from(number)))
}

#[tokio::test]
async fn no_cluster_waits_for_an_unreachable_one_of_the_same_issuer() {
    let (oidc, (gone, first)) = (loopback(), cluster(1, &RSA));
    gone.stop_responding();
    let (_reachable, second) = cluster(2, &STRANGER);
    let providers = [first, second];
    let verify = async |jti: &str| {
        let token = token_of(SHARED, "k1").claim("jti", jti).sign(&STRANGER);
        let decoded = DecodedToken::decode(&token).unwrap();
        let token = UnverifiedToken::read(&decoded).unwrap();
        let verified = oidc.verify(&token, &providers, at(0)).await;
        verified.map(|(_, provider)| provider.arn.clone())
    };
    // Both are asked at the same time, and the one that answers is enough.
    assert_eq!(verify("first").await.unwrap(), providers[1].arn);
    assert_eq!(oidc.stats().failed_fetches(), 0, "nothing was waited for");
    // Now its keys are cached, and the issuer gets no request.
    assert_eq!(verify("second").await.unwrap(), providers[1].arn);
    assert_eq!(oidc.stats().fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn requests_share_a_recent_failure_without_waiting() {
    let issuer = start_issuer();
    issuer.stop_responding();
    let (oidc, provider) = (loopback(), provider(&issuer.url()));
    for (offset, fetches) in [(0, 1), (5, 1), (7, 2)] {
        let token = issuer.token_at(NOW).claim("jti", offset).sign(&RSA);
        let error = verify(&oidc, &provider, &token, offset).await.unwrap_err();
        assert!(matches!(error, TokenError::Unreachable { .. }), "{error}");
        assert_eq!(oidc.stats().fetches(), fetches, "{offset}");
    }
}

#[tokio::test]
async fn stale_keys_are_used_for_a_day_after_failures() {
    let issuer = start_issuer();
    let (oidc, provider) = (loopback(), provider(&issuer.url()));
    let token = lasting(&issuer);
    verify(&oidc, &provider, &token, 0).await.unwrap();
    issuer.respond_to_discovery(IssuerResponse::status(503));
    let hour = 3_600;
    verify(&oidc, &provider, &token, hour).await.unwrap();
    verify(&oidc, &provider, &token, hour + 1).await.unwrap();
    assert_eq!(oidc.stats().stale_uses(), 2);
    assert_eq!(oidc.stats().failed_fetches(), 1, "the failure is shared");
    verify(&oidc, &provider, &token, 25 * hour - 1)
        .await
        .unwrap();
    let error = verify(&oidc, &provider, &token, 25 * hour)
        .await
        .unwrap_err();
    assert!(matches!(error, TokenError::Unreachable { .. }), "{error}");
    insta::assert_snapshot!(error.to_aws(), @"IdpCommunicationError: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
}

#[tokio::test]
async fn keys_are_refreshed_in_the_background_at_half_their_time() {
    let issuer = start_issuer();
    let (oidc, provider) = (loopback(), provider(&issuer.url()));
    let token = lasting(&issuer);
    verify(&oidc, &provider, &token, 0).await.unwrap();
    verify(&oidc, &provider, &token, 1_799).await.unwrap();
    issuer.replace_keys(&[jwk(&RSA, "k1"), jwk(&STRANGER, "k2")]);
    verify(&oidc, &provider, &token, 1_800).await.unwrap();
    let asked = async {
        while issuer.request_count() < 4 {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(10);
    tokio::time::timeout(limit, asked).await.unwrap();
    // The renewed set knows the new key without looking for it.
    let new = issuer.token_at(NOW).header("kid", "k2").sign(&STRANGER);
    verify(&oidc, &provider, &new, 1_801).await.unwrap();
    assert_eq!(oidc.stats().fetches(), 2);
}

#[tokio::test]
async fn the_keys_of_a_deleted_provider_are_evicted() {
    let issuer = start_issuer();
    let (oidc, provider) = (loopback(), provider(&issuer.url()));
    let token = issuer.token_at(NOW).sign(&RSA);
    verify(&oidc, &provider, &token, 0).await.unwrap();
    oidc.retain_providers(|_| true);
    verify(&oidc, &provider, &token, 0).await.unwrap();
    assert_eq!(oidc.stats().fetches(), 1);
    oidc.retain_providers(|_| false);
    verify(&oidc, &provider, &token, 0).await.unwrap();
    assert_eq!(oidc.stats().fetches(), 2);
}

#[tokio::test]
async fn a_short_max_age_is_raised_to_a_minute() {
    let issuer = start_issuer();
    let keys = json!({ "keys": [jwk(&RSA, "k1")] }).to_string();
    let short = IssuerResponse::ok(keys).header("cache-control", "max-age=1");
    issuer.respond_to_keys(short);
    let (oidc, provider) = (loopback(), provider(&issuer.url()));
    let token = lasting(&issuer);
    for (offset, fetches) in [(0, 1), (29, 1), (60, 2)] {
        verify(&oidc, &provider, &token, offset).await.unwrap();
        assert_eq!(oidc.stats().fetches(), fetches, "{offset}");
    }
}

#[tokio::test]
async fn an_issuer_over_tls_needs_a_certificate_of_its_own_authority() {
    let (issuer, other) = (Issuer::start_tls(), Issuer::start_tls());
    let oidc = loopback();
    let with = |revision: u64, bundle: Option<&String>| {
        let mut record = record(1, &issuer.url());
        record.ca_bundle = bundle.cloned();
        stored(record, revision)
    };
    let token = issuer.token_at(NOW).sign(&issuer.key);
    let public = verify(&oidc, &with(1, None), &token, 0).await;
    assert!(matches!(public, Err(TokenError::Unreachable { .. })));
    let foreign = verify(&oidc, &with(2, other.authority.as_ref()), &token, 0).await;
    assert!(matches!(foreign, Err(TokenError::Unreachable { .. })));
    verify(&oidc, &with(3, issuer.authority.as_ref()), &token, 0)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_useless_response_is_no_network_failure() {
    let far = start_issuer();
    let redirect = IssuerResponse::redirect(far.jwks_uri());
    let wrong = json!({ "issuer": "https://issuer.invalid", "jwks_uri": far.jwks_uri() });
    for (discovery, response) in [
        (true, redirect.clone()),
        (false, redirect),
        (true, IssuerResponse::ok("no json")),
        (true, IssuerResponse::ok(wrong.to_string())),
        (false, IssuerResponse::ok(r#"{"keys":[]}"#)),
        (
            false,
            IssuerResponse::ok(r#"{"keys":[{"kty":"AKP","kid":"k1","alg":"ML-DSA-65"}]}"#),
        ),
        (
            false,
            IssuerResponse::ok(format!("{{\"keys\":[]{}}}", " ".repeat(1 << 20))),
        ),
        (false, IssuerResponse::status(404)),
    ] {
        let issuer = start_issuer();
        let (oidc, provider, token) = (
            loopback(),
            provider(&issuer.url()),
            issuer.token_at(NOW).sign(&RSA),
        );
        if discovery {
            issuer.respond_to_discovery(response);
        } else {
            issuer.respond_to_keys(response);
        }
        let error = verify(&oidc, &provider, &token, 0).await.unwrap_err();
        assert!(matches!(error, TokenError::NoUsableKey { .. }), "{error}");
        assert!(
            !error.client_message().contains("json"),
            "the issuer's words are not shown"
        );
    }
    assert_eq!(far.request_count(), 0, "nothing led there");
}

#[tokio::test]
async fn an_unknown_kind_of_key_is_skipped() {
    let issuer = start_issuer();
    issuer.replace_keys(&[
        json!({ "kty": "AKP", "kid": "pq" }),
        json!({ "kty": "EC", "crv": "P-999" }),
        jwk(&RSA, ""),
    ]);
    let (oidc, provider) = (loopback(), provider(&issuer.url()));
    verify(&oidc, &provider, &issuer.token_at(NOW).sign(&RSA), 0)
        .await
        .unwrap();
    verify(
        &oidc,
        &provider,
        &issuer.token_at(NOW).without_header("kid").sign(&RSA),
        0,
    )
    .await
    .unwrap();
}

/// Answers all names with these addresses.
#[derive(Debug)]
struct Fixed(Vec<SocketAddr>);

impl Resolver for Fixed {
    fn resolve<'a>(&'a self, _: &'a str, _: u16) -> Resolution<'a> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

#[tokio::test]
async fn a_name_that_resolves_to_a_private_address_is_not_connected_to() {
    let issuer = start_issuer();
    let port: u16 = issuer.url().rsplit_once(':').unwrap().1.parse().unwrap();
    let token = issuer
        .token_at(NOW)
        .claim("iss", "https://issuer.example")
        .sign(&RSA);
    for address in [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::ffff:127.0.0.1",
        "fd00:ec2::254",
    ] {
        let resolver = Fixed(vec![SocketAddr::new(address.parse().unwrap(), port)]);
        let oidc = TokenVerifier::with_resolver(OidcConfig::default(), Arc::new(resolver));
        let refused = verify(&oidc, &provider("https://issuer.example"), &token, 0).await;
        let Err(TokenError::Unreachable { reason, .. }) = refused else {
            panic!("{address}: {refused:?}")
        };
        assert!(
            reason.contains("is not connected to"),
            "{address}: {reason}"
        );
    }
    assert_eq!(issuer.request_count(), 0);
}

#[tokio::test]
async fn a_server_does_not_fetch_from_itself() {
    let issuer = start_issuer();
    let own = issuer.url().replace("http://localhost", "127.0.0.1");
    let oidc = TokenVerifier::new(OidcConfig {
        allow_loopback: true,
        own_listeners: vec![
            own.parse().unwrap(),
            own.replace("127.0.0.1", "[::1]").parse().unwrap(),
        ],
        ..OidcConfig::default()
    });
    let token = issuer.token_at(NOW).sign(&RSA);
    verify(&oidc, &provider(&issuer.url()), &token, 0)
        .await
        .unwrap_err();
    assert_eq!(issuer.request_count(), 0);
}

#[test]
fn an_uploaded_key_that_cannot_serve_is_left_out_and_named() {
    let verdict = |key: serde_json::Value| {
        let set = json!({ "keys": [jwk(&RSA, "good"), key] }).to_string();
        let left_out = crate::oidc::validate_jwks(&set).unwrap();
        left_out
            .first()
            .map_or_else(|| "ok".to_owned(), ToString::to_string)
    };
    assert_eq!(verdict(jwk(&RSA, "k1")), "ok");
    insta::assert_snapshot!(verdict(json!({ "kty": "AKP", "kid": "pq" })), @"key 2 (`kid` `pq`) cannot serve: its `kty` is neither RSA nor EC");
    let mut small = jwk(&RSA, "small");
    small["n"] = json!(URL_SAFE_NO_PAD.encode([0xff; 128]));
    insta::assert_snapshot!(verdict(small), @"key 2 (`kid` `small`) cannot serve: its modulus is not an odd number of 2048 to 8192 bits");
    let mut even = jwk(&RSA, "even");
    even["e"] = json!(URL_SAFE_NO_PAD.encode([2]));
    insta::assert_snapshot!(verdict(even), @"key 2 (`kid` `even`) cannot serve: its exponent is not an odd number of 3 to 2^32");
    let off = json!({ "kty": "EC", "crv": "P-256", "kid": "off", "x": URL_SAFE_NO_PAD.encode([1; 32]), "y": URL_SAFE_NO_PAD.encode([1; 32]) });
    insta::assert_snapshot!(verdict(off), @"key 2 (`kid` `off`) cannot serve: its numbers are not a public key");
    let mut encrypts = jwk(&RSA, "enc1");
    encrypts["use"] = json!("enc");
    encrypts["alg"] = json!("RSA-OAEP");
    insta::assert_snapshot!(verdict(encrypts), @"key 2 (`kid` `enc1`) cannot serve: its `use` is not `sig`");
    insta::assert_snapshot!(verdict(json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "use": "sig", "alg": "EdDSA", "x": "AA" })), @"key 2 (`kid` `ed`) cannot serve: its `alg` is not supported");
    let mut spiffe = jwk(&RSA, "svid");
    spiffe["use"] = json!("jwt-svid");
    assert_eq!(verdict(spiffe), "ok");
}

#[test]
fn an_uploaded_set_without_a_key_that_serves_or_with_a_private_one_is_refused() {
    let verdict = |keys: serde_json::Value| {
        let set = json!({ "keys": keys }).to_string();
        crate::oidc::validate_jwks(&set).unwrap_err().to_string()
    };
    insta::assert_snapshot!(verdict(json!([])), @"key set has no key");
    insta::assert_snapshot!(verdict(json!([{ "kty": "AKP", "kid": "pq" }])), @"key set has no key that can verify a token: key 1 (`kid` `pq`) cannot serve: its `kty` is neither RSA nor EC");
    let mut private = jwk(&RSA, "k2");
    private["d"] = json!("AQAB");
    insta::assert_snapshot!(verdict(json!([jwk(&RSA, "k1"), private])), @"key 2 is a private key: upload the public keys alone");
}
