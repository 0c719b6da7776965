//! Where a server is.

use std::str::FromStr;

use anyhow::{Context as _, Result, bail, ensure};
use http::Uri;

/// `http://host:port` or `https://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) secure: bool,
    /// Without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    authority: String,
}

impl Endpoint {
    /// `host[:port]`, as the `Host` header has it.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }
}

impl FromStr for Endpoint {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> Result<Self> {
        // Before anything repeats it: what stands before the @ may be a password.
        ensure!(
            !url.contains('@'),
            "the URL names a user; an endpoint names none"
        );
        let uri: Uri = url
            .parse()
            .with_context(|| format!("`{url}` is not a URL"))?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => bail!("`{url}` does not begin with http:// or https://"),
        };
        let authority = uri.authority().context("the URL has no host")?;
        ensure!(
            matches!(uri.path(), "" | "/") && uri.query().is_none(),
            "`{url}` has a path; an endpoint has none"
        );
        let host = authority.host().trim_matches(['[', ']']);
        Ok(Self {
            secure,
            host: host.to_owned(),
            port: authority
                .port_u16()
                .unwrap_or(if secure { 443 } else { 80 }),
            authority: authority.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_scheme_a_host_and_a_port() {
        let shown = |url: &str| match url.parse::<Endpoint>() {
            Ok(e) => format!("{} {} {} {}", e.secure, e.host, e.port, e.authority()),
            Err(error) => error.to_string(),
        };
        insta::assert_snapshot!(shown("http://127.0.0.1:9400"), @"false 127.0.0.1 9400 127.0.0.1:9400");
        insta::assert_snapshot!(shown("https://bowline.example.com/"), @"true bowline.example.com 443 bowline.example.com");
        insta::assert_snapshot!(shown("http://[::1]:9400"), @"false ::1 9400 [::1]:9400");
        insta::assert_snapshot!(shown("127.0.0.1:9400"), @"`127.0.0.1:9400` does not begin with http:// or https://");
        insta::assert_snapshot!(shown("http://host/path"), @"`http://host/path` has a path; an endpoint has none");
        insta::assert_snapshot!(shown("http://user:secret@host"), @"the URL names a user; an endpoint names none");
    }
}
