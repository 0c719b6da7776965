//! The start of a server: the files of `init`, valid configurations, and readiness.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use insta::assert_snapshot;
use tempfile::TempDir;

use crate::support::bowline::{Bowline, Launch, Running, command};
use crate::support::http::{Request, connect};
use crate::support::sign::Signer;
use crate::support::wait::wait_for;
use crate::support::world::show_ids_as_words;

/// Every file and folder under `folder`, sorted, with its permissions.
fn listing(folder: &Path) -> String {
    fn walk(folder: &Path, root: &Path, lines: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mode = fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o7777;
            lines.push(format!(
                "{} {mode:04o}",
                path.strip_prefix(root).unwrap().display()
            ));
            if path.is_dir() {
                walk(&path, root, lines);
            }
        }
    }
    let mut lines = Vec::new();
    walk(folder, folder, &mut lines);
    lines.sort();
    lines.join("\n")
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "exit {}\n{}{}",
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr)
    )
}

/// The same, without the random account id.
fn said_of_an_account(output: &Output) -> String {
    let said = said(output);
    let (before, after) = said.split_once("of account ").unwrap();
    assert!(after[..12].bytes().all(|byte| byte.is_ascii_digit()));
    format!("{before}of account [account]{}", &after[12..])
}

#[test]
fn the_ready_file_is_written_when_the_server_is_ready() {
    let server = Bowline::start();
    for path in ["/healthz", "/readyz"] {
        let response = Request::get(path).send(server.ops_port);
        assert_eq!(response.status, 200, "{path}: {}", response.text());
    }
    let metrics = Request::get("/metrics").send(server.ops_port).accepted();
    assert!(metrics.text().contains("# EOF"), "{}", metrics.text());
    // The endpoint for clients serves none of them.
    assert_ne!(Request::get("/metrics").send(server.port).status, 200);
}

