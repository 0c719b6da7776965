//! The shape of a record: CloudTrail's ("CloudTrail record contents", AWS `CloudTrail` User Guide, event version 1.11).
//!
//! Parameters come from lists of those that are safe to tell ([`Event`] holds no others), and the answer of an exchange is told
//! without secret and token.

use bowline_aws::xml::iso_seconds;
use bowline_iam::account::AccountId;

use super::line::Line;
use crate::{
    crypto::session::Session,
    explain::Explanation,
    identity::index::RoleEntry,
    request::{
        caller::Identity,
        event::{Event, Fields, Who},
    },
};

/// Longest user agent that is told.
const MAX_USER_AGENT: usize = 256;

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome<'a> {
    /// As it should.
    Done,
    /// With an error.
    Failed {
        /// AWS's code.
        code: &'a str,
        /// What the client reads.
        message: &'a str,
        /// What the operator may know.
        explanation: Option<&'a Explanation>,
    },
}

/// A record as a line of JSON.
pub(crate) fn render(event: &Event<'_>, outcome: Outcome<'_>) -> Vec<u8> {
    let head = event.head;
    let about_data = event.is_about_data();
    Line::of(|line| {
        line.text("eventVersion", "1.11");
        line.object("userIdentity", |line| identity(line, &event.who));
        line.text("eventTime", &iso_seconds(head.now));
        line.text("eventSource", event.service.event_source());
        line.text(
            "eventName",
            event
                .operation
                .map_or("Unknown", |operation| operation.name),
        );
        line.text_or_null("awsRegion", event.region.as_deref());
        origin(line, event);
        if let Outcome::Failed { code, message, .. } = outcome {
            line.text("errorCode", code);
            line.text("errorMessage", message);
        }
        fields(line, "requestParameters", &event.parameters);
        fields(line, "responseElements", &event.response);
        if let Outcome::Failed {
            explanation: Some(explanation),
            ..
        } = outcome
        {
            line.object("additionalEventData", |line| {
                line.value("explanation", explanation);
            });
        }
        line.text("requestID", &head.ids.request);
        let record = event.record.as_ref().unwrap_or(&head.ids.record);
        line.text("eventID", record);
        line.bool("readOnly", event.reads_only());
        if let Some(resource) = &event.resource {
            let all = std::iter::once(resource).chain(&event.others);
            line.list("resources", all, |line, resource| {
                line.text("ARN", &resource.arn);
                line.text_if("accountId", account(resource.account.as_ref()));
            });
        }
        line.text("eventType", "AwsApiCall");
        line.bool("managementEvent", !about_data);
        line.text_or_null("recipientAccountId", account(recipient(event).as_ref()));
        line.text(
            "eventCategory",
            if about_data { "Data" } else { "Management" },
        );
    })
}

fn account(account: Option<&AccountId>) -> Option<&str> {
    account.map(AccountId::as_str)
}

/// The account whose call it is: that of the resource, or else the caller's.
fn recipient(event: &Event<'_>) -> Option<AccountId> {
    let of_resource = event.resource.as_ref().and_then(|subject| subject.account);
    of_resource.or(match &event.who {
        Who::Anonymous | Who::Service(_) => None,
        Who::Claimed { account, .. } | Who::Unproven { account, .. } => *account,
        Who::Holder { provider, .. } => Some(provider.record.account),
        Who::Caller(caller) => Some(caller.account()),
    })
}

/// Where a call comes from. A service has its name in both places.
fn origin(line: &mut Line, event: &Event<'_>) {
    if let Who::Service(service) = event.who {
        line.text("sourceIPAddress", service.principal());
        line.text("userAgent", service.principal());
        return;
    }
    let head = event.head;
    line.text("sourceIPAddress", &head.source.address.to_string());
    let user_agent = head.header("user-agent").map(|agent| {
        let end = agent.floor_char_boundary(MAX_USER_AGENT);
        agent.get(..end).unwrap_or_default()
    });
    line.text_or_null("userAgent", user_agent);
}

/// CloudTrail's `userIdentity`.
fn identity(line: &mut Line, who: &Who) {
    match who {
        Who::Anonymous => line.text("type", "Anonymous"),
        Who::Claimed { access_key_id, .. } => {
            line.text("type", "Unknown");
            line.text("accessKeyId", access_key_id.as_str());
        }
        Who::Unproven { issuer, .. } => {
            line.text("type", "Unknown");
            line.text_if("identityProvider", issuer.as_deref());
        }
        Who::Holder {
            provider,
            audience,
            subject,
        } => {
            line.text("type", "WebIdentityUser");
            let id = [&*provider.arn, ":", audience, ":", subject].concat();
            line.text("principalId", &id);
            line.text("userName", subject);
            line.text("identityProvider", &provider.arn);
        }
        Who::Service(service) => {
            line.text("type", "AWSService");
            line.text("invokedBy", service.principal());
        }
        Who::Caller(caller) => {
            let kind = match caller.identity() {
                Identity::Root(_) => "Root",
                Identity::User(_) => "IAMUser",
                Identity::Session { .. } => "AssumedRole",
            };
            line.text("type", kind);
            line.text("principalId", &caller.user_id());
            line.text("arn", caller.arn());
            line.text("accountId", caller.account().as_str());
            line.text("accessKeyId", caller.access_key_id().as_str());
            match caller.identity() {
                Identity::Root(_) => {}
                Identity::User(user) => line.text("userName", &user.record.name),
                Identity::Session { session, role } => {
                    line.object("sessionContext", |line| context(line, session, role));
                }
            }
        }
    }
}

fn context(line: &mut Line, session: &Session, role: &RoleEntry) {
    line.object("sessionIssuer", |line| {
        line.text("type", "Role");
        line.text("principalId", session.role_id.as_str());
        line.text("arn", &role.arn);
        line.text("accountId", session.account.as_str());
        line.text("userName", &role.record.name);
    });
    if let Some(claims) = &session.web_identity {
        line.object("webIdFederationData", |line| {
            line.text("federatedProvider", &claims.provider_arn);
            line.object("attributes", |line| {
                line.text("aud", &claims.audience);
                line.text("sub", &claims.subject);
            });
        });
    }
    line.object("attributes", |line| {
        line.text("creationDate", &iso_seconds(session.issued));
        let mfa = session.mfa_authenticated_at.is_some();
        line.text("mfaAuthenticated", if mfa { "true" } else { "false" });
    });
}

/// Fields, those with a dot in their name as objects inside. Such fields stand together.
fn fields(line: &mut Line, name: &str, fields: &Fields<'_>) {
    if fields.is_empty() {
        return line.null(name);
    }
    line.object(name, |line| {
        let mut fields = fields.iter().peekable();
        while let Some((name, value)) = fields.next() {
            let Some((outer, inner)) = name.split_once('.') else {
                line.text(name, value);
                continue;
            };
            line.object(outer, |line| {
                line.text(inner, value);
                while let Some((inner, value)) =
                    fields.next_if_map(|(name, value)| match name.split_once('.') {
                        Some((other, inner)) if other == outer => Ok((inner, value)),
                        _ => Err((name, value)),
                    })
                {
                    line.text(inner, value);
                }
            });
        }
    });
}
