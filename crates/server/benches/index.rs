//! What the index costs: a look-up, and one more write, among 10 and among 100,000 roles.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]

use std::hint::black_box;

use bowline_server::{
    crypto::master_key::MasterKey,
    identity::{
        entity::{Entity, Role, TrustDocument},
        index::Index,
        store::{Batch, Change, Revision, Snapshot, StoredRecord, record},
    },
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use jiff::Timestamp;

fn look_up(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("role by name");
    let master_key = MasterKey::generate().unwrap();
    for roles in [10, 100_000] {
        let index = index(roles, &master_key);
        let middle = role(roles / 2);
        group.bench_function(BenchmarkId::from_parameter(roles), |bencher| {
            bencher.iter(|| {
                index
                    .role(middle.account, black_box(&middle.name))
                    .is_some()
            });
        });
    }
    group.finish();
}

fn write(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one more role");
    let master_key = MasterKey::generate().unwrap();
    for roles in [10, 100_000] {
        let index = index(roles, &master_key);
        let added = role(roles);
        let batch = Batch {
            revision: Revision::EMPTY,
            changes: [Change::Put(added.key(), record::encode(&added).unwrap())].into(),
        };
        group.bench_function(BenchmarkId::from_parameter(roles), |bencher| {
            bencher.iter(|| index.after(black_box(&batch), &master_key).unwrap());
        });
    }
    group.finish();
}

fn index(roles: usize, master_key: &MasterKey) -> Index {
    let records = (0..roles).map(|number| {
        let role = role(number);
        StoredRecord {
            key: role.key(),
            value: record::encode(&role).unwrap(),
            revision: Revision::EMPTY,
        }
    });
    let snapshot = Snapshot {
        revision: Revision::EMPTY,
        records: records.collect(),
    };
    Index::build(&snapshot, master_key).unwrap()
}

fn role(number: usize) -> Role {
    Role::new(format!("AROA{number:017}").parse().unwrap(), "432797229265".parse().unwrap(), format!("role-{number}"), TrustDocument {
            text: r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}"#.to_owned(),
            principals: Vec::new(),
        }, Timestamp::UNIX_EPOCH)
}

criterion_group!(benches, look_up, write);
criterion_main!(benches);
