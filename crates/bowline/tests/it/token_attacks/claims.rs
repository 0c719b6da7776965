//! Tokens with invalid claims, and claims that the trust policy does not accept.

use serde_json::Value;

use super::*;

#[test]
fn a_duplicate_claim_is_rejected() {
    let world = World::new();
    let token = world.issuer.token();
    let good = token.sign(&world.issuer.key);
    let twice = |extra: &str| {
        let rewritten = token
            .clone()
            .rewritten(|text| format!("{{{extra},{}", &text[1..]));
        rewritten.sign(&world.issuer.key)
    };
    assert_snapshot!(refused(&world, &good, &twice(r#""sub":"system:serviceaccount:gbot-dev:other""#)), @"400 InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");
    // Either of the two could count. Two equal ones, or two spellings of one name, are rejected
    // too.
    assert_eq!(
        refused(&world, &good, &twice(&format!("\"sub\":\"{SUBJECT}\""))),
        refused(&world, &good, &twice(r#""\u0073ub":"x""#))
    );
}

#[test]
fn claims_of_the_wrong_type_are_rejected() {
    let world = World::new();
    let good = world.issuer.valid_token();
    for (name, value) in [
        ("sub", json!(7)),
        ("sub", json!([SUBJECT])),
        ("sub", json!(null)),
        ("aud", json!(7)),
        ("aud", json!([])),
        ("aud", json!({ "a": 1 })),
        ("exp", json!("tomorrow")),
        ("exp", json!(-1)),
        ("iss", json!(["https://issuer.invalid"])),
        ("nbf", json!("now")),
    ] {
        let bad = world
            .issuer
            .token()
            .claim(name, value.clone())
            .sign(&world.issuer.key);
        let verdict = refused(&world, &good, &bad);
        assert!(verdict.starts_with("400 "), "{name} = {value}: {verdict}");
    }
    for missing in ["sub", "aud", "exp", "iss"] {
        let bad = world
            .issuer
            .token()
            .without(missing)
            .sign(&world.issuer.key);
        let verdict = refused(&world, &good, &bad);
        assert!(
            verdict.starts_with("400 InvalidIdentityToken"),
            "{missing}: {verdict}"
        );
    }
}

#[test]
fn a_token_for_another_audience_is_rejected() {
    let world = World::new();
    let for_audience = |aud| {
        world
            .issuer
            .token()
            .claim("aud", aud)
            .sign(&world.issuer.key)
    };
    let good = for_audience(json!(["sts.amazonaws.com"]));
    assert_snapshot!(refused(&world, &good, &for_audience(json!(["https://kubernetes.default.svc"]))), @"400 InvalidIdentityToken: Incorrect token audience");
    assert_snapshot!(refused(&world, &good, &for_audience(json!("sts.amazonaws.com "))), @"400 InvalidIdentityToken: Incorrect token audience");
    assert_snapshot!(refused(&world, &good, &for_audience(json!("STS.amazonaws.com"))), @"400 InvalidIdentityToken: Incorrect token audience");
}

#[test]
fn a_trust_policy_selects_one_of_several_audiences() {
    let world = World::new();
    let several = json!(["https://kubernetes.default.svc", "sts.amazonaws.com"]);
    let token = world.issuer.token().claim("aud", several);
    let token = token.sign(&world.issuer.key);
    // A plain operator never matches a set of values.
    assert_snapshot!(world.exchange(&token).verdict(), @"403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity");
    let host = &world.issuer.host;
    let any = world.trust().to_string().replace(
        "\"StringEquals\":",
        &format!("\"ForAnyValue:StringEquals\":{{\"{host}:aud\":\"sts.amazonaws.com\"}},\"StringEquals\":"),
    );
    let any = any.replacen(
        &format!("\"{host}:aud\":\"sts.amazonaws.com\",\"{host}:sub\""),
        &format!("\"{host}:sub\""),
        1,
    );
    world
        .iam(
            "UpdateAssumeRolePolicy",
            &[("RoleName", "bot"), ("PolicyDocument", &any)],
        )
        .accepted();
    world.exchange(&token).accepted();
}

#[test]
fn the_authorized_party_claim_replaces_the_audience() {
    let world = World::new();
    let with = |azp| {
        world
            .issuer
            .token()
            .claim("azp", azp)
            .sign(&world.issuer.key)
    };
    assert_snapshot!(refused(&world, &with("sts.amazonaws.com"), &with("someone-else")), @"400 InvalidIdentityToken: Incorrect token audience");
}

#[test]
fn token_times_tolerate_five_minutes_of_clock_skew() {
    let world = World::new();
    let key = &world.issuer.key;
    let at = |name: &str, offset: i64| world.issuer.token().claim(name, now() + offset).sign(key);
    let expired = refused(&world, &at("exp", -285), &at("exp", -315));
    assert_snapshot!(expired, @"400 ExpiredTokenException: Token expired: current date/time [seconds] must be before the expiration date/time [seconds]");
    assert_snapshot!(refused(&world, &at("nbf", 285), &at("nbf", 315)), @"400 InvalidIdentityToken: Token not yet valid: current date/time [seconds] must be after [seconds]");
    assert_snapshot!(refused(&world, &at("iat", 285), &at("iat", 315)), @"400 InvalidIdentityToken: Token not yet valid: current date/time [seconds] must be after [seconds]");
}

#[test]
fn another_service_account_gets_the_same_error_as_for_a_missing_role() {
    let world = World::new();
    let good = world.issuer.valid_token();
    let other = world
        .issuer
        .token()
        .claim("sub", "system:serviceaccount:gbot-dev:other")
        .sign(&world.issuer.key);
    let untrusted = refused(&world, &good, &other);
    assert_snapshot!(untrusted, @"403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity");
    assert_eq!(
        world.exchange_for("no-such-role", &good).verdict(),
        untrusted
    );
    // A caller whose token does not verify learns nothing about roles at all.
    let forged = world.issuer.token().sign(unrelated_key());
    assert_eq!(
        world.exchange_for("no-such-role", &forged).verdict(),
        world.exchange(&forged).verdict()
    );
}

#[test]
fn a_wildcard_in_a_claim_is_a_literal_character() {
    let world = World::new();
    let host = &world.issuer.host;
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Federated": world.provider() },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": { format!("{host}:aud"): "sts.amazonaws.com" } },
    }] });
    world
        .iam(
            "CreateRole",
            &[
                ("RoleName", "own"),
                ("AssumeRolePolicyDocument", &trust.to_string()),
            ],
        )
        .accepted();
    let own = format!("arn:aws:s3:::insights/${{{host}:sub}}/*");
    let permissions = allow(&["s3:GetObject", "s3:PutObject"], &[&own]).to_string();
    world
        .iam(
            "PutRolePolicy",
            &[
                ("RoleName", "own"),
                ("PolicyName", "p"),
                ("PolicyDocument", &permissions),
            ],
        )
        .accepted();
    let session = |sub: &str| {
        credentials(
            &world.exchange_for(
                "own",
                &world
                    .issuer
                    .token()
                    .claim("sub", sub)
                    .sign(&world.issuer.key),
            ),
        )
    };
    let (alice, star) = (session("alice"), session("*"));
    let put = |keys, folder: &str| {
        world
            .send(
                keys,
                "s3",
                Request::put(&format!("/insights/{folder}/a"), "x"),
            )
            .verdict()
    };
    assert_eq!(put(&alice, "alice"), "200");
    assert_snapshot!(put(&star, "alice"), @r#"403 AccessDenied: User: arn:aws:sts::432797229265:assumed-role/own/test is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::insights/alice/a" because no identity-based policy allows the s3:PutObject action"#);
    assert_eq!(put(&star, "%2A"), "200");
    assert_snapshot!(put(&alice, "bob"), @r#"403 AccessDenied: User: arn:aws:sts::432797229265:assumed-role/own/test is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::insights/bob/a" because no identity-based policy allows the s3:PutObject action"#);
}

#[test]
fn a_claim_that_cannot_be_taken_over_denies_where_a_policy_denies_by_it() {
    let world = World::new();
    let deny = |condition: Value| {
        let mut trust = world.trust();
        let mut denied = trust["Statement"][0].clone();
        denied["Effect"] = "Deny".into();
        denied["Condition"] = condition;
        trust["Statement"].as_array_mut().unwrap().push(denied);
        world
            .iam(
                "UpdateAssumeRolePolicy",
                &[("RoleName", "bot"), ("PolicyDocument", &trust.to_string())],
            )
            .accepted();
    };
    let host = &world.issuer.host;
    let sign = |claims: &[(&str, Value)]| {
        let token = claims
            .iter()
            .fold(world.issuer.token(), |token, (name, value)| {
                token.claim(name, value.clone())
            });
        token.sign(&world.issuer.key)
    };
    let many: Vec<(String, Value)> = (0..130).map(|n| (format!("c{n}"), json!(n))).collect();
    let many: Vec<(&str, Value)> = many
        .iter()
        .map(|(name, value)| (&**name, value.clone()))
        .collect();
    let odd = [
        sign(&[("groups", json!("x".repeat(3_000)))]),
        sign(&[("groups", json!(["a", {}]))]),
        sign(&[("groups", json!("a")), ("Groups", json!("a"))]),
        sign(&many),
    ];
    // No policy asks for the claims, so they change nothing.
    for token in &odd {
        world.exchange(token).accepted();
    }
    deny(json!({ "StringEquals": { format!("{host}:groups"): "suspended" } }));
    for token in odd.iter().take(3) {
        assert_eq!(world.exchange(token).status, 403);
    }
    world.exchange(&odd[3]).accepted();
    world
        .exchange(&sign(&[("groups", json!(["a", "b"]))]))
        .accepted();
    for groups in [
        json!("suspended"),
        json!(["suspended"]),
        json!(["a", "suspended"]),
    ] {
        assert_eq!(world.exchange(&sign(&[("groups", groups)])).status, 403);
    }
    // A claim is unknown, not absent, in whatever way a policy asks for it.
    deny(json!({ "Null": { format!("{host}:c99"): "true" } }));
    assert_eq!(world.exchange(&odd[0]).status, 403);
    world.exchange(&sign(&[("c99", json!(1))])).accepted();
    deny(json!({ "StringNotEqualsIfExists": { format!("{host}:groups"): "a" } }));
    assert_eq!(world.exchange(&odd[0]).status, 403);
    world.exchange(&sign(&[("groups", json!("a"))])).accepted();
}
