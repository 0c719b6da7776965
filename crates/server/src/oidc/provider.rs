//! Validates a provider's settings when they are saved: URL, uploaded keys, certificate
//! authorities.

use std::{net::IpAddr, sync::Arc};

use aws_lc_rs::digest;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs::default_provider};
use rustls_pki_types::{CertificateDer, pem::PemObject};

use super::jwk::KeySet;
pub use super::jwk::{InvalidKeySet, KeyLeftOut};

/// Most characters of a provider's URL (shape `OpenIDConnectProviderUrlType` of IAM).
const MAX_URL: usize = 255;
/// Most certificates of one bundle.
const MAX_CERTIFICATES: usize = 100;

/// A URL that keys may be fetched from: https, or http where loopback issuers are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HttpUrl {
    pub(super) uri: http::Uri,
    /// `host[:port]` as it was written.
    pub(super) authority: String,
    /// Path and query, which begin with `/`.
    target: String,
}

/// Why a URL is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// Too long.
    #[error("url has more than {MAX_URL} characters")]
    Length,
    /// Not a URL of a host.
    #[error("url is not `https://` followed by a host, perhaps a port, and a path")]
    Shape,
    /// Not https.
    #[error("url does not begin with `https://`")]
    Scheme,
    /// http on a host that is not this machine.
    #[error("url begins with `http://`, which is allowed on loopback only")]
    Plain,
    /// A query or fragment.
    #[error("url has a query or a fragment")]
    Query,
    /// Names a user.
    #[error("url names a user")]
    User,
    /// Has path segments that mean other paths.
    #[error("url's path has empty segments, dot segments or escapes")]
    Path,
    /// Ambiguous with a condition key of AWS.
    #[error(
        "url is a host of one label without port or path, whose claims would read like keys of AWS"
    )]
    OneLabel,
}

/// Why a certificate bundle is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCaBundle {
    /// Not PEM.
    #[error("certificate bundle is not PEM after {0} certificates")]
    Pem(usize),
    /// A certificate cannot be an authority.
    #[error("certificate {0} of the bundle is not an X.509 certificate")]
    Certificate(usize),
    /// Empty, or too many certificates.
    #[error("certificate bundle has {0} certificates, not 1 to {MAX_CERTIFICATES}")]
    Count(usize),
}

/// Checks the URL of a new provider. It may have a port, unlike on AWS: clusters have them. A final
/// slash is preserved.
///
/// # Errors
/// The first rule that it breaks.
pub fn validate_url(url: &str, allow_loopback: bool) -> Result<(), InvalidUrl> {
    if url.len() > MAX_URL {
        return Err(InvalidUrl::Length);
    }
    let parsed = HttpUrl::parse(url, allow_loopback)?;
    if url.contains('?') {
        return Err(InvalidUrl::Query);
    }
    // The claims of `https://aws` would be condition keys `aws:..`, which are the server's own.
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    let bare = bare.trim_end_matches('/');
    if !bare.contains(['.', ':', '/']) && bare != "localhost" {
        return Err(InvalidUrl::OneLabel);
    }
    let path = parsed.target.strip_suffix('/').unwrap_or(&parsed.target);
    let odd = |segment: &str| segment.is_empty() || segment == "." || segment == "..";
    if path.contains('%') || path.split('/').skip(1).any(odd) {
        return Err(InvalidUrl::Path);
    }
    Ok(())
}

/// Checks uploaded keys: those of them that verify no token.
///
/// # Errors
/// If no key serves, or one is private.
pub fn validate_jwks(document: &str) -> Result<Vec<KeyLeftOut>, InvalidKeySet> {
    KeySet::uploaded(document.as_bytes()).map(|set| set.left_out().to_vec())
}

/// Checks certificate authorities in PEM.
///
/// # Errors
/// Names the first unusable certificate.
pub fn validate_ca_bundle(pem: &str) -> Result<(), InvalidCaBundle> {
    roots(pem).map(drop)
}

/// The TLS settings for a provider's documents.
#[derive(Debug)]
pub(super) struct ProviderTls {
    pub(super) config: Arc<ClientConfig>,
    /// The digest of the authorities, unless they are the public ones.
    pub(super) authorities: Option<[u8; 32]>,
}

/// The TLS settings for a provider: its own authorities replace the public ones, if it has any.
pub(super) fn tls(ca_bundle: Option<&str>) -> Result<ProviderTls, String> {
    let roots = match ca_bundle {
        Some(pem) => roots(pem).map_err(|e| e.to_string())?,
        None => RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        },
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?;
    let authorities = ca_bundle.and_then(|pem| {
        let digest = digest::digest(&digest::SHA256, pem.as_bytes());
        digest.as_ref().try_into().ok()
    });
    Ok(ProviderTls {
        config: Arc::new(builder.with_root_certificates(roots).with_no_client_auth()),
        authorities,
    })
}

