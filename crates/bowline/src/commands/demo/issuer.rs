//! The issuer of a cluster: discovery and keys over HTTP on loopback, and tokens of the shape that
//! a kube-apiserver issues. It is shipped, so it cannot be the one of the tests, which panics.

use std::{convert::Infallible, net::Ipv4Addr};

use anyhow::{Context as _, Result, anyhow};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bowline_server::clock::Clock;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// The cluster's id, as in an EKS issuer's URL.
const CLUSTER: &str = "7DEE79B63EBDFE21F8558FA0EEBE550D";
/// The id of its key.
const KEY_ID: &str = "demo-1";
/// Seconds until a token expires: the shortest lifetime that a kube-apiserver grants.
pub(super) const TOKEN_LIFETIME: i64 = 600;

/// A running issuer.
pub(super) struct Issuer {
    /// `localhost:PORT/id/CLUSTER`: the end of its provider's ARN, and the prefix of its condition
    /// keys.
    pub(super) address: String,
    key: EcdsaKeyPair,
    random: SystemRandom,
    server: JoinHandle<()>,
}

/// The claims of a token that is not signed yet.
pub(super) struct Token {
    claims: Value,
}

impl Issuer {
    /// Generates a key and serves it.
    pub(super) async fn start() -> Result<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| anyhow!("generating a key"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = format!("localhost:{}/id/{CLUSTER}", listener.local_addr()?.port());
        let url = format!("http://{address}");
        let discovery = json!({
            "issuer": url,
            "jwks_uri": format!("{url}/keys"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        let documents = [
            (
                format!("/id/{CLUSTER}/.well-known/openid-configuration"),
                discovery.to_string(),
            ),
            (format!("/id/{CLUSTER}/keys"), keys(&key)?.to_string()),
        ];
        let server = tokio::spawn(serve(listener, documents.into()));
        Ok(Self {
            address,
            key,
            random: SystemRandom::new(),
            server,
        })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A token as a kubelet requests it, for this service account.
    pub(super) fn token(&self, namespace: &str, service_account: &str) -> Token {
        let now = Clock::system().now().as_second();
        Token {
            claims: json!({
                "aud": ["sts.amazonaws.com"],
                "exp": now + TOKEN_LIFETIME,
                "iat": now,
                "iss": self.url(),
                "kubernetes.io": {
                    "namespace": namespace,
                    "pod": {
                        "name": format!("{service_account}-7d9c6b5f4-x2x7k"),
                        "uid": "5a1d0f6e-9a3f-4c52-8c5b-4b8d6f0f9d21",
                    },
                    "serviceaccount": {
                        "name": service_account,
                        "uid": "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798",
                    },
                },
                "nbf": now,
                "sub": format!("system:serviceaccount:{namespace}:{service_account}"),
            }),
        }
    }

    /// Signs a token.
    pub(super) fn sign(&self, token: &Token) -> Result<String> {
        let header = json!({ "alg": "ES256", "kid": KEY_ID });
        let message = format!("{}.{}", encode(&header), encode(&token.claims));
        let signature = self.key.sign(&self.random, message.as_bytes());
        let signature = signature.map_err(|_| anyhow!("signing a token"))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Token {
    /// Sets a claim.
    pub(super) fn with(mut self, claim: &str, value: Value) -> Self {
        if let Some(claims) = self.claims.as_object_mut() {
            claims.insert(claim.to_owned(), value);
        }
        self
    }
}

/// The signed token with another value of a claim.
pub(super) fn tampered(token: &str, claim: &str, value: Value) -> Result<String> {
    let mut parts = token.split('.');
    let mut part = || parts.next().context("a token of three parts");
    let (header, claims, signature) = (part()?, part()?, part()?);
    let claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    let claims = Token { claims }.with(claim, value).claims;
    Ok(format!("{header}.{}.{signature}", encode(&claims)))
}

fn encode(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn keys(key: &EcdsaKeyPair) -> Result<Value> {
    // An uncompressed point: a four, then both coordinates (SEC 1, 2.3.3).
    let point = key.public_key().as_ref().get(1..);
    let (x, y) = point
        .and_then(|point| point.split_at_checked(32))
        .context("a point of two coordinates")?;
    Ok(json!({ "keys": [{
        "kty": "EC",
        "crv": "P-256",
        "use": "sig",
        "alg": "ES256",
        "kid": KEY_ID,
        "x": URL_SAFE_NO_PAD.encode(x),
        "y": URL_SAFE_NO_PAD.encode(y),
    }] }))
}

async fn serve(listener: TcpListener, documents: Vec<(String, String)>) {
    let documents = std::sync::Arc::new(documents);
    while let Ok((stream, _)) = listener.accept().await {
        let documents = std::sync::Arc::clone(&documents);
        tokio::spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let document = documents
                    .iter()
                    .find(|(path, _)| path == request.uri().path());
                let response = document.map_or_else(not_found, |(_, text)| {
                    Response::new(Full::new(Bytes::from(text.clone())))
                });
                std::future::ready(Ok::<_, Infallible>(response))
            });
            // A client may close the connection early.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
