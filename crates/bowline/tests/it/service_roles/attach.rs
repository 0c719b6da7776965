//! Attaching roles: who may, what a resource and a role must be, and what an attachment prevents.

use super::*;

#[test]
fn an_invalid_request_gets_a_reason() {
    let world = world();
    let printed = |input: Value| {
        let root = Bowline::root();
        world.operate(&root, "AttachRole", &input).text()
    };
    let with = |service: &str, resource: &str, role: &str| json!({ "Service": service, "ResourceArn": resource, "Role": role });
    assert_snapshot!(printed(with("s3.amazonaws.com", INSTANCE, "on-ec2")), @r#"{"__type":"ValidationError","message":"Service: it assumes no roles here; those that do are ec2.amazonaws.com, ecs-tasks.amazonaws.com, lambda.amazonaws.com"}"#);
    assert_snapshot!(printed(with("EC2.amazonaws.com", INSTANCE, "on-ec2")), @r#"{"__type":"ValidationError","message":"Service: it assumes no roles here; those that do are ec2.amazonaws.com, ecs-tasks.amazonaws.com, lambda.amazonaws.com"}"#);
    assert_snapshot!(printed(with("lambda.amazonaws.com", INSTANCE, "on-ec2")), @r#"{"__type":"ValidationError","message":"ResourceArn: it is a resource of ec2.amazonaws.com, not of lambda.amazonaws.com"}"#);
    assert_snapshot!(printed(with("ec2.amazonaws.com", "i-0a1b2c3d4e5f60718", "on-ec2")), @r#"{"__type":"ValidationError","message":"ResourceArn: it is the ARN of no EC2 instance, Lambda function or ECS task"}"#);
    assert_snapshot!(printed(with("ec2.amazonaws.com", "arn:aws:s3:::insights", "on-ec2")), @r#"{"__type":"ValidationError","message":"ResourceArn: it is the ARN of no EC2 instance, Lambda function or ECS task"}"#);
    assert_snapshot!(printed(with("ec2.amazonaws.com", INSTANCE, "on ec2")), @r#"{"__type":"ValidationError","message":"Role: it is no name and no ARN of a role"}"#);
    assert_snapshot!(printed(with("ec2.amazonaws.com", INSTANCE, "arn:aws:iam::432797229265:user/bot")), @r#"{"__type":"ValidationError","message":"arn:aws:iam::432797229265:user/bot is invalid"}"#);
    assert_snapshot!(printed(with("ec2.amazonaws.com", INSTANCE, "nobody")), @r#"{"__type":"NoSuchEntity","message":"The role arn:aws:iam::432797229265:role/nobody cannot be found."}"#);
    assert_snapshot!(printed(json!({ "Service": "ec2.amazonaws.com", "ResourceArn": INSTANCE })), @r#"{"__type":"ValidationError","message":"Role is missing"}"#);
    // Only the server sets the condition keys of a service.
    let mut said = with("ec2.amazonaws.com", INSTANCE, "on-ec2");
    said["SourceArn"] = json!(OTHER_INSTANCE);
    assert_snapshot!(printed(said), @r#"{"__type":"ValidationError","message":"The request has no member SourceArn; it has Service, ResourceArn, Role"}"#);
    assert!(world.resources(&Bowline::root()).is_empty());
    world
        .attach(&Bowline::root(), INSTANCE, "on-ec2")
        .accepted();
}

#[test]
fn attaching_a_role_needs_pass_role_for_that_service() {
    let world = world();
    let pass = |name: &str, resource: &str, condition: &Value| {
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [
                { "Effect": "Allow", "Action": "bowline:AttachRole", "Resource": "*" },
                { "Effect": "Allow", "Action": "iam:PassRole", "Resource": resource, "Condition": condition },
            ],
        });
        world.user(name, Some(policy))
    };
    let to = |service: &str| json!({ "StringEquals": { "iam:PassedToService": service } });
    let own = role_arn("on-ec2");
    let nothing = allow(&["bowline:*"], &["*"]);
    let nothing = world.user("nothing", Some(nothing));
    let elsewhere = pass("elsewhere", &own, &to("lambda.amazonaws.com"));
    let another = pass("another", &role_arn("on-lambda"), &json!({}));
    let this = json!({ "StringEquals": { "iam:AssociatedResourceArn": OTHER_INSTANCE } });
    let this = pass("this", &own, &this);
    for who in [&nothing, &elsewhere, &another, &this] {
        let refused = world.attach(who, INSTANCE, "on-ec2");
        assert_eq!(code(&refused), "AccessDenied");
        let printed = refused.text();
        assert!(
            printed.contains("iam:PassRole on resource: arn:aws:iam::432797229265:role/on-ec2")
        );
    }
    let refused = world.attach(&elsewhere, INSTANCE, "on-ec2");
    assert_snapshot!(world.explain(&refused)["reason"].as_str().unwrap(), @"no identity-based policy allows it: statement 2 of `own` asks for StringEquals of iam:PassedToService lambda.amazonaws.com, the request has ec2.amazonaws.com");
    assert!(world.resources(&Bowline::root()).is_empty());
    // On the terminal the hint names what is missing.
    let attach = [
        "service",
        "attach",
        "--service",
        "ec2.amazonaws.com",
        "--resource",
        INSTANCE,
        "--role",
        "on-ec2",
    ];
    let output = world.server.run(&nothing, &attach);
    assert_snapshot!(String::from_utf8_lossy(&output.stderr), @"
    error: AccessDenied: User: arn:aws:iam::432797229265:user/nothing is not authorized to perform: iam:PassRole on resource: arn:aws:iam::432797229265:role/on-ec2 because no identity-based policy allows the iam:PassRole action

    hint: let the caller do `iam:PassRole`, or use the root credentials
    ");

    // The same callers where they may.
    world.attach(&this, OTHER_INSTANCE, "on-ec2").accepted();
    world.attach(&another, FUNCTION, "on-lambda").accepted();
    let right = pass("right", &own, &to("ec2.amazonaws.com"));
    world.attach(&right, INSTANCE, "on-ec2").accepted();
    // Leave to pass is no leave to attach.
    let passes = allow(&["iam:PassRole"], &["*"]);
    let passes = world.user("passes", Some(passes));
    let refused = world.attach(&passes, INSTANCE, "on-ec2");
    assert!(refused.text().contains("bowline:AttachRole"));
}

#[test]
fn attaching_a_role_needs_a_trust_policy_for_the_service() {
    let world = world();
    let root = Bowline::root();
    let refused = world.attach(&root, INSTANCE, "on-lambda");
    assert_snapshot!(refused.text(), @r#"{"__type":"AccessDenied","message":"The role arn:aws:iam::432797229265:role/on-lambda cannot be assumed by ec2.amazonaws.com."}"#);
    assert_snapshot!(world.explain(&refused)["decisions"].to_string(), @r#"[{"action":"sts:AssumeRole","layers":[{"layer":"role trust policy","otherStatements":0,"result":"silent","statements":[{"applies":false,"effect":"Allow","failure":{"actual":["ec2.amazonaws.com"],"element":"Principal","expected":["lambda.amazonaws.com"]},"line":1,"policy":"trust policy","statement":1}]}],"principal":"ec2.amazonaws.com","reason":"no role trust policy allows it: statement 1 of `trust policy` asks for Principal lambda.amazonaws.com, the request has ec2.amazonaws.com","resource":"arn:aws:iam::432797229265:role/on-lambda"}]"#);
    // Nor one that trusts all who sign, or the account.
    for (name, principal) in [
        ("open", json!({ "AWS": "*" })),
        ("own", json!({ "AWS": ACCOUNT })),
    ] {
        let trust = json!({
            "Version": "2012-10-17",
            "Statement": { "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" },
        });
        world.service_role(name, &trust);
        assert_eq!(code(&world.attach(&root, INSTANCE, name)), "AccessDenied");
    }
    assert!(world.resources(&root).is_empty());
    world.attach(&root, INSTANCE, "on-ec2").accepted();
    let output = world.server.run(
        &root,
        &[
            "service",
            "attach",
            "--service",
            "lambda.amazonaws.com",
            "--resource",
            FUNCTION,
            "--role",
            "on-ec2",
        ],
    );
    assert_snapshot!(String::from_utf8_lossy(&output.stderr), @"
    error: AccessDenied: The role arn:aws:iam::432797229265:role/on-ec2 cannot be assumed by lambda.amazonaws.com.

    hint: `bowline explain [uuid]` tells why
    ");
}

#[test]
fn a_trust_policy_can_be_limited_to_a_resource() {
    let world = world();
    let root = Bowline::root();
    let condition = json!({ "ArnEquals": { "aws:SourceArn": INSTANCE }, "StringEquals": { "aws:SourceAccount": ACCOUNT } });
    world.service_role("one", &trust("ec2.amazonaws.com", &condition));
    let refused = world.attach(&root, OTHER_INSTANCE, "one");
    assert_eq!(code(&refused), "AccessDenied");
    assert_snapshot!(world.explain(&refused)["reason"].as_str().unwrap(), @"no role trust policy allows it: statement 1 of `trust policy` asks for ArnEquals of aws:SourceArn arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60718, the request has arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60719");
    world.attach(&root, INSTANCE, "one").accepted();
    issued(world.issue(&root, INSTANCE));

    // Only the server sets that the principal is a service, and the client's address is not the
    // service's.
    for (name, condition, verdict) in [
        (
            "is",
            json!({ "Bool": { "aws:PrincipalIsAWSService": "true" } }),
            "200",
        ),
        (
            "not",
            json!({ "Bool": { "aws:PrincipalIsAWSService": "false" } }),
            "AccessDenied",
        ),
        (
            "near",
            json!({ "IpAddress": { "aws:SourceIp": "127.0.0.1/32" } }),
            "AccessDenied",
        ),
        (
            "other",
            json!({ "StringEquals": { "aws:SourceAccount": OTHER_ACCOUNT } }),
            "AccessDenied",
        ),
        (
            "named",
            json!({ "StringEquals": { "sts:RoleSessionName": "i-0a1b2c3d4e5f60719" } }),
            "200",
        ),
    ] {
        world.service_role(name, &trust("ec2.amazonaws.com", &condition));
        let response = world.attach(&root, OTHER_INSTANCE, name);
        assert_eq!(code(&response), verdict, "{name}");
        if response.status == 200 {
            world.detach(OTHER_INSTANCE).accepted();
        }
    }
}

#[test]
fn an_administrator_cannot_attach_roles_of_another_account() {
    let world = World::with_service_roles(Launch::two_accounts());
    let (root, other) = (Bowline::root(), Bowline::other_root());
    let all = allow(&["*"], &["*"]).to_string();
    let make = |keys: &Keys, action: &str, parameters: &[(&str, &str)]| {
        world.call(keys, "iam", action, parameters).accepted()
    };
    make(&other, "CreateUser", &[("UserName", "admin")]);
    let put = [
        ("UserName", "admin"),
        ("PolicyName", "all"),
        ("PolicyDocument", &*all),
    ];
    make(&other, "PutUserPolicy", &put);
    let key = make(&other, "CreateAccessKey", &[("UserName", "admin")]);
    let admin = Keys {
        access_key_id: key.element("AccessKeyId").unwrap(),
        secret_access_key: key.element("SecretAccessKey").unwrap(),
        session_token: None,
    };
    let trusting = trust("ec2.amazonaws.com", &json!({})).to_string();
    let role = [
        ("RoleName", "theirs"),
        ("AssumeRolePolicyDocument", &*trusting),
    ];
    make(&other, "CreateRole", &role);

    let theirs = INSTANCE.replace(ACCOUNT, OTHER_ACCOUNT);
    let their_role = format!("arn:aws:iam::{OTHER_ACCOUNT}:role/theirs");
    world.attach(&root, INSTANCE, "on-ec2").accepted();
    for stranger in [&admin, &other] {
        // Another's role on one's own resource, one's own role on another's, and another's on
        // another's.
        for (resource, role) in [
            (&*theirs, role_arn("on-ec2")),
            (OTHER_INSTANCE, their_role.clone()),
            (OTHER_INSTANCE, role_arn("on-ec2")),
        ] {
            let refused = world.attach(stranger, resource, &role);
            assert_eq!(code(&refused), "AccessDenied", "{}", refused.text());
        }
        let input = json!({ "ResourceArn": INSTANCE });
        for operation in ["DetachRole", "GetAttachedCredentials"] {
            let refused = world.operate(stranger, operation, &input);
            assert_eq!(code(&refused), "AccessDenied", "{operation}");
        }
        assert!(world.resources(stranger).is_empty());
    }
    assert_snapshot!(world.attach(&admin, &theirs, &role_arn("on-ec2")).text(), @r#"{"__type":"AccessDenied","message":"User: arn:aws:iam::111122223333:user/admin is not authorized to perform: iam:PassRole on resource: arn:aws:iam::432797229265:role/on-ec2"}"#);
    world.attach(&admin, &theirs, &their_role).accepted();
    assert_eq!(world.resources(&other), [theirs]);
    assert_eq!(world.resources(&root), [INSTANCE]);
    issued(world.issue(&root, INSTANCE));
}

#[test]
fn an_attached_role_cannot_be_deleted_and_a_new_role_of_its_name_is_not_attached() {
    let world = world();
    let root = Bowline::root();
    world.attach(&root, INSTANCE, "on-ec2").accepted();
    let policy = [("RoleName", "on-ec2"), ("PolicyName", "read")];
    world.iam("DeleteRolePolicy", &policy).accepted();
    let delete = || world.iam("DeleteRole", &[("RoleName", "on-ec2")]);
    assert_snapshot!(delete().verdict(), @"409 DeleteConflict: Cannot delete entity, must detach it from all service resources first.");
    let session = issued(world.issue(&root, INSTANCE));
    world.detach(INSTANCE).accepted();
    assert_eq!(code(&world.issue(&root, INSTANCE)), "NoSuchEntity");
    // What was issued lives on, until its role is gone.
    arn(&world, &session);
    delete().accepted();
    assert_eq!(world.sts(&session, "GetCallerIdentity", &[]).status, 403);
    world.service_role("on-ec2", &trust("ec2.amazonaws.com", &json!({})));
    assert_eq!(code(&world.issue(&root, INSTANCE)), "NoSuchEntity");
    assert_eq!(world.sts(&session, "GetCallerIdentity", &[]).status, 403);
}

#[test]
fn a_resource_has_one_attached_role() {
    let world = world();
    let root = Bowline::root();
    world.service_role("second", &trust("ec2.amazonaws.com", &json!({})));
    world.attach(&root, INSTANCE, "on-ec2").accepted();
    world.attach(&root, INSTANCE, "on-ec2").accepted();
    assert_snapshot!(world.attach(&root, INSTANCE, "second").text(), @r#"{"__type":"EntityAlreadyExists","message":"The resource arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60718 has another role attached. Detach that first."}"#);
    let session = issued(world.issue(&root, INSTANCE));
    assert!(arn(&world, &session).contains("/on-ec2/"));
    world.detach(INSTANCE).accepted();
    world.attach(&root, INSTANCE, "second").accepted();
    let session = issued(world.issue(&root, INSTANCE));
    assert!(arn(&world, &session).contains("/second/"));
}

#[test]
fn resource_names_are_case_sensitive() {
    let world = world();
    let root = Bowline::root();
    let upper = FUNCTION.replace("report", "Report");
    world.attach(&root, FUNCTION, "on-lambda").accepted();
    assert_eq!(code(&world.issue(&root, &upper)), "NoSuchEntity");
    world.attach(&root, &upper, "on-lambda").accepted();
    assert_eq!(world.resources(&root), [&*upper, FUNCTION]);
}
