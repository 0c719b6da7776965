//! Lists of explanations, what a wrong signature shows, and the lines of the log.

use crate::support::bowline::{Bowline, Launch};
use crate::support::http::Request;
use crate::support::keys::unrelated_key;
use crate::support::sign::Signer;
use crate::support::world::World;

#[test]
fn probes_for_missing_objects_do_not_take_the_place_of_the_last_denial() {
    let world = World::new();
    let refused = world.send(&world.bot(), "s3", Request::put("/insights/secret/a", "x"));
    let probe = world.s3(Request::new("HEAD", "/insights/none"));
    assert_eq!(probe.status, 404);
    let root = Bowline::root();
    let last = world
        .server
        .ran(&root, &["explain", "--last", "--output", "json"]);
    let last: serde_json::Value = serde_json::from_str(&last).unwrap();
    assert_eq!(last["code"], "AccessDenied");
    assert_eq!(world.explain(&refused)["code"], "AccessDenied");
    // The probe is explained by its id all the same.
    assert_eq!(world.explain(&probe)["status"], 404);
}

fn listed(world: &World, filters: &[&str]) -> Vec<String> {
    let arguments = [&["explain", "list", "--output", "json"], filters].concat();
    let list = world.server.ran(&Bowline::root(), &arguments);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let list = list.as_array().unwrap().iter();
    list.map(|it| it["requestId"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_list_has_filters_by_caller_role_action_outcome_and_time() {
    let world = World::new();
    let bot = world.bot();
    let put = world.send(&bot, "s3", Request::put("/insights/secret/a", "x"));
    let get = world.s3(Request::get("/insights/none"));
    let exchange = world.exchange(&world.issuer.token().sign(unrelated_key()));
    let [put, get, exchange] = [put, get, exchange].map(|response| response.request_id());
    // The preparation of the world has failures of its own, which are older.
    let has = |filters: &[&str]| {
        let mut list = listed(&world, filters);
        list.retain(|id| [&put, &get, &exchange].contains(&id));
        list
    };
    assert_eq!(has(&[]), [&*exchange, &*get, &*put]);
    assert_eq!(has(&["--max", "1"]), [&*exchange]);
    assert_eq!(has(&["--caller", "assumed-role/bot"]), [&*put]);
    assert_eq!(has(&["--role", "bot"]), [&*exchange, &*put]);
    assert_eq!(
        has(&["--role", "arn:aws:iam::432797229265:role/bot"]),
        [&*exchange, &*put]
    );
    assert!(has(&["--role", "other"]).is_empty());
    assert_eq!(has(&["--action", "s3:PutObject"]), [&*put]);
    assert_eq!(has(&["--action", "s3:*"]), [&*get, &*put]);
    assert_eq!(has(&["--outcome", "AccessDenied"]), [&*put]);
    assert_eq!(has(&["--outcome", "404"]), [&*get]);
    assert_eq!(has(&["--outcome", "failed"]), [&*get]);
    assert_eq!(has(&["--since", "1h"]), has(&[]));
    assert!(has(&["--until", "1h"]).is_empty());
    assert!(has(&["--since", "2999-01-01T00:00:00Z"]).is_empty());
    let wrong = world
        .server
        .run(&Bowline::root(), &["explain", "list", "--since", "soon"]);
    assert!(!wrong.status.success());
    // Who may not read an explanation may not list any.
    let denied = world.server.run(&bot, &["explain", "list"]);
    assert!(!denied.status.success());
    assert!(String::from_utf8_lossy(&denied.stderr).contains("bowline:Explain"));
}

#[test]
fn a_wrong_signature_shows_what_the_server_saw_and_no_secret() {
    let world = World::new();
    let bot = world.bot();
    let token = bot.session_token.clone().unwrap();
    let port = world.server.port;
    let signed = Signer::new(&bot, "s3").sign(Request::get("/insights/bot/a?prefix=x"), port);
    let refused = signed
        .replaced("host", "internal:1")
        .header("x-forwarded-host", "s3.example.com")
        .send(port);
    assert_eq!(refused.status, 403);
    let explanation = world.explain(&refused);
    let signature = &explanation["signature"];
    assert_eq!(signature["host"], "internal:1");
    assert_eq!(signature["path"], "/insights/bot/a");
    let canonical = signature["canonicalRequest"].as_str().unwrap();
    assert!(canonical.starts_with("GET\n/insights/bot/a\nprefix=x\nhost:internal:1\n"));
    assert!(canonical.contains("x-amz-security-token:[left out]\n"));
    let hint = signature["hint"].as_str().unwrap();
    assert!(hint.contains("s3.example.com") && hint.contains("keep the Host header"));
    assert!(!explanation.to_string().contains(&*token));
}

#[test]
fn requests_that_routing_rejects_are_explained_to_the_account_of_their_key() {
    let world = World::new();
    let bot = world.bot();
    let refused = world.send(&bot, "dynamodb", Request::get("/insights/a"));
    assert!(refused.status >= 400);
    let explanation = world.explain(&refused);
    assert_eq!(explanation["caller"], bot.access_key_id.as_str());
    assert!(
        explanation["reason"]
            .as_str()
            .unwrap()
            .contains("GET /insights/a")
    );
    let unsupported = world.s3(Request::get("/insights?requestPayment"));
    assert_eq!(unsupported.status, 501);
    let reason = world.explain(&unsupported)["reason"].to_string();
    assert!(reason.contains("requestPayment"), "{reason}");
}

#[test]
fn the_log_has_a_line_for_each_refusal_if_the_setting_asks_for_it() {
    let request = |server: &Bowline| {
        let refused = Request::get("/insights/a%0Aforged").send(server.port);
        assert_eq!(refused.status, 403);
        refused.request_id()
    };
    let logs = |arguments: Vec<&'static str>| {
        let server = Bowline::launch(Launch {
            arguments,
            ..Launch::default()
        });
        let id = request(&server);
        (server.log(), id)
    };
    let (quiet, id) = logs(Vec::new());
    assert!(!quiet.contains(&id));
    for arguments in [vec!["--log-refusals"], vec!["--log", "debug"]] {
        let (log, id) = logs(arguments);
        let lines: Vec<_> = log.lines().filter(|line| line.contains(&id)).collect();
        assert_eq!(lines.len(), 1, "{log}");
        assert!(lines[0].contains("by anonymous from 127.0.0.1 ended with 403 AccessDenied"));
    }
}
