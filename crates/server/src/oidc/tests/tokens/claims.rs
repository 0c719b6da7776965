//! Claims that cannot be taken over are unknown, and claims do not replace each other.

use super::*;

#[tokio::test]
async fn a_claim_that_a_policy_could_deny_on_is_complete_or_unknown() {
    let bench = usual();
    let long = "x".repeat(2_048);
    for (groups, shown) in [
        (
            json!(["suspended", long]),
            Some(format!("suspended {long}")),
        ),
        (json!("a"), Some("a".to_owned())),
        (json!([1, true]), Some("1 true".to_owned())),
        (json!([]), Some(String::new())),
        (json!(null), None),
        (json!({}), Some("(unknown)".to_owned())),
        (json!([{}]), Some("(unknown)".to_owned())),
        (json!(["suspended", null]), Some("(unknown)".to_owned())),
        (json!(["suspended", ["a"]]), Some("(unknown)".to_owned())),
        (
            json!(["suspended", "x".repeat(2_049)]),
            Some("(unknown)".to_owned()),
        ),
        (json!("x".repeat(3_000)), Some("(unknown)".to_owned())),
    ] {
        let token = token().claim("groups", groups.clone()).sign(&RSA);
        let claim = bench.shown(&token, 0, |verified| claim_of(verified, "groups"));
        assert_eq!(claim.await.unwrap(), shown, "{groups}");
    }
}

#[tokio::test]
async fn more_claims_than_128_are_unknown() {
    let bench = usual();
    let many = (100..400).fold(token(), |token, n| {
        token.claim(&format!("c{n}"), json!("x"))
    });
    let many = many.claim("zz", json!("a")).sign(&RSA);
    let show = |verified: &VerifiedToken<'_>| {
        let (taken, beyond) = (verified.claims().len(), verified.unknown_claims().len());
        assert_eq!(taken, 128);
        assert!(beyond > 170, "{beyond}");
        [claim_of(verified, "c100"), claim_of(verified, "zz")]
    };
    let shown = bench.shown(&many, 0, show).await.unwrap();
    assert_eq!(
        shown,
        [Some("x".to_owned()), Some("(beyond 128)".to_owned())]
    );
}

#[tokio::test]
async fn claims_whose_names_differ_by_case_only_are_unknown() {
    let bench = usual();
    let twins = token()
        .claim("groups", json!("a"))
        .claim("Groups", json!("b"))
        .claim("team", json!("c"));
    let show = |verified: &VerifiedToken<'_>| {
        assert_eq!(claim_of(verified, "groups").as_deref(), Some("(unknown)"));
        assert_eq!(claim_of(verified, "team").as_deref(), Some("c"));
        assert!(!verified.is_ambiguous("sub"));
    };
    bench.shown(&twins.sign(&RSA), 0, show).await.unwrap();
    let own = token().claim("Sub", json!("root")).claim("AZP", json!("x"));
    let show = |verified: &VerifiedToken<'_>| {
        assert!(verified.is_ambiguous("sub") && !verified.is_ambiguous("aud"));
        assert_eq!(claim_of(verified, "azp").as_deref(), Some("(unknown)"));
    };
    bench.shown(&own.sign(&RSA), 0, show).await.unwrap();
}

#[tokio::test]
async fn a_claim_does_not_replace_a_member_of_the_kubernetes_object() {
    let bench = usual();
    let flat = token()
        .claim("Kubernetes.io/namespace", json!("prod"))
        .claim("kubernetes.io/team", json!("prod"))
        .claim("Kubernetes.io", json!("prod"));
    let show = |verified: &VerifiedToken<'_>| {
        let claim = |name| claim_of(verified, name);
        assert_eq!(
            claim("kubernetes.io/namespace").as_deref(),
            Some("gbot-dev")
        );
        assert_eq!(claim("kubernetes.io/team").as_deref(), Some("(unknown)"));
        assert_eq!(claim("kubernetes.io").as_deref(), Some("(unknown)"));
    };
    bench.shown(&flat.sign(&RSA), 0, show).await.unwrap();
}
