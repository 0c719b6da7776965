//! The format of an audit record: CloudTrail's ("CloudTrail record contents", AWS `CloudTrail` User
//! Guide, event version 1.11).
//!
//! A record has at most [`MAX_RECORD_BYTES`], whatever the request holds. What is cut says so, and
//! the identity, the operation, the outcome, the first resource and the ids are always there.
//! [`RequestRecord`] contains only parameters that are safe to record, and the response of an
//! exchange without secret and token.

mod parts;

use bowline_aws::{error::ErrorKind, xml::iso_seconds};
use bowline_iam::account::AccountId;
use bowline_json::JsonWriter;

use crate::{
    explain::Explanation,
    identity::index::RoleEntry,
    identity::session::Session,
    request::{
        caller::Identity,
        record::{RecordedIdentity, RequestRecord},
    },
};
use parts::{Cuts, Resources, fields, fields_size};

/// Most bytes of a record, with its line feed.
pub(super) const MAX_RECORD_BYTES: usize = 8 * 1024;

/// The initial capacity of a record, which a usual one does not exceed.
const RECORD_BYTES: usize = 2 * 1024;
/// Bytes of what follows the resources: the ids, the flags, and the list of what was cut.
const TAIL_BYTES: usize = 768;
/// Bytes that are kept free for an explanation without its statements.
const MIN_EXPLANATION_BYTES: usize = 1024;

/// Most bytes of the parts of a record, as JSON.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// The record.
    record: usize,
    /// A text of the identity. The longest ARN of a session is shorter.
    name: usize,
    /// The user agent.
    agent: usize,
    /// The message of the error.
    message: usize,
    /// The resources together.
    resources: usize,
    /// The members of the response together.
    response: usize,
}

/// The sizes of a whole record. An identity with the longest texts leaves room for all but the
/// request's parameters and the explanation.
const WHOLE: Sizes = Sizes {
    record: MAX_RECORD_BYTES,
    name: 700,
    agent: 256,
    message: 768,
    resources: 1_280,
    response: 896,
};

/// The sizes of the sample in a summary, which has neither parameters nor an explanation.
const SAMPLE: Sizes = Sizes {
    record: 3 * 1024,
    name: 128,
    agent: 128,
    message: 256,
    resources: 320,
    response: 0,
};

/// The outcome of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome<'a> {
    /// Success.
    Done,
    /// An error.
    Failed {
        /// AWS's code.
        code: &'static str,
        /// The kind of the error.
        kind: ErrorKind,
        /// The client's message.
        message: &'a str,
        /// The operator's explanation.
        explanation: Option<&'a Explanation>,
    },
}

/// A record as a line of JSON.
#[derive(Debug)]
pub(super) struct RecordLine {
    /// The line, with its line feed: at most [`MAX_RECORD_BYTES`].
    pub(super) bytes: Vec<u8>,
    /// Whether a part was cut.
    pub(super) is_cut: bool,
}

/// A record as a line of JSON, whatever the request contains. `truncated` in it lists the members
/// that were cut.
pub(super) fn render(record: &RequestRecord<'_>, outcome: Outcome<'_>) -> RecordLine {
    render_within(&WHOLE, record, outcome)
}

/// The same without parameters, response and explanation, for a summary.
pub(super) fn render_sample(record: &RequestRecord<'_>, outcome: Outcome<'_>) -> String {
    let line = render_within(&SAMPLE, record, outcome).bytes;
    let mut json = String::from_utf8(line).unwrap_or_default();
    json.truncate(json.trim_end().len());
    json
}

fn render_within(sizes: &Sizes, record: &RequestRecord<'_>, outcome: Outcome<'_>) -> RecordLine {
    let head = record.head;
    let is_sample = sizes.response == 0;
    let about_data = record.is_about_data();
    let resources = Resources::fitting(record, sizes.resources);
    let mut cuts = Cuts::default();
    let mut json = JsonWriter::object(RECORD_BYTES, |line| {
        line.text("eventVersion", "1.11");
        line.members("userIdentity", |line| {
            user_identity(line, &mut cuts, sizes.name, &record.identity);
        });
        line.text("eventTime", &iso_seconds(head.now));
        line.text("eventSource", record.service.event_source());
        line.text("eventName", event_name(record));
        let region = record.region.as_deref();
        cuts.text_or_null(line, "awsRegion", region, sizes.agent);
        origin(line, &mut cuts, sizes.agent, record);
        let mut room_for_explanation = 0;
        if let Outcome::Failed {
            code,
            message,
            explanation,
            ..
        } = outcome
        {
            line.text("errorCode", code);
            cuts.text(line, "errorMessage", message, sizes.message);
            if explanation.is_some() && !is_sample {
                room_for_explanation = MIN_EXPLANATION_BYTES;
            }
        }
        if !is_sample {
            let after = TAIL_BYTES + resources.size;
            let response = fields_size(&record.response).min(sizes.response);
            let most = (sizes.record)
                .saturating_sub(line.written() + response + room_for_explanation + after);
            fields(
                line,
                &mut cuts,
                "requestParameters",
                &record.parameters,
                most,
            );
            fields(
                line,
                &mut cuts,
                "responseElements",
                &record.response,
                sizes.response,
            );
            if let Outcome::Failed {
                explanation: Some(explanation),
                ..
            } = outcome
            {
                let most = sizes.record.saturating_sub(line.written() + after);
                event_data(line, &mut cuts, explanation, most);
            }
        }
        line.text("requestID", &record.ids.request);
        line.text("eventID", &record.ids.event);
        line.bool("readOnly", record.reads_only());
        resources.write(line, &mut cuts);
        line.text("eventType", "AwsApiCall");
        line.bool("managementEvent", !about_data);
        line.text_or_null("recipientAccountId", account(recipient(record).as_ref()));
        line.text(
            "eventCategory",
            if about_data { "Data" } else { "Management" },
        );
        cuts.write(line);
    });
    if json.len() >= sizes.record {
        // The sizes do not allow this. If they did, the record would still be bounded.
        json = minimal(record, outcome);
    }
    json.push('\n');
    RecordLine {
        bytes: json.into_bytes(),
        is_cut: !cuts.is_empty(),
    }
}

