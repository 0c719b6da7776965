//! Two accounts on one server: neither learns anything about what the other owns.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::bowline::{ACCOUNT, Bowline, Launch, OTHER_ACCOUNT};
use crate::support::http::Request;
use crate::support::issuer::Issuer;
use crate::support::world::{World, allow, query};

/// What the account that neighbours on [`ACCOUNT`] asks its visitors for.
const EXTERNAL_ID: &str = "known-to-partners-alone";

fn neighbours() -> World {
    let world = World::without_roles(Launch::two_accounts(), Issuer::start());
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": {
            "Sid": "Partners",
            "Effect": "Allow",
            "Principal": { "AWS": ACCOUNT },
            "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": { "sts:ExternalId": EXTERNAL_ID } },
        },
    });
    let role = [
        ("RoleName", "vault"),
        ("AssumeRolePolicyDocument", &*trust.to_string()),
    ];
    let other = Bowline::other_root();
    world
        .send(&other, "iam", query("iam", "CreateRole", &role))
        .accepted();
    world
}

#[test]
fn the_trust_policy_of_another_account_is_not_shown() {
    let world = neighbours();
    let visitor = world.user("visitor", Some(allow(&["sts:AssumeRole"], &["*"])));
    let assume = |role: &str, external_id: Option<&str>| {
        let arn = format!("arn:aws:iam::{OTHER_ACCOUNT}:role/{role}");
        let mut parameters = vec![("RoleArn", &*arn), ("RoleSessionName", "visit")];
        parameters.extend(external_id.map(|id| ("ExternalId", id)));
        world.sts(&visitor, "AssumeRole", &parameters)
    };
    assume("vault", Some(EXTERNAL_ID)).accepted();

    let refused = assume("vault", None);
    assert_snapshot!(refused.verdict(), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/visitor is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/vault");
    let printed = world.explain(&refused);
    assert!(!printed.to_string().contains(EXTERNAL_ID));
    insta::assert_json_snapshot!(printed["decisions"], @r#"
    [
      {
        "action": "sts:AssumeRole",
        "layers": [
          {
            "layer": "role trust policy",
            "otherStatements": 0,
            "result": "silent",
            "statements": []
          },
          {
            "layer": "identity-based policy",
            "otherStatements": 0,
            "result": "allows",
            "statements": [
              {
                "applies": true,
                "effect": "Allow",
                "line": 1,
                "policy": "own",
                "statement": 1
              }
            ]
          }
        ],
        "principal": "arn:aws:iam::432797229265:user/visitor",
        "reason": "no role trust policy allows it",
        "resource": "arn:aws:iam::111122223333:role/vault"
      }
    ]
    "#);

    // A missing role gives the same error to the client and to the operator.
    let absent = assume("fault", None);
    let words = |text: String| text.replace("fault", "vault");
    assert_eq!(words(absent.verdict()), refused.verdict());
    let told_of_absent = world.explain(&absent);
    for part in ["decisions", "reason", "message", "code", "status"] {
        assert_eq!(
            words(told_of_absent[part].to_string()),
            printed[part].to_string()
        );
    }
}

#[test]
fn requests_without_an_account_are_explained_to_the_management_account() {
    let world = neighbours();
    let refused = Request::get("/")
        .header("host", "a.localhost")
        .header("host", "b.localhost")
        .send(world.server.port);
    let id = refused.request_id();
    let printed = world.server.ran(&Bowline::other_root(), &["explain", &id]);
    assert!(
        printed.contains("the request has 2 Host headers"),
        "{printed}"
    );
    let output = world.server.run(&Bowline::root(), &["explain", &id]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("NoSuchEntity"), "{error}");
}

#[test]
fn a_bucket_of_another_account_is_denied_whatever_the_policies_of_the_caller_allow() {
    let world = neighbours();
    let other = Bowline::other_root();
    world
        .send(&other, "s3", Request::put("/ledger", ""))
        .accepted();
    world
        .send(&other, "s3", Request::put("/ledger/2026", "secret"))
        .accepted();
    let visitor = world.user("visitor", Some(allow(&["s3:*"], &["*"])));
    for request in [
        Request::get("/ledger/2026"),
        Request::get("/ledger/2027"),
        Request::get("/ledger?list-type=2"),
        Request::put("/ledger/2026", "mine"),
        Request::new("DELETE", "/ledger/2026"),
        Request::new("DELETE", "/ledger"),
    ] {
        let refused = world.send(&visitor, "s3", request);
        assert_eq!(refused.status, 403, "{}", refused.text());
    }
    let kept = world.send(&other, "s3", Request::get("/ledger/2026"));
    assert_eq!(kept.accepted().text(), "secret");
    let listed = world.send(&visitor, "s3", Request::get("/")).accepted();
    assert!(!listed.text().contains("ledger"));
}

#[test]
fn only_the_management_account_rotates_the_keyring() {
    let world = neighbours();
    let rotated = world.server.run(&Bowline::root(), &["keyring", "rotate"]);
    assert!(!rotated.status.success());
    assert_snapshot!(String::from_utf8_lossy(&rotated.stderr), @"
    error: AccessDenied: User: arn:aws:iam::432797229265:root is not authorized to perform: bowline:RotateKeyring on resource: arn:aws:bowline::111122223333:keyring

    hint: let the caller do `bowline:RotateKeyring`, or use the root credentials
    ");
    world
        .server
        .ran(&Bowline::other_root(), &["keyring", "rotate"]);
}

#[test]
fn both_accounts_of_a_denial_see_their_own_layers_only() {
    let world = neighbours();
    let visitor = world.user("visitor", Some(allow(&["sts:AssumeRole"], &["*"])));
    let arn = format!("arn:aws:iam::{OTHER_ACCOUNT}:role/vault");
    let parameters = [("RoleArn", &*arn), ("RoleSessionName", "visit")];
    let refused = world.sts(&visitor, "AssumeRole", &parameters);
    assert_eq!(refused.status, 403);
    let id = refused.request_id();
    let explained = |arguments: &[&str]| -> serde_json::Value {
        let json = [arguments, &["--output", "json"]].concat();
        serde_json::from_str(&world.server.ran(&Bowline::other_root(), &json)).unwrap()
    };
    let of_owner = explained(&["explain", &id]);
    let layers = &of_owner["decisions"][0]["layers"];
    assert_eq!(layers[0]["layer"], "role trust policy");
    assert_eq!(
        layers[0]["statements"][0]["failure"]["key"],
        "sts:ExternalId"
    );
    // The owner learns that the caller's account allows it, and not by which policy.
    assert_eq!(layers[1]["layer"], "identity-based policy");
    assert_eq!(layers[1]["result"], "allows");
    assert_eq!(layers[1]["statements"], serde_json::json!([]));
    let listed = explained(&["explain", "list", "--role", "vault"]);
    assert_eq!(listed[0]["requestId"], *id);
    let of_caller = world.explain(&refused);
    assert_eq!(
        of_caller["decisions"][0]["layers"][0]["statements"],
        serde_json::json!([])
    );

    // What concerns one account alone is neither shown to the other nor listed.
    let own = world.sts(&visitor, "AssumeRole", &[("RoleArn", "x")]);
    let own = own.request_id();
    let output = world.server.run(&Bowline::other_root(), &["explain", &own]);
    assert!(!output.status.success());
    assert!(!explained(&["explain", "list"]).to_string().contains(&*own));
}
