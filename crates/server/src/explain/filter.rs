//! Which explanations a list has, and what it shows of each.

use bowline_aws::error::ErrorKind;
use jiff::Timestamp;
use serde::Serialize;

use super::Explanation;

/// Which explanations a list has. What is absent admits all.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// A part of the caller.
    pub(crate) caller: Option<String>,
    /// The name or ARN of a role: of the caller's session, or to be assumed or changed.
    pub(crate) role: Option<String>,
    /// An operation or action, such as `PutObject` or `s3:PutObject`, or `s3:*`.
    pub(crate) action: Option<String>,
    /// What the client got: `rejected`, `failed` or `broken`, a code or a status.
    pub(crate) outcome: Option<String>,
    /// The earliest time.
    pub(crate) since: Option<Timestamp>,
    /// The latest time.
    pub(crate) until: Option<Timestamp>,
}

/// An explanation in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary<'a> {
    request_id: &'a str,
    time: &'a str,
    service: &'static str,
    operation: Option<&'static str>,
    caller: Option<&'a str>,
    source_ip: &'a str,
    status: u16,
    code: &'static str,
    reason: Option<&'a str>,
}

impl<'a> From<&'a Explanation> for Summary<'a> {
    fn from(of: &'a Explanation) -> Self {
        Self {
            request_id: &of.request_id,
            time: &of.time,
            service: of.service,
            operation: of.operation,
            caller: of.caller.as_deref(),
            source_ip: &of.source_ip,
            status: of.status,
            code: of.code,
            reason: of.reason.as_deref(),
        }
    }
}

impl Filter {
    /// Whether the list has this explanation.
    pub(crate) fn admits(&self, it: &Explanation) -> bool {
        let admits = |filter: &Option<String>, test: fn(&Explanation, &str) -> bool| {
            filter.as_ref().is_none_or(|value| test(it, value))
        };
        self.since.is_none_or(|since| since <= it.at)
            && self.until.is_none_or(|until| it.at <= until)
            && admits(&self.caller, has_caller)
            && admits(&self.role, has_role)
            && admits(&self.action, has_action)
            && admits(&self.outcome, has_outcome)
    }
}

fn has_caller(it: &Explanation, part: &str) -> bool {
    let caller = it.caller.as_deref().unwrap_or("anonymous");
    caller.contains(part)
}

fn has_role(it: &Explanation, role: &str) -> bool {
    let names = |arn: &str| {
        let session = arn.split_once(":assumed-role/");
        if let Some((before, session)) = session {
            let name = session.split('/').next().unwrap_or_default();
            let account = before.rsplit(':').next().unwrap_or_default();
            return name == role || role == format!("arn:aws:iam::{account}:role/{name}");
        }
        arn.contains(":role/") && (arn == role || arn.rsplit('/').next() == Some(role))
    };
    let arns = [&it.caller, &it.resource].into_iter().flatten();
    let decided = it.decisions.iter().map(|decision| &decision.resource);
    arns.chain(decided).any(|arn| names(arn))
}

fn has_action(it: &Explanation, action: &str) -> bool {
    let matches = |text: &str| match action.strip_suffix('*') {
        Some(prefix) => text
            .get(..prefix.len())
            .is_some_and(|beginning| beginning.eq_ignore_ascii_case(prefix)),
        None => text.eq_ignore_ascii_case(action),
    };
    let operation = it.operation.unwrap_or_default();
    matches(operation)
        || matches(&format!("{}:{operation}", it.service))
        || it
            .decisions
            .iter()
            .any(|decision| matches(&decision.action))
}

fn has_outcome(it: &Explanation, outcome: &str) -> bool {
    let kind = match it.kind {
        ErrorKind::Rejected => "rejected",
        ErrorKind::Failed => "failed",
        ErrorKind::ServerError => "broken",
    };
    [kind, it.code, &it.status.to_string()]
        .iter()
        .any(|text| text.eq_ignore_ascii_case(outcome))
}
