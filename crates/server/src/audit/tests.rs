//! Records are written, wait or are counted.

use std::{fs, sync::Arc};

use aws_lc_rs::rand::SystemRandom;
use bowline_aws::{error::ErrorKind, iam::Operation as Iam, sts};
use jiff::SignedDuration;
use serde_json::Value;

use super::{testing::head, *};
use crate::request::{
    caller::{Caller, Identity},
    record::RecordedIdentity,
    request_id::RecordIds,
};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn generator() -> RequestIdGenerator {
    RequestIdGenerator::new(&SystemRandom::new()).unwrap()
}

fn audit(path: &Path) -> Audit {
    Audit::to_file(path, AuditLimits::default(), generator(), NOW).unwrap()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

const DENIED: Outcome<'_> = Outcome::Failed {
    code: "AccessDenied",
    kind: ErrorKind::Rejected,
    message: "Access Denied",
    explanation: None,
};

/// Records so many denied requests of a stranger.
fn strangers(audit: &Audit, address: &str, ids: &RecordIds, count: usize) {
    let head = head(address, b"curl", NOW);
    for _ in 0..count {
        let record = RequestRecord::new(&head, ids, Service::S3);
        audit.record(&record, DENIED).unwrap();
    }
}

#[test]
fn lines_are_appended_to_an_existing_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit/audit.jsonl");
    audit(&path).write(b"one\n", false, NOW).unwrap();
    audit(&path).write(b"two\n", false, NOW).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
}

#[test]
fn an_unwritten_record_waits_and_holds_up_the_next() {
    // A device that is always full.
    let mut audit = audit(Path::new("/dev/full"));
    assert!(audit.write(b"one\n", true, NOW).is_err());
    assert!(audit.check().is_err());
    assert!(audit.write(b"two\n", false, NOW).is_err());
    assert_eq!(audit.failures.load(Ordering::Relaxed), 2);

    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit");
    let files = LogFiles::open(&path, AuditLimits::default(), NOW).unwrap();
    audit.sink = Sink::Files(files);
    audit.write(b"three\n", false, NOW).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
}

#[test]
fn a_stranger_cannot_make_the_audit_fail() {
    let audit = audit(Path::new("/dev/full"));
    strangers(&audit, "192.0.2.7", &generator().next(), 10);
    audit.check().unwrap();
    assert_eq!(audit.suppressed.load(Ordering::Relaxed), 10);
}

#[test]
fn beyond_its_budget_an_address_is_counted_in_a_summary() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit.jsonl");
    let audit = audit(&path);
    let ids = generator().next();
    strangers(&audit, "2001:db8:0:1::1", &ids, 6_000);
    strangers(&audit, "2001:db8:0:1:ffff::", &ids, 6_000);
    let written = fs::metadata(&path).unwrap().len();
    assert!(written < (4 << 20) + 8 * 1024, "{written}");
    let before = lines(&path).len();
    audit.write_summaries(NOW + SignedDuration::from_secs(10));
    let records = lines(&path);
    assert_eq!(records.len(), before + 1);
    let summary = records.last().unwrap();
    assert_eq!(summary["eventName"], "SuppressedRecords");
    assert_eq!(summary["sourceIPAddress"], "2001:db8:0:1::/64");
    let data = &summary["additionalEventData"];
    assert_eq!(data["count"], 12_000 - before);
    assert_eq!(data["kinds"][0]["errorCode"], "AccessDenied");
    assert_eq!(data["kinds"][0]["count"], 12_000 - before);
    assert_eq!(data["sample"]["requestID"], Value::String(ids.request));
    // The rate of one address brings some of them back.
    let later = head(
        "2001:db8:0:1::1",
        b"curl",
        NOW + SignedDuration::from_secs(1),
    );
    let ids = generator().next();
    let record = RequestRecord::new(&later, &ids, Service::S3);
    audit.record(&record, DENIED).unwrap();
    assert_eq!(lines(&path).len(), before + 2);
}