fn roots(pem: &str) -> Result<RootCertStore, InvalidCaBundle> {
    let mut roots = RootCertStore::empty();
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|_| InvalidCaBundle::Pem(count))?;
        count += 1;
        if count > MAX_CERTIFICATES {
            return Err(InvalidCaBundle::Count(count));
        }
        let added = roots.add(certificate);
        added.map_err(|_| InvalidCaBundle::Certificate(count))?;
    }
    if count == 0 {
        return Err(InvalidCaBundle::Count(0));
    }
    Ok(roots)
}

impl HttpUrl {
    /// The host, as all of its names for limits are written.
    pub(super) fn host(&self) -> String {
        let host = self.uri.host().unwrap_or_default().to_ascii_lowercase();
        host.trim_end_matches('.').to_owned()
    }

    pub(super) fn parse(url: &str, allow_loopback: bool) -> Result<Self, InvalidUrl> {
        let (secure, rest) = match url.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) if allow_loopback => (false, rest),
            Some(_) | None => return Err(InvalidUrl::Scheme),
        };
        if url.contains('#') {
            return Err(InvalidUrl::Query);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(end).ok_or(InvalidUrl::Shape)?;
        if authority.contains('@') {
            return Err(InvalidUrl::User);
        }
        let uri: http::Uri = url.parse().map_err(|_| InvalidUrl::Shape)?;
        let host = uri.host().ok_or(InvalidUrl::Shape)?;
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        // After the host there is nothing, or a colon and a port.
        if let Some((_, port)) = authority.rsplit_once(':')
            && !port.ends_with(']')
        {
            let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            if !digits || port.parse::<u16>().is_ok_and(|port| port == 0) {
                return Err(InvalidUrl::Shape);
            }
            port.parse::<u16>().map_err(|_| InvalidUrl::Shape)?;
        }
        if host.is_empty() || !target.is_ascii() {
            return Err(InvalidUrl::Shape);
        }
        let loopback = host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if !secure && !loopback {
            return Err(InvalidUrl::Plain);
        }
        let target = if target.starts_with('/') {
            target.to_owned()
        } else {
            format!("/{target}")
        };
        Ok(Self {
            authority: authority.to_owned(),
            target,
            uri,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(url: &str) -> String {
        validate_url(url, false).map_or_else(|e| e.to_string(), |()| "ok".to_owned())
    }

    #[test]
    fn a_provider_is_https_with_a_host_and_a_plain_path() {
        assert_eq!(verdict("https://oidc.example/id/ABC"), "ok");
        assert_eq!(verdict("https://oidc.example:8443/id"), "ok");
        assert_eq!(verdict("https://tenant.example/"), "ok");
        insta::assert_snapshot!(verdict("http://oidc.example"), @"url does not begin with `https://`");
        insta::assert_snapshot!(verdict("https://"), @"url is not `https://` followed by a host, perhaps a port, and a path");
        insta::assert_snapshot!(verdict("https://oidc.example?a=b"), @"url has a query or a fragment");
        insta::assert_snapshot!(verdict("https://oidc.example/#a"), @"url has a query or a fragment");
        insta::assert_snapshot!(verdict("https://a@oidc.example/"), @"url names a user");
        insta::assert_snapshot!(verdict("https://oidc.example/a/../b"), @"url's path has empty segments, dot segments or escapes");
        insta::assert_snapshot!(verdict("https://oidc.example//b"), @"url's path has empty segments, dot segments or escapes");
        insta::assert_snapshot!(verdict("https://aws"), @"url is a host of one label without port or path, whose claims would read like keys of AWS");
        assert_eq!(verdict("https://sts/"), verdict("https://aws"));
        assert_eq!(verdict("https://aws:8443"), "ok");
        assert_eq!(verdict("https://aws/id"), "ok");
        insta::assert_snapshot!(verdict("https://oidc.example:0/b"), @"url is not `https://` followed by a host, perhaps a port, and a path");
    }

    #[test]
    fn plain_http_is_for_loopback_where_it_is_allowed() {
        let verdict = |url| validate_url(url, true);
        assert_eq!(verdict("http://127.0.0.1:8080"), Ok(()));
        assert_eq!(verdict("http://localhost:8080/id"), Ok(()));
        assert_eq!(verdict("http://[::1]:8080/id"), Ok(()));
        assert_eq!(verdict("http://10.0.0.1"), Err(InvalidUrl::Plain));
        assert_eq!(verdict("http://localhost.example"), Err(InvalidUrl::Plain));
    }

    #[test]
    fn a_bundle_without_certificates_is_refused() {
        assert_eq!(validate_ca_bundle("hello"), Err(InvalidCaBundle::Count(0)));
    }
}
