//! `bowline doctor`: what a start of the server would run into, and what a running one will.
//!
//! Changes nothing: it reads the data folder, its locks, the limits of the process and the disk.

use std::{
    fmt::Display,
    fs, io,
    net::{SocketAddr, TcpListener},
    path::Path,
};

use jiff::Timestamp;
use rustix::{
    fs::statvfs,
    process::{Resource, getrlimit},
};

use crate::{
    config::{Config, StoreKind, Tls},
    crypto::master_key::{MasterKey, MasterKeyError},
    data_folder::{DataFolder, FolderError, FolderState},
    server::{self, sharing},
};

/// What was looked at, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// What that means.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do.
    pub hint: Option<String>,
}

/// What a finding means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// The server works, and something should be looked at.
    Warning,
    /// The server does not start or does not work.
    Bad,
}

impl Check {
    /// A finding as it should be.
    pub fn good(name: &'static str, found: impl Display) -> Self {
        Self::new(name, Verdict::Good, found)
    }

    /// A finding that should be looked at.
    pub fn warning(name: &'static str, found: impl Display) -> Self {
        Self::new(name, Verdict::Warning, found)
    }

    /// A finding that stops the server.
    pub fn bad(name: &'static str, found: impl Display) -> Self {
        Self::new(name, Verdict::Bad, found)
    }

    fn new(name: &'static str, verdict: Verdict, found: impl Display) -> Self {
        Self {
            name,
            verdict,
            found: found.to_string(),
            hint: None,
        }
    }

    /// The same with what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Whether a server has the data folder open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// A process has it.
    Yes,
    /// No process has it.
    No,
}

/// What was found on this machine.
#[derive(Debug)]
pub struct Examination {
    /// Whether a server runs over the data folder.
    pub running: Running,
    /// The findings.
    pub checks: Vec<Check>,
}

/// A clock that is this much behind the latest commit has been set back.
const CLOCK_TOLERANCE_SECONDS: i64 = 5;
/// Free space that leaves room for growth.
const AMPLE_BYTES: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// Looks at everything that needs no server.
pub fn examine(config: &Config, now: Timestamp) -> Examination {
    let (running, folder) = data_folder(config);
    let has_server = folder.verdict == Verdict::Good && config.store == StoreKind::Sqlite;
    let mut checks = vec![folder];
    if has_server {
        checks.push(master_key(config, running));
    }
    checks.push(clock(config, now));
    checks.extend(listeners(config, running));
    checks.push(descriptors(config));
    checks.push(disk(config));
    Examination { running, checks }
}

fn data_folder(config: &Config) -> (Running, Check) {
    const NAME: &str = "data folder";
    let shown = config.data.display();
    if config.store == StoreKind::Memory {
        return (
            Running::No,
            Check::good(NAME, "none: the store is in memory"),
        );
    }
    let folder = match DataFolder::open(&config.data) {
        Ok(folder) => folder,
        Err(FolderError::InUse(_)) => {
            return (
                Running::Yes,
                Check::good(NAME, format_args!("`{shown}`, in use by a running server")),
            );
        }
        Err(error @ FolderError::NoServer(_)) => {
            return (
                Running::No,
                Check::bad(NAME, error)
                    .hint("check the path; `bowline init --data DIR` makes a new server"),
            );
        }
        Err(error) => return (Running::No, Check::bad(NAME, error)),
    };
    let check = match (folder.state(), folder.check_permissions(config.permissions)) {
        (Err(error), _) | (_, Err(error)) => Check::bad(NAME, error),
        (Ok(FolderState::Initialized), Ok(())) => {
            Check::good(NAME, format_args!("`{shown}`; no server runs over it"))
        }
        (Ok(FolderState::New), Ok(())) => {
            Check::bad(NAME, format_args!("there is no server in `{shown}`"))
                .hint("`bowline init --data DIR` makes one")
        }
        (Ok(FolderState::Interrupted), Ok(())) => Check::bad(
            NAME,
            format_args!("the first start in `{shown}` was interrupted"),
        )
        .hint("run `bowline init --data DIR` again"),
    };
    (Running::No, check)
}

