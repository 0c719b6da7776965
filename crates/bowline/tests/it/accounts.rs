//! Accounts that are created while the server runs: who may create them, and that they share
//! nothing.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::bowline::{ACCOUNT, Bowline};
use crate::support::http::Request;
use crate::support::keys::{Keys, unrelated_key};
use crate::support::world::{World, allow, credentials, provider, web_identity};

/// An account that was just made, and its root.
struct Account {
    id: String,
    root: Keys,
}

/// What the commands print as JSON.
fn account(text: &str) -> Account {
    let made: Value = serde_json::from_str(text).unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Account {
        id: text("accountId"),
        root: Keys {
            access_key_id: text("accessKeyId"),
            secret_access_key: text("secretAccessKey"),
            session_token: None,
        },
    }
}

fn create(world: &World) -> Account {
    let create = ["account", "create", "--output", "json"];
    account(&world.server.ran(&Bowline::root(), &create))
}

#[test]
fn a_new_account_has_a_root_user_and_nothing_else() {
    let world = World::new();
    let text = world
        .server
        .ran(&Bowline::root(), &["account", "create", "--output", "json"]);
    let made: Value = serde_json::from_str(&text).unwrap();
    let members: Vec<_> = made.as_object().unwrap().keys().collect();
    assert_eq!(members, ["accessKeyId", "accountId", "secretAccessKey"]);
    let other = account(&text);
    assert_ne!(other.id, ACCOUNT);

    let who = world.sts(&other.root, "GetCallerIdentity", &[]).accepted();
    assert_eq!(
        who.element("Arn").unwrap(),
        format!("arn:aws:iam::{}:root", other.id)
    );
    for list in ["ListRoles", "ListUsers", "ListOpenIDConnectProviders"] {
        let listed = world.call(&other.root, "iam", list, &[]).accepted();
        assert!(!listed.text().contains("<Arn>"), "{}", listed.text());
    }
    let buckets = world.send(&other.root, "s3", Request::get("/")).accepted();
    assert!(!buckets.text().contains("<Bucket>"), "{}", buckets.text());
}

