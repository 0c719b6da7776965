//! The audit is bounded, whatever strangers and denied callers send.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::bowline::{Bowline, Launch};
use crate::support::http::{Request, connect};
use crate::support::sign::Signer;
use crate::support::wait::wait_for;
use crate::support::world::{World, query};

/// The most bytes of a record.
const MAX_RECORD_BYTES: usize = 8 * 1024;

/// All records in the files of a folder, which have to be whole and small.
fn records(folder: &Path) -> Vec<Value> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .collect();
    // `audit-TIME.jsonl` comes before `audit.jsonl`.
    files.sort();
    let texts: String = files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let records = texts.lines().map(|line| {
        assert!(
            line.len() < MAX_RECORD_BYTES,
            "a record of {} bytes",
            line.len()
        );
        serde_json::from_str(line).unwrap()
    });
    records.collect()
}

/// Sends so many unsigned requests with long targets on one connection.
fn flood(port: u16, count: usize) {
    let target = format!("/bucket/{}", "%01".repeat(330));
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut stream = connect(port);
    let mut reader = stream.try_clone().unwrap();
    let reading = std::thread::spawn(move || {
        let (mut responses, mut buffer) = (0, vec![0; 1 << 16]);
        while responses < count {
            let n = reader.read(&mut buffer).unwrap();
            assert!(n > 0, "the server has closed the connection");
            responses += String::from_utf8_lossy(&buffer[..n])
                .matches("HTTP/1.1 ")
                .count();
        }
    });
    for _ in 0..count {
        stream.write_all(request.as_bytes()).unwrap();
    }
    reading.join().unwrap();
}

#[test]
fn a_flood_of_unsigned_requests_becomes_a_summary_and_others_are_recorded() {
    let server = Bowline::launch(Launch {
        arguments: vec![
            "--audit-address-burst",
            "64 KiB",
            "--audit-address-rate",
            "1 KiB",
        ],
        ..Launch::default()
    });
    flood(server.port, 2_000);
    let caller = query("sts", "GetCallerIdentity", &[]);
    let signer = Signer::new(&Bowline::root(), "sts");
    assert_eq!(
        signer.sign(caller, server.port).send(server.port).status,
        200
    );
    let folder = server.data().join("audit");
    let written = fs::metadata(folder.join("audit.jsonl")).unwrap().len();
    assert!(written < 192 * 1024, "{written}");
    let metrics = Request::get("/metrics").send(server.ops_port).text();
    assert!(
        metrics.contains("bowline_audit_suppressed_records_total 1"),
        "{metrics}"
    );
    // The summary is written at the end, at the latest.
    server.terminate();
    let records = wait_for("the summary", Duration::from_secs(30), || {
        let records = records(&folder);
        let summary = |record: &Value| record["eventName"] == "SuppressedRecords";
        records.iter().any(summary).then_some(records)
    });
    let count = |name: &str| {
        records
            .iter()
            .filter(|record| record["eventName"] == name)
            .count()
    };
    assert_eq!(count("GetCallerIdentity"), 1);
    let of_stranger = records
        .iter()
        .filter(|record| record["userIdentity"]["type"] == "Anonymous");
    let suppressed: u64 = records
        .iter()
        .filter(|record| record["eventName"] == "SuppressedRecords")
        .map(|record| record["additionalEventData"]["count"].as_u64().unwrap())
        .sum();
    assert_eq!(of_stranger.count() as u64 + suppressed, 2_000);
    let summary = records
        .iter()
        .find(|record| record["eventName"] == "SuppressedRecords");
    let summary = summary.unwrap();
    assert_eq!(summary["sourceIPAddress"], "127.0.0.1");
    assert_eq!(
        summary["additionalEventData"]["sample"]["errorCode"],
        "AccessDenied"
    );
}