fn master_key(config: &Config, running: Running) -> Check {
    const NAME: &str = "master key";
    if config.master_key.is_some() {
        return Check::good(NAME, "from the settings");
    }
    let path = config.data.join("master.key");
    match MasterKey::read(&path, config.permissions) {
        Ok(_) => Check::good(NAME, format_args!("`{}`; keep a copy elsewhere", path.display())),
        Err(MasterKeyError::File { source, .. })
            if running == Running::Yes && source.kind() == io::ErrorKind::NotFound =>
        {
            Check::good(NAME, "from the settings of the running server")
        }
        Err(error @ MasterKeyError::Permissions(_)) => Check::bad(NAME, with_causes(&error))
            .hint("take the access of other users away, as with chmod o-rwx"),
        Err(error) => Check::bad(NAME, with_causes(&error)).hint(
            "without its master key the data cannot be opened: put the copy of master.key back, or name it with --master-key-file",
        ),
    }
}

/// The latest commit was before now.
fn clock(config: &Config, now: Timestamp) -> Check {
    const NAME: &str = "clock";
    let latest = fs::metadata(config.data.join("store-revision"))
        .and_then(|file| file.modified())
        .ok()
        .and_then(|at| Timestamp::try_from(at).ok());
    match latest {
        Some(latest) if latest.as_second() - now.as_second() > CLOCK_TOLERANCE_SECONDS => {
            Check::bad(
                NAME,
                format_args!("it is {now:.0}, and the latest change was at {latest:.0}: the clock was set back"),
            )
            .hint("synchronize the clock: signatures and tokens are valid for minutes")
        }
        Some(_) | None => Check::good(NAME, format_args!("{now:.0}")),
    }
}

fn listeners(config: &Config, running: Running) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Err(error) = server::refuse_exposed(config) {
        checks.push(Check::bad("listeners", error).hint(
            "listen on 127.0.0.1, or let a proxy end TLS in front of it and say so with --tls terminated",
        ));
    } else if config.tls == Tls::Terminated && config.trusted_proxies.is_empty() {
        checks.push(
            Check::warning(
                "listeners",
                "TLS ends in front of the server, and no proxy is trusted: aws:SourceIp is the proxy's address, and aws:SecureTransport is false",
            )
            .hint("name the proxy with --trusted-proxy"),
        );
    }
    for address in [config.listen, config.ops_listen] {
        checks.push(listener(address, running));
    }
    checks
}

fn listener(address: SocketAddr, running: Running) -> Check {
    const NAME: &str = "listener";
    if running == Running::Yes {
        return Check::good(NAME, format_args!("{address}, of the running server"));
    }
    match TcpListener::bind(address) {
        Ok(_) => Check::good(NAME, format_args!("{address} is free")),
        Err(error) => Check::bad(NAME, format_args!("{address}: {error}"))
            .hint("give another address with --listen and --ops-listen"),
    }
}

/// The limit of open files that a server would have, which raises it to its maximum.
fn descriptors(config: &Config) -> Check {
    const NAME: &str = "open files";
    let files = getrlimit(Resource::Nofile).maximum;
    let files = files.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    });
    let connections = sharing::possible(&config.limits, files);
    let found = format!(
        "a limit of {files} allows {} connections",
        connections.allowed
    );
    if connections.allowed >= connections.intended {
        Check::good(NAME, found)
    } else {
        Check::warning(NAME, format_args!("{found}, not {}", connections.intended)).hint(format!(
            "raise the limit to {}, as with LimitNOFILE= of systemd",
            connections.files
        ))
    }
}

fn disk(config: &Config) -> Check {
    const NAME: &str = "disk";
    let folder = if config.data.exists() {
        config.data.as_path()
    } else {
        Path::new(".")
    };
    let disk = match statvfs(folder) {
        Ok(disk) => disk,
        Err(error) => return Check::bad(NAME, error),
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let found = format!("{} MiB are free", free / MIB);
    let reserve = config.audit_limits.reserve_bytes;
    if free <= reserve {
        Check::bad(
            NAME,
            format_args!("{found}, which are kept for management events"),
        )
        .hint("make room: requests are refused until there is more")
    } else if free < AMPLE_BYTES.max(reserve.saturating_mul(2)) {
        Check::warning(NAME, found)
    } else {
        Check::good(NAME, found)
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