/// What every record has.
fn minimal(record: &RequestRecord<'_>, outcome: Outcome<'_>) -> String {
    JsonWriter::object(1024, |line| {
        line.text("eventVersion", "1.11");
        line.text("eventTime", &iso_seconds(record.head.now));
        line.text("eventSource", record.service.event_source());
        line.text("eventName", event_name(record));
        line.text("sourceIPAddress", &record.head.peer.address.to_string());
        if let Outcome::Failed { code, .. } = outcome {
            line.text("errorCode", code);
        }
        line.text("requestID", &record.ids.request);
        line.text("eventID", &record.ids.event);
        line.text_or_null("recipientAccountId", account(recipient(record).as_ref()));
        line.texts("truncated", ["userIdentity", "resources"]);
    })
}

/// The name of the operation, if the request has got so far that it is known.
pub(super) fn event_name(record: &RequestRecord<'_>) -> &'static str {
    (record.operation).map_or("Unknown", |operation| operation.name)
}

/// Writes as much of the explanation as fits.
fn event_data(line: &mut JsonWriter, cuts: &mut Cuts, explanation: &Explanation, most: usize) {
    let name = "additionalEventData";
    let most = most.saturating_sub(48);
    let (json, is_cut) = explanation.to_json_within(most);
    if is_cut {
        cuts.add(name);
    }
    line.members(name, |line| {
        line.raw("explanation", json.as_deref().unwrap_or("null"));
    });
}

fn account(account: Option<&AccountId>) -> Option<&str> {
    account.map(AccountId::as_str)
}

/// The account that the record is for: the resource's owner, or else the caller's account.
pub(super) fn recipient(record: &RequestRecord<'_>) -> Option<AccountId> {
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
fn origin(line: &mut JsonWriter, cuts: &mut Cuts, most: usize, record: &RequestRecord<'_>) {
    if let RecordedIdentity::Service(service) = record.identity {
        line.text("sourceIPAddress", service.principal());
        line.text("userAgent", service.principal());
        return;
    }
    let head = record.head;
    line.text("sourceIPAddress", &head.peer.address.to_string());
    cuts.text_or_null(line, "userAgent", head.header("user-agent"), most);
}

/// CloudTrail's `userIdentity`.
fn user_identity(line: &mut JsonWriter, cuts: &mut Cuts, most: usize, identity: &RecordedIdentity) {
    match identity {
        RecordedIdentity::Anonymous => line.text("type", "Anonymous"),
        RecordedIdentity::ClaimedKey { access_key_id, .. } => {
            line.text("type", "Unknown");
            cuts.text(line, "accessKeyId", access_key_id.as_str(), most);
        }
        RecordedIdentity::UnverifiedToken { issuer, .. } => {
            line.text("type", "Unknown");
            if let Some(issuer) = issuer {
                cuts.text(line, "identityProvider", issuer, most);
            }
        }
        RecordedIdentity::WebIdentity {
            provider,
            audience,
            subject,
        } => {
            line.text("type", "WebIdentityUser");
            let id = [&*provider.arn, ":", audience, ":", subject].concat();
            cuts.text(line, "principalId", &id, most);
            cuts.text(line, "userName", subject, most);
            cuts.text(line, "identityProvider", &provider.arn, most);
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
            cuts.text(line, "principalId", &caller.user_id(), most);
            cuts.text(line, "arn", caller.arn(), most);
            line.text("accountId", caller.account().as_str());
            let access_key_id = caller.access_key_id().as_str();
            cuts.text(line, "accessKeyId", access_key_id, most);
            match caller.identity() {
                Identity::Root(_) => {}
                Identity::User(user) => line.text("userName", &user.record.name),
                Identity::Session { session, role } => {
                    line.members("sessionContext", |line| {
                        context(line, cuts, most, session, role);
                    });
                }
            }
        }
    }
}

fn context(
    line: &mut JsonWriter,
    cuts: &mut Cuts,
    most: usize,
    session: &Session,
    role: &RoleEntry,
) {
    line.members("sessionIssuer", |line| {
        line.text("type", "Role");
        line.text("principalId", session.role_id.as_str());
        cuts.text(line, "arn", &role.arn, most);
        line.text("accountId", session.account.as_str());
        line.text("userName", &role.record.name);
    });
    if let Some(claims) = &session.web_identity {
        line.members("webIdFederationData", |line| {
            cuts.text(line, "federatedProvider", &claims.provider_arn, most);
            line.members("attributes", |line| {
                cuts.text(line, "aud", &claims.audience, most);
                cuts.text(line, "sub", &claims.subject, most);
            });
        });
    }
    line.members("attributes", |line| {
        line.text("creationDate", &iso_seconds(session.issued));
        let mfa = session.mfa_authenticated_at.is_some();
        line.text("mfaAuthenticated", if mfa { "true" } else { "false" });
    });
}

#[cfg(test)]
mod tests;
