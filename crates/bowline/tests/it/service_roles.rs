//! Roles of services: who may attach them, who gets their credentials, and that nobody plays the service.

use std::collections::HashSet;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::bowline::{ACCOUNT, BINARY, Bowline, Launch, OTHER_ACCOUNT, command};
use crate::support::http::{Request, Response};
use crate::support::issuer::Issuer;
use crate::support::keys::Keys;
use crate::support::python::clients;
use crate::support::sign::Signer;
use crate::support::wait::wait_for;
use crate::support::world::{World, allow, operator, query, role_arn};

const INSTANCE: &str = "arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60718";
const OTHER_INSTANCE: &str = "arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60719";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:432797229265:function:report";

/// A trust policy of one service, with a condition if there is one.
fn trust(service: &str, condition: &Value) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sts:AssumeRole",
            "Condition": condition,
        },
    })
}

impl World {
    /// A world with the roles `on-ec2` and `on-lambda`, which may read under `insights/bot/`.
    fn with_service_roles(launch: Launch) -> Self {
        let world = Self::without_roles(launch, Issuer::start());
        world.add_role("bot");
        world
            .s3(Request::put("/insights/bot/a", "hello"))
            .accepted();
        world.service_role("on-ec2", &trust("ec2.amazonaws.com", &json!({})));
        world.service_role("on-lambda", &trust("lambda.amazonaws.com", &json!({})));
        world
    }

    fn service_role(&self, name: &str, trust: &Value) {
        let trust = trust.to_string();
        self.iam(
            "CreateRole",
            &[("RoleName", name), ("AssumeRolePolicyDocument", &trust)],
        )
        .accepted();
        let read = allow(&["s3:GetObject"], &["arn:aws:s3:::insights/bot/*"]).to_string();
        self.iam(
            "PutRolePolicy",
            &[
                ("RoleName", name),
                ("PolicyName", "read"),
                ("PolicyDocument", &read),
            ],
        )
        .accepted();
    }

    fn attach(&self, keys: &Keys, resource: &str, role: &str) -> Response {
        let service = match resource.split(':').nth(2).unwrap() {
            "ec2" => "ec2.amazonaws.com",
            _ => "lambda.amazonaws.com",
        };
        let input = json!({ "Service": service, "ResourceArn": resource, "Role": role });
        self.operate(keys, "AttachRole", &input)
    }

    fn issue(&self, keys: &Keys, resource: &str) -> Response {
        let input = json!({ "ResourceArn": resource });
        self.operate(keys, "GetAttachedCredentials", &input)
    }

    fn detach(&self, resource: &str) -> Response {
        let input = json!({ "ResourceArn": resource });
        self.operate(&Bowline::root(), "DetachRole", &input)
    }

    fn resources(&self, keys: &Keys) -> Vec<String> {
        let listed = self.operate(keys, "ListAttachments", &json!({})).accepted();
        let listed: Value = serde_json::from_slice(&listed.body).unwrap();
        let all = listed["Attachments"].as_array().unwrap();
        let arns = all.iter().map(|a| a["ResourceArn"].as_str().unwrap());
        arns.map(str::to_owned).collect()
    }
}

fn world() -> World {
    World::with_service_roles(Launch::default())
}

/// The credentials in an answer of `GetAttachedCredentials`.
#[track_caller]
fn issued(answer: Response) -> Keys {
    let answer: Value = serde_json::from_slice(&answer.accepted().body).unwrap();
    let text = |name: &str| answer["Credentials"][name].as_str().unwrap().to_owned();
    Keys {
        access_key_id: text("AccessKeyId"),
        secret_access_key: text("SecretAccessKey"),
        session_token: Some(text("SessionToken")),
    }
}

/// The code of an error, or the status.
fn code(answer: &Response) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = body["__type"].as_str();
    code.map_or_else(|| answer.status.to_string(), str::to_owned)
}

fn arn(world: &World, keys: &Keys) -> String {
    let who = world.sts(keys, "GetCallerIdentity", &[]).accepted();
    who.element("Arn").unwrap()
}

