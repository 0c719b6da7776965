//! Fault injection: each file of a data folder flipped, cut, zeroed, removed, emptied, and replaced
//! by an older one. The server then serves everything that it acknowledged, or refuses and says
//! why.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::bowline::{Bowline, Launch, Running, command};
use crate::support::http::{Request, Response};
use crate::support::sign::Signer;
use crate::support::wait::wait_for;
use crate::support::world::query;

type Files = BTreeMap<PathBuf, Vec<u8>>;

fn send(port: u16, service: &str, request: Request) -> Option<Response> {
    let signer = Signer::new(&Bowline::root(), service);
    signer.sign(request, port).try_send(port)
}

fn dynamodb(port: u16, region: &str, operation: &str, body: &Value) -> Response {
    let request = Request::new("POST", "/")
        .body(body.to_string())
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", &format!("DynamoDB_20120810.{operation}"));
    let signer = Signer::new(&Bowline::root(), "dynamodb").region(region);
    signer.sign(request, port).send(port)
}

/// The content of every file, by its path.
fn read_all(data: &Path) -> Files {
    let mut files = Files::new();
    let mut folders = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(data).unwrap().to_owned();
                match fs::read(&path) {
                    Ok(bytes) => {
                        files.insert(relative, bytes);
                    }
                    // A file that the running server has written beside another took its place.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => panic!("{}: {error}", path.display()),
                }
            }
        }
    }
    files
}

/// Makes a folder have exactly these files, for their owner alone.
fn write_all(data: &Path, files: &Files) {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    let _ = fs::remove_dir_all(data);
    for (relative, bytes) in files {
        let path = data.join(relative);
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true).mode(0o700);
        folder.create(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

const USERS: usize = 6;
const OBJECTS: [(&str, usize); 2] = [("small", 900), ("large", 200_000)];
const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

/// The data folder of a server that has acknowledged some writes and was killed. With `earlier`,
/// also as it was before the last of them.
fn folders() -> (Files, Files) {
    let mut server = Bowline::launch(Launch::sqlite());
    let port = server.port;
    let accepted = |service: &str, request| send(port, service, request).unwrap().accepted();
    accepted("s3", Request::new("PUT", "/kept"));
    for region in REGIONS {
        let table = json!({ "TableName": "orders", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }] });
        dynamodb(port, region, "CreateTable", &table).accepted();
    }
    let write = |n: usize| {
        let name = format!("user-{n}");
        accepted("iam", query("iam", "CreateUser", &[("UserName", &name)]));
        for region in REGIONS {
            let item = json!({ "TableName": "orders", "Item": { "pk": { "S": n.to_string() }, "text": { "S": "x".repeat(500) } } });
            dynamodb(port, region, "PutItem", &item).accepted();
        }
    };
    for n in 0..USERS / 2 {
        write(n);
    }
    let store = |content: &str| {
        for (name, length) in OBJECTS {
            let path = format!("/kept/{name}");
            accepted("s3", Request::put(&path, content.repeat(length)));
        }
    };
    store("b");
    accepted("s3", Request::put("/kept/deleted", "b"));
    let earlier = settled(&server.data());
    for n in USERS / 2..USERS {
        write(n);
    }
    store("a");
    accepted("s3", Request::new("DELETE", "/kept/deleted"));
    let last = settled(&server.data());
    server.kill();
    (earlier, last)
}

/// The files, once those that follow a commit have followed.
fn settled(data: &Path) -> Files {
    let mut before = read_all(data);
    let mut same = 0;
    wait_for(
        "files that no longer change",
        std::time::Duration::from_secs(30),
        || {
            std::thread::park_timeout(std::time::Duration::from_millis(100));
            let now = read_all(data);
            same = if now == before { same + 1 } else { 0 };
            before = now;
            (same >= 8).then_some(())
        },
    );
    before
}

