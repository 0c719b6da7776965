//! The end of every request: explanation, audit record, metrics, response, in this order.
//!
//! The record is written before the response is sent. If it cannot be written, the client gets an
//! internal error, whatever the outcome of the request was.

use std::{net::IpAddr, sync::Arc};

use bowline_aws::{
    error::{AwsError, Code, ErrorContext, ErrorKind, Fault},
    output::Envelope,
};
use bowline_iam::account::AccountId;

use crate::{
    app::App,
    audit::Outcome,
    explain::{Explanation, FailureLine, denials::RingKind},
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
            explanation: explanation
                .as_deref()
                .filter(|_| is_worth_recording(record, error)),
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
    if let Some(error) = error {
        log_failure(app, record, error);
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

/// Logs a request that ended with an error: with `log.refusals` each that was rejected, else, and
/// for other errors, on the level of debugging. The log has no statements of policies and no
/// values of conditions, which may be secrets that accounts share.
fn log_failure(app: &App, record: &RequestRecord<'_>, error: &RequestError) {
    let kind = error.client.code().kind();
    let says = app.config.log_refusals && kind == ErrorKind::Rejected;
    let is_read = if says {
        tracing::enabled!(tracing::Level::INFO)
    } else {
        tracing::enabled!(tracing::Level::DEBUG)
    };
    if is_read {
        let protocol = record.service.protocol();
        let line = FailureLine::new(record, error, protocol);
        if says {
            tracing::info!("{line}");
        } else {
            tracing::debug!("{line}");
        }
    }
}

/// Whether the audit has the explanation. A failure of S3 without a cause explains itself.
fn is_worth_recording(record: &RequestRecord<'_>, error: &RequestError) -> bool {
    record.service != Service::S3
        || error.has_internal_context()
        || error.client.code().kind() == ErrorKind::Rejected
}

/// Makes and keeps the explanation of an error. That an object has not changed is none.
fn explain(
    app: &App,
    record: &RequestRecord<'_>,
    error: &RequestError,
) -> Option<Arc<Explanation>> {
    if error.client.code() == Code::NotModified {
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
    keep_for_owners(app, error, account, address, &explanation);
    app.denials.record(account, kind, address, kept);
    Some(explanation)
}

/// Keeps what the owners of resources may read of a refusal of another account's caller.
fn keep_for_owners(
    app: &App,
    error: &RequestError,
    of_caller: Option<AccountId>,
    address: IpAddr,
    explanation: &Explanation,
) {
    let Some(more) = &error.more else { return };
    let mut owners: Vec<_> = more.owner_traces.iter().map(|(owner, _)| *owner).collect();
    owners.sort_unstable();
    owners.dedup();
    let index = app.state.current();
    for owner in owners {
        if Some(owner) == of_caller || index.account(owner).is_none() {
            continue;
        }
        let of_owner = more.owner_traces.iter().filter(|(of, _)| *of == owner);
        let kept = explanation.for_owner(of_owner.map(|(_, trace)| trace));
        let kind = RingKind::OtherAccount;
        app.denials
            .record(Some(owner), kind, address, Arc::new(kept));
    }
}
