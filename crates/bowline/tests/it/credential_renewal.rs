//! A client renews its credentials over several hours. `faketime` moves the clock of the client and
//! of the server, which has no setting for its clock.

use std::fs;
use std::process::Command;

use insta::assert_snapshot;

use crate::support::bowline::{BINARY, Bowline, Launch};
use crate::support::inherited::clock_offset;
use crate::support::installed::or_skip;
use crate::support::issuer::Issuer;
use crate::support::python::clients;
use crate::support::wait::now;
use crate::support::world::{World, role_arn};

/// What loads the library into a process, as `faketime` itself would have it.
fn preload() -> Option<String> {
    let shown = Command::new("faketime")
        .args(["-f", "+0s", "printenv", "LD_PRELOAD"])
        .output();
    let found = shown.ok().filter(|shown| shown.status.success());
    let found = found.map(|shown| String::from_utf8(shown.stdout).unwrap().trim().to_owned());
    or_skip(found, "faketime")
}

#[test]
fn boto3_caches_its_credentials_and_renews_them_before_they_expire() {
    let (Some(clients), Some(preload)) = (clients(), preload()) else {
        return;
    };
    let folder = tempfile::TempDir::new().unwrap();
    let clock = folder.path().join("clock");
    let start = clock_offset();
    fs::write(&clock, format!("{start:+}s\n")).unwrap();
    // Names and values live as long as the process, as those of any launch do.
    let clock = [
        ("LD_PRELOAD", preload),
        ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
        // The file is read at each look at the clock. The monotonic clock is not faked, or waits
        // would never end.
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
    .map(|(name, value)| (name, &*value.leak()));
    let launch = Launch {
        variables: clock.to_vec(),
        ..Launch::default()
    };
    let world = World::without_roles(launch, Issuer::start());
    world.add_role("bot");
    // A kubelet would renew the token meanwhile. This one is good for as long as the test looks.
    let token = world.issuer.token().claim("exp", now() + 24 * 3600);
    let file = world.server.home().join("token");
    fs::write(&file, token.sign(&world.issuer.key)).unwrap();

    let role = role_arn("bot");
    let start = start.to_string();
    let ops = format!("http://127.0.0.1:{}", world.server.ops_port);
    let mut variables = vec![
        ("AWS_ROLE_ARN", role.as_str()),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap()),
        ("AWS_ROLE_SESSION_NAME", "pod"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("OPS_URL", &ops),
        ("CLOCK_START", &start),
    ];
    variables.extend(clock);
    // The SDK renews them a quarter of an hour before they expire, while the old ones are valid.
    assert_snapshot!(clients.drive("renewal.py", &world.server.url, None, &variables), @"
    minute 0: STS asked 1, credentials 1, those of before none
    minute 1: STS asked 1, credentials 1, those of before none
    minute 30: STS asked 1, credentials 1, those of before none
    minute 44: STS asked 1, credentials 1, those of before none
    minute 46: STS asked 2, credentials 2, those of before good
    minute 59: STS asked 2, credentials 2, those of before good
    minute 61: STS asked 2, credentials 2, those of before ExpiredToken
    minute 89: STS asked 2, credentials 2, those of before ExpiredToken
    minute 92: STS asked 3, credentials 3, those of before ExpiredToken, good
    minute 240: STS asked 4, credentials 4, those of before ExpiredToken, ExpiredToken, ExpiredToken
    ");
}

/// As docs/clients.md says.
#[test]
fn clients_keep_a_revoked_session_until_they_are_told_to_get_another() {
    let Some(clients) = clients() else {
        return;
    };
    let world = World::new();
    let file = world.server.home().join("token");
    fs::write(&file, world.issuer.token().sign(&world.issuer.key)).unwrap();
    let config = world.server.home().join("config");
    let role = role_arn("bot");
    let profile = format!(
        "[profile pod]\nrole_arn = {role}\nweb_identity_token_file = {}\n",
        file.display()
    );
    fs::write(&config, profile).unwrap();
    let root = Bowline::root();
    let shown = clients.drive(
        "ended_session.py",
        &world.server.url,
        None,
        &[
            ("BOWLINE", BINARY),
            ("ROOT_ID", &root.access_key_id),
            ("ROOT_SECRET", &root.secret_access_key),
            ("ROLE_ARN", &role),
            ("TOKEN_FILE", file.to_str().unwrap()),
            ("PROFILE_FILE", config.to_str().unwrap()),
            ("HOME", world.server.home().to_str().unwrap()),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ],
    );
    assert_snapshot!(shown, @"
    boto3, before: s3 good, sts good, dynamodb AccessDeniedException
    aws of the variables, before: good
    aws of a profile, before: good
    boto3, after: s3 ExpiredToken, sts ExpiredToken, dynamodb ExpiredTokenException
    boto3, once more: s3 ExpiredToken, sts ExpiredToken, dynamodb ExpiredTokenException
    boto3, a new session: s3 good, sts good, dynamodb AccessDeniedException
    aws of the variables, after: ExpiredToken
    aws of a profile, after: ExpiredToken
    aws of a profile, without its cache: good
    ");
}
