//! There is no global state: two servers in one process share nothing, and each ends by itself.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it says"
)]

use std::{net::SocketAddr, path::Path};

use bowline_aws::{
    credentials::SecretAccessKey,
    sigv4::{Credentials, RequestParts, SigningPayload, sign},
};
use bowline_server::{
    bootstrap::RootCredentials,
    clock::Clock,
    config::{AuditTo, Config, StoreKind, Tls},
    server::Server,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
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
        store: StoreKind::Sqlite,
        master_key: None,
        base_domains: vec!["localhost".to_owned()],
        allow_networks: Vec::new(),
        allow_loopback_issuers: false,
        accounts: vec![account],
        audit: AuditTo::DataFolder,
    }
}

/// Asks a server who it takes the root of this account for.
async fn who(address: SocketAddr, account: &RootCredentials) -> String {
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    let host = address.to_string();
    let parts = RequestParts {
        method: "POST",
        path: "/",
        query: "",
        headers: &[("host", host.as_bytes())],
    };
    let credentials = Credentials {
        access_key_id: account.access_key_id.clone(),
        secret_access_key: account.secret_access_key.clone(),
        session_token: None,
    };
    let payload = SigningPayload::Whole(body.as_bytes());
    let now = Clock::system().now();
    let signed = sign(&parts, payload, &credentials, "us-east-1", "sts", now).unwrap();
    let signed: String = signed
        .iter()
        .flat_map(|(name, value)| [&**name, ": ", &**value, "\r\n"])
        .collect();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\n{signed}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let element = |name: &str| {
        let (_, rest) = answer.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    };
    element("Arn").or_else(|| element("Code")).unwrap_or(answer)
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
    insta::assert_snapshot!(who(first.aws(), &one).await, @"arn:aws:iam::111111111111:root");
    insta::assert_snapshot!(who(second.aws(), &two).await, @"arn:aws:iam::222222222222:root");
    insta::assert_snapshot!(who(first.aws(), &two).await, @"InvalidClientTokenId");
    insta::assert_snapshot!(who(second.aws(), &one).await, @"InvalidClientTokenId");

    // One folder has one server, also within a process.
    let taken = start(&one, "one").await.unwrap_err();
    assert!(taken.to_string().ends_with("is in use by another process"));
    first.stop().await;
    let again = start(&one, "one").await.unwrap();
    insta::assert_snapshot!(who(second.aws(), &two).await, @"arn:aws:iam::222222222222:root");
    insta::assert_snapshot!(who(again.aws(), &one).await, @"arn:aws:iam::111111111111:root");
    again.stop().await;
    second.stop().await;
}
