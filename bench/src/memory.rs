//! Resident memory of a server: just started, after a load, and with idle connections.

use std::{fs, time::Duration};

use anyhow::{Context, Result};
use tokio::net::TcpStream;

use crate::{
    load::{self, Process},
    server,
};

/// Idle connections.
const IDLE: usize = 1_000;
/// The time from the end of a load, when its connections are closed, to the reading.
const REST: Duration = Duration::from_secs(10);

/// Resident memory, in KiB.
pub struct Memory {
    /// Of a server that has just started, with a store in memory.
    started: u64,
    /// After the load, [`REST`] after its connections were closed.
    rested: u64,
    /// With [`IDLE`] connections that have sent a request each.
    idle: u64,
    /// After those, [`REST`] after they were closed.
    closed: u64,
}

impl Memory {
    /// Measures a server whose load has just ended, and one that has just started.
    pub async fn of(binary: &str, server: &Process, request: &[u8]) -> Result<Self> {
        eprintln!("memory, after {} s without a request", REST.as_secs());
        tokio::time::sleep(REST).await;
        let rested = resident(server.pid)?;
        let mut connections: Vec<TcpStream> = Vec::with_capacity(IDLE);
        for _ in 0..IDLE {
            connections.push(load::idle_after_one(server.address, request).await?);
        }
        let idle = resident(server.pid)?;
        drop(connections);
        tokio::time::sleep(REST).await;
        Ok(Self {
            started: server::just_started(binary, resident)?,
            rested,
            idle,
            closed: resident(server.pid)?,
        })
    }

    pub fn to_markdown(&self) -> String {
        let mib = |kib: u64| kib as f64 / 1024.0;
        format!(
            "
| resident memory, MiB | | goal |
| --- | ---: | ---: |
| just started, store in memory | {:.1} | at most 18 |
| {rest} s after the load, its connections closed | {:.1} | at most 30 |
| with {IDLE} idle connections that have sent a request each | {:.1} | |
| {rest} s after they were closed | {:.1} | |

An idle connection takes {:.1} KiB.
",
            mib(self.started),
            mib(self.rested),
            mib(self.idle),
            mib(self.closed),
            self.idle.saturating_sub(self.rested) as f64 / IDLE as f64,
            rest = REST.as_secs(),
        )
    }
}

/// Resident memory of a process, in KiB (proc(5)).
fn resident(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("resident memory")?.parse()?)
}
