use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::advance;

use super::*;

const LIMITS: ConnectionLimits = ConnectionLimits {
    max: 8,
    per_address: 3,
    per_account: 8,
    head_bytes: 1_000,
};

fn connections() -> Arc<Connections> {
    let live = LiveSettings {
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        ..LiveSettings::default()
    };
    Connections::new(LIMITS, Arc::new(ArcSwap::from_pointee(live)))
}

fn admit(all: &Arc<Connections>, address: &str) -> Result<ConnectionSlot, Refused> {
    all.admit(address.parse().unwrap())
}

fn admitted<const N: usize>(all: &Arc<Connections>, addresses: [&str; N]) -> [ConnectionSlot; N] {
    addresses.map(|address| admit(all, address).unwrap())
}

fn is_evicted(slot: &ConnectionSlot) -> bool {
    let evicted = slot.evicted().now_or_never().is_some();
    assert_eq!(evicted, slot.0.phase() == Phase::Ended);
    evicted
}

/// Begins a request of an authenticated caller.
fn work(slot: &ConnectionSlot) -> RequestOnConnection {
    assert!(slot.0.begin_request(0));
    slot.0.prove("111122223333".parse().unwrap()).unwrap();
    RequestOnConnection(Arc::clone(&slot.0))
}

async fn pass(millis: u64) {
    advance(Duration::from_millis(millis)).await;
}

#[tokio::test(start_paused = true)]
async fn beyond_its_part_an_address_loses_its_own_slowest_connection() {
    let all = connections();
    let other = admit(&all, "192.0.2.2").unwrap();
    pass(1).await;
    let mut slots = Vec::new();
    for _ in 0..3 {
        slots.push(admit(&all, "192.0.2.1").unwrap());
        pass(1).await;
    }
    // It has made progress, so the second one is the slowest.
    assert!(slots[0].0.begin_request(0));
    pass(1).await;
    let late = admit(&all, "::ffff:192.0.2.1").unwrap();
    let evicted: Vec<_> = slots.iter().map(is_evicted).collect();
    assert_eq!(evicted, [false, true, false]);
    assert!(!is_evicted(&other) && !is_evicted(&late));
    assert_eq!(all.stats().evicted, 1);
    // A request cannot begin on it: its client would not get the response.
    assert!(!slots[1].0.begin_request(0));
}

#[tokio::test(start_paused = true)]
async fn requests_of_authenticated_callers_are_not_ended() {
    let all = connections();
    let slots = admitted(&all, ["192.0.2.1"; 3]);
    let requests: Vec<_> = slots.iter().map(work).collect();
    assert_eq!(admit(&all, "192.0.2.1").unwrap_err(), Refused::ByAddress);
    assert_eq!(all.stats().refused_by_address, 1);
    let others = admitted(&all, ["192.0.2.2", "192.0.2.3", "192.0.2.4"]);
    let more = admitted(&all, ["192.0.2.5", "192.0.2.6"]);
    let under_way: Vec<_> = others.iter().chain(&more).map(work).collect();
    assert_eq!(admit(&all, "192.0.2.7").unwrap_err(), Refused::AllInUse);
    drop((requests, under_way));
    pass(queue_retry()).await;
    let late = admit(&all, "192.0.2.7").unwrap();
    assert!(!is_evicted(&late));
}

/// Until there is another look at the connections.
fn queue_retry() -> u64 {
    100
}

#[tokio::test(start_paused = true)]
async fn unauthenticated_connections_end_before_idle_ones_of_callers() {
    let all = connections();
    let [caller] = admitted(&all, ["192.0.2.1"]);
    drop(work(&caller));
    pass(1_000).await;
    let [silent, stranger] = admitted(&all, ["192.0.2.1"; 2]);
    pass(1).await;
    assert!(stranger.0.begin_request(0));
    drop(RequestOnConnection(Arc::clone(&stranger.0)));
    let late = admitted(&all, ["192.0.2.1"; 2]);
    assert!(is_evicted(&silent) && is_evicted(&stranger) && !is_evicted(&caller));
    drop(late);
}

