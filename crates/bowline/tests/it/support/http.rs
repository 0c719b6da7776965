//! Requests written by hand: what no well-behaved client would send can be sent, byte for byte.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// A request, its headers in order and as often as they were added.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The request target exactly as it goes onto the wire.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn put(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("PUT", target).body(body)
    }

    /// A call of the query protocol: a form by POST, as every SDK sends it.
    pub(crate) fn form(parameters: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        Self::new("POST", "/")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    #[must_use]
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds a header, beside any of the same name.
    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Changes the value of a header that is there.
    #[must_use]
    pub(crate) fn replaced(mut self, name: &str, value: &str) -> Self {
        let header = self
            .headers
            .iter_mut()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        value.clone_into(&mut header.unwrap_or_else(|| panic!("no header `{name}`")).1);
        self
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    /// Sends it on a connection of its own. `Host` and `Content-Length` are added unless they are there.
    pub(crate) fn send(&self, port: u16) -> Response {
        exchange(port, &self.bytes(port))
    }

    /// Sends it to a server that may be killed meanwhile: the answer, if a whole one came.
    pub(crate) fn try_send(&self, port: u16) -> Option<Response> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
        stream.write_all(&self.bytes(port)).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        answer
            .windows(4)
            .any(|w| w == b"\r\n\r\n")
            .then(|| parse(&answer))
    }

    /// Sends it and hangs up at once.
    pub(crate) fn send_and_hang_up(&self, port: u16) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.write_all(&self.bytes(port)).unwrap();
    }

    /// The request as it goes onto the wire.
    pub(crate) fn bytes(&self, port: u16) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let mut line = |name: &str, value: &str| {
            head.extend([name, ": ", value, "\r\n"]);
        };
        if self.value("host").is_none() {
            line("host", &format!("127.0.0.1:{port}"));
        }
        for (name, value) in &self.headers {
            line(name, value);
        }
        let framed =
            self.value("content-length").is_some() || self.value("transfer-encoding").is_some();
        if !framed && (!self.body.is_empty() || matches!(&*self.method, "POST" | "PUT")) {
            line("content-length", &self.body.len().to_string());
        }
        line("connection", "close");
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

impl Response {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    /// What stands in the first element of that name, unescaped.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        let text = self.text();
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (inner, _) = rest.split_once(&format!("</{name}>"))?;
        Some(
            inner
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&apos;", "'")
                .replace("&amp;", "&"),
        )
    }

    pub(crate) fn request_id(&self) -> String {
        self.element("RequestId")
            .or_else(|| self.value("x-amzn-requestid").map(str::to_owned))
            .or_else(|| self.value("x-amz-request-id").map(str::to_owned))
            .unwrap_or_else(|| panic!("an answer without a request id: {self:?}"))
    }

    /// `200`, or the status, code and message of an error: what a caller tells one refusal from another by.
    pub(crate) fn verdict(&self) -> String {
        match self.element("Code") {
            Some(code) => format!(
                "{} {code}: {}",
                self.status,
                self.element("Message").unwrap_or_default()
            ),
            None if self.body.is_empty() || self.status < 300 => self.status.to_string(),
            None => format!("{} {}", self.status, self.text()),
        }
    }

    /// The answer, once it is certain that it is a good one.
    #[track_caller]
    pub(crate) fn accepted(self) -> Self {
        assert!(self.status < 300, "refused: {}", self.verdict());
        self
    }
}

fn value<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, v)| v.as_str())
}

/// Writes `bytes`, reads to the end of the connection, and takes the answer apart.
pub(crate) fn exchange(port: u16, bytes: &[u8]) -> Response {
    exchange_over(connect(port), bytes)
}

/// A connection on which no answer is waited for without end.
pub(crate) fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

/// The same over a connection that is there, such as one of TLS.
pub(crate) fn exchange_over(mut stream: impl Read + Write, bytes: &[u8]) -> Response {
    // A server that refuses from the head alone may close before it has read all: its answer counts, not our error.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    assert!(
        !answer.is_empty(),
        "no answer, the connection ended with {read:?}"
    );
    parse(&answer)
}

fn parse(answer: &[u8]) -> Response {
    let end = answer
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(answer)));
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    if head.starts_with("HTTP/1.1 100") {
        return parse(&answer[end + 4..]);
    }
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers: Vec<_> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_owned(), value.trim().to_owned())
        })
        .collect();
    let rest = &answer[end + 4..];
    let body = match value(&headers, "transfer-encoding") {
        Some("chunked") => dechunk(rest),
        _ => rest.to_vec(),
    };
    Response {
        status: status.parse().unwrap(),
        headers,
        body,
    }
}

fn dechunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|w| w == b"\r\n").unwrap();
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 2 + size + 2..];
    }
}
