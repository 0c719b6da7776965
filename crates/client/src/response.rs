//! Responses, and what the bodies of the query protocol and of the JSON protocols say.

use bowline_aws::{
    credentials::{SecretAccessKey, SessionToken},
    sigv4::Credentials,
};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

/// A whole response.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as text, with replacement characters where it is not UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first header of this name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The string at this JSON pointer of the body, such as `/Credentials/SessionToken`.
    pub fn json_text(&self, pointer: &str) -> Option<String> {
        Some(self.json()?.pointer(pointer)?.as_str()?.to_owned())
    }

    /// The text of the first XML element of this name, unescaped.
    pub fn element(&self, name: &str) -> Option<String> {
        let text = self.text();
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (inner, _) = rest.split_once(&format!("</{name}>"))?;
        Some(
            inner
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&amp;", "&"),
        )
    }

    /// The code of an error, without DynamoDB's namespace.
    pub fn error_code(&self) -> Option<String> {
        self.element("Code").or_else(|| {
            let code = self.json_text("/__type")?;
            Some(code.rsplit('#').next()?.to_owned())
        })
    }

    /// Code and message of an error, as `CODE: MESSAGE`.
    pub fn error(&self) -> Option<String> {
        let code = self.error_code()?;
        let message = self
            .element("Message")
            .or_else(|| self.json_text("/message"))
            .or_else(|| self.json_text("/Message"))?;
        Some(format!("{code}: {message}"))
    }

    /// The request id, from the header that the response's protocol uses.
    pub fn request_id(&self) -> Option<&str> {
        ["x-amzn-requestid", "x-amz-request-id"]
            .into_iter()
            .find_map(|name| self.header(name))
    }

    /// The temporary credentials in a response of STS or of the operator API.
    pub fn credentials(&self) -> Option<Credentials> {
        let text = |name: &str| {
            self.element(name)
                .or_else(|| self.json_text(&format!("/Credentials/{name}")))
        };
        Some(Credentials {
            access_key_id: text("AccessKeyId")?.parse().ok()?,
            secret_access_key: SecretAccessKey::new(text("SecretAccessKey")?).ok()?,
            session_token: Some(SessionToken::new(text("SessionToken")?).ok()?),
        })
    }
}
