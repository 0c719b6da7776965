//! The signed client and its calls of AWS's services.

use bowline_aws::{
    iam,
    sigv4::{Credentials, RequestParts, SigningPayload, sign},
    sts,
};
use http::Method;
use jiff::Timestamp;
use serde_json::Value;

use crate::{Endpoint, Request, Response, SendError, Transport};

/// A client of one endpoint. Clones share its pool of connections.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Transport,
    endpoint: Endpoint,
    region: String,
    credentials: Option<Credentials>,
}

impl Client {
    /// A client that signs nothing. `region` is the one that signatures name, once there are
    /// credentials.
    pub fn anonymous(transport: Transport, endpoint: Endpoint, region: impl Into<String>) -> Self {
        Self {
            transport,
            endpoint,
            region: region.into(),
            credentials: None,
        }
    }

    /// The same client without credentials.
    #[must_use]
    pub fn without_credentials(&self) -> Self {
        Self {
            credentials: None,
            ..self.clone()
        }
    }

    /// The same client with other credentials.
    #[must_use]
    pub fn with_credentials(&self, credentials: Credentials) -> Self {
        Self {
            credentials: Some(credentials),
            ..self.clone()
        }
    }

    /// Where requests are sent.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Adds `host`, and with credentials the headers of a signature that is valid now.
    ///
    /// # Errors
    /// [`SendError::Sign`] if the request cannot be signed.
    pub fn sign(&self, service: &str, mut request: Request) -> Result<Request, SendError> {
        let host = self.endpoint.authority().to_owned();
        request.headers.push(("host".to_owned(), host));
        let Some(credentials) = &self.credentials else {
            return Ok(request);
        };
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
        let signature = sign(&parts, payload, credentials, &self.region, service, now())?;
        let signature = signature
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        request.headers.extend(signature);
        Ok(request)
    }

    /// The pool of connections.
    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Signs a request for a service and sends it.
    ///
    /// # Errors
    /// If the request cannot be sent, or no response comes. A rejection is a response.
    pub async fn send(&self, service: &str, request: Request) -> Result<Response, SendError> {
        let request = self.sign(service, request)?;
        self.transport.send(&self.endpoint, request).await
    }

    /// Calls IAM.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn iam(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Response, SendError> {
        let request = Request::query(action, iam::VERSION, parameters);
        self.send("iam", request).await
    }

    /// Calls STS.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn sts(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Response, SendError> {
        let request = Request::query(action, sts::VERSION, parameters);
        self.send("sts", request).await
    }

    /// Calls DynamoDB.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn dynamodb(&self, operation: &str, input: &Value) -> Result<Response, SendError> {
        let target = format!("DynamoDB_20120810.{operation}");
        let request = Request::json("1.0", target, input);
        self.send("dynamodb", request).await
    }

    /// Sends an S3 request. `target` is a path and query, percent-encoded.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn s3(
        &self,
        method: Method,
        target: &str,
        body: impl Into<Vec<u8>>,
    ) -> Result<Response, SendError> {
        let request = Request {
            method,
            target: target.to_owned(),
            headers: Vec::new(),
            body: body.into(),
        };
        self.send("s3", request).await
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a signature names the time at which the request is sent"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
