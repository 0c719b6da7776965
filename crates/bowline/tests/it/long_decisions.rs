//! Policies whose evaluation takes long, on a machine with one processor: their decisions are
//! right, and delay no other request.
#![cfg(target_os = "linux")]

use std::thread;

use serde_json::json;

use crate::support::bowline::Launch;
use crate::support::http::Request;
use crate::support::issuer::Issuer;
use crate::support::world::World;

#[test]
fn decisions_that_take_long_are_made_beside_other_requests() {
    let launch = Launch {
        through: ["taskset", "--cpu-list", "0"].map(str::to_owned).to_vec(),
        ..Launch::sqlite()
    };
    let world = World::without_roles(launch, Issuer::start());
    // Each pattern takes a step for each character of the text.
    let patterns: Vec<String> = (0..190).map(|n| format!("*a?a{n}a?b")).collect();
    let slow = world.user("slow", None);
    let put = |name: &str, like: &[String]| {
        let policy = json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "s3:*", "Resource": "*",
            "Condition": { "StringLike": { "aws:UserAgent": like } },
        } });
        let parameters = [
            ("UserName", "slow"),
            ("PolicyName", name),
            ("PolicyDocument", &policy.to_string()),
        ];
        world.iam("PutUserPolicy", &parameters).accepted();
    };
    put("patterns", patterns.get(..120).unwrap());
    let list = |agent: &str| {
        let request = Request::get("/").header("user-agent", agent);
        world.send(&slow, "s3", request)
    };
    let long = "a".repeat(8_000);
    thread::scope(|scope| {
        let attacks: Vec<_> = (0..6).map(|_| scope.spawn(|| list(&long).status)).collect();
        for _ in 0..20 {
            world.iam("ListUsers", &[]).accepted();
        }
        for attack in attacks {
            assert_eq!(attack.join().unwrap(), 403);
        }
    });
    // A pattern that matches allows, and a text that is too long is in doubt.
    put("ends", &["*?z".to_owned()]);
    assert_eq!(list(&format!("{long}z")).status, 200);
    assert_eq!(list(&format!("{long}{long}z")).status, 403);
}
