//! `bowline doctor` and `bowline status`: what an operator looks at first.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::bowline::{Bowline, Launch, command};
use crate::support::issuer::Issuer;
use crate::support::keys::Keys;
use crate::support::world::{World, show_ids_as_words};

/// What a command prints, without what depends on the machine, and its exit code if it fails.
fn said(mut command: std::process::Command) -> String {
    let output = command.output().unwrap();
    let mut said = String::from_utf8(output.stdout).unwrap();
    said.push_str(&String::from_utf8(output.stderr).unwrap());
    let of_the_machine = ["  open files", "  disk ", "LimitNOFILE", "  connections  "];
    let lines = said
        .lines()
        .filter(|line| !of_the_machine.iter().any(|part| line.contains(part)));
    let said = lines.collect::<Vec<_>>().join("\n");
    match output.status.code() {
        Some(0) => said,
        code => format!("exit {}\n{said}", code.unwrap()),
    }
}

/// `bowline doctor` over a folder, with free ports.
fn doctor(folder: &str, more: &[&str]) -> String {
    let free = ["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
    said(command(
        &[&["doctor", "--data", folder], &free[..], more].concat(),
    ))
}

#[test]
fn doctor_says_what_a_start_would_run_into() {
    let _shown = show_ids_as_words();
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let folder = data.to_str().unwrap();
    assert_snapshot!(doctor(folder, &[]), @"
    exit 1
    ok       settings     they can be read
    failed   data folder  there is no server in `[folder]/data`
                          hint: check the path; `bowline init --data DIR` makes a new server
    ok       clock        [time]
    ok       listener     127.0.0.1:0 is free
    ok       listener     127.0.0.1:0 is free
    ");
    assert!(
        command(&["init", "--data", folder])
            .output()
            .unwrap()
            .status
            .success()
    );
    assert_snapshot!(doctor(folder, &[]), @"
    ok       settings     they can be read
    ok       data folder  `[folder]/data`; no server runs over it
    ok       master key   `[folder]/data/master.key`; keep a copy elsewhere
    ok       clock        [time]
    ok       listener     127.0.0.1:0 is free
    ok       listener     127.0.0.1:0 is free
    ");

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_snapshot!(doctor(folder, &["--listen", &address]), @"
    exit 1
    ok       settings     they can be read
    ok       data folder  `[folder]/data`; no server runs over it
    ok       master key   `[folder]/data/master.key`; keep a copy elsewhere
    ok       clock        [time]
    failed   listener     127.0.0.1:[port]: Address already in use (os error 98)
                          hint: give another address with --listen and --ops-listen
    ok       listener     127.0.0.1:0 is free
    ");
    assert_snapshot!(doctor(folder, &["--listen", "0.0.0.0:0"]), @"
    exit 1
    ok       settings     they can be read
    ok       data folder  `[folder]/data`; no server runs over it
    ok       master key   `[folder]/data/master.key`; keep a copy elsewhere
    ok       clock        [time]
    failed   listeners    the listener `0.0.0.0:0` can be reached from other machines, and there is no TLS
                          hint: listen on 127.0.0.1, or let a proxy end TLS in front of it and say so with --tls terminated
    ok       listener     0.0.0.0:0 is free
    ok       listener     127.0.0.1:0 is free
    ");
    assert_snapshot!(doctor(folder, &["--tls", "terminated"]), @"
    ok       settings     they can be read
    ok       data folder  `[folder]/data`; no server runs over it
    ok       master key   `[folder]/data/master.key`; keep a copy elsewhere
    ok       clock        [time]
    warning  listeners    TLS ends in front of the server, and no proxy is trusted: aws:SourceIp is the proxy's address, and aws:SecureTransport is false
                          hint: name the proxy with --trusted-proxy
    ok       listener     127.0.0.1:0 is free
    ok       listener     127.0.0.1:0 is free
    ");

    fs::set_permissions(data.join("master.key"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_snapshot!(doctor(folder, &[]), @"
    exit 1
    ok       settings     they can be read
    ok       data folder  `[folder]/data`; no server runs over it
    failed   master key   the master key is not safe: `[folder]/data/master.key` is accessible to all users of this machine (mode 0644)
                          hint: take the access of other users away, as with chmod o-rwx
    ok       clock        [time]
    ok       listener     127.0.0.1:0 is free
    ok       listener     127.0.0.1:0 is free
    ");
    fs::remove_file(data.join("master.key")).unwrap();
    assert_snapshot!(doctor(folder, &[]), @"
    exit 1
    ok       settings     they can be read
    ok       data folder  `[folder]/data`; no server runs over it
    failed   master key   using the master key file `[folder]/data/master.key`: No such file or directory (os error 2)
                          hint: without its master key the data cannot be opened: put the copy of master.key back, or name it with --master-key-file
    ok       clock        [time]
    ok       listener     127.0.0.1:0 is free
    ok       listener     127.0.0.1:0 is free
    ");
    fs::write(data.join("bowline.toml"), "listen = 1").unwrap();
    assert_snapshot!(doctor(folder, &[]), @r#"
    exit 1
    failed   settings     `[folder]/data/bowline.toml` is not a configuration: line 1, column 10: invalid type: integer `1`, expected socket address
                          hint: for example: listen = "127.0.0.1:[port]"
    "#);
}

#[test]
fn doctor_notices_a_clock_that_was_set_back() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let folder = data.to_str().unwrap();
    assert!(
        command(&["init", "--data", folder])
            .output()
            .unwrap()
            .status
            .success()
    );
    let revision = fs::File::open(data.join("store-revision")).unwrap();
    let written = revision.metadata().unwrap().modified().unwrap();
    revision
        .set_modified(written + Duration::from_hours(1))
        .unwrap();
    let said = doctor(folder, &[]);
    assert!(said.contains("failed   clock"), "{said}");
    assert!(said.contains("the clock was set back"), "{said}");
}

/// `bowline doctor` about a running server.
fn about(server: &Bowline, keys: Option<&Keys>, more: &[&str]) -> String {
    let ops = format!("127.0.0.1:{}", server.ops_port);
    let data = server.home().join("data");
    let arguments = [
        &[
            "doctor",
            "--data",
            data.to_str().unwrap(),
            "--ops-listen",
            &ops,
        ][..],
        &["--endpoint", &server.url],
        more,
    ];
    let mut command = command(&arguments.concat());
    if let Some(keys) = keys {
        command
            .env("AWS_ACCESS_KEY_ID", &keys.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &keys.secret_access_key);
    }
    said(command)
}

#[test]
fn doctor_asks_a_running_server_for_its_readiness_and_its_issuers() {
    let _shown = show_ids_as_words();
    let world = World::without_roles(Launch::default(), Issuer::start());
    assert_snapshot!(about(&world.server, None, &[]), @"
    ok       settings     they can be read
    ok       data folder  `[folder]/data`, in use by a running server
    ok       master key   from the settings of the running server
    ok       clock        [time]
    ok       listener     127.0.0.1:[port], of the running server
    ok       listener     127.0.0.1:[port], of the running server
    ok       readiness    ready
    warning  providers    not checked: there are no credentials
                          hint: point AWS_SHARED_CREDENTIALS_FILE at the `credentials` file of the server's data folder, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; with --profile, name a profile that has an access key
    ");
    assert_snapshot!(about(&world.server, Some(&Bowline::root()), &[]), @"
    ok       settings     they can be read
    ok       data folder  `[folder]/data`, in use by a running server
    ok       master key   from the settings of the running server
    ok       clock        [time]
    ok       listener     127.0.0.1:[port], of the running server
    ok       listener     127.0.0.1:[port], of the running server
    ok       readiness    ready
    ok       provider     localhost:[port]: its keys were fetched now, and are fresh until [time]
    ");
    let world = World::without_roles(Launch::default(), Issuer::start());
    world.issuer.stop_responding();
    let said = about(&world.server, Some(&Bowline::root()), &["--output", "json"]);
    let said: Value = serde_json::from_str(said.trim_start_matches("exit 1")).unwrap();
    let checks = said.as_array().unwrap();
    let provider = checks.iter().find(|check| check["name"] == "provider");
    assert_eq!(provider.unwrap()["verdict"], "failed", "{said}");
}

#[test]
fn status_says_whether_a_server_is_ready_and_what_is_in_use() {
    let _shown = show_ids_as_words();
    let world = World::new();
    let status = |more: &[&str]| said(command(&[&["status"], more].concat()));
    let ops = format!("http://127.0.0.1:{}", world.server.ops_port);
    assert_snapshot!(status(&["--ops", &ops]), @"
    ready
      identity data  1 roles, 7 index revision, 0 accounts near quota
      issuers        0 oidc fetches, 0 oidc failed fetches
      damage         0 damaged objects, 0 damaged table files
      quotas         0 quota refusals
    ");
    let read = status(&["--ops", &ops, "--output", "json"]);
    let read: Value = serde_json::from_str(&read).unwrap();
    assert_eq!(read["ready"], true);
    assert!(read["metrics"]["roles"].is_u64(), "{read}");
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let unused = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    assert_snapshot!(status(&["--ops", &unused]), @"
    exit 1
    error: no response from http://127.0.0.1:[port]
    caused by: Connection refused (os error 111)

    hint: is the server running? --ops names its listener for health and metrics, `ops_listen` in its settings
    ");
}
