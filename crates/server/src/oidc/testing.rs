//! Issuers for tests: keys, tokens, providers, and a server on loopback that counts what it is asked.

use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
        RSA_PKCS1_SHA512, RsaEncoding,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa};
use rustls::{ServerConfig, crypto::aws_lc_rs::default_provider};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::identity::{entity::OidcProvider, index::ProviderEntry, store::Revision};

/// When tests take place, in seconds since 1970.
pub(super) const NOW: i64 = 1_790_000_000;
pub(super) const SUBJECT: &str = "system:serviceaccount:gbot-dev:bot-builder-insight-generator";

pub(super) static RSA: LazyLock<Rsa> = LazyLock::new(Rsa::generate);
pub(super) static STRANGER: LazyLock<Rsa> = LazyLock::new(Rsa::generate);

pub(super) fn now() -> Timestamp {
    at(0)
}

/// So many seconds after [`NOW`].
pub(super) fn at(offset: i64) -> Timestamp {
    Timestamp::from_second(NOW + offset).unwrap()
}

pub(super) fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An RSA key of 2048 bits.
pub(super) struct Rsa(RsaKeyPair);

impl Rsa {
    pub(super) fn generate() -> Self {
        Self(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    /// The modulus: PKCS #1 puts it after nine bytes of headers, before the exponent 65537.
    pub(super) fn modulus(&self) -> Vec<u8> {
        self.0.public_key().as_ref()[9..265].to_vec()
    }

    pub(super) fn jwk(&self, kid: &str) -> Value {
        json!({ "kty": "RSA", "kid": kid, "use": "sig", "n": base64(self.modulus()), "e": "AQAB" })
    }

    fn sign(&self, algorithm: &'static dyn RsaEncoding, message: &str) -> Vec<u8> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let random = SystemRandom::new();
        self.0
            .sign(algorithm, &random, message.as_bytes(), &mut signature)
            .unwrap();
        signature
    }
}

/// A key on P-256 and its JWK.
pub(super) fn p256(kid: &str) -> (EcdsaKeyPair, Value) {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = key.public_key().as_ref().to_vec();
    let (x, y) = (base64(&point[1..33]), base64(&point[33..]));
    let jwk = json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": x, "y": y });
    (key, jwk)
}

/// A token in the making: a good one, to be changed in one thing.
#[derive(Clone)]
pub(super) struct Token {
    header: Value,
    claims: Value,
}

impl Token {
    pub(super) fn new(issuer: &str, kid: &str) -> Self {
        Self {
            header: json!({ "alg": "RS256", "kid": kid, "typ": "JWT" }),
            claims: json!({
                "iss": issuer, "sub": SUBJECT, "aud": ["sts.amazonaws.com"],
                "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 3_600,
                "kubernetes.io": { "namespace": "gbot-dev", "pod": { "name": "bot-0", "uid": "0b1c" } },
            }),
        }
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    pub(super) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().unwrap().remove(name);
        self.header.as_object_mut().unwrap().remove(name);
        self
    }

    pub(super) fn message(&self) -> String {
        self.message_of(&self.claims.to_string())
    }

    pub(super) fn message_of(&self, claims: &str) -> String {
        format!("{}.{}", base64(self.header.to_string()), base64(claims))
    }

    pub(super) fn sign(&self, key: &Rsa) -> String {
        self.sign_claims(key, &self.claims.to_string())
    }

    /// Signs these claims in place of its own.
    pub(super) fn sign_claims(&self, key: &Rsa, claims: &str) -> String {
        let message = self.message_of(claims);
        let algorithm: &'static dyn RsaEncoding = match self.header["alg"].as_str() {
            Some("RS384") => &RSA_PKCS1_SHA384,
            Some("RS512") => &RSA_PKCS1_SHA512,
            _ => &RSA_PKCS1_SHA256,
        };
        format!("{message}.{}", base64(key.sign(algorithm, &message)))
    }

    pub(super) fn sign_p256(&self, key: &EcdsaKeyPair) -> String {
        let message = self.message();
        let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", base64(signature))
    }

    pub(super) fn claims(&self) -> String {
        self.claims.to_string()
    }
}

/// A provider's record in an account.
pub(super) fn record(number: u32, url: &str) -> OidcProvider {
    OidcProvider {
        id: format!("PROVIDER{number:012}").parse().unwrap(),
        account: "432797229265".parse().unwrap(),
        url: url.to_owned(),
        issuer_override: None,
        client_ids: vec!["sts.amazonaws.com".to_owned()],
        thumbprints: Vec::new(),
        jwks: None,
        ca_bundle: None,
        created: now(),
    }
}

/// The record as the index holds it, after the commit of this number.
pub(super) fn stored(record: OidcProvider, number: u64) -> Arc<ProviderEntry> {
    Arc::new(ProviderEntry {
        arn: record.arn().into(),
        record: Arc::new(record),
        revision: Revision::from_number(number),
    })
}

/// What the test issuer answers on a path.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: &'static str,
    pub(super) headers: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn ok(body: impl Into<String>) -> Self {
        Self {
            status: "200 OK",
            headers: String::new(),
            body: body.into(),
        }
    }

