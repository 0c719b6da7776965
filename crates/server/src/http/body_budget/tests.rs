use super::*;

const MIB: usize = 1024 * 1024;
const LIMITS: BodyLimits = BodyLimits {
    per_address: 16 * MIB,
    per_account: 32 * MIB,
};

fn budget() -> Arc<BodyMemoryBudget> {
    Arc::new(BodyMemoryBudget::new(LIMITS))
}

fn stranger(budget: &Arc<BodyMemoryBudget>, from: &str) -> Reservation {
    let from = SourceAddress::of(from.parse().unwrap());
    Reservation::new(Arc::clone(budget), from)
}

fn claimed(budget: &Arc<BodyMemoryBudget>, from: &str, account: &str) -> Reservation {
    let reservation = stranger(budget, from);
    reservation.claim(account.parse().unwrap());
    reservation
}

fn proven(budget: &Arc<BodyMemoryBudget>, account: &str) -> Reservation {
    let reservation = stranger(budget, "192.0.2.1");
    reservation.prove(account.parse().unwrap()).unwrap();
    reservation
}

fn is_evicted(reservation: &Reservation) -> bool {
    use futures_util::FutureExt as _;
    reservation.evicted().now_or_never().is_some()
}

#[test]
fn a_body_that_arrives_takes_the_memory_of_the_oldest_one_of_its_address() {
    let budget = budget();
    let stuck: Vec<_> = (0..16).map(|_| stranger(&budget, "192.0.2.1")).collect();
    for one in &stuck {
        one.reserve(MIB).unwrap();
    }
    let other = stranger(&budget, "192.0.2.2");
    other.reserve(MIB).unwrap();
    let late = stranger(&budget, "::ffff:192.0.2.1");
    late.reserve(1).unwrap();
    let evicted: Vec<_> = stuck.iter().map(is_evicted).collect();
    assert!(evicted[0] && !evicted[1..].contains(&true));
    assert!(!is_evicted(&other));
    assert_eq!(budget.stats().evicted, 1);
    drop((stuck, late, other));
    assert_eq!(budget.stats().strangers, 0);
}

#[test]
fn a_share_that_is_used_up_takes_from_the_address_that_uses_the_most() {
    let budget = budget();
    let addresses = ["192.0.2.1", "192.0.2.2", "2001:db8:1::1", "2001:db8:2::1"];
    let all = addresses.map(|address| stranger(&budget, address));
    for one in &all {
        one.reserve(16 * MIB).unwrap();
    }
    let late = stranger(&budget, "192.0.2.3");
    late.reserve(8 * MIB).unwrap();
    assert_eq!(all.iter().filter(|one| is_evicted(one)).count(), 1);
    // More than the others have is not taken from them.
    let rest = stranger(&budget, "192.0.2.4");
    rest.reserve(8 * MIB).unwrap();
    assert_eq!(late.reserve(17 * MIB), Err(BudgetExceeded));
}

#[test]
fn a_body_that_is_complete_keeps_its_memory() {
    let budget = budget();
    let complete = stranger(&budget, "192.0.2.1");
    complete.reserve(16 * MIB).unwrap();
    complete.complete();
    let late = stranger(&budget, "192.0.2.1");
    assert_eq!(late.reserve(1), Err(BudgetExceeded));
    assert!(!is_evicted(&complete));
}

#[test]
fn strangers_take_nothing_from_callers_with_a_key_and_these_nothing_from_authenticated_ones() {
    let budget = budget();
    let a = "111122223333";
    let strangers: Vec<_> = (1..=4)
        .map(|n| stranger(&budget, &format!("192.0.2.{n}")))
        .collect();
    for one in &strangers {
        one.reserve(16 * MIB).unwrap();
    }
    let with_key: Vec<_> = (1..=2)
        .map(|n| claimed(&budget, &format!("192.0.2.{n}"), a))
        .collect();
    for one in &with_key {
        one.reserve(16 * MIB).unwrap();
    }
    let authenticated = proven(&budget, a);
    authenticated.reserve(8 * MIB).unwrap();
    let all = strangers.iter().chain(&with_key);
    assert!(all.into_iter().all(|one| !is_evicted(one)));
}

#[test]
fn within_an_account_the_address_that_uses_the_most_loses_first() {
    let budget = budget();
    let account = "111122223333";
    let thief = claimed(&budget, "192.0.2.66", account);
    thief.reserve(16 * MIB).unwrap();
    let owner = claimed(&budget, "192.0.2.1", account);
    owner.reserve(12 * MIB).unwrap();
    let late = claimed(&budget, "192.0.2.2", account);
    late.reserve(8 * MIB).unwrap();
    assert!(is_evicted(&thief) && !is_evicted(&owner));
}

#[test]
fn an_account_has_at_most_as_much_as_it_leaves_to_others() {
    let budget = budget();
    let accounts = ["111111111111", "222222222222", "333333333333"];
    let [a, b, c] = accounts.map(|account| proven(&budget, account));
    a.reserve(32 * MIB).unwrap();
    b.reserve(32 * MIB).unwrap();
    assert_eq!(c.reserve(17 * MIB), Err(BudgetExceeded));
    c.reserve(16 * MIB).unwrap();
    assert_eq!(a.reserve(33 * MIB), Err(BudgetExceeded));
    drop((a, b, c));
    assert_eq!(budget.stats().proven, 0);
}

#[test]
fn what_was_read_before_the_caller_was_authenticated_moves_to_its_share() {
    let budget = budget();
    let body = claimed(&budget, "192.0.2.1", "111122223333");
    body.reserve(MIB).unwrap();
    assert_eq!(budget.stats().claimed, MIB as u64);
    body.prove("111122223333".parse().unwrap()).unwrap();
    let stats = budget.stats();
    assert_eq!((stats.claimed, stats.proven), (0, MIB as u64));
}
