//! Forged and bent tokens, each beside a twin that differs in that one thing and is accepted.
#![expect(
    clippy::string_slice,
    reason = "tokens and their claims are ASCII here"
)]

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bowline_iam::context::ConditionValue;
use bowline_testkit::{
    keys::SigningKey,
    token::{SUBJECT, Token},
};
use serde_json::json;

use crate::identity::index::ProviderEntry;
use crate::oidc::{
    DecodedToken, OidcConfig, TokenError, TokenVerifier, UnverifiedToken, VerifiedToken,
    testing::{NOW, RSA, STRANGER, at, jwk, now, record, stored, token_of},
};

mod claims;

const ISSUER: &str = "https://issuer.example/id";

struct Bench {
    oidc: TokenVerifier,
    providers: Vec<Arc<ProviderEntry>>,
}

fn bench(keys: &serde_json::Value) -> Bench {
    let mut record = record(1, ISSUER);
    record.jwks = Some(json!({ "keys": keys }).to_string());
    Bench {
        oidc: TokenVerifier::new(OidcConfig::default()),
        providers: vec![stored(record, 1)],
    }
}

fn usual() -> Bench {
    bench(&json!([jwk(&RSA, "k1")]))
}

fn token() -> Token {
    token_of(ISSUER, "k1").claim(
        "kubernetes.io",
        json!({ "namespace": "gbot-dev", "pod": { "name": "bot-0", "uid": "0b1c" } }),
    )
}

impl Bench {
    /// What `show` sees of a token, if it is good.
    async fn shown<T>(
        &self,
        token: &str,
        offset: i64,
        show: impl FnOnce(&VerifiedToken<'_>) -> T,
    ) -> Result<T, TokenError> {
        let decoded = DecodedToken::decode(token)?;
        let token = UnverifiedToken::read(&decoded)?;
        let verified = self.oidc.verify(&token, &self.providers, at(offset));
        verified.await.map(|(token, _)| show(&token))
    }

    async fn verify(&self, token: &str, offset: i64) -> Result<(), TokenError> {
        self.shown(token, offset, |_| ()).await
    }

    async fn good(&self, token: &str) {
        self.verify(token, 0).await.unwrap();
    }

    async fn bad(&self, token: &str) -> String {
        self.verify(token, 0).await.unwrap_err().to_string()
    }
}

#[tokio::test]
async fn a_valid_token_shows_its_claims() {
    let token = token().claim("groups", json!(["a", "b"])).sign(&RSA);
    let show = |verified: &VerifiedToken<'_>| {
        assert_eq!(verified.subject(), SUBJECT);
        assert_eq!(verified.audience(), "sts.amazonaws.com");
        assert_eq!(verified.pod_uid(), Some("0b1c"));
        let claims = verified.claims();
        let has = |name: &str, value| claims.contains(&(name.into(), value));
        assert!(has("kubernetes.io/namespace", "gbot-dev".into()));
        assert!(has("kubernetes.io/pod/name", "bot-0".into()));
        assert!(has(
            "groups",
            ConditionValue::Set(vec!["a".into(), "b".into()])
        ));
    };
    let text = format!("\n {token}\r\n");
    usual().shown(&text, 0, show).await.unwrap();
}

#[tokio::test]
async fn there_is_no_signature_by_none_or_by_a_shared_secret() {
    let bench = usual();
    bench.good(&token().sign(&RSA)).await;
    let modulus = jwk(&RSA, "k1")["n"].as_str().unwrap().to_owned();
    let modulus = URL_SAFE_NO_PAD.decode(modulus).unwrap();
    for algorithm in ["none", "None", "HS256", "PS256", "ES256K", ""] {
        let bent = token().header("alg", algorithm);
        bench.bad(&bent.sign_with_text("")).await;
        assert!(
            bench.bad(&bent.sign(&RSA)).await.contains("algorithm"),
            "{algorithm}"
        );
        bench.bad(&bent.sign_hs256(&modulus)).await;
    }
}

