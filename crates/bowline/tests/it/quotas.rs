//! Quotas of accounts: each service's own error, and what the operator can allow instead.

use std::thread;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::bowline::{ACCOUNT, Bowline};
use crate::support::http::{Request, Response};
use crate::support::keys::Keys;
use crate::support::world::{World, allow};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;

fn set(world: &World, account: &str, quota: &str, value: u32) {
    let value = value.to_string();
    let args = ["account", "quota", "set", account, quota, &value];
    world.server.ran(&Bowline::root(), &args);
}

fn other_account(world: &World) -> Keys {
    let create = ["account", "create", "--id", "222233334444", "--output"];
    let made = world
        .server
        .ran(&Bowline::root(), &[&create[..], &["json"]].concat());
    let made: Value = serde_json::from_str(&made).unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Keys {
        access_key_id: text("accessKeyId"),
        secret_access_key: text("secretAccessKey"),
        session_token: None,
    }
}

fn create_role(world: &World, keys: &Keys, name: &str) -> Response {
    let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", TRUST)];
    world.call(keys, "iam", "CreateRole", &parameters)
}

fn create_table(world: &World, keys: &Keys, name: &str) -> Response {
    let input = json!({
        "TableName": name,
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
    });
    let request = Request::new("POST", "/")
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", "DynamoDB_20120810.CreateTable")
        .body(input.to_string());
    world.send(keys, "dynamodb", request)
}

