//! Calls of the operator API, for the commands that are its clients.
#![expect(
    clippy::doc_markdown,
    reason = "what documents a flag is its --help, where nobody reads Markdown"
)]

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::{Client, Request, Response, usual_chain};
use crate::error::CommandError;

/// Which server a command talks to. Credentials come from where the AWS clients take theirs.
#[derive(Debug, Args)]
pub(crate) struct EndpointArgs {
    /// The server [default: AWS_ENDPOINT_URL, or http://127.0.0.1:9400]
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,

    /// A profile of the shared credentials file, whatever the environment says [default: AWS_PROFILE]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

impl EndpointArgs {
    /// Calls an operation and gives its answer.
    ///
    /// # Errors
    /// If there is no server or are no credentials, and what the server refuses with.
    pub(crate) fn call(&self, operation: &str, input: &Value) -> Result<Value, CommandError> {
        runtime()?.block_on(async {
            let client = self.client().await?;
            client.operate(operation, input).await
        })
    }

    /// Calls an operation that lists, as often as it takes: the entries of all its answers.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub(crate) fn list(&self, operation: &str, name: &str) -> Result<Vec<Value>, CommandError> {
        runtime()?.block_on(async {
            let client = self.client().await?;
            let (mut all, mut input) = (Vec::new(), json!({}));
            loop {
                let mut answer = client.operate(operation, &input).await?;
                let entries = answer.get_mut(name).and_then(Value::as_array_mut);
                let entries = entries.with_context(|| format!("the answer has no {name}"))?;
                all.append(entries);
                match answer.get("NextToken") {
                    None => return Ok(all),
                    Some(token) => input = json!({ "NextToken": token }),
                }
            }
        })
    }

    /// A client with the credentials that the AWS clients would take.
    async fn client(&self) -> Result<Client, CommandError> {
        let nobody = Client {
            endpoint: usual_chain::endpoint(self.endpoint.as_deref())?,
            credentials: None,
            region: usual_chain::region()?,
        };
        let credentials = usual_chain::credentials(&nobody, self.profile.as_deref()).await?;
        Ok(nobody.with(credentials))
    }
}

fn runtime() -> Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")
}

/// What to do about a denial: AWS's text names the action that was missing, which may be one beside the operation's own. Where it is
/// not the caller who lacks something, the explanation tells.
fn hint_of_denial(message: &str, request_id: &str) -> String {
    let action = message
        .split_once(" is not authorized to perform: ")
        .and_then(|(_, rest)| rest.split(' ').next());
    match action {
        Some(action) => {
            format!("let the caller do `{action}`, or use the root credentials")
        }
        None => format!("`bowline explain {request_id}` tells why"),
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
    /// Sends a call of the operator API.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn operator_call(&self, operation: &str, input: &Value) -> Result<Response> {
        let target = format!("Bowline_20261101.{operation}");
        self.send("bowline", Request::json("1.1", target, input))
            .await
    }

    /// Calls an operation of the operator API: its answer, which is a success.
    ///
    /// # Errors
    /// If no answer comes, and what the server refuses with.
    pub(crate) async fn operate(
        &self,
        operation: &str,
        input: &Value,
    ) -> Result<Value, CommandError> {
        let answer = self.operator_call(operation, input).await;
        let answer = answer.map_err(no_server)?;
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
            "AccessDenied" => {
                let id = answer.header("x-amzn-requestid").unwrap_or("--last");
                CommandError::with_hint(error, hint_of_denial(message, id))
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_the_action_that_was_missing() {
        let denied = "User: arn:aws:iam::111122223333:user/a is not authorized to perform: iam:PassRole on resource: b";
        insta::assert_snapshot!(hint_of_denial(denied, "1"), @"let the caller do `iam:PassRole`, or use the root credentials");
        insta::assert_snapshot!(hint_of_denial("The role cannot be assumed.", "1"), @"`bowline explain 1` tells why");
    }
}
