//! The explanation of a failed request, for the operator. The operator API returns it as JSON, and
//! `docs/explain.md` describes it.

use std::io;

use bowline_aws::{
    error::{ErrorKind, Protocol},
    xml::iso_seconds,
};
use bowline_iam::{
    decision::DenialReason,
    effect::Effect,
    trace::{ElementTrace, LayerResult, LayerTrace, StatementTrace, Trace},
};
use jiff::Timestamp;
use serde::Serialize;

use super::signature::SignatureView;
use crate::request::{
    cut_text,
    error::RequestError,
    record::{RecordedIdentity, RequestRecord},
};

/// Most bytes of one text. A longer text is truncated.
const MAX_TEXT_BYTES: usize = 512;
/// Most bytes of the statements of one explanation. Further statements are counted.
const MAX_STATEMENTS_BYTES: usize = 16 * 1024;

/// Most bytes of a text of the shortest explanation, as JSON.
const MAX_SHORT_BYTES: usize = 160;
/// Most decisions of one explanation. Further ones are left out.
const MAX_DECISIONS: usize = 16;

/// The explanation of a failed request.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation {
    pub(crate) request_id: String,
    pub(super) time: String,
    pub(super) service: &'static str,
    pub(super) operation: Option<&'static str>,
    pub(super) caller: Option<String>,
    pub(super) source_ip: String,
    /// The client's HTTP status, code and message.
    pub(super) status: u16,
    pub(super) code: &'static str,
    message: String,
    pub(super) reason: Option<String>,
    /// What the server saw of a request whose signature does not match.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<SignatureView>,
    pub(super) decisions: Vec<DecisionView>,
    /// The resource of the request.
    #[serde(skip)]
    pub(super) resource: Option<String>,
    #[serde(skip)]
    pub(super) at: Timestamp,
    #[serde(skip)]
    pub(super) kind: ErrorKind,
}

/// A decision that denied the request.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DecisionView {
    principal: String,
    pub(super) action: String,
    pub(super) resource: String,
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
    failure: Option<ElementView>,
    /// The elements in doubt, because of which a denying statement applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    doubts: Vec<ElementView>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ElementView {
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
    /// Why it is in doubt.
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<String>,
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
            .take(MAX_DECISIONS)
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
            signature: SignatureView::of(record, error),
            decisions,
            resource: record.resource.as_ref().map(|it| truncated(&it.arn)),
            at: record.head.now,
            kind: error.client.code().kind(),
        }
    }

    /// The same for the owner of resources, to whose account the caller does not belong: only the
    /// decisions on these, with the owner's own layers.
    pub(crate) fn for_owner<'t>(&self, traces: impl Iterator<Item = &'t Trace>) -> Self {
        let mut room = MAX_STATEMENTS_BYTES;
        let traces = traces.take(MAX_DECISIONS);
        let decisions: Vec<_> = traces
            .map(|trace| DecisionView::new(trace, &mut room))
            .collect();
        let first = decisions.first();
        Self {
            // The message may be about a resource of a third account.
            message: "Access Denied".to_owned(),
            reason: first.and_then(|decision| decision.reason.clone()),
            resource: first.map(|decision| decision.resource.clone()),
            signature: None,
            decisions,
            ..self.clone()
        }
    }

    /// Whether the request only looked whether something exists, and it does not. Tools send many.
    pub(super) fn is_probe(&self) -> bool {
        let heads = self.operation.is_some_and(|name| name.starts_with("Head"));
        heads && self.status == 404
    }
}

impl Explanation {
    /// As JSON of at most so many bytes, and whether something was left out for that: statements
    /// first, then decisions, then everything.
    pub(crate) fn to_json_within(&self, most: usize) -> (Option<String>, bool) {
        if let Some(json) = json_within(self, most) {
            return (Some(json), false);
        }
        let attempts = [
            (MAX_DECISIONS, most / 4),
            (MAX_DECISIONS, 0),
            (1, most / 8),
            (1, 0),
            (0, 0),
        ];
        let json = attempts
            .into_iter()
            .find_map(|(decisions, statements_bytes)| {
                json_within(&self.abridged(decisions, statements_bytes), most)
            });
        let json = json.or_else(|| {
            let mut shortest = self.abridged(0, 0);
            shortest.shorten();
            json_within(&shortest, most)
        });
        (json, true)
    }

    /// Cuts its own texts.
    fn shorten(&mut self) {
        self.signature = None;
        let optional = [&mut self.caller, &mut self.reason].into_iter().flatten();
        for text in optional.chain([&mut self.message]) {
            *text = cut_text::text(text, None, MAX_SHORT_BYTES).0.into_owned();
        }
    }

    /// With fewer decisions, and with statements of at most so many bytes.
    fn abridged(&self, decisions: usize, mut statements_bytes: usize) -> Self {
        let mut abridged = self.clone();
        abridged.decisions.truncate(decisions);
        for decision in &mut abridged.decisions {
            for layer in &mut decision.layers {
                let all = layer.statements.len();
                let fitting = layer.statements.iter().map_while(|statement| {
                    statements_bytes = statements_bytes.checked_sub(statement.size())?;
                    Some(())
                });
                let fitting = fitting.count();
                layer.statements.truncate(fitting);
                layer.other_statements += all - fitting;
                layer.unreadable_policies.truncate(MAX_DECISIONS);
            }
        }
        abridged
    }

