//! Every denied or rejected request is explained to the operator, and only to the operator.

use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::json;

use crate::support::bowline::Bowline;
use crate::support::http::Request;
use crate::support::keys::{Keys, unrelated_key};
use crate::support::wait::now;
use crate::support::world::{World, allow, role_arn, web_identity};

#[test]
fn a_failed_trust_condition_is_explained_with_expected_and_actual_values() {
    let world = World::new();
    let other = world
        .issuer
        .token()
        .claim("sub", "system:serviceaccount:gbot-dev:other");
    let refused = world.exchange(&other.sign(&world.issuer.key));
    assert_snapshot!(refused.verdict(), @"403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity");
    assert_json_snapshot!(world.explain(&refused), @r#"
    {
      "caller": "system:serviceaccount:gbot-dev:other of arn:aws:iam::432797229265:oidc-provider/localhost:[port]",
      "code": "AccessDenied",
      "decisions": [
        {
          "action": "sts:AssumeRoleWithWebIdentity",
          "layers": [
            {
              "layer": "role trust policy",
              "otherStatements": 0,
              "result": "silent",
              "statements": [
                {
                  "applies": false,
                  "effect": "Allow",
                  "failure": {
                    "actual": [
                      "system:serviceaccount:gbot-dev:other"
                    ],
                    "element": "Condition",
                    "expected": [
                      "system:serviceaccount:gbot-dev:bot-builder-insight-generator"
                    ],
                    "key": "localhost:[port]:sub",
                    "operator": "StringEquals"
                  },
                  "line": 1,
                  "policy": "trust policy",
                  "statement": 1
                }
              ]
            }
          ],
          "principal": "arn:aws:iam::432797229265:oidc-provider/localhost:[port]",
          "reason": "no role trust policy allows it: statement 1 of `trust policy` asks for StringEquals of localhost:[port]:sub system:serviceaccount:gbot-dev:bot-builder-insight-generator, the request has system:serviceaccount:gbot-dev:other",
          "resource": "arn:aws:iam::432797229265:role/bot"
        }
      ],
      "message": "Not authorized to perform sts:AssumeRoleWithWebIdentity",
      "operation": "AssumeRoleWithWebIdentity",
      "reason": "no role trust policy allows it: statement 1 of `trust policy` asks for StringEquals of localhost:[port]:sub system:serviceaccount:gbot-dev:bot-builder-insight-generator, the request has system:serviceaccount:gbot-dev:other",
      "requestId": "[uuid]",
      "service": "sts",
      "sourceIp": "127.0.0.1",
      "status": 403,
      "time": "[time]"
    }
    "#);
    let text = world
        .server
        .ran(&Bowline::root(), &["explain", &refused.request_id()]);
    assert_snapshot!(text, @"
    sts:AssumeRoleWithWebIdentity was denied at [time]
      request   [uuid]
      caller    system:serviceaccount:gbot-dev:other of arn:aws:iam::432797229265:oidc-provider/localhost:[port] from 127.0.0.1
      response  403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity
      reason    no role trust policy allows it: statement 1 of `trust policy` asks for StringEquals of localhost:[port]:sub system:serviceaccount:gbot-dev:bot-builder-insight-generator, the request has system:serviceaccount:gbot-dev:other

    sts:AssumeRoleWithWebIdentity on arn:aws:iam::432797229265:role/bot
      as arn:aws:iam::432797229265:oidc-provider/localhost:[port]
      role trust policy: does not allow
        Allow: statement 1 of `trust policy`, line 1 does not apply: StringEquals of localhost:[port]:sub
          expected  system:serviceaccount:gbot-dev:bot-builder-insight-generator
          actual    system:serviceaccount:gbot-dev:other
    ");
    assert_eq!(
        text,
        world.server.ran(&Bowline::root(), &["explain", "--last"])
    );
}

#[test]
fn a_deny_that_applies_because_of_doubt_says_so() {
    let world = World::new();
    let mut trust = world.trust();
    let key = format!("{}:groups", world.issuer.host);
    trust["Statement"].as_array_mut().unwrap().push(json!({
        "Effect": "Deny",
        "Principal": { "Federated": world.provider() },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": { key: "c" } },
    }));
    let document = trust.to_string();
    let parameters = [("RoleName", "bot"), ("PolicyDocument", &*document)];
    let updated = world.iam("UpdateAssumeRolePolicy", &parameters);
    assert_eq!(updated.status, 200);
    let token = world.issuer.token().claim("groups", json!(["a", "c"]));
    let refused = world.exchange(&token.sign(&world.issuer.key));
    let explained = world.explain(&refused);
    let statement = &explained["decisions"][0]["layers"][0]["statements"][0];
    assert_json_snapshot!(statement, @r#"
    {
      "applies": true,
      "doubts": [
        {
          "actual": [
            "a",
            "c"
          ],
          "doubt": "the key can have several values and the operator has neither ForAnyValue nor ForAllValues: AWS says that it never matches; read as any value it matches, read as every value it does not match",
          "element": "Condition",
          "expected": [
            "c"
          ],
          "key": "localhost:[port]:groups",
          "operator": "StringEquals"
        }
      ],
      "effect": "Deny",
      "line": 1,
      "policy": "trust policy",
      "statement": 2
    }
    "#);
    let text = world
        .server
        .ran(&Bowline::root(), &["explain", &refused.request_id()]);
    let (reason, shown) = (
        text.lines().find(|line| line.contains(" reason ")).unwrap(),
        text.split_once("denies\n").unwrap().1,
    );
    let shown: Vec<_> = shown.lines().take(4).collect();
    assert_snapshot!([&[reason][..], &*shown].concat().join("\n"), @"
      reason    a statement of a role trust policy denies it: statement 2 of `trust policy`, whose StringEquals of localhost:[port]:groups is in doubt: the key can have several values and the operator has neither ForAnyValue nor ForAllValues: AWS says that it never matches; read as any value it matches, read as every value it does not match
        Deny: statement 2 of `trust policy`, line 1 applies because of doubt: StringEquals of localhost:[port]:groups
          expected  c
          actual    a, c
          in doubt  the key can have several values and the operator has neither ForAnyValue nor ForAllValues: AWS says that it never matches; read as any value it matches, read as every value it does not match
    ");
}

#[test]
fn a_denied_s3_request_is_explained_layer_by_layer() {
    let world = World::new();
    let bot = world.bot();
    let listed = world.send(
        &bot,
        "s3",
        Request::get("/insights?list-type=2&prefix=secret%2F"),
    );
    assert_json_snapshot!(world.explain(&listed), @r#"
    {
      "caller": "arn:aws:sts::432797229265:assumed-role/bot/test",
      "code": "AccessDenied",
      "decisions": [
        {
          "action": "s3:ListBucket",
          "layers": [
            {
              "layer": "identity-based policy",
              "otherStatements": 1,
              "result": "silent",
              "statements": [
                {
                  "applies": false,
                  "effect": "Allow",
                  "failure": {
                    "actual": [
                      "secret/"
                    ],
                    "element": "Condition",
                    "expected": [
                      "bot/*"
                    ],
                    "key": "s3:prefix",
                    "operator": "StringLike"
                  },
                  "line": 1,
                  "policy": "data",
                  "statement": 2
                },
                {
                  "applies": false,
                  "effect": "Deny",
                  "failure": {
                    "actual": [
                      "arn:aws:s3:::insights"
                    ],
                    "element": "Resource",
                    "expected": [
                      "arn:aws:s3:::insights/secret/*"
                    ]
                  },
                  "line": 1,
                  "policy": "data",
                  "statement": 3
                }
              ]
            }
          ],
          "principal": "arn:aws:sts::432797229265:assumed-role/bot/test",
          "reason": "no identity-based policy allows it: statement 2 of `data` asks for StringLike of s3:prefix bot/*, the request has secret/",
          "resource": "arn:aws:s3:::insights"
        }
      ],
      "message": "User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: s3:ListBucket on resource: \"arn:aws:s3:::insights\" because no identity-based policy allows the s3:ListBucket action",
      "operation": "ListObjectsV2",
      "reason": "no identity-based policy allows it: statement 2 of `data` asks for StringLike of s3:prefix bot/*, the request has secret/",
      "requestId": "[uuid]",
      "service": "s3",
      "sourceIp": "127.0.0.1",
      "status": 403,
      "time": "[time]"
    }
    "#);
    let denied = world.send(&bot, "s3", Request::put("/insights/secret/a", "x"));
    assert_json_snapshot!(world.explain(&denied), @r#"
    {
      "caller": "arn:aws:sts::432797229265:assumed-role/bot/test",
      "code": "AccessDenied",
      "decisions": [
        {
          "action": "s3:PutObject",
          "layers": [
            {
              "layer": "identity-based policy",
              "otherStatements": 0,
              "result": "denies",
              "statements": [
                {
                  "applies": true,
                  "effect": "Deny",
                  "line": 1,
                  "policy": "data",
                  "statement": 3
                },
                {
                  "applies": true,
                  "effect": "Allow",
                  "line": 1,
                  "policy": "data",
                  "statement": 1
                },
                {
                  "applies": false,
                  "effect": "Allow",
                  "failure": {
                    "actual": [
                      "s3:PutObject"
                    ],
                    "element": "Action",
                    "expected": [
                      "s3:ListBucket"
                    ]
                  },
                  "line": 1,
                  "policy": "data",
                  "statement": 2
                }
              ]
            }
          ],
          "principal": "arn:aws:sts::432797229265:assumed-role/bot/test",
          "reason": "a statement of an identity-based policy denies it: statement 3 of `data`",
          "resource": "arn:aws:s3:::insights/secret/a"
        }
      ],
      "message": "User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::insights/secret/a\" with an explicit deny in an identity-based policy",
      "operation": "PutObject",
      "reason": "a statement of an identity-based policy denies it: statement 3 of `data`",
      "requestId": "[uuid]",
      "service": "s3",
      "sourceIp": "127.0.0.1",
      "status": 403,
      "time": "[time]"
    }
    "#);
}

#[test]
fn a_denial_of_a_user_is_explained() {
    let world = World::new();
    let user = world.user(
        "near",
        Some(allow(&["iam:List*"], &["arn:aws:iam::432797229265:role/*"])),
    );
    let refused = world.call(&user, "iam", "GetRole", &[("RoleName", "bot")]);
    assert_snapshot!(refused.verdict(), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/near is not authorized to perform: iam:GetRole on resource: arn:aws:iam::432797229265:role/bot because no identity-based policy allows the iam:GetRole action");
    assert_json_snapshot!(world.explain(&refused), @r#"
    {
      "caller": "arn:aws:iam::432797229265:user/near",
      "code": "AccessDenied",
      "decisions": [
        {
          "action": "iam:GetRole",
          "layers": [
            {
              "layer": "identity-based policy",
              "otherStatements": 0,
              "result": "silent",
              "statements": [
                {
                  "applies": false,
                  "effect": "Allow",
                  "failure": {
                    "actual": [
                      "iam:GetRole"
                    ],
                    "element": "Action",
                    "expected": [
                      "iam:List*"
                    ]
                  },
                  "line": 1,
                  "policy": "own",
                  "statement": 1
                }
              ]
            }
          ],
          "principal": "arn:aws:iam::432797229265:user/near",
          "reason": "no identity-based policy allows it: statement 1 of `own` asks for Action iam:List*, the request has iam:GetRole",
          "resource": "arn:aws:iam::432797229265:role/bot"
        }
      ],
      "message": "User: arn:aws:iam::432797229265:user/near is not authorized to perform: iam:GetRole on resource: arn:aws:iam::432797229265:role/bot because no identity-based policy allows the iam:GetRole action",
      "operation": "GetRole",
      "reason": "no identity-based policy allows it: statement 1 of `own` asks for Action iam:List*, the request has iam:GetRole",
      "requestId": "[uuid]",
      "service": "iam",
      "sourceIp": "127.0.0.1",
      "status": 403,
      "time": "[time]"
    }
    "#);
}

#[test]
fn rejected_tokens_are_explained() {
    let world = World::new();
    let token = world.issuer.token();
    let key = &world.issuer.key;
    let explained = |token: String| {
        world.server.ran(
            &Bowline::root(),
            &["explain", &world.exchange(&token).request_id()],
        )
    };
    assert_snapshot!(explained(token.clone().claim("exp", now() - 4000).sign(key)), @"
    sts:AssumeRoleWithWebIdentity was denied at [time]
      request   [uuid]
      caller    a token that names http://localhost:[port] as its issuer from 127.0.0.1
      response  400 ExpiredTokenException: Token expired: current date/time [seconds] must be before the expiration date/time [seconds]
      reason    token expired at [seconds], it is [seconds] (seconds since 1970, with 300 s of grace)
    ");
    assert_snapshot!(explained(token.clone().claim("aud", "elsewhere").sign(key)), @r#"
    sts:AssumeRoleWithWebIdentity was denied at [time]
      request   [uuid]
      caller    a token that names http://localhost:[port] as its issuer from 127.0.0.1
      response  400 InvalidIdentityToken: Incorrect token audience
      reason    token is for ["elsewhere"], the provider takes ["sts.amazonaws.com"]
    "#);
    assert_snapshot!(explained(token.clone().sign(unrelated_key())), @"
    sts:AssumeRoleWithWebIdentity was denied at [time]
      request   [uuid]
      caller    a token that names http://localhost:[port] as its issuer from 127.0.0.1
      response  400 InvalidIdentityToken: The web identity token that was passed could not be validated by AWS. Get a new identity token from the identity provider and then retry the request.
      reason    signature was not made by the key `k1` of provider `arn:aws:iam::432797229265:oidc-provider/localhost:[port]`
    ");
    assert_snapshot!(explained(token.clone().claim("iss", "https://issuer.invalid").sign(key)), @"
    sts:AssumeRoleWithWebIdentity was denied at [time]
      request   [uuid]
      caller    a token that names https://issuer.invalid as its issuer from 127.0.0.1
      response  400 InvalidIdentityToken: No OpenIDConnect provider found in your account for https://issuer.invalid
      reason    no provider of the account has the issuer `https://issuer.invalid`
    ");
}

#[test]
fn a_session_that_ended_early_is_explained() {
    let world = World::new();
    let explained = |keys: &Keys| {
        let refused = world.sts(keys, "GetCallerIdentity", &[]);
        let shown = world
            .server
            .ran(&Bowline::root(), &["explain", &refused.request_id()]);
        let reason = shown.lines().find(|line| line.contains("reason"));
        reason.unwrap_or(&shown).trim().to_owned()
    };
    let bot = world.bot();
    world
        .server
        .ran(&Bowline::root(), &["keyring", "rotate", "--revoke"]);
    let revoked = explained(&bot);
    assert!(
        revoked.starts_with("reason    revoked: the session was sealed under key"),
        "{revoked}"
    );
    let bot = world.bot();
    world
        .iam(
            "DeleteRolePolicy",
            &[("RoleName", "bot"), ("PolicyName", "data")],
        )
        .accepted();
    world.iam("DeleteRole", &[("RoleName", "bot")]).accepted();
    assert_snapshot!(explained(&bot), @"reason    role deleted: the role `arn:aws:iam::432797229265:role/bot` of the session does not exist any more");
}

#[test]
fn explanations_need_the_explain_permission() {
    let world = World::new();
    let refused = world.exchange(&world.issuer.token().sign(unrelated_key()));
    let id = refused.request_id();
    let bot = world.bot();
    let output = world.server.run(&bot, &["explain", &id]);
    assert!(!output.status.success());
    assert_snapshot!(String::from_utf8_lossy(&output.stderr), @"
    error: AccessDenied: User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: bowline:Explain on resource: * because no identity-based policy allows the bowline:Explain action

    hint: let the caller do `bowline:Explain`, or use the root credentials
    ");
    let reader = world.user("reader", Some(allow(&["bowline:Explain*"], &["*"])));
    world.server.ran(&reader, &["explain", &id]);
    let output = world.server.run(
        &Bowline::root(),
        &["explain", "00000000-0000-4000-8000-000000000000"],
    );
    assert!(!output.status.success());
    assert_snapshot!(String::from_utf8_lossy(&output.stderr), @"error: NoSuchEntity: No recent call of this account with the request id [uuid] has ended with an error");
}

#[test]
fn an_anonymous_client_cannot_evict_the_explanations_of_others() {
    let world = World::new();
    let bot = world.bot();
    let refused = world.send(&bot, "s3", Request::put("/insights/secret/a", "x"));
    for n in 0..2_000 {
        let port = world.server.port;
        let token = format!("a.b.{n}");
        let request = web_identity(&role_arn("bot"), "flood", &token, &[]);
        assert_eq!(request.send(port).status, 400);
    }
    let explained = world.explain(&refused);
    assert_ne!(explained, json!(null));
}

#[test]
fn a_missing_resource_is_explained_even_if_the_client_gets_access_denied() {
    let world = World::new();
    let user = |name: &str, actions: &[&str]| {
        let resources = ["arn:aws:s3:::*"];
        world.user(name, Some(allow(actions, &resources)))
    };
    let lister = user("lister", &["s3:GetObject", "s3:ListBucket"]);
    let reader = user("reader", &["s3:GetObject"]);
    let get = |keys, target: &str| world.send(keys, "s3", Request::get(target));
    let reason = |refused| {
        let explanation = world.explain(refused);
        explanation["reason"].as_str().unwrap().to_owned()
    };

    let visible = get(&lister, "/insights/none");
    assert_snapshot!(visible.verdict(), @"404 NoSuchKey: The specified key does not exist.");
    assert_snapshot!(reason(&visible), @"no object has this key; the caller may know, being allowed s3:ListBucket on arn:aws:s3:::insights");

    let hidden = get(&reader, "/insights/none");
    assert_snapshot!(hidden.verdict(), @"403 AccessDenied: Access Denied");
    assert_snapshot!(reason(&hidden), @"no object has this key; the caller may not know, not being allowed s3:ListBucket on arn:aws:s3:::insights");
    let decision = &world.explain(&hidden)["decisions"][0];
    assert_snapshot!(decision["action"].as_str().unwrap(), @"s3:ListBucket");
    assert_snapshot!(decision["reason"].as_str().unwrap(), @"no identity-based policy allows it: statement 1 of `own` asks for Action s3:GetObject, the request has s3:ListBucket");

    let no_bucket = get(&reader, "/nowhere/none");
    assert_snapshot!(no_bucket.verdict(), @"404 NoSuchBucket: The specified bucket does not exist");
    assert_snapshot!(reason(&no_bucket), @"no bucket has this name");
    let head = world.send(&reader, "s3", Request::new("HEAD", "/insights/none"));
    assert_eq!(head.status, 403);
    assert!(reason(&head).contains("no object has this key"));
}

#[test]
fn requests_for_missing_objects_do_not_evict_denials() {
    let world = World::new();
    let refused = world.send(&world.bot(), "s3", Request::put("/insights/secret/a", "x"));
    for _ in 0..300 {
        assert_eq!(world.s3(Request::get("/insights/none")).status, 404);
    }
    assert_eq!(world.explain(&refused)["code"], "AccessDenied");
}
