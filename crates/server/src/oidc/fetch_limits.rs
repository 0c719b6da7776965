//! How often and how many documents are fetched: towards one host and one address, for one account
//! and for all.
//!
//! Providers are made by tenants, and anyone can send a token that has their keys fetched. So an
//! account with many providers could have the server send as many requests to one host. Each host
//! has a rate for one account and one for all, and so has each address that is connected to, since
//! many names may lead to one. A fetch that comes too early waits for a moment, and is refused if
//! that would be too long. What one account may use is a part of what all may, so that it delays no
//! other.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    hash::Hash,
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bowline_client::connector::{self, Resolution, Resolver};
use bowline_iam::account::AccountId;
use tokio::time::Instant;

use super::{
    address::AddressPolicy,
    places::{Place, Places},
};

/// Documents that are fetched at one time for one account, and for all.
const MAX_IN_FLIGHT_OF_ACCOUNT: usize = 16;
const MAX_IN_FLIGHT: usize = 128;
/// Names that are resolved at one time for one account, and for all. Each takes a thread until the
/// operating system gives up, long after the fetch has ended.
const MAX_LOOKUPS_OF_ACCOUNT: usize = 4;
const MAX_LOOKUPS: usize = 32;
/// How long a fetch waits until the rates allow it. A discovery as a whole has five seconds.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// States of rates that are kept before those that are over are dropped.
const MAX_RATES: usize = 1_024;

/// How many documents are fetched each second. What may be fetched at once, by one account from one
/// host and from one address follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchRates {
    /// For all accounts, from one host.
    pub per_host: NonZeroU32,
    /// For one account, from all hosts.
    pub per_account: NonZeroU32,
}

/// How many at once, and how many more in a second.
#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: u32,
    per_second: u32,
}

/// The rates that follow from the settings.
#[derive(Clone, Copy, Debug)]
struct Rates {
    /// Documents of one account, from all hosts.
    of_account: Rate,
    /// Documents of all accounts, from one host.
    from_host: Rate,
    /// Connections to one address: a little more than documents, of which each has one.
    to_address: Rate,
}

/// One account's part of what all may fetch from one host or address: a third. By default it is
/// enough for the documents of 20 providers, and then of 10 more each second.
const OF_ACCOUNT: u32 = 3;

/// The part of fetches for keys that are not among the cached ones. Anyone can cause one every few
/// seconds for each provider, so they leave the other half to first fetches and refreshes.
const UNKNOWN_KEYS: u32 = 2;

/// Why a document is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// There are no keys, or they are to be renewed.
    Keys,
    /// A token names a key that is not cached, or no cached key verifies it.
    UnknownKey,
}

/// Limits fetches. See the module.
#[derive(Debug)]
pub(super) struct FetchLimits {
    rates: Rates,
    /// Until when each rate is used up.
    used: Mutex<HashMap<Limited, Instant>>,
    in_flight: Places,
    lookups: Places,
}

/// What has a rate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Limited {
    Account(AccountId),
    AccountHost(AccountId, Box<str>),
    Host(Box<str>),
    UnknownKeys(Box<Self>),
    AccountAddress(AccountId, IpAddr),
    Address(IpAddr),
}

/// Too much was fetched lately.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many fetches {0} in a short time; later ones succeed")]
pub(super) struct TooManyFetches(String);

impl Default for FetchRates {
    fn default() -> Self {
        let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self {
            per_host: number(60),
            per_account: number(40),
        }
    }
}

impl From<FetchRates> for Rates {
    fn from(rates: FetchRates) -> Self {
        let (host, account) = (rates.per_host.get(), rates.per_account.get());
        Self {
            of_account: Rate::new(account.saturating_mul(5), account),
            from_host: Rate::new(host.saturating_mul(2), host),
            to_address: Rate::new(
                host.saturating_mul(3),
                host.saturating_add(host.div_ceil(4)),
            ),
        }
    }
}

impl Rate {
    /// A discovery has two documents, so fewer are never all that may be fetched at once.
    const fn new(burst: u32, per_second: u32) -> Self {
        let burst = if burst < 2 { 2 } else { burst };
        Self { burst, per_second }
    }

    /// A part of it, which is never nothing.
    fn part(self, of: u32) -> Self {
        Self::new(self.burst / of, (self.per_second / of).max(1))
    }

