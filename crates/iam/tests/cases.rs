//! Runs the case book: every request of `cases/*.md` must get the decision that the book states.
//!
//! A section has policies (```` ```json identity ````, `boundary`, `session`, `resource`, `trust`,
//! `scp`, `rcp`) and requests (```` ```request ````). The line after a request states its decision.
//! The id of a user or role is its ARN.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a malformed case fails the test"
)]

use std::{fs, path::Path};

use bowline_iam::{
    account::AccountId,
    action::Action,
    authorize::{
        AppliedPolicy, AuthorizationRequest, OrganizationLevel, Policies, RequestedResource,
        authorize, explain,
    },
    context::{ConditionContext, ConditionValue},
    policy::{CompiledPolicy, Policy, PolicyKind},
    principal::Principal,
};

#[test]
fn every_case_has_the_decision_that_the_book_states() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "md"))
        .collect();
    files.sort();
    let mut decided = 0;
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for section in text.split("\n## ").skip(1) {
            let (title, body) = section.split_once('\n').unwrap();
            for (expected, actual, request) in run(body) {
                decided += 1;
                if expected != actual {
                    let file = file.file_name().unwrap().to_string_lossy();
                    wrong.push(format!(
                        "{file}, {title}\n{request}\n  the book: {expected}\n  the engine: {actual}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(decided >= 60, "only {decided} cases were found");
}

/// The stated decision, the actual decision and the text of each request of a section.
fn run(body: &str) -> Vec<(String, String, String)> {
    let mut policies: Vec<(String, CompiledPolicy)> = Vec::new();
    let mut outcomes = Vec::new();
    let mut lines = body.lines();
    while let Some(line) = lines.next() {
        let Some(fence) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = block.join("\n");
        match fence.strip_prefix("json ") {
            Some(layer) => policies.push((layer.to_owned(), compile(layer, &text))),
            None if fence == "request" => {
                let expected = lines.by_ref().find(|line| !line.is_empty()).unwrap();
                outcomes.push((expected.to_owned(), decide(&policies, &block), text));
            }
            None => panic!("`{fence}` is not a block of a case"),
        }
    }
    outcomes
}

fn compile(layer: &str, text: &str) -> CompiledPolicy {
    let kind = match layer {
        "trust" => PolicyKind::Trust,
        "resource" | "rcp" => PolicyKind::Resource,
        _ => PolicyKind::Inline,
    };
    let policy = Policy::parse(text, kind).unwrap_or_else(|e| panic!("{e}\n{text}"));
    policy.compile(|arn| Some(arn.to_owned())).unwrap()
}

fn decide(policies: &[(String, CompiledPolicy)], request: &[&str]) -> String {
    let members: Vec<(&str, &str)> = request
        .iter()
        .map(|l| l.split_once(": ").unwrap())
        .collect();
    let member = |name: &str| {
        members
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| *value)
    };
    let who = member("principal").unwrap();
    let role = role_of(who);
    let mut context = ConditionContext::new();
    for (key, value) in members.iter().filter(|(key, _)| key.contains(':')) {
        let set = value.strip_prefix('[').and_then(|v| v.strip_suffix(']'));
        context.set(
            *key,
            match set {
                Some(set) => ConditionValue::Set(
                    set.split(", ")
                        .filter(|v| !v.is_empty())
                        .map(Into::into)
                        .collect(),
                ),
                None => ConditionValue::from(value.trim_matches('"')),
            },
        );
    }
    let of = |layer: &str| -> Vec<AppliedPolicy<'_>> {
        let found = policies.iter().filter(|(name, _)| name == layer);
        found
            .map(|(name, policy)| AppliedPolicy {
                name,
                arn: None,
                policy: Some(policy),
            })
            .collect()
    };
    let level = |layer: &str| -> Vec<OrganizationLevel<'_>> {
        let policies = of(layer);
        if policies.is_empty() {
            Vec::new()
        } else {
            vec![OrganizationLevel {
                name: "root",
                policies,
            }]
        }
    };
    let session = of("session");
    let policies = Policies {
        identity: of("identity"),
        boundary: of("boundary").first().copied(),
        session: (!session.is_empty()).then_some(session),
        resource: of("resource"),
        trust: of("trust").first().copied(),
        service_control: level("scp"),
        resource_control: level("rcp"),
        vpc_endpoint: None,
    };
    let action = Action::parse(member("action").unwrap()).unwrap();
    let request = AuthorizationRequest {
        principal: principal(who, &role),
        action: &action,
        resource: RequestedResource {
            arn: member("resource").unwrap(),
            account: member("owner").map(|owner| owner.parse().unwrap()),
        },
        context: &context,
    };
    let decision = authorize(&request, &policies);
    let trace = explain(&request, &policies);
    assert_eq!(
        trace.denied.is_none(),
        decision.is_allowed(),
        "the explanation has another decision"
    );
    match decision.permit(()) {
        Ok(_) => "Allowed.".to_owned(),
        Err(denied) => format!("Denied: {}.", denied.reason()),
    }
}

/// The role of `arn:aws:sts::{account}:assumed-role/{role}/{session}`.
fn role_of(who: &str) -> String {
    let mut parts = who.split(':');
    let (account, resource) = (parts.nth(4), parts.next());
    match resource.and_then(|r| r.strip_prefix("assumed-role/")?.split_once('/')) {
        Some((role, _)) => format!("arn:aws:iam::{}:role/{role}", account.unwrap()),
        None => String::new(),
    }
}

fn principal<'a>(who: &'a str, role: &'a str) -> Principal<'a> {
    let account = || -> AccountId { who.split(':').nth(4).unwrap().parse().unwrap() };
    let resource = who.splitn(6, ':').nth(5).unwrap_or(who);
    match resource.split('/').next().unwrap() {
        "anonymous" => Principal::Anonymous,
        "root" => Principal::Root { account: account() },
        "user" => Principal::User {
            account: account(),
            arn: who,
            id: who,
        },
        "assumed-role" => Principal::Role {
            account: account(),
            arn: role,
            id: role,
            session_arn: who,
        },
        "oidc-provider" => Principal::Federated {
            account: account(),
            provider: who,
        },
        _ if who.ends_with(".amazonaws.com") => Principal::Service(who),
        _ => panic!("`{who}` is not a principal of a case"),
    }
}
