//! Requests, and how the query protocol and the JSON protocols write a call.

use http::Method;
use serde_json::Value;

/// A request, not yet signed.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query, percent-encoded.
    pub target: String,
    /// The headers in order, without `host`, which [`Client::sign`](crate::Client::sign) adds.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Request {
    /// A GET of this target without a body.
    pub fn get(target: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A call of the query protocol, as the SDKs send it: a form.
    pub fn query(action: &str, version: &str, parameters: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", action)
            .append_pair("Version", version)
            .extend_pairs(parameters)
            .finish();
        Self::post(
            "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
            body,
        )
    }

    /// A call of this version of the JSON protocol. `target` is the value of `x-amz-target`.
    pub fn json(version: &str, target: String, input: &Value) -> Self {
        let content_type = format!("application/x-amz-json-{version}");
        let mut request = Self::post(content_type, input.to_string());
        request.headers.push(("x-amz-target".to_owned(), target));
        request
    }

    fn post(content_type: String, body: String) -> Self {
        Self {
            method: Method::POST,
            target: "/".to_owned(),
            headers: vec![("content-type".to_owned(), content_type)],
            body: body.into_bytes(),
        }
    }
}
