//! Properties of every decision, and the content of an explanation. Single decisions are in
//! `tests/cases`.

use proptest::prelude::*;

use super::*;
use crate::{
    action::Action,
    context::{ConditionContext, ConditionValue},
    policy::{CompiledPolicy, Policy, PolicyKind},
};

const ACCOUNT: &str = "111122223333";

fn compiled(text: &str, kind: PolicyKind) -> CompiledPolicy {
    let policy = Policy::parse(text, kind).unwrap();
    policy.compile(|arn| Some(arn.to_owned())).unwrap()
}

fn applied(policy: &CompiledPolicy) -> AppliedPolicy<'_> {
    AppliedPolicy {
        name: "test",
        arn: None,
        policy: Some(policy),
    }
}

/// Decides a request of the user `ann` in her own account.
fn decide(policies: &Policies<'_>, action: &str, resource: &str) -> Decision {
    let context = ConditionContext::new();
    with_request(policies, action, resource, &context, |request, policies| {
        authorize(request, policies)
    })
}

fn with_request<T>(
    policies: &Policies<'_>,
    action: &str,
    resource: &str,
    context: &ConditionContext<'_>,
    then: impl Fn(&AuthorizationRequest<'_>, &Policies<'_>) -> T,
) -> T {
    let account = ACCOUNT.parse().unwrap();
    let request = AuthorizationRequest {
        principal: Principal::User {
            account,
            arn: "arn:aws:iam::111122223333:user/ann",
            id: "arn:aws:iam::111122223333:user/ann",
        },
        action: &Action::parse(action).unwrap(),
        resource: RequestedResource {
            arn: resource,
            account: Some(account),
        },
        context,
    };
    then(&request, policies)
}

#[test]
fn a_policy_that_cannot_be_read_denies_in_every_layer() {
    let all = compiled(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        PolicyKind::Inline,
    );
    let broken = AppliedPolicy {
        name: "damaged",
        arn: None,
        policy: None,
    };
    let identity = vec![applied(&all)];
    let whole = Policies {
        identity: identity.clone(),
        ..Policies::default()
    };
    assert!(decide(&whole, "s3:GetObject", "arn:aws:s3:::a/b").is_allowed());
    let layers = [
        Policies {
            identity: vec![applied(&all), broken],
            ..Policies::default()
        },
        Policies {
            identity: identity.clone(),
            resource: vec![broken],
            ..Policies::default()
        },
        Policies {
            identity: identity.clone(),
            session: Some(vec![applied(&all), broken]),
            ..Policies::default()
        },
        Policies {
            identity,
            boundary: Some(broken),
            ..Policies::default()
        },
    ];
    for policies in layers {
        let decision = decide(&policies, "s3:GetObject", "arn:aws:s3:::a/b");
        let denied = decision.permit(()).unwrap_err();
        assert!(
            matches!(denied.reason(), DenialReason::Unreadable { .. }),
            "{denied:?}"
        );
    }
}

#[test]
fn a_decision_that_takes_all_its_steps_is_a_denial_and_the_next_has_its_own() {
    let policy = compiled(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:UserAgent":["*a?b","*c"]}}}}"#,
        PolicyKind::Inline,
    );
    let policies = Policies {
        identity: vec![applied(&policy)],
        ..Policies::default()
    };
    let decide = |steps: u64| {
        let mut context = ConditionContext::new();
        context.set("aws:UserAgent", ("a".repeat(5_000) + "c").into());
        let context = context.with_steps(steps);
        let allowed = |request: &AuthorizationRequest<'_>, policies: &Policies<'_>| {
            let decision = authorize(request, policies);
            assert_eq!(decision, authorize(request, policies));
            assert_eq!(decision.is_allowed(), !request.context.is_exhausted());
            decision.is_allowed()
        };
        with_request(
            &policies,
            "s3:GetObject",
            "arn:aws:s3:::a/b",
            &context,
            allowed,
        )
    };
    assert!(!decide(1_000));
    assert!(decide(100_000));
}