#[test]
fn summaries_take_from_the_budget_of_their_source() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit.jsonl");
    let limits = AuditLimits {
        address: crate::config::Rate {
            burst: 16 * 1024,
            per_second: 16 * 1024,
        },
        ..AuditLimits::default()
    };
    let audit = Audit::to_file(&path, limits, generator(), NOW).unwrap();
    let source = Source::network("192.0.2.7".parse().unwrap());
    let ids = generator().next();
    strangers(&audit, "192.0.2.7", &ids, 100);
    let full = NOW + SignedDuration::from_secs(10);
    assert_eq!(audit.budgets.admit(source, full), Admission::Write);
    audit.budgets.charge(Some(source), 16 * 1024 - 1, full);
    assert_eq!(audit.budgets.admit(source, full), Admission::Write);
    audit.write_summaries(full);
    assert_eq!(audit.budgets.admit(source, full), Admission::Suppress);
    // A flood leaves little to be waited for.
    for _ in 0..1_000 {
        audit.budgets.charge(Some(source), 8 * 1024, full);
    }
    let later = full + SignedDuration::from_secs(5);
    assert_eq!(audit.budgets.admit(source, later), Admission::Write);
}

#[test]
fn the_record_of_a_success_has_no_budget() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit.jsonl");
    let audit = audit(&path);
    let ids = generator().next();
    strangers(&audit, "192.0.2.7", &ids, 10_000);
    let before = lines(&path).len();
    let head = head("192.0.2.7", b"curl", NOW);
    let mut record = RequestRecord::new(&head, &ids, Service::Sts);
    record.operation = Some(sts::Operation::AssumeRole.into());
    for _ in 0..100 {
        audit.record(&record, Outcome::Done).unwrap();
    }
    assert_eq!(lines(&path).len(), before + 100);
}

#[test]
fn a_request_is_in_the_class_of_what_it_changes() {
    let head = head("192.0.2.7", b"curl", NOW);
    let ids = generator().next();
    let class = |service, operation| {
        let mut record = RequestRecord::new(&head, &ids, service);
        record.operation = operation;
        Class::if_done(&record)
    };
    assert_eq!(
        class(Service::Iam, Some(Iam::CreateUser.into())),
        Class::Change
    );
    assert_eq!(class(Service::Iam, Some(Iam::GetUser.into())), Class::Other);
    let assume = sts::Operation::AssumeRole;
    assert_eq!(class(Service::Sts, Some(assume.into())), Class::Session);
    assert_eq!(class(Service::S3, None), Class::Other);
    let mut record = RequestRecord::new(&head, &ids, Service::S3);
    assert_eq!(
        Class::of(&record, DENIED),
        Class::Budgeted(Source::network("192.0.2.7".parse().unwrap()))
    );
    record.identity = RecordedIdentity::UnverifiedToken {
        issuer: None,
        account: None,
    };
    assert!(matches!(Class::of(&record, DENIED), Class::Budgeted(_)));
    assert_eq!(Class::of(&record, Outcome::Done), Class::Other);
    let account = "432797229265".parse().unwrap();
    let key = "AKIAINTEGRATIONROOTA".parse().unwrap();
    let caller = Caller::new(key, Identity::Root(account));
    record.identity = RecordedIdentity::Caller(Arc::new(caller));
    let failed = |kind| Outcome::Failed {
        code: "ValidationError",
        kind,
        message: "",
        explanation: None,
    };
    let budgeted = Class::Budgeted(Source::Account(account));
    assert_eq!(Class::of(&record, DENIED), budgeted);
    // Before a decision the caller may be one without permissions.
    assert_eq!(Class::of(&record, failed(ErrorKind::Failed)), budgeted);
    let broken = failed(ErrorKind::ServerError);
    assert_eq!(Class::of(&record, broken), Class::Other);
    let home = tempfile::tempdir().unwrap();
    let audit = audit(&home.path().join("audit.jsonl"));
    audit.check_before(&record).unwrap();
    assert_eq!(Class::of(&record, failed(ErrorKind::Failed)), Class::Other);
    assert_eq!(Class::of(&record, DENIED), budgeted);
}