#[test]
fn a_caller_without_permissions_causes_no_large_record() {
    let world = World::new();
    let user = world.user("powerless", None);
    let document = "\u{1}".repeat(100_000);
    let parameters = [
        ("UserName", "powerless"),
        ("PolicyName", "p"),
        ("PolicyDocument", document.as_str()),
    ];
    let denied = world.send(&user, "iam", query("iam", "PutUserPolicy", &parameters));
    assert!(denied.status >= 400);
    let role = "\u{1}".repeat(100_000);
    let denied = world.send(
        &user,
        "iam",
        query("iam", "GetRole", &[("RoleName", &role)]),
    );
    assert!(denied.status >= 400);
    let tables: Vec<_> = (0..100)
        .map(|number| format!(r#""t{number:0250}":{{"Keys":[{{"pk":{{"S":"a"}}}}]}}"#))
        .collect();
    let body = format!(r#"{{"RequestItems":{{{}}}}}"#, tables.join(","));
    let batch = Request::new("POST", "/")
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", "DynamoDB_20120810.BatchGetItem")
        .body(body);
    let denied = world.send(&user, "dynamodb", batch);
    assert!(denied.status >= 400);
    let records = records(&world.server.data().join("audit"));
    let cut = records
        .iter()
        .filter(|record| record["truncated"].is_array());
    assert!(cut.count() >= 2);
    let batch = records
        .iter()
        .find(|record| record["eventName"] == "BatchGetItem");
    let batch = batch.unwrap();
    assert!(batch["resources"][0]["ARN"].is_string());
    assert!(batch["omittedResources"].as_u64().unwrap() > 50);
    let explained = &batch["additionalEventData"]["explanation"];
    assert_eq!(explained["requestId"], batch["requestID"]);
}

#[test]
fn files_rotate_within_a_bound() {
    let server = Bowline::launch(Launch {
        arguments: vec![
            "--audit-max-file-size=64 KiB",
            "--audit-max-size=512 KiB",
            "--audit-address-burst=1 GiB",
        ],
        ..Launch::default()
    });
    let folder = server.data().join("audit");
    let size = || -> u64 {
        let files = fs::read_dir(&folder).unwrap().map(Result::unwrap);
        let records = files.filter(|file| file.path().extension().unwrap() == "jsonl");
        records
            .map(|file| file.metadata().map_or(0, |metadata| metadata.len()))
            .sum()
    };
    flood(server.port, 1_000);
    wait_for("the bound", Duration::from_secs(30), || {
        let metrics = Request::get("/metrics").send(server.ops_port).text();
        let deleted = !metrics.contains("bowline_audit_deleted_files_total 0");
        (deleted && size() <= 512 * 1024).then_some(())
    });
    assert!(!records(&folder).is_empty());
}

#[test]
fn an_explanation_is_found_in_an_earlier_file() {
    let server = Bowline::launch(Launch {
        arguments: vec!["--audit-max-file-size=16 KiB", "--audit-max-size=64 MiB"],
        ..Launch::default()
    });
    let denied = Request::get("/bucket/first").send(server.port);
    assert_eq!(denied.status, 403);
    flood(server.port, 200);
    let file = server.data().join("audit/audit.jsonl");
    let id = denied.request_id();
    assert!(!fs::read_to_string(&file).unwrap().contains(&id));
    let explain = ["explain", &id, "--audit", file.to_str().unwrap()];
    let text = server.ran(&Bowline::root(), &explain);
    assert!(text.contains(&id), "{text}");
}

#[test]
fn anonymous_requests_do_not_flush_the_explanations_of_an_account() {
    let server = Bowline::start();
    let mut unknown = Bowline::root();
    unknown.secret_access_key = "another-secret-than-the-one-of-this-key".to_owned();
    let caller = query("sts", "GetCallerIdentity", &[]);
    let denied = Signer::new(&unknown, "sts")
        .sign(caller, server.port)
        .send(server.port);
    assert_eq!(denied.status, 403);
    flood(server.port, 2_048);
    let id = denied.request_id();
    let explained = server.ran(&Bowline::root(), &["explain", &id]);
    assert!(explained.contains("SignatureDoesNotMatch"), "{explained}");
}

#[test]
fn what_is_left_of_the_disk_is_kept_for_management_events() {
    let server = Bowline::launch(Launch {
        arguments: vec!["--audit-reserve", "1024 TiB"],
        ..Launch::default()
    });
    let send = |service: &str, request: Request| {
        let signer = Signer::new(&Bowline::root(), service);
        signer.sign(request, server.port).send(server.port)
    };
    // Less is free than half of the reserve, as the disk is read at the start.
    let user = query("iam", "CreateUser", &[("UserName", "one")]);
    assert_eq!(send("iam", user).status, 200);
    for (service, request) in [
        ("sts", query("sts", "GetCallerIdentity", &[])),
        ("iam", query("iam", "ListUsers", &[])),
        ("s3", Request::put("/bucket", "")),
        ("s3", Request::get("/")),
    ] {
        let refused = send(service, request);
        assert_eq!(refused.status, 503, "{}", refused.text());
        assert_eq!(refused.element("Code").unwrap(), "ServiceUnavailable");
    }
    // A stranger is denied as ever.
    assert_eq!(Request::get("/bucket/key").send(server.port).status, 403);
    let ready = Request::get("/readyz").send(server.ops_port);
    assert_eq!(ready.status, 503);
    let text = ready.text();
    assert!(text.contains("kept for management events"), "{text}");
    let metrics = Request::get("/metrics").send(server.ops_port).text();
    assert!(
        metrics.contains("bowline_audit_disk_level 3\n"),
        "{metrics}"
    );
    assert!(
        metrics.contains("bowline_audit_suppressed_records_total 5\n"),
        "{metrics}"
    );
    let records = records(&server.data().join("audit"));
    let names: Vec<_> = records.iter().map(|record| &record["eventName"]).collect();
    assert_eq!(names, ["CreateUser"]);
}

/// A server whose reserve is a part of what is free on its disk, in hundredths.
fn with_reserve(hundredths: u64) -> Bowline {
    let free = Bowline::start().metric("bowline_audit_disk_free_bytes");
    let reserve = format!("BOWLINE_AUDIT_RESERVE={}", free / 100 * hundredths);
    Bowline::launch(Launch {
        through: vec!["env".to_owned(), reserve],
        ..Launch::default()
    })
}

/// Sends a change, a request to STS, a request for data and one that is denied. Returns their statuses,
/// the events that were recorded, and how many were only counted.
fn sent_to(server: &Bowline) -> ([u16; 4], Vec<String>, u64) {
    let send = |service: &str, request: Request| {
        let signer = Signer::new(&Bowline::root(), service);
        signer.sign(request, server.port).send(server.port).status
    };
    let statuses = [
        send("iam", query("iam", "CreateUser", &[("UserName", "one")])),
        send("sts", query("sts", "GetCallerIdentity", &[])),
        send("iam", query("iam", "ListUsers", &[])),
        Request::get("/bucket/key").send(server.port).status,
    ];
    let names = records(&server.data().join("audit"))
        .iter()
        .filter_map(|record| Some(record["eventName"].as_str()?.to_owned()))
        .collect();
    let counted = server.metric("bowline_audit_suppressed_records_total");
    (statuses, names, counted)
}

#[test]
fn a_disk_that_fills_up_is_announced_then_spares_records_then_keeps_its_last_part() {
    let warning = "ready\nwarning: the disk of the audit will soon be full: make room\n";

    // Less than four times the reserve is free: everything is recorded as ever.
    let announced = with_reserve(33);
    let (statuses, names, counted) = sent_to(&announced);
    assert_eq!(statuses, [200, 200, 200, 403]);
    let all = ["CreateUser", "GetCallerIdentity", "ListUsers", "GetObject"];
    assert_eq!((&*names, counted), (&all.map(str::to_owned)[..], 0));
    let ready = Request::get("/readyz").send(announced.ops_port);
    assert_eq!((ready.status, &*ready.text()), (200, warning));
    assert_eq!(announced.metric("bowline_audit_disk_warning"), 1);

    // Less than twice: denied requests are only counted.
    let sparing = with_reserve(70);
    let (statuses, names, counted) = sent_to(&sparing);
    assert_eq!(statuses, [200, 200, 200, 403]);
    assert_eq!((&*names, counted), (&all.map(str::to_owned)[..3], 1));
    let ready = Request::get("/readyz").send(sparing.ops_port);
    assert_eq!((ready.status, &*ready.text()), (200, warning));

    // The reserve itself: a request for data is refused, changes and requests to STS are recorded.
    let keeping = with_reserve(140);
    let (statuses, names, counted) = sent_to(&keeping);
    assert_eq!(statuses, [200, 200, 503, 403]);
    assert_eq!((&*names, counted), (&all.map(str::to_owned)[..2], 2));
    let ready = Request::get("/readyz").send(keeping.ops_port);
    assert_eq!(ready.status, 503);
}
