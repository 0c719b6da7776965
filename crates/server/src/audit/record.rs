//! The format of an audit record: CloudTrail's ("CloudTrail record contents", AWS `CloudTrail` User
//! Guide, event version 1.11).
//!
//! [`RequestRecord`] contains only parameters that are safe to record, and the response of an
//! exchange without secret and token.

use bowline_aws::xml::iso_seconds;
use bowline_iam::account::AccountId;
use bowline_json::JsonWriter;

use crate::{
    explain::Explanation,
    identity::index::RoleEntry,
    identity::session::Session,
    request::{
        caller::Identity,
        record::{AuditFields, RecordedIdentity, RequestRecord},
    },
};

/// Most bytes of a recorded user agent.
const MAX_USER_AGENT_BYTES: usize = 256;

/// The initial capacity of a record, which a usual one does not exceed.
const RECORD_BYTES: usize = 2 * 1024;

/// The outcome of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome<'a> {
    /// Success.
    Done,
    /// An error.
    Failed {
        /// AWS's code.
        code: &'a str,
        /// The client's message.
        message: &'a str,
        /// The operator's explanation.
        explanation: Option<&'a Explanation>,
    },
}

/// A record as a line of JSON.
pub(crate) fn render(record: &RequestRecord<'_>, outcome: Outcome<'_>) -> Vec<u8> {
    let head = record.head;
    let about_data = record.is_about_data();
    let mut json = JsonWriter::object(RECORD_BYTES, |line| {
        line.text("eventVersion", "1.11");
        line.members("userIdentity", |line| user_identity(line, &record.identity));
        line.text("eventTime", &iso_seconds(head.now));
        line.text("eventSource", record.service.event_source());
        line.text(
            "eventName",
            record
                .operation
                .map_or("Unknown", |operation| operation.name),
        );
        line.text_or_null("awsRegion", record.region.as_deref());
        origin(line, record);
        if let Outcome::Failed { code, message, .. } = outcome {
            line.text("errorCode", code);
            line.text("errorMessage", message);
        }
        fields(line, "requestParameters", &record.parameters);
        fields(line, "responseElements", &record.response);
        if let Outcome::Failed {
            explanation: Some(explanation),
            ..
        } = outcome
        {
            line.members("additionalEventData", |line| {
                // Serializing text into memory does not fail. If it did, the line would stay JSON.
                let json = serde_json::to_string(explanation);
                line.raw("explanation", json.as_deref().unwrap_or("null"));
            });
        }
        line.text("requestID", &record.ids.request);
        line.text("eventID", &record.ids.event);
        line.bool("readOnly", record.reads_only());
        if let Some(resource) = &record.resource {
            let all = std::iter::once(resource).chain(&record.other_resources);
            line.list("resources", all, |line, resource| {
                line.text("ARN", &resource.arn);
                line.text_if("accountId", account(resource.account.as_ref()));
            });
        }
        line.text("eventType", "AwsApiCall");
        line.bool("managementEvent", !about_data);
        line.text_or_null("recipientAccountId", account(recipient(record).as_ref()));
        line.text(
            "eventCategory",
            if about_data { "Data" } else { "Management" },
        );
    });
    json.push('\n');
    json.into_bytes()
}

fn account(account: Option<&AccountId>) -> Option<&str> {
    account.map(AccountId::as_str)
}

/// The account that the record is for: the resource's owner, or else the caller's account.
fn recipient(record: &RequestRecord<'_>) -> Option<AccountId> {
    let of_resource = record
        .resource
        .as_ref()
        .and_then(|resource| resource.account);
    of_resource.or(match &record.identity {
        RecordedIdentity::Anonymous | RecordedIdentity::Service(_) => None,
        RecordedIdentity::ClaimedKey { account, .. }
        | RecordedIdentity::UnverifiedToken { account, .. } => *account,
        RecordedIdentity::WebIdentity { provider, .. } => Some(provider.record.account),
        RecordedIdentity::Caller(caller) => Some(caller.account()),
    })
}

/// The origin of a request. A service's name stands for both address and user agent.
fn origin(line: &mut JsonWriter, record: &RequestRecord<'_>) {
    if let RecordedIdentity::Service(service) = record.identity {
        line.text("sourceIPAddress", service.principal());
        line.text("userAgent", service.principal());
        return;
    }
    let head = record.head;
    line.text("sourceIPAddress", &head.peer.address.to_string());
    let user_agent = head.header("user-agent").map(|agent| {
        let end = agent.floor_char_boundary(MAX_USER_AGENT_BYTES);
        agent.get(..end).unwrap_or_default()
    });
    line.text_or_null("userAgent", user_agent);
}

/// CloudTrail's `userIdentity`.
fn user_identity(line: &mut JsonWriter, identity: &RecordedIdentity) {
    match identity {
        RecordedIdentity::Anonymous => line.text("type", "Anonymous"),
        RecordedIdentity::ClaimedKey { access_key_id, .. } => {
            line.text("type", "Unknown");
            line.text("accessKeyId", access_key_id.as_str());
        }
        RecordedIdentity::UnverifiedToken { issuer, .. } => {
            line.text("type", "Unknown");
            line.text_if("identityProvider", issuer.as_deref());
        }
        RecordedIdentity::WebIdentity {
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
        RecordedIdentity::Service(service) => {
            line.text("type", "AWSService");
            line.text("invokedBy", service.principal());
        }
        RecordedIdentity::Caller(caller) => {
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
                    line.members("sessionContext", |line| context(line, session, role));
                }
            }
        }
    }
}

fn context(line: &mut JsonWriter, session: &Session, role: &RoleEntry) {
    line.members("sessionIssuer", |line| {
        line.text("type", "Role");
        line.text("principalId", session.role_id.as_str());
        line.text("arn", &role.arn);
        line.text("accountId", session.account.as_str());
        line.text("userName", &role.record.name);
    });
    if let Some(claims) = &session.web_identity {
        line.members("webIdFederationData", |line| {
            line.text("federatedProvider", &claims.provider_arn);
            line.members("attributes", |line| {
                line.text("aud", &claims.audience);
                line.text("sub", &claims.subject);
            });
        });
    }
    line.members("attributes", |line| {
        line.text("creationDate", &iso_seconds(session.issued));
        let mfa = session.mfa_authenticated_at.is_some();
        line.text("mfaAuthenticated", if mfa { "true" } else { "false" });
    });
}

/// Fields. Consecutive fields that share the part before a dot become one object.
fn fields(line: &mut JsonWriter, name: &str, fields: &AuditFields<'_>) {
    if fields.is_empty() {
        return line.null(name);
    }
    line.members(name, |line| {
        let mut fields = fields.iter().peekable();
        while let Some((name, value)) = fields.next() {
            let Some((outer, inner)) = name.split_once('.') else {
                line.text(name, value);
                continue;
            };
            line.members(outer, |line| {
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