#[tokio::test(start_paused = true)]
async fn a_full_server_takes_from_addresses_with_more_than_an_equal_share() {
    let all = connections();
    let [honest] = admitted(&all, ["192.0.2.1"]);
    pass(1).await;
    let greedy = admitted(&all, ["198.51.100.1"; 3]);
    let also = admitted(&all, ["198.51.100.2"; 3]);
    let [last] = admitted(&all, ["192.0.2.2"]);
    // 8 are open, from four addresses. The honest one is the slowest of all.
    let [late] = admitted(&all, ["192.0.2.3"]);
    assert!(!is_evicted(&honest) && !is_evicted(&last) && !is_evicted(&late));
    let evicted = greedy.iter().chain(&also).filter(|slot| is_evicted(slot));
    assert_eq!(evicted.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn heads_share_their_memory_and_the_slowest_ends() {
    let all = connections();
    let [slow, fast, silent] = admitted(&all, ["192.0.2.1"; 3]);
    slow.0.received(&[b'a'; 500]);
    pass(1).await;
    drop(work(&fast));
    pass(1).await;
    fast.0.received(&[b'a'; 500]);
    assert!(!is_evicted(&slow));
    let [late] = admitted(&all, ["192.0.2.2"]);
    late.0.received(&[b'a'; 1]);
    assert!(is_evicted(&slow) && !is_evicted(&fast) && !is_evicted(&silent));
    assert_eq!(all.stats().head_bytes, 501);
    // The head of an authenticated caller does not count.
    drop(work(&fast));
    assert_eq!(all.stats().head_bytes, 1);
    drop((slow, fast, silent, late));
    assert_eq!(
        all.stats(),
        ConnectionStats {
            evicted: 1,
            ..ConnectionStats::default()
        }
    );
}

#[tokio::test(start_paused = true)]
async fn heads_and_idle_connections_have_timeouts_and_requests_have_none_here() {
    let all = connections();
    let slots = admitted(&all, ["192.0.2.1"; 3]);
    let [silent, busy, kept] = &slots;
    let request = work(busy);
    drop(work(kept));
    pass(9_900).await;
    all.end_overdue();
    assert!(!slots.iter().any(is_evicted));
    pass(100).await;
    all.end_overdue();
    assert!(is_evicted(silent));
    // The next head begins with its first byte.
    pass(40_000).await;
    kept.0.received(&[b'a'; 1]);
    pass(9_900).await;
    all.end_overdue();
    assert!(!is_evicted(kept));
    pass(100).await;
    all.end_overdue();
    assert!(is_evicted(kept) && !is_evicted(busy));
    drop(request);
    pass(60_000).await;
    all.end_overdue();
    assert!(is_evicted(busy));
    assert_eq!(all.stats().timed_out, 3);
}

#[tokio::test(start_paused = true)]
async fn a_response_that_waits_for_its_client_is_not_idle() {
    let all = connections();
    let slots = admitted(&all, ["192.0.2.1"; 3]);
    for slot in &slots {
        drop(work(slot));
        slot.0.wrote(false);
    }
    pass(61_000).await;
    all.end_overdue();
    assert_eq!(admit(&all, "192.0.2.1").unwrap_err(), Refused::ByAddress);
    assert!(!slots.iter().any(is_evicted));
    slots[0].0.wrote(true);
    pass(59_000).await;
    all.end_overdue();
    assert!(!is_evicted(&slots[0]));
    pass(1_000).await;
    all.end_overdue();
    assert!(is_evicted(&slots[0]));
}

#[tokio::test(start_paused = true)]
async fn a_request_through_a_trusted_proxy_counts_for_the_address_that_it_forwards() {
    let all = connections();
    // The proxy itself has no part.
    let slots = admitted(&all, ["10.0.0.1"; 6]);
    let forward = |slot: &ConnectionSlot, address: &str| {
        let request = work(slot);
        let forwarded = all.forward(&slot.0, address.parse().unwrap());
        (forwarded, request)
    };
    let client: Vec<_> = slots[..3]
        .iter()
        .map(|slot| forward(slot, "203.0.113.1"))
        .collect();
    assert!(client.iter().all(|(forwarded, _)| forwarded.is_ok()));
    assert_eq!(forward(&slots[3], "203.0.113.1").0, Err(Refused::ByAddress));
    assert_eq!(forward(&slots[4], "203.0.113.2").0, Ok(()));
    // Its own connections count too.
    assert_eq!(admit(&all, "203.0.113.1").unwrap_err(), Refused::ByAddress);
    // Between requests the connection counts for the proxy again.
    drop(client);
    pass(queue_retry()).await;
    assert_eq!(forward(&slots[3], "203.0.113.1").0, Ok(()));
    drop(slots);
    assert!(all.lock().by_source.is_empty() && all.lock().connections.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_no_proxy_counts_for_itself_whatever_it_forwards() {
    let all = connections();
    let [slot] = admitted(&all, ["192.0.2.1"]);
    all.forward(&slot.0, "203.0.113.1".parse().unwrap())
        .unwrap();
    assert_eq!(slot.0.source().unwrap().to_string(), "192.0.2.1");
}

#[tokio::test(start_paused = true)]
async fn an_idle_caller_stays_however_many_silent_connections_come() {
    let all = connections();
    let [caller] = admitted(&all, ["192.0.2.1"]);
    drop(work(&caller));
    let mut silent = Vec::new();
    for number in 0..100 {
        silent.push(admit(&all, &format!("198.51.100.{}", number % 4)).unwrap());
    }
    assert!(!is_evicted(&caller));
    for _ in 0..10 {
        silent.push(admit(&all, "192.0.2.1").unwrap());
    }
    assert!(!is_evicted(&caller));
}

#[tokio::test(start_paused = true)]
async fn what_most_connections_do_ends_first() {
    let all = connections();
    let [early] = admitted(&all, ["192.0.2.1"]);
    pass(1).await;
    let mut halves = Vec::new();
    for _ in 0..10 {
        let [half] = admitted(&all, ["192.0.2.1"]);
        half.0.received(&[b'a'; 10]);
        halves.push(half);
        pass(1).await;
    }
    assert!(!is_evicted(&early));
    let mut silent = Vec::new();
    assert!(early.0.begin_request(0));
    for _ in 0..10 {
        silent.extend(admitted(&all, ["192.0.2.1"]));
        pass(1).await;
    }
    assert!(!is_evicted(&early));
}

#[tokio::test(start_paused = true)]
async fn an_account_has_a_part_of_the_connections_for_its_requests() {
    let limits = ConnectionLimits {
        per_account: 6,
        ..LIMITS
    };
    let all = Connections::new(limits, Arc::default());
    let addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
    let slots = addresses.map(|address| [(); 2].map(|()| admit(&all, address).unwrap()));
    let [others @ .., last] = slots.as_flattened() else {
        panic!("eight connections")
    };
    let requests: Vec<_> = others[..6].iter().map(work).collect();
    assert!(last.0.begin_request(0));
    let account = "111122223333".parse().unwrap();
    assert_eq!(last.0.prove(account), Err(Refused::ByAccount));
    assert_eq!(last.0.prove("444455556666".parse().unwrap()), Ok(()));
    drop(requests);
    assert!(others[6].0.begin_request(0));
    assert_eq!(others[6].0.prove(account), Ok(()));
    assert_eq!(all.stats().refused_by_account, 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_client_is_gone_counts_for_no_account() {
    let all = connections();
    let account = "111122223333".parse().unwrap();
    for _ in 0..10 {
        let [slot] = admitted(&all, ["192.0.2.1"]);
        assert!(slot.0.begin_request(0));
        let detached = Arc::clone(&slot.0);
        drop(RequestOnConnection(Arc::clone(&slot.0)));
        drop(slot);
        assert_eq!(detached.prove(account), Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_behind_a_head_count_once_and_only_if_it_arrived_in_one_piece() {
    let all = connections();
    let after = |pieces: &[&[u8]]| {
        let slot = admit(&all, "192.0.2.1").unwrap();
        for piece in pieces {
            slot.0.received(piece);
        }
        let counted = slot.0.take_bytes_after_head();
        assert_eq!(slot.0.take_bytes_after_head(), 0);
        counted
    };
    let head = b"POST / HTTP/1.1\r\nhost: a\r\n\r\n";
    assert_eq!(after(&[head]), 0);
    assert_eq!(after(&[&[head, &b"abc"[..]].concat()]), 3);
    assert_eq!(after(&[&[b"\r\n\r\n", &head[..], b"abc"].concat()]), 3);
    assert_eq!(after(&[&head[..20], &head[20..]]), 0);
    assert_eq!(after(&[&head[..20], &head[20..], b"abc"]), 0);
    assert_eq!(after(&[b"\r\n", head]), 0);
    // A line end of one byte ends a head too, and this counts the bytes behind a later one.
    assert_eq!(after(&[b"POST / HTTP/1.1\nhost: a\n\nabcd\r\n\r\ne"]), 1);
}
