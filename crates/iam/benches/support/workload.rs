//! The policies and the request that benchmarks decide, and the same decision written by hand.

use std::{hint::black_box, net::IpAddr};

use bowline_iam::{
    account::AccountId,
    action::Action,
    authorize::{AppliedPolicy, AuthorizationRequest, Policies, RequestedResource, authorize},
    context::{ConditionContext, ConditionValue},
    policy::{CompiledPolicy, Policy, PolicyKind},
    principal::Principal,
};
use ipnet::IpNet;
use jiff::Timestamp;

const ROLE: &str = "arn:aws:iam::111122223333:role/bot";
pub(crate) const RESOURCE: &str = "arn:aws:s3:::insights/reports/2026/today.txt";

/// A policy with these many statements for the bucket and others.
pub(crate) fn document(own: usize, others: usize) -> String {
    let own = [
        r#"{"Sid":"Read","Effect":"Allow","Action":["s3:GetObject","s3:GetObjectTagging"],"Resource":["arn:aws:s3:::insights/reports/*","arn:aws:s3:::insights/archive/*"],"Condition":{"StringLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/bot","arn:aws:iam::*:role/reader-*"]},"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.168.0.0/16"]}}}"#,
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::insights","Condition":{"StringLike":{"s3:prefix":["reports/*","home/${aws:username}/*"]}}}"#,
        r#"{"Effect":"Allow","Action":["s3:PutObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::insights/drafts/*"}"#,
        r#"{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}}"#,
        r#"{"Effect":"Deny","Action":"s3:*","Resource":["arn:aws:s3:::insights/secret/*","arn:aws:s3:::*/secret/*"]}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","192.168.0.0/16"]},"Bool":{"aws:ViaAWSService":"false"}}}"#,
        r#"{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query","dynamodb:BatchGetItem"],"Resource":"arn:aws:dynamodb:*:111122223333:table/insights"}"#,
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/team-*"}"#,
        r#"{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}"#,
        r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::public/*"}"#,
    ]
    .into_iter()
    .take(own)
    .map(str::to_owned);
    let others = (0..others).map(|number| {
        let effect = if number % 5 == 0 { "Deny" } else { "Allow" };
        let condition = if number % 3 == 0 {
            ""
        } else {
            r#","Condition":{"StringLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/bot"]}}"#
        };
        format!(
            r#"{{"Effect":"{effect}","Action":["s3:GetObject"],"Resource":"arn:aws:s3:::other-bucket-{number:04}/*"{condition}}}"#
        )
    });
    let statements: Vec<String> = own.chain(others).collect();
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{}]}}"#,
        statements.join(",")
    )
}

pub(crate) fn policies(statements: usize) -> [CompiledPolicy; 1] {
    [compiled(&document(10, statements - 10))]
}

pub(crate) fn compiled(text: &str) -> CompiledPolicy {
    let policy = Policy::parse(text, PolicyKind::Inline).unwrap();
    policy.compile(|_| None).unwrap()
}

/// The keys that every request of a role has.
pub(crate) fn context() -> ConditionContext<'static> {
    let mut context = ConditionContext::new();
    let now = Timestamp::from_second(1_795_867_200).unwrap();
    context.set("aws:CurrentTime", ConditionValue::Time(now));
    context.set("aws:EpochTime", ConditionValue::Integer(now.as_second()));
    context.set("aws:SecureTransport", ConditionValue::Bool(true));
    let address = ConditionValue::Address([10, 1, 2, 3].into());
    context.set("aws:SourceIp", address);
    context.set("aws:UserAgent", black_box("Boto3/1.44.5").into());
    context.set("aws:ViaAWSService", ConditionValue::Bool(false));
    context.set("aws:RequestedRegion", black_box("eu-west-1").into());
    context.set("aws:PrincipalAccount", black_box("111122223333").into());
    context.set("aws:userid", black_box("AROAEXAMPLE000000001:one").into());
    context.set("aws:PrincipalIsAWSService", ConditionValue::Bool(false));
    context.set("aws:PrincipalArn", black_box(ROLE).into());
    context.set("aws:PrincipalType", "AssumedRole".into());
    context.set("aws:TokenIssueTime", ConditionValue::Time(now));
    context.set("aws:ResourceAccount", black_box("111122223333").into());
    context
}

pub(crate) fn is_allowed(
    policies: &[CompiledPolicy],
    action: &Action,
    context: &ConditionContext<'_>,
) -> bool {
    let account: AccountId = "111122223333".parse().unwrap();
    let request = AuthorizationRequest {
        principal: Principal::Role {
            account,
            arn: ROLE,
            id: "AROAEXAMPLE000000001",
            session_arn: "arn:aws:sts::111122223333:assumed-role/bot/one",
        },
        action,
        resource: RequestedResource {
            arn: black_box(RESOURCE),
            account: Some(account),
        },
        context,
    };
    let identity = policies.iter().map(|policy| AppliedPolicy {
        name: "inline",
        arn: None,
        policy: Some(policy),
    });
    let policies = Policies {
        identity: identity.collect(),
        ..Policies::default()
    };
    authorize(&request, &policies).is_allowed()
}

/// The request as a matcher that is written by hand would have it.
pub(crate) struct Request<'r> {
    action: &'r str,
    resource: &'r str,
    principal: &'r str,
    account: &'r str,
    username: Option<&'r str>,
    prefix: Option<&'r str>,
    address: IpAddr,
    via_service: bool,
}

pub(crate) struct Networks([IpNet; 2]);

impl Networks {
    pub(crate) fn new() -> Self {
        Self(["10.0.0.0/8", "192.168.0.0/16"].map(|text| text.parse().unwrap()))
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl<'r> Request<'r> {
    pub(crate) fn new(action: &'r str, resource: &'r str) -> Self {
        Self {
            action,
            resource,
            principal: black_box(ROLE),
            account: black_box("111122223333"),
            username: black_box(None),
            prefix: black_box(None),
            address: black_box([10, 1, 2, 3].into()),
            via_service: black_box(false),
        }
    }

    /// The ten statements of `document`.
    pub(crate) fn is_allowed(&self, networks: &Networks) -> bool {
        let action = |name: &str| self.action.eq_ignore_ascii_case(name);
        let service = |name: &str| {
            let begin = self.action.get(..name.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(name))
        };
        let below = |head: &str| self.resource.starts_with(head);
        let role = |name: &str| {
            let account = self.principal.strip_prefix("arn:aws:iam::");
            account
                .and_then(|rest| rest.split_once(":role/"))
                .is_some_and(|(_, role)| {
                    name.strip_suffix('*')
                        .map_or(role == name, |head| role.starts_with(head))
                })
        };
        let denied = service("s3:") && self.account != "111122223333"
            || service("s3:")
                && (below("arn:aws:s3:::insights/secret/")
                    || below("arn:aws:s3:::") && self.resource.contains("/secret/"))
            || !networks.contain(self.address) && !self.via_service
            || action("s3:DeleteBucket");
        if denied {
            return false;
        }
        (action("s3:GetObject") || action("s3:GetObjectTagging"))
            && (below("arn:aws:s3:::insights/reports/") || below("arn:aws:s3:::insights/archive/"))
            && (role("bot") || role("reader-*"))
            && networks.contain(self.address)
            || action("s3:ListBucket")
                && self.resource == "arn:aws:s3:::insights"
                && self.prefix.is_some_and(|prefix| {
                    prefix.starts_with("reports/")
                        || self.username.is_some_and(|name| {
                            let rest = prefix.strip_prefix("home/");
                            let rest = rest.and_then(|rest| rest.strip_prefix(name));
                            rest.is_some_and(|rest| rest.starts_with('/'))
                        })
                })
            || (action("s3:PutObject") || action("s3:DeleteObject"))
                && below("arn:aws:s3:::insights/drafts/")
            || (action("dynamodb:GetItem")
                || action("dynamodb:Query")
                || action("dynamodb:BatchGetItem"))
                && below("arn:aws:dynamodb:")
                && self.resource.ends_with(":111122223333:table/insights")
            || action("sts:AssumeRole")
                && below("arn:aws:iam::")
                && self.resource.contains(":role/team-")
            || service("s3:Get") && below("arn:aws:s3:::public/")
    }
}
