//! What a client notices of attacks by another one: latencies of a victim in an account of its own,
//! beside 64 connections that attack and beside 64 connections that send small valid GETs.
//!
//! [`attacks`] lists the attacks as data.

mod attacks;
mod victim;

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use bowline_client::{Client, Request};
use bowline_testkit::issuer::Issuer;
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

use self::attacks::{ATTACKS, Attack, Step};
use self::victim::{KINDS, Latencies, Victim};
use crate::report::median;
use crate::server::{self, Bowline, success};
use crate::workload::{BUCKET, OBJECT, OBJECT_BYTES, table_definition, whole_item};

/// Connections of an attack.
const CONNECTIONS: usize = 64;
/// Rounds of each attack. Each has a round of valid GETs before it.
const ROUNDS: usize = 5;
/// How long an attack goes on before the victim's requests count.
const WARM_UP: Duration = Duration::from_millis(500);
/// How long they count.
const MEASURED: Duration = Duration::from_secs(2);
/// How long the server rests after an attack.
const REST: Duration = Duration::from_millis(300);
/// How long an attacker waits for a response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The addresses of the attacker and the victim.
const ATTACKER: [u8; 4] = [127, 0, 0, 1];
const VICTIM: [u8; 4] = [127, 0, 0, 2];
/// What the victim may notice: its 99th percentile beside valid GETs, so often.
const MAX_RATIO: f64 = 3.0;
/// And never more than this, in milliseconds.
const MAX_MILLIS: f64 = 50.0;

/// What the attacker has: a client with the credentials of its account.
pub struct Attacker {
    pub client: Client,
    /// Where a socket listens that accepts nothing.
    pub silent_host: SocketAddr,
}

/// The victim's latencies in the rounds of one attack, in milliseconds.
struct Measured {
    attack: &'static Attack,
    beside_gets: Vec<Latencies>,
    beside_attack: Vec<Latencies>,
}

/// The table of the attacks whose names contain one of these words, or of all.
pub async fn table(binary: &str, words: &[&str]) -> Result<String> {
    let issuer = Issuer::start();
    let server = Bowline::start(binary, &issuer).await?;
    let victim = Rc::new(Victim::create(&server, &issuer).await?);
    set_up(&server.root).await?;
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let attacker = Attacker {
        client: server.root.clone(),
        silent_host: silent.local_addr()?,
    };
    let chosen = ATTACKS
        .iter()
        .filter(|attack| words.is_empty() || words.iter().any(|word| attack.name.contains(word)));
    let mut all = Vec::new();
    for attack in chosen {
        match measure(&server, &victim, &attacker, attack).await {
            Ok(measured) => {
                eprint!("{}", measured.rows());
                all.push(measured);
            }
            // The server may refuse what an attack needs.
            Err(error) => eprintln!("{}: not measured: {error:#}", attack.name),
        }
    }
    Ok(to_markdown(&all))
}

async fn measure(
    server: &Bowline,
    victim: &Rc<Victim>,
    attacker: &Attacker,
    attack: &'static Attack,
) -> Result<Measured> {
    let mut measured = Measured {
        attack,
        beside_gets: Vec::new(),
        beside_attack: Vec::new(),
    };
    if let Some(prepare) = attack.prepare {
        prepare(attacker).await?;
    }
    for round in 1..=ROUNDS {
        eprintln!("{}, round {round} of {ROUNDS}", attack.name);
        let gets = attacks::valid_gets(attacker)?;
        measured
            .beside_gets
            .push(beside(server, victim, gets).await?);
        let steps = (attack.steps)(attacker).await?;
        measured
            .beside_attack
            .push(beside(server, victim, steps).await?);
    }
    Ok(measured)
}

/// What the valid GETs read, and what attacks on tables work on.
async fn set_up(root: &Client) -> Result<()> {
    success(root.s3(Method::PUT, BUCKET, "").await)?;
    let content = "x".repeat(OBJECT_BYTES);
    success(root.s3(Method::PUT, OBJECT, content).await)?;
    success(root.dynamodb("CreateTable", &table_definition()).await)?;
    success(root.dynamodb("PutItem", &whole_item()).await)?;
    Ok(())
}

