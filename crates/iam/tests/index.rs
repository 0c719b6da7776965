//! Decisions of large policies, whose statements are found by an index, against the evaluation of
//! every statement. And what decisions allocate: nothing.

#![expect(clippy::unwrap_used, reason = "a malformed case fails the test")]

#[path = "support/random.rs"]
mod random;

use std::{alloc::System, fmt::Write as _};

use bowline_iam::{
    account::AccountId,
    action::Action,
    authorize::{
        AppliedPolicy, AuthorizationRequest, Policies, RequestedResource, authorize, explain,
    },
    context::{ConditionContext, ConditionValue},
    policy::{CompiledPolicy, Policy, PolicyKind},
    principal::Principal,
};
use jiff::Timestamp;
use random::Random;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn decisions_by_the_index_are_those_of_all_statements() {
    compare(60);
    decisions_allocate_nothing();
}

#[test]
#[ignore = "takes minutes"]
fn decisions_by_the_index_are_those_of_all_statements_ten_million_times() {
    compare(100_000);
}

/// Compares a hundred decisions for each of these many pairs of policies.
fn compare(pairs: usize) {
    let mut random = Random::new(3);
    let (mut allowed, mut denied) = (0, 0);
    for _ in 0..pairs {
        let few = random.below(2) == 0;
        let texts = [(); 2].map(|()| document(&mut random, few));
        let policies = texts.each_ref().map(|text| compiled(text));
        for _ in 0..100 {
            let action = Action::parse(&one_of(&mut random, &ACTIONS)).unwrap();
            let resource = resource(&mut random).replace('*', "x").replace('?', "y");
            let mut context = ConditionContext::new();
            if random.below(4) > 0 {
                context.set(
                    "aws:username",
                    one_of(&mut random, &["ann", "bob", ""]).into(),
                );
            }
            with(
                &policies,
                &action,
                &resource,
                &context,
                |request, policies| {
                    let decision = authorize(request, policies);
                    let reason = decision
                        .permit(())
                        .err()
                        .map(|denied| denied.reason().clone());
                    let all = explain(request, policies).denied;
                    assert_eq!(
                        reason,
                        all,
                        "{} {resource}\n{}\n{}",
                        action.as_str(),
                        texts[0],
                        texts[1]
                    );
                    *(if reason.is_none() {
                        &mut allowed
                    } else {
                        &mut denied
                    }) += 1;
                },
            );
        }
    }
    let sum = allowed + denied;
    assert!(
        allowed > sum / 50 && denied > sum / 50,
        "{allowed} allowed, {denied} denied"
    );
}

const ACTIONS: [&str; 8] = [
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:getobject",
    "s3:Get",
    "S3:PutObject",
    "iam:GetRole",
    "iam:CreateUser",
    "sts:AssumeRole",
];

