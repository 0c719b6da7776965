//! An OpenID issuer on loopback, and tokens of the shape and size that a kube-apiserver issues.

use anyhow::Result;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use axum::Router;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

pub const SUBJECT: &str = "system:serviceaccount:gbot-dev:bot-builder-insight-generator";

pub struct Issuer {
    key: RsaKeyPair,
    random: SystemRandom,
    now: i64,
    /// `localhost:PORT`
    pub host: String,
}

impl Issuer {
    /// Serves discovery and keys from this thread's runtime.
    pub async fn start() -> Result<Self> {
        let key = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let host = format!("localhost:{}", listener.local_addr()?.port());
        let der = key.public_key().as_ref();
        // RSAPublicKey of a 2,048-bit key: 8 bytes of headers, a zero, the modulus, then the exponent (RFC 8017, A.1.1).
        let keys = json!({ "keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1",
            "n": URL_SAFE_NO_PAD.encode(&der[9..265]),
            "e": URL_SAFE_NO_PAD.encode(&der[267..]),
        }] })
        .to_string();
        let discovery = json!({
            "issuer": format!("http://{host}"),
            "jwks_uri": format!("http://{host}/openid/v1/jwks"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        })
        .to_string();
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async move || discovery.clone()),
            )
            .route("/openid/v1/jwks", get(async move || keys.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let now = jiff::Timestamp::now().as_second();
        Ok(Self {
            key,
            random: SystemRandom::new(),
            now,
            host,
        })
    }

    /// A token for [`SUBJECT`]; each number gives another one.
    pub fn token(&self, number: usize) -> Result<String> {
        let claims = json!({
            "aud": ["sts.amazonaws.com"],
            "exp": self.now + 3600,
            "iat": self.now,
            "iss": format!("http://{}", self.host),
            "jti": format!("5b1f3a52-3c7e-4f0e-9a51-{number:012x}"),
            "kubernetes.io": {
                "namespace": "gbot-dev",
                "node": { "name": "worker-3.example.internal", "uid": "0a3f2c77-14a5-4b35-b7f6-3c2e1f6c2f10" },
                "pod": { "name": "bot-builder-insight-generator-7d9c6b5f4-x2x7k", "uid": "5a1d0f6e-9a3f-4c52-8c5b-4b8d6f0f9d21" },
                "serviceaccount": { "name": "bot-builder-insight-generator", "uid": "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798" },
            },
            "nbf": self.now,
            "sub": SUBJECT,
        });
        let header = json!({ "alg": "RS256", "kid": "k1" });
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(
            &RSA_PKCS1_SHA256,
            &self.random,
            message.as_bytes(),
            &mut signature,
        )?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