    pub(super) fn status(status: &'static str) -> Self {
        Self {
            status,
            ..Self::ok("{}")
        }
    }
}

/// An issuer on loopback. It ends with the test's runtime.
pub(super) struct Issuer {
    pub(super) url: String,
    /// The authority that signed its certificate, in PEM.
    pub(super) authority: Option<String>,
    state: Arc<Mutex<State>>,
}

struct State {
    discovery: Answer,
    keys: Answer,
    asked: usize,
    silent: bool,
}

impl Issuer {
    pub(super) async fn start() -> Self {
        Self::listen(None).await
    }

    pub(super) async fn start_tls() -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = rcgen::KeyPair::generate().unwrap();
        let authority = CertifiedIssuer::self_signed(authority, own).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &authority).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        Self::listen(Some((config, authority.pem()))).await
    }

    async fn listen(tls: Option<(ServerConfig, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://localhost:{port}");
        let discovery = json!({ "issuer": url, "jwks_uri": format!("{url}/keys") });
        let keys = json!({ "keys": [RSA.jwk("k1")] });
        let state = Arc::new(Mutex::new(State {
            discovery: Answer::ok(discovery.to_string()),
            keys: Answer::ok(keys.to_string()),
            asked: 0,
            silent: false,
        }));
        let (config, authority) = tls.unzip();
        let acceptor = config.map(|config| TlsAcceptor::from(Arc::new(config)));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, state) = (acceptor.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    match acceptor {
                        None => answer(stream, &state).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                answer(stream, &state).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            url,
            authority,
            state,
        }
    }

    pub(super) fn publish(&self, keys: &[Value]) {
        self.keys(Answer::ok(json!({ "keys": keys }).to_string()));
    }

    pub(super) fn keys(&self, answer: Answer) {
        self.state.lock().unwrap().keys = answer;
    }

    pub(super) fn discovery(&self, answer: Answer) {
        self.state.lock().unwrap().discovery = answer;
    }

    /// From now on it takes connections and answers nothing.
    pub(super) fn fall_silent(&self) {
        self.state.lock().unwrap().silent = true;
    }

    pub(super) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }

    pub(super) fn token(&self) -> Token {
        Token::new(&self.url, "k1")
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: &Mutex<State>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let answer = {
        let mut state = state.lock().unwrap();
        state.asked += 1;
        if state.silent {
            None
        } else if request.starts_with(b"GET /.well-known/openid-configuration ") {
            Some(state.discovery.clone())
        } else {
            Some(state.keys.clone())
        }
    };
    let Some(answer) = answer else {
        return std::future::pending().await;
    };
    let text = format!(
        "HTTP/1.1 {}\r\ncontent-length: {}\r\n{}\r\n{}",
        answer.status,
        answer.body.len(),
        answer.headers,
        answer.body
    );
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}