#[test]
fn an_explanation_lists_the_nearest_statements_with_the_element_that_did_not_match() {
    let near = compiled(
        r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"Own","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::docs/${aws:username}/*"},
            {"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.168.0.0/16"]}}},
            {"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#,
        PolicyKind::Inline,
    );
    let policies = Policies {
        identity: vec![applied(&near)],
        ..Policies::default()
    };
    let mut context = ConditionContext::new();
    context.set("aws:SourceIp", "203.0.113.7".into());
    let trace = with_request(
        &policies,
        "s3:GetObject",
        "arn:aws:s3:::docs/bob/a",
        &context,
        explain,
    );
    insta::assert_debug_snapshot!(trace, @r#"
    Trace {
        principal: "arn:aws:iam::111122223333:user/ann",
        action: "s3:GetObject",
        resource: "arn:aws:s3:::docs/bob/a",
        denied: Some(
            Implicit {
                layer: Identity,
            },
        ),
        layers: [
            LayerTrace {
                layer: Identity,
                level: None,
                result: NoMatch,
                statements: [
                    StatementTrace {
                        policy: "test",
                        policy_arn: None,
                        sid: None,
                        number: 2,
                        line: 3,
                        effect: Allow,
                        mismatch: Some(
                            ElementTrace {
                                element: "Condition",
                                condition: Some(
                                    (
                                        "IpAddress",
                                        "aws:SourceIp",
                                    ),
                                ),
                                expected: [
                                    "10.0.0.0/8",
                                    "192.168.0.0/16",
                                ],
                                actual: Some(
                                    [
                                        "203.0.113.7",
                                    ],
                                ),
                                missing_variables: [],
                                doubt: None,
                            },
                        ),
                        doubts: [],
                    },
                    StatementTrace {
                        policy: "test",
                        policy_arn: None,
                        sid: Some(
                            "Own",
                        ),
                        number: 1,
                        line: 2,
                        effect: Allow,
                        mismatch: Some(
                            ElementTrace {
                                element: "Resource",
                                condition: None,
                                expected: [
                                    "arn:aws:s3:::docs/${aws:username}/*",
                                ],
                                actual: Some(
                                    [
                                        "arn:aws:s3:::docs/bob/a",
                                    ],
                                ),
                                missing_variables: [
                                    "aws:username",
                                ],
                                doubt: None,
                            },
                        ),
                        doubts: [],
                    },
                ],
                others: 1,
                unreadable: [],
            },
        ],
    }
    "#);
}