#[tokio::test]
async fn a_key_in_the_token_is_ignored() {
    let bench = usual();
    for (name, value) in [
        ("jwk", jwk(&STRANGER, "k1")),
        ("jku", json!("https://issuer.example/other")),
        ("x5c", json!(["AAAA"])),
        ("x5u", json!("https://issuer.example/other")),
    ] {
        let token = token().header(name, value);
        bench.good(&token.sign(&RSA)).await;
        bench.bad(&token.sign(&STRANGER)).await;
        bench
            .bad(&token.without_header("kid").sign(&STRANGER))
            .await;
    }
    assert_eq!(bench.oidc.stats().fetches(), 0);
}

#[tokio::test]
async fn the_key_decides_the_algorithm() {
    let ec = SigningKey::p256();
    let mut pinned = jwk(&RSA, "pinned");
    pinned["alg"] = json!("RS256");
    let bench = bench(&json!([jwk(&RSA, "k1"), pinned, jwk(&ec, "ec")]));
    for algorithm in ["RS256", "RS384", "RS512"] {
        bench
            .good(&token().header("alg", algorithm).sign(&RSA))
            .await;
    }
    let pinned = token().header("kid", "pinned");
    bench.good(&pinned.sign(&RSA)).await;
    insta::assert_snapshot!(bench.bad(&pinned.header("alg", "RS512").sign(&RSA)).await, @"provider `arn:aws:iam::432797229265:oidc-provider/issuer.example/id` has no key for `pinned` with RS512: its key set has none");
    let curve = token().header("kid", "ec").header("alg", "ES256");
    bench.good(&curve.sign(&ec)).await;
    bench
        .bad(&curve.clone().header("alg", "ES384").sign(&ec))
        .await;
    bench.bad(&curve.header("kid", "k1").sign(&ec)).await;
}

#[tokio::test]
async fn extensions_that_change_the_signed_content_are_rejected() {
    let bench = usual();
    bench.good(&token().header("x", 1).sign(&RSA)).await;
    insta::assert_snapshot!(bench.bad(&token().header("crit", json!(["x"])).sign(&RSA)).await, @"token's header has `crit`, which is not supported");
    insta::assert_snapshot!(bench.bad(&token().header("b64", true).sign(&RSA)).await, @"token's header has `b64`, which is not supported");
}

#[tokio::test]
async fn claims_for_tags_and_source_identity_are_rejected() {
    let bench = usual();
    bench
        .good(
            &token()
                .claim("https://aws.amazon.com/other", "x")
                .sign(&RSA),
        )
        .await;
    let tags = json!({"principal_tags": {"team": ["a"]}});
    for (claim, value) in [
        ("https://aws.amazon.com/tags", tags),
        (
            "https://aws.amazon.com/tags/principal_tags/team",
            json!("a"),
        ),
        ("https://aws.amazon.com/source_identity", json!("alice")),
    ] {
        let refused = bench.bad(&token().claim(claim, value).sign(&RSA)).await;
        assert_eq!(
            refused,
            format!(
                "token has the claim `{claim}`, which is not supported: sessions have no tags and no source identity"
            )
        );
    }
}

#[tokio::test]
async fn the_compact_form_has_one_spelling() {
    let bench = usual();
    let good = token().sign(&RSA);
    bench.good(&good).await;
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    for bad in [
        &good[..good.len() - 1],
        &good[..good.len() / 2],
        message,
        &format!("{message}."),
        &format!("{header}..{signature}"),
        &format!(".{payload}.{signature}"),
        &format!("{good}.{signature}"),
        &format!("{good}=="),
        "....",
        "e30.e30.e30",
        "",
        "abc",
        &format!("{header}. {payload}.{signature}"),
    ] {
        bench.bad(bad).await;
    }
    // 256 bytes leave four bits of the last character that mean nothing: they must be zero.
    let last = good.chars().last().unwrap();
    let next = char::from(u8::try_from(last).unwrap() + 1);
    bench
        .bad(&format!("{}{next}", &good[..good.len() - 1]))
        .await;
}

#[tokio::test]
async fn a_token_of_more_than_20_000_characters_is_not_read() {
    let bench = usual();
    let sized = |size| {
        token()
            .claim("padding", json!({ "x": "x".repeat(size) }))
            .sign(&RSA)
    };
    bench.good(&sized(14_000)).await;
    assert!(bench.bad(&sized(15_000)).await.contains("not 4 to 20000"));
}

