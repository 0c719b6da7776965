//! The explanation of a failed request, for the operator. The operator API returns it as JSON, and
//! `docs/explain.md` describes it.

use bowline_aws::{error::Protocol, xml::iso_seconds};
use bowline_iam::{
    decision::DenialReason,
    effect::Effect,
    trace::{ElementMismatch, LayerResult, LayerTrace, StatementTrace, Trace},
};
use serde::Serialize;

use crate::request::error::RequestError;
use crate::request::record::{RecordedIdentity, RequestRecord};

/// Most bytes of one text. A longer text is truncated.
const MAX_TEXT_BYTES: usize = 512;
/// Most bytes of the statements of one explanation. Further statements are counted.
const MAX_STATEMENTS_BYTES: usize = 16 * 1024;

/// The explanation of a failed request.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation {
    pub(crate) request_id: String,
    time: String,
    service: &'static str,
    operation: Option<&'static str>,
    caller: Option<String>,
    source_ip: String,
    /// The client's HTTP status, code and message.
    status: u16,
    code: &'static str,
    message: String,
    reason: Option<String>,
    decisions: Vec<DecisionView>,
}

/// A decision that denied the request.
#[derive(Clone, Debug, Serialize)]
struct DecisionView {
    principal: String,
    action: String,
    resource: String,
    reason: Option<String>,
    layers: Vec<LayerView>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LayerView {
    layer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    result: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable_policies: Vec<String>,
    statements: Vec<StatementView>,
    /// Statements that matched less, and are left out.
    other_statements: usize,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StatementView {
    policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    /// Its number in the policy, from 1.
    statement: usize,
    line: usize,
    effect: &'static str,
    applies: bool,
    /// The first element that did not match.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureView>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureView {
    element: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    expected: Vec<String>,
    /// Null if the request has no such key.
    actual: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing_variables: Vec<String>,
}

impl Explanation {
    /// The explanation of this error.
    pub(crate) fn new(
        record: &RequestRecord<'_>,
        error: &RequestError,
        protocol: Protocol,
    ) -> Self {
        let mut room = MAX_STATEMENTS_BYTES;
        let traces = error.traces.iter();
        let decisions: Vec<_> = traces
            .map(|trace| DecisionView::new(trace, &mut room))
            .collect();
        let first = decisions.first();
        Self {
            request_id: record.ids.request.clone(),
            time: iso_seconds(record.head.now),
            service: record.service.name(),
            operation: record.operation.map(|operation| operation.name),
            caller: caller(&record.identity),
            source_ip: record.head.peer.address.to_string(),
            status: error.client.status(protocol),
            code: error.client.wire_code(protocol),
            message: truncated(error.client.message()),
            reason: error
                .internal
                .as_deref()
                .map(truncated)
                .or_else(|| first.and_then(|decision| decision.reason.clone())),
            decisions,
        }
    }
}

fn caller(identity: &RecordedIdentity) -> Option<String> {
    match identity {
        RecordedIdentity::Anonymous | RecordedIdentity::UnverifiedToken { issuer: None, .. } => {
            None
        }
        RecordedIdentity::ClaimedKey { access_key_id, .. } => Some(access_key_id.to_string()),
        RecordedIdentity::UnverifiedToken {
            issuer: Some(issuer),
            ..
        } => Some(format!(
            "a token that names {} as its issuer",
            truncated(issuer)
        )),
        RecordedIdentity::WebIdentity {
            provider, subject, ..
        } => Some(format!("{subject} of {}", provider.arn)),
        RecordedIdentity::Caller(caller) => Some(caller.arn().to_owned()),
        RecordedIdentity::Service(service) => Some(service.principal().to_owned()),
    }
}

impl DecisionView {
    fn new(trace: &Trace, room: &mut usize) -> Self {
        let layers = trace.layers.iter();
        Self {
            principal: trace.principal.clone(),
            action: trace.action.clone(),
            resource: truncated(&trace.resource),
            reason: trace.denied.as_ref().map(|denied| reason(trace, denied)),
            layers: layers.map(|layer| LayerView::new(layer, room)).collect(),
        }
    }
}

impl LayerView {
    fn new(trace: &LayerTrace, room: &mut usize) -> Self {
        let fitting = trace.statements.iter().map_while(|statement| {
            let view = StatementView::from(statement);
            *room = room.checked_sub(view.size())?;
            Some(view)
        });
        let statements: Vec<_> = fitting.collect();
        Self {
            layer: trace.layer.name(),
            level: trace.level.clone(),
            result: match trace.result {
                LayerResult::Allows => "allows",
                LayerResult::Denies => "denies",
                LayerResult::NoMatch => "silent",
                LayerResult::Unreadable => "unreadable",
            },
            unreadable_policies: trace.unreadable.clone(),
            other_statements: trace.others + trace.statements.len() - statements.len(),
            statements,
        }
    }
}

impl From<&StatementTrace> for StatementView {
    fn from(trace: &StatementTrace) -> Self {
        Self {
            policy: trace.policy.clone(),
            policy_arn: trace.policy_arn.clone(),
            sid: trace.sid.clone(),
            statement: trace.number,
            line: trace.line,
            effect: match trace.effect {
                Effect::Allow => "Allow",
                Effect::Deny => "Deny",
            },
            applies: trace.mismatch.is_none(),
            failure: trace.mismatch.as_ref().map(FailureView::from),
        }
    }
}

impl StatementView {
    /// Bytes of its texts.
    fn size(&self) -> usize {
        let failure = self.failure.as_ref().map_or(0, |failure| {
            let actual = failure.actual.iter().flatten();
            let values = failure.expected.iter().chain(actual);
            let texts = values.chain(&failure.missing_variables);
            texts.map(String::len).sum()
        });
        self.policy.len() + failure
    }
}

impl From<&ElementMismatch> for FailureView {
    fn from(failure: &ElementMismatch) -> Self {
        let (operator, key) = failure.condition.clone().unzip();
        let all = |texts: &[String]| texts.iter().map(|text| truncated(text)).collect();
        Self {
            element: failure.element,
            operator,
            key,
            expected: all(&failure.expected),
            actual: failure.actual.as_deref().map(all),
            missing_variables: all(&failure.missing_variables),
        }
    }
}

/// The reason of a denial, with the statement that decided it.
fn reason(trace: &Trace, denied: &DenialReason) -> String {
    let layer = trace.layers.iter().find(|l| l.layer == denied.layer());
    let statement = layer.and_then(|layer| layer.statements.first());
    let Some(statement) = statement else {
        return denied.to_string();
    };
    let (number, policy) = (statement.number, &statement.policy);
    let named = match &statement.sid {
        Some(sid) => format!("statement `{sid}` of `{policy}`"),
        None => format!("statement {number} of `{policy}`"),
    };
    match (&statement.mismatch, denied) {
        (None, DenialReason::Explicit { .. }) => format!("{denied}: {named}"),
        (Some(failure), DenialReason::Implicit { .. }) => {
            let element = match &failure.condition {
                Some((operator, key)) => format!("{operator} of {key}"),
                None => failure.element.to_owned(),
            };
            let expected = truncated(&failure.expected.join(", "));
            let actual = match &failure.actual {
                Some(values) => truncated(&values.join(", ")),
                None => "no such key".to_owned(),
            };
            format!("{denied}: {named} asks for {element} {expected}, the request has {actual}")
        }
        (
            None | Some(_),
            DenialReason::Explicit { .. }
            | DenialReason::Implicit { .. }
            | DenialReason::Unreadable { .. },
        ) => denied.to_string(),
    }
}

fn truncated(text: &str) -> String {
    if text.len() <= MAX_TEXT_BYTES {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MAX_TEXT_BYTES);
    format!("{}...", text.get(..end).unwrap_or_default())
}
