//! The outcome of a step: from the response, and for a denial also from the operator's explanation.

use anyhow::Result;
use bowline_client::Response;
use serde_json::Value;

use crate::commands::demo::{reporter::Step, scene::Scene};

/// A step that is expected to succeed.
pub(super) fn accepted(
    title: &'static str,
    request: String,
    response: &Response,
    reason: String,
) -> Step {
    let ok = response.status < 300;
    Step {
        title,
        ok,
        request,
        expected: "success".to_owned(),
        actual: outcome(response),
        reason: if ok {
            reason
        } else {
            "it was denied".to_owned()
        },
    }
}

/// A step that is expected to be denied with this code, for a reason that contains `element`.
pub(super) async fn denied(
    scene: &Scene,
    title: &'static str,
    request: String,
    response: &Response,
    code: &str,
    element: &str,
) -> Result<Step> {
    let (reason, ok) = if response.status < 300 {
        ("it was allowed".to_owned(), false)
    } else {
        let explanation = scene.explain(response).await?;
        let reason = explanation.get("reason").and_then(Value::as_str);
        let reason = reason.unwrap_or_default().to_owned();
        let ok = response.error_code().as_deref() == Some(code) && reason.contains(element);
        (reason, ok)
    };
    Ok(Step {
        title,
        ok,
        request,
        expected: format!("{code}, because of `{element}`"),
        actual: outcome(response),
        reason,
    })
}

/// The response in a line.
pub(super) fn outcome(response: &Response) -> String {
    match response.error() {
        Some(error) => format!("{} {error}", response.status),
        None => format!("{}", response.status),
    }
}

/// Whether an earlier demonstration in the same folder has created it.
pub(super) fn exists_already(response: &Response) -> bool {
    matches!(
        response.error_code().as_deref(),
        Some("EntityAlreadyExists" | "BucketAlreadyOwnedByYou" | "ResourceInUseException")
    )
}
