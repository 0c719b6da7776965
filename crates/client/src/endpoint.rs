//! Where a server is: `http://HOST[:PORT]` or `https://HOST[:PORT]`.

use std::{fmt, str::FromStr};

use http::{Uri, uri::InvalidUri};

/// An endpoint: a scheme, a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    secure: bool,
    authority: String,
}

/// The text is not an endpoint.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// It is not a URL.
    #[error("`{url}` is not a URL")]
    NotAUrl {
        /// The text.
        url: String,
        /// Why.
        source: InvalidUri,
    },
    /// It names a user. The text is not repeated, since it may contain a password.
    #[error("the URL names a user; an endpoint names none")]
    User,
    /// Its scheme is neither http nor https.
    #[error("`{0}` does not begin with http:// or https://")]
    Scheme(String),
    /// It has a path or a query.
    #[error("`{0}` has a path; an endpoint has none")]
    Path(String),
}

impl Endpoint {
    /// Whether requests are sent over TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// `HOST[:PORT]`, as the `host` header has it.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

/// The URL, without a final slash.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(url: &str) -> Result<Self, EndpointError> {
        if url.contains('@') {
            return Err(EndpointError::User);
        }
        let uri: Uri = url.parse().map_err(|source| EndpointError::NotAUrl {
            url: url.to_owned(),
            source,
        })?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(EndpointError::Scheme(url.to_owned())),
        };
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(EndpointError::Path(url.to_owned()));
        }
        // A URI with a scheme always has an authority (RFC 9110, 4.2.1).
        let authority = uri.authority().map(ToString::to_string);
        Ok(Self {
            secure,
            authority: authority.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_scheme_a_host_and_a_port() {
        let shown = |url: &str| match url.parse::<Endpoint>() {
            Ok(endpoint) => format!("{endpoint} {}", endpoint.authority()),
            Err(error) => error.to_string(),
        };
        insta::assert_snapshot!(shown("http://127.0.0.1:9400"), @"http://127.0.0.1:9400 127.0.0.1:9400");
        insta::assert_snapshot!(shown("https://bowline.example.com/"), @"https://bowline.example.com bowline.example.com");
        insta::assert_snapshot!(shown("http://[::1]:9400"), @"http://[::1]:9400 [::1]:9400");
        insta::assert_snapshot!(shown("127.0.0.1:9400"), @"`127.0.0.1:9400` does not begin with http:// or https://");
        insta::assert_snapshot!(shown("http://"), @"`http://` is not a URL");
        insta::assert_snapshot!(shown("http://host/path"), @"`http://host/path` has a path; an endpoint has none");
        insta::assert_snapshot!(shown("http://user:secret@host"), @"the URL names a user; an endpoint names none");
    }
}
