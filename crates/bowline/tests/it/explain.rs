//! Every refusal can be explained to the operator, and to nobody else.

use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::json;

use crate::support::bowline::Bowline;
use crate::support::http::Request;
use crate::support::keys::stranger;
use crate::support::wait::now;
use crate::support::world::{World, allow};

#[test]
fn a_trust_condition_that_failed_is_shown_with_what_it_wanted_and_what_it_got() {
    let world = World::new();
    let other = world
        .issuer
        .token()
        .claim("sub", "system:serviceaccount:gbot-dev:other");
    let refused = world.exchange(&other.sign(&world.issuer.key));
    assert_snapshot!(refused.verdict(), @"");
    assert_json_snapshot!(world.explain(&refused), @"");
    let text = world
        .server
        .ran(&Bowline::root(), &["explain", &refused.request_id()]);
    assert_snapshot!(text, @"");
    assert_eq!(
        text,
        world.server.ran(&Bowline::root(), &["explain", "--last"])
    );
}

#[test]
fn a_denial_of_the_gateway_is_shown_layer_by_layer() {
    let world = World::new();
    let bot = world.bot();
    let listed = world.send(
        &bot,
        "s3",
        Request::get("/insights?list-type=2&prefix=secret/"),
    );
    assert_json_snapshot!(world.explain(&listed), @"");
    let denied = world.send(&bot, "s3", Request::put("/insights/secret/a", "x"));
    assert_json_snapshot!(world.explain(&denied), @"");
}

#[test]
fn a_denial_of_a_user_is_explained() {
    let world = World::new();
    let user = world.user(
        "near",
        Some(allow(&["iam:List*"], &["arn:aws:iam::432797229265:role/*"])),
    );
    let refused = world.call(&user, "iam", "GetRole", &[("RoleName", "bot")]);
    assert_snapshot!(refused.verdict(), @"");
    assert_json_snapshot!(world.explain(&refused), @"");
}

#[test]
fn bad_tokens_are_explained_too() {
    let world = World::new();
    let token = world.issuer.token();
    let key = &world.issuer.key;
    let explained = |token: String| {
        world.server.ran(
            &Bowline::root(),
            &["explain", &world.exchange(&token).request_id()],
        )
    };
    assert_snapshot!(explained(token.clone().claim("exp", now() - 4000).sign(key)), @"");
    assert_snapshot!(explained(token.clone().claim("aud", "elsewhere").sign(key)), @"");
    assert_snapshot!(explained(token.clone().sign(stranger())), @"");
    assert_snapshot!(explained(token.clone().claim("iss", "https://issuer.invalid").sign(key)), @"");
}

#[test]
fn only_who_may_explain_is_told() {
    let world = World::new();
    let refused = world.exchange(&world.issuer.token().sign(stranger()));
    let id = refused.request_id();
    let bot = world.bot();
    let output = world.server.run(&bot, &["explain", &id]);
    assert!(!output.status.success());
    assert_snapshot!(String::from_utf8_lossy(&output.stderr), @"");
    let reader = world.user("reader", Some(allow(&["bowline:Explain*"], &["*"])));
    world.server.ran(&reader, &["explain", &id]);
    let output = world.server.run(
        &Bowline::root(),
        &["explain", "00000000-0000-4000-8000-000000000000"],
    );
    assert!(!output.status.success());
    assert_snapshot!(String::from_utf8_lossy(&output.stderr), @"");
}

#[test]
fn an_anonymous_caller_cannot_flush_what_others_were_refused() {
    let world = World::new();
    let bot = world.bot();
    let refused = world.send(&bot, "s3", Request::put("/insights/secret/a", "x"));
    for n in 0..2_000 {
        let port = world.server.port;
        let request = Request::form(&[
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", "arn:aws:iam::432797229265:role/bot"),
            ("RoleSessionName", "flood"),
            ("WebIdentityToken", &format!("a.b.{n}")),
        ]);
        assert_eq!(request.send(port).status, 400);
    }
    let explained = world.explain(&refused);
    assert_ne!(explained, json!(null));
}
