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
    http::answer::{self, Answer},
    metrics::Ending,
    request::{
        event::{Event, Who},
        refusal::Refused,
        service::Service,
    },
};

/// Ends a call.
pub(crate) fn conclude(app: &App, event: &Event<'_>, outcome: Result<Answer, Refused>) -> Answer {
    let (service, head) = (event.service, event.head);
    let protocol = service.protocol();
    let failed = |error: &AwsError| {
        let (id, method) = (&head.ids.request, head.method());
        answer::error(error, protocol, id, head.path(), method)
    };
    let refused = outcome.as_ref().err();
    let explanation = refused.and_then(|refused| explain(app, event, refused));
    let told = match refused {
        None => Outcome::Done,
        Some(refused) => Outcome::Failed {
            code: refused.error.wire_code(protocol),
            message: refused.error.message(),
            explanation: explanation.as_deref(),
        },
    };
    if let Some(Refused {
        error,
        reason: Some(reason),
        ..
    }) = refused
        && error.code().fault() == Fault::Receiver
    {
        let id = &head.ids.request;
        tracing::error!(request.id = id, reason, "The call `{id}` failed: {reason}");
    }
    let written = write(app, event, told);
    let (mut answer, ending) = match (written, outcome) {
        (Ok(()), Ok(answer)) => (answer, Ending::Done),
        (Ok(()), Err(Refused { error, .. })) => (failed(&error), Ending::with(error.code())),
        (Err(Unwritten), _) => (failed(&AwsError::internal(protocol)), Ending::Broken),
    };
    answer::identify(&mut answer, protocol, &head.ids.request);
    app.metrics.call(service, ending, head.stopwatch.elapsed());
    answer
}

/// The record is not in the operating system's hands. It is logged where that was noticed.
struct Unwritten;

fn write(app: &App, event: &Event<'_>, outcome: Outcome<'_>) -> Result<(), Unwritten> {
    let line = audit::render(event, outcome);
    app.audit.write(&line).map_err(|_| Unwritten)
}

/// Keeps what the operator may know. That an object is as the client has it, for one, explains itself.
fn explain(app: &App, event: &Event<'_>, refused: &Refused) -> Option<Arc<Explanation>> {
    if event.service == Service::S3 && !refused.has_more_to_say() {
        return None;
    }
    let explanation = Explanation::new(event, refused, event.service.protocol());
    let explanation = Arc::new(explanation);
    let kept = Arc::clone(&explanation);
    match &event.who {
        Who::Caller(caller) => {
            let kind = refused.error.code().kind();
            app.recent.keep(caller.account(), kind, kept);
        }
        Who::Anonymous | Who::Service(_) => app.recent.keep_of_stranger(
            event.resource.as_ref().and_then(|subject| subject.account),
            kept,
        ),
        Who::Claimed { account, .. } | Who::Unproven { account, .. } => {
            app.recent.keep_of_stranger(*account, kept);
        }
        // Holders of good tokens are many, and the provider's operator says who is one.
        Who::Holder { provider, .. } => {
            app.recent
                .keep_of_stranger(Some(provider.record.account), kept);
        }
    }
    Some(explanation)
}
