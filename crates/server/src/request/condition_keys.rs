//! The condition keys of a request, and when each is set.
//!
//! [`context`] fills the context of one decision in a fixed order, and the first value of a key
//! stays: first the keys of the request, the principal and the resource, which the server derives
//! itself; then the keys of the requirement, which follow from the request's parameters; and last
//! the keys under a provider's prefix, which its tokens name. `docs/condition-keys.md` has a row
//! for each key in [`ALL`]; a test compares the two.

use std::borrow::Cow;

use bowline_aws::{requirement::ConditionEntry, sigv4::ContentSha256};
use bowline_iam::{
    account::AccountId,
    context::{ConditionContext, ConditionValue},
};
use jiff::Timestamp;

use crate::{
    http::head::RequestHead,
    identity::index::{ProviderEntry, TableEntry},
    oidc::VerifiedToken,
    request::{
        caller::{Caller, Identity},
        requester::Requester,
        service::Service,
    },
};

/// Every key that a request can have. A key that ends with `/` stands for one key per tag. Keys
/// under a provider's prefix are not listed: the provider's URL and its tokens name them.
pub(crate) const ALL: [&str; 52] = [
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalServiceName",
    "aws:PrincipalType",
    "aws:RequestTag/",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceTag/",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIp",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:ViaAWSService",
    "aws:userid",
    "aws:username",
    "dynamodb:Attributes",
    "dynamodb:EnclosingOperation",
    "dynamodb:FirstPartitionKeyValues",
    "dynamodb:FourthPartitionKeyValues",
    "dynamodb:LeadingKeys",
    "dynamodb:ReturnConsumedCapacity",
    "dynamodb:ReturnValues",
    "dynamodb:SecondPartitionKeyValues",
    "dynamodb:Select",
    "dynamodb:ThirdPartitionKeyValues",
    "ec2:SourceInstanceARN",
    "iam:AssociatedResourceArn",
    "iam:PassedToService",
    "iam:PolicyARN",
    "lambda:SourceFunctionArn",
    "s3:LocationConstraint",
    "s3:ResourceAccount",
    "s3:VersionId",
    "s3:authType",
    "s3:delimiter",
    "s3:max-keys",
    "s3:prefix",
    "s3:signatureversion",
    "s3:x-amz-acl",
    "s3:x-amz-content-sha256",
    "s3:x-amz-object-ownership",
    "s3:x-amz-storage-class",
    "sts:ExternalId",
    "sts:RoleSessionName",
];

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin<'a> {
    /// A client's request.
    Client(&'a RequestHead),
    /// The server itself, which acts for a service at this time. It has no address and no user
    /// agent.
    Server(Timestamp),
}

/// What the keys of one decision are derived from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeySources<'a> {
    /// The origin of the request.
    pub(crate) origin: Origin<'a>,
    /// The service of the request.
    pub(crate) service: Service,
    /// The region of the signature.
    pub(crate) region: Option<&'a str>,
    /// The principal.
    pub(crate) requester: Requester<'a>,
    /// The principal's account.
    pub(crate) requester_account: Option<&'a AccountId>,
    /// The account that owns the resource, or the principal's if the resource has no owner.
    pub(crate) resource_account: Option<&'a AccountId>,
    /// The table that the requirement is about, if it exists in the caller's account.
    pub(crate) table: Option<&'a TableEntry>,
    /// Keys of the service that do not depend on the requirement.
    pub(crate) service_keys: &'a [ConditionEntry<'a>],
    /// Keys of the requirement.
    pub(crate) requirement_keys: &'a [ConditionEntry<'a>],
}

/// The context of one decision.
pub(crate) fn context<'a>(sources: &KeySources<'a>) -> ConditionContext<'a> {
    let mut context = ConditionContext::new();
    request_keys(&mut context, sources);
    principal_keys(&mut context, sources);
    resource_keys(&mut context, sources);
    for (key, value) in sources.requirement_keys.iter().chain(sources.service_keys) {
        context.set(&**key, borrowed(value));
    }
    debug_assert!(
        context.iter().all(|(key, _)| is_listed(key)),
        "a condition key is not in the list of all"
    );
    provider_keys(&mut context, sources.requester);
    context
}