#[test]
fn account_create_prints_where_it_wrote_the_secret() {
    let world = World::new();
    let output = world.server.run(
        &Bowline::root(),
        &["account", "create", "--id", "222233334444"],
    );
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    let secret = out.lines().last().unwrap().rsplit(' ').next().unwrap();
    assert_snapshot!(out.replace(secret, "[secret]"), @"
    [bowline-222233334444]
    aws_access_key_id = [AKIA]
    aws_secret_access_key = [secret]
    ");
    assert_snapshot!(err.trim_start(), @"
    This is the root of account 222233334444. The secret is not shown again: put the lines above into the
    ~/.aws/credentials of the account's administrator, readable by its owner alone. AWS_PROFILE=bowline-222233334444 then selects it.
    ");
    // The lines are a profile, as they stand.
    let file = world.server.home().join("credentials");
    std::fs::write(&file, &out).unwrap();
    let listed = crate::support::bowline::command(&["account", "list"])
        .env("AWS_ENDPOINT_URL", &world.server.url)
        .env("AWS_SHARED_CREDENTIALS_FILE", &file)
        .env("AWS_PROFILE", "bowline-222233334444")
        .output()
        .unwrap();
    assert_snapshot!(String::from_utf8_lossy(&listed.stderr), @"
    error: AccessDenied: User: arn:aws:iam::222233334444:root is not authorized to perform: bowline:ListAccounts on resource: arn:aws:bowline::432797229265:account/*

    hint: let the caller do `bowline:ListAccounts`, or use the root credentials
    ");
}

#[test]
fn an_account_id_can_be_chosen_once() {
    let world = World::new();
    let create = |id: &str| {
        world
            .operate(
                &Bowline::root(),
                "CreateAccount",
                &json!({ "AccountId": id }),
            )
            .text()
    };
    assert!(create("222233334444").contains("SecretAccessKey"));
    assert_snapshot!(create("222233334444"), @r#"{"__type":"EntityAlreadyExists","message":"Account 222233334444 already exists."}"#);
    assert_snapshot!(create(ACCOUNT), @r#"{"__type":"EntityAlreadyExists","message":"Account 432797229265 already exists."}"#);
    assert_snapshot!(create("2222"), @r#"{"__type":"ValidationError","message":"AccountId: account id does not have twelve digits"}"#);
    assert_snapshot!(create("22223333444x"), @r#"{"__type":"ValidationError","message":"AccountId: account id contains a character other than 0-9"}"#);
}

#[test]
fn only_the_management_account_creates_and_lists_accounts() {
    let world = World::new();
    let other = create(&world);
    let victim = create(&world);
    let manager = world.user("manager", Some(allow(&["bowline:*"], &["*"])));
    let nobody = world.user("nobody", None);
    let calls = [
        ("CreateAccount", json!({})),
        ("ListAccounts", json!({})),
        ("RotateRootAccessKey", json!({ "AccountId": victim.id })),
    ];
    for (name, input) in &calls {
        for stranger in [&other.root, &victim.root, &nobody] {
            let refused = world.operate(stranger, name, input);
            assert_eq!(refused.status, 403, "{name}: {}", refused.text());
            assert!(refused.text().contains("AccessDenied"));
        }
    }
    let refused = world.operate(&other.root, "CreateAccount", &json!({}));
    let words = |text: String| text.replace(&other.id, "[other]");
    assert_snapshot!(words(refused.text()), @r#"{"__type":"AccessDenied","message":"User: arn:aws:iam::[other]:root is not authorized to perform: bowline:CreateAccount on resource: arn:aws:bowline::432797229265:account/*"}"#);
    // Only the denied caller's own account can read the explanation.
    let explain = ["explain", &refused.request_id(), "--output", "json"];
    let printed = world.server.ran(&other.root, &explain);
    assert_snapshot!(words(serde_json::from_str::<Value>(&printed).unwrap()["reason"].to_string()), @r#""no resource-based policy allows it""#);
    assert!(!world.server.run(&victim.root, &explain).status.success());

    for (name, input) in &calls {
        world.operate(&manager, name, input).accepted();
    }
    // The permission can be limited to one account.
    let keeper = allow(
        &["bowline:RotateRootAccessKey"],
        &[&format!("arn:aws:bowline::{ACCOUNT}:account/{}", other.id)],
    );
    let keeper = world.user("keeper", Some(keeper));
    let rotate = |id: &str| {
        world
            .operate(&keeper, "RotateRootAccessKey", &json!({ "AccountId": id }))
            .status
    };
    assert_eq!((rotate(&other.id), rotate(&victim.id)), (200, 403));
}

#[test]
fn accounts_are_listed_in_order_of_their_ids() {
    let world = World::new();
    for id in ["999988887777", "222233334444"] {
        world
            .server
            .ran(&Bowline::root(), &["account", "create", "--id", id]);
    }
    assert_snapshot!(world.server.ran(&Bowline::root(), &["account", "list"]), @"
    222233334444  created [time]
    432797229265  created [time]  management account
    999988887777  created [time]
    ");
    let listed = ["account", "list", "--output", "json"];
    let listed = world.server.ran(&Bowline::root(), &listed);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[1]["accountId"], ACCOUNT);
    assert_eq!(listed[1]["management"], true);
    let after = world
        .operate(
            &Bowline::root(),
            "ListAccounts",
            &json!({ "NextToken": ACCOUNT }),
        )
        .accepted();
    assert_snapshot!(after.text(), @r#"{"Accounts":[{"AccountId":"999988887777","Management":false,"Created":"[time]"}]}"#);
}

#[test]
fn rotating_a_root_key_revokes_the_old_ones_on_request() {
    let world = World::new();
    let other = create(&world);
    let root = Bowline::root();
    let rotate = |more: &[&str]| {
        let mut args = vec!["account", "rotate-root", &other.id, "--output", "json"];
        args.extend_from_slice(more);
        world.server.run(&root, &args)
    };
    let works = |keys: &Keys| world.sts(keys, "GetCallerIdentity", &[]).status == 200;
    let second = account(&String::from_utf8(rotate(&[]).stdout).unwrap()).root;
    assert!(works(&other.root) && works(&second));

    // Two are the most that a root has.
    assert_snapshot!(String::from_utf8(rotate(&[]).stderr).unwrap(), @"error: LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2");
    let third = account(&String::from_utf8(rotate(&["--revoke"]).stdout).unwrap()).root;
    assert_eq!(
        [&other.root, &second, &third].map(works),
        [false, false, true]
    );

    let absent = ["account", "rotate-root", "222233334444"];
    let absent = world.server.run(&root, &absent);
    assert_snapshot!(String::from_utf8(absent.stderr).unwrap(), @"error: NoSuchEntity: The account with id 222233334444 cannot be found.");
}

#[test]
fn a_root_user_cannot_revoke_the_key_it_signs_with() {
    let world = World::new();
    let own = ["account", "rotate-root", ACCOUNT, "--revoke"];
    let refused = world.server.run(&Bowline::root(), &own);
    assert_snapshot!(String::from_utf8(refused.stderr).unwrap(), @"error: ValidationError: A root that signs the request cannot revoke its own access keys: rotate without revoking, and delete the earlier key with the new one");
    let still = world.sts(&Bowline::root(), "GetCallerIdentity", &[]);
    still.accepted();
    // A user of the account may.
    let manager = world.user("manager", Some(allow(&["bowline:*"], &["*"])));
    let own = [&own[..], &["--output", "json"]].concat();
    let new = account(&world.server.ran(&manager, &own)).root;
    let status = |keys: &Keys| world.sts(keys, "GetCallerIdentity", &[]).status;
    assert_eq!((status(&Bowline::root()), status(&new)), (403, 200));
}

#[test]
fn creating_an_account_is_audited_without_its_secret() {
    let world = World::new();
    let other = create(&world);
    let records = world.audit();
    let record = records
        .iter()
        .find(|record| record["eventName"] == "CreateAccount")
        .unwrap();
    assert_eq!(
        record["responseElements"],
        json!({ "accountId": other.id, "accessKeyId": other.root.access_key_id })
    );
    let all = serde_json::to_string(&records).unwrap();
    assert!(!all.contains(&other.root.secret_access_key));
}

#[test]
fn accounts_survive_a_kill() {
    let mut world = World::on_disk();
    let other = create(&world);
    world
        .send(&other.root, "s3", Request::put("/ledger", ""))
        .accepted();
    world.server.kill();
    world.server.restart();
    let buckets = world.send(&other.root, "s3", Request::get("/")).accepted();
    assert!(buckets.text().contains("ledger"));
    assert_eq!(
        world
            .operate(&other.root, "ListAccounts", &json!({}))
            .status,
        403
    );
}

#[test]
fn assuming_a_role_of_another_account_needs_permission_from_both_accounts() {
    let world = World::new();
    let other = create(&world);
    let arn = |name: &str| format!("arn:aws:iam::{}:role/{name}", other.id);
    let may = world.user("may", Some(allow(&["sts:AssumeRole"], &[&arn("*")])));
    let may_not = world.user("may-not", None);
    let trusts = |name: &str, principal: &str| {
        let trust = json!({
            "Version": "2012-10-17",
            "Statement": { "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "sts:AssumeRole" },
        });
        let role = [
            ("RoleName", name),
            ("AssumeRolePolicyDocument", &*trust.to_string()),
        ];
        world
            .call(&other.root, "iam", "CreateRole", &role)
            .accepted();
        let all = allow(&["s3:*"], &["*"]).to_string();
        let policy = [
            ("RoleName", name),
            ("PolicyName", "all"),
            ("PolicyDocument", &*all),
        ];
        world
            .call(&other.root, "iam", "PutRolePolicy", &policy)
            .accepted();
    };
    trusts("to-account", ACCOUNT);
    trusts("to-user", &format!("arn:aws:iam::{ACCOUNT}:user/may-not"));
    trusts("to-nobody-else", &other.id);
    let assume = |keys: &Keys, name: &str| {
        let role = arn(name);
        world.sts(
            keys,
            "AssumeRole",
            &[("RoleArn", &role), ("RoleSessionName", "visit")],
        )
    };
    let session = credentials(&assume(&may, "to-account"));
    // The caller's side is missing, though the role names the very user.
    assert_eq!(assume(&may_not, "to-account").status, 403);
    assert_eq!(assume(&may_not, "to-user").status, 403);
    // The role's side is missing.
    assert_eq!(assume(&may, "to-nobody-else").status, 403);
    assert_eq!(assume(&may, "to-user").status, 403);

    // The session is of the other account, and has left its own.
    world
        .send(&session, "s3", Request::put("/ledger", ""))
        .accepted();
    let listed = world.send(&session, "s3", Request::get("/")).accepted();
    assert!(listed.text().contains("ledger") && !listed.text().contains("insights"));
    let home = world.send(&session, "s3", Request::get("/insights/bot/a"));
    assert_eq!(home.status, 403);
}

#[test]
fn an_administrator_has_no_access_to_another_account() {
    let world = World::new();
    let other = create(&world);
    let admin = allow(&["*"], &["*"]).to_string();
    world
        .call(&other.root, "iam", "CreateUser", &[("UserName", "admin")])
        .accepted();
    world
        .call(
            &other.root,
            "iam",
            "PutUserPolicy",
            &[
                ("UserName", "admin"),
                ("PolicyName", "all"),
                ("PolicyDocument", &admin),
            ],
        )
        .accepted();
    let key = world
        .call(
            &other.root,
            "iam",
            "CreateAccessKey",
            &[("UserName", "admin")],
        )
        .accepted();
    let admin = Keys {
        access_key_id: key.element("AccessKeyId").unwrap(),
        secret_access_key: key.element("SecretAccessKey").unwrap(),
        session_token: None,
    };
    let victim = world.user("victim", None);
    let arn = world.provider();
    for stranger in [&admin, &other.root] {
        let iam = |action: &str, parameters: &[(&str, &str)]| {
            world.call(stranger, "iam", action, parameters).verdict()
        };
        // By name it is the own account that is searched; by ARN another's is denied.
        assert_eq!(
            iam("GetRole", &[("RoleName", "bot")]),
            "404 NoSuchEntity: The role with name bot cannot be found."
        );
        assert_eq!(
            iam("CreateAccessKey", &[("UserName", "victim")]),
            "404 NoSuchEntity: The user with name victim cannot be found."
        );
        let theirs = [("AccessKeyId", &*victim.access_key_id)];
        assert!(iam("DeleteAccessKey", &theirs).contains("NoSuchEntity"));
        let get = iam(
            "GetOpenIDConnectProvider",
            &[("OpenIDConnectProviderArn", &arn)],
        );
        assert!(get.starts_with("403 AccessDenied"), "{get}");
        let configure = json!({ "Arn": arn, "Issuer": "https://evil.example.com" });
        assert_eq!(
            world
                .operate(stranger, "ConfigureProvider", &configure)
                .status,
            403
        );
        for request in [
            Request::get("/insights/bot/a"),
            Request::get("/insights?list-type=2"),
            Request::put("/insights/bot/a", "mine"),
            Request::new("DELETE", "/insights"),
        ] {
            let refused = world.send(stranger, "s3", request);
            assert_eq!(refused.status, 403, "{}", refused.text());
        }
        let taken = world.send(stranger, "s3", Request::put("/insights", ""));
        assert_eq!(taken.element("Code").unwrap(), "BucketAlreadyExists");
    }
    // The denied resource exists, and the explanation belongs to its own account.
    world.iam("GetRole", &[("RoleName", "bot")]).accepted();
    world
        .iam(
            "GetOpenIDConnectProvider",
            &[("OpenIDConnectProviderArn", &arn)],
        )
        .accepted();
    world.s3(Request::put("/insights/bot/a", "kept")).accepted();
    let status = world.sts(&victim, "GetCallerIdentity", &[]).status;
    assert_eq!(status, 200);
}

#[test]
fn accounts_register_one_issuer_with_different_keys() {
    let world = World::new();
    let other = create(&world);
    let url = world.issuer.url();
    world.send(&other.root, "iam", provider(&url)).accepted();
    let arn = format!(
        "arn:aws:iam::{}:oidc-provider/{}",
        other.id, world.issuer.host
    );
    // The same `iss`, the same `kid`, another key.
    let keys = json!({ "keys": [unrelated_key().jwk(Some("k1"))] }).to_string();
    world
        .operate(
            &other.root,
            "ConfigureProvider",
            &json!({ "Arn": arn, "Jwks": keys }),
        )
        .accepted();
    let trust = world.trust().to_string().replace(ACCOUNT, &other.id);
    let role = [("RoleName", "bot"), ("AssumeRolePolicyDocument", &*trust)];
    world
        .call(&other.root, "iam", "CreateRole", &role)
        .accepted();

    let there = format!("arn:aws:iam::{}:role/bot", other.id);
    let exchange = |role: &str, token: &str| {
        let response = web_identity(role, "test", token, &[]).send(world.server.port);
        response
            .element("Code")
            .unwrap_or_else(|| "accepted".to_owned())
    };
    let here = format!("arn:aws:iam::{ACCOUNT}:role/bot");
    let (ours, theirs) = (
        world.issuer.valid_token(),
        world.issuer.token().sign(unrelated_key()),
    );
    // Each is rejected in the other account, before and after its own account has accepted it.
    for (token, at_home, abroad) in [(&ours, &here, &there), (&theirs, &there, &here)] {
        assert_eq!(exchange(abroad, token), "InvalidIdentityToken");
        for _ in 0..2 {
            assert_eq!(exchange(at_home, token), "accepted");
            assert_eq!(exchange(abroad, token), "InvalidIdentityToken");
        }
    }
}

#[test]
fn get_access_key_info_returns_the_account_of_a_key() {
    let world = World::new();
    let other = create(&world);
    let bot = world.bot();
    let asker = world.user("asker", Some(allow(&["sts:GetAccessKeyInfo"], &["*"])));
    let info = |keys: &Keys, id: &str| world.sts(keys, "GetAccessKeyInfo", &[("AccessKeyId", id)]);
    let account = |id: &str| info(&asker, id).accepted().element("Account").unwrap();
    assert_eq!(account(&asker.access_key_id), ACCOUNT);
    assert_eq!(account(&bot.access_key_id), ACCOUNT);
    assert_eq!(account(&other.root.access_key_id), other.id);
    // Declared, so that nothing in it tells.
    assert_eq!(account(&Bowline::root().access_key_id), ACCOUNT);
    // No user has this key: the account is part of the id.
    assert_eq!(account("ASIAY34FZKBOKMUTVV7A"), "609629065308");

    assert_snapshot!(info(&asker, "AKIADECLAREDFIRSTKEY").verdict(), @"400 ValidationError: The access key id [AKIA] does not exist.");
    assert_snapshot!(info(&asker, "AKIA").verdict(), @"400 ValidationError: 1 validation error detected: Value 'AKIA' at 'accessKeyId' failed to satisfy constraint: Member must have length greater than or equal to 16");
    let nobody = world.user("nobody", None);
    assert_snapshot!(info(&nobody, &bot.access_key_id).verdict(), @"403 AccessDenied: User: arn:aws:iam::432797229265:user/nobody is not authorized to perform: sts:GetAccessKeyInfo on resource: * because no identity-based policy allows the sts:GetAccessKeyInfo action");
}
