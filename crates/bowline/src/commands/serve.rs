//! `bowline serve`: runs the server until a signal stops it.

mod shutdown;

use std::{
    num::NonZero,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use bowline_client::Environment;
use bowline_server::{clock::Clock, config::StoreKind, reload::Reloaded, server::Server};
use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::shutdown::StopSignal;
pub(crate) use self::shutdown::Stopped;
use crate::{
    error::CommandError,
    files, logging,
    settings::{DataArgs, ServeArgs, resolve},
    variables,
};

/// How often freed memory is returned.
const RETURN_MEMORY_INTERVAL: Duration = Duration::from_secs(5);
/// How long blocking work may go on after the server has stopped. It removes files, for example.
pub(crate) const BLOCKING_WORK_TIMEOUT: Duration = Duration::from_millis(500);

/// Serve IAM, STS, S3, DynamoDB and the operator API on one address
///
/// `bowline init` makes the data folder; with --init, or with accounts that are declared for the
/// first start, this command makes it. Each setting comes from its flag, else from its BOWLINE_*
/// variable, else from `bowline.toml` in the data folder, else it has its default.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    settings: ServeArgs,

    /// Write {"aws": URL, "ops": URL} to this file when the server is ready
    #[arg(long, env = "BOWLINE_READY_FILE", value_name = "FILE")]
    ready_file: Option<PathBuf>,

    /// Log filter: error, warn, info, debug, or directives such as bowline_server::oidc=debug,info
    #[arg(
        long,
        env = "BOWLINE_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    log: String,
}

#[derive(Serialize)]
struct Ready {
    aws: String,
    ops: String,
}

impl Serve {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        logging::start(&self.log)?;
        for warning in variables::warnings(&Environment::Process.names(variables::PREFIX)) {
            tracing::warn!("{warning}");
        }
        // The temporary folder lives as long as the server.
        let (config, _temporary) = resolve(&self.data, &self.settings)?;
        let data = config.data.clone();
        let credentials = match config.store {
            StoreKind::Sqlite => "credentials",
            StoreKind::Memory => "credentials.memory",
        };
        // From here on, even during the start, a signal stops the server in order.
        let stop = StopSignal::watch()?;
        allow_many_files();
        use_small_pages();
        // On one core, work stealing between threads only costs.
        let mut runtime = match std::thread::available_parallelism() {
            Ok(NonZero::<usize>::MIN) => tokio::runtime::Builder::new_current_thread(),
            _ => tokio::runtime::Builder::new_multi_thread(),
        };
        let runtime = runtime
            .enable_all()
            .build()
            .context("starting the runtime")?;
        let served = runtime.block_on(async {
            let hang_up = signal(SignalKind::hangup()).context("watching for SIGHUP")?;
            let server = Server::start(config, Clock::system()).await?;
            log_start(&server, &data, credentials);
            if let Some(path) = &self.ready_file {
                write_ready_file(path, &server)?;
            }
            tokio::select! {
                () = stop.received() => {}
                () = return_memory() => {}
                () = self.reload_on_signal(&server, hang_up) => {}
            }
            tracing::info!("Stopping");
            server.stop().await;
            Ok(ExitCode::SUCCESS)
        });
        runtime.shutdown_timeout(BLOCKING_WORK_TIMEOUT);
        served
    }

    /// Reads the settings again for each SIGHUP. Invalid ones change nothing.
    async fn reload_on_signal(&self, server: &Server, mut hang_up: Signal) {
        while hang_up.recv().await.is_some() {
            match resolve(&self.data, &self.settings) {
                Ok((config, _temporary)) => log_reload(&server.reload(config)),
                Err(error) => {
                    tracing::error!("The settings stay as they are: {}", error.with_causes());
                }
            }
        }
    }
}

fn log_reload(reloaded: &Reloaded) {
    if reloaded.changed.is_empty() {
        tracing::info!("Read the settings again: nothing changed that a running server takes over");
    } else {
        let changed = reloaded.changed.join(", ");
        tracing::info!("Read the settings again: {changed} changed");
    }
    if !reloaded.need_restart.is_empty() {
        let names = reloaded.need_restart.join(", ");
        tracing::warn!("Restart the server for the changes of {names}");
    }
}

/// Raises the limit of open files to its maximum. The usual limit is 1,024, for programs that use
/// `select`. Each connection is a file, and an upload opens two more.
fn allow_many_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "The limit of open files stays as it is");
    }
}

/// Turns off transparent huge pages, on systems that use them always. The heap is small and its
/// objects are too: a page of 2 MiB stays resident for the sake of a few of them.
fn use_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "Transparent huge pages stay as they are");
    }
}

/// Returns the memory that requests have freed to the operating system, also when no further
/// request comes.
///
/// The allocator does so on its own only while it is used, a second after memory was freed. A
/// thread that ends makes it look once more. Such a thread costs some 50 microseconds, so this
/// costs nothing that a busy server would notice.
async fn return_memory() {
    let mut ticks = tokio::time::interval(RETURN_MEMORY_INTERVAL);
    loop {
        ticks.tick().await;
        // Only a thread that has allocated makes the allocator look at its end.
        let thread = std::thread::Builder::new()
            .name("return-memory".to_owned())
            .spawn(|| drop(std::hint::black_box(Box::new(0_u8))));
        // Without a thread the memory is returned later.
        if let Ok(thread) = thread {
            let _ = thread.join();
        }
    }
}

fn log_start(server: &Server, data: &Path, credentials: &str) {
    let notes = server.notes();
    for warning in &notes.warnings {
        tracing::warn!("{warning}");
    }
    if let Some(account) = &notes.generated {
        let file = data.join(credentials);
        tracing::info!(
            %account,
            "Created account {account}; its root credentials are in `{}`",
            file.display()
        );
    }
    tracing::info!("Serving AWS clients on http://{}", server.aws());
    tracing::info!("Serving health and metrics on http://{}", server.ops());
}

/// Writes the file atomically, since a program that waits for it reads it at once.
fn write_ready_file(path: &Path, server: &Server) -> anyhow::Result<()> {
    let ready = Ready {
        aws: format!("http://{}", server.aws()),
        ops: format!("http://{}", server.ops()),
    };
    files::replace(path, &serde_json::to_string(&ready)?, 0o644)
        .with_context(|| format!("writing `{}`", path.display()))
}
