//! The token of a service account is exchanged for credentials with the permissions of the role.

use insta::assert_snapshot;

use crate::support::bowline::Bowline;
use crate::support::http::Request;
use crate::support::keys::SigningKey;
use crate::support::wait::now;
use crate::support::world::{World, allow, credentials, role_arn, web_identity};

#[test]
fn a_web_identity_token_is_exchanged_for_credentials_of_the_role() {
    let world = World::new();
    assert_snapshot!(world.exchange(&world.issuer.valid_token()).text(), @r#"<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>[ASIA]</AccessKeyId><SecretAccessKey>[secret]</SecretAccessKey><SessionToken>[token]</SessionToken><Expiration>[time]</Expiration></Credentials><SubjectFromWebIdentityToken>system:serviceaccount:gbot-dev:bot-builder-insight-generator</SubjectFromWebIdentityToken><AssumedRoleUser><AssumedRoleId>[AROA]:test</AssumedRoleId><Arn>arn:aws:sts::432797229265:assumed-role/bot/test</Arn></AssumedRoleUser><Provider>arn:aws:iam::432797229265:oidc-provider/localhost:[port]</Provider><Audience>sts.amazonaws.com</Audience></AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>[id]</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>"#);
}

#[test]
fn the_credentials_belong_to_the_role_session_and_reach_one_bucket() {
    let world = World::new();
    let bot = world.bot();
    assert_snapshot!(world.sts(&bot, "GetCallerIdentity", &[]).text(), @r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><UserId>[AROA]:test</UserId><Account>432797229265</Account><Arn>arn:aws:sts::432797229265:assumed-role/bot/test</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>[id]</RequestId></ResponseMetadata></GetCallerIdentityResponse>"#);
    let put = Request::put("/insights/bot/a.txt", "hello");
    world.send(&bot, "s3", put).accepted();
    let got = world.send(&bot, "s3", Request::get("/insights/bot/a.txt"));
    assert_eq!(got.accepted().text(), "hello");
    assert_snapshot!(world.send(&bot, "s3", Request::put("/insights/secret/a", "x")).verdict(), @r#"403 AccessDenied: User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::insights/secret/a" with an explicit deny in an identity-based policy"#);
    assert_snapshot!(world.send(&bot, "s3", Request::put("/other/a", "x")).verdict(), @r#"403 AccessDenied: User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::other/a" because no identity-based policy allows the s3:PutObject action"#);
    assert_snapshot!(world.call(&bot, "iam", "ListRoles", &[]).verdict(), @"403 AccessDenied: User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: iam:ListRoles on resource: * because no identity-based policy allows the iam:ListRoles action");
}

#[test]
fn white_space_around_a_token_is_ignored() {
    let world = World::new();
    let token = world.issuer.valid_token();
    world.exchange(&format!("{token}\n")).accepted();
    world.exchange(&format!(" \t{token}\r\n")).accepted();
}

#[test]
fn credentials_stay_valid_after_their_token_expires() {
    let world = World::new();
    let short = world
        .issuer
        .token()
        .claim("exp", now() + 60)
        .sign(&world.issuer.key);
    let before = now();
    let response = world
        .exchange_with("bot", &short, &[("DurationSeconds", "3600")])
        .accepted();
    let expiration: jiff::Timestamp = response.element("Expiration").unwrap().parse().unwrap();
    let issued = expiration.as_second() - 3600;
    assert!((before..=now()).contains(&issued), "{expiration}");
}

#[test]
fn the_audience_claim_may_be_a_string() {
    let world = World::new();
    let token = world.issuer.token().claim("aud", "sts.amazonaws.com");
    world.exchange(&token.sign(&world.issuer.key)).accepted();
}

#[test]
fn every_signature_algorithm_that_aws_lists_is_accepted() {
    let world = World::new();
    let (p256, p384, rsa) = (SigningKey::p256(), SigningKey::p384(), SigningKey::rsa());
    let p521 = SigningKey::p521();
    world.issuer.publish(p521.jwk(Some("p521")));
    world.issuer.publish(p256.jwk(Some("p256")));
    world.issuer.publish(p384.jwk(Some("p384")));
    let mut open = rsa.jwk(Some("rsa"));
    open.as_object_mut().unwrap().remove("alg");
    world.issuer.publish(open);
    for (kid, algorithm, key) in [
        ("p256", "ES256", &p256),
        ("p384", "ES384", &p384),
        ("p521", "ES512", &p521),
        ("rsa", "RS256", &rsa),
        ("rsa", "RS384", &rsa),
        ("rsa", "RS512", &rsa),
    ] {
        let token = world
            .issuer
            .token()
            .header("kid", kid)
            .header("alg", algorithm);
        let response = world.exchange(&token.sign(key));
        assert_eq!(response.status, 200, "{algorithm}: {}", response.verdict());
    }
}

#[test]
fn requests_that_aws_rejects_are_rejected() {
    let world = World::new();
    let token = world.issuer.valid_token();
    let with = |name: &str, value: &str| {
        world
            .exchange_with("bot", &token, &[(name, value)])
            .verdict()
    };
    world
        .exchange_with("bot", &token, &[("DurationSeconds", "3600")])
        .accepted();
    assert_snapshot!(with("DurationSeconds", "899"), @"400 ValidationError: 1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900");
    assert_snapshot!(with("DurationSeconds", "43201"), @"400 ValidationError: 1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200");
    assert_snapshot!(with("DurationSeconds", "7200"), @"400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    assert_snapshot!(with("DurationSeconds", "soon"), @"400 MalformedInput: `soon` at `DurationSeconds` is not an integer");
    assert_snapshot!(with("Policy", "{no json"), @"400 MalformedPolicyDocument: Syntax errors in policy.");
    assert_snapshot!(with("ProviderId", "www.amazon.com"), @"400 ValidationError: The parameter ProviderId is not supported.");
    assert_snapshot!(with("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"), @"400 ValidationError: The parameter PolicyArns is not supported.");
    assert_snapshot!(with("RoleSessionName", "again"), @"400 MalformedInput: parameter `RoleSessionName` is given more than once");
    let exchange = |role: &str, name: &str| {
        web_identity(role, name, &token, &[])
            .send(world.server.port)
            .verdict()
    };
    assert_snapshot!(exchange(&role_arn("bot"), "a b"), @r"400 ValidationError: 1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*");
    assert_snapshot!(exchange("arn:aws:iam::432797229265:user/nobody", "test"), @"400 ValidationError: arn:aws:iam::432797229265:user/nobody is invalid");
    assert_snapshot!(exchange("short", "t"), @"400 ValidationError: 2 validation errors detected: Value 'short' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20; Value 't' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2");
}

#[test]
fn a_session_policy_only_narrows_permissions() {
    let world = World::new();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::insights/bot/own/*"},{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#;
    let wide = world.bot();
    let narrow = credentials(&world.exchange_with(
        "bot",
        &world.issuer.valid_token(),
        &[("Policy", policy)],
    ));
    let put = |keys, key: &str| {
        world
            .send(
                keys,
                "s3",
                Request::put(&format!("/insights/bot/{key}"), "x"),
            )
            .verdict()
    };
    assert_eq!(put(&wide, "own/a"), "200");
    assert_eq!(put(&wide, "a"), "200");
    assert_eq!(put(&narrow, "own/a"), "200");
    assert_snapshot!(put(&narrow, "a"), @r#"403 AccessDenied: User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::insights/bot/a" because no session policy allows the s3:PutObject action"#);
    assert_snapshot!(world.call(&narrow, "iam", "ListRoles", &[]).verdict(), @"403 AccessDenied: User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: iam:ListRoles on resource: * because no identity-based policy allows the iam:ListRoles action");
}

#[test]
fn a_session_ends_with_its_role() {
    let world = World::new();
    let bot = world.bot();
    world.sts(&bot, "GetCallerIdentity", &[]).accepted();
    world
        .iam(
            "DeleteRolePolicy",
            &[("RoleName", "bot"), ("PolicyName", "data")],
        )
        .accepted();
    assert_snapshot!(world.send(&bot, "s3", Request::put("/insights/bot/a", "x")).verdict(), @r#"403 AccessDenied: User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::insights/bot/a" because no identity-based policy allows the s3:PutObject action"#);
    world.iam("DeleteRole", &[("RoleName", "bot")]).accepted();
    assert_snapshot!(world.sts(&bot, "GetCallerIdentity", &[]).verdict(), @"403 ExpiredToken: The security token included in the request is expired: the session was revoked, or its role was deleted. To get new credentials, restart the program; for the AWS CLI, delete the folder ~/.aws/cli/cache");
    world.add_role("bot");
    // The new role has the old one's name and another id: the old session is not its session.
    assert_snapshot!(world.sts(&bot, "GetCallerIdentity", &[]).verdict(), @"403 ExpiredToken: The security token included in the request is expired: the session was revoked, or its role was deleted. To get new credentials, restart the program; for the AWS CLI, delete the folder ~/.aws/cli/cache");
}

#[test]
fn a_user_assumes_a_role_and_a_chained_session_lasts_an_hour_at_most() {
    let world = World::new();
    let may_assume = allow(&["sts:AssumeRole"], &["*"]);
    let user = world.user("vendor", Some(may_assume));
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::432797229265:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"e-1"}}}]}"#;
    world
        .iam(
            "CreateRole",
            &[
                ("RoleName", "wide"),
                ("AssumeRolePolicyDocument", trust),
                ("MaxSessionDuration", "7200"),
            ],
        )
        .accepted();
    world
        .iam(
            "PutRolePolicy",
            &[
                ("RoleName", "wide"),
                ("PolicyName", "p"),
                (
                    "PolicyDocument",
                    &allow(&["sts:AssumeRole"], &["*"]).to_string(),
                ),
            ],
        )
        .accepted();
    let wide = role_arn("wide");
    let assume = |keys, more: &[(&str, &str)]| {
        let mut parameters = vec![("RoleArn", wide.as_str()), ("RoleSessionName", "test")];
        parameters.extend_from_slice(more);
        world.sts(keys, "AssumeRole", &parameters)
    };
    assert_snapshot!(assume(&user, &[]).verdict(), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/vendor is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::432797229265:role/wide because no role trust policy allows the sts:AssumeRole action");
    assert_snapshot!(assume(&user, &[("ExternalId", "e-2")]).verdict(), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/vendor is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::432797229265:role/wide because no role trust policy allows the sts:AssumeRole action");
    let response = assume(&user, &[("ExternalId", "e-1"), ("DurationSeconds", "7200")]);
    assert_snapshot!(response.text(), @r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>[ASIA]</AccessKeyId><SecretAccessKey>[secret]</SecretAccessKey><SessionToken>[token]</SessionToken><Expiration>[time]</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>[AROA]:test</AssumedRoleId><Arn>arn:aws:sts::432797229265:assumed-role/wide/test</Arn></AssumedRoleUser></AssumeRoleResult><ResponseMetadata><RequestId>[id]</RequestId></ResponseMetadata></AssumeRoleResponse>"#);
    let first = credentials(&response);
    assert_snapshot!(assume(&first, &[("ExternalId", "e-1"), ("DurationSeconds", "3601")]).verdict(), @"400 ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");
    assume(
        &first,
        &[("ExternalId", "e-1"), ("DurationSeconds", "3600")],
    )
    .accepted();
    assert_snapshot!(assume(&Bowline::root(), &[("ExternalId", "e-1")]).verdict(), @"403 AccessDenied: Roles may not be assumed by root accounts.");
}

#[test]
fn unsupported_parameters_are_rejected_by_name() {
    let world = World::new();
    let user = world.user("vendor", Some(allow(&["*"], &["*"])));
    let bot = role_arn("bot");
    let with = |more: &[(&str, &str)]| {
        let mut parameters = vec![("RoleArn", bot.as_str()), ("RoleSessionName", "test")];
        parameters.extend_from_slice(more);
        world.sts(&user, "AssumeRole", &parameters).verdict()
    };
    assert_snapshot!(with(&[("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "a")]), @"400 ValidationError: The parameter Tags is not supported.");
    assert_snapshot!(with(&[("TransitiveTagKeys.member.1", "team")]), @"400 ValidationError: The parameter TransitiveTagKeys is not supported.");
    assert_snapshot!(with(&[("SourceIdentity", "alice")]), @"400 ValidationError: The parameter SourceIdentity is not supported.");
    assert_snapshot!(with(&[("SerialNumber", "arn:aws:iam::432797229265:mfa/alice")]), @"400 ValidationError: The parameter SerialNumber is not supported.");
    assert_snapshot!(with(&[("TokenCode", "123456")]), @"400 ValidationError: The parameter TokenCode is not supported.");
    assert_snapshot!(with(&[("PolicyArns.member.1.arn", "arn:aws:iam::432797229265:policy/p")]), @"400 ValidationError: The parameter PolicyArns is not supported.");
    assert_snapshot!(with(&[("ProvidedContexts.member.1.ProviderArn", "arn:aws:iam::aws:contextProvider/x"), ("ProvidedContexts.member.1.ContextAssertion", "abcd")]), @"400 ValidationError: The parameter ProvidedContexts is not supported.");
    let make = |action: &str, more: &[(&str, &str)]| world.iam(action, more).verdict();
    assert_snapshot!(make("CreateUser", &[("UserName", "x"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "a")]), @"400 ValidationError: The parameter Tags is not supported.");
    assert_snapshot!(make("CreateUser", &[("UserName", "x"), ("PermissionsBoundary", "arn:aws:iam::432797229265:policy/p")]), @"400 ValidationError: The parameter PermissionsBoundary is not supported.");
    let trust = world.trust().to_string();
    assert_snapshot!(make("CreateRole", &[("RoleName", "x"), ("AssumeRolePolicyDocument", &trust), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "a")]), @"400 ValidationError: The parameter Tags is not supported.");
    let document = allow(&["s3:GetObject"], &["*"]).to_string();
    assert_snapshot!(make("CreatePolicy", &[("PolicyName", "x"), ("PolicyDocument", &document), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "a")]), @"400 ValidationError: The parameter Tags is not supported.");
    assert_snapshot!(make("CreateOpenIDConnectProvider", &[("Url", "https://tags.example"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "a")]), @"400 ValidationError: The parameter Tags is not supported.");
}
