//! Budgets hold, and what they keep out is counted.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

const LIMITS: AuditLimits = AuditLimits {
    address: Rate {
        burst: 4_000,
        per_second: 100,
    },
    all_addresses_per_second: 300,
    account_per_second: 300,
    max_file_bytes: 0,
    max_file_age: std::time::Duration::ZERO,
    max_total_bytes: None,
    reserve_bytes: 0,
};

fn network(number: u32) -> Source {
    Source::network(std::net::Ipv4Addr::from_bits(number).into())
}

fn kind(error: &'static str) -> SuppressedKind {
    SuppressedKind {
        identity: "Anonymous",
        service: Service::S3,
        operation: "GetObject",
        error,
        account: None,
    }
}

/// Writes a record if the budget allows it, and counts it otherwise.
fn record(budgets: &Budgets, source: Source, bytes: usize, now: Timestamp) -> usize {
    match budgets.admit(source, now) {
        Admission::Write => {
            budgets.charge(Some(source), bytes, now);
            bytes
        }
        Admission::Suppress => {
            budgets.suppress(source, kind("AccessDenied"), now, || "{}".to_owned());
            0
        }
    }
}

#[test]
fn one_address_has_its_burst_and_its_rate_and_no_other_waits_for_it() {
    let start = Timestamp::UNIX_EPOCH;
    let budgets = Budgets::new(LIMITS, start);
    let written: usize = (0..100)
        .map(|_| record(&budgets, network(1), 100, start))
        .sum();
    assert_eq!(written, 4_000);
    let later = start + SignedDuration::from_secs(10);
    let written: usize = (0..100)
        .map(|_| record(&budgets, network(1), 100, later))
        .sum();
    assert_eq!(written, 1_000);
    // The rate of all together allows 3,000 by then.
    assert_eq!(record(&budgets, network(2), 100, later), 100);
    let account = Source::Account("432797229265".parse().unwrap());
    assert_eq!(record(&budgets, account, 100, later), 100);
}

#[test]
fn every_record_is_written_or_in_a_summary() {
    let start = Timestamp::UNIX_EPOCH;
    let budgets = Budgets::new(LIMITS, start);
    let mut written = 0;
    // More sources than have an entry, and more than have a summary.
    for number in 0..5_000_u32 {
        let now = start + SignedDuration::from_millis(i64::from(number));
        for _ in 0..3 {
            written += record(&budgets, network(number), 100, now) / 100;
        }
    }
    let end = start + SignedDuration::from_secs(5);
    let due = budgets.take_due(end);
    assert!(due.len() <= MAX_SUMMARIES + 1, "{}", due.len());
    let counted: u64 = due.iter().map(|due| due.suppressed.count).sum();
    assert_eq!(written as u64 + counted, 15_000);
    for Due { suppressed, .. } in &due {
        let of_kinds: u64 = suppressed.kinds.iter().map(|(_, count)| count).sum();
        assert_eq!(of_kinds + suppressed.other_kinds, suppressed.count);
        assert!(start <= suppressed.from && suppressed.from <= suppressed.to);
        assert!(suppressed.to <= end);
    }
    // One that could not be written is in the next.
    budgets.put_back(due[0].clone());
    budgets.put_back(due[1].clone());
    let again = budgets.take_due(end);
    assert_eq!(again.len(), 1);
    assert_eq!(
        again[0].suppressed.count,
        due[0].suppressed.count + due[1].suppressed.count
    );
    assert!(budgets.take_due(end).is_empty());
}

#[test]
fn a_source_is_forgotten_when_its_budget_is_full() {
    let start = Timestamp::UNIX_EPOCH;
    let budgets = Budgets::new(LIMITS, start);
    for number in 0..100 {
        record(&budgets, network(number), 100, start);
    }
    budgets.take_due(start);
    assert_eq!(budgets.lock().sources.len(), 40);
    budgets.take_due(start + SignedDuration::from_secs(1));
    assert!(budgets.lock().sources.is_empty());
}

proptest! {
    /// Whatever the addresses do, all together write no more than the burst and the rate allow.
    #[test]
    fn all_addresses_together_stay_within_their_rate(
        steps in prop::collection::vec((0_u32..6_000, 0_i64..50, 1_usize..600), 1..600)
    ) {
        let start = Timestamp::UNIX_EPOCH;
        let budgets = Budgets::new(LIMITS, start);
        let (mut now, mut written) = (start, 0);
        for (number, millis, bytes) in steps {
            now += SignedDuration::from_millis(millis);
            written += record(&budgets, network(number), bytes, now) as u128;
        }
        let millis = u128::try_from(now.as_millisecond()).unwrap();
        prop_assert!(written <= 4_000 + millis * 300 / 1_000 + 600);
        prop_assert!(budgets.lock().sources.len() <= MAX_SOURCES);
    }
}
