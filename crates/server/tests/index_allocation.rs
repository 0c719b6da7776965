//! One more write allocates no more than a small constant, however much the index holds.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::alloc::System;

use bowline_server::{
    crypto::master_key::MasterKey,
    identity::{entity::Role, index::Index},
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[path = "support/roles.rs"]
mod roles;

use roles::{index, put, role};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How much more one write may allocate among 100,000 roles than among 10, in bytes: the longer
/// paths of the maps. It measures about a quarter of it; a copy of the pointers alone would be
/// 800,000.
const CONSTANT: usize = 8_000;

#[test]
fn a_write_among_a_hundred_thousand_roles_costs_little_more_than_among_ten() {
    let master_key = MasterKey::generate().unwrap();
    let (few, many) = (index(10, &master_key), index(100_000, &master_key));
    assert_eq!((few.role_count(), many.role_count()), (10, 100_000));
    for changed in [role(5), role(100_001)] {
        let few = allocated(&few, &changed, &master_key);
        let many = allocated(&many, &changed, &master_key);
        assert!(
            many < few + CONSTANT,
            "{many} bytes among many, {few} among few"
        );
    }
}

/// The bytes that the index after one more write of `role` allocates beyond this one.
fn allocated(index: &Index, role: &Role, master_key: &MasterKey) -> usize {
    let batch = put(role);
    let region = Region::new(ALLOCATOR);
    let next = index.after(&batch, master_key).unwrap();
    let stats = region.change();
    assert!(next.role_count() >= index.role_count());
    stats.bytes_allocated
}