#[test]
fn an_explanation_shows_the_expected_actions_and_principals() {
    let identity = compiled(
        r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":["iam:*","s3:Put*"],"Resource":"*"},
            {"Effect":"Allow","NotAction":"s3:*","Resource":"*"}]}"#,
        PolicyKind::Inline,
    );
    let resource = compiled(
        r#"{"Version":"2012-10-17","Statement":
            {"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"*","Resource":"*"}}"#,
        PolicyKind::Resource,
    );
    let policies = Policies {
        identity: vec![applied(&identity)],
        resource: vec![applied(&resource)],
        ..Policies::default()
    };
    let trace = with_request(
        &policies,
        "s3:GetObject",
        "arn:aws:s3:::docs/a",
        &ConditionContext::new(),
        explain,
    );
    let statements = trace.layers.iter().flat_map(|layer| &layer.statements);
    let mismatches: Vec<String> = statements
        .filter_map(|statement| statement.mismatch.as_ref())
        .map(|m| {
            format!(
                "{} {:?} {:?}",
                m.element,
                m.expected,
                m.actual.as_deref().unwrap()
            )
        })
        .collect();
    insta::assert_snapshot!(mismatches.join("\n"), @r#"
    Principal ["arn:aws:iam::444455556666:root"] ["arn:aws:iam::111122223333:user/ann"]
    Action ["iam:*", "s3:Put*"] ["s3:GetObject"]
    Action ["NotAction s3:*"] ["s3:GetObject"]
    "#);
}

#[test]
fn an_explanation_says_why_a_statement_is_in_doubt() {
    let groups = |texts: &[&'static str]| {
        ConditionValue::Set(texts.iter().map(|text| (*text).into()).collect())
    };
    let mut context = ConditionContext::new();
    context.set("iss:groups", groups(&["a", "c"]));
    context.set("iss:level", "five".into());
    context.set("iss:picture", ConditionValue::Unknown);
    context.set("iss:arn", "arn:aws:s3:::b".into());
    let explained = |effect: &str, element: &str| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[
            {{"Effect":"Allow","Action":"*","Resource":"*"}},
            {{"Effect":"{effect}","Action":"*",{element}}}]}}"#
        );
        let policy = compiled(&text, PolicyKind::Inline);
        let policies = Policies {
            identity: vec![applied(&policy)],
            ..Policies::default()
        };
        let (action, resource) = ("s3:GetObject", "arn:aws:s3:::docs/a");
        let trace = with_request(&policies, action, resource, &context, explain);
        let statements = trace.layers.iter().flat_map(|layer| &layer.statements);
        let found = statements
            .into_iter()
            .find(|statement| statement.number == 2);
        found.unwrap().clone()
    };
    let elements = [
        r#""Resource":"*","Condition":{"StringEquals":{"iss:groups":"c"}}"#,
        r#""Resource":"*","Condition":{"StringNotEquals":{"iss:groups":["a","c"]}}"#,
        r#""Resource":"*","Condition":{"NumericNotEquals":{"iss:level":"5"}}"#,
        r#""Resource":"*","Condition":{"Null":{"iss:picture":"true"}}"#,
        r#""Resource":"*","Condition":{"ArnLike":{"iss:arn":"arn:aws:s3*"}}"#,
        r#""Resource":"*","Condition":{"StringLike":{"iss:level":"f*${iss:groups}"}}"#,
        r#""Resource":"arn:aws:s3:::docs/${iss:picture}*""#,
        r#""Resource":"arn:aws:s3::${iss:level}:docs/a""#,
        r#""NotResource":"arn:aws:s3:::docs/${iss:none}""#,
        r#""Resource":"*","Condition":{"ForAnyValue:StringEquals":{"iss:groups":"c"}}"#,
    ];
    let doubts = elements.map(|element| {
        let denies = explained("Deny", element);
        let doubts: Vec<_> = denies
            .doubts
            .iter()
            .filter_map(|e| e.doubt.clone())
            .collect();
        let allows = explained("Allow", element);
        // What lets a statement deny does not let it allow.
        assert_eq!(
            denies.mismatch.is_none() && doubts.is_empty(),
            allows.mismatch.is_none()
        );
        assert!(allows.doubts.is_empty());
        let failure = allows.mismatch.and_then(|mismatch| mismatch.doubt);
        assert_eq!(failure.as_ref(), doubts.first(), "{element}");
        let doubts: Vec<_> = doubts.iter().map(ToString::to_string).collect();
        let all = if doubts.is_empty() {
            "no doubt".to_owned()
        } else {
            doubts.join("; ")
        };
        format!("{element}: {all}")
    });
    insta::assert_snapshot!(doubts.join("\n"), @r#"
    "Resource":"*","Condition":{"StringEquals":{"iss:groups":"c"}}: the key can have several values and the operator has neither ForAnyValue nor ForAllValues: AWS says that it never matches; read as any value it matches, read as every value it does not match
    "Resource":"*","Condition":{"StringNotEquals":{"iss:groups":["a","c"]}}: no doubt
    "Resource":"*","Condition":{"NumericNotEquals":{"iss:level":"5"}}: the operator cannot compare the value
    "Resource":"*","Condition":{"Null":{"iss:picture":"true"}}: the value of the key is not known
    "Resource":"*","Condition":{"ArnLike":{"iss:arn":"arn:aws:s3*"}}: a pattern has fewer than the six segments of an ARN: AWS says that it never matches; read as a text it matches
    "Resource":"*","Condition":{"StringLike":{"iss:level":"f*${iss:groups}"}}: the value of iss:groups is not known, or there are several
    "Resource":"arn:aws:s3:::docs/${iss:picture}*": the value of iss:picture is not known, or there are several
    "Resource":"arn:aws:s3::${iss:level}:docs/a": AWS does not allow a variable before the resource part of an ARN
    "NotResource":"arn:aws:s3:::docs/${iss:none}": iss:none has no value, so it is not known what is excluded
    "Resource":"*","Condition":{"ForAnyValue:StringEquals":{"iss:groups":"c"}}: no doubt
    "#);
}

