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
    /// Answers that stand in for the right ones, by path.
    instead: Vec<(&'static str, Instead)>,
    asked: Vec<String>,
}

/// What an issuer may do wrong.
#[derive(Clone, Debug)]
pub(crate) enum Instead {
    /// Answers this status with an empty object.
    Status(u16),
    /// Sends the client somewhere else.
    Redirect(String),
    /// Answers this text with status 200.
    Text(String),
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
    pub(crate) fn good(&self) -> String {
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

    /// Answers discovery with something else from now on.
    pub(crate) fn discovery_instead(&self, instead: Instead) {
        self.instead(DISCOVERY, instead);
    }

    /// Answers the key set with something else from now on.
    pub(crate) fn keys_instead(&self, instead: Instead) {
        self.instead(JWKS, instead);
    }

    /// Answers rightly again.
    pub(crate) fn recover(&self) {
        self.state.lock().unwrap().instead.clear();
    }

    /// How often anything was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked.len()
    }

    fn instead(&self, path: &'static str, instead: Instead) {
        self.state.lock().unwrap().instead.push((path, instead));
    }
}

fn serve(mut stream: impl Read + Write, state: &Mutex<State>, url: &str) {
    let Some(head) = read_head(&mut stream) else {
        return;
    };
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let instead = {
        let mut state = state.lock().unwrap();
        state.asked.push(path.clone());
        let found = state.instead.iter().rev().find(|(p, _)| *p == path);
        found.map(|(_, instead)| instead.clone())
    };
    let (status, location, body) = match instead {
        Some(Instead::Status(status)) => (status, None, "{}".to_owned()),
        Some(Instead::Redirect(to)) => (302, Some(to), String::new()),
        Some(Instead::Text(text)) => (200, None, text),
        // As Kubernetes answers whoever does not take the media type of key sets.
        None if path == JWKS && !head.contains("application/jwk-set+json") => {
            (406, None, String::new())
        }
        None => match right_answer(&path, state, url) {
            Some(body) => (200, None, body.to_string()),
            None => (404, None, "{}".to_owned()),
        },
    };
    let location = location.map_or_else(String::new, |to| format!("location: {to}\r\n"));
    let head = format!(
        "HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\n{location}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
    let _ = stream.flush();
}

fn right_answer(path: &str, state: &Mutex<State>, url: &str) -> Option<Value> {
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

/// Opens nothing but the port: a listener that accepts and never answers.
pub(crate) struct Silent {
    pub(crate) host: String,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Silent {
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

    /// Whether anybody waits for an answer.
    pub(crate) fn is_asked(&self) -> bool {
        !self.connections.lock().unwrap().is_empty()
    }
}
