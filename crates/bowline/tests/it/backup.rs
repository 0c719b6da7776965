//! Backups of a running server, and what a restore makes of them.

use std::fs;
use std::path::Path;
use std::process::Output;

use insta::assert_snapshot;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::bowline::{Bowline, Launch, Running, command};
use crate::support::http::{Request, Response};
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

fn send(port: u16, service: &str, request: Request) -> Response {
    let signer = Signer::new(&Bowline::root(), service);
    signer.sign(request, port).send(port)
}

fn dynamodb(port: u16, operation: &str, body: &Value) -> Response {
    let request = Request::new("POST", "/")
        .body(body.to_string())
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", &format!("DynamoDB_20120810.{operation}"));
    send(port, "dynamodb", request)
}

fn key(n: usize) -> Value {
    json!({ "TableName": "orders", "Key": { "pk": { "S": n.to_string() } } })
}

/// A user, objects and items, all with this number.
fn write(port: u16, n: usize) {
    let name = format!("user-{n}");
    send(
        port,
        "iam",
        query("iam", "CreateUser", &[("UserName", &name)]),
    )
    .accepted();
    let large = "large ".repeat(60_000);
    send(
        port,
        "s3",
        Request::put(&format!("/kept/{n}/small"), "small"),
    )
    .accepted();
    send(port, "s3", Request::put(&format!("/kept/{n}/large"), large)).accepted();
    let item = json!({ "TableName": "orders", "Item": { "pk": { "S": n.to_string() } } });
    dynamodb(port, "PutItem", &item).accepted();
}

/// Whether all of it is there, or none.
fn has(port: u16, n: usize) -> bool {
    let name = format!("user-{n}");
    let user = send(port, "iam", query("iam", "GetUser", &[("UserName", &name)]));
    let large = send(port, "s3", Request::get(&format!("/kept/{n}/large")));
    let small = send(port, "s3", Request::get(&format!("/kept/{n}/small")));
    let item = dynamodb(port, "GetItem", &key(n)).accepted().text();
    let found = [
        user.status == 200,
        large.status == 200 && large.text().len() == 360_000,
        small.status == 200 && small.text() == "small",
        item.contains("Item"),
    ];
    assert!(found.iter().all(|one| *one == found[0]), "{n}: {found:?}");
    found[0]
}

fn prepare(port: u16) {
    send(port, "s3", Request::new("PUT", "/kept")).accepted();
    let table = json!({ "TableName": "orders", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }] });
    dynamodb(port, "CreateTable", &table).accepted();
}

fn restore(backup: &Path, data: &Path) -> Output {
    let mut restore = command(&["restore", "--from"]);
    restore
        .arg(backup)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap()
}

/// An empty folder with the server's master key.
fn folder_with_key(server: &Bowline, home: &Path, name: &str) -> std::path::PathBuf {
    let data = home.join(name);
    fs::create_dir(&data).unwrap();
    let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o700);
    fs::set_permissions(&data, mode).unwrap();
    fs::copy(server.data().join("master.key"), data.join("master.key")).unwrap();
    data
}

fn serve(data: &Path, home: &Path) -> Result<(Running, u16), String> {
    let ready = home.join("restored.json");
    let _ = fs::remove_file(&ready);
    let log = fs::File::create(home.join("restored.log")).unwrap();
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--log", "error"]);
    serve
        .args(["--ops-listen", "127.0.0.1:0", "--ready-file"])
        .arg(&ready)
        .arg("--data")
        .arg(data)
        .stderr(log);
    let mut server = Running::spawn(&mut serve);
    if server.ready_or_ended(&ready).is_some() {
        return Err(fs::read_to_string(home.join("restored.log")).unwrap());
    }
    let ready: Value = serde_json::from_str(&fs::read_to_string(ready).unwrap()).unwrap();
    let port = ready["aws"].as_str().unwrap().rsplit(':').next().unwrap();
    Ok((server, port.parse().unwrap()))
}

#[test]
fn a_restored_backup_has_everything_of_its_moment_and_nothing_later() {
    let server = Bowline::launch(Launch::sqlite());
    prepare(server.port);
    for n in 0..3 {
        write(server.port, n);
    }
    let home = TempDir::new().unwrap();
    let file = home.path().join("first.backup");
    let made = server.ran(
        &Bowline::root(),
        &["backup", "--to", file.to_str().unwrap()],
    );
    assert!(made.starts_with("Wrote "), "{made}");
    write(server.port, 3);

    let data = folder_with_key(&server, home.path(), "restored");
    let restored = restore(&file, &data);
    assert!(restored.status.success(), "{}", said(&restored));
    let (restarted, port) = serve(&data, home.path()).unwrap();
    assert_eq!(
        [0, 1, 2, 3].map(|n| has(port, n)),
        [true, true, true, false]
    );
    // It goes on, and so does the first one.
    write(port, 4);
    assert!(has(port, 4) && has(server.port, 3) && !has(server.port, 4));
    drop(restarted);
    let (_again, port) = serve(&data, home.path()).unwrap();
    assert!(has(port, 4));
    // The server keeps nothing of the backup.
    for folder in ["objects/snapshot", "tables/snapshot"] {
        let kept = fs::read_dir(server.data().join(folder)).map_or(0, Iterator::count);
        assert_eq!(kept, 0, "{folder}");
    }
    let audit = fs::read_to_string(server.data().join("audit/audit.jsonl")).unwrap();
    let recorded = audit
        .lines()
        .find(|line| line.contains("\"Backup\""))
        .unwrap();
    assert!(recorded.contains("\"readOnly\":true"), "{recorded}");
}