/// The text of a statement, from few actions and resources so that statements overlap.
fn arbitrary_statement() -> impl Strategy<Value = String> {
    let effect = prop_oneof![3 => Just("Allow"), 1 => Just("Deny")];
    let action = prop_oneof![
        Just(r#""Action":"s3:GetObject""#),
        Just(r#""Action":"s3:*""#),
        Just(r#""NotAction":"s3:GetObject""#),
        Just(r#""Action":["s3:PutObject","iam:*"]"#),
    ];
    let resource = prop_oneof![
        Just(r#""Resource":"*""#),
        Just(r#""Resource":"arn:aws:s3:::a/*""#),
        Just(r#""NotResource":"arn:aws:s3:::a/b""#),
    ];
    (effect, action, resource).prop_map(|(effect, action, resource)| {
        format!(r#"{{"Effect":"{effect}",{action},{resource}}}"#)
    })
}

fn arbitrary_policy() -> impl Strategy<Value = String> {
    prop::collection::vec(arbitrary_statement(), 1..4).prop_map(|statements| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{}]}}"#,
            statements.join(",")
        )
    })
}

fn all_requests() -> impl Iterator<Item = (&'static str, &'static str)> {
    let actions = ["s3:GetObject", "s3:PutObject", "iam:CreateUser"];
    let resources = ["arn:aws:s3:::a/b", "arn:aws:s3:::a/c", "arn:aws:s3:::d/b"];
    actions
        .into_iter()
        .flat_map(move |action| resources.map(|resource| (action, resource)))
}

proptest! {
    #[test]
    fn session_policies_and_boundaries_only_narrow(
        identity in prop::collection::vec(arbitrary_policy(), 0..3),
        limits in prop::collection::vec(arbitrary_policy(), 1..3),
    ) {
        let compile = |texts: &[String]| -> Vec<CompiledPolicy> {
            texts.iter().map(|text| compiled(text, PolicyKind::Inline)).collect()
        };
        let (identity, limits) = (compile(&identity), compile(&limits));
        let free = Policies { identity: identity.iter().map(applied).collect(), ..Policies::default() };
        let session = Policies { session: Some(limits.iter().map(applied).collect()), ..free.clone() };
        let boundary = Policies { boundary: limits.first().map(applied), ..free.clone() };
        for (action, resource) in all_requests() {
            let allowed = |policies| decide(policies, action, resource).is_allowed();
            prop_assert!(!allowed(&session) || allowed(&free), "{} {}", action, resource);
            prop_assert!(!allowed(&boundary) || allowed(&free), "{} {}", action, resource);
        }
    }

    #[test]
    fn another_deny_never_allows_more_and_order_does_not_matter(
        mut policies in prop::collection::vec(arbitrary_policy(), 1..4),
        deny in arbitrary_statement(),
    ) {
        let decide_all = |texts: &[String]| -> Vec<bool> {
            let compiled: Vec<_> = texts.iter().map(|text| compiled(text, PolicyKind::Inline)).collect();
            let policies = Policies { identity: compiled.iter().map(applied).collect(), ..Policies::default() };
            all_requests().map(|(action, resource)| decide(&policies, action, resource).is_allowed()).collect()
        };
        let before = decide_all(&policies);
        policies.reverse();
        prop_assert_eq!(&before, &decide_all(&policies));
        let deny = deny.replace("Allow", "Deny");
        policies.push(format!(r#"{{"Version":"2012-10-17","Statement":{deny}}}"#));
        let after = decide_all(&policies);
        for (before, after) in before.iter().zip(after) {
            prop_assert!(*before || !after);
        }
    }

    #[test]
    fn an_explanation_is_the_same_decision(texts in prop::collection::vec(arbitrary_policy(), 1..4)) {
        let compiled: Vec<_> = texts.iter().map(|text| compiled(text, PolicyKind::Inline)).collect();
        let policies = Policies { identity: compiled.iter().map(applied).collect(), ..Policies::default() };
        let context = ConditionContext::new();
        for (action, resource) in all_requests() {
            let decision = decide(&policies, action, resource);
            let trace = with_request(&policies, action, resource, &context, explain);
            let denied = decision.permit(()).err().map(|denied| denied.reason().clone());
            prop_assert_eq!(trace.denied, denied);
        }
    }
}