#[test]
fn init_creates_a_folder_that_only_its_owner_can_read() {
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let _shown = show_ids_as_words();
    let output = command(&["init", "--data"]).arg(&data).output().unwrap();
    assert_snapshot!(said_of_an_account(&output), @"
    exit 0
    Created `[folder]/data`, readable by you alone.
    The root credentials of account [account] are in `[folder]/data/credentials`.
    Keep a copy of `[folder]/data/master.key` elsewhere: without it the data cannot be opened.

    Next: bowline serve --data [folder]/data
    ");
    assert_eq!(
        fs::metadata(&data).unwrap().permissions().mode() & 0o7777,
        0o700
    );
    assert_snapshot!(listing(&data), @"
    credentials 0600
    lock 0600
    master.key 0600
    server-id 0600
    store 0700
    store-revision 0600
    store/bowline.db 0600
    store/lock 0600
    ");
    // The AWS clients read this file: sections, keys, and nothing that the log shows too.
    let credentials = fs::read_to_string(data.join("credentials")).unwrap();
    let secret = credentials
        .lines()
        .find_map(|line| line.strip_prefix("aws_secret_access_key = "))
        .unwrap();
    assert!(!said(&output).contains(secret));
    assert_snapshot!(credentials.replace(secret, "[secret]"), @"
    [default]
    aws_access_key_id = [AKIA]
    aws_secret_access_key = [secret]
    ");
    let again = command(&["init", "--data"]).arg(&data).output().unwrap();
    assert!(!again.status.success());
    assert_snapshot!(said(&again), @"
    exit 1
    error: there is data in `[folder]/data` already

    hint: bowline serve --data [folder]/data
    ");
}

#[test]
fn only_the_owner_can_read_the_data_of_a_server() {
    let server = Bowline::launch(Launch::sqlite());
    for line in listing(&server.data()).lines() {
        let mode = line.rsplit(' ').next().unwrap();
        assert!(matches!(mode, "0700" | "0600"), "{line}");
    }
}

/// Starts `serve` with an invalid configuration: its output.
fn refused(config: &str, arguments: &[&str]) -> String {
    let home = TempDir::new().unwrap();
    let file = home.path().join("bowline.toml");
    fs::write(&file, config).unwrap();
    let output = command(&[
        "serve",
        "--store",
        "memory",
        "--listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
        "--config",
    ])
    .arg(&file)
    .arg("--data")
    .arg(home.path().join("data"))
    .args(arguments)
    .output()
    .unwrap();
    assert!(!output.status.success());
    said(&output)
}

#[test]
fn an_invalid_configuration_does_not_start() {
    let _shown = show_ids_as_words();
    assert_snapshot!(refused("[oidc]\nallow_nets = [\"10.0.0.0/8\"]\n", &[]), @r#"
    exit 1
    error: `[folder]/bowline.toml` is not a configuration
    caused by: line 2, column 1: unknown field `allow_nets`, expected one of `allow_networks`, `allow_loopback_issuers`, `fetches_per_host`, `fetches_per_account`

    hint: did you mean: allow_networks = ["10.0.0.0/8"]
    "#);
    assert_snapshot!(refused("listen = 9400\n", &[]), @r#"
    exit 1
    error: `[folder]/bowline.toml` is not a configuration
    caused by: line 1, column 10: invalid type: integer `9400`, expected socket address

    hint: for example: listen = "127.0.0.1:[port]"
    "#);
    assert_snapshot!(refused("[audit\n", &[]), @"
    exit 1
    error: `[folder]/bowline.toml` is not a configuration
    caused by: line 1, column 7: unclosed table, expected `]`
    ");
    assert_snapshot!(refused("[oidc]\nallow_networks = [\"10.0.0.0/33\"]\n", &[]), @"
    exit 1
    error: `[folder]/bowline.toml` is not a configuration
    caused by: line 2, column 18: `10.0.0.0/33` is not a network such as 10.0.0.0/8
    ");
    assert_snapshot!(refused("[[bootstrap.account]]\nid = \"1234\"\naccess_key_id = \"AKIAAAAAAAAAAAAAAAAA\"\nsecret_access_key = \"long enough for a secret\"\n", &[]), @r#"
    exit 1
    error: `[folder]/bowline.toml` is not a configuration
    caused by: line 2, column 6: account id does not have twelve digits

    hint: for example: id = "111122223333"
    "#);
    assert_snapshot!(refused("[[bootstrap.account]]\nid = \"111122223333\"\naccess_key_id = \"AKIAAAAAAAAAAAAAAAAA\"\nsecret_access_key = \"short\"\n", &[]), @"
    exit 1
    [time]  INFO Read the configuration in `[folder]/bowline.toml`
    error: the secret access key declared for account `111122223333` has fewer than 16 characters

    hint: declare a random one, such as `openssl rand -base64 30` makes
    ");
}

#[test]
fn a_listener_that_other_machines_can_reach_needs_tls() {
    let _shown = show_ids_as_words();
    assert_snapshot!(refused("", &["--listen", "0.0.0.0:0"]), @"
    exit 1
    [time]  INFO Read the configuration in `[folder]/bowline.toml`
    error: the listener `0.0.0.0:0` can be reached from other machines, and there is no TLS

    hint: listen on 127.0.0.1, or let a proxy end TLS in front of it and say so with --tls terminated
    ");
    assert_snapshot!(refused("", &["--ops-listen", "0.0.0.0:0"]), @"
    exit 1
    [time]  INFO Read the configuration in `[folder]/bowline.toml`
    error: the listener `0.0.0.0:0` can be reached from other machines, and there is no TLS

    hint: listen on 127.0.0.1, or let a proxy end TLS in front of it and say so with --tls terminated
    ");
}

#[test]
fn a_declared_account_is_created_once() {
    let mut server = Bowline::launch(Launch::sqlite());
    let whoami = |server: &Bowline| {
        let request = crate::support::world::query("sts", "GetCallerIdentity", &[]);
        Signer::new(&Bowline::root(), "sts")
            .sign(request, server.port)
            .send(server.port)
            .verdict()
    };
    assert_eq!(whoami(&server), "200");
    server.kill();
    server.restart();
    assert_eq!(whoami(&server), "200");
    let log = server.log();
    assert!(
        log.contains("432797229265") && log.to_lowercase().contains("warn"),
        "no warning in:\n{log}"
    );
}

#[test]
fn a_termination_signal_stops_the_server() {
    let server = Bowline::start();
    server.terminate();
    assert!(server.ended().success());
}

#[test]
fn a_termination_signal_ends_the_server_whatever_its_clients_do() {
    let server = Bowline::start();
    let port = server.port;
    let mut half_a_head = connect(port);
    half_a_head.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let bucket = Request::new("PUT", "/insights");
    let sign = |request| Signer::new(&Bowline::root(), "s3").sign(request, port);
    assert_eq!(sign(bucket).send(port).status, 200);
    let mut upload = connect(port);
    let put = sign(Request::put("/insights/a", "hello")).bytes(port);
    upload.write_all(&put[..put.len() - 1]).unwrap();
    wait_for("the upload to begin", Duration::from_mins(1), || {
        (server.metric("bowline_connections_authenticated") == 1).then_some(())
    });
    server.terminate();
    assert!(server.ended().success());
}

/// The server writes the audit to a pipe that is full: the thread that serves requests is stuck.
#[cfg(target_os = "linux")]
#[test]
fn a_termination_signal_ends_the_server_although_its_threads_are_stuck() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("audit");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    // Opening a pipe to write waits for a reader, which never comes.
    let mut serve = command(&["serve", "--store", "memory", "--listen", "127.0.0.1:0"]);
    serve
        .args(["--ops-listen", "127.0.0.1:0", "--audit-to"])
        .arg(&pipe)
        .current_dir(folder.path())
        .stderr(File::create(folder.path().join("serve.log")).unwrap());
    let mut server = Running::spawn(&mut serve);
    wait_for("the signals to be watched", Duration::from_mins(1), || {
        // Until then a signal would end the process at once.
        let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = u64::from_str_radix(caught.unwrap().trim(), 16).unwrap();
        (caught & (1 << 14) != 0).then_some(())
    });
    server.terminate();
    server.ended();
}

#[test]
fn a_memory_store_leaves_no_files() {
    let home = TempDir::new().unwrap();
    let [here, temporary] = ["here", "temporary"].map(|name| home.path().join(name));
    fs::create_dir(&here).unwrap();
    fs::create_dir(&temporary).unwrap();
    let ready = home.path().join("ready.json");
    let arguments = ["serve", "--store", "memory", "--listen", "127.0.0.1:0"];
    let mut server = Running::spawn(
        command(&arguments)
            .args([
                "--ops-listen",
                "127.0.0.1:0",
                "--log",
                "off",
                "--ready-file",
            ])
            .arg(&ready)
            .current_dir(&here)
            .env("TMPDIR", &temporary),
    );
    server.ready(&ready);
    assert_eq!(fs::read_dir(&here).unwrap().count(), 0);
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 1);
    server.terminate();
    assert!(server.ended().success());
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

fn private_folder(path: &Path) {
    fs::create_dir(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}

/// Starts `serve` in `folder` and stops it again, or returns its error.
fn started_in(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let ready = folder.join("ready.json");
    let _ = fs::remove_file(&ready);
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0"]);
    serve
        .args(["--ops-listen", "127.0.0.1:0", "--log", "error"])
        .args(arguments)
        .arg("--ready-file")
        .arg(&ready)
        .current_dir(folder);
    let log = File::create(folder.join("serve.log")).unwrap();
    let mut server = Running::spawn(serve.stderr(log));
    let ended = server.ready_or_ended(&ready);
    let said = fs::read_to_string(folder.join("serve.log")).unwrap();
    ended.map_or(Ok(()), |_| Err(said))
}

#[test]
fn a_temporary_data_folder_ignores_the_default_configuration_file() {
    let home = TempDir::new().unwrap();
    let usual = home.path().join("bowline-data");
    private_folder(&usual);
    fs::write(usual.join("bowline.toml"), "mistake = true\n").unwrap();
    let start = |arguments: &[&str]| started_in(home.path(), arguments);
    assert_eq!(start(&["--store", "memory"]), Ok(()));
    // It is read if the folder or the file is named, or if the folder has the data.
    for named in [
        &["--store", "memory", "--data", "bowline-data"][..],
        &["--store", "memory", "--config", "bowline-data/bowline.toml"],
        &["--store", "sqlite"],
        &[],
    ] {
        let refused = start(named).unwrap_err();
        assert!(
            refused.starts_with("error: `bowline-data/bowline.toml` is not a configuration\n"),
            "{named:?}: {refused}"
        );
    }
    assert_eq!(listing(&usual).lines().count(), 1);
}

#[test]
fn a_configuration_file_that_chooses_the_memory_store_keeps_its_data_folder() {
    let home = TempDir::new().unwrap();
    let usual = home.path().join("bowline-data");
    private_folder(&usual);
    fs::write(usual.join("bowline.toml"), "store = \"memory\"\n").unwrap();
    assert_eq!(started_in(home.path(), &[]), Ok(()));
    assert!(usual.join("audit/audit.jsonl").exists());
    assert!(!usual.join("store").exists());
}

#[test]
fn a_data_folder_or_key_that_others_can_read_is_refused() {
    let _shown = show_ids_as_words();
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    // A folder that exists is closed by `init`.
    fs::create_dir(&data).unwrap();
    mode(&data, 0o755);
    let output = command(&["init", "--data"]).arg(&data).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(
        fs::metadata(&data).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let start = |arguments: &[&str]| {
        let named = ["--data", "data"];
        started_in(home.path(), &[&named[..], arguments].concat())
    };
    assert_eq!(start(&[]), Ok(()));

    mode(&data.join("master.key"), 0o644);
    assert_snapshot!(start(&[]).unwrap_err(), @"
    error: the master key is not safe
    caused by: `[folder]/data/master.key` is accessible to all users of this machine (mode 0644)

    hint: take the access of other users away, as with chmod o-rwx and chmod go-w; or declare that it is safe with --allow-open-permissions
    ");
    mode(&data.join("master.key"), 0o640);
    assert_eq!(start(&[]), Ok(()));
    mode(&data, 0o777);
    assert_snapshot!(start(&[]).unwrap_err(), @"
    error: the data folder is not safe
    caused by: `data` is accessible to all users of this machine (mode 0777)

    hint: take the access of other users away, as with chmod o-rwx and chmod go-w; or declare that it is safe with --allow-open-permissions
    ");
    assert_eq!(start(&["--allow-open-permissions"]), Ok(()));
}

#[test]
fn a_key_and_a_configuration_are_read_from_a_mounted_secret() {
    let home = TempDir::new().unwrap();
    let mount = home.path().join("mount");
    let newest = mount.join("..2026_11_30_22_00_00.1");
    fs::create_dir_all(&newest).unwrap();
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    for (name, content) in [
        ("key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"),
        ("bowline.toml", "master_key_file = \"key\"\n"),
    ] {
        fs::write(newest.join(name), content).unwrap();
        mode(&newest.join(name), 0o440);
        symlink(format!("..data/{name}"), mount.join(name)).unwrap();
    }
    symlink("..2026_11_30_22_00_00.1", mount.join("..data")).unwrap();
    mode(&mount, 0o1777);
    let arguments = ["--data", "data", "--init", "--config", "mount/bowline.toml"];
    let start = || started_in(home.path(), &arguments);
    assert_eq!(start(), Ok(()));
    assert!(!home.path().join("data/master.key").exists());
    // Without its sticky bit, anybody could mount another one.
    mode(&mount, 0o777);
    let refused = start().unwrap_err();
    assert!(
        refused.contains("can be replaced by other users"),
        "{refused}"
    );
}
