//! The lower bounds: a bare axum server that reads and sends as many bytes as Bowline, and for an
//! exchange also one bare verification of an RS256 signature.

use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;

use crate::load::Process;

/// The bare server, on core 0.
pub struct Bare {
    pub process: Process,
    child: Child,
}

impl Bare {
    pub async fn start(response_bytes: usize) -> Result<Self> {
        let program = std::env::current_exe()?;
        let mut child = Command::new("taskset")
            .args(["-c", "0"])
            .arg(program)
            .args(["bare", &response_bytes.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the bare server by taskset")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
        let address: SocketAddr = line.trim().parse()?;
        let process = Process {
            address,
            pid: child.id(),
        };
        Ok(Self { process, child })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves the same response to every request until the process ends, and prints its address.
pub async fn serve(response_bytes: usize) -> Result<()> {
    let body: &'static str = "x".repeat(response_bytes).leak();
    let bare = Router::new().fallback(move |request: Bytes| async move {
        black_box(request.len());
        ([(CONTENT_TYPE, "text/xml")], body)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(listener, bare).await?)
}

/// Microseconds for one verification on core 0.
pub fn verify_on_core_0() -> Result<f64> {
    let program = std::env::current_exe()?;
    let output = Command::new("taskset")
        .args(["-c", "0"])
        .arg(program)
        .arg("verify")
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// Microseconds for one verification of 900 bytes with a parsed key: the median of many batches.
pub fn verify_micros() -> Result<f64> {
    let key = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref())?;
    let message = [b'x'; 900];
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        &message,
        &mut signature,
    )?;
    let mut batches = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        for _ in 0..200 {
            public.verify_sig(black_box(&message), black_box(&signature))?;
        }
        batches.push(start.elapsed().as_secs_f64() * 1e6 / 200.0);
    }
    Ok(crate::report::median(batches.into_iter()))
}
