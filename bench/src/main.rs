//! What Bowline costs on one core: exchanges of web identity tokens, and requests through the
//! gateway, each beside what bounds it.
//!
//! `bowline-bench BINARY [REPORT]` is the issuer and the client, on the core that it was started
//! on, and starts the servers on core 0. With `REPORT`, the figures replace the text between the
//! markers in that file. `bowline-bench neighbours BINARY REPORT [WORD...]` is another run, of
//! attacks beside which another client is measured.

mod exchange;
mod gateway;
mod load;
mod memory;
mod neighbours;
mod parts;
mod peer;
mod report;
mod server;
mod workload;

use std::env;

use anyhow::{Context, Result, bail};

/// Rounds of each measurement. They alternate, so that a slow minute of the machine affects all of
/// them.
const ROUNDS: usize = 5;
/// Requests in a round.
const REQUESTS: usize = 20_000;
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
        ["parts"] => {
            println!("{}", serde_json::to_string(&block_on(parts::measure())?)?);
            Ok(())
        }
        ["neighbours", binary, report, words @ ..] => {
            block_on(run_neighbours(binary, report, words))
        }
        [binary] => block_on(run(binary, None)),
        [binary, report] => block_on(run(binary, Some(report))),
        _ => bail!("usage: bowline-bench [neighbours] BINARY [REPORT]"),
    }
}

async fn run(binary: &str, report: Option<&str>) -> Result<()> {
    let figures = [
        ("figures", exchange::figures(binary).await?.to_markdown()),
        ("gateway", gateway::figures(binary).await?.to_markdown()),
    ];
    for (name, text) in &figures {
        println!("{text}");
        if let Some(path) = report {
            report::write_into(path, name, text).with_context(|| format!("writing `{path}`"))?;
        }
    }
    Ok(())
}

async fn run_neighbours(binary: &str, report: &str, words: &[&str]) -> Result<()> {
    let table = neighbours::table(binary, words).await?;
    println!("{table}");
    // Part of the table does not replace the whole.
    if words.is_empty() {
        report::write_into(report, "neighbours", &table)?;
    }
    Ok(())
}

fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
