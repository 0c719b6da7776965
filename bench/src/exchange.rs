//! Exchanges of web identity tokens per second and core, beside the two costs that bound them: an
//! HTTP request of the same sizes, and one verification of the signature.

use anyhow::Result;
use bowline_testkit::{issuer::Issuer, wait::now};

use crate::{
    REQUESTS, ROUNDS, WARM_UP,
    load::{self, Rate},
    peer,
    report::{HEAD, median, middle, row},
    server::{self, Bowline},
    workload,
};

/// Starts of a server with a store in memory.
const STARTS: usize = 11;

/// The figures.
pub struct Figures {
    bare: Rate,
    first: Rate,
    repeated: Rate,
    verify_micros: f64,
    start_millis: f64,
    request_bytes: usize,
    response_bytes: usize,
}

/// Measures all of it.
pub async fn figures(binary: &str) -> Result<Figures> {
    let starts: Vec<f64> = (0..STARTS)
        .map(|_| server::start_millis(binary))
        .collect::<Result<_>>()?;
    let issuer = Issuer::start();
    let server = Bowline::start(binary, &issuer).await?;
    let client = server.root.without_credentials();
    let now = now();
    let request = |number: usize| {
        let token = workload::token(&issuer, now, number);
        server::bytes(&client, "sts", server::exchange(&token))
    };

    let sample = server::exchange(&workload::token(&issuer, now, 0));
    let sample = server::success(client.send("sts", sample).await)?;
    let bare = peer::Bare::start(sample.body.len()).await?;

    eprintln!("signing {} tokens", WARM_UP + ROUNDS * REQUESTS);
    let mut fresh = (1..).map(request);
    let mut next = |count: usize| fresh.by_ref().take(count).collect::<Result<Vec<_>>>();
    let warm_up = next(WARM_UP)?;
    let rounds: Vec<_> = (0..ROUNDS).map(|_| next(REQUESTS)).collect::<Result<_>>()?;
    let repeated = vec![request(0)?];

    load::run(&bare.process, &repeated, WARM_UP).await?;
    load::run(&server.process, &warm_up, WARM_UP).await?;
    load::run(&server.process, &repeated, WARM_UP).await?;

    let (mut bares, mut firsts, mut repeats, mut verifications) = (vec![], vec![], vec![], vec![]);
    for (round, first) in rounds.iter().enumerate() {
        eprintln!("round {} of {ROUNDS}", round + 1);
        verifications.push(peer::verify_on_core_0()?);
        bares.push(load::run(&bare.process, &repeated, REQUESTS).await?);
        firsts.push(load::run(&server.process, first, REQUESTS).await?);
        repeats.push(load::run(&server.process, &repeated, REQUESTS).await?);
    }
    Ok(Figures {
        bare: middle(&bares),
        first: middle(&firsts),
        repeated: middle(&repeats),
        verify_micros: median(verifications.into_iter()),
        start_millis: median(starts.into_iter()),
        request_bytes: repeated[0].len(),
        response_bytes: sample.body.len(),
    })
}

impl Figures {
    /// What one core could do at most: a bare request and one verification for each exchange.
    fn bound(&self) -> f64 {
        1.0 / (1.0 / self.bare.per_second + self.verify_micros / 1e6)
    }

    pub fn to_markdown(&self) -> String {
        let bound = self.bound();
        let bound_micros = self.bare.cpu_micros + self.verify_micros;
        let mut text = format!(
            "Requests of {} bytes with their heads, responses of {} bytes; 16 connections; medians of five rounds.\n\n",
            self.request_bytes, self.response_bytes
        );
        text += HEAD;
        text += &row("bare axum POST", &self.bare);
        text += &format!(
            "| one RS256 verification | {:.0} | {:.1} | |\n",
            1e6 / self.verify_micros,
            self.verify_micros
        );
        text += &format!("| **bound**: the two together | {bound:.0} | {bound_micros:.1} | |\n");
        text += &row(
            "AssumeRoleWithWebIdentity, first use of a token",
            &self.first,
        );
        text += &row(
            "AssumeRoleWithWebIdentity, a token seen before",
            &self.repeated,
        );
        text += "\n| ratio | by rate | by CPU | goal |\n| --- | ---: | ---: | ---: |\n";
        text += &format!(
            "| first use ÷ bound | {:.2} | {:.2} | at least 0.6 |\n",
            self.first.per_second / bound,
            bound_micros / self.first.cpu_micros
        );
        text += &format!(
            "| repeated ÷ first use | {:.2} | {:.2} | at least 1.4 |\n",
            self.repeated.per_second / self.first.per_second,
            self.first.cpu_micros / self.repeated.cpu_micros
        );
        text += &format!(
            "\n`bowline serve --store memory` is ready {:.0} ms after its start (median of 11; goal: under 100).\n",
            self.start_millis
        );
        text
    }
}
