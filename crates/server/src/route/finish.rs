//! Where every call ends: explanation, audit, metrics, answer, in this order.
//!
//! The record is written before the answer is sent. If it cannot be, the client is told of a failure of ours instead, whatever
//! the call had come to.

use std::sync::Arc;

use bowline_aws::error::{AwsError, Fault};

use crate::{
    app::App,
    audit::{self, Outcome},
    explain::Explanation,
    http::response::{self, Response},
    metrics::Ending,
    request::{
        error::RequestError,
        record::{RecordedIdentity, RequestRecord},
        service::Service,
    },
};

/// Ends a call.
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
    let refused = outcome.as_ref().err();
    let explanation = refused.and_then(|refused| explain(app, record, refused));
    let told = match refused {
        None => Outcome::Done,
        Some(refused) => Outcome::Failed {
            code: refused.client.wire_code(protocol),
            message: refused.client.message(),
            explanation: explanation.as_deref(),
        },
    };
    if let Some(RequestError {
        client,
        internal: Some(reason),
        ..
    }) = refused
        && client.code().fault() == Fault::Receiver
    {
        let id = &record.ids.request;
        tracing::error!(request.id = id, reason, "The call `{id}` failed: {reason}");
    }
    let written = write(app, record, told);
    let (mut answer, ending) = match (written, outcome) {
        (Ok(()), Ok(answer)) => (answer, Ending::Done),
        (Ok(()), Err(RequestError { client, .. })) => {
            (failed(&client), Ending::with(client.code()))
        }
        (Err(Unwritten), _) => (failed(&AwsError::internal(protocol)), Ending::Broken),
    };
    response::set_request_id(&mut answer, protocol, &record.ids.request);
    app.metrics.call(service, ending, head.stopwatch.elapsed());
    answer
}

/// The record is not in the operating system's hands. It is logged where that was noticed.
struct Unwritten;

fn write(app: &App, record: &RequestRecord<'_>, outcome: Outcome<'_>) -> Result<(), Unwritten> {
    let line = audit::render(record, outcome);
    app.audit.write(&line).map_err(|_| Unwritten)
}

/// Keeps what the operator may know. That an object is as the client has it, for one, explains itself.
fn explain(
    app: &App,
    record: &RequestRecord<'_>,
    refused: &RequestError,
) -> Option<Arc<Explanation>> {
    if record.service == Service::S3 && !refused.has_internal_context() {
        return None;
    }
    let explanation = Explanation::new(record, refused, record.service.protocol());
    let explanation = Arc::new(explanation);
    let kept = Arc::clone(&explanation);
    match &record.identity {
        RecordedIdentity::Caller(caller) => {
            let kind = refused.client.code().kind();
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
        // Holders of good tokens are many, and the provider's operator says who is one.
        RecordedIdentity::WebIdentity { provider, .. } => {
            app.denials
                .record_unauthenticated(Some(provider.record.account), kept);
        }
    }
    Some(explanation)
}
