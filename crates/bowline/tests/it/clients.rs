//! Unmodified clients: boto3 and the AWS CLI, configured by their own variables and nothing else.

use std::fs;

use insta::assert_snapshot;

use crate::support::bowline::Bowline;
use crate::support::http::Request;
use crate::support::python::{Clients, clients};
use crate::support::world::{World, allow, role_arn};

const WHO: &str = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])";

/// The variables that a pod gets.
fn pod<'v>(token_file: &'v str, role: &'v str) -> Vec<(&'static str, &'v str)> {
    vec![
        ("AWS_ROLE_ARN", role),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token_file),
        ("AWS_ROLE_SESSION_NAME", "pod"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ]
}

/// A world whose role may also list the account's buckets, and a token file with a line end, as some tools leave one.
fn scene() -> Option<(Clients, World, String)> {
    let clients = clients()?;
    let world = World::new();
    let list = allow(&["s3:ListAllMyBuckets"], &["*"]).to_string();
    world
        .iam(
            "PutRolePolicy",
            &[
                ("RoleName", "bot"),
                ("PolicyName", "list"),
                ("PolicyDocument", &list),
            ],
        )
        .accepted();
    let file = world.server.home().join("token");
    fs::write(&file, format!("{}\n", world.issuer.good())).unwrap();
    let file = file.to_str().unwrap().to_owned();
    Some((clients, world, file))
}

#[test]
fn boto3_finds_its_credentials_from_the_environment() {
    let Some((clients, world, file)) = scene() else {
        return;
    };
    let role = role_arn("bot");
    for url in [
        world.server.url.clone(),
        format!("http://localhost:{}", world.server.port),
    ] {
        let arn = clients.python(WHO, &url, &pod(&file, &role));
        assert_eq!(
            arn, "arn:aws:sts::432797229265:assumed-role/bot/pod\n",
            "{url}"
        );
    }
}

#[test]
fn boto3_exchanges_its_token_once_for_many_calls() {
    let Some((clients, world, file)) = scene() else {
        return;
    };
    let script = "import boto3\ns = boto3.Session()\nfor n in range(5): s.client('s3').put_object(Bucket='insights', Key=f'bot/{n}', Body=b'x')\nprint(len(s.client('s3').list_objects_v2(Bucket='insights', Prefix='bot/')['Contents']))";
    assert_eq!(
        clients.python(script, &world.server.url, &pod(&file, &role_arn("bot"))),
        "5\n"
    );
    let audit = fs::read_to_string(world.server.data().join("audit/audit.jsonl")).unwrap();
    assert_eq!(audit.matches("\"AssumeRoleWithWebIdentity\"").count(), 1);
}

#[test]
fn boto3_reads_the_token_file_again_when_it_is_rotated() {
    let Some((clients, world, file)) = scene() else {
        return;
    };
    let role = role_arn("bot");
    let first = clients.python(WHO, &world.server.url, &pod(&file, &role));
    let rotated = world
        .issuer
        .token()
        .claim("jti", "rotated")
        .sign(&world.issuer.key);
    fs::write(&file, rotated).unwrap();
    assert_eq!(
        first,
        clients.python(WHO, &world.server.url, &pod(&file, &role))
    );
}

#[test]
fn the_aws_cli_works_as_in_a_pod() {
    let Some((clients, world, file)) = scene() else {
        return;
    };
    let role = role_arn("bot");
    let pod = pod(&file, &role);
    let copied = world.server.home().join("copied");
    let copied = copied.to_str().unwrap();
    for url in [
        world.server.url.clone(),
        format!("http://localhost:{}", world.server.port),
    ] {
        let aws = |args: &[&str]| clients.aws(args, &url, None, &pod);
        assert_snapshot!(aws(&["sts", "get-caller-identity", "--query", "Arn"]), @"");
        assert!(aws(&["s3", "ls"]).ends_with(" insights\n"));
        aws(&["s3", "cp", &file, "s3://insights/bot/copy"]);
        assert!(aws(&["s3", "ls", "s3://insights/bot/"]).ends_with(" copy\n"));
        aws(&["s3", "cp", "s3://insights/bot/copy", copied]);
        assert_eq!(fs::read(copied).unwrap(), fs::read(&file).unwrap());
        aws(&["s3", "rm", "s3://insights/bot/copy"]);
        assert_eq!(
            aws(&[
                "s3api",
                "list-objects-v2",
                "--bucket",
                "insights",
                "--prefix",
                "bot/",
                "--query",
                "Contents"
            ]),
            "null\n"
        );
    }
}

#[test]
fn the_aws_cli_makes_what_a_pod_needs() {
    let Some(clients) = clients() else { return };
    let world = World::without_roles(
        crate::support::bowline::Launch::default(),
        crate::support::issuer::Issuer::start(),
    );
    let root = Bowline::root();
    let aws = |args: &[&str]| clients.aws(args, &world.server.url, Some(&root), &[]);
    let trust = world.trust().to_string();
    aws(&[
        "iam",
        "create-role",
        "--role-name",
        "bot",
        "--assume-role-policy-document",
        &trust,
    ]);
    let policy = allow(&["s3:*"], &["*"]).to_string();
    let arn = aws(&[
        "iam",
        "create-policy",
        "--policy-name",
        "all",
        "--policy-document",
        &policy,
        "--query",
        "Policy.Arn",
        "--output",
        "text",
    ]);
    aws(&[
        "iam",
        "attach-role-policy",
        "--role-name",
        "bot",
        "--policy-arn",
        arn.trim(),
    ]);
    aws(&["s3", "mb", "s3://made-by-cli"]);
    let bot = world.bot();
    world
        .send(&bot, "s3", Request::put("/made-by-cli/a", "x"))
        .accepted();
    assert_snapshot!(aws(&["iam", "get-role", "--role-name", "bot", "--query", "Role.AssumeRolePolicyDocument.Statement[0].Action"]), @"");
}

#[test]
fn boto3_works_through_every_operation_of_roles() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    assert_snapshot!(clients.drive("iam_roles.py", &world.server.url, Some(&Bowline::root()), &[]), @"");
}

#[test]
fn boto3_works_through_every_operation_of_users_and_keys() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    assert_snapshot!(clients.drive("iam_users.py", &world.server.url, Some(&Bowline::root()), &[]), @"");
}

#[test]
fn boto3_works_through_every_operation_of_policies() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    assert_snapshot!(clients.drive("iam_policies.py", &world.server.url, Some(&Bowline::root()), &[]), @"");
}

#[test]
fn boto3_works_through_every_operation_of_providers() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    assert_snapshot!(clients.drive("iam_providers.py", &world.server.url, Some(&Bowline::root()), &[]), @"");
}

#[test]
fn boto3_pages_through_lists() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    assert_snapshot!(clients.drive("iam_pages.py", &world.server.url, Some(&Bowline::root()), &[]), @"");
}

#[test]
fn boto3_works_through_objects() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    assert_snapshot!(clients.drive("s3_objects.py", &world.server.url, Some(&Bowline::root()), &[]), @"");
}

#[test]
fn a_large_object_takes_no_memory() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    let peak = || -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", world.server.pid())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let before = peak();
    assert_snapshot!(clients.drive("s3_large.py", &world.server.url, Some(&Bowline::root()), &[]), @"");
    let grown = (peak() - before) / 1024;
    assert!(grown < 32, "an object of 96 MiB took {grown} MiB");
}