#[test]
fn a_backup_taken_while_clients_write_is_of_one_moment() {
    let server = Bowline::launch(Launch::sqlite());
    prepare(server.port);
    write(server.port, 0);
    let home = TempDir::new().unwrap();
    let file = home.path().join("busy.backup");
    let stop = std::sync::atomic::AtomicBool::new(false);
    let next = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut n = 1;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let item =
                    json!({ "TableName": "orders", "Item": { "pk": { "S": format!("i{n}") } } });
                dynamodb(server.port, "PutItem", &item).accepted();
                let path = format!("/kept/i{n}");
                send(server.port, "s3", Request::put(&path, "x")).accepted();
                n += 1;
            }
            n
        });
        server.ran(
            &Bowline::root(),
            &["backup", "--to", file.to_str().unwrap()],
        );
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.join().unwrap()
    });
    let data = folder_with_key(&server, home.path(), "restored");
    assert!(restore(&file, &data).status.success());
    let (_restarted, port) = serve(&data, home.path()).unwrap();
    assert!(has(port, 0));
    // Each item was acknowledged before its object was sent: no object is there without its item,
    // and all are there up to one of them.
    let found = |n: usize| {
        let object = send(port, "s3", Request::get(&format!("/kept/i{n}"))).status == 200;
        let item = dynamodb(port, "GetItem", &key_of(&format!("i{n}"))).accepted();
        (item.text().contains("Item"), object)
    };
    let mut is_over = false;
    for n in 1..next {
        let (item, object) = found(n);
        assert!(item || !object, "{n}");
        assert!(!is_over || !item, "{n}");
        is_over = !(item && object);
    }
}

fn key_of(pk: &str) -> Value {
    json!({ "TableName": "orders", "Key": { "pk": { "S": pk } } })
}

#[test]
fn a_backup_that_is_not_whole_is_refused_and_so_is_another_key_or_a_full_folder() {
    let _shown = show_ids_as_words();
    let server = Bowline::launch(Launch::sqlite());
    prepare(server.port);
    write(server.port, 0);
    let home = TempDir::new().unwrap();
    let file = home.path().join("whole.backup");
    let to = file.to_str().unwrap();
    server.ran(&Bowline::root(), &["backup", "--to", to]);
    let whole = fs::read(&file).unwrap();
    // It has nothing that could be read.
    assert!(!String::from_utf8_lossy(&whole).contains("user-0"));
    assert!(!String::from_utf8_lossy(&whole).contains("large large"));
    let again = server.run(&Bowline::root(), &["backup", "--to", to]);
    assert!(!again.status.success());

    for (n, damaged) in [
        &whole[..whole.len() / 2],
        &whole[..whole.len() - 1],
        &[&whole[..whole.len() - 9], &[0; 9]].concat(),
        &[&whole[..], b"more"].concat(),
    ]
    .into_iter()
    .enumerate()
    {
        let damaged_file = home.path().join(format!("damaged-{n}"));
        fs::write(&damaged_file, damaged).unwrap();
        let data = folder_with_key(&server, home.path(), &format!("damaged-data-{n}"));
        let refused = restore(&damaged_file, &data);
        assert!(!refused.status.success(), "{n}");
        let started = serve(&data, home.path()).map(drop).unwrap_err();
        // Of the first, not even the manifest can be read.
        let expected = ["there is no server in", "restore of a backup into"][usize::from(n > 0)];
        assert!(started.contains(expected), "{n}: {started}");
    }

    let data = home.path().join("other");
    assert_snapshot!(said(&restore(&file, &data)), @"
    exit 1
    error: a backup opens only with the master key of its server, and there is none

    hint: put the copy of master.key into the folder, or name it with --master-key-file
    ");
    let other = format!(
        "{}\n",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [9; 32])
    );
    fs::write(data.join("master.key"), other).unwrap();
    let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
    fs::set_permissions(data.join("master.key"), mode).unwrap();
    let refused = said(&restore(&file, &data));
    assert!(
        refused.contains("opening piece 0 of the backup"),
        "{refused}"
    );
    fs::copy(server.data().join("master.key"), data.join("master.key")).unwrap();
    fs::write(data.join("credentials"), "of somebody").unwrap();
    assert_snapshot!(said(&restore(&file, &data)), @"
    exit 1
    error: `[folder]/other` is not empty

    hint: give an empty folder; it may have `master.key` and `bowline.toml`
    ");
    fs::remove_file(data.join("credentials")).unwrap();
    assert!(restore(&file, &data).status.success());
}

#[test]
fn only_the_management_account_makes_a_backup_and_a_damaged_object_ends_it() {
    let server = Bowline::launch(Launch {
        store: "sqlite",
        ..Launch::two_accounts()
    });
    prepare(server.port);
    write(server.port, 0);
    let home = TempDir::new().unwrap();
    let file = home.path().join("none.backup");
    let arguments = ["backup", "--to", file.to_str().unwrap()];
    // The first account that was declared is the management account.
    let denied = said(&server.run(&Bowline::root(), &arguments));
    assert!(denied.contains("AccessDenied"), "{denied}");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);

    let buckets = server.data().join("objects/buckets");
    let bucket = fs::read_dir(buckets)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let object = bucket.join("d0/flarge");
    let mut bytes = fs::read(&object).unwrap();
    bytes[1000] ^= 1;
    fs::write(&object, bytes).unwrap();
    let failed = server.run(&Bowline::other_root(), &arguments);
    assert!(!failed.status.success(), "{}", said(&failed));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    assert!(
        server.log().contains("d0/flarge` cannot be backed up"),
        "{}",
        server.log()
    );
}