#[test]
fn an_instance_and_a_function_get_credentials_of_their_attached_roles() {
    let world = world();
    let root = Bowline::root();
    for (resource, role, session) in [
        (INSTANCE, "on-ec2", "i-0a1b2c3d4e5f60718"),
        (FUNCTION, "on-lambda", "report"),
    ] {
        world.attach(&root, resource, role).accepted();
        let keys = issued(world.issue(&root, resource));
        assert_eq!(
            arn(&world, &keys),
            format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}")
        );
        let read = world.send(&keys, "s3", Request::get("/insights/bot/a"));
        assert_eq!(read.accepted().text(), "hello");
        let write = world.send(&keys, "s3", Request::put("/insights/bot/a", "x"));
        assert_eq!(write.status, 403);
    }
    // By its ARN too.
    world
        .attach(&root, OTHER_INSTANCE, &role_arn("on-ec2"))
        .accepted();
    issued(world.issue(&root, OTHER_INSTANCE));
}

#[test]
fn the_command_prints_what_a_credential_process_prints() {
    let world = world();
    let root = Bowline::root();
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
    world.server.ran(&root, &attach);
    let text = world
        .server
        .ran(&root, &["service", "credentials", "--resource", INSTANCE]);
    let printed: Value = serde_json::from_str(&text).unwrap();
    let members: Vec<_> = printed.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        [
            "AccessKeyId",
            "Expiration",
            "SecretAccessKey",
            "SessionToken",
            "Version"
        ]
    );
    assert_eq!(printed["Version"], 1);
    // Six hours, whatever the role's maximum is, which is one.
    let end: jiff::Timestamp = printed["Expiration"].as_str().unwrap().parse().unwrap();
    let left = end.as_second() - crate::support::wait::now();
    assert!((6 * 3600 - 60..=6 * 3600).contains(&left), "{left}");

    assert_snapshot!(world.server.ran(&root, &["service", "list"]), @"arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60718  arn:aws:iam::432797229265:role/on-ec2");
    let detach = ["service", "detach", "--resource", INSTANCE];
    world.server.ran(&root, &detach);
    assert_snapshot!(world.server.ran(&root, &["service", "list", "--output", "json"]), @"[]");
    let again = world.server.run(&root, &detach);
    assert_snapshot!(String::from_utf8_lossy(&again.stderr), @"error: NoSuchEntity: The resource arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60718 has no role attached.");
}

