//! The head of a request: everything but the body, with what the server itself knows of it.
//!
//! [`Head::read`] refuses what two readers could understand in two ways (a second `Host`, an absolute target) before anything
//! looks at it. Path and query stay as they came over the wire: that is what was signed.

use std::net::IpAddr;

use bowline_aws::error::{AwsError, Code};
use http::{HeaderMap, Method, header, request::Parts};
use ipnet::IpNet;
use jiff::Timestamp;

use crate::{app::Ids, clock::Stopwatch};

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Head {
    /// What the request and its audit record are called.
    pub(crate) ids: Ids,
    /// The request's time: the only one that any step of it sees.
    pub(crate) now: Timestamp,
    /// Runs since the head was read.
    pub(crate) stopwatch: Stopwatch,
    /// Where it comes from.
    pub(crate) source: Source,
    parts: Parts,
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The client's address: the peer's, or what a trusted proxy says.
    pub(crate) address: IpAddr,
    /// Whether the client came by TLS, as far as a trusted proxy says.
    pub(crate) secure: bool,
}

/// Header names in lower case with their values, in the order received but for repeats, which stand together.
pub(crate) type Headers<'a> = Vec<(&'a str, &'a [u8])>;

impl Head {
    /// Checks a head.
    ///
    /// # Errors
    /// What the client reads, in the form that S3 has, since nobody knows yet which API was meant.
    pub(crate) fn read(
        parts: Parts,
        peer: IpAddr,
        trusted_proxies: &[IpNet],
        ids: Ids,
        now: Timestamp,
        stopwatch: Stopwatch,
    ) -> Result<Self, AwsError> {
        let refused = |what: &'static str| AwsError::new(Code::InvalidRequest, what);
        if parts.uri.authority().is_some() || !parts.uri.path().starts_with('/') {
            return Err(refused("The request target must be a path"));
        }
        let mut hosts = parts.headers.get_all(header::HOST).iter();
        match (hosts.next(), hosts.next()) {
            (Some(host), None) if host.to_str().is_ok_and(|host| !host.is_empty()) => {}
            _ => return Err(refused("The request must have exactly one Host header")),
        }
        let source = Source::of(&parts.headers, peer, trusted_proxies).ok_or_else(|| {
            refused("The X-Forwarded-For header that a proxy has set cannot be read")
        })?;
        Ok(Self {
            ids,
            now,
            stopwatch,
            source,
            parts,
        })
    }

    /// The method.
    pub(crate) fn method(&self) -> &Method {
        &self.parts.method
    }

    /// The path, still percent-encoded.
    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// What follows the `?`, still percent-encoded; empty if there is none.
    pub(crate) fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// The `Host` header.
    pub(crate) fn host(&self) -> &str {
        self.header("host").unwrap_or_default()
    }

    /// The value of a header that comes first under this name, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// All headers.
    pub(crate) fn headers(&self) -> Headers<'_> {
        let headers = self.parts.headers.iter();
        headers
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect()
    }

    /// Whether the body is said to be a form.
    pub(crate) fn has_form(&self) -> bool {
        let content_type = self.header("content-type").unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default();
        essence
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }
}

impl Source {
    /// Who stands before the trusted proxies. None if such a proxy says what cannot be read.
    fn of(headers: &HeaderMap, peer: IpAddr, trusted: &[IpNet]) -> Option<Self> {
        let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
        let mut address = peer.to_canonical();
        if !is_trusted(address) {
            return Some(Self {
                address,
                secure: false,
            });
        }
        // Each proxy appends whom it got the request from: the last one that is no proxy of ours is the client.
        let chain = headers.get_all("x-forwarded-for").iter();
        let chain: Vec<&str> = chain
            .map(|value| value.to_str())
            .collect::<Result<_, _>>()
            .ok()?;
        let hops = chain.iter().rev().flat_map(|list| list.rsplit(','));
        for hop in hops {
            address = hop.trim().parse::<IpAddr>().ok()?.to_canonical();
            if !is_trusted(address) {
                break;
            }
        }
        let mut schemes = headers.get_all("x-forwarded-proto").iter();
        let secure = match (schemes.next(), schemes.next()) {
            (Some(scheme), None) => scheme.as_bytes().eq_ignore_ascii_case(b"https"),
            _ => false,
        };
        Some(Self { address, secure })
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::clock::Clock;

    fn read(uri: &str, headers: &[(&str, &str)], peer: &str, trusted: &[&str]) -> String {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        let head = Head::read(
            parts,
            peer.parse().unwrap(),
            &trusted,
            Ids {
                request: String::new(),
                record: String::new(),
            },
            clock.now(),
            clock.stopwatch(),
        );
        match head {
            Ok(head) => format!("{} {}", head.source.address, head.source.secure),
            Err(error) => error.message().to_owned(),
        }
    }

    #[test]
    fn a_request_has_one_host_and_a_path() {
        insta::assert_snapshot!(read("/", &[("host", "a")], "192.0.2.1", &[]), @"192.0.2.1 false");
        insta::assert_snapshot!(read("/", &[], "192.0.2.1", &[]), @"The request must have exactly one Host header");
        insta::assert_snapshot!(read("/", &[("host", "a"), ("host", "a")], "192.0.2.1", &[]), @"The request must have exactly one Host header");
        insta::assert_snapshot!(read("http://a/", &[("host", "a")], "192.0.2.1", &[]), @"The request target must be a path");
        insta::assert_snapshot!(read("*", &[("host", "a")], "192.0.2.1", &[]), @"The request target must be a path");
    }

    #[test]
    fn only_a_trusted_proxy_says_who_stands_before_it() {
        let forwarded = |chain: &str, trusted: &[&str]| {
            let headers = [
                ("host", "a"),
                ("x-forwarded-for", chain),
                ("x-forwarded-proto", "https"),
            ];
            read("/", &headers, "10.0.0.1", trusted)
        };
        insta::assert_snapshot!(forwarded("203.0.113.7", &[]), @"10.0.0.1 false");
        insta::assert_snapshot!(forwarded("203.0.113.7", &["10.0.0.0/8"]), @"203.0.113.7 true");
        // Whatever the client itself has sent stands further left.
        insta::assert_snapshot!(forwarded("198.51.100.1, 203.0.113.7, 10.0.0.2", &["10.0.0.0/8"]), @"203.0.113.7 true");
        insta::assert_snapshot!(forwarded("unknown", &["10.0.0.0/8"]), @"The X-Forwarded-For header that a proxy has set cannot be read");
        insta::assert_snapshot!(read("/", &[("host", "a")], "10.0.0.1", &["10.0.0.0/8"]), @"10.0.0.1 false");
        insta::assert_snapshot!(read("/", &[("host", "a")], "::ffff:192.0.2.1", &[]), @"192.0.2.1 false");
    }
}
