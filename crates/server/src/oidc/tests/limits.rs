//! How much is fetched when an account has many providers, or many accounts have one issuer.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bowline_client::connector::{Resolution, Resolver};
use bowline_testkit::issuer::Issuer;
use futures_util::future::join_all;
use tokio::task::{AbortHandle, JoinSet};

use crate::identity::{entity::OidcProvider, index::ProviderEntry};
use crate::oidc::{
    DecodedToken, OidcConfig, TokenError, TokenVerifier, UnverifiedToken,
    testing::{NOW, RSA, at, record, start_issuer, stored, token_of},
};

/// Names that all lead to one address.
#[derive(Debug)]
struct Fixed(SocketAddr);

impl Resolver for Fixed {
    fn resolve<'a>(&'a self, _: &'a str, _: u16) -> Resolution<'a> {
        Box::pin(async { Ok(vec![self.0]) })
    }
}

fn verifier(issuer: &Issuer) -> Arc<TokenVerifier> {
    let config = OidcConfig {
        allow_loopback: true,
        ..OidcConfig::default()
    };
    let (_, port) = issuer.host.split_once(':').unwrap();
    let address = SocketAddr::new([127, 0, 0, 1].into(), port.parse().unwrap());
    Arc::new(TokenVerifier::with_resolver(
        config,
        Arc::new(Fixed(address)),
    ))
}

fn provider_of(account: u32, number: u32, url: &str) -> Arc<ProviderEntry> {
    let record = OidcProvider {
        account: format!("{account:012}").parse().unwrap(),
        ..record(1_000 * account + number, url)
    };
    stored(record, 1)
}

async fn verify(oidc: Arc<TokenVerifier>, provider: Arc<ProviderEntry>) -> Result<(), TokenError> {
    let token = token_of(provider.record.issuer(), "k1").sign(&RSA);
    let decoded = DecodedToken::decode(&token)?;
    let token = UnverifiedToken::read(&decoded)?;
    let verified = oidc.verify(&token, std::slice::from_ref(&provider), at(0));
    verified.await.map(drop)
}

