//! A record is bounded, valid and complete, whatever the request holds.

use std::sync::Arc;

use bowline_aws::{
    error::{AwsError, Code, Protocol},
    sts,
};
use bowline_iam::{
    effect::Effect,
    layer::Layer,
    trace::{ElementTrace, LayerResult, LayerTrace, StatementTrace, Trace},
};
use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::Value;

use super::*;
use crate::{
    audit::testing::{head, ids},
    crypto::master_key::MasterKey,
    identity::{
        entity::{self, ServerId, TrustDocument},
        index::IdentityState,
        session::{SessionKind, WebIdentityClaims},
        store::{MemoryStore, Transaction},
    },
    request::{caller::Caller, error::RequestError, record::AuditedResource, service::Service},
};

/// A session with the longest names.
async fn longest_session(text: &str) -> Arc<Caller> {
    let now = Timestamp::UNIX_EPOCH;
    let master_key = Arc::new(MasterKey::generate().unwrap());
    let store = Arc::new(MemoryStore::new());
    let state = IdentityState::start(store, master_key, ServerId::new([0; 16]));
    let state = state.await.unwrap();
    let mut role = entity::Role::new(
        "AROAJQABLZS4A3QDU576Q".parse().unwrap(),
        "432797229265".parse().unwrap(),
        "r".repeat(64),
        TrustDocument {
            text: "{}".to_owned(),
            principals: Vec::new(),
        },
        now,
    );
    role.path = format!("/{}/", "p".repeat(510));
    let create = Transaction::new().create(&role);
    state.commit(create).await.unwrap();
    let session = Session {
        session_id: "0".repeat(32),
        access_key_id: "ASIAUNHONOUREDKEY000".parse().unwrap(),
        secret_access_key: bowline_aws::credentials::SecretAccessKey::new("s".repeat(40)).unwrap(),
        kind: SessionKind::AssumedRole,
        account: role.account,
        role_id: role.id.clone(),
        role_name: role.name.clone(),
        role_path: role.path.clone(),
        session_name: "s".repeat(64),
        issued: now,
        expires: now + SignedDuration::from_hours(1),
        session_policy: None,
        session_policy_ids: Vec::new(),
        tags: Vec::new(),
        transitive_tag_keys: Vec::new(),
        source_identity: None,
        web_identity: Some(WebIdentityClaims {
            provider_arn: format!(
                "arn:aws:iam::432797229265:oidc-provider/{}",
                "h".repeat(255)
            ),
            condition_prefix: "h".repeat(255),
            audience: text.to_owned(),
            subject: text.to_owned(),
            pod_uid: None,
        }),
        service_resource: None,
        chained_from: None,
        mfa_authenticated_at: None,
    };
    let index = state.current();
    let identity = Identity::Session {
        session: Arc::new(session),
        role: Arc::clone(index.role_by_id(role.id.as_str()).unwrap()),
    };
    let key = "ASIAUNHONOUREDKEY000".parse().unwrap();
    Arc::new(Caller::new(key, identity))
}

/// A denial that says much.
fn denial(text: &str, decisions: usize) -> RequestError {
    let statement = StatementTrace {
        policy: text.to_owned(),
        policy_arn: Some(text.to_owned()),
        sid: Some(text.to_owned()),
        number: 1,
        line: 1,
        effect: Effect::Allow,
        mismatch: Some(ElementTrace {
            element: "Condition",
            condition: Some(("StringLike".to_owned(), text.to_owned())),
            expected: vec![text.to_owned(); 16],
            actual: Some(vec![text.to_owned(); 16]),
            missing_variables: Vec::new(),
            doubt: None,
        }),
        doubts: Vec::new(),
    };
    let layer = LayerTrace {
        layer: Layer::Identity,
        level: None,
        result: LayerResult::NoMatch,
        statements: vec![statement; 6],
        others: 3,
        unreadable: vec![text.to_owned(); 3],
    };
    let trace = Trace {
        principal: text.to_owned(),
        action: "iam:GetRole".to_owned(),
        resource: text.to_owned(),
        denied: None,
        layers: vec![layer],
    };
    let mut error = RequestError::new(AwsError::new(Code::AccessDenied, text.to_owned()), text);
    error.traces = vec![trace; decisions];
    error
}

fn check(line: &[u8], most: usize) -> Value {
    assert!(line.len() <= most, "{} bytes", line.len());
    let (last, json) = line.split_last().unwrap();
    assert_eq!(*last, b'\n');
    assert!(!json.contains(&b'\n'));
    let record: Value = serde_json::from_slice(json).unwrap();
    for member in [
        "eventTime",
        "eventSource",
        "eventName",
        "requestID",
        "eventID",
    ] {
        assert!(record[member].is_string(), "{member}: {record}");
    }
    assert_eq!(record["sourceIPAddress"], "192.0.2.7");
    assert!(record["userIdentity"]["type"].is_string(), "{record}");
    record
}

