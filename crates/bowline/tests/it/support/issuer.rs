//! An OpenID issuer on loopback: discovery and key set, with or without TLS, counting what it is asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use super::authority::server_tls;
use super::keys::SigningKey;
use super::token::Token;

const DISCOVERY: &str = "/.well-known/openid-configuration";
const JWKS: &str = "/openid/v1/jwks";

/// A running issuer with one RSA key, `k1`, to begin with. Its thread ends with the process.
pub(crate) struct Issuer {
    pub(crate) key: SigningKey,
    /// What its provider's ARN ends with, and the prefix of its condition keys.
    pub(crate) host: String,
    /// The certificate authority that a client has to know, in PEM, if the issuer speaks TLS.
    pub(crate) authority: Option<String>,
    scheme: &'static str,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    keys: Vec<Value>,
    /// Responses that replace the documents, by path.
    overrides: Vec<(&'static str, IssuerResponse)>,
    requests: usize,
}

/// What an issuer sends in place of a correct document.
#[derive(Clone, Debug)]
pub(crate) struct IssuerResponse {
    status: u16,
    location: Option<String>,
    body: String,
}

impl IssuerResponse {
    /// This body with status 200.
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            ..Self::status(200)
        }
    }

    /// This status with an empty object.
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            location: None,
            body: "{}".to_owned(),
        }
    }

    /// A redirect to this URL.
    pub(crate) fn redirect(location: String) -> Self {
        Self {
            location: Some(location),
            ..Self::status(302)
        }
    }
}

impl Issuer {
    /// An issuer over plain HTTP, which a server must have been allowed to talk to.
    pub(crate) fn start() -> Self {
        Self::listen(None)
    }

    /// An issuer over TLS, under a certificate authority made for it alone.
    pub(crate) fn start_tls() -> Self {
        Self::listen(Some(server_tls(&["localhost"])))
    }

    fn listen(tls: Option<(ServerConfig, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        let key = SigningKey::rsa();
        let state = Arc::new(Mutex::new(State {
            keys: vec![key.jwk(Some("k1"))],
            ..State::default()
        }));
        let (config, authority) = tls.unzip();
        let config = config.map(Arc::new);
        let issuer = Self {
            key,
            scheme: if config.is_some() { "https" } else { "http" },
            host,
            authority,
            state: Arc::clone(&state),
        };
        let url = issuer.url();
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

    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }

    /// A good token of this issuer, still open to changes.
    pub(crate) fn token(&self) -> Token {
        Token::new(&self.url(), "k1")
    }

    /// A good token, signed.
    pub(crate) fn valid_token(&self) -> String {
        self.token().sign(&self.key)
    }

    /// The key set as a file that could be uploaded.
    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": self.state.lock().unwrap().keys })
    }

    /// Publishes one more key.
    pub(crate) fn publish(&self, jwk: Value) {
        self.state.lock().unwrap().keys.push(jwk);
    }

    /// Sends this response in place of the discovery document from now on.
    pub(crate) fn respond_to_discovery(&self, response: IssuerResponse) {
        self.respond_to(DISCOVERY, response);
    }

    /// Sends this response in place of the key set from now on.
    pub(crate) fn respond_to_keys(&self, response: IssuerResponse) {
        self.respond_to(JWKS, response);
    }

    /// Sends the correct documents again.
    pub(crate) fn recover(&self) {
        self.state.lock().unwrap().overrides.clear();
    }

    /// How many requests it has received.
    pub(crate) fn request_count(&self) -> usize {
        self.state.lock().unwrap().requests
    }

    fn respond_to(&self, path: &'static str, response: IssuerResponse) {
        self.state.lock().unwrap().overrides.push((path, response));
    }
}

fn serve(mut stream: impl Read + Write, state: &Mutex<State>, url: &str) {
    let Some(head) = read_head(&mut stream) else {
        return;
    };
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let overridden = {
        let mut state = state.lock().unwrap();
        state.requests += 1;
        let found = state.overrides.iter().rev().find(|(p, _)| *p == path);
        found.map(|(_, response)| response.clone())
    };
    let response = match overridden {
        Some(response) => response,
        // As Kubernetes responds to clients that do not accept the media type of key sets.
        None if path == JWKS && !head.contains("application/jwk-set+json") => {
            IssuerResponse::status(406)
        }
        None => match document(&path, state, url) {
            Some(document) => IssuerResponse::ok(document.to_string()),
            None => IssuerResponse::status(404),
        },
    };
    let IssuerResponse {
        status,
        location,
        body,
    } = response;
    let location = location.map_or_else(String::new, |to| format!("location: {to}\r\n"));
    let head = format!(
        "HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\n{location}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
    let _ = stream.flush();
}

fn document(path: &str, state: &Mutex<State>, url: &str) -> Option<Value> {
    match path {
        DISCOVERY => Some(json!({
            "issuer": url,
            "jwks_uri": format!("{url}{JWKS}"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        })),
        JWKS => Some(json!({ "keys": state.lock().unwrap().keys })),
        _ => None,
    }
}

/// Reads a request's head, or nothing if the client went away.
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

/// A listener that accepts connections and never responds.
pub(crate) struct UnresponsiveListener {
    pub(crate) host: String,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl UnresponsiveListener {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        let connections = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&connections);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                kept.lock().unwrap().push(stream);
            }
        });
        Self { host, connections }
    }

    /// Whether a client has connected.
    pub(crate) fn has_connection(&self) -> bool {
        !self.connections.lock().unwrap().is_empty()
    }
}
