//! A client of a running server, as the AWS SDKs are: credentials and endpoint from the usual places, requests signed.

mod aws_call;
pub(crate) mod connection;
pub(crate) mod credentials_file;
mod endpoint;
pub(crate) mod operator;
mod usual_chain;

use anyhow::{Context as _, Result};
use bowline_aws::sigv4::{Credentials, RequestParts, SigningPayload, sign};
use bowline_server::clock::Clock;

pub(crate) use self::{
    connection::{Request, Response},
    endpoint::Endpoint,
    operator::EndpointArgs,
};

/// A client with an endpoint and, unless it is to be nobody, credentials.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) endpoint: Endpoint,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) region: String,
}

impl Client {
    /// Signs a request for a service, if there are credentials, and sends it.
    ///
    /// # Errors
    /// If it cannot be sent, or no answer comes. What the server refuses is an answer.
    pub(crate) async fn send(&self, service: &str, mut request: Request) -> Result<Response> {
        let host = self.endpoint.authority().to_owned();
        request.headers.push(("host".to_owned(), host));
        if let Some(credentials) = &self.credentials {
            let headers: Vec<(&str, &[u8])> = request
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_bytes()))
                .collect();
            let (path, query) = request
                .target
                .split_once('?')
                .unwrap_or((&request.target, ""));
            let parts = RequestParts {
                method: request.method.as_str(),
                path,
                query,
                headers: &headers,
            };
            let payload = SigningPayload::Whole(&request.body);
            let now = Clock::system().now();
            let added = sign(&parts, payload, credentials, &self.region, service, now)
                .context("signing the request")?;
            request.headers.extend(
                added
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value)),
            );
        }
        connection::exchange(&self.endpoint, request).await
    }
}
