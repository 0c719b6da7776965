//! Connections: each address has a part of them, the slowest end first, and files stay for stores.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use insta::assert_snapshot;
use tokio::net::TcpSocket;

use crate::support::bowline::{Bowline, Launch};
use crate::support::http::{Request, connect};
use crate::support::issuer::Issuer;
use crate::support::sign::Signer;
use crate::support::wait::wait_for;
use crate::support::world::{World, query, role_arn};

/// The start of a head that does not end.
const HALF_A_HEAD: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\nx: ";

fn half_sent(port: u16, count: usize) -> Vec<TcpStream> {
    let half_sent = (0..count).map(|_| {
        let mut stream = connect(port);
        // The server may have closed it.
        let _ = stream.write_all(HALF_A_HEAD);
        stream
    });
    half_sent.collect()
}

/// A connection from another address of loopback.
fn connect_from(address: [u8; 4], port: u16) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        let server: SocketAddr = (Ipv4Addr::LOCALHOST, port).into();
        socket.connect(server).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    let timeout = Some(Duration::from_secs(30));
    stream.set_read_timeout(timeout).unwrap();
    stream
}

/// Sends a request on an open connection: the first line of the response.
fn status(stream: &mut TcpStream, bytes: &[u8]) -> String {
    stream.write_all(bytes).unwrap();
    let mut response = [0; 4096];
    let read = stream.read(&mut response).unwrap();
    let response = String::from_utf8_lossy(&response[..read]);
    response.lines().next().unwrap_or_default().to_owned()
}

/// The same request, on a connection that stays open.
fn kept_alive(request: &Request, port: u16) -> Vec<u8> {
    let text = String::from_utf8(request.bytes(port)).unwrap();
    text.replace("connection: close\r\n", "").into_bytes()
}

fn whoami(port: u16) -> Request {
    let request = query("sts", "GetCallerIdentity", &[]);
    Signer::new(&Bowline::root(), "sts").sign(request, port)
}

#[test]
fn half_sent_heads_keep_no_other_client_out() {
    let launch = Launch {
        arguments: vec!["--max-connections=32", "--max-connections-per-address=8"],
        ..Launch::default()
    };
    let server = Bowline::launch(launch);
    let port = server.port;
    let whoami = kept_alive(&whoami(port), port);
    let mut other = connect_from([127, 0, 0, 2], port);
    assert_eq!(status(&mut other, &whoami), "HTTP/1.1 200 OK");
    let half_sent = half_sent(port, 64);
    let reading = || server.metric("bowline_connections_reading_head");
    wait_for("the first to end", Duration::from_mins(1), || {
        (server.metric("bowline_connections_evicted_total") >= 56).then_some(())
    });
    assert!(reading() <= 8);
    // Another address, by an open connection and a new one.
    assert_eq!(status(&mut other, &whoami), "HTTP/1.1 200 OK");
    let mut new = connect_from([127, 0, 0, 3], port);
    assert_eq!(status(&mut new, &whoami), "HTTP/1.1 200 OK");
    // And a new connection of the same address.
    assert_eq!(status(&mut connect(port), &whoami), "HTTP/1.1 200 OK");
    drop(half_sent);
}

#[test]
fn files_stay_for_stores_whatever_the_clients_do() {
    let limited = ["sh", "-c", r#"ulimit -n 512 && exec "$0" "$@""#];
    let launch = Launch {
        through: limited.map(str::to_owned).to_vec(),
        ..Launch::default()
    };
    let world = World::without_roles(launch, Issuer::start());
    world.s3(Request::new("PUT", "/insights")).accepted();
    let port = world.server.port;
    let most = world.server.metric("bowline_connections_limit");
    assert!(most < 512 / 3, "{most}");
    let mut before = connect(port);
    let whoami = kept_alive(&whoami(port), port);
    assert_eq!(status(&mut before, &whoami), "HTTP/1.1 200 OK");
    let half_sent: Vec<_> = (2..12)
        .map(|last| {
            let many = (0..60).map(|_| {
                let mut stream = connect_from([127, 0, 0, last], port);
                let _ = stream.write_all(HALF_A_HEAD);
                stream
            });
            many.collect::<Vec<_>>()
        })
        .collect();
    let put = Request::put("/insights/a", "hello");
    let put = Signer::new(&Bowline::root(), "s3").sign(put, port);
    let put = kept_alive(&put, port);
    assert_eq!(status(&mut before, &put), "HTTP/1.1 200 OK");
    let got = world.s3(Request::get("/insights/a")).accepted();
    assert_eq!(got.text(), "hello");
    drop(half_sent);
}

#[test]
fn a_head_has_at_most_32_kib() {
    let world = World::new();
    let port = world.server.port;
    let exchange = |characters: usize| {
        let query = format!(
            "/?Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={}&RoleSessionName=ab&WebIdentityToken={}",
            role_arn("bot"),
            "a".repeat(characters)
        );
        Request::get(&query).send(port)
    };
    // The longest token that AWS takes.
    assert_snapshot!(exchange(20_000).verdict(), @"400 InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");
    assert_eq!(exchange(33_000).status, 431);
    let unreadable = world.server.metric("bowline_unreadable_requests_total");
    assert_eq!(unreadable, 1);
}

#[test]
fn silent_clients_keep_nobody_from_health_and_metrics() {
    let server = Bowline::start();
    let silent: Vec<_> = (0..100).map(|_| connect(server.ops_port)).collect();
    assert_eq!(
        Request::get("/healthz").send(server.ops_port).text(),
        "ok\n"
    );
    assert!(server.metric("bowline_ops_connections_evicted_total") > 60);
    drop(silent);
}

#[test]
fn a_client_behind_a_trusted_proxy_has_the_part_of_its_address() {
    let launch = Launch {
        arguments: vec![
            "--trusted-proxy=127.0.0.1",
            "--max-connections=32",
            "--max-connections-per-address=2",
        ],
        ..Launch::default()
    };
    let server = Bowline::launch(launch);
    let port = server.port;
    // Its body does not arrive, so each of these requests stays on its connection.
    let waiting = |client: &str| {
        let put = Request::put("/insights/a", "hello").header("x-forwarded-for", client);
        let put = Signer::new(&Bowline::root(), "s3").sign(put, port);
        let bytes = put.bytes(port);
        let mut stream = connect(port);
        stream.write_all(&bytes[..bytes.len() - 1]).unwrap();
        stream
    };
    let create = Request::new("PUT", "/insights");
    let create = Signer::new(&Bowline::root(), "s3").sign(create, port);
    assert_eq!(create.send(port).status, 200);
    let held = [waiting("203.0.113.1"), waiting("203.0.113.1")];
    wait_for("both to be under way", Duration::from_mins(1), || {
        (server.metric("bowline_connections_authenticated") == 2).then_some(())
    });
    let whoami = |client: &str| {
        let request = whoami(port).header("x-forwarded-for", client);
        request.send(port).status
    };
    assert_eq!(whoami("203.0.113.1"), 503);
    assert_eq!(whoami("203.0.113.2"), 200);
    assert_eq!(
        server.metric("bowline_connections_refused_by_address_total"),
        1
    );
    drop(held);
    wait_for("its part to be free", Duration::from_mins(1), || {
        (whoami("203.0.113.1") == 200).then_some(())
    });
}
