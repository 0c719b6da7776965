//! Roles of services: who may attach them, who gets their credentials, and that no client can act
//! as a service.

mod attach;
mod durability;

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

/// The credentials in a response of `GetAttachedCredentials`.
#[track_caller]
fn issued(response: Response) -> Keys {
    let response: Value = serde_json::from_slice(&response.accepted().body).unwrap();
    let text = |name: &str| response["Credentials"][name].as_str().unwrap().to_owned();
    Keys {
        access_key_id: text("AccessKeyId"),
        secret_access_key: text("SecretAccessKey"),
        session_token: Some(text("SessionToken")),
    }
}

/// The code of an error, or the status.
fn code(response: &Response) -> String {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let code = body["__type"].as_str();
    code.map_or_else(|| response.status.to_string(), str::to_owned)
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
    // Other callers do not learn whether there is an attachment.
    let absent = INSTANCE.replace("0718", "0000");
    let words = |text: String| text.replace(&absent, INSTANCE);
    assert_eq!(
        words(world.issue(&Bowline::other_root(), &absent).text()),
        world.issue(&Bowline::other_root(), INSTANCE).text()
    );
    assert_eq!(code(&world.issue(&root, &absent)), "NoSuchEntity");
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
            "[profile app]\nregion = us-east-1\ncredential_process = \"{BINARY}\" service credentials --resource {INSTANCE} --profile broker\n"
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

    // Without a profile of its own the command would run itself: it reports this and ends.
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
