//! What the index costs: a look-up, and one more write, among 10 and among 100,000 roles.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]

use std::hint::black_box;

use bowline_server::crypto::master_key::MasterKey;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

#[path = "../tests/support/roles.rs"]
mod roles;

use roles::{index, put, role};

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
        let batch = put(&role(roles));
        group.bench_function(BenchmarkId::from_parameter(roles), |bencher| {
            bencher.iter(|| index.after(black_box(&batch), &master_key).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, look_up, write);
criterion_main!(benches);
