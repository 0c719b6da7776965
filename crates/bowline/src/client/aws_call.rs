//! Requests of the query protocol and of the JSON protocols, and what their answers say.

use anyhow::Result;
use bowline_aws::{
    credentials::{SecretAccessKey, SessionToken},
    iam,
    sigv4::Credentials,
    sts,
};
use http::Method;
use serde_json::Value;

use super::{Client, Request, Response};

impl Client {
    /// The same without credentials.
    pub(crate) fn nobody(&self) -> Self {
        Self {
            credentials: None,
            ..self.clone()
        }
    }

    /// The same with these credentials.
    pub(crate) fn with(&self, credentials: Credentials) -> Self {
        Self {
            credentials: Some(credentials),
            ..self.clone()
        }
    }

    /// Calls IAM.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn iam(&self, action: &str, more: &[(&str, &str)]) -> Result<Response> {
        self.query("iam", iam::VERSION, action, more).await
    }

    /// Calls STS.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn sts(&self, action: &str, more: &[(&str, &str)]) -> Result<Response> {
        self.query("sts", sts::VERSION, action, more).await
    }

    /// Calls DynamoDB.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn dynamodb(&self, operation: &str, input: &Value) -> Result<Response> {
        let target = format!("DynamoDB_20120810.{operation}");
        self.send("dynamodb", Request::json("1.0", target, input))
            .await
    }

    async fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        more: &[(&str, &str)],
    ) -> Result<Response> {
        let mut parameters = vec![("Action", action), ("Version", version)];
        parameters.extend_from_slice(more);
        self.send(service, Request::form(&parameters)).await
    }
}

impl Request {
    /// A call of the query protocol.
    fn form(parameters: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        Self {
            method: Method::POST,
            target: "/".to_owned(),
            headers: vec![(
                "content-type".to_owned(),
                "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
            )],
            body: body.into_bytes(),
        }
    }

    /// A call of a JSON protocol of this version.
    pub(super) fn json(version: &str, target: String, input: &Value) -> Self {
        Self {
            method: Method::POST,
            target: "/".to_owned(),
            headers: vec![
                (
                    "content-type".to_owned(),
                    format!("application/x-amz-json-{version}"),
                ),
                ("x-amz-target".to_owned(), target),
            ],
            body: input.to_string().into_bytes(),
        }
    }
}

impl Response {
    /// The body, if it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The text at this path of a body that is JSON, such as `/Credentials/SessionToken`.
    pub(crate) fn text_at(&self, path: &str) -> Option<String> {
        Some(self.json()?.pointer(path)?.as_str()?.to_owned())
    }

    /// What stands in the first element of this name, unescaped.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
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

    /// The code of an error.
    pub(crate) fn code(&self) -> Option<String> {
        self.element("Code").or_else(|| {
            let code = self.text_at("/__type")?;
            // DynamoDB puts its namespace before it.
            Some(code.rsplit('#').next()?.to_owned())
        })
    }

    /// Code and message of an error.
    pub(crate) fn error(&self) -> Option<String> {
        let code = self.code()?;
        let message = self
            .element("Message")
            .or_else(|| self.text_at("/message"))
            .or_else(|| self.text_at("/Message"))?;
        Some(format!("{code}: {message}"))
    }

    /// The request's id, where its protocol has it.
    pub(crate) fn request_id(&self) -> Option<String> {
        ["x-amzn-requestid", "x-amz-request-id"]
            .into_iter()
            .find_map(|name| self.header(name))
            .map(str::to_owned)
    }

    /// The credentials in an answer of STS or of the operator API.
    pub(crate) fn credentials(&self) -> Option<Credentials> {
        let text = |name: &str| {
            self.element(name)
                .or_else(|| self.text_at(&format!("/Credentials/{name}")))
        };
        Some(Credentials {
            access_key_id: text("AccessKeyId")?.parse().ok()?,
            secret_access_key: SecretAccessKey::new(text("SecretAccessKey")?).ok()?,
            session_token: Some(SessionToken::new(text("SessionToken")?).ok()?),
        })
    }
}
