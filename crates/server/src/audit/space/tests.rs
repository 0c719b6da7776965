//! The reserve is for management events.

use bowline_iam::account::AccountId;
use proptest::prelude::*;

use super::*;
use crate::audit::budget::Source;

const MIB: u64 = 1024 * 1024;

fn admitted(level: Level) -> Vec<&'static str> {
    let account: AccountId = "432797229265".parse().unwrap();
    let classes = [
        ("budgeted", Class::Budgeted(Source::Account(account))),
        ("other", Class::Other),
        ("session", Class::Session),
        ("change", Class::Change),
    ];
    let admitted = classes
        .into_iter()
        .filter(|(_, class)| level.admits(*class));
    admitted.map(|(name, _)| name).collect()
}

#[test]
fn the_less_is_free_the_less_is_recorded() {
    let of = |free: u64, ballast: u64| admitted(Level::of(free, 16 * MIB, ballast));
    assert_eq!(of(32 * MIB, 0), ["budgeted", "other", "session", "change"]);
    assert_eq!(of(31 * MIB, 0), ["other", "session", "change"]);
    assert_eq!(of(15 * MIB, 0), ["session", "change"]);
    assert_eq!(of(7 * MIB, 0), ["change"]);
    assert_eq!(of(0, MIB), ["change"]);
    assert!(of(0, 0).is_empty());
}

#[test]
fn the_ballast_is_set_aside_and_released_in_steps() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit.jsonl");
    let reserve = DiskReserve::new(&path, 4 * MIB);
    reserve.refresh().unwrap();
    let ballast = home.path().join("audit.jsonl.reserve");
    let size = || std::fs::metadata(&ballast).unwrap().len();
    assert!(reserve.total() > reserve.free());
    // A file system that sets nothing aside has no ballast.
    let full = size();
    assert!(full == 4 * MIB || full == 0);
    let mut steps = 0;
    while reserve.release() {
        steps += 1;
    }
    assert_eq!(steps, full / MIB);
    assert_eq!(size(), 0);
    reserve.refresh().unwrap();
    assert_eq!(size(), full);
}

#[test]
fn without_a_reserve_everything_is_recorded() {
    let home = tempfile::tempdir().unwrap();
    let reserve = DiskReserve::new(&home.path().join("audit.jsonl"), 0);
    reserve.refresh().unwrap();
    assert_eq!(reserve.level(), Level::Ample);
    assert!(!home.path().join("audit.jsonl.reserve").exists());
}

proptest! {
    #[test]
    fn more_room_never_admits_less(free in 0_u64..100, more in 0_u64..100, ballast in 0_u64..20) {
        let level = |free: u64| Level::of(free * MIB, 16 * MIB, ballast * MIB);
        prop_assert!(level(free + more) <= level(free));
    }
}