/// The keys that every request has.
fn request_keys<'a>(context: &mut ConditionContext<'a>, sources: &KeySources<'a>) {
    let now = match sources.origin {
        Origin::Client(head) => head.now,
        Origin::Server(now) => now,
    };
    context.set("aws:CurrentTime", ConditionValue::Time(now));
    context.set("aws:EpochTime", ConditionValue::Integer(now.as_second()));
    match sources.origin {
        Origin::Client(head) => {
            let secure = ConditionValue::Bool(head.peer.is_secure());
            context.set("aws:SecureTransport", secure);
            context.set("aws:SourceIp", ConditionValue::Address(head.peer.address));
            let user_agent = head.header("user-agent").map(ConditionValue::from);
            context.set_if("aws:UserAgent", user_agent);
        }
        Origin::Server(_) => context.set("aws:SecureTransport", ConditionValue::Bool(true)),
    }
    context.set("aws:ViaAWSService", ConditionValue::Bool(false));
    let region = sources.region.map(ConditionValue::from);
    context.set_if("aws:RequestedRegion", region);
}

/// The keys of the principal ("AWS global condition context keys", IAM User Guide).
fn principal_keys<'a>(context: &mut ConditionContext<'a>, sources: &KeySources<'a>) {
    let is_service = ConditionValue::Bool(matches!(sources.requester, Requester::Service(_)));
    match sources.requester {
        Requester::Anonymous => {
            context.set("aws:PrincipalAccount", "anonymous".into());
            context.set("aws:PrincipalType", "Anonymous".into());
            context.set("aws:userid", "anonymous".into());
        }
        Requester::Caller(caller) => {
            let account = sources.requester_account.map(AccountId::as_str);
            context.set_if("aws:PrincipalAccount", account.map(ConditionValue::from));
            context.set("aws:userid", caller.user_id().into());
            context.set("aws:PrincipalIsAWSService", is_service);
            caller_keys(context, caller);
        }
        Requester::WebIdentity { provider, .. } => {
            context.set("aws:PrincipalIsAWSService", is_service);
            context.set("aws:FederatedProvider", (&*provider.arn).into());
        }
        Requester::Service(resource) => {
            context.set("aws:PrincipalIsAWSService", is_service);
            let service = resource.service().principal();
            context.set("aws:PrincipalServiceName", service.into());
            context.set("aws:SourceArn", resource.as_str().into());
            let account = sources.requester_account.map(AccountId::as_str);
            context.set_if("aws:SourceAccount", account.map(ConditionValue::from));
        }
    }
}

fn caller_keys<'a>(context: &mut ConditionContext<'a>, caller: &'a Caller) {
    match caller.identity() {
        Identity::Root(_) => {
            context.set("aws:PrincipalArn", caller.arn().into());
            context.set("aws:PrincipalType", "Account".into());
        }
        Identity::User(user) => {
            context.set("aws:PrincipalArn", caller.arn().into());
            context.set("aws:PrincipalType", "User".into());
            context.set("aws:username", user.record.name.as_str().into());
        }
        Identity::Session { session, role } => {
            // The role's ARN with its path, never the session's.
            context.set("aws:PrincipalArn", ConditionValue::from(&*role.arn));
            context.set("aws:PrincipalType", "AssumedRole".into());
            context.set("aws:TokenIssueTime", ConditionValue::Time(session.issued));
            let mfa = ConditionValue::Bool(session.mfa_authenticated_at.is_some());
            context.set("aws:MultiFactorAuthPresent", mfa);
            if let Some(resource) = &session.service_resource
                && let Some(key) = resource.service().source_key()
            {
                context.set(key, resource.as_str().into());
            }
            if let Some(claims) = &session.web_identity {
                context.set("aws:FederatedProvider", claims.provider_arn.as_str().into());
            }
        }
    }
}