/// The victim's latencies while all connections repeat these steps.
///
/// The attack has a thread of its own. In the victim's, its connections would delay the victim's
/// requests before the server sees them.
async fn beside(server: &Bowline, victim: &Rc<Victim>, steps: Vec<Step>) -> Result<Latencies> {
    let address = server.process.address;
    let (stop, stopped) = oneshot::channel::<()>();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let attack = std::thread::spawn(move || {
        let steps: Rc<[Step]> = steps.into();
        let tasks = LocalSet::new();
        for _ in 0..CONNECTIONS {
            tasks.spawn_local(repeat(address, Rc::clone(&steps)));
        }
        // An error says that the victim's measurement ended early.
        let _ = tasks.block_on(&runtime, stopped);
    });
    sleep(WARM_UP).await;
    let latencies = LocalSet::new().run_until(victim.measure(MEASURED)).await;
    drop(stop);
    attack
        .join()
        .map_err(|_| anyhow!("the attack's thread failed"))?;
    sleep(REST).await;
    latencies
}

/// Repeats the steps on one connection after another, for as long as each is open.
async fn repeat(address: SocketAddr, steps: Rc<[Step]>) {
    loop {
        if let Ok(mut stream) = connect(ATTACKER, address).await {
            while run(&mut stream, &steps).await.is_ok() {}
        } else {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn run(stream: &mut TcpStream, steps: &[Step]) -> Result<()> {
    for step in steps {
        match step {
            Step::Send(bytes) => stream.write_all(bytes).await?,
            Step::SendNext { requests, next } => {
                let number = next.fetch_add(1, Ordering::Relaxed) % requests.len();
                let request = requests.get(number).context("a request")?;
                stream.write_all(request).await?;
            }
            Step::Trickle { bytes, pause } => {
                for byte in bytes.chunks(1) {
                    stream.write_all(byte).await?;
                    sleep(*pause).await;
                }
            }
            Step::Read => {
                timeout(RESPONSE_TIMEOUT, read_response(stream)).await??;
            }
            // Until the server closes the connection.
            Step::Hold => loop {
                if stream.read(&mut [0; 1024]).await? == 0 {
                    bail!("closed");
                }
            },
            Step::HoldUnread => sleep(Duration::from_mins(1)).await,
            Step::Close => bail!("closed"),
        }
    }
    Ok(())
}

/// Reads a whole response: its status.
async fn read_response(stream: &mut TcpStream) -> Result<u16> {
    let mut response = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            bail!("closed in a response");
        }
        response.extend_from_slice(buffer.get(..read).context("the bytes read")?);
        if let Some(status) = crate::load::complete(&response)? {
            return Ok(status);
        }
    }
}

/// Connects from an address of loopback.
async fn connect(from: [u8; 4], to: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A request of this client, as bytes.
fn signed(client: &Client, service: &str, request: Request) -> Result<Vec<u8>> {
    server::bytes(client, service, request)
}

impl Measured {
    /// A row for each kind of the victim's requests.
    fn rows(&self) -> String {
        let kinds = KINDS.iter().enumerate();
        kinds
            .map(|(kind, name)| {
                let middle = |rounds: &[Latencies], share: usize| {
                    median(rounds.iter().map(|round| round.percentile(kind, share)))
                };
                let gets = [50, 99].map(|share| middle(&self.beside_gets, share));
                let attack = [50, 99].map(|share| middle(&self.beside_attack, share));
                let ratio = attack[1] / gets[1];
                let failed: usize = self.beside_attack.iter().map(|one| one.failed(kind)).sum();
                let good = ratio < MAX_RATIO && attack[1] < MAX_MILLIS && failed == 0;
                format!(
                    "| {} | {name} | {:.1} / {:.1} | {:.1} / {:.1} | {ratio:.1} | {failed} | {} |\n",
                    self.attack.name,
                    gets[0],
                    gets[1],
                    attack[0],
                    attack[1],
                    if good { "yes" } else { "**no**" },
                )
            })
            .collect()
    }
}

fn to_markdown(all: &[Measured]) -> String {
    let mut text = format!(
        "{CONNECTIONS} connections of one address; medians of {ROUNDS} rounds of {} s.\n\n",
        MEASURED.as_secs()
    );
    text += "| attack | victim's request | p50 / p99 beside valid GETs, ms | p50 / p99 beside the attack, ms | ratio of p99 | failed | under 3 and 50 ms |\n";
    text += "| --- | --- | ---: | ---: | ---: | ---: | --- |\n";
    for measured in all {
        text += &measured.rows();
    }
    text
}