/// Keeps a paused clock where it is, while requests and responses are on their way.
fn hold_clock() -> AbortHandle {
    let busy = tokio::spawn(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
    busy.abort_handle()
}

/// Waits until so many have failed.
async fn failures(verifying: &mut JoinSet<Result<(), TokenError>>, count: usize) -> [usize; 2] {
    let (mut limited, mut others) = (0, 0);
    while limited + others < count {
        match verifying.join_next().await.unwrap().unwrap() {
            Err(TokenError::Unreachable { reason, .. }) if reason.contains("too many fetches") => {
                limited += 1;
            }
            Err(_) => others += 1,
            Ok(()) => panic!("there are no keys"),
        }
    }
    [limited, others]
}

#[tokio::test(start_paused = true)]
async fn many_providers_at_one_host_do_not_make_as_many_fetches() {
    let issuer = start_issuer();
    let oidc = verifier(&issuer);
    let held = hold_clock();
    let mut verifying = JoinSet::new();
    for number in 0..400 {
        let url = format!("{}/{number}", issuer.url());
        verifying.spawn(verify(Arc::clone(&oidc), provider_of(1, number, &url)));
    }
    // Twenty at once, each with two documents in advance; twenty more wait; the others are refused.
    assert_eq!(failures(&mut verifying, 380).await, [360, 20]);
    assert_eq!(issuer.request_count(), 20);
    assert_eq!(oidc.stats().limited_fetches(), 360);

    // Another account is not delayed by them.
    let provider = provider_of(2, 0, &issuer.url());
    verify(Arc::clone(&oidc), provider).await.unwrap();
    assert_eq!(issuer.request_count(), 22);

    tokio::time::advance(Duration::from_secs(3)).await;
    assert_eq!(failures(&mut verifying, 20).await, [0, 20]);
    assert_eq!(issuer.request_count(), 42);
    held.abort();
}

#[tokio::test(start_paused = true)]
async fn many_names_of_one_address_do_not_make_as_many_fetches() {
    let issuer = start_issuer();
    let (_, port) = issuer.host.split_once(':').unwrap();
    let oidc = verifier(&issuer);
    let held = hold_clock();
    let mut verifying = JoinSet::new();
    for number in 0..100 {
        let url = format!("http://a{number}.localhost:{port}");
        verifying.spawn(verify(Arc::clone(&oidc), provider_of(1, number, &url)));
    }
    assert_eq!(failures(&mut verifying, 100).await, [40, 60]);
    assert_eq!(issuer.request_count(), 60);
    let provider = provider_of(2, 0, &issuer.url());
    verify(Arc::clone(&oidc), provider).await.unwrap();
    held.abort();
}

#[tokio::test]
async fn accounts_with_one_issuer_share_a_fetch_that_is_in_flight() {
    let issuer = start_issuer();
    let oidc = verifier(&issuer);
    let all = (1..=20).map(|account| {
        let provider = provider_of(account, 0, &issuer.url());
        tokio::spawn(verify(Arc::clone(&oidc), provider))
    });
    for verified in join_all(all).await {
        verified.unwrap().unwrap();
    }
    assert_eq!(issuer.request_count(), 2);
    assert_eq!(oidc.stats().fetches(), 20);
    // A later one finds nothing in flight.
    let provider = provider_of(21, 0, &issuer.url());
    verify(Arc::clone(&oidc), provider).await.unwrap();
    assert_eq!(issuer.request_count(), 4);
}

#[tokio::test]
async fn a_document_under_other_authorities_is_another() {
    let issuer = Issuer::start_tls();
    let other = Issuer::start_tls();
    let oidc = verifier(&issuer);
    let with = |account: u32, authority: Option<&String>| {
        let record = OidcProvider {
            ca_bundle: authority.cloned(),
            ..(*provider_of(account, 0, &issuer.url()).record).clone()
        };
        stored(record, 1)
    };
    let token = issuer.token_at(NOW).sign(&issuer.key);
    let decoded = DecodedToken::decode(&token).unwrap();
    let token = UnverifiedToken::read(&decoded).unwrap();
    let verify = async |provider: Arc<ProviderEntry>| {
        let verified = oidc.verify(&token, std::slice::from_ref(&provider), at(0));
        verified.await.map(drop)
    };
    let (trusted, public, foreign) = tokio::join!(
        verify(with(1, issuer.authority.as_ref())),
        verify(with(2, None)),
        verify(with(3, other.authority.as_ref())),
    );
    trusted.unwrap();
    assert!(matches!(public, Err(TokenError::Unreachable { .. })));
    assert!(matches!(foreign, Err(TokenError::Unreachable { .. })));
}

#[tokio::test]
async fn the_time_between_failures_doubles_up_to_half_a_minute() {
    let issuer = start_issuer();
    let oidc = verifier(&issuer);
    let provider = provider_of(1, 0, &format!("{}/gone", issuer.url()));
    let token = token_of(provider.record.issuer(), "k1").sign(&RSA);
    let decoded = DecodedToken::decode(&token).unwrap();
    let token = UnverifiedToken::read(&decoded).unwrap();
    let mut fetched_at = Vec::new();
    for second in 0..120 {
        let before = oidc.stats().fetches();
        let verified = oidc.verify(&token, std::slice::from_ref(&provider), at(second));
        verified.await.unwrap_err();
        if oidc.stats().fetches() > before {
            fetched_at.push(second);
        }
    }
    // The time that each fetch took is added to the time when it failed.
    assert_eq!(fetched_at.first(), Some(&0));
    let gaps: Vec<_> = fetched_at
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect();
    assert!(gaps.is_sorted(), "{gaps:?}");
    let (first, last) = (gaps[0], gaps[gaps.len() - 1]);
    assert!(first <= 3 && (30..=32).contains(&last), "{gaps:?}");
}
