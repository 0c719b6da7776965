//! Calls of the operator API, for the commands that are its clients.
#![expect(
    clippy::doc_markdown,
    reason = "what documents a flag is its --help, where nobody reads Markdown"
)]

use anyhow::{Context as _, anyhow};
use clap::Args;
use http::Method;
use serde_json::{Value, json};

use super::{Client, Request, usual_chain};
use crate::error::CommandError;

/// Which server a command talks to. Credentials come from where the AWS clients take theirs.
#[derive(Debug, Args)]
pub(crate) struct EndpointArgs {
    /// The server [default: AWS_ENDPOINT_URL, or http://127.0.0.1:9400]
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
}

impl EndpointArgs {
    /// Calls an operation and gives its answer.
    ///
    /// # Errors
    /// If there is no server or are no credentials, and what the server refuses with.
    pub(crate) fn call(&self, operation: &str, input: &Value) -> Result<Value, CommandError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("starting the runtime")?;
        runtime.block_on(async {
            let endpoint = usual_chain::endpoint(self.endpoint.as_deref())?;
            let region = usual_chain::region()?;
            let nobody = Client {
                endpoint,
                credentials: None,
                region,
            };
            let credentials = usual_chain::credentials(&nobody).await?;
            nobody.with(credentials).operate(operation, input).await
        })
    }
}

/// What to do about a server that does not answer.
pub(super) fn no_server(error: anyhow::Error) -> CommandError {
    let hint = "start one with `bowline serve`, or name it with --endpoint or AWS_ENDPOINT_URL";
    CommandError::with_hint(error, hint)
}

/// What `Explain` is asked: about a request, or about the latest.
pub(crate) fn explain_input(request_id: Option<&str>) -> Value {
    request_id.map_or_else(|| json!({ "Last": true }), |id| json!({ "RequestId": id }))
}

/// The explanation in the answer of `Explain`.
///
/// # Errors
/// If there is none.
pub(crate) fn explanation(mut answer: Value) -> Result<Value, CommandError> {
    let explanation = answer.get_mut("Explanation").map(Value::take);
    Ok(explanation.context("the answer has no explanation")?)
}

impl Client {
    /// Calls an operation of the operator API.
    ///
    /// # Errors
    /// If no answer comes, and what the server refuses with.
    pub(crate) async fn operate(
        &self,
        operation: &str,
        input: &Value,
    ) -> Result<Value, CommandError> {
        let request = Request {
            method: Method::POST,
            target: "/".to_owned(),
            headers: vec![
                (
                    "content-type".to_owned(),
                    "application/x-amz-json-1.1".to_owned(),
                ),
                (
                    "x-amz-target".to_owned(),
                    format!("Bowline_20261101.{operation}"),
                ),
            ],
            body: input.to_string().into_bytes(),
        };
        let answer = self.send("bowline", request).await.map_err(no_server)?;
        let body: Value = serde_json::from_slice(&answer.body).with_context(|| {
            format!(
                "{} does not answer as a Bowline server does",
                self.endpoint.url()
            )
        })?;
        if answer.status == 200 {
            return Ok(body);
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let (code, message) = (text("__type"), text("message"));
        let error = anyhow!("{code}: {message}");
        Err(match code {
            "AccessDenied" => CommandError::with_hint(
                error,
                format!("let the caller do `bowline:{operation}`, or use the root credentials"),
            ),
            "InvalidClientTokenId" | "SignatureDoesNotMatch" | "ExpiredToken" => {
                CommandError::with_hint(
                    error,
                    "check the credentials: they have to be of this server",
                )
            }
            _ => error.into(),
        })
    }
}
