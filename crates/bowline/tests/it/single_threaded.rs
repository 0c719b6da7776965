//! A machine with one processor: one thread serves all clients, and no request blocks it.
#![cfg(target_os = "linux")]

use std::{fs, thread};

use crate::support::bowline::Launch;
use crate::support::http::Request;
use crate::support::issuer::Issuer;
use crate::support::world::World;

/// The processors that a process may use, by their numbers at least at both ends of each range.
fn cpus(process: &str) -> Vec<String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let ends = list.unwrap().trim().split([',', '-']);
    ends.map(str::to_owned).collect()
}

#[test]
fn one_thread_serves_many_clients_at_a_time() {
    let first = &cpus("self")[0];
    let launch = Launch {
        through: ["taskset", "--cpu-list", first].map(str::to_owned).to_vec(),
        ..Launch::sqlite()
    };
    let world = World::without_roles(launch, Issuer::start());
    assert_eq!(cpus(&world.server.pid().to_string()).len(), 1);
    world.add_role("bot");
    thread::scope(|scope| {
        for client in 0..8 {
            let world = &world;
            scope.spawn(move || {
                let bot = world.bot();
                let path = format!("/insights/bot/{client}");
                // Several pieces, of which each is a job for another thread.
                let object = client.to_string().repeat(300_000);
                let put = Request::put(&path, object.as_str());
                world.send(&bot, "s3", put).accepted();
                let got = world.send(&bot, "s3", Request::get(&path)).accepted();
                assert!(got.text() == object, "object {client} is another");
                let role = format!("other-{client}");
                world.add_role(&role);
                world
                    .exchange_for(&role, &world.issuer.valid_token())
                    .accepted();
            });
        }
    });
}
