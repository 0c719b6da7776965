//! What a role takes of the index: a small multiple of its documents, whatever they contain.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::alloc::System;

use bowline_server::{
    crypto::master_key::MasterKey,
    identity::{
        entity::{Entity, Role, TrustDocument},
        index::Index,
        store::{Revision, Snapshot, StoredRecord, record},
    },
};
use jiff::Timestamp;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROLES: usize = 64;

#[test]
fn a_role_takes_little_more_of_the_index_than_its_documents() {
    let star = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let small = r#"{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::insights/bot/*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}"#;
    assert!(bytes(small) < 8 * 1024, "{}", bytes(small));
    for (name, statements) in [
        (
            "actions",
            statement(&list(1_650, |n| format!("a:{}", letter(n))), r#""*""#, ""),
        ),
        (
            "stars",
            statement(r#""s3:*""#, &list(660, |_| "arn:aws:*:*a".to_owned()), ""),
        ),
        (
            "buckets",
            statement(
                r#""s3:*""#,
                &list(280, |n| format!("arn:aws:s3:::bucket-{n:08}/*")),
                "",
            ),
        ),
        ("statements", vec![star; 210].join(",")),
        (
            "one long star",
            statement(
                r#""s3:*""#,
                &format!(r#""arn:aws:s3:::{}""#, "*a".repeat(4_000)),
                "",
            ),
        ),
        (
            "conditions",
            statement(r#""*""#, r#""*""#, &conditions(570)),
        ),
        ("usual statements", vec![small; 58].join(",")),
    ] {
        let document = document(&statements);
        assert!(
            (8_000..10_400).contains(&document.len()),
            "{name}: {}",
            document.len()
        );
        let taken = bytes(&statements);
        assert!(taken < 40 * 1024, "{name}: {taken} bytes");
    }
}

/// The bytes of the index for one more role with these statements.
fn bytes(statements: &str) -> usize {
    let master_key = MasterKey::generate().unwrap();
    let (few, many) = (snapshot(1, statements), snapshot(1 + ROLES, statements));
    let one = kept(&few, &master_key);
    (kept(&many, &master_key) - one) / ROLES
}

/// The bytes that an index keeps allocated.
fn kept(snapshot: &Snapshot, master_key: &MasterKey) -> usize {
    let region = Region::new(ALLOCATOR);
    let index = Index::build(snapshot, master_key).unwrap();
    let stats = region.change();
    assert_eq!(index.role_count(), snapshot.records.len());
    stats.bytes_allocated - stats.bytes_deallocated
}

fn snapshot(roles: usize, statements: &str) -> Snapshot {
    let records = (0..roles).map(|number| {
        let role = role(number, statements);
        StoredRecord {
            key: role.key(),
            value: record::encode(&role).unwrap(),
            revision: Revision::EMPTY,
        }
    });
    Snapshot {
        revision: Revision::EMPTY,
        records: records.collect(),
    }
}

fn role(number: usize, statements: &str) -> Role {
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::432797229265:oidc-provider/issuer.example"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"issuer.example:aud":"sts.amazonaws.com","issuer.example:sub":"system:serviceaccount:ns:bot"}}}}"#;
    let trust = TrustDocument {
        text: trust.to_owned(),
        principals: Vec::new(),
    };
    let id = format!("AROA{number:017}").parse().unwrap();
    let account = "432797229265".parse().unwrap();
    let mut role = Role::new(
        id,
        account,
        format!("role-{number}"),
        trust,
        Timestamp::UNIX_EPOCH,
    );
    role.permissions
        .inline
        .insert("policy".to_owned(), document(statements));
    role
}

fn document(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)
}

fn statement(actions: &str, resources: &str, conditions: &str) -> String {
    format!(r#"{{"Effect":"Allow","Action":{actions},"Resource":{resources}{conditions}}}"#)
}

fn conditions(count: usize) -> String {
    let keys: Vec<String> = (0..count)
        .map(|n| format!(r#""a:{n}":["*","?"]"#))
        .collect();
    format!(r#","Condition":{{"StringLike":{{{}}}}}"#, keys.join(","))
}

fn list(count: usize, text: impl Fn(usize) -> String) -> String {
    let texts: Vec<String> = (0..count).map(|n| format!("\"{}\"", text(n))).collect();
    format!("[{}]", texts.join(","))
}

fn letter(number: usize) -> char {
    char::from(b'a' + u8::try_from(number % 26).unwrap_or_default())
}
