//! The head of a request: everything but the body, with the server's own facts about it.
//!
//! [`RequestHead::read`] rejects a head that two parsers could read in two ways (a second `Host`,
//! an absolute target) before anything looks at it. Path and query stay as they were sent, since
//! the signature covers that form. A rejected request is recorded like any other, so
//! [`AmbiguousRequest`] keeps its head.

use std::net::IpAddr;

use bowline_aws::output::Format;
use http::{Method, header, request::Parts};
use ipnet::IpNet;
use jiff::Timestamp;

use super::peer::Peer;
use crate::clock::Stopwatch;

/// The head of a request.
#[derive(Debug)]
pub(crate) struct RequestHead {
    /// The time of the request, which every step uses.
    pub(crate) now: Timestamp,
    /// Runs since the head was read.
    pub(crate) stopwatch: Stopwatch,
    /// The client.
    pub(crate) peer: Peer,
    parts: Parts,
}

/// A rejected head, for the audit and the explanation. Never authorized: it can be parsed in two
/// ways (request smuggling).
#[derive(Debug)]
pub(crate) struct AmbiguousRequest {
    /// The head. Its peer is that of the connection, whatever a proxy says.
    pub(crate) head: RequestHead,
    /// The reason.
    pub(crate) why: Ambiguity,
}

/// Most characters of a target that are kept: an unauthenticated client fills memory with no more.
const MAX_TARGET_CHARS: usize = 256;

/// A part of a head that can be parsed in two ways.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Ambiguity {
    /// A target with a scheme and a host of its own, or with no path.
    #[error("the request target `{0}` is not a path")]
    Target(String),
    /// No `Host`, or several.
    #[error("the request has {0} Host headers")]
    Hosts(usize),
    /// A `Host` that is empty or not ASCII.
    #[error("the Host header is no name")]
    Host,
    /// A trusted proxy's `X-Forwarded-For` that cannot be parsed.
    #[error("the X-Forwarded-For header that the proxy `{0}` has set cannot be read")]
    ForwardedFor(IpAddr),
}

/// Header names in lower case, with their values. Headers stay in the order received, except that
/// repeated ones stand together.
pub(crate) type Headers<'a> = Vec<(&'a str, &'a [u8])>;

impl RequestHead {
    /// Checks a head.
    ///
    /// # Errors
    /// [`AmbiguousRequest`].
    pub(crate) fn read(
        parts: Parts,
        peer: Peer,
        trusted_proxies: &[IpNet],
        now: Timestamp,
        stopwatch: Stopwatch,
    ) -> Result<Self, Box<AmbiguousRequest>> {
        let read = check(&parts).and_then(|()| {
            peer.in_front_of(trusted_proxies, &parts.headers)
                .ok_or(Ambiguity::ForwardedFor(peer.address))
        });
        let of = |peer| Self {
            now,
            stopwatch,
            peer,
            parts,
        };
        match read {
            Ok(peer) => Ok(of(peer)),
            Err(why) => Err(Box::new(AmbiguousRequest {
                head: of(peer),
                why,
            })),
        }
    }

    /// The method.
    pub(crate) fn method(&self) -> &Method {
        &self.parts.method
    }

    /// The path, still percent-encoded.
    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// The part after the `?`, still percent-encoded; empty if there is none.
    pub(crate) fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// The `Host` header.
    pub(crate) fn host(&self) -> &str {
        self.header("host").unwrap_or_default()
    }

    /// The first value of a header, if it is text.
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

    /// The form of a response of the query protocol: JSON if `Accept` prefers it to XML. The first
    /// of several that the client likes as much counts.
    pub(crate) fn accepted_format(&self) -> Format {
        let mut best = (0.0, Format::Xml);
        for range in self.header("accept").unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let format = match parts.next().unwrap_or_default() {
                name if name.eq_ignore_ascii_case("application/json") => Format::Json,
                name if ["text/xml", "application/xml", "text/*", "*/*"]
                    .iter()
                    .any(|xml| name.eq_ignore_ascii_case(xml)) =>
                {
                    Format::Xml
                }
                _ => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
            let quality: f32 = quality.unwrap_or(1.0);
            if quality > best.0 {
                best = (quality, format);
            }
        }
        best.1
    }

    /// Whether there is a `Content-Type`, readable or not.
    pub(crate) fn has_content_type(&self) -> bool {
        self.parts.headers.contains_key(header::CONTENT_TYPE)
    }

