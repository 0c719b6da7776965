//! There is no global state: two servers in one process share nothing, and each ends by itself.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it says"
)]

use std::{net::SocketAddr, path::Path};

use bowline_aws::credentials::SecretAccessKey;
use bowline_client::{Client, Credentials, Transport};
use bowline_server::{
    bootstrap::RootCredentials,
    clock::Clock,
    config::{AuditLimits, AuditTo, Config, FetchRates, FirstStart, Limits, StoreKind, Tls},
    server::Server,
    trusted_files::PermissionChecks,
};

fn account(digit: char) -> RootCredentials {
    RootCredentials {
        account: digit.to_string().repeat(12).parse().unwrap(),
        access_key_id: format!("AKIATWOSERVERSROOTA{digit}").parse().unwrap(),
        secret_access_key: SecretAccessKey::new(digit.to_string().repeat(40)).unwrap(),
    }
}

fn config(account: RootCredentials, data: &Path) -> Config {
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        ops_listen: "127.0.0.1:0".parse().unwrap(),
        tls: Tls::None,
        trusted_proxies: Vec::new(),
        data: data.to_owned(),
        first_start: FirstStart::Allowed,
        permissions: PermissionChecks::On,
        store: StoreKind::Sqlite,
        master_key: None,
        base_domains: vec!["localhost".to_owned()],
        allow_networks: Vec::new(),
        allow_loopback_issuers: false,
        fetch_rates: FetchRates::default(),
        accounts: vec![account],
        audit: AuditTo::DataFolder,
        limits: Limits::default(),
        log_refusals: false,
        audit_limits: AuditLimits::default(),
    }
}

/// The ARN of the caller with this account's root credentials, or the code of the error.
async fn identity(address: SocketAddr, account: &RootCredentials) -> String {
    let endpoint = format!("http://{address}").parse().unwrap();
    let client = Client::anonymous(Transport::plain_http().unwrap(), endpoint, "us-east-1");
    let client = client.with_credentials(Credentials {
        access_key_id: account.access_key_id.clone(),
        secret_access_key: account.secret_access_key.clone(),
        session_token: None,
    });
    let response = client.sts("GetCallerIdentity", &[]).await.unwrap();
    let arn = response.element("Arn");
    arn.or_else(|| response.error_code()).unwrap()
}

#[tokio::test]
async fn two_servers_in_one_process_know_nothing_of_each_other() {
    let home = tempfile::tempdir().unwrap();
    let (one, two) = (account('1'), account('2'));
    let start = |account: &RootCredentials, name: &str| {
        let config = config(account.clone(), &home.path().join(name));
        Server::start(config, Clock::system())
    };
    let first = start(&one, "one").await.unwrap();
    let second = start(&two, "two").await.unwrap();
    insta::assert_snapshot!(identity(first.aws(), &one).await, @"arn:aws:iam::111111111111:root");
    insta::assert_snapshot!(identity(second.aws(), &two).await, @"arn:aws:iam::222222222222:root");
    insta::assert_snapshot!(identity(first.aws(), &two).await, @"InvalidClientTokenId");
    insta::assert_snapshot!(identity(second.aws(), &one).await, @"InvalidClientTokenId");

    // One folder has one server, also within a process.
    let taken = start(&one, "one").await.unwrap_err();
    assert!(taken.to_string().ends_with("is in use by another process"));
    first.stop().await;
    let again = start(&one, "one").await.unwrap();
    insta::assert_snapshot!(identity(second.aws(), &two).await, @"arn:aws:iam::222222222222:root");
    insta::assert_snapshot!(identity(again.aws(), &one).await, @"arn:aws:iam::111111111111:root");
    again.stop().await;
    second.stop().await;
}
