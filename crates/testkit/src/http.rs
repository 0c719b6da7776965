//! Raw HTTP: requests go onto the wire byte for byte, also those that no SDK would send.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

/// A request, its headers in order and as often as they were added.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The request target exactly as it goes onto the wire.
    pub target: String,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A whole response.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The body, without the framing of chunks.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A GET.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A PUT of this body.
    pub fn put(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("PUT", target).body(body)
    }

    /// A call of the query protocol: a form by POST, as every SDK sends it.
    pub fn form(parameters: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        Self::new("POST", "/")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// Replaces the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds a header, beside others of the same name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces the value of a header that is there.
    #[must_use]
    pub fn replaced(mut self, name: &str, value: &str) -> Self {
        let header = self
            .headers
            .iter_mut()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        value.clone_into(&mut header.unwrap_or_else(|| panic!("no header `{name}`")).1);
        self
    }

    /// The value of the first header of this name.
    pub fn value(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    /// Sends it to a port of loopback on a connection of its own. Adds `host`, `content-length` and
    /// `connection: close`, the first two unless they are there.
    pub fn send(&self, port: u16) -> Response {
        exchange(port, &self.bytes(port))
    }

    /// Sends it to a server that may be killed meanwhile: the response, if a whole head came.
    pub fn try_send(&self, port: u16) -> Option<Response> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
        stream.write_all(&self.bytes(port)).ok()?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response).ok()?;
        response
            .windows(4)
            .any(|w| w == b"\r\n\r\n")
            .then(|| parse(&response))
    }

    /// Sends it and closes the connection at once.
    pub fn send_and_hang_up(&self, port: u16) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.write_all(&self.bytes(port)).unwrap();
    }

    /// The request as it goes onto the wire.
    pub fn bytes(&self, port: u16) -> Vec<u8> {
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
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of the first header of this name.
    pub fn value(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
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
                .replace("&#39;", "'")
                .replace("&apos;", "'")
                .replace("&amp;", "&"),
        )
    }

    /// The request id, from the body or the headers.
    pub fn request_id(&self) -> String {
        self.element("RequestId")
            .or_else(|| self.value("x-amzn-requestid").map(str::to_owned))
            .or_else(|| self.value("x-amz-request-id").map(str::to_owned))
            .unwrap_or_else(|| panic!("a response without a request id: {self:?}"))
    }

    /// The status of a success, or status, code and message of an error.
    pub fn verdict(&self) -> String {
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

    /// The response, which must be a success.
    #[track_caller]
    #[expect(
        clippy::return_self_not_must_use,
        reason = "often it is called for the assertion alone"
    )]
    pub fn accepted(self) -> Self {
        assert!(self.status < 300, "rejected: {}", self.verdict());
        self
    }
}

fn value<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, v)| v.as_str())
}

/// Writes these bytes to a port of loopback, reads to the end of the connection, and parses the
/// response.
pub fn exchange(port: u16, bytes: &[u8]) -> Response {
    exchange_over(connect(port), bytes)
}

/// A connection to a port of loopback, on which a read times out.
pub fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

/// The same as [`exchange`] over a connection that is open, such as one of TLS.
pub fn exchange_over(mut stream: impl Read + Write, bytes: &[u8]) -> Response {
    // A server that rejects the head may close before it has read the body: its response counts.
    let _ = stream.write_all(bytes);
    let mut response = Vec::new();
    let read = stream.read_to_end(&mut response);
    assert!(
        !response.is_empty(),
        "no response, the connection ended with {read:?}"
    );
    parse(&response)
}

fn parse(response: &[u8]) -> Response {
    let end = response
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(response)));
    let head = std::str::from_utf8(&response[..end]).unwrap();
    if head.starts_with("HTTP/1.1 100") {
        return parse(&response[end + 4..]);
    }
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers: Vec<_> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_owned(), value.trim().to_owned())
        })
        .collect();
    let rest = &response[end + 4..];
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