fn one_of(random: &mut Random, from: &[&'static str]) -> String {
    random.pick(from).to_owned()
}

fn action_pattern(random: &mut Random) -> String {
    match random.below(6) {
        0 => one_of(
            random,
            &[
                "*",
                "s3:*",
                "s3:Get*",
                "s3:*Object",
                "iam:?etRole",
                "*:Get*",
                "S3:G*",
            ],
        ),
        _ => one_of(random, &ACTIONS),
    }
}

fn resource(random: &mut Random) -> String {
    let mut text = one_of(
        random,
        &[
            "arn:aws:s3:::",
            "arn:aws:s3:::b",
            "arn:aws:iam::111122223333:role/",
        ],
    );
    for _ in 0..random.below(4) {
        text.push_str(random.pick(&["a", "b", "ab", "/", "é", "ann"]));
    }
    text
}

fn resource_pattern(random: &mut Random) -> String {
    let mut text = resource(random);
    match random.below(8) {
        0 => return "*".to_owned(),
        1 => text.push('?'),
        2 => text.push_str("/${aws:username}*"),
        3 => return "arn:aws:s3:*".to_owned(),
        4 => return "arn:aws:iam::1*3:role/ab".to_owned(),
        5 => return "arn:aws:s3::${aws:username}:ab*".to_owned(),
        _ => text.push('*'),
    }
    text
}

fn list(random: &mut Random, each: impl Fn(&mut Random) -> String) -> String {
    // Some lists are longer than what a statement stands under.
    let most = if random.below(16) == 0 { 40 } else { 3 };
    let count = 1 + random.below(most);
    let texts: Vec<String> = (0..count)
        .map(|_| format!("\"{}\"", each(random)))
        .collect();
    format!("[{}]", texts.join(","))
}

fn document(random: &mut Random, few: bool) -> String {
    let mut text = r#"{"Version":"2012-10-17","Statement":["#.to_owned();
    let (count, deny_one_in) = if few { (14, 3) } else { (60, 20) };
    for number in 0..count {
        let effect = if random.below(deny_one_in) == 0 {
            "Deny"
        } else {
            "Allow"
        };
        let not = |random: &mut Random| if random.below(24) == 0 { "Not" } else { "" };
        let (no_action, no_resource) = (not(random), not(random));
        let actions = list(random, action_pattern);
        let resources = list(random, resource_pattern);
        let condition = match random.below(4) {
            0 => r#","Condition":{"StringLike":{"aws:username":"a*"}}"#,
            _ => "",
        };
        let comma = if number == 0 { "" } else { "," };
        write!(
            text,
            r#"{comma}{{"Effect":"{effect}","{no_action}Action":{actions},"{no_resource}Resource":{resources}{condition}}}"#
        )
        .unwrap();
    }
    text + "]}"
}

fn compiled(text: &str) -> CompiledPolicy {
    let policy = Policy::parse(text, PolicyKind::Inline).unwrap();
    policy.compile(|_| None).unwrap()
}

fn with<T>(
    policies: &[CompiledPolicy],
    action: &Action,
    resource: &str,
    context: &ConditionContext<'_>,
    then: impl FnOnce(&AuthorizationRequest<'_>, &Policies<'_>) -> T,
) -> T {
    let account: AccountId = "111122223333".parse().unwrap();
    let request = AuthorizationRequest {
        principal: Principal::User {
            account,
            arn: "arn:aws:iam::111122223333:user/ann",
            id: "AIDAEXAMPLE000000001",
        },
        action,
        resource: RequestedResource {
            arn: resource,
            account: Some(account),
        },
        context,
    };
    let identity = policies.iter().map(|policy| AppliedPolicy {
        name: "test",
        arn: None,
        policy: Some(policy),
    });
    let policies = Policies {
        identity: identity.collect(),
        ..Policies::default()
    };
    then(&request, &policies)
}

/// Called by the one test of this file, since the allocator counts what all threads do.
fn decisions_allocate_nothing() {
    let every_operator = [
        r#"{"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/x","arn:aws:iam::1*3:us?r/${aws:username}"]}}"#,
        r#"{"StringLike":{"aws:UserAgent":["*b?t*","*${aws:username}*ann","Boto*"]}}"#,
        r#"{"StringNotEqualsIgnoreCase":{"aws:CurrentTime":"x","aws:EpochTime":"7","aws:SourceIp":"${aws:SourceIp}x"}}"#,
        r#"{"NumericLessThan":{"aws:EpochTime":["1","2e9"]},"DateGreaterThan":{"aws:CurrentTime":"2020"}}"#,
        r#"{"IpAddress":{"aws:SourceIp":["192.168.0.0/16","10.0.0.0/8","::/0"]},"Bool":{"aws:SecureTransport":"true"}}"#,
        r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]},"BinaryEquals":{"aws:b":"AAE="},"Null":{"aws:x":"true"}}"#,
    ];
    let mut statements: Vec<String> = every_operator
        .iter()
        .map(|condition| {
            format!(
                r#"{{"Effect":"Deny","Action":"s3:Get*","Resource":["arn:aws:s3:::b/*/${{aws:username}}/*x","arn:aws:s3::1*:b?"]}},{{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{condition}}}"#
            )
        })
        .collect();
    for indexed in [false, true] {
        if indexed {
            let more = (0..20)
                .map(|n| format!(r#"{{"Effect":"Allow","Action":"iam:A{n}","Resource":"*"}}"#));
            statements.extend(more);
        }
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{}]}}"#,
            statements.join(",")
        );
        let policy = [compiled(&text)];
        let action = Action::parse("s3:GetObject").unwrap();
        let mut context = ConditionContext::new();
        context.set("aws:username", "ann".into());
        context.set("aws:UserAgent", "Boto3/1.44.5 ann".into());
        context.set(
            "aws:PrincipalArn",
            "arn:aws:iam::111122223333:user/ann".into(),
        );
        context.set(
            "aws:CurrentTime",
            ConditionValue::Time(Timestamp::UNIX_EPOCH),
        );
        context.set("aws:EpochTime", ConditionValue::Integer(1_795_867_200));
        context.set(
            "aws:SourceIp",
            ConditionValue::Address([10, 1, 2, 3].into()),
        );
        context.set("aws:SecureTransport", ConditionValue::Bool(true));
        context.set("aws:TagKeys", ConditionValue::Set(vec!["a".into()]));
        context.set("aws:b", "AAE=".into());
        with(
            &policy,
            &action,
            "arn:aws:s3:::b/a/annex",
            &context,
            |request, policies| {
                let region = Region::new(ALLOCATOR);
                let decision = authorize(request, policies);
                let stats = region.change();
                assert!(decision.is_allowed());
                assert_eq!((stats.allocations, stats.reallocations), (0, 0));
            },
        );
    }
}