/// What a server says over this folder: why it does not start, or what it lacks. Errors that say so
/// are no lack.
fn outcome(data: &Path, home: &Path) -> Result<Vec<String>, String> {
    let ready = home.join("ready.json");
    let _ = fs::remove_file(&ready);
    let log = fs::File::create(home.join("serve.log")).unwrap();
    let root = Bowline::root();
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--log", "error"]);
    serve
        .args(["--ops-listen", "127.0.0.1:0", "--ready-file"])
        .arg(&ready)
        .arg("--data")
        .arg(data)
        // Not even with a declaration does a damaged server begin anew.
        .env(
            "BOWLINE_BOOTSTRAP_ACCOUNT_ID",
            crate::support::bowline::ACCOUNT,
        )
        .env("BOWLINE_BOOTSTRAP_ACCESS_KEY_ID", &root.access_key_id)
        .env(
            "BOWLINE_BOOTSTRAP_SECRET_ACCESS_KEY",
            &root.secret_access_key,
        )
        .stderr(log);
    let mut server = Running::spawn(&mut serve);
    if server.ready_or_ended(&ready).is_some() {
        return Err(fs::read_to_string(home.join("serve.log")).unwrap());
    }
    let urls: Value = serde_json::from_str(&fs::read_to_string(&ready).unwrap()).unwrap();
    let port = urls["aws"].as_str().unwrap().rsplit(':').next().unwrap();
    let port: u16 = port.parse().unwrap();
    let mut lacks = Vec::new();
    for n in 0..USERS {
        let name = format!("user-{n}");
        let user = send(port, "iam", query("iam", "GetUser", &[("UserName", &name)]));
        if user.is_none_or(|user| user.status != 200) {
            lacks.push(name);
        }
        for region in REGIONS {
            let key = json!({ "TableName": "orders", "Key": { "pk": { "S": n.to_string() } } });
            let item = dynamodb(port, region, "GetItem", &key);
            let is_there = item.status == 200 && item.text().contains("Item");
            if !is_there && item.status != 500 {
                lacks.push(format!(
                    "item {n} in {region}: {} {}",
                    item.status,
                    item.text()
                ));
            }
        }
    }
    for (name, length) in OBJECTS {
        let request = Request::get(&format!("/kept/{name}"));
        // A connection that was cut is an error too.
        if let Some(object) = send(port, "s3", request)
            && object.status != 500
            && (object.status != 200 || object.text() != "a".repeat(length))
            && !(object.status == 200 && object.text().len() < length)
        {
            lacks.push(format!("object {name}: {}", object.status));
        }
    }
    let listing = send(port, "s3", Request::get("/kept?list-type=2")).unwrap();
    let is_listed = |(name, _): &(&str, _)| listing.text().contains(&format!("<Key>{name}</Key>"));
    if listing.status != 500 && !OBJECTS.iter().all(is_listed) {
        lacks.push(format!("the listing: {}", listing.text()));
    }
    let deleted = send(port, "s3", Request::get("/kept/deleted")).unwrap();
    if !matches!(deleted.status, 404 | 500) {
        lacks.push(format!("the deleted object: {}", deleted.status));
    }
    Ok(lacks)
}

/// The damages of one file. The middle is flipped in many bytes, as a bad sector does.
fn damages(whole: &[u8], earlier: Option<&Vec<u8>>) -> Vec<(&'static str, Option<Vec<u8>>)> {
    let mut flipped = whole.to_vec();
    let middle = whole.len() / 2;
    for byte in flipped.iter_mut().skip(middle).take(200) {
        *byte ^= 0x55;
    }
    let mut all = vec![
        ("removed", None),
        ("emptied", Some(Vec::new())),
        ("cut", Some(whole[..middle].to_vec())),
        ("zeroed", Some(vec![0; whole.len()])),
        ("flipped", Some(flipped)),
    ];
    if let Some(earlier) = earlier.filter(|earlier| *earlier != whole) {
        all.push(("replaced by an older one", Some(earlier.clone())));
    }
    all
}

#[test]
fn each_damaged_file_is_noticed() {
    let (earlier, last) = folders();
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    write_all(&data, &last);
    assert_eq!(outcome(&data, home.path()).unwrap(), Vec::<String>::new());
    let (mut refused, mut served) = (0, 0);
    for (path, whole) in last.iter().filter(|(_, whole)| !whole.is_empty()) {
        // It is made anew with each start.
        if path.to_string_lossy().ends_with("-shm") {
            continue;
        }
        for (how, bytes) in damages(whole, earlier.get(path)) {
            write_all(&data, &last);
            match bytes {
                Some(bytes) => fs::write(data.join(path), bytes).unwrap(),
                None => fs::remove_file(data.join(path)).unwrap(),
            }
            let name = path.display();
            match outcome(&data, home.path()) {
                Ok(lacks) => {
                    assert!(lacks.is_empty(), "{name} {how}: {lacks:?}");
                    served += 1;
                }
                Err(said) => {
                    // It says what is wrong, and what to do.
                    let is_whole = said.starts_with("error: ") && said.contains("\nhint: ");
                    assert!(is_whole, "{name} {how}: {said}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused >= 10 && served >= 20, "{refused} {served}");
}

#[test]
fn the_check_of_a_store_names_each_damaged_file() {
    let (_, last) = folders();
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    write_all(&data, &last);
    let check = || {
        let mut check = command(&["store", "check", "--output", "json", "--data"]);
        let output = check.arg(&data).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<Value> = out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        (output.status.success(), lines)
    };
    let (is_whole, lines) = check();
    assert!(is_whole, "{lines:?}");
    assert_eq!(
        (
            lines[0]["Objects"].as_u64(),
            lines[0]["TableFiles"].as_u64()
        ),
        (Some(2), Some(2))
    );
    let files = last.iter().filter(|(path, _)| {
        let text = path.to_string_lossy();
        text.starts_with("objects/buckets")
            || (text.starts_with("tables") && text.ends_with("-wal"))
    });
    for (path, whole) in files {
        write_all(&data, &last);
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        fs::write(data.join(path), flipped).unwrap();
        let (is_whole, lines) = check();
        assert!(!is_whole, "{}", path.display());
        let name = path.to_string_lossy().replace("-wal", "");
        assert!(
            lines[0]["Path"].as_str().unwrap().ends_with(&name),
            "{lines:?}"
        );
    }
}
