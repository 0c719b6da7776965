//! Unmodified clients: boto3 and the AWS CLI, configured only by their own variables.

mod iam;
mod s3;

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

/// A world whose role may also list the account's buckets, and a token file with a line end, as
/// some tools leave one.
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
    fs::write(&file, format!("{}\n", world.issuer.valid_token())).unwrap();
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
fn boto3_rereads_the_token_file_when_its_credentials_expire() {
    let Some((clients, world, file)) = scene() else {
        return;
    };
    let stranger = world
        .issuer
        .token()
        .claim("sub", "system:serviceaccount:gbot-dev:other")
        .sign(&world.issuer.key);
    // It caches credentials in two variables until they expire. Then the file has a token that the
    // role does not trust.
    let script = "import boto3, os\nfrom datetime import datetime, timezone\ns = boto3.Session()\nwho = lambda: s.client('sts').get_caller_identity()['Arn']\nprint(who())\nopen(os.environ['AWS_WEB_IDENTITY_TOKEN_FILE'], 'w').write(os.environ['NEXT'])\nprint(who())\nc = s.get_credentials()\nc._refresh_using.__self__._cache.clear()\nc._expiry_time = datetime(2000, 1, 1, tzinfo=timezone.utc)\ntry: print(who())\nexcept Exception as e: print(e.response['Error']['Code'])";
    let role = role_arn("bot");
    let mut variables = pod(&file, &role);
    variables.push(("NEXT", &stranger));
    assert_snapshot!(clients.python(script, &world.server.url, &variables), @"
    arn:aws:sts::432797229265:assumed-role/bot/pod
    arn:aws:sts::432797229265:assumed-role/bot/pod
    AccessDenied
    ");
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
        let arn = aws(&[
            "sts",
            "get-caller-identity",
            "--query",
            "Arn",
            "--output",
            "text",
        ]);
        assert_eq!(arn, "arn:aws:sts::432797229265:assumed-role/bot/pod\n");
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
fn the_aws_cli_creates_what_a_pod_needs() {
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
    assert_snapshot!(aws(&["iam", "get-role", "--role-name", "bot", "--query", "Role.AssumeRolePolicyDocument.Statement[0].Action"]), @r#""sts:AssumeRoleWithWebIdentity""#);
}

#[test]
fn iam_and_sts_accept_every_member_that_asks_for_nothing() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    let printed = clients.drive(
        "nothing_asked.py",
        &world.server.url,
        Some(&Bowline::root()),
        &[],
    );
    assert_snapshot!(printed, @"
    CreateUser Path Tags
    CreateAccessKey
    CreateRole Path Description MaxSessionDuration Tags
    UpdateRole Description MaxSessionDuration
    CreatePolicy Path Description Tags
    CreateInstanceProfile Path Tags
    CreateOpenIDConnectProvider ClientIDList ThumbprintList Tags
    UpdateOpenIDConnectProviderThumbprint
    AttachRolePolicy
    ListAccessKeys MaxItems
    ListAttachedUserPolicies PathPrefix MaxItems
    ListUserPolicies MaxItems
    GetUser
    ListAttachedRolePolicies PathPrefix MaxItems
    ListRolePolicies MaxItems
    ListInstanceProfilesForRole MaxItems
    GetRole
    ListUsers PathPrefix MaxItems
    ListRoles PathPrefix MaxItems
    ListPolicies Scope OnlyAttached PathPrefix MaxItems
    ListInstanceProfiles PathPrefix MaxItems
    ListOpenIDConnectProviders
    AssumeRole PolicyArns DurationSeconds Tags TransitiveTagKeys
    GetCallerIdentity
    ");
}

#[test]
fn boto3_calls_every_object_operation() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    assert_snapshot!(clients.drive("s3_objects.py", &world.server.url, Some(&Bowline::root()), &[]), @r#"
    create_bucket Bucket=docs
      {"Location": "/docs"}
    create_bucket Bucket=docs
      {"Location": "/docs"}
    ['docs', 'insights']
    head_bucket 200
    head_bucket Bucket=nowhere
      404 404: Not Found
    get_bucket_location Bucket=docs
      {"LocationConstraint": null}
    put_object Bucket=docs Key=a b/ü+c.txt Body=(bytes) ContentType=text/x-test Metadata={"k": "v"} CacheControl=no-cache
      {"ChecksumCRC32": "NhCmhg==", "ChecksumType": "FULL_OBJECT", "ETag": "\"5d41402abc4b2a76b9719d911017c592\""}
    get_object {'Bucket': 'docs', 'Key': 'a b/ü+c.txt'} -> 200 b'hello' of 5, text/x-test, {'k': 'v'}, "5d41402abc4b2a76b9719d911017c592"
    get_object {'Bucket': 'docs', 'Key': 'a b/ü+c.txt', 'Range': 'bytes=1-3'} -> 206 b'ell' of 3, text/x-test, {'k': 'v'}, "5d41402abc4b2a76b9719d911017c592"
    5 text/x-test {'k': 'v'} no-cache True
    get_object Bucket=docs Key=none
      404 NoSuchKey: The specified key does not exist.
    head_object Bucket=docs Key=none
      404 404: Not Found
    put_object Bucket=nowhere Key=a Body=(bytes)
      404 NoSuchBucket: The specified bucket does not exist
    put_object Bucket=docs Key=stream Body=(BytesIO)
      {"ChecksumCRC32": "BNDkNQ==", "ChecksumType": "FULL_OBJECT", "ETag": "\"c35cc7d8d91728a0cb052831bc4ef372\""}
    get_object {'Bucket': 'docs', 'Key': 'stream'} -> 200 b'\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13' of 1048576, binary/octet-stream, {}, "c35cc7d8d91728a0cb052831bc4ef372"
    True
    put_object Bucket=docs Key=empty Body=(bytes)
      {"ChecksumCRC32": "AAAAAA==", "ChecksumType": "FULL_OBJECT", "ETag": "\"d41d8cd98f00b204e9800998ecf8427e\""}
    get_object {'Bucket': 'docs', 'Key': 'empty'} -> 200 b'' of 0, binary/octet-stream, {}, "d41d8cd98f00b204e9800998ecf8427e"
    [['many/0/00', 'many/0/03', 'many/0/06', 'many/0/09', 'many/1/01'], ['many/1/04', 'many/1/07', 'many/1/10', 'many/2/02', 'many/2/05'], ['many/2/08', 'many/2/11']]
    ['a b/', 'many/'] ['empty', 'stream']
    ['many/0/', 'many/1/', 'many/2/']
    ['many/2/08', 'many/2/11', 'stream']
    0
    delete_bucket Bucket=docs
      409 BucketNotEmpty: The bucket you tried to delete is not empty
    delete_object 204
    delete_bucket 204
    delete_bucket Bucket=docs
      404 NoSuchBucket: The specified bucket does not exist
    "#);
}

#[test]
fn a_large_object_is_streamed_in_constant_memory() {
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
    assert_snapshot!(clients.drive("s3_large.py", &world.server.url, Some(&Bowline::root()), &[]), @"equal");
    let grown = (peak() - before) / 1024;
    assert!(grown < 32, "an object of 96 MiB took {grown} MiB");
}