#[test]
fn a_record_has_at_most_8_kib_whatever_the_request_holds() {
    let characters = prop::sample::select(vec!["a", "\u{1}", "\"", "é", "\u{10348}"]);
    let size = || prop_oneof![0_usize..40, 200_usize..2_000, Just(30_000_usize)];
    let strategy = (
        characters,
        size(),
        size(),
        0_usize..300,
        0_usize..6,
        0_usize..24,
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let run = |(character, short, long, count, identity, decisions): (&str, _, _, usize, _, _)| {
        let (short, long) = (character.repeat(short), character.repeat(long));
        let head = head("192.0.2.7", long.as_bytes(), Timestamp::UNIX_EPOCH);
        let ids = ids();
        let mut record = RequestRecord::new(&head, &ids, Service::Sts);
        record.operation = Some(sts::Operation::AssumeRole.into());
        record.region = Some(short.clone().into());
        record.identity = match identity {
            0 => RecordedIdentity::Anonymous,
            1 => RecordedIdentity::UnverifiedToken {
                issuer: Some(long.clone()),
                account: None,
            },
            _ => RecordedIdentity::Caller(runtime.block_on(longest_session(&short))),
        };
        for number in 0..count {
            let name = if number % 3 == 0 {
                "tags.member"
            } else {
                "policyDocument"
            };
            record
                .parameters
                .add(format!("{name}{number}"), short.clone());
            record
                .response
                .add(format!("credentials.{number}"), short.clone());
        }
        record.parameters.add("policyDocument", long.clone());
        record.resource = Some(AuditedResource {
            arn: long.clone(),
            account: None,
        });
        record
            .other_resources
            .extend((0..count).map(|_| AuditedResource {
                arn: short.clone(),
                account: Some("432797229265".parse().unwrap()),
            }));
        let error = denial(&short, decisions);
        let explanation = Explanation::new(&record, &error, Protocol::STS);
        let outcomes = [
            Outcome::Done,
            Outcome::Failed {
                code: "AccessDenied",
                kind: ErrorKind::Rejected,
                message: &long,
                explanation: Some(&explanation),
            },
        ];
        for outcome in outcomes {
            let line = render(&record, outcome);
            let json = check(&line.bytes, MAX_RECORD_BYTES);
            assert_eq!(line.is_cut, json["truncated"].is_array(), "{json}");
            assert!(json["resources"][0]["ARN"].is_string());
            if let Outcome::Failed { .. } = outcome {
                assert_eq!(json["errorCode"], "AccessDenied");
                let explained = &json["additionalEventData"]["explanation"];
                assert_eq!(explained["requestId"], json["requestID"], "{json}");
            }
            let mut sample = render_sample(&record, outcome);
            sample.push('\n');
            check(sample.as_bytes(), SAMPLE.record);
        }
        Ok(())
    };
    let config = ProptestConfig::with_cases(24);
    TestRunner::new(config).run(&strategy, run).unwrap();
}

#[test]
fn a_usual_record_is_whole() {
    let head = head("192.0.2.7", b"aws-cli/2", Timestamp::UNIX_EPOCH);
    let ids = ids();
    let mut record = RequestRecord::new(&head, &ids, Service::Sts);
    record.operation = Some(sts::Operation::AssumeRole.into());
    record
        .parameters
        .add("roleArn", "arn:aws:iam::432797229265:role/web");
    record.parameters.add("a.b", "1");
    record.parameters.add("a.c", "2");
    let line = render(&record, Outcome::Done);
    insta::assert_snapshot!(String::from_utf8(line.bytes).unwrap().trim_end(), @r#"{"eventVersion":"1.11","userIdentity":{"type":"Anonymous"},"eventTime":"1970-01-01T00:00:00Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":null,"sourceIPAddress":"192.0.2.7","userAgent":"aws-cli/2","requestParameters":{"roleArn":"arn:aws:iam::432797229265:role/web","a":{"b":"1","c":"2"}},"responseElements":null,"requestID":"5a2d8c1e-6f7b-4c0d-9e3a-1b2c3d4e5f60","eventID":"0a2d8c1e-6f7b-4c0d-9e3a-1b2c3d4e5f61","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":null,"eventCategory":"Management"}"#);
    assert!(!line.is_cut);
}

#[test]
fn a_long_document_keeps_its_beginning_and_its_hash() {
    let head = head("192.0.2.7", b"aws-cli/2", Timestamp::UNIX_EPOCH);
    let ids = ids();
    let mut record = RequestRecord::new(&head, &ids, Service::Iam);
    let document = format!("{{\"Statement\":\"{}\"}}", "a".repeat(60_000));
    record.parameters.add("roleName", "web");
    record.parameters.add("policyDocument", document.clone());
    record.parameters.add("policyName", "last");
    let line = render(&record, Outcome::Done);
    let json = check(&line.bytes, MAX_RECORD_BYTES);
    let shown = json["requestParameters"]["policyDocument"]
        .as_str()
        .unwrap();
    assert!(shown.starts_with("{\"Statement\":\"aaa"));
    // As `sha256sum` prints it.
    let hash = "a48168df18350808e77a1517ed0acd83a1c8baba98577ce3dfd12b10b1760b29";
    let mark = format!("...[{} bytes, SHA-256 {hash}]", document.len());
    assert!(shown.ends_with(&mark), "{shown}");
    assert!(shown.len() > 4_000);
    assert_eq!(json["requestParameters"]["roleName"], "web");
    assert_eq!(json["requestParameters"]["policyName"], "last");
    assert_eq!(json["truncated"], serde_json::json!(["policyDocument"]));
}
