//! Requests of the query protocol, and what its answers say.

use anyhow::Result;
use bowline_aws::{
    credentials::{SecretAccessKey, SessionToken},
    iam,
    sigv4::Credentials,
    sts,
};
use http::Method;

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
}

impl Response {
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

    /// Code and message of an error.
    pub(crate) fn error(&self) -> Option<String> {
        let (code, message) = (self.element("Code")?, self.element("Message")?);
        Some(format!("{code}: {message}"))
    }

    /// The request's id, where its protocol has it.
    pub(crate) fn request_id(&self) -> Option<String> {
        ["x-amzn-requestid", "x-amz-request-id"]
            .into_iter()
            .find_map(|name| self.header(name))
            .map(str::to_owned)
    }

    /// The credentials in an answer of STS.
    pub(crate) fn credentials(&self) -> Option<Credentials> {
        Some(Credentials {
            access_key_id: self.element("AccessKeyId")?.parse().ok()?,
            secret_access_key: SecretAccessKey::new(self.element("SecretAccessKey")?).ok()?,
            session_token: Some(SessionToken::new(self.element("SessionToken")?).ok()?),
        })
    }
}