    fn interval(self) -> Duration {
        Duration::from_secs(1) / self.per_second
    }
}

impl FetchLimits {
    pub(super) fn new(rates: FetchRates) -> Self {
        Self {
            rates: rates.into(),
            used: Mutex::default(),
            in_flight: Places::new(MAX_IN_FLIGHT_OF_ACCOUNT, MAX_IN_FLIGHT),
            lookups: Places::new(MAX_LOOKUPS_OF_ACCOUNT, MAX_LOOKUPS),
        }
    }

    /// Waits until an account may fetch so many documents from a host.
    ///
    /// # Errors
    /// [`TooManyFetches`] if that would take too long.
    pub(super) async fn admit(
        &self,
        account: AccountId,
        host: &str,
        documents: u32,
        purpose: Purpose,
    ) -> Result<(), TooManyFetches> {
        let wait = self.reserve(documents, MAX_WAIT, self.limits_of(account, host, purpose))?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Waits for a place among the fetches in flight.
    pub(super) async fn in_flight(&self, account: AccountId) -> Option<Place> {
        self.in_flight.take(account).await
    }

    /// Waits for a place among the names that are being resolved.
    async fn lookup(&self, account: AccountId) -> Option<Place> {
        self.lookups.take(account).await
    }

    /// Admits a connection now, or not at all.
    fn connect(&self, account: AccountId, address: IpAddr) -> Result<(), TooManyFetches> {
        let address = network(address);
        let limits = vec![
            (
                Limited::AccountAddress(account, address),
                self.rates.to_address.part(OF_ACCOUNT),
            ),
            (Limited::Address(address), self.rates.to_address),
        ];
        self.reserve(1, Duration::ZERO, limits).map(drop)
    }

    /// Counts against all rates or against none. Returns how long to wait.
    fn reserve(
        &self,
        cost: u32,
        max_wait: Duration,
        limits: Vec<(Limited, Rate)>,
    ) -> Result<Duration, TooManyFetches> {
        let now = Instant::now();
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() > MAX_RATES {
            used.retain(|_, used_until| *used_until > now);
        }
        let mut wait = Duration::ZERO;
        let mut reserved = Vec::with_capacity(limits.len());
        for (limited, rate) in limits {
            // The generic cell rate algorithm: the time until which the rate is used up, if nothing
            // was saved for a burst.
            let used_until = used.get(&limited).map_or(now, |until| (*until).max(now));
            let used_until = used_until + rate.interval() * cost;
            let saved = rate.interval() * rate.burst;
            let over = used_until.duration_since(now).saturating_sub(saved);
            if over > max_wait {
                return Err(TooManyFetches(limited.to_string()));
            }
            wait = wait.max(over);
            reserved.push((limited, used_until));
        }
        used.extend(reserved);
        Ok(wait)
    }

    /// What limits the fetches of an account from a host.
    fn limits_of(&self, account: AccountId, host: &str, purpose: Purpose) -> Vec<(Limited, Rate)> {
        let Rates {
            of_account,
            from_host,
            ..
        } = self.rates;
        let mut limits = vec![
            (Limited::Account(account), of_account),
            (
                Limited::AccountHost(account, host.into()),
                from_host.part(OF_ACCOUNT),
            ),
            (Limited::Host(host.into()), from_host),
        ];
        if purpose == Purpose::UnknownKey {
            let part = |(limited, rate): &(Limited, Rate)| {
                let limited = Limited::UnknownKeys(Box::new(limited.clone()));
                (limited, rate.part(UNKNOWN_KEYS))
            };
            let parts: Vec<_> = limits.iter().map(part).collect();
            limits.extend(parts);
        }
        limits
    }
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => write!(f, "of account {account}"),
            Self::AccountHost(account, host) => write!(f, "of account {account} from `{host}`"),
            Self::Host(host) => write!(f, "of all accounts from `{host}`"),
            Self::UnknownKeys(limited) => write!(f, "for unknown keys, {limited},"),
            Self::AccountAddress(account, address) => {
                write!(f, "of account {account} from {address}")
            }
            Self::Address(address) => write!(f, "of all accounts from {address}"),
        }
    }
}