/// The keys of the resource. A federated principal has none of them: it belongs to no account that
/// the owner could be compared with.
fn resource_keys<'a>(context: &mut ConditionContext<'a>, sources: &KeySources<'a>) {
    if !matches!(sources.requester, Requester::WebIdentity { .. }) {
        let account = sources.resource_account.map(AccountId::as_str);
        context.set_if("aws:ResourceAccount", account.map(ConditionValue::from));
        if sources.service == Service::S3 {
            context.set_if("s3:ResourceAccount", account.map(ConditionValue::from));
        }
    }
    let tags = sources
        .table
        .into_iter()
        .flat_map(|table| &table.record.tags);
    for (name, value) in tags {
        context.set(["aws:ResourceTag/", name].concat(), value.as_str().into());
    }
}

/// The keys under the prefix of the provider whose token was exchanged.
fn provider_keys<'a>(context: &mut ConditionContext<'a>, requester: Requester<'a>) {
    match requester {
        Requester::Anonymous | Requester::Service(_) => {}
        Requester::Caller(caller) => {
            let session = caller.session();
            if let Some(claims) = session.and_then(|session| session.web_identity.as_ref()) {
                let key = |claim: &str| [&claims.condition_prefix, ":", claim].concat();
                context.set(key("aud"), claims.audience.as_str().into());
                context.set(key("sub"), claims.subject.as_str().into());
            }
        }
        Requester::WebIdentity { token, provider } => token_keys(context, token, provider),
    }
}

fn token_keys<'a>(
    context: &mut ConditionContext<'a>,
    token: &'a VerifiedToken<'a>,
    provider: &'a ProviderEntry,
) {
    let prefix = provider.condition_prefix();
    let key = |claim: &str| [prefix, ":", claim].concat();
    // Keys ignore case, claims do not: with `Sub` beside `sub`, the key could be either.
    let unless_ambiguous = |claim: &str, value| {
        if token.is_ambiguous(claim) {
            ConditionValue::Unknown
        } else {
            value
        }
    };
    // A policy chooses between several audiences by a set operator.
    let audience = match token.audience_for_conditions() {
        [one] => ConditionValue::from(*one),
        several => ConditionValue::Set(several.iter().copied().map(Cow::from).collect()),
    };
    context.set(key("aud"), unless_ambiguous("aud", audience));
    context.set(key("sub"), unless_ambiguous("sub", token.subject().into()));
    for (name, value) in token.claims() {
        context.set(key(name), value.clone());
    }
    context.set_unknown(prefix, token.unknown_claims());
}

/// The keys of the signature of an S3 request ("Condition keys for Amazon S3", Service
/// Authorization Reference).
pub(crate) fn s3_signature_keys(content: ContentSha256) -> Vec<ConditionEntry<'static>> {
    vec![
        ("s3:authType".into(), "REST-HEADER".into()),
        ("s3:signatureversion".into(), "AWS4-HMAC-SHA256".into()),
        ("s3:x-amz-content-sha256".into(), content.to_value().into()),
    ]
}

fn borrowed<'a>(value: &'a ConditionValue<'_>) -> ConditionValue<'a> {
    match value {
        ConditionValue::Text(text) => ConditionValue::Text(Cow::Borrowed(text)),
        ConditionValue::Set(texts) => {
            ConditionValue::Set(texts.iter().map(|text| Cow::Borrowed(&**text)).collect())
        }
        ConditionValue::Bool(value) => ConditionValue::Bool(*value),
        ConditionValue::Integer(value) => ConditionValue::Integer(*value),
        ConditionValue::Time(value) => ConditionValue::Time(*value),
        ConditionValue::Address(value) => ConditionValue::Address(*value),
        ConditionValue::Unknown => ConditionValue::Unknown,
    }
}

fn is_listed(key: &str) -> bool {
    ALL.iter().any(|listed| match listed.strip_suffix('/') {
        Some(_) => key.starts_with(listed),
        None => key == *listed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_a_row_for_each_key() {
        let page = include_str!("../../../../docs/condition-keys.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let keys: Vec<_> = rows
            .filter_map(|row| row.split_once('`'))
            .map(|(key, _)| key.trim_end_matches("${key}"))
            .collect();
        assert_eq!(keys, ALL);
    }

    #[test]
    fn a_key_of_a_tag_is_listed_by_its_family() {
        assert!(is_listed("aws:ResourceTag/team"));
        assert!(is_listed("aws:username"));
        assert!(!is_listed("aws:username/team"));
        assert!(!is_listed("aws:PrincipalTag/team"));
    }
}
