//! Bowline's operator API: JSON requests signed for the service `bowline`.

use serde_json::{Value, json};

use crate::{Client, Endpoint, Request, Response, SendError};

/// An operation of the operator API failed.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// No response came.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The response is not JSON.
    #[error("{endpoint} does not respond as a Bowline server does")]
    NotBowline {
        /// The endpoint.
        endpoint: Endpoint,
        /// Why.
        source: serde_json::Error,
    },
    /// The server rejected the request.
    #[error("{code}: {message}")]
    Rejected {
        /// The error's code.
        code: String,
        /// The error's message.
        message: String,
        /// The request's id, if the response has it.
        request_id: Option<String>,
    },
    /// A success without one of its members.
    #[error("the response has no {0}")]
    MissingMember(&'static str),
}

impl OperatorError {
    /// What an operator can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Send(error) => error.hint(),
            Self::NotBowline { .. } | Self::MissingMember(_) => None,
            Self::Rejected {
                code,
                message,
                request_id,
            } => match code.as_str() {
                "AccessDenied" => Some(hint_for_denial(message, request_id.as_deref())),
                "InvalidClientTokenId" | "SignatureDoesNotMatch" | "ExpiredToken" => {
                    Some("check the credentials: they have to be of this server".to_owned())
                }
                _ => None,
            },
        }
    }
}

/// Why a stream ended early.
#[derive(Debug, thiserror::Error)]
pub enum StreamError<E> {
    /// The operation failed.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// The receiver of the pieces failed.
    #[error("the stream is not taken")]
    Take(E),
}

/// AWS's text names the action that was missing, which may be another one than the operation's
/// own. Without one, it is not the caller who lacks a permission.
fn hint_for_denial(message: &str, request_id: Option<&str>) -> String {
    let action = message
        .split_once(" is not authorized to perform: ")
        .and_then(|(_, rest)| rest.split(' ').next());
    match action {
        Some(action) => format!("let the caller do `{action}`, or use the root credentials"),
        None => format!(
            "`bowline explain {}` tells why",
            request_id.unwrap_or("--last")
        ),
    }
}

impl Client {
    /// Sends a request of the operator API.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn operator(&self, operation: &str, input: &Value) -> Result<Response, SendError> {
        let target = format!("Bowline_20261101.{operation}");
        let request = Request::json("1.1", target, input);
        self.send("bowline", request).await
    }

    /// Calls an operation of the operator API: the body of its success.
    ///
    /// # Errors
    /// If no response comes, or the server rejects the request.
    pub async fn operate(&self, operation: &str, input: &Value) -> Result<Value, OperatorError> {
        let response = self.operator(operation, input).await?;
        self.success(&response)
    }

    /// Calls an operation whose success is a stream of bytes. `take` gets the head of the response
    /// and each piece. Whether the last piece is the end of what was sent is for the caller to see.
    ///
    /// # Errors
    /// As [`Self::operate`], and those of `take`.
    pub async fn stream<E>(
        &self,
        operation: &str,
        input: &Value,
        mut take: impl FnMut(&Response, &[u8]) -> Result<(), E>,
    ) -> Result<(), StreamError<E>> {
        let target = format!("Bowline_20261101.{operation}");
        let request = Request::json("1.1", target, input);
        let request = self.sign("bowline", request).map_err(OperatorError::from)?;
        let opened = self.transport().open(self.endpoint(), request).await;
        let mut streamed = opened.map_err(OperatorError::from)?;
        if streamed.head.status != 200 {
            let response = streamed.whole().await.map_err(OperatorError::from)?;
            self.success(&response)?;
            return Ok(());
        }
        while let Some(piece) = streamed.next().await.map_err(OperatorError::from)? {
            take(&streamed.head, &piece).map_err(StreamError::Take)?;
        }
        Ok(())
    }

    /// The body of a success.
    fn success(&self, response: &Response) -> Result<Value, OperatorError> {
        let body: Value =
            serde_json::from_slice(&response.body).map_err(|source| OperatorError::NotBowline {
                endpoint: self.endpoint().clone(),
                source,
            })?;
        if response.status == 200 {
            return Ok(body);
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        Err(OperatorError::Rejected {
            code: text("__type").to_owned(),
            message: text("message").to_owned(),
            request_id: response.request_id().map(str::to_owned),
        })
    }

    /// Calls an operation that lists, until its pages end: the entries of all of them.
    ///
    /// # Errors
    /// As [`Self::operate`].
    pub async fn list(
        &self,
        operation: &str,
        member: &'static str,
    ) -> Result<Vec<Value>, OperatorError> {
        let (mut all, mut input) = (Vec::new(), json!({}));
        loop {
            let mut page = self.operate(operation, &input).await?;
            let entries = page.get_mut(member).and_then(Value::as_array_mut);
            all.append(entries.ok_or(OperatorError::MissingMember(member))?);
            match page.get("NextToken") {
                None => return Ok(all),
                Some(token) => input = json!({ "NextToken": token }),
            }
        }
    }

    /// Why the request with this id was denied or, without an id, the latest denied request.
    ///
    /// # Errors
    /// As [`Self::operate`].
    pub async fn explain(&self, request_id: Option<&str>) -> Result<Value, OperatorError> {
        let input =
            request_id.map_or_else(|| json!({ "Last": true }), |id| json!({ "RequestId": id }));
        let mut output = self.operate("Explain", &input).await?;
        let explanation = output.get_mut("Explanation").map(Value::take);
        explanation.ok_or(OperatorError::MissingMember("explanation"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_the_action_that_was_missing() {
        let denied = "User: arn:aws:iam::111122223333:user/a is not authorized to perform: iam:PassRole on resource: b";
        insta::assert_snapshot!(hint_for_denial(denied, Some("1")), @"let the caller do `iam:PassRole`, or use the root credentials");
        insta::assert_snapshot!(hint_for_denial("The role cannot be assumed.", Some("1")), @"`bowline explain 1` tells why");
        insta::assert_snapshot!(hint_for_denial("The role cannot be assumed.", None), @"`bowline explain --last` tells why");
    }
}
