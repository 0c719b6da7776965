//! Sixteen connections that always have one request under way. Requests are prepared bytes, so that
//! the load costs less than the server.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

const CONNECTIONS: usize = 16;

/// A server under load.
pub struct Process {
    pub address: SocketAddr,
    pub pid: u32,
}

/// What one round showed.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub per_second: f64,
    /// CPU time of the server for each request.
    pub cpu_micros: f64,
    pub p50_micros: f64,
    pub p99_micros: f64,
}

/// A connection that stays open after one request and its response.
pub async fn idle_after_one(address: SocketAddr, request: &[u8]) -> Result<TcpStream> {
    let mut connection = Connection::open(address).await?;
    connection.exchange(request).await?;
    Ok(connection.stream)
}

/// Sends `count` requests, taken from `requests` in a cycle.
pub async fn run(server: &Process, requests: &[Vec<u8>], count: usize) -> Result<Rate> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(server.address).await?);
    }
    let requests: Rc<[Vec<u8>]> = requests.into();
    let next = Rc::new(Cell::new(0));
    let (cpu, start) = (cpu_seconds(server.pid)?, Instant::now());
    let tasks = LocalSet::new();
    let mut clients = Vec::new();
    for mut connection in connections {
        let (requests, next) = (Rc::clone(&requests), Rc::clone(&next));
        clients.push(tasks.spawn_local(async move {
            let mut latencies = Vec::with_capacity(count / CONNECTIONS * 2);
            while next.get() < count {
                let n = next.replace(next.get() + 1);
                let sent = Instant::now();
                let status = connection.exchange(&requests[n % requests.len()]).await?;
                latencies.push(sent.elapsed());
                if status != 200 {
                    bail!("request {n} got status {status}");
                }
            }
            Ok(latencies)
        }));
    }
    // The client never sleeps: otherwise each response of a server slower than the client would pay
    // for waking it up, and the bare server, which keeps it busy, would not.
    let awake = tasks.spawn_local(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
    let mut waiting = Vec::with_capacity(clients.len());
    tasks
        .run_until(async {
            for client in clients {
                waiting.push(client.await);
            }
        })
        .await;
    awake.abort();
    let (seconds, cpu) = (
        start.elapsed().as_secs_f64(),
        cpu_seconds(server.pid)? - cpu,
    );
    let mut latencies = Vec::with_capacity(count);
    for client in waiting {
        latencies.extend(client??);
    }
    latencies.sort_unstable();
    let micros = |share: usize| latencies[latencies.len() * share / 100].as_secs_f64() * 1e6;
    Ok(Rate {
        per_second: count as f64 / seconds,
        cpu_micros: cpu * 1e6 / count as f64,
        p50_micros: micros(50),
        p99_micros: micros(99),
    })
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 16 * 1024],
        })
    }

    /// Sends a request and reads the whole response: its status.
    async fn exchange(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await?;
        let mut read = 0;
        loop {
            let more = self.stream.read(&mut self.buffer[read..]).await?;
            if more == 0 {
                bail!("the connection ended in a response");
            }
            read += more;
            if let Some(status) = complete(&self.buffer[..read])? {
                return Ok(status);
            }
        }
    }
}

/// The status, once the whole response is there.
pub fn complete(bytes: &[u8]) -> Result<Option<u16>> {
    let Some(head) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&bytes[..head])?;
    let status = text.get(9..12).context("a status line")?.parse()?;
    let length = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("a response without a length")?;
    let end = head + 4 + length.1.trim().parse::<usize>()?;
    Ok((bytes.len() >= end).then_some(status))
}

/// User and system time of a process, in seconds (proc(5), fields 14 and 15 in hundredths).
fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("a process name")?;
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse::<u64>)
        .sum::<Result<u64, _>>()?;
    Ok(ticks as f64 / 100.0)
}