    /// Whether the `Content-Type` is that of a form.
    pub(crate) fn has_form(&self) -> bool {
        let content_type = self.header("content-type").unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default();
        essence
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }
}

/// Checks that target and host can be parsed in one way only.
fn check(parts: &Parts) -> Result<(), Ambiguity> {
    if parts.uri.authority().is_some() || !parts.uri.path().starts_with('/') {
        let target = parts.uri.to_string();
        return Err(Ambiguity::Target(
            target.chars().take(MAX_TARGET_CHARS).collect(),
        ));
    }
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.count()) {
        (Some(host), 0) if host.to_str().is_ok_and(|host| !host.is_empty()) => Ok(()),
        (Some(_), 0) => Err(Ambiguity::Host),
        (first, more) => Err(Ambiguity::Hosts(usize::from(first.is_some()) + more)),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

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
        let head = RequestHead::read(
            parts,
            Peer::tcp(SocketAddr::new(peer.parse().unwrap(), 1)),
            &trusted,
            clock.now(),
            clock.stopwatch(),
        );
        match head {
            Ok(head) => format!("{} {}", head.peer.address, head.peer.is_secure()),
            Err(unclear) => format!("{}; {}", unclear.head.peer.address, unclear.why),
        }
    }

    #[test]
    fn a_response_is_json_only_if_the_client_prefers_it() {
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        let format = |accept: &str| {
            let request = Request::builder()
                .header("host", "a")
                .header("accept", accept);
            let (parts, ()) = request.body(()).unwrap().into_parts();
            let peer = Peer::tcp(SocketAddr::new("192.0.2.1".parse().unwrap(), 1));
            let head = RequestHead::read(parts, peer, &[], clock.now(), clock.stopwatch());
            head.unwrap().accepted_format()
        };
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/json, text/plain, */*",
            "text/html, application/json;q=0.9, */*;q=0.8",
        ] {
            assert_eq!(format(json), Format::Json, "{json}");
        }
        for xml in [
            "",
            "*/*",
            "application/xml, application/json",
            "application/json;q=0",
            "application/json;q=0.5, text/xml",
            "application/x-amz-json-1.0",
        ] {
            assert_eq!(format(xml), Format::Xml, "{xml}");
        }
    }

    #[test]
    fn a_long_target_is_truncated() {
        let result = read(
            &format!("http://{}/", "a".repeat(10_000)),
            &[("host", "a")],
            "192.0.2.1",
            &[],
        );
        assert!(result.len() < 400, "{result}");
    }

    #[test]
    fn a_request_has_one_host_and_a_path() {
        insta::assert_snapshot!(read("/", &[("host", "a")], "192.0.2.1", &[]), @"192.0.2.1 false");
        insta::assert_snapshot!(read("/", &[], "192.0.2.1", &[]), @"192.0.2.1; the request has 0 Host headers");
        insta::assert_snapshot!(read("/", &[("host", "a"), ("host", "a")], "192.0.2.1", &[]), @"192.0.2.1; the request has 2 Host headers");
        insta::assert_snapshot!(read("/", &[("host", "")], "192.0.2.1", &[]), @"192.0.2.1; the Host header is no name");
        insta::assert_snapshot!(read("http://a/", &[("host", "a")], "192.0.2.1", &[]), @"192.0.2.1; the request target `http://a/` is not a path");
        insta::assert_snapshot!(read("*", &[("host", "a")], "192.0.2.1", &[]), @"192.0.2.1; the request target `*` is not a path");
    }

    #[test]
    fn only_a_trusted_proxy_names_the_client() {
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
        // The client's own entries stand further left.
        insta::assert_snapshot!(forwarded("198.51.100.1, 203.0.113.7, 10.0.0.2", &["10.0.0.0/8"]), @"203.0.113.7 true");
        insta::assert_snapshot!(forwarded("unknown", &["10.0.0.0/8"]), @"10.0.0.1; the X-Forwarded-For header that the proxy `10.0.0.1` has set cannot be read");
        insta::assert_snapshot!(read("/", &[("host", "a")], "10.0.0.1", &["10.0.0.0/8"]), @"10.0.0.1 false");
        insta::assert_snapshot!(read("/", &[("host", "a")], "::ffff:192.0.2.1", &[]), @"192.0.2.1 false");
    }
}
