//! No client flushes the explanations of others.

use bowline_aws::error::{AwsError, Code, Protocol};
use jiff::Timestamp;
use proptest::prelude::*;

use super::{ring::MAX_ENTRIES, *};
use crate::{
    clock::Clock,
    http::{head::RequestHead, peer::Peer},
    request::{
        error::RequestError, record::RequestRecord, request_id::RecordIds, service::Service,
    },
};

fn explanation(id: &str, bytes: usize) -> Arc<Explanation> {
    let request = http::Request::get("/")
        .header("host", "h")
        .body(())
        .unwrap();
    let peer = Peer::tcp("192.0.2.7:1".parse().unwrap());
    let stopwatch = Clock::system().stopwatch();
    let (parts, now) = (request.into_parts().0, Timestamp::UNIX_EPOCH);
    let head = RequestHead::read(parts, peer, &[], now, stopwatch).unwrap();
    let ids = RecordIds {
        request: format!("{id}{}", "-".repeat(bytes)),
        event: String::new(),
    };
    let error = RequestError::new(AwsError::new(Code::AccessDenied, "no"), "why");
    let record = RequestRecord::new(&head, &ids, Service::S3);
    Arc::new(Explanation::new(&record, &error, Protocol::S3))
}

fn account(number: u64) -> AccountId {
    format!("{number:012}").parse().unwrap()
}

fn address(number: u32) -> IpAddr {
    std::net::Ipv4Addr::from_bits(number).into()
}

#[test]
fn anonymous_requests_do_not_flush_an_accounts_explanations() {
    let denials = RecentDenials::default();
    let (victim, owner) = (account(1), Some(account(1)));
    let kinds = [
        RingKind::Rejected,
        RingKind::Failed,
        RingKind::WebIdentity,
        RingKind::UnverifiedToken,
        RingKind::UnverifiedKey,
        RingKind::Anonymous,
    ];
    for kind in kinds {
        let explanation = explanation(&format!("{kind:?}"), 0);
        denials.record(owner, kind, address(1), explanation);
    }
    // Many more than a ring has, for no account and for this one, from one address and from many.
    for number in 0..4_096 {
        let flood = explanation("flood", 0);
        denials.record(None, RingKind::Anonymous, address(2), Arc::clone(&flood));
        denials.record(owner, RingKind::Anonymous, address(2), Arc::clone(&flood));
        denials.record(
            owner,
            RingKind::UnverifiedKey,
            address(2),
            Arc::clone(&flood),
        );
        denials.record(
            Some(account(2)),
            RingKind::Rejected,
            address(2),
            Arc::clone(&flood),
        );
        denials.record(None, RingKind::Anonymous, address(number), flood);
    }
    for kind in kinds {
        let found = denials.find(victim, false, &format!("{kind:?}"));
        assert!(found.is_some(), "{kind:?}");
    }
    assert!(denials.find(account(2), false, "Rejected").is_none());
}

#[test]
fn an_address_evicts_its_own_once_it_has_its_part() {
    let denials = RecentDenials::default();
    let owner = Some(account(1));
    let flood = |from: u32, count: usize| {
        for number in 0..count {
            let explanation = explanation(&format!("{from}-{number}"), 0);
            denials.record(owner, RingKind::Rejected, address(from), explanation);
        }
    };
    flood(1, 10);
    flood(2, 1_000);
    let has = |id: &str| denials.find(account(1), false, id).is_some();
    assert!((0..10).all(|number| has(&format!("1-{number}"))));
    assert!(has("2-999") && !has("2-0"));
    // Two addresses that want all of it have half each.
    flood(1, 1_000);
    let kept = (0..1_000)
        .filter(|number| has(&format!("1-{number}")))
        .count();
    assert_eq!(kept, MAX_ENTRIES / 2);
    assert_eq!(denials.last(account(1), false).unwrap().request_id, "1-999");
}

#[test]
fn all_rings_together_are_bounded() {
    let denials = RecentDenials::default();
    for number in 0..200 {
        for _ in 0..80 {
            let owner = Some(account(number));
            let explanation = explanation("large", 12 * 1024);
            denials.record(owner, RingKind::Rejected, address(1), explanation);
        }
    }
    let rings = denials.rings();
    let bytes: usize = rings.by_kind.values().map(Ring::bytes).sum();
    assert_eq!(bytes, rings.bytes);
    assert!(bytes <= MAX_BYTES && bytes > MAX_BYTES / 2, "{bytes}");
    // No account is without one.
    assert!(rings.by_kind.values().all(|ring| ring.iter().count() > 0));
}

proptest! {
    /// A source keeps its latest as long as it has no more than an equal part of the ring.
    #[test]
    fn a_source_keeps_its_part(sources in prop::collection::vec(0_u32..8, 1..2_000)) {
        let denials = RecentDenials::default();
        let owner = Some(account(1));
        let shared = explanation("same", 0);
        let mut sent = HashMap::new();
        for source in sources {
            *sent.entry(SourceAddress::of(address(source))).or_insert(0_usize) += 1;
            denials.record(owner, RingKind::Failed, address(source), Arc::clone(&shared));
        }
        let rings = denials.rings();
        let ring = &rings.by_kind[&(owner, RingKind::Failed)];
        for (source, sent) in &sent {
            let kept = ring.iter().filter(|entry| entry.source == *source).count();
            prop_assert!(kept >= (*sent).min(MAX_ENTRIES / 8), "{} of {}", kept, sent);
        }
        prop_assert!(ring.iter().count() <= MAX_ENTRIES);
    }
}