#[tokio::test]
async fn a_duplicate_claim_is_rejected() {
    let bench = usual();
    bench.good(&token().sign(&RSA)).await;
    for twin in [
        r#""sub":"root""#,
        r#""s\u0075b":"root""#,
        &format!(r#""sub":"{SUBJECT}""#),
    ] {
        let doubled = token().rewritten(|claims| format!("{{{twin},{}", &claims[1..]));
        assert!(
            bench.bad(&doubled.sign(&RSA)).await.contains("twice"),
            "{twin}"
        );
    }
}

/// The value of a claim for conditions.
fn claim_of(verified: &VerifiedToken<'_>, name: &str) -> Option<String> {
    if verified
        .unknown_claims()
        .iter()
        .any(|unknown| unknown == name)
    {
        return Some("(beyond 128)".to_owned());
    }
    let mut claims = verified.claims().iter();
    let found = claims.find(|(taken, _)| taken.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.texts().join(" "))
}

#[tokio::test]
async fn a_signature_depends_on_the_key_and_every_byte() {
    let bench = usual();
    let good = token().sign(&RSA);
    bench.good(&good).await;
    let reason = "signature was not made by the key `k1` of provider `arn:aws:iam::432797229265:oidc-provider/issuer.example/id`";
    assert_eq!(bench.bad(&token().sign(&STRANGER)).await, reason);
    let signature = good.rsplit_once('.').unwrap().1;
    let forged = token().claim("sub", "system:serviceaccount:kube-system:admin");
    assert_eq!(bench.bad(&forged.sign_with_text(signature)).await, reason);
}

#[tokio::test]
async fn times_may_differ_by_five_minutes() {
    let bench = usual();
    let with = |name, offset: i64| token().claim(name, NOW + offset).sign(&RSA);
    bench.good(&with("exp", -299)).await;
    let expired = bench.verify(&with("exp", -300), 0).await.unwrap_err();
    insta::assert_snapshot!(expired.to_aws(), @"ExpiredIdentityToken: Token expired: current date/time 1790000000 must be before the expiration date/time 1789999700");
    for name in ["nbf", "iat"] {
        bench.good(&with(name, 300)).await;
        bench.bad(&with(name, 301)).await;
    }
    for (name, value) in [
        ("exp", json!(1.79e9)),
        ("exp", json!("1790000000")),
        ("iat", json!(-1)),
        ("iat", json!(null)),
    ] {
        bench.bad(&token().claim(name, value).sign(&RSA)).await;
    }
}

#[tokio::test]
async fn a_missing_required_claim_is_named() {
    let bench = usual();
    for claim in ["iss", "sub", "aud", "exp", "iat"] {
        let token = token().without(claim).sign(&RSA);
        let error = bench.verify(&token, 0).await.unwrap_err();
        assert_eq!(
            error.client_message(),
            format!("Missing a required claim: {claim}")
        );
    }
    bench.good(&token().without("nbf").sign(&RSA)).await;
}

#[tokio::test]
async fn the_authorized_party_is_checked_if_there_is_one_and_else_the_audience() {
    let bench = usual();
    let aud = |aud| token().claim("aud", aud);
    bench
        .good(&aud(json!("sts.amazonaws.com")).sign(&RSA))
        .await;
    bench
        .good(&aud(json!(["other", "sts.amazonaws.com"])).sign(&RSA))
        .await;
    for wrong in [
        json!("other"),
        json!("STS.amazonaws.com"),
        json!([]),
        json!(["sts.amazonaws.com", 7]),
        json!({}),
    ] {
        bench.bad(&aud(wrong).sign(&RSA)).await;
    }
    let party = aud(json!("other")).claim("azp", "sts.amazonaws.com");
    let show = |verified: &VerifiedToken<'_>| {
        assert_eq!(verified.audience(), "sts.amazonaws.com");
        assert_eq!(verified.audience_for_conditions(), ["sts.amazonaws.com"]);
    };
    bench.shown(&party.sign(&RSA), 0, show).await.unwrap();
    let error = bench
        .verify(&token().claim("azp", "other").sign(&RSA), 0)
        .await;
    let error = error.unwrap_err();
    assert_eq!(error.client_message(), "Incorrect token audience");
    insta::assert_snapshot!(error, @r#"token is for ["other"], the provider takes ["sts.amazonaws.com"]"#);
}

#[tokio::test]
async fn a_provider_of_another_issuer_is_skipped() {
    let bench = usual();
    let foreign = token_of("https://issuer.example/id/", "k1").sign(&RSA);
    let error = bench.verify(&foreign, 0).await.unwrap_err();
    assert_eq!(
        error.client_message(),
        "No OpenIDConnect provider found in your account for https://issuer.example/id/"
    );
}

#[tokio::test]
async fn one_issuer_and_key_id_in_two_accounts_are_two_keys() {
    let second = SigningKey::rsa();
    let provider = |number, key: &SigningKey| {
        let mut record = record(number, ISSUER);
        record.jwks = Some(json!({ "keys": [jwk(key, "k1")] }).to_string());
        stored(record, 1)
    };
    let (one, two) = (provider(1, &RSA), provider(2, &second));
    let oidc = TokenVerifier::new(OidcConfig::default());
    let (first, other) = (token().sign(&RSA), token().sign(&second));
    let verify = async |token: &str, provider: &Arc<ProviderEntry>| {
        let decoded = DecodedToken::decode(token).unwrap();
        let token = UnverifiedToken::read(&decoded).unwrap();
        oidc.verify(&token, std::slice::from_ref(provider), now())
            .await
            .is_ok()
    };
    assert!(verify(&first, &one).await && verify(&other, &two).await);
    assert!(!verify(&first, &two).await && !verify(&other, &one).await);
    // Where one account has both, the one whose key verifies is the one that vouches.
    let decoded = DecodedToken::decode(&other).unwrap();
    let token = UnverifiedToken::read(&decoded).unwrap();
    let (_, vouching) = oidc
        .verify(&token, &[one, Arc::clone(&two)], now())
        .await
        .unwrap();
    assert_eq!(vouching.record.id, two.record.id);
}

#[tokio::test]
async fn of_providers_with_one_key_the_one_with_the_audience_is_chosen() {
    let provider = |number, client_id: &str| {
        let mut record = record(number, ISSUER);
        record.jwks = Some(json!({ "keys": [jwk(&RSA, "k1")] }).to_string());
        record.client_ids = vec![client_id.to_owned()];
        stored(record, 1)
    };
    let providers = [provider(1, "one"), provider(2, "two")];
    let oidc = TokenVerifier::new(OidcConfig::default());
    for (audience, vouching) in [("one", Some(0)), ("two", Some(1)), ("three", None)] {
        let token = token().claim("aud", audience).sign(&RSA);
        let decoded = DecodedToken::decode(&token).unwrap();
        let token = UnverifiedToken::read(&decoded).unwrap();
        match (oidc.verify(&token, &providers, now()).await, vouching) {
            (Ok((_, provider)), Some(place)) => {
                assert_eq!(provider.record.id, providers[place].record.id);
            }
            (Err(TokenError::Audience { .. }), None) => {}
            (other, _) => panic!("{audience}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn only_the_signature_is_cached() {
    let mut bench = usual();
    let token = token().sign(&RSA);
    bench.good(&token).await;
    bench.good(&token).await;
    let stats = bench.oidc.stats();
    assert_eq!((stats.verifications(), stats.memory_hits()), (1, 1));
    assert!(matches!(
        bench.verify(&token, 3_900).await,
        Err(TokenError::Expired { .. })
    ));
    // Another audience, then another key, by a change of the record.
    let mut record = record(1, ISSUER);
    record.jwks.clone_from(&bench.providers[0].record.jwks);
    record.client_ids = vec!["other".to_owned()];
    bench.providers = vec![stored(record.clone(), 2)];
    assert!(matches!(
        bench.verify(&token, 0).await,
        Err(TokenError::Audience { .. })
    ));
    record.client_ids = vec!["sts.amazonaws.com".to_owned()];
    record.jwks = Some(json!({ "keys": [jwk(&STRANGER, "k1")] }).to_string());
    bench.providers = vec![stored(record, 3)];
    assert!(matches!(
        bench.verify(&token, 0).await,
        Err(TokenError::BadSignature { .. })
    ));
}
