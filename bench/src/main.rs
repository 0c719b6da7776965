//! Exchanges of web identity tokens per second and core, beside the two costs that bound them: an HTTP request of the
//! same sizes, and one verification of the signature.
//!
//! `bowline-bench BINARY [REPORT]` plays issuer and client on the core that it was started on, and starts the servers on
//! core 0. With `REPORT`, the figures replace what stands between the two markers in that file.

mod issuer;
mod load;
mod peer;
mod report;
mod server;

use std::env;

use anyhow::{Context, Result, bail};

use crate::load::Rate;
use crate::report::{Figures, median};

/// Rounds of each measurement, taken in turn, so that a slow minute of the machine falls on all of them.
const ROUNDS: usize = 5;
/// Requests in a round.
const REQUESTS: usize = 20_000;
/// Starts of a server with a store in memory.
const STARTS: usize = 11;
/// Requests before the first round.
const WARM_UP: usize = 4_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["bare", size] => block_on(peer::serve(size.parse()?)),
        ["verify"] => {
            println!("{}", peer::verify_micros()?);
            Ok(())
        }
        [binary] => block_on(run(binary, None)),
        [binary, report] => block_on(run(binary, Some(report))),
        _ => bail!("usage: bowline-bench BINARY [REPORT]"),
    }
}

async fn run(binary: &str, report: Option<&str>) -> Result<()> {
    let starts: Vec<f64> = (0..STARTS)
        .map(|_| server::start_millis(binary))
        .collect::<Result<_>>()?;
    let issuer = issuer::Issuer::start().await?;
    let server = server::Bowline::start(binary, &issuer).await?;
    let request = |token: &str| server.exchange(token);

    let sample = load::once(server.address, &request(&issuer.token(0)?)).await?;
    if sample.status != 200 {
        bail!("the exchange answered {}: {}", sample.status, sample.body);
    }
    let bare = peer::Bare::start(sample.body.len()).await?;

    eprintln!("signing {} tokens", WARM_UP + ROUNDS * REQUESTS);
    let mut fresh = (1..).map(|n| issuer.token(n).map(|token| request(&token)));
    let mut next = |count: usize| fresh.by_ref().take(count).collect::<Result<Vec<_>>>();
    let warm_up = next(WARM_UP)?;
    let rounds: Vec<_> = (0..ROUNDS).map(|_| next(REQUESTS)).collect::<Result<_>>()?;
    let repeated = vec![request(&issuer.token(0)?)];

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
    let of = |rates: &[Rate]| -> Rate {
        Rate {
            per_second: median(rates.iter().map(|r| r.per_second)),
            cpu_micros: median(rates.iter().map(|r| r.cpu_micros)),
            p50_micros: median(rates.iter().map(|r| r.p50_micros)),
            p99_micros: median(rates.iter().map(|r| r.p99_micros)),
        }
    };
    let figures = Figures {
        bare: of(&bares),
        first: of(&firsts),
        repeated: of(&repeats),
        verify_micros: median(verifications.into_iter()),
        start_millis: median(starts.into_iter()),
        request_bytes: repeated[0].len(),
        answer_bytes: sample.body.len(),
    };
    let text = figures.to_markdown();
    println!("{text}");
    match report {
        Some(path) => report::write_into(path, &text).with_context(|| format!("writing `{path}`")),
        None => Ok(()),
    }
}

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
