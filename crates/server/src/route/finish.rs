//! The end of every request: explanation, audit record, metrics, response, in this order.
//!
//! The record is written before the response is sent. If it cannot be written, the client gets an
//! internal error, whatever the outcome of the request was.

use std::sync::Arc;

use bowline_aws::error::{AwsError, Fault};

use crate::{
    app::App,
    audit::{self, Outcome},
    explain::Explanation,
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
        let (id, method) = (&record.ids.request, head.method());
        response::error(error, protocol, id, head.path(), method)
    };
    let error = outcome.as_ref().err();
    let explanation = error.and_then(|error| explain(app, record, error));
    let audited = match error {
        None => Outcome::Done,
        Some(error) => Outcome::Failed {
            code: error.client.wire_code(protocol),
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
    let written = write(app, record, audited);
    let (mut response, outcome) = match (written, outcome) {
        (Ok(()), Ok(response)) => (response, RequestOutcome::Done),
        (Ok(()), Err(RequestError { client, .. })) => {
            (failed(&client), RequestOutcome::with(client.code()))
        }
        (Err(Unwritten), _) => (
            failed(&AwsError::internal(protocol)),
            RequestOutcome::Broken,
        ),
    };
    response::set_request_id(&mut response, protocol, &record.ids.request);
    app.metrics.call(service, outcome, head.stopwatch.elapsed());
    response
}

/// The audit record was not written. The failure is logged where it happens.
struct Unwritten;

fn write(app: &App, record: &RequestRecord<'_>, outcome: Outcome<'_>) -> Result<(), Unwritten> {
    let line = audit::render(record, outcome);
    app.audit.write(&line).map_err(|_| Unwritten)
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
    match &record.identity {
        RecordedIdentity::Caller(caller) => {
            let kind = error.client.code().kind();
            app.denials.record(caller.account(), kind, kept);
        }
        RecordedIdentity::Anonymous | RecordedIdentity::Service(_) => {
            app.denials.record_unauthenticated(
                record
                    .resource
                    .as_ref()
                    .and_then(|resource| resource.account),
                kept,
            );
        }
        RecordedIdentity::ClaimedKey { account, .. }
        | RecordedIdentity::UnverifiedToken { account, .. } => {
            app.denials.record_unauthenticated(*account, kept);
        }
        // The provider decides how many holders its tokens have, so they share the buffer of the
        // unauthenticated.
        RecordedIdentity::WebIdentity { provider, .. } => {
            app.denials
                .record_unauthenticated(Some(provider.record.account), kept);
        }
    }
    Some(explanation)
}
