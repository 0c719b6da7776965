//! `bowline serve`: the server.

use std::{
    io,
    num::NonZero,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use bowline_server::{
    bootstrap::BootstrapError,
    clock::Clock,
    data_folder::FolderError,
    server::{Server, StartError},
};
use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    error::CommandError,
    files, logging,
    settings::{DataArgs, ServeArgs, settle},
};

/// Serve IAM, STS, S3 and the operator API on one address
///
/// The first start makes whatever is not there, as `bowline init` does. Each setting comes from its flag, else from its
/// BOWLINE_* variable, else from `bowline.toml` in the data folder, else it has its default.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    settings: ServeArgs,

    /// Writes {"aws": URL, "ops": URL} to this file when the server answers
    #[arg(long, env = "BOWLINE_READY_FILE", value_name = "FILE")]
    ready_file: Option<PathBuf>,

    /// What is logged: error, warn, info, debug, or directives such as bowline_server::oidc=debug,info
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
        // Held until the server has ended.
        let (config, _temporary) = settle(&self.data, &self.settings)?;
        let data = config.data.clone();
        allow_many_files();
        // On one core, threads that steal work from each other only cost.
        let mut runtime = match std::thread::available_parallelism() {
            Ok(NonZero::<usize>::MIN) => tokio::runtime::Builder::new_current_thread(),
            _ => tokio::runtime::Builder::new_multi_thread(),
        };
        let runtime = runtime
            .enable_all()
            .build()
            .context("starting the runtime")?;
        runtime.block_on(async {
            // From here on a signal is one to stop by, however early it comes.
            let mut stopped = Stopped::watch()?;
            let server = Server::start(config, Clock::system())
                .await
                .map_err(hinted)?;
            tell(&server, &data);
            if let Some(path) = &self.ready_file {
                write_ready_file(path, &server)?;
            }
            stopped.wait().await;
            tracing::info!("Stopping");
            server.stop().await;
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Lets the process have as many files open as it may. The usual limit is 1,024 for the sake of programs that use `select`, and each connection is
/// a file; one with an upload on it has two more.
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

/// The signals by which a process is told to stop.
pub(crate) struct Stopped {
    terminate: Signal,
    interrupt: Signal,
}

impl Stopped {
    /// From here on such a signal is waited for, and ends nothing by itself.
    pub(crate) fn watch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Returns once the process is told to stop.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn tell(server: &Server, data: &Path) {
    let notes = server.notes();
    for warning in &notes.warnings {
        tracing::warn!("{warning}");
    }
    if let Some(account) = &notes.generated {
        let file = data.join("credentials");
        tracing::info!(
            %account,
            "Made account {account}; its root credentials are in `{}`",
            file.display()
        );
    }
    tracing::info!("Serving AWS clients on http://{}", server.aws());
    tracing::info!("Serving health and metrics on http://{}", server.ops());
}

/// Whole or not at all: whoever waits for the file reads it at once.
fn write_ready_file(path: &Path, server: &Server) -> anyhow::Result<()> {
    let ready = Ready {
        aws: format!("http://{}", server.aws()),
        ops: format!("http://{}", server.ops()),
    };
    files::replace(path, &serde_json::to_string(&ready)?, 0o644)
        .with_context(|| format!("writing `{}`", path.display()))
}

/// What to do about a start that failed.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most failures say all that there is to say"
)]
pub(crate) fn hinted(error: StartError) -> CommandError {
    let hint = match &error {
        StartError::Exposed(_) => {
            "listen on 127.0.0.1, or let a proxy end TLS in front of it and say so with --tls terminated"
        }
        StartError::Folder(FolderError::InUse(_)) => {
            "stop the other server, or give another folder with --data"
        }
        StartError::NoMasterKey(_) => {
            "put the copy of master.key back, or name it with --master-key-file"
        }
        StartError::Listen { .. } => {
            "give another address with --listen and --ops-listen; port 0 picks a free one"
        }
        StartError::Bootstrap(BootstrapError::Credentials { .. }) => {
            "move a file of that name that somebody else has put there away, and make room on the disk"
        }
        StartError::Bootstrap(BootstrapError::ShortSecret(_)) => {
            "declare a random one, such as `openssl rand -base64 30` makes"
        }
        StartError::Index(_) => {
            "start the version of bowline that wrote the data, with the master key that it was written with"
        }
        _ => return error.into(),
    };
    CommandError::with_hint(error, hint)
}
