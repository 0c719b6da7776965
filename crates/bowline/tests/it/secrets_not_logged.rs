//! The audit and the log record every decision, and contain no secret.

use std::fs;
use std::path::Path;

use crate::support::bowline::Bowline;
use crate::support::http::Request;
use crate::support::keys::{Keys, unrelated_key};
use crate::support::sign::Signer;
use crate::support::world::{World, allow};

/// The bytes of every file under `folder`.
fn contents(folder: &Path, all: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            contents(&path, all);
        } else {
            all.push((
                path.display().to_string(),
                fs::read(&path).unwrap_or_default(),
            ));
        }
    }
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|w| w == word.as_bytes())
}

#[test]
fn no_secret_token_or_signature_is_written_to_disk() {
    let world = World::on_disk();
    let token = world.issuer.valid_token();
    let forged = world.issuer.token().sign(unrelated_key());
    let bot = world.bot();
    let user = world.user("kept", Some(allow(&["s3:*"], &["*"])));
    world.exchange(&token).accepted();
    assert_eq!(world.exchange(&forged).status, 400);
    assert_eq!(world.exchange_for("no-such-role", &token).status, 403);
    world
        .send(&bot, "s3", Request::put("/insights/bot/a", "hello"))
        .accepted();
    let denied =
        Signer::new(&bot, "s3").sign(Request::put("/insights/secret/a", "x"), world.server.port);
    assert_eq!(denied.send(world.server.port).status, 403);
    let guess = Keys {
        secret_access_key: "guessed-secret-guessed-secret-guessed".to_owned(),
        ..Bowline::root()
    };
    assert_eq!(world.call(&guess, "iam", "ListUsers", &[]).status, 403);
    let unknown = Request::get(&format!(
        "/?X-Amz-Security-Token={}&Action=x",
        bot.session_token.clone().unwrap()
    ));
    unknown.send(world.server.port);
    world.server.run(&bot, &["keyring", "rotate"]);

    let signature = denied
        .value("authorization")
        .unwrap()
        .rsplit('=')
        .next()
        .unwrap()
        .to_owned();
    let root = Bowline::root();
    let words = [
        ("a user's secret", user.secret_access_key),
        ("the root secret", root.secret_access_key),
        ("a session's secret", bot.secret_access_key.clone()),
        ("a session token", bot.session_token.clone().unwrap()),
        ("a web identity token", token.clone()),
        (
            "its signature",
            token.rsplit('.').next().unwrap().to_owned(),
        ),
        ("its claims", token.split('.').nth(1).unwrap().to_owned()),
        (
            "a forged token",
            forged.rsplit('.').next().unwrap().to_owned(),
        ),
        ("a request's signature", signature),
        ("a guessed secret", guess.secret_access_key),
    ];
    let mut files = Vec::new();
    contents(world.server.home(), &mut files);
    assert!(
        files.iter().any(|(name, _)| name.ends_with("audit.jsonl")),
        "no audit file"
    );
    for (name, bytes) in &files {
        for (what, word) in &words {
            assert!(!holds(bytes, word), "{what} stands in {name}");
        }
    }
}

