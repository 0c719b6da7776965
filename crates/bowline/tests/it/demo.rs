//! The demo: every step ends as expected.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::Value;

use crate::documentation::shell;
use crate::support::bowline::{Running, command};
use crate::support::python::clients;

#[test]
fn every_step_of_the_demo_succeeds() {
    let output = command(&["demo", "--once", "--output", "json"])
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    let steps: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let printed: Vec<_> = steps
        .iter()
        .map(|step| {
            format!(
                "{} {}",
                if step["ok"] == true { "ok" } else { "FAILED" },
                step["step"].as_str().unwrap()
            )
        })
        .collect();
    assert_snapshot!(printed.join("\n"), @"
    ok The cluster's issuer says where its keys are
    ok The account trusts the issuer
    ok A role is bound to one service account
    ok There is a bucket for the role
    ok There is another bucket, which is not the role's business
    ok The role gets permissions of its own
    ok A managed policy is attached to it
    ok The pod's token becomes credentials
    ok The credentials are the role's
    ok The pod writes an object
    ok The pod reads it again
    ok Another service account is refused
    ok A token for another audience is refused
    ok An expired token is refused
    ok A tampered token is refused
    ok Another bucket is refused
    ok The kubelet rotates the token, and the SDK exchanges it again
    ok The first credentials are still good
    ok So are the second ones
    ok There is a table for the role
    ok There is another table, which is not the role's business
    ok The role gets permissions on one table
    ok The pod puts an item
    ok The pod finds it by a query
    ok Another table is refused
    ok A role trusts EC2
    ok The role is attached to an instance
    ok The instance has credentials, and reads the object
    ok A role trusts Lambda
    ok The role is attached to a function
    ok The function has credentials, and reads the object
    ok The function's role is refused to an instance
    ok Another account moves in
    ok It has a bucket of its own
    ok The pod is refused at the neighbour's bucket
    ok So is the root of the pod's account
    ");
    assert!(output.status.success(), "{err}");
    for step in &steps {
        assert_eq!(step["ok"], true, "{step}");
        for member in ["request", "expected", "actual", "reason"] {
            assert!(step.get(member).is_some(), "no `{member}` in {step}");
        }
    }
}

#[test]
fn the_demo_prints_no_colours_into_a_pipe() {
    let output = command(&["demo", "--once"])
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(!out.contains('\u{1b}'), "{out}");
    for words in [
        "AssumeRoleWithWebIdentity",
        "bot-builder-insight-generator",
        "ExpiredTokenException",
        "InvalidIdentityToken",
        "AccessDenied",
        "StringEquals",
    ] {
        assert!(
            out.contains(words),
            "the story does not mention `{words}`:\n{out}"
        );
    }
}

#[test]
fn the_lines_that_the_demo_prints_can_be_pasted_into_one_shell() {
    let Some(clients) = clients() else { return };
    // A folder whose name the shell would split.
    let home = tempfile::Builder::new().prefix("it's ").tempdir().unwrap();
    let mut demo = command(&["demo", "--data"]);
    demo.arg(home.path().join("a demo")).stdout(Stdio::piped());
    let mut demo = Running::spawn(&mut demo);
    let lines = BufReader::new(demo.stdout()).lines();
    let lines: Vec<_> = lines
        .map(|line| line.unwrap())
        .skip_while(|line| !line.starts_with("The server stays up."))
        .take_while(|line| !line.contains("Ctrl-C stops the server"))
        .filter(|line| line.starts_with("export ") || line.contains(" explain "))
        .collect();
    assert_eq!(lines.len(), 7, "{lines:?}");
    let path = format!("{}:/usr/bin:/bin", clients.folder());
    let typed = format!(
        "{}\naws s3 ls\naws sts get-caller-identity --query Arn",
        lines.join("\n")
    );
    let printed = shell(&typed, home.path(), &path, &[]);
    assert!(printed.contains("denied"), "{printed}");
    assert!(printed.contains(":assumed-role/"), "{printed}");
    demo.terminate();
    assert!(demo.ended().success());
}