#[test]
fn an_invalid_request_gets_a_reason() {
    let world = world();
    let told = |input: Value| {
        let root = Bowline::root();
        world.operate(&root, "AttachRole", &input).text()
    };
    let with = |service: &str, resource: &str, role: &str| json!({ "Service": service, "ResourceArn": resource, "Role": role });
    assert_snapshot!(told(with("s3.amazonaws.com", INSTANCE, "on-ec2")), @r#"{"__type":"ValidationError","message":"Service: it assumes no roles here; those that do are ec2.amazonaws.com, ecs-tasks.amazonaws.com, lambda.amazonaws.com"}"#);
    assert_snapshot!(told(with("EC2.amazonaws.com", INSTANCE, "on-ec2")), @r#"{"__type":"ValidationError","message":"Service: it assumes no roles here; those that do are ec2.amazonaws.com, ecs-tasks.amazonaws.com, lambda.amazonaws.com"}"#);
    assert_snapshot!(told(with("lambda.amazonaws.com", INSTANCE, "on-ec2")), @r#"{"__type":"ValidationError","message":"ResourceArn: it is a resource of ec2.amazonaws.com, not of lambda.amazonaws.com"}"#);
    assert_snapshot!(told(with("ec2.amazonaws.com", "i-0a1b2c3d4e5f60718", "on-ec2")), @r#"{"__type":"ValidationError","message":"ResourceArn: it is the ARN of no EC2 instance, Lambda function or ECS task"}"#);
    assert_snapshot!(told(with("ec2.amazonaws.com", "arn:aws:s3:::insights", "on-ec2")), @r#"{"__type":"ValidationError","message":"ResourceArn: it is the ARN of no EC2 instance, Lambda function or ECS task"}"#);
    assert_snapshot!(told(with("ec2.amazonaws.com", INSTANCE, "on ec2")), @r#"{"__type":"ValidationError","message":"Role: it is no name and no ARN of a role"}"#);
    assert_snapshot!(told(with("ec2.amazonaws.com", INSTANCE, "arn:aws:iam::432797229265:user/bot")), @r#"{"__type":"ValidationError","message":"arn:aws:iam::432797229265:user/bot is invalid"}"#);
    assert_snapshot!(told(with("ec2.amazonaws.com", INSTANCE, "nobody")), @r#"{"__type":"NoSuchEntity","message":"The role arn:aws:iam::432797229265:role/nobody cannot be found."}"#);
    assert_snapshot!(told(json!({ "Service": "ec2.amazonaws.com", "ResourceArn": INSTANCE })), @r#"{"__type":"ValidationError","message":"Role is missing"}"#);
    // What the server says of a service, nobody else says.
    let mut said = with("ec2.amazonaws.com", INSTANCE, "on-ec2");
    said["SourceArn"] = json!(OTHER_INSTANCE);
    assert_snapshot!(told(said), @r#"{"__type":"ValidationError","message":"The request has no member SourceArn; it has Service, ResourceArn, Role"}"#);
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
        let told = refused.text();
        assert!(told.contains("iam:PassRole on resource: arn:aws:iam::432797229265:role/on-ec2"));
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

    // That it is a service is the server's to say, and the address of whoever asks is not the service's.
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
        let answer = world.attach(&root, OTHER_INSTANCE, name);
        assert_eq!(code(&answer), verdict, "{name}");
        if answer.status == 200 {
            world.detach(OTHER_INSTANCE).accepted();
        }
    }
}

#[test]
fn attached_credentials_need_permission_on_the_resource() {
    let world = World::with_service_roles(Launch::two_accounts());
    let root = Bowline::root();
    for resource in [INSTANCE, OTHER_INSTANCE] {
        world.attach(&root, resource, "on-ec2").accepted();
    }
    let broker = allow(&["bowline:GetAttachedCredentials"], &[INSTANCE]);
    let broker = world.user("broker", Some(broker));
    let nobody = world.user("nobody", None);
    let bot = world.bot();
    let own = issued(world.issue(&broker, INSTANCE));
    for (who, resource) in [
        (&broker, OTHER_INSTANCE),
        (&nobody, INSTANCE),
        (&bot, INSTANCE),
        // Not even by the instance's own credentials.
        (&own, INSTANCE),
        (&Bowline::other_root(), INSTANCE),
    ] {
        let refused = world.issue(who, resource);
        assert_eq!(code(&refused), "AccessDenied", "{}", refused.text());
    }
    assert_snapshot!(world.issue(&Bowline::other_root(), INSTANCE).text(), @r#"{"__type":"AccessDenied","message":"User: arn:aws:iam::111122223333:root is not authorized to perform: bowline:GetAttachedCredentials on resource: arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60718"}"#);
    // Whether there is an attachment is not told to strangers either.
    let absent = INSTANCE.replace("0718", "0000");
    let words = |text: String| text.replace(&absent, INSTANCE);
    assert_eq!(
        words(world.issue(&Bowline::other_root(), &absent).text()),
        world.issue(&Bowline::other_root(), INSTANCE).text()
    );
    assert_eq!(code(&world.issue(&root, &absent)), "NoSuchEntity");
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
        // Another's role on one's own resource, one's own role on another's, and another's on another's.
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
fn no_client_can_act_as_a_service() {
    let world = world();
    let root = Bowline::root();
    world.attach(&root, INSTANCE, "on-ec2").accepted();
    let all = allow(&["*"], &["*"]);
    let admin = world.user("ec2.amazonaws.com", Some(all));
    let arn = role_arn("on-ec2");
    let asked = [
        ("RoleArn", &*arn),
        ("RoleSessionName", "i-0a1b2c3d4e5f60718"),
    ];
    let plain = query("sts", "AssumeRole", &asked);
    assert_eq!(world.send(&admin, "sts", plain.clone()).status, 403);
    for (name, value) in [
        ("x-amz-source-arn", INSTANCE),
        ("x-amz-source-account", ACCOUNT),
        ("x-amz-invoked-by", "ec2.amazonaws.com"),
        ("x-amzn-service-principal", "ec2.amazonaws.com"),
        ("x-bowline-service", "ec2.amazonaws.com"),
        ("user-agent", "ec2.amazonaws.com"),
        ("x-forwarded-for", "ec2.amazonaws.com"),
    ] {
        let request = plain.clone().header(name, value);
        let refused = world.send(&admin, "sts", request);
        assert_eq!(refused.status, 403, "{name}: {}", refused.text());
    }
    for more in [
        ("Service", "ec2.amazonaws.com"),
        ("Principal", "ec2.amazonaws.com"),
        ("SourceArn", INSTANCE),
        ("SourceIdentity", "ec2.amazonaws.com"),
    ] {
        let asked = [&asked[..], &[more]].concat();
        let refused = world.sts(&admin, "AssumeRole", &asked);
        // What AssumeRole has no member for is not read, and what it has is not served.
        let code = refused.element("Code").unwrap();
        assert!(
            matches!(&*code, "AccessDenied" | "ValidationError"),
            "{more:?}: {}",
            refused.text()
        );
    }
    for id in ["ec2.amazonaws.com", "ec2_amazonaws_com_key", "AWSService"] {
        let keys = Keys {
            access_key_id: id.to_owned(),
            ..root.clone()
        };
        let refused = world.send(&keys, "sts", plain.clone());
        let code = refused.element("Code").unwrap();
        assert!(
            matches!(&*code, "InvalidClientTokenId" | "IncompleteSignature"),
            "{id}: {}",
            refused.text()
        );
    }
    // A signature for the service's own name is for no service here.
    let refused = world.send(&admin, "ec2", plain);
    assert!(matches!(refused.status, 400 | 403), "{}", refused.text());
    let played = world.audit().into_iter();
    let played = played.filter(|record| record["userIdentity"]["type"] == "AWSService");
    assert_eq!(played.count(), 0);
    // The session that the service has got does not get another by it.
    let session = issued(world.issue(&root, INSTANCE));
    let again = world.sts(&session, "AssumeRole", &asked);
    assert_eq!(again.status, 403);
}

#[test]
fn trust_is_evaluated_for_every_request() {
    let world = world();
    let root = Bowline::root();
    world.attach(&root, INSTANCE, "on-ec2").accepted();
    let update = |service: &str| {
        let trust = trust(service, &json!({})).to_string();
        world
            .iam(
                "UpdateAssumeRolePolicy",
                &[("RoleName", "on-ec2"), ("PolicyDocument", &trust)],
            )
            .accepted();
    };
    update("lambda.amazonaws.com");
    let refused = world.issue(&root, INSTANCE);
    assert_snapshot!(refused.text(), @r#"{"__type":"AccessDenied","message":"The role arn:aws:iam::432797229265:role/on-ec2 cannot be assumed by ec2.amazonaws.com."}"#);
    assert_snapshot!(world.explain(&refused)["reason"].as_str().unwrap(), @"no role trust policy allows it: statement 1 of `trust policy` asks for Principal lambda.amazonaws.com, the request has ec2.amazonaws.com");
    update("ec2.amazonaws.com");
    issued(world.issue(&root, INSTANCE));

    // Both are in the audit, as what the service did.
    let records = world.audit();
    let mut of_service = records
        .iter()
        .filter(|record| record["userIdentity"]["type"] == "AWSService");
    let denied = of_service.next().unwrap();
    assert_eq!(denied["errorCode"], "AccessDenied");
    assert!(denied["additionalEventData"]["explanation"]["decisions"].is_array());
    let mut done = of_service.next().unwrap().clone();
    let caller = records
        .iter()
        .find(|record| {
            record["requestID"] == done["requestID"] && record["eventSource"] == "bowline"
        })
        .unwrap();
    assert_eq!(caller["eventName"], "GetAttachedCredentials");
    assert_ne!(caller["eventID"], done["eventID"]);
    for differs in ["eventTime", "eventID", "requestID"] {
        done[differs].take();
    }
    insta::assert_json_snapshot!(done, @r#"
    {
      "awsRegion": "us-east-1",
      "eventCategory": "Management",
      "eventID": null,
      "eventName": "AssumeRole",
      "eventSource": "sts.amazonaws.com",
      "eventTime": null,
      "eventType": "AwsApiCall",
      "eventVersion": "1.11",
      "managementEvent": true,
      "readOnly": true,
      "recipientAccountId": "432797229265",
      "requestID": null,
      "requestParameters": {
        "durationSeconds": "21600",
        "roleArn": "arn:aws:iam::432797229265:role/on-ec2",
        "roleSessionName": "i-0a1b2c3d4e5f60718",
        "sourceArn": "arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60718"
      },
      "resources": [
        {
          "ARN": "arn:aws:iam::432797229265:role/on-ec2",
          "accountId": "432797229265"
        }
      ],
      "responseElements": {
        "assumedRoleUser": {
          "arn": "arn:aws:sts::432797229265:assumed-role/on-ec2/i-0a1b2c3d4e5f60718",
          "assumedRoleId": "[AROA]:i-0a1b2c3d4e5f60718"
        },
        "credentials": {
          "accessKeyId": "[ASIA]",
          "expiration": "[time]"
        }
      },
      "sourceIPAddress": "ec2.amazonaws.com",
      "userAgent": "ec2.amazonaws.com",
      "userIdentity": {
        "invokedBy": "ec2.amazonaws.com",
        "type": "AWSService"
      }
    }
    "#);
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

#[test]
fn later_requests_are_audited_with_the_resource_of_the_credentials() {
    let world = world();
    let root = Bowline::root();
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::insights/*",
            "Condition": { "ArnEquals": { "ec2:SourceInstanceARN": INSTANCE } },
        },
    });
    let policy = [
        ("RoleName", "on-ec2"),
        ("PolicyName", "write"),
        ("PolicyDocument", &*policy.to_string()),
    ];
    world.iam("PutRolePolicy", &policy).accepted();
    let status = |resource: &str| {
        world.attach(&root, resource, "on-ec2").accepted();
        let keys = issued(world.issue(&root, resource));
        let put = Request::put("/insights/written", "x");
        world.send(&keys, "s3", put).status
    };
    assert_eq!((status(INSTANCE), status(OTHER_INSTANCE)), (200, 403));
}

#[test]
fn no_secret_of_an_instance_is_written_to_disk() {
    let world = world();
    let root = Bowline::root();
    world.attach(&root, INSTANCE, "on-ec2").accepted();
    let keys = issued(world.issue(&root, INSTANCE));
    let written = fs::read_to_string(world.server.data().join("audit/audit.jsonl")).unwrap();
    assert!(written.contains(&keys.access_key_id));
    for secret in [keys.secret_access_key, keys.session_token.unwrap()] {
        assert!(!written.contains(&secret) && !world.server.log().contains(&secret));
    }
}

#[test]
fn boto3_renews_credentials_of_an_instance_through_a_profile() {
    let Some(clients) = clients() else { return };
    let world = world();
    world
        .attach(&Bowline::root(), INSTANCE, "on-ec2")
        .accepted();
    let broker = allow(&["bowline:GetAttachedCredentials"], &[INSTANCE]);
    let broker = world.user("broker", Some(broker));
    let home = world.server.home();
    let (config, credentials) = (home.join("config"), home.join("aws-credentials"));
    fs::write(
        &config,
        format!(
            "[profile app]\nregion = us-east-1\ncredential_process = {BINARY} service credentials --resource {INSTANCE} --profile broker\n"
        ),
    )
    .unwrap();
    fs::write(
        &credentials,
        format!(
            "[broker]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            broker.access_key_id, broker.secret_access_key
        ),
    )
    .unwrap();
    let files = [
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
        ("AWS_PROFILE", "app"),
    ];
    assert_snapshot!(clients.drive("credential_process.py", &world.server.url, None, &files), @"
    custom-process
    arn:aws:sts::432797229265:assumed-role/on-ec2/i-0a1b2c3d4e5f60718
    hello
    arn:aws:sts::432797229265:assumed-role/on-ec2/i-0a1b2c3d4e5f60718
    ");

    // Without a profile of its own the command would be asked for by itself: it says so and ends.
    let mut alone = command(&["service", "credentials", "--resource", INSTANCE]);
    let alone = alone
        .env("AWS_ENDPOINT_URL", &world.server.url)
        .envs(files)
        .output()
        .unwrap();
    assert_snapshot!(String::from_utf8_lossy(&alone.stderr), @"
    error: there are no credentials

    hint: point AWS_SHARED_CREDENTIALS_FILE at the `credentials` file of the server's data folder, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; with --profile, name a profile that has an access key
    ");
}

#[test]
fn attachments_survive_a_restart() {
    let mut world = World::with_service_roles(Launch::sqlite());
    let root = Bowline::root();
    world.attach(&root, INSTANCE, "on-ec2").accepted();
    world.attach(&root, FUNCTION, "on-lambda").accepted();
    world.detach(FUNCTION).accepted();
    let before = issued(world.issue(&root, INSTANCE));
    world.server.kill();
    world.server.restart();
    assert_eq!(world.resources(&root), [INSTANCE]);
    assert_eq!(
        arn(&world, &before),
        arn(&world, &issued(world.issue(&root, INSTANCE)))
    );
    assert_eq!(
        world.iam("DeleteRole", &[("RoleName", "on-ec2")]).status,
        409
    );
}

/// How many times the server is killed.
const KILLS: usize = 12;
const WRITERS: usize = 3;

#[test]
fn a_kill_leaves_no_incomplete_attachment() {
    let mut world = World::with_service_roles(Launch::sqlite());
    let (attached, detached) = (Mutex::new(HashSet::new()), Mutex::new(HashSet::new()));
    let next = AtomicUsize::new(0);
    let send = |port: u16, name: &str, input: Value| {
        let request = operator(name, &input);
        let request = Signer::new(&Bowline::root(), "bowline").sign(request, port);
        let answer = request.try_send(port);
        answer.is_some_and(|answer| answer.status == 200 && answer.body == b"{}")
    };
    for round in 0..KILLS {
        let stop = AtomicBool::new(false);
        let port = world.server.port;
        let before = attached.lock().unwrap().len();
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let arn = format!(
                            "arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-{number:017x}"
                        );
                        let input = json!({ "Service": "ec2.amazonaws.com", "ResourceArn": arn, "Role": "on-ec2" });
                        if !send(port, "AttachRole", input) {
                            continue;
                        }
                        // Every other one is detached again, of which no answer may come.
                        if number.is_multiple_of(2) {
                            attached.lock().unwrap().insert(arn);
                        } else if send(port, "DetachRole", json!({ "ResourceArn": arn })) {
                            detached.lock().unwrap().insert(arn);
                        }
                    }
                });
            }
            wait_for("attachments", Duration::from_secs(30), || {
                (attached.lock().unwrap().len() > before + round % 3).then_some(())
            });
            world.server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        world.server.restart();
        let there: HashSet<_> = world.resources(&Bowline::root()).into_iter().collect();
        let attached = attached.lock().unwrap();
        assert!(attached.is_subset(&there), "kill {round} lost one");
        assert!(detached.lock().unwrap().is_disjoint(&there));
        // Each that is there is whole: its role is found, and what it gives is good.
        for arn in there.iter().take(5) {
            issued(world.issue(&Bowline::root(), arn));
        }
    }
    // The role is free once all are detached: nothing counts that is not listed.
    let policy = [("RoleName", "on-ec2"), ("PolicyName", "read")];
    world.iam("DeleteRolePolicy", &policy).accepted();
    let delete = || world.iam("DeleteRole", &[("RoleName", "on-ec2")]).status;
    assert_eq!(delete(), 409);
    for arn in world.resources(&Bowline::root()) {
        world.detach(&arn).accepted();
    }
    assert_eq!(delete(), 200);
}
