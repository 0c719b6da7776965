//! Many slow clients: they use little memory and no thread, and other clients are served.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use insta::assert_snapshot;

use crate::support::bowline::{Bowline, Launch};
use crate::support::http::{Request, connect, exchange_over};
use crate::support::issuer::Issuer;
use crate::support::keys::Keys;
use crate::support::sign::Signer;
use crate::support::wait::wait_for;
use crate::support::world::{World, query};

/// Sends all of a request but its last byte.
fn begin(request: &Request, port: u16) -> TcpStream {
    let bytes = request.bytes(port);
    let mut stream = connect(port);
    let (_, begun) = bytes.split_last().unwrap();
    // The server may reject it before its end.
    let _ = stream.write_all(begun);
    stream
}

#[test]
fn slow_uploads_do_not_delay_other_clients() {
    // With the limit of open files that most machines have, which is none for the server.
    let limited = ["sh", "-c", r#"ulimit -S -n 1024 && exec "$0" "$@""#];
    let launch = Launch {
        through: limited.map(str::to_owned).to_vec(),
        ..Launch::default()
    };
    let world = World::without_roles(launch, Issuer::start());
    world.add_role("bot");
    let port = world.server.port;
    // One more than the runtime has threads for blocking work.
    let uploads: Vec<_> = (0..513)
        .map(|number| {
            let put = Request::put(&format!("/insights/slow/{number}"), "ab");
            begin(&Signer::new(&Bowline::root(), "s3").sign(put, port), port)
        })
        .collect();
    let folder = world.server.data().join("objects.memory/uploads");
    wait_for("all of them to begin", Duration::from_mins(1), || {
        let begun = fs::read_dir(&folder).unwrap().count();
        (begun == uploads.len()).then_some(())
    });
    // The name of the issuer is resolved on a thread of the same kind.
    let bot = world.bot();
    let put = Request::put("/insights/bot/a", "hello");
    world.send(&bot, "s3", put).accepted();
    let got = world.send(&bot, "s3", Request::get("/insights/bot/a"));
    assert_eq!(got.accepted().text(), "hello");
    let list = Request::get("/insights?list-type=2&prefix=slow%2F");
    let listed = world.s3(list).accepted();
    assert_eq!(listed.element("KeyCount").unwrap(), "0");
    drop(uploads);
    wait_for("nothing to be left", Duration::from_mins(1), || {
        (fs::read_dir(&folder).unwrap().count() == 0).then_some(())
    });
}

#[test]
fn large_bodies_that_never_end_keep_no_other_out() {
    let world = World::new();
    let port = world.server.port;
    let padding = "a".repeat(500 * 1024);
    let large = Request::form(&[
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Padding", &padding),
    ]);
    let verdict = || large.send(port).verdict();
    let before = verdict();
    assert!(before.starts_with("403 "), "{before}");
    // More than one address may have in memory.
    let mut begun: Vec<_> = (0..100).map(|_| begin(&large, port)).collect();
    let reserved = || world.server.metric("bowline_body_bytes_unauthenticated");
    wait_for("no more room", Duration::from_mins(1), || {
        (world.server.metric("bowline_bodies_evicted_total") > 0).then_some(())
    });
    assert!(reserved() <= 24 * 1024 * 1024);
    // The first ones made room.
    let mut response = String::new();
    begun.remove(0).read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
    // Large and small ones are served as ever.
    assert_eq!(verdict(), before);
    let bot = world.bot();
    let object = "a".repeat(100_000);
    let put = Request::put("/insights/bot/a", object.as_str());
    world.send(&bot, "s3", put).accepted();
    drop(begun);
    wait_for("room again", Duration::from_mins(1), || {
        (reserved() == 0).then_some(())
    });
}

#[test]
fn a_large_body_with_an_unknown_key_is_rejected_before_it_is_read() {
    let world = World::new();
    let port = world.server.port;
    let padding = "a".repeat(500 * 1024);
    let large = query("iam", "GetUser", &[("UserName", &padding)]);
    let signed = |id: &str| {
        let keys = Keys {
            access_key_id: id.to_owned(),
            ..Bowline::root()
        };
        Signer::new(&keys, "iam").sign(large.clone(), port)
    };
    // Its last byte is not sent.
    let unknown = signed("AKIAUNKNOWNKEY000000");
    let response = exchange_over(begin(&unknown, port), b"");
    assert_snapshot!(response.verdict(), @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    let known = signed(&Bowline::root().access_key_id).send(port).verdict();
    assert!(known.starts_with("400 ValidationError: "), "{known}");
}
