//! Data that survives a restart, a rotation of the keyring, and a kill.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use insta::assert_snapshot;

use crate::support::bowline::{Bowline, Launch};
use crate::support::http::{Request, Response};
use crate::support::keys::Keys;
use crate::support::sign::Signer;
use crate::support::wait::wait_for;
use crate::support::world::{World, query};

fn who(world: &World, keys: &Keys) -> String {
    world.sts(keys, "GetCallerIdentity", &[]).verdict()
}

#[test]
fn sessions_and_objects_survive_a_key_rotation_and_a_kill() {
    let mut world = World::on_disk();
    let old = world.bot();
    world
        .send(&old, "s3", Request::put("/insights/bot/a", "hello"))
        .accepted();
    world.server.ran(&Bowline::root(), &["keyring", "rotate"]);
    assert_eq!(who(&world, &old), "200");
    let new = world.bot();
    world.server.kill();
    world.server.restart();
    assert_eq!(
        (who(&world, &old), who(&world, &new)),
        ("200".to_owned(), "200".to_owned())
    );
    let got = world
        .send(&old, "s3", Request::get("/insights/bot/a"))
        .accepted();
    assert_eq!(got.text(), "hello");
}

#[test]
fn revoking_the_keyring_ends_all_sessions() {
    let world = World::new();
    let old = world.bot();
    assert_eq!(who(&world, &old), "200");
    world
        .server
        .ran(&Bowline::root(), &["keyring", "rotate", "--revoke"]);
    assert_snapshot!(who(&world, &old), @"403 ExpiredToken: The security token included in the request is expired: the session was revoked, or its role was deleted. To get new credentials, restart the program; for the AWS CLI, delete the folder ~/.aws/cli/cache");
    assert_eq!(who(&world, &world.bot()), "200");
}

#[test]
fn a_data_folder_has_one_server_at_a_time() {
    let server = Bowline::launch(Launch::sqlite());
    let data = server.data();
    let mut second = crate::support::bowline::command(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
        "--store",
        "sqlite",
        "--data",
    ]);
    let output = second.arg(&data).output().unwrap();
    assert!(!output.status.success());
    let _shown = crate::support::world::show_ids_as_words();
    assert_snapshot!(String::from_utf8_lossy(&output.stderr), @"
    error: the data in `[folder]/data` is in use by another process

    hint: stop the other server, or give another folder with --data
    ");
}

/// How many times the server is killed, and what decides when: change the seed to look at other
/// moments.
const KILLS: usize = 200;
const SEED: u64 = 0x0b0b_1e5e_ed00_0001;
const WRITERS: usize = 4;

#[test]
fn no_acknowledged_write_is_lost_by_a_kill() {
    let mut server = Bowline::launch(Launch::sqlite());
    send(server.port, "s3", Request::new("PUT", "/kept")).accepted();
    let mut moments = Moments(SEED);
    let acknowledged = Mutex::new(Vec::new());
    let next = std::sync::atomic::AtomicUsize::new(0);
    for round in 0..KILLS {
        let stop = AtomicBool::new(false);
        let port = server.port;
        let before = acknowledged.lock().unwrap().len();
        // Kill after so many more acknowledgements, and a little later than that: in the middle of
        // the next writes.
        let (enough, later) = (
            before + moments.below(6),
            Duration::from_micros(moments.below(3_000) as u64),
        );
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let write = Write(next.fetch_add(1, Ordering::Relaxed));
                        if write.acknowledged(port) {
                            acknowledged.lock().unwrap().push(write);
                        }
                    }
                });
            }
            wait_for("acknowledged writes", Duration::from_secs(30), || {
                (acknowledged.lock().unwrap().len() >= enough).then_some(())
            });
            std::thread::park_timeout(later);
            server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        server.restart();
        // All of this round's, and every tenth time all of them.
        let from = if round % 10 == 9 || round + 1 == KILLS {
            0
        } else {
            before
        };
        let users = users(server.port);
        let lost: Vec<_> = acknowledged.lock().unwrap()[from..]
            .iter()
            .filter(|write| !write.is_there(server.port, &users))
            .copied()
            .collect();
        assert!(
            lost.is_empty(),
            "kill {round} of seed {SEED:#x} lost {lost:?}"
        );
    }
    let written = acknowledged.lock().unwrap().len();
    assert!(written >= KILLS, "only {written} writes in {KILLS} rounds");
}

/// A write by its number: an even one creates a user, an odd one puts an object.
#[derive(Clone, Copy, Debug)]
struct Write(usize);

impl Write {
    /// Writes: whether the server said so before the connection ended.
    fn acknowledged(self, port: u16) -> bool {
        let (service, request) = if self.is_object() {
            ("s3", Request::put(&self.path(), self.content()))
        } else {
            (
                "iam",
                query("iam", "CreateUser", &[("UserName", &self.name())]),
            )
        };
        let request = Signer::new(&Bowline::root(), service).sign(request, port);
        request.try_send(port).is_some_and(|response| {
            response.status == 200
                && if self.is_object() {
                    response.value("etag").is_some()
                } else {
                    response.element("RequestId").is_some()
                }
        })
    }

    /// Whether the user is among these, or the object can be read whole.
    fn is_there(self, port: u16, users: &HashSet<String>) -> bool {
        if !self.is_object() {
            return users.contains(&self.name());
        }
        let got = send(port, "s3", Request::get(&self.path()));
        got.status == 200 && got.text() == self.content()
    }

    fn is_object(self) -> bool {
        self.0 % 2 == 1
    }

    fn name(self) -> String {
        format!("user-{}", self.0)
    }

    fn path(self) -> String {
        format!("/kept/{}/object", self.0)
    }

    fn content(self) -> String {
        format!("{} ", self.0).repeat(2_000)
    }
}

/// Sends a request of root.
fn send(port: u16, service: &str, request: Request) -> Response {
    Signer::new(&Bowline::root(), service)
        .sign(request, port)
        .send(port)
}

/// The names of all users, page by page.
fn users(port: u16) -> HashSet<String> {
    let mut names = HashSet::new();
    let mut marker: Option<String> = None;
    loop {
        let mut parameters = vec![("MaxItems", "1000")];
        if let Some(marker) = &marker {
            parameters.push(("Marker", marker));
        }
        let response = send(port, "iam", query("iam", "ListUsers", &parameters)).accepted();
        let text = response.text();
        names.extend(
            text.split("<UserName>")
                .skip(1)
                .map(|rest| rest.split('<').next().unwrap().to_owned()),
        );
        marker = response.element("Marker");
        if marker.is_none() {
            return names;
        }
    }
}

/// A small generator of moments (SplitMix64): the same seed, the same kills.
struct Moments(u64);

impl Moments {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }
}
