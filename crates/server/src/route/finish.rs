//! The end of every request: explanation, audit record, metrics, response, in this order.
//!
//! The record is written before the response is sent. If it cannot be written, the client gets an
//! internal error, whatever the outcome of the request was.

use std::sync::Arc;

use bowline_aws::{
    error::{AwsError, ErrorContext, Fault},
    output::Envelope,
};

use crate::{
    app::App,
    audit::Outcome,
    explain::{Explanation, denials::RingKind},
    http::response::{self, Response},
    metrics::RequestOutcome,
    request::{
        error::RequestError,
        record::{RecordedIdentity, RequestRecord},
        service::Service,
    },
};

/// Ends a request: records its outcome and makes the response.
pub(crate) fn finish(
    app: &App,
    record: &RequestRecord<'_>,
    outcome: Result<Response, RequestError>,
) -> Response {
    let (service, head) = (record.service, record.head);
    let protocol = service.protocol();
    let failed = |error: &AwsError| {
        let Envelope { request_id, format } = record.envelope();
        let context = ErrorContext {
            request_id,
            format,
            ..ErrorContext::default()
        };
        response::error(error, protocol, context, head.method())
    };
    let error = outcome.as_ref().err();
    let explanation = error.and_then(|error| explain(app, record, error));
    let audited = match error {
        None => Outcome::Done,
        Some(error) => Outcome::Failed {
            code: error.client.wire_code(protocol),
            kind: error.client.code().kind(),
            message: error.client.message(),
            explanation: explanation.as_deref(),
        },
    };
    if let Some(RequestError {
        client,
        internal: Some(reason),
        ..
    }) = error
        && client.code().fault() == Fault::Receiver
    {
        let id = &record.ids.request;
        tracing::error!(request.id = id, reason, "The call `{id}` failed: {reason}");
    }
    if error.is_some_and(|error| error.client.code().exceeds_quota()) {
        app.metrics.quota_refusal();
    }
    let written = app.audit.record(record, audited);
    let (mut response, outcome) = match (written, outcome) {
        (Ok(()), Ok(response)) => (response, RequestOutcome::Done),
        (Ok(()), Err(RequestError { client, .. })) => {
            (failed(&client), RequestOutcome::with(client.code()))
        }
        (Err(unwritten), _) => (failed(&unwritten.to_aws(service)), RequestOutcome::Broken),
    };
    response::set_request_id(&mut response, protocol, &record.ids.request);
    if let Some(kept) = &record.until_sent {
        let kept = Arc::clone(kept);
        response = response.map(|body| response::owned_by(body, kept));
    }
    app.metrics.call(service, outcome, head.stopwatch.elapsed());
    response
}

/// Makes and keeps the explanation of an error. An S3 error without a cause explains itself, such
/// as an object that has not changed.
fn explain(
    app: &App,
    record: &RequestRecord<'_>,
    error: &RequestError,
) -> Option<Arc<Explanation>> {
    if record.service == Service::S3 && !error.has_internal_context() {
        return None;
    }
    let explanation = Explanation::new(record, error, record.service.protocol());
    let explanation = Arc::new(explanation);
    let kept = Arc::clone(&explanation);
    let named = record
        .resource
        .as_ref()
        .and_then(|resource| resource.account);
    let (account, kind) = match &record.identity {
        RecordedIdentity::Caller(caller) => {
            let kind = RingKind::of_caller(error.client.code().kind());
            (Some(caller.account()), kind)
        }
        RecordedIdentity::Anonymous | RecordedIdentity::Service(_) => (named, RingKind::Anonymous),
        RecordedIdentity::ClaimedKey { account, .. } => (*account, RingKind::UnverifiedKey),
        RecordedIdentity::UnverifiedToken { account, .. } => (*account, RingKind::UnverifiedToken),
        // The provider decides how many holders its tokens have, so they do not share the ring of
        // the account's own callers.
        RecordedIdentity::WebIdentity { provider, .. } => {
            (Some(provider.record.account), RingKind::WebIdentity)
        }
    };
    // A stranger may name accounts that do not exist, as many as there are numbers.
    let account = account.filter(|account| app.state.current().account(*account).is_some());
    let address = record.head.peer.address;
    app.denials.record(account, kind, address, kept);
    Some(explanation)
}