#[test]
fn every_decision_has_one_audit_record() {
    let world = World::new();
    let bot = world.bot();
    world
        .send(&bot, "s3", Request::put("/insights/bot/a", "hello"))
        .accepted();
    let denied = world.exchange_for("no-such-role", &world.issuer.valid_token());
    assert_eq!(denied.status, 403);
    let records = world.audit();
    let of = |name: &str| {
        let found = records
            .iter()
            .rev()
            .find(|record| record["eventName"] == name);
        found
            .unwrap_or_else(|| panic!("no record of {name}"))
            .clone()
    };
    insta::assert_json_snapshot!(of("CreateRole"), @r#"
    {
      "awsRegion": "us-east-1",
      "eventCategory": "Management",
      "eventID": "[uuid]",
      "eventName": "CreateRole",
      "eventSource": "iam.amazonaws.com",
      "eventTime": "[time]",
      "eventType": "AwsApiCall",
      "eventVersion": "1.11",
      "managementEvent": true,
      "readOnly": false,
      "recipientAccountId": "432797229265",
      "requestID": "[uuid]",
      "requestParameters": {
        "assumeRolePolicyDocument": "{\"Statement\":[{\"Action\":\"sts:AssumeRoleWithWebIdentity\",\"Condition\":{\"StringEquals\":{\"localhost:[port]:aud\":\"sts.amazonaws.com\",\"localhost:[port]:sub\":\"system:serviceaccount:gbot-dev:bot-builder-insight-generator\"}},\"Effect\":\"Allow\",\"Principal\":{\"Federated\":\"arn:aws:iam::432797229265:oidc-provider/localhost:[port]\"}}],\"Version\":\"2012-10-17\"}",
        "roleName": "bot"
      },
      "resources": [
        {
          "ARN": "arn:aws:iam::432797229265:role/bot",
          "accountId": "432797229265"
        }
      ],
      "responseElements": null,
      "sourceIPAddress": "127.0.0.1",
      "userAgent": null,
      "userIdentity": {
        "accessKeyId": "[AKIA]",
        "accountId": "432797229265",
        "arn": "arn:aws:iam::432797229265:root",
        "principalId": "432797229265",
        "type": "Root"
      }
    }
    "#);
    insta::assert_json_snapshot!(of("AssumeRoleWithWebIdentity"), @r#"
    {
      "additionalEventData": {
        "explanation": {
          "caller": "system:serviceaccount:gbot-dev:bot-builder-insight-generator of arn:aws:iam::432797229265:oidc-provider/localhost:[port]",
          "code": "AccessDenied",
          "decisions": [],
          "message": "Not authorized to perform sts:AssumeRoleWithWebIdentity",
          "operation": "AssumeRoleWithWebIdentity",
          "reason": "the role `arn:aws:iam::432797229265:role/no-such-role` does not exist",
          "requestId": "[uuid]",
          "service": "sts",
          "sourceIp": "127.0.0.1",
          "status": 403,
          "time": "[time]"
        }
      },
      "awsRegion": null,
      "errorCode": "AccessDenied",
      "errorMessage": "Not authorized to perform sts:AssumeRoleWithWebIdentity",
      "eventCategory": "Management",
      "eventID": "[uuid]",
      "eventName": "AssumeRoleWithWebIdentity",
      "eventSource": "sts.amazonaws.com",
      "eventTime": "[time]",
      "eventType": "AwsApiCall",
      "eventVersion": "1.11",
      "managementEvent": true,
      "readOnly": true,
      "recipientAccountId": "432797229265",
      "requestID": "[uuid]",
      "requestParameters": {
        "roleArn": "arn:aws:iam::432797229265:role/no-such-role",
        "roleSessionName": "test"
      },
      "resources": [
        {
          "ARN": "arn:aws:iam::432797229265:role/no-such-role",
          "accountId": "432797229265"
        }
      ],
      "responseElements": null,
      "sourceIPAddress": "127.0.0.1",
      "userAgent": null,
      "userIdentity": {
        "identityProvider": "arn:aws:iam::432797229265:oidc-provider/localhost:[port]",
        "principalId": "arn:aws:iam::432797229265:oidc-provider/localhost:[port]:sts.amazonaws.com:system:serviceaccount:gbot-dev:bot-builder-insight-generator",
        "type": "WebIdentityUser",
        "userName": "system:serviceaccount:gbot-dev:bot-builder-insight-generator"
      }
    }
    "#);
    let ids: Vec<_> = records
        .iter()
        .filter_map(|record| record["eventID"].as_str())
        .collect();
    let distinct: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len());
    for (name, expected) in [
        ("CreateRole", 1),
        ("PutObject", 1),
        // The bot's, and the one that was denied.
        ("AssumeRoleWithWebIdentity", 2),
    ] {
        let printed = records.iter().filter(|record| record["eventName"] == name);
        assert_eq!(printed.count(), expected, "{name}");
    }
    let denied = denied.request_id();
    let printed = records
        .iter()
        .filter(|record| record["requestID"] == *denied);
    assert_eq!(printed.count(), 1);
}
