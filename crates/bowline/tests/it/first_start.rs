//! Which commands make a new server, what they leave alone, and the way back in for its owner.

use std::fs;
use std::path::Path;
use std::process::Output;

use insta::assert_snapshot;
use tempfile::TempDir;

use crate::support::bowline::{Bowline, Launch, Running, command};
use crate::support::keys::Keys;
use crate::support::sign::Signer;
use crate::support::world::{query, show_ids_as_words};

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "exit {}\n{}{}",
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr)
    )
}

fn init(data: &Path) {
    let output = command(&["init", "--data"]).arg(data).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

/// Starts a server over a folder until it is ready, or returns what it said.
fn serve(data: &Path, arguments: &[&str]) -> Result<(Running, u16), String> {
    let home = data.parent().unwrap();
    let ready = home.join("ready.json");
    let _ = fs::remove_file(&ready);
    let log = fs::File::create(home.join("serve.log")).unwrap();
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--log", "error"]);
    serve
        .args(["--ops-listen", "127.0.0.1:0", "--ready-file"])
        .arg(&ready)
        .arg("--data")
        .arg(data)
        .args(arguments)
        .stderr(log);
    let mut server = Running::spawn(&mut serve);
    if server.ready_or_ended(&ready).is_some() {
        return Err(fs::read_to_string(home.join("serve.log")).unwrap());
    }
    let ready: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(ready).unwrap()).unwrap();
    let port = ready["aws"].as_str().unwrap().rsplit(':').next().unwrap();
    Ok((server, port.parse().unwrap()))
}

fn keys(file: &Path) -> Keys {
    let text = fs::read_to_string(file).unwrap();
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.split(" = ").nth(1).unwrap().to_owned()
    };
    Keys {
        access_key_id: value("aws_access_key_id"),
        secret_access_key: value("aws_secret_access_key"),
        session_token: None,
    }
}

fn whoami(keys: &Keys, port: u16) -> String {
    let request = query("sts", "GetCallerIdentity", &[]);
    let signed = Signer::new(keys, "sts").sign(request, port);
    signed.send(port).verdict()
}

/// Every file under a folder with its content.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_server_with_a_store_in_memory_leaves_the_files_of_the_folder_alone() {
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    init(&data);
    let before = contents(&data);
    for _ in 0..2 {
        let (server, port) = serve(&data, &["--store", "memory"]).unwrap();
        let own = keys(&data.join("credentials.memory"));
        assert_eq!(whoami(&own, port), "200");
        assert_ne!(whoami(&keys(&data.join("credentials")), port), "200");
        server.terminate();
        drop(server);
    }
    let after = contents(&data);
    for file in &before {
        assert!(after.contains(file), "{}", file.0);
    }
    let (_server, port) = serve(&data, &[]).unwrap();
    assert_eq!(whoami(&keys(&data.join("credentials")), port), "200");
}

#[test]
fn serve_makes_no_server_unless_it_is_asked_to() {
    let _shown = show_ids_as_words();
    let home = TempDir::new().unwrap();
    let data = home.path().join("typo");
    assert_snapshot!(serve(&data, &[]).map(drop).unwrap_err(), @"
    error: there is no server in `[folder]/typo`

    hint: check the path; `bowline init --data DIR` or `bowline serve --init` makes a new server
    ");
    assert!(!data.exists());
    fs::create_dir(&data).unwrap();
    assert!(serve(&data, &[]).is_err());
    let entries = contents(&data);
    assert!(
        entries.iter().all(|(name, _)| name.ends_with("/lock")),
        "{entries:?}"
    );
    let (server, port) = serve(&data, &["--init"]).unwrap();
    assert_eq!(whoami(&keys(&data.join("credentials")), port), "200");
    drop(server);
    // It is the same server the next time.
    let (_server, port) = serve(&data, &["--init"]).unwrap();
    assert_eq!(whoami(&keys(&data.join("credentials")), port), "200");
}

#[test]
fn a_folder_that_lost_its_store_is_refused_and_keeps_its_credentials() {
    let _shown = show_ids_as_words();
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    init(&data);
    fs::remove_dir_all(data.join("store")).unwrap();
    let before = contents(&data);
    let refused = serve(&data, &[]).map(drop).unwrap_err();
    assert_eq!(serve(&data, &["--init"]).map(drop).unwrap_err(), refused);
    assert_snapshot!(refused, @"
    error: `[folder]/data` has `store-revision` of a server, and no `store/bowline.db`

    hint: put the missing files back, or restore a backup into an empty folder with `bowline restore`
    ");
    let again = command(&["init", "--data"]).arg(&data).output().unwrap();
    assert!(!again.status.success());
    assert_eq!(contents(&data), before);
}

#[test]
fn a_demonstration_takes_no_folder_that_is_not_its_own() {
    let _shown = show_ids_as_words();
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    init(&data);
    let before = contents(&data);
    let demo = command(&["demo", "--once", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    assert_snapshot!(said(&demo), @"
    exit 1
    error: `[folder]/data` is not the folder of a demonstration

    hint: give an empty folder, or leave out --data: a demonstration trusts anything on loopback
    ");
    assert_eq!(contents(&data), before);
    let own = home.path().join("demo");
    for _ in 0..2 {
        let demo = command(&["demo", "--once", "--data"])
            .arg(&own)
            .output()
            .unwrap();
        assert!(demo.status.success(), "{}", said(&demo));
    }
}

#[test]
fn the_owner_of_the_folder_recovers_the_root_and_the_audit_says_so() {
    let _shown = show_ids_as_words();
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    init(&data);
    let lost = keys(&data.join("credentials"));
    let recover = || {
        let output = command(&["recover", "root", "--data"]).arg(&data).output();
        output.unwrap()
    };
    let (server, port) = serve(&data, &[]).unwrap();
    assert_eq!(whoami(&lost, port), "200");
    assert_snapshot!(said(&recover()), @"
    exit 1
    error: the data in `[folder]/data` is in use by another process

    hint: stop the other server, or give another folder with --data
    ");
    drop(server);
    fs::remove_file(data.join("credentials")).unwrap();
    let output = recover();
    assert!(output.status.success(), "{}", said(&output));
    let (server, port) = serve(&data, &[]).unwrap();
    let recovered = keys(&data.join("credentials"));
    assert_eq!(whoami(&recovered, port), "200");
    assert_snapshot!(whoami(&lost, port), @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    drop(server);
    let audit = fs::read_to_string(data.join("audit/audit.jsonl")).unwrap();
    let record = audit
        .lines()
        .find(|line| line.contains("RecoverRoot"))
        .unwrap();
    assert!(
        record.contains(&recovered.access_key_id) && !record.contains(&recovered.secret_access_key)
    );

    // A file that is not this account's stays.
    fs::write(data.join("credentials"), "my own notes").unwrap();
    let refused = recover();
    assert!(!refused.status.success());
    assert_eq!(
        fs::read_to_string(data.join("credentials")).unwrap(),
        "my own notes"
    );
    // The folder alone, without the master key, is not enough.
    fs::remove_file(data.join("credentials")).unwrap();
    fs::rename(data.join("master.key"), home.path().join("master.key")).unwrap();
    let refused = said(&recover());
    assert!(refused.contains("no master key"), "{refused}");
}

#[test]
fn declared_accounts_make_a_server_once() {
    let mut server = Bowline::launch(Launch::sqlite());
    let whoami = |server: &Bowline| whoami(&Bowline::root(), server.port);
    assert_eq!(whoami(&server), "200");
    server.restart();
    assert_eq!(whoami(&server), "200");
}