/// The addresses that may be connected to for one account, as often as the limits allow.
#[derive(Debug)]
pub(super) struct LimitedAddresses {
    pub(super) policy: AddressPolicy,
    pub(super) limits: Arc<FetchLimits>,
    pub(super) account: AccountId,
}

impl connector::AddressPolicy for LimitedAddresses {
    fn check(&self, address: SocketAddr, is_tls: bool) -> Result<(), Box<dyn Error + Send + Sync>> {
        connector::AddressPolicy::check(&self.policy, address, is_tls)?;
        Ok(self.limits.connect(self.account, address.ip())?)
    }
}

/// Resolves names for one account. A lookup whose fetch has ended keeps its place until it ends.
#[derive(Debug)]
pub(super) struct LimitedResolver {
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) limits: Arc<FetchLimits>,
    pub(super) account: AccountId,
}

impl Resolver for LimitedResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolution<'a> {
        Box::pin(async move {
            let place = self.limits.lookup(self.account).await;
            let (resolver, host) = (Arc::clone(&self.resolver), host.to_owned());
            let lookup = tokio::spawn(async move {
                let addresses = resolver.resolve(&host, port).await;
                drop(place);
                addresses
            });
            lookup.await.map_err(io::Error::other)?
        })
    }
}

/// An IPv4 address, or the /64 of an IPv6 address, of which one host has all.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let prefix = u128::from(v6) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u32) -> AccountId {
        format!("{number:012}").parse().unwrap()
    }

    /// How many of 1,000 fetches of an account from a host are admitted without waiting.
    fn at_once(limits: &FetchLimits, of: u32, host: &str) -> usize {
        at_once_for(Purpose::Keys, limits, of, host)
    }

    fn at_once_for(purpose: Purpose, limits: &FetchLimits, of: u32, host: &str) -> usize {
        let admitted = (0..1_000).filter(|_| {
            let limits_of = limits.limits_of(account(of), host, purpose);
            limits.reserve(1, Duration::ZERO, limits_of).is_ok()
        });
        admitted.count()
    }

    #[tokio::test(start_paused = true)]
    async fn one_account_gets_a_part_of_what_a_host_gets_from_all() {
        let limits = FetchLimits::new(FetchRates::default());
        assert_eq!(at_once(&limits, 1, "a.example"), 40);
        assert_eq!(at_once(&limits, 2, "a.example"), 40);
        assert_eq!(at_once(&limits, 3, "a.example"), 40);
        assert_eq!(at_once(&limits, 4, "a.example"), 0, "of all");
        assert_eq!(at_once(&limits, 4, "b.example"), 40);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(at_once(&limits, 1, "a.example"), 20);
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(at_once(&limits, 1, "a.example"), 40, "a burst, no more");
    }

    #[tokio::test(start_paused = true)]
    async fn all_rates_follow_from_the_two_that_are_set() {
        let limits = |per_host, per_account| {
            FetchLimits::new(FetchRates {
                per_host: NonZeroU32::new(per_host).unwrap(),
                per_account: NonZeroU32::new(per_account).unwrap(),
            })
        };
        let more = limits(600, 400);
        let hosts = [
            at_once(&more, 1, "a.example"),
            at_once(&more, 2, "b.example"),
        ];
        assert_eq!(hosts, [400, 400]);
        // The least that can be set: a discovery at once, and then one document each second.
        let least = limits(1, 1);
        for second in 0..5 {
            let expected = if second == 0 { 2 } else { 1 };
            assert_eq!(at_once(&least, 1, "a.example"), expected);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let unknown = at_once_for(Purpose::UnknownKey, &limits(1, 1), 1, "a.example");
        assert_eq!(unknown, 2);
        // The most takes no time at all.
        let most = limits(u32::MAX, u32::MAX);
        assert_eq!(at_once(&most, 1, "a.example"), 1_000);
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_with_unknown_keys_leave_half_to_others() {
        let limits = FetchLimits::new(FetchRates::default());
        let unknown = |of| at_once_for(Purpose::UnknownKey, &limits, of, "a.example");
        assert_eq!(unknown(1), 20);
        assert_eq!(at_once(&limits, 1, "a.example"), 20);
        assert_eq!((unknown(2), unknown(3), unknown(4)), (20, 20, 0));
        assert_eq!(at_once(&limits, 4, "a.example"), 40);
    }

    #[tokio::test(start_paused = true)]
    async fn one_account_gets_so_many_from_all_hosts() {
        let limits = FetchLimits::new(FetchRates::default());
        let hosts = (0..20).map(|number| at_once(&limits, 1, &format!("{number}.example")));
        assert_eq!(hosts.sum::<usize>(), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fetch_waits_a_little_and_is_refused_beyond_that() {
        let limits = FetchLimits::new(FetchRates::default());
        at_once(&limits, 1, "a.example");
        let begun = Instant::now();
        let waited = limits
            .admit(account(1), "a.example", 2, Purpose::Keys)
            .await;
        assert_eq!(waited, Ok(()));
        // Two intervals. The paused clock has ticks of a millisecond.
        assert!((100..110).contains(&begun.elapsed().as_millis()));
        let mut admitted = 0;
        let refused = loop {
            let limits_of = limits.limits_of(account(1), "a.example", Purpose::Keys);
            match limits.reserve(2, MAX_WAIT, limits_of) {
                Ok(_) => admitted += 1,
                Err(refused) => break refused,
            }
        };
        assert_eq!(admitted, 20, "two seconds of twenty documents");
        insta::assert_snapshot!(refused, @"too many fetches of account 000000000001 from `a.example` in a short time; later ones succeed");
    }

    #[tokio::test(start_paused = true)]
    async fn names_that_lead_to_one_address_share_its_limit() {
        let limits = FetchLimits::new(FetchRates::default());
        let connect = |of: u32, address: &str| {
            let address = address.parse().unwrap();
            let tried = (0..1_000).filter(|_| limits.connect(account(of), address).is_ok());
            tried.count()
        };
        assert_eq!(connect(1, "203.0.113.9"), 60);
        assert_eq!(connect(1, "::ffff:203.0.113.9"), 0);
        assert_eq!(connect(2, "203.0.113.9"), 60);
        assert_eq!(connect(3, "203.0.113.9"), 60);
        assert_eq!(connect(4, "203.0.113.9"), 0, "of all");
        assert_eq!(connect(1, "2001:db8::1"), 60);
        assert_eq!(connect(1, "2001:db8::2"), 0, "one /64");
        assert_eq!(connect(1, "2001:db8:0:1::1"), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn rates_that_are_over_are_dropped() {
        let limits = FetchLimits::new(FetchRates::default());
        for number in 0..3_000 {
            at_once(&limits, number, "a.example");
            tokio::time::advance(Duration::from_mins(1)).await;
        }
        assert!(limits.used.lock().unwrap().len() <= MAX_RATES + 6);
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_whose_hosts_hang_leaves_places_for_others() {
        let limits = FetchLimits::new(FetchRates::default());
        let mut hanging = Vec::new();
        for _ in 0..MAX_IN_FLIGHT_OF_ACCOUNT {
            hanging.push(limits.in_flight(account(1)).await.unwrap());
        }
        let second = Duration::from_secs(1);
        let one_more = tokio::time::timeout(second, limits.in_flight(account(1)));
        assert!(one_more.await.is_err());
        limits.in_flight(account(2)).await.unwrap();
        hanging.pop();
        limits.in_flight(account(1)).await.unwrap();
        drop(hanging);
        limits.in_flight(account(2)).await.unwrap();
        let hung = Arc::new(limits);
        let resolver = Arc::new(LimitedResolver {
            resolver: Arc::new(Hanging),
            limits: Arc::clone(&hung),
            account: account(1),
        });
        // A fetch that ends early does not end its lookup, so a fifth has no place.
        for _ in 0..MAX_LOOKUPS_OF_ACCOUNT {
            let lookup = tokio::time::timeout(second, resolver.resolve("a.example", 443));
            lookup.await.unwrap_err();
        }
        let one_more = tokio::time::timeout(second, hung.lookup(account(1)));
        assert!(one_more.await.is_err());
        hung.lookup(account(2)).await.unwrap();
    }

    /// Never resolves a name.
    #[derive(Debug)]
    struct Hanging;

    impl Resolver for Hanging {
        fn resolve<'a>(&'a self, _: &'a str, _: u16) -> Resolution<'a> {
            Box::pin(std::future::pending())
        }
    }
}
