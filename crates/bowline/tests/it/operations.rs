//! Every operation of IAM and STS, by the models of the AWS SDK for Python: requests that it builds, answers that it reads.

use insta::assert_snapshot;

use crate::support::bowline::Bowline;
use crate::support::python::clients;
use crate::support::world::World;

/// Runs `every_operation.py` in one of its modes.
fn every_operation(mode: &str) -> Option<String> {
    let clients = clients()?;
    let world = World::new();
    let (root, nobody) = (Bowline::root(), world.user("nobody", None));
    let keys = if mode == "unauthorized" {
        &nobody
    } else {
        &root
    };
    Some(clients.drive(
        "every_operation.py",
        &world.server.url,
        Some(keys),
        &[("MODE", mode)],
    ))
}

#[test]
fn every_operation_is_built_or_says_that_it_is_not() {
    let Some(told) = every_operation("built") else {
        return;
    };
    assert_snapshot!(told, @"");
}

#[test]
fn every_operation_is_refused_to_nobody() {
    let Some(told) = every_operation("unauthenticated") else {
        return;
    };
    assert_snapshot!(told, @"");
}

#[test]
fn every_operation_is_refused_to_a_user_without_policies() {
    let Some(told) = every_operation("unauthorized") else {
        return;
    };
    assert_snapshot!(told, @"");
}

#[test]
fn every_operation_is_refused_when_a_member_is_missing_or_out_of_bounds() {
    let Some(told) = every_operation("malformed") else {
        return;
    };
    assert_snapshot!(told, @"");
}
