//! The flags of the commands that are clients of a server, and their calls of its operator API.
#![expect(
    clippy::doc_markdown,
    reason = "a flag's documentation is its --help, which is not Markdown"
)]

use anyhow::{Context as _, Result};
use bowline_client::{
    Client, Environment, Response, default_chain,
    operator::{OperatorError, StreamError},
};
use clap::Args;
use serde_json::Value;
use tokio::runtime::Builder;

use crate::error::CommandError;

/// Which server a command calls. Credentials come from AWS's default credential provider chain.
#[derive(Debug, Args)]
pub(crate) struct EndpointArgs {
    /// The server [default: AWS_ENDPOINT_URL, or http://127.0.0.1:9400]
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,

    /// A profile of the shared credentials file, in place of other credentials [default:
    /// AWS_PROFILE]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

impl EndpointArgs {
    /// Calls an operation: the body of its success.
    ///
    /// # Errors
    /// If there is no server, or there are no credentials, or the server rejects the request.
    pub(crate) fn call(&self, operation: &str, input: &Value) -> Result<Value, CommandError> {
        self.run(async |client| client.operate(operation, input).await)
    }

    /// Calls an operation of IAM: its response, which may be a rejection.
    ///
    /// # Errors
    /// If there is no server, or there are no credentials.
    pub(crate) fn iam(&self, action: &str) -> Result<Response, CommandError> {
        self.run(async |client| Ok(client.iam(action, &[]).await?))
    }

    /// Calls an operation that lists: the entries of all its pages.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub(crate) fn list(
        &self,
        operation: &str,
        member: &'static str,
    ) -> Result<Vec<Value>, CommandError> {
        self.run(async |client| client.list(operation, member).await)
    }

    /// Why a request was denied, or the latest one.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub(crate) fn explain(&self, request_id: Option<&str>) -> Result<Value, CommandError> {
        self.run(async |client| client.explain(request_id).await)
    }

    /// Calls an operation whose success is a stream of bytes: `take` gets each piece.
    ///
    /// # Errors
    /// As [`Self::call`], and those of `take`.
    pub(crate) fn stream(
        &self,
        operation: &str,
        input: &Value,
        take: impl FnMut(&Response, &[u8]) -> Result<()>,
    ) -> Result<(), CommandError> {
        let taken = self.run(async |client| Ok(client.stream(operation, input, take).await))?;
        match taken {
            Ok(()) => Ok(()),
            Err(StreamError::Operator(error)) => Err(error.into()),
            Err(StreamError::Take(error)) => Err(error.into()),
        }
    }

    fn run<T>(
        &self,
        call: impl AsyncFnOnce(&Client) -> Result<T, OperatorError>,
    ) -> Result<T, CommandError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .context("starting the runtime")?;
        runtime.block_on(async {
            let (endpoint, profile) = (self.endpoint.as_deref(), self.profile.as_deref());
            let client = default_chain::client(&Environment::Process, endpoint, profile).await?;
            Ok(call(&client).await?)
        })
    }
}
