//! What S3's clients rely on beside the operations: interim responses, and the forms that their
//! signers send.

use std::fs;
use std::io::{Read as _, Write as _};

use insta::assert_snapshot;

use crate::support::bowline::Bowline;
use crate::support::http::{Request, connect};
use crate::support::python::clients;
use crate::support::sign::Signer;
use crate::support::world::World;

#[test]
fn an_empty_upload_that_expects_100_continue_gets_it() {
    let world = World::new();
    let port = world.server.port;
    let bot = world.bot();
    let empty = |key: &str| {
        let put = Request::put(&format!("/insights/{key}"), "").header("expect", "100-continue");
        Signer::new(&bot, "s3").sign(put, port).bytes(port)
    };
    let statuses = |bytes: &[u8]| {
        let mut responses = String::new();
        let mut stream = connect(port);
        stream.write_all(bytes).unwrap();
        stream.read_to_string(&mut responses).unwrap();
        let statuses = responses.split("HTTP/1.1 ").skip(1);
        statuses
            .map(|text| text[..3].to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(statuses(&empty("bot/a")), ["100", "200"]);
    assert_eq!(statuses(&empty("secret/a")), ["100", "403"]);
    let get = Signer::new(&bot, "s3").sign(Request::get("/insights/bot/a"), port);
    assert_eq!(statuses(&get.bytes(port)), ["200"]);
}

#[test]
fn the_aws_cli_copies_empty_files_without_waiting() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    let folder = world.server.home().join("empty");
    fs::create_dir(&folder).unwrap();
    for number in 0..20 {
        let body = if number % 4 == 0 { "a" } else { "" };
        fs::write(folder.join(format!("{number:02}")), body).unwrap();
    }
    let aws = |args: &[&str]| clients.aws(args, &world.server.url, Some(&Bowline::root()), &[]);
    // A client that waits for a response that never comes fails after this time.
    let copy = [
        "s3",
        "cp",
        "--recursive",
        "--quiet",
        "--cli-read-timeout",
        "20",
    ];
    aws(&[
        &copy[..],
        &[folder.to_str().unwrap(), "s3://insights/empty/"],
    ]
    .concat());
    let count = ["--query", "length(Contents)"];
    let list = ["s3api", "list-objects-v2", "--bucket", "insights"];
    assert_snapshot!(aws(&[&list[..], &count[..]].concat()), @"20");
}