#[test]
fn each_service_refuses_more_than_the_quota_with_its_own_error() {
    let world = World::new();
    let root = other_account(&world);
    let of = "222233334444";
    for quota in [
        "RolesPerAccount",
        "UsersPerAccount",
        "PoliciesPerAccount",
        "InstanceProfilesPerAccount",
        "OpenIdConnectProvidersPerAccount",
        "PoliciesPerRole",
        "BucketsPerAccount",
        "TablesPerRegion",
        "ServiceAttachmentsPerAccount",
    ] {
        set(&world, of, quota, 1);
    }
    let iam = |action: &str, parameters: &[(&str, &str)]| {
        let response = world.call(&root, "iam", action, parameters);
        let code = response.element("Code");
        match code {
            None => "accepted".to_owned(),
            Some(code) => format!(
                "{} {code}: {}",
                response.status,
                response.element("Message").unwrap()
            ),
        }
    };
    let role = |name: &str| {
        iam(
            "CreateRole",
            &[("RoleName", name), ("AssumeRolePolicyDocument", TRUST)],
        )
    };
    assert_eq!(role("a"), "accepted");
    assert_snapshot!(role("b"), @"409 LimitExceeded: Cannot exceed quota for RolesPerAccount: 1");
    // That the name is taken comes first.
    assert_snapshot!(role("A"), @"409 EntityAlreadyExists: Role with name A already exists.");
    let user = |name: &str| iam("CreateUser", &[("UserName", name)]);
    assert_eq!(user("a"), "accepted");
    assert_snapshot!(user("b"), @"409 LimitExceeded: Cannot exceed quota for UsersPerAccount: 1");
    let document = allow(&["s3:GetObject"], &["*"]).to_string();
    let policy = |name: &str| {
        iam(
            "CreatePolicy",
            &[("PolicyName", name), ("PolicyDocument", &document)],
        )
    };
    assert_eq!(policy("a"), "accepted");
    assert_snapshot!(policy("b"), @"409 LimitExceeded: Cannot exceed quota for PoliciesPerAccount: 1");
    let profile = |name: &str| iam("CreateInstanceProfile", &[("InstanceProfileName", name)]);
    assert_eq!(profile("a"), "accepted");
    assert_snapshot!(profile("b"), @"409 LimitExceeded: Cannot exceed quota for InstanceProfilesPerAccount: 1");
    let provider = |url: &str| iam("CreateOpenIDConnectProvider", &[("Url", url)]);
    assert_eq!(provider("https://a.example.com"), "accepted");
    assert_snapshot!(provider("https://b.example.com"), @"409 LimitExceeded: Cannot exceed quota for OpenIdConnectProvidersPerAccount: 1");
    let key = || iam("CreateAccessKey", &[("UserName", "a")]);
    assert_eq!([key(), key()], ["accepted", "accepted"]);
    assert_snapshot!(key(), @"409 LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2");

    // One more policy than the role may have attached.
    set(&world, of, "PoliciesPerAccount", 2);
    assert_eq!(policy("b"), "accepted");
    let attach = |name: &str| {
        let arn = format!("arn:aws:iam::{of}:policy/{name}");
        iam(
            "AttachRolePolicy",
            &[("RoleName", "a"), ("PolicyArn", &arn)],
        )
    };
    assert_eq!(attach("a"), "accepted");
    assert_snapshot!(attach("b"), @"409 LimitExceeded: Cannot exceed quota for PoliciesPerRole: 1");
    set(&world, of, "PoliciesPerRole", 2);
    assert_eq!(attach("b"), "accepted");

    let bucket = |name: &str| world.send(&root, "s3", Request::new("PUT", &format!("/{name}")));
    bucket("quota-one").accepted();
    let refused = bucket("quota-two");
    assert_eq!(refused.status, 400);
    assert_eq!(refused.element("Code").unwrap(), "TooManyBuckets");
    assert_snapshot!(refused.element("Message").unwrap(), @"You have attempted to create more buckets than allowed");
    // One that is deleted makes room.
    world
        .send(&root, "s3", Request::new("DELETE", "/quota-one"))
        .accepted();
    bucket("quota-two").accepted();

    create_table(&world, &root, "one").accepted();
    let refused = create_table(&world, &root, "two");
    assert_eq!(refused.status, 400);
    assert_snapshot!(refused.text(), @r#"{"__type":"com.amazonaws.dynamodb.v20120810#LimitExceededException","message":"Subscriber limit exceeded: There is a limit of 1 tables per subscriber"}"#);

    let attach = |instance: &str| {
        let resource = format!("arn:aws:ec2:us-east-1:{of}:instance/{instance}");
        let input = json!({ "Service": "ec2.amazonaws.com", "ResourceArn": resource, "Role": "a" });
        world.operate(&root, "AttachRole", &input)
    };
    attach("i-0a1b2c3d").accepted();
    // The same again is no second one.
    attach("i-0a1b2c3d").accepted();
    let refused = attach("i-0a1b2c3e");
    assert_eq!(refused.status, 409);
    assert_snapshot!(refused.text(), @r#"{"__type":"LimitExceeded","message":"Cannot exceed quota for ServiceAttachmentsPerAccount: 1"}"#);

    let long = format!("{document}{}", " ".repeat(6_145 * 4));
    let long = [("PolicyName", "long"), ("PolicyDocument", &*long)];
    assert_snapshot!(iam("CreatePolicy", &long), @"409 LimitExceeded: Maximum policy size of 24576 bytes with white space exceeded");

    // The other account has its own quotas.
    create_role(&world, &Bowline::root(), "b").accepted();
    let metrics = Request::get("/metrics").send(world.server.ops_port).text();
    assert!(
        metrics.contains("bowline_quota_refusals_total 11"),
        "{metrics}"
    );
    assert!(
        metrics.contains("bowline_accounts_near_quota 1"),
        "{metrics}"
    );
}

#[test]
fn requests_side_by_side_do_not_exceed_a_quota() {
    let world = World::new();
    let root = other_account(&world);
    set(&world, "222233334444", "RolesPerAccount", 20);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let clients: Vec<_> = (0..16)
            .map(|client| {
                let (world, root) = (&world, &root);
                scope.spawn(move || {
                    let roles = (0..4).map(|number| format!("r-{client}-{number}"));
                    roles
                        .map(|name| create_role(world, root, &name).status)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect()
    });
    let count = |status| statuses.iter().filter(|got| **got == status).count();
    assert_eq!((count(200), count(409)), (20, 44), "{statuses:?}");
    let listed = world.call(&root, "iam", "ListRoles", &[]).accepted();
    assert_eq!(listed.text().matches("<RoleName>").count(), 20);
}

#[test]
fn the_operator_sees_changes_and_resets_quotas() {
    let world = World::new();
    let root = other_account(&world);
    create_role(&world, &root, "a").accepted();
    set(&world, "222233334444", "RolesPerAccount", 2000);
    let list = |keys: &Keys, more: &[&str]| {
        world
            .server
            .ran(keys, &[&["account", "quota", "list"], more].concat())
    };
    let listed = list(&Bowline::root(), &["222233334444"]);
    assert_snapshot!(listed, @"
    RolesPerAccount                         1 of 2000  default 1000
    UsersPerAccount                         0 of 5000
    PoliciesPerAccount                      0 of 1500
    InstanceProfilesPerAccount              0 of 1000
    OpenIdConnectProvidersPerAccount        0 of 100
    PoliciesPerRole                         - of 10
    PoliciesPerUser                         - of 10
    BucketsPerAccount                       0 of 10000
    TablesPerRegion                         0 of 2500
    DocumentMebibytesPerAccount             1 of 64
    ServiceAttachmentsPerAccount            0 of 5000
    ");
    // An account sees its own.
    assert_eq!(list(&root, &[]), listed);
    let reset = [
        "account",
        "quota",
        "reset",
        "222233334444",
        "RolesPerAccount",
    ];
    world.server.ran(&Bowline::root(), &reset);
    let listed = list(&root, &["--output", "json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(
        listed[0],
        json!({ "quota": "RolesPerAccount", "value": 1000, "default": 1000, "maximum": 1_000_000, "used": 1 })
    );

    let refused = |keys: &Keys, input: Value| world.operate(keys, "PutAccountQuota", &input).text();
    let put = |value: Value| json!({ "AccountId": "222233334444", "Quota": "RolesPerAccount", "Value": value });
    assert_snapshot!(refused(&root, put(json!(3))), @r#"{"__type":"AccessDenied","message":"User: arn:aws:iam::222233334444:root is not authorized to perform: bowline:PutAccountQuota on resource: arn:aws:bowline::432797229265:account/222233334444"}"#);
    assert_snapshot!(refused(&Bowline::root(), put(json!(-1))), @r#"{"__type":"ValidationError","message":"Value: it is not between 0 and 1000000"}"#);
    assert_snapshot!(refused(&Bowline::root(), put(json!(1.5))), @r#"{"__type":"ValidationError","message":"Value is not an integer"}"#);
    assert_snapshot!(refused(&Bowline::root(), put(json!(1_000_001))), @r#"{"__type":"ValidationError","message":"Value: it is not between 0 and 1000000"}"#);
    assert_snapshot!(refused(&Bowline::root(), json!({ "AccountId": "222233334444", "Quota": "Moons", "Value": 1 })), @r#"{"__type":"ValidationError","message":"Quota: there is none of this name; there are RolesPerAccount, UsersPerAccount, PoliciesPerAccount, InstanceProfilesPerAccount, OpenIdConnectProvidersPerAccount, PoliciesPerRole, PoliciesPerUser, BucketsPerAccount, TablesPerRegion, DocumentMebibytesPerAccount, ServiceAttachmentsPerAccount"}"#);
    assert_snapshot!(refused(&Bowline::root(), json!({ "AccountId": "999900001111", "Quota": "RolesPerAccount", "Value": 1 })), @r#"{"__type":"NoSuchEntity","message":"The account with id 999900001111 cannot be found."}"#);
    let refused = world.operate(&root, "ListAccountQuotas", &json!({ "AccountId": ACCOUNT }));
    assert_eq!(refused.status, 403);
    // What is there stays, and no more is created.
    set(&world, "222233334444", "RolesPerAccount", 0);
    assert_eq!(create_role(&world, &root, "b").status, 409);
    let role = world.call(&root, "iam", "GetRole", &[("RoleName", "a")]);
    role.accepted();
}

#[test]
fn white_space_in_policies_does_not_count_within_bounds() {
    let world = World::new();
    let document = allow(&["s3:GetObject"], &["*"]).to_string();
    let padded = |bytes: usize| format!("{}{document}", " ".repeat(bytes - document.len()));
    let iam = |action: &str, parameters: &[(&str, &str)]| {
        let response = world.iam(action, parameters);
        match response.element("Code") {
            None => "accepted".to_owned(),
            Some(code) => format!("{code}: {}", response.element("Message").unwrap()),
        }
    };
    let managed = |name: &str, document: &str| {
        iam(
            "CreatePolicy",
            &[("PolicyName", name), ("PolicyDocument", document)],
        )
    };
    assert_eq!(managed("a", &padded(4 * 6_144)), "accepted");
    assert_snapshot!(managed("b", &padded(4 * 6_144 + 1)), @"LimitExceeded: Maximum policy size of 24576 bytes with white space exceeded");
    // Characters that count come first.
    assert_snapshot!(managed("b", &"x".repeat(100_000)), @"LimitExceeded: Cannot exceed quota for PolicySize: 6144");
    let trust = |document: &str| {
        iam(
            "UpdateAssumeRolePolicy",
            &[("RoleName", "bot"), ("PolicyDocument", document)],
        )
    };
    let spaces = " ".repeat(4 * 2_048 - TRUST.len());
    assert_eq!(trust(&format!("{spaces}{TRUST}")), "accepted");
    assert_snapshot!(trust(&format!("{spaces} {TRUST}")), @"LimitExceeded: Maximum policy size of 8192 bytes with white space exceeded");
    let inline = |name: &str, document: &str| {
        iam(
            "PutRolePolicy",
            &[
                ("RoleName", "bot"),
                ("PolicyName", name),
                ("PolicyDocument", document),
            ],
        )
    };
    assert_eq!(inline("a", &padded(30_000)), "accepted");
    // All of a role's together.
    assert_snapshot!(inline("b", &padded(20_000)), @"LimitExceeded: Maximum policy size of 40960 bytes with white space exceeded");
    assert_eq!(inline("a", &padded(20_000)), "accepted");
    assert_eq!(inline("b", &padded(20_000)), "accepted");
}

#[test]
fn a_page_ends_before_its_documents_are_too_large() {
    let world = World::new();
    let root = other_account(&world);
    // Each space has three bytes in a response.
    let trust = format!("{TRUST}{}", " ".repeat(4 * 2_048 - TRUST.len()));
    for number in 0..60 {
        let name = format!("padded-{number:02}");
        let parameters = [("RoleName", &*name), ("AssumeRolePolicyDocument", &trust)];
        world
            .call(&root, "iam", "CreateRole", &parameters)
            .accepted();
    }
    let (mut names, mut pages, mut marker) = (0, 0, None::<String>);
    loop {
        let mut parameters = vec![("MaxItems", "1000")];
        if let Some(marker) = &marker {
            parameters.push(("Marker", marker));
        }
        let page = world
            .call(&root, "iam", "ListRoles", &parameters)
            .accepted();
        assert!(page.body.len() < 1_200_000, "{}", page.body.len());
        names += page.text().matches("<RoleName>").count();
        pages += 1;
        marker = page.element("Marker");
        assert_eq!(
            page.element("IsTruncated").unwrap(),
            marker.is_some().to_string()
        );
        if marker.is_none() {
            break;
        }
    }
    assert_eq!((names, pages), (60, 2));
}
