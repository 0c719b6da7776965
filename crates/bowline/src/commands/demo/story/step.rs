//! How a step of the story is judged: by the answer, and for a refusal by the operator's reason as well.

use anyhow::Result;
use bowline_client::Response;
use serde_json::Value;

use crate::commands::demo::{scene::Scene, teller::Step};

/// A step that must succeed.
pub(super) fn accepted(
    title: &'static str,
    request: String,
    answer: &Response,
    reason: String,
) -> Step {
    let ok = answer.status < 300;
    Step {
        title,
        ok,
        request,
        expected: "success".to_owned(),
        actual: verdict(answer),
        reason: if ok {
            reason
        } else {
            "it was refused".to_owned()
        },
    }
}

/// A step that must be refused, with this code, and because of this: the operator's reason is asked for by the request's id.
pub(super) async fn refused(
    scene: &Scene,
    title: &'static str,
    request: String,
    answer: &Response,
    code: &str,
    element: &str,
) -> Result<Step> {
    let (reason, ok) = if answer.status < 300 {
        ("it was not refused".to_owned(), false)
    } else {
        let explanation = scene.explain(answer).await?;
        let reason = explanation.get("reason").and_then(Value::as_str);
        let reason = reason.unwrap_or_default().to_owned();
        let ok = answer.error_code().as_deref() == Some(code) && reason.contains(element);
        (reason, ok)
    };
    Ok(Step {
        title,
        ok,
        request,
        expected: format!("{code}, because of `{element}`"),
        actual: verdict(answer),
        reason,
    })
}

/// What the client got.
pub(super) fn verdict(answer: &Response) -> String {
    match answer.error() {
        Some(error) => format!("{} {error}", answer.status),
        None => format!("{}", answer.status),
    }
}

/// Whether it was made by an earlier demonstration in the same folder.
pub(super) fn is_there_already(answer: &Response) -> bool {
    matches!(
        answer.error_code().as_deref(),
        Some("EntityAlreadyExists" | "BucketAlreadyOwnedByYou" | "ResourceInUseException")
    )
}