    /// Bytes that it takes in memory, roughly.
    pub(crate) fn size(&self) -> usize {
        let texts = [&self.request_id, &self.time, &self.source_ip, &self.message];
        let optional = [&self.caller, &self.reason, &self.resource];
        let optional = optional.into_iter().flatten();
        let signature = self.signature.as_ref().map_or(0, SignatureView::size);
        let own: usize = texts.into_iter().chain(optional).map(String::len).sum();
        let decisions = self.decisions.iter().map(|decision| {
            let layers = decision.layers.iter().map(|layer| {
                let statements = layer.statements.iter().map(StatementView::size);
                let unreadable = layer.unreadable_policies.iter().map(|name| name.len() + 24);
                size_of::<LayerView>() + statements.sum::<usize>() + unreadable.sum::<usize>()
            });
            let reason = decision.reason.as_ref().map_or(0, String::len);
            let texts = decision.principal.len() + decision.action.len() + decision.resource.len();
            size_of::<DecisionView>() + texts + reason + layers.sum::<usize>()
        });
        size_of::<Self>() + own + signature + decisions.sum::<usize>()
    }
}

/// A value as JSON, unless that has more than so many bytes.
fn json_within(value: &impl Serialize, most: usize) -> Option<String> {
    struct Bounded(Vec<u8>, usize);
    impl io::Write for Bounded {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0.len() + bytes.len() > self.1 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut out = Bounded(Vec::with_capacity(most.min(1024)), most);
    serde_json::to_writer(&mut out, value).ok()?;
    String::from_utf8(out.0).ok()
}

pub(super) fn caller(identity: &RecordedIdentity) -> Option<String> {
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
        } => Some(format!("{} of {}", truncated(subject), provider.arn)),
        RecordedIdentity::Caller(caller) => Some(caller.arn().to_owned()),
        RecordedIdentity::Service(service) => Some(service.principal().to_owned()),
    }
}

impl DecisionView {
    fn new(trace: &Trace, room: &mut usize) -> Self {
        let layers = trace.layers.iter();
        Self {
            principal: truncated(&trace.principal),
            action: truncated(&trace.action),
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
            failure: trace.mismatch.as_ref().map(ElementView::from),
            doubts: trace.doubts.iter().map(ElementView::from).collect(),
        }
    }
}

impl StatementView {
    /// Bytes that it takes.
    fn size(&self) -> usize {
        let elements = self.failure.iter().chain(&self.doubts);
        let elements: usize = elements.map(ElementView::size).sum();
        let names = [&self.policy_arn, &self.sid].into_iter().flatten();
        let names: usize = names.map(String::len).sum();
        size_of::<Self>() + self.policy.len() + names + elements
    }
}

impl ElementView {
    /// Bytes that its texts take.
    fn size(&self) -> usize {
        let lists = [
            Some(&self.expected),
            self.actual.as_ref(),
            Some(&self.missing_variables),
        ];
        let texts = lists.into_iter().flatten().flatten();
        let texts = texts
            .chain(&self.operator)
            .chain(&self.key)
            .chain(&self.doubt);
        texts.map(|text| text.len() + size_of::<String>()).sum()
    }
}

impl From<&ElementTrace> for ElementView {
    fn from(element: &ElementTrace) -> Self {
        let (operator, key) = element.condition.clone().unzip();
        let all = |texts: &[String]| texts.iter().map(|text| truncated(text)).collect();
        Self {
            element: element.element,
            operator,
            key,
            expected: all(&element.expected),
            actual: element.actual.as_deref().map(all),
            missing_variables: all(&element.missing_variables),
            doubt: element
                .doubt
                .as_ref()
                .map(|doubt| truncated(&doubt.to_string())),
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
        (None, DenialReason::Explicit { .. }) => match statement.doubts.first() {
            Some(element) => {
                let doubt = doubt(element);
                format!(
                    "{denied}: {named}, whose {} is in doubt{doubt}",
                    element_name(element)
                )
            }
            None => format!("{denied}: {named}"),
        },
        (Some(failure), DenialReason::Implicit { .. }) => {
            let element = element_name(failure);
            let expected = truncated(&failure.expected.join(", "));
            let actual = match &failure.actual {
                Some(values) => truncated(&values.join(", ")),
                None => "no such key".to_owned(),
            };
            let doubt = match failure.doubt {
                Some(_) => format!(", which is in doubt{}", doubt(failure)),
                None => String::new(),
            };
            format!(
                "{denied}: {named} asks for {element} {expected}, the request has {actual}{doubt}"
            )
        }
        (
            None | Some(_),
            DenialReason::Explicit { .. }
            | DenialReason::Implicit { .. }
            | DenialReason::Unreadable { .. },
        ) => denied.to_string(),
    }
}

fn element_name(element: &ElementTrace) -> String {
    match &element.condition {
        Some((operator, key)) => format!("{operator} of {key}"),
        None => element.element.to_owned(),
    }
}

fn doubt(element: &ElementTrace) -> String {
    let doubt = element.doubt.as_ref();
    doubt.map(|doubt| format!(": {doubt}")).unwrap_or_default()
}

pub(super) fn truncated(text: &str) -> String {
    if text.len() <= MAX_TEXT_BYTES {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MAX_TEXT_BYTES);
    format!("{}...", text.get(..end).unwrap_or_default())
}
