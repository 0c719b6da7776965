//! An OpenID issuer on loopback: discovery and key set over HTTP or TLS, with a count of requests.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, Mutex},
    thread,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::{authority::server_tls, keys::SigningKey, token::Token};

const DISCOVERY: &str = "/.well-known/openid-configuration";
const JWKS: &str = "/openid/v1/jwks";
/// The key id of an issuer's first key.
const KEY_ID: &str = "k1";

/// A running issuer that publishes one RSA key, `k1`. Its threads end with the process.
#[derive(Debug)]
pub struct Issuer {
    /// The key that it signs with.
    pub key: Arc<SigningKey>,
    /// `localhost:PORT`: the end of its provider's ARN, and the prefix of its condition keys.
    pub host: String,
    /// With TLS, the certificate authority that a client must trust, in PEM.
    pub authority: Option<String>,
    scheme: &'static str,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    keys: Vec<Value>,
    /// Responses that replace the documents, by path.
    overrides: Vec<(&'static str, IssuerResponse)>,
    requests: usize,
    responds: bool,
}

/// What an issuer sends in place of a correct document.
#[derive(Clone, Debug)]
pub struct IssuerResponse {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl IssuerResponse {
    /// This body with status 200.
    pub fn ok(body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            ..Self::status(200)
        }
    }

    /// This status with an empty object.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: "{}".to_owned(),
        }
    }

    /// A redirect to this URL.
    pub fn redirect(location: impl Into<String>) -> Self {
        Self::status(302).header("location", location)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Issuer {
    /// An issuer over plain HTTP, which a server fetches from only if loopback issuers are allowed.
    pub fn start() -> Self {
        Self::with_key(Arc::new(SigningKey::rsa()))
    }

    /// An issuer over plain HTTP that signs with a key that exists already.
    pub fn with_key(key: Arc<SigningKey>) -> Self {
        Self::listen(key, None)
    }

    /// An issuer over TLS, under a certificate authority of its own.
    pub fn start_tls() -> Self {
        let key = Arc::new(SigningKey::rsa());
        Self::listen(key, Some(server_tls(&["localhost"])))
    }

    fn listen(key: Arc<SigningKey>, tls: Option<(ServerConfig, String)>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        let (config, authority) = tls.unzip();
        let issuer = Self {
            scheme: if config.is_some() { "https" } else { "http" },
            host,
            authority,
            state: Arc::new(Mutex::new(State {
                keys: vec![key.jwk(Some(KEY_ID))],
                overrides: Vec::new(),
                requests: 0,
                responds: true,
            })),
            key,
        };
        let (state, url, config) = (
            Arc::clone(&issuer.state),
            issuer.url(),
            config.map(Arc::new),
        );
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, url, config) = (Arc::clone(&state), url.clone(), config.clone());
                thread::spawn(move || match config {
                    Some(config) => {
                        let tls = ServerConnection::new(config).unwrap();
                        serve(StreamOwned::new(tls, stream), &state, &url);
                    }
                    None => serve(stream, &state, &url),
                });
            }
        });
        issuer
    }

    /// The value of `iss` in its tokens.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }

    /// Where its key set is.
    pub fn jwks_uri(&self) -> String {
        format!("{}{JWKS}", self.url())
    }

    /// A valid token of this issuer, still open to changes.
    pub fn token(&self) -> Token {
        Token::new(&self.url(), KEY_ID)
    }

    /// The same, issued at this time, in seconds since 1970.
    pub fn token_at(&self, now: i64) -> Token {
        Token::issued_at(&self.url(), KEY_ID, now)
    }

    /// A valid token, signed.
    pub fn valid_token(&self) -> String {
        self.token().sign(&self.key)
    }

    /// The key set, as a file that could be uploaded.
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.state.lock().unwrap().keys })
    }

    /// Publishes one more key.
    pub fn publish(&self, jwk: Value) {
        self.state.lock().unwrap().keys.push(jwk);
    }

    /// Publishes these keys alone.
    pub fn replace_keys(&self, jwks: &[Value]) {
        self.state.lock().unwrap().keys = jwks.to_vec();
    }

    /// Sends this response in place of the discovery document from now on.
    pub fn respond_to_discovery(&self, response: IssuerResponse) {
        self.respond_to(DISCOVERY, response);
    }

    /// Sends this response in place of the key set from now on.
    pub fn respond_to_keys(&self, response: IssuerResponse) {
        self.respond_to(JWKS, response);
    }

    /// Accepts connections and reads requests from now on, and never responds.
    pub fn stop_responding(&self) {
        self.state.lock().unwrap().responds = false;
    }

    /// Sends the correct documents again.
    pub fn recover(&self) {
        self.state.lock().unwrap().overrides.clear();
    }

    /// How many requests it has received.
    pub fn request_count(&self) -> usize {
        self.state.lock().unwrap().requests
    }

    fn respond_to(&self, path: &'static str, response: IssuerResponse) {
        let mut state = self.state.lock().unwrap();
        state.overrides.push((path, response));
    }
}

impl State {
    /// The response to a request.
    fn response(&self, head: &str, url: &str) -> IssuerResponse {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let overridden = self.overrides.iter().rev().find(|(p, _)| *p == path);
        if let Some((_, response)) = overridden {
            return response.clone();
        }
        match path {
            DISCOVERY => {
                let document = json!({
                    "issuer": url,
                    "jwks_uri": format!("{url}{JWKS}"),
                    "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                });
                IssuerResponse::ok(document.to_string())
            }
            // As Kubernetes responds to a client that does not accept the media type of key sets.
            JWKS if !head.contains("application/jwk-set+json") => IssuerResponse::status(406),
            JWKS => IssuerResponse::ok(json!({ "keys": self.keys }).to_string()),
            _ => IssuerResponse::status(404),
        }
    }
}

/// Serves one request.
fn serve(mut stream: impl Read + Write, state: &Mutex<State>, url: &str) {
    let Some(head) = read_head(&mut stream) else {
        return;
    };
    let response = {
        let mut state = state.lock().unwrap();
        state.requests += 1;
        state.responds.then(|| state.response(&head, url))
    };
    let Some(response) = response else {
        loop {
            thread::park();
        }
    };
    let headers: String = response
        .headers
        .iter()
        .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
        .collect();
    let text = format!(
        "HTTP/1.1 {} Scripted\r\ncontent-type: application/json\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{}",
        response.status,
        response.body.len(),
        response.body
    );
    // A client may be gone by now.
    let _ = stream.write_all(text.as_bytes());
    let _ = stream.flush();
}

/// Reads a request's head, or nothing if the client closed the connection.
fn read_head(stream: &mut impl Read) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}
