//! How a command fails: what happened, what caused it, and what to do next.

use std::{fmt, io};

use bowline_client::{default_chain::DefaultChainError, operator::OperatorError};
use bowline_server::{
    backup::restore::RestoreError,
    bootstrap::BootstrapError,
    crypto::master_key::MasterKeyError,
    data_folder::FolderError,
    identity::index::{IndexError, LoadError},
    identity::store::StoreError,
    recovery::RecoveryError,
    server::StartError,
    store_check::CheckError,
    trusted_files::TrustError,
    upstream::objects::embedded::OpenObjectsError,
};

/// A failure of a command.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// What happened, with its causes.
    pub(crate) error: anyhow::Error,
    /// The next thing to try.
    pub(crate) hint: Option<String>,
}

impl CommandError {
    /// A failure that says what to do.
    pub(crate) fn with_hint(error: impl Into<anyhow::Error>, hint: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            hint: Some(hint.into()),
        }
    }

    /// What happened and its causes, on one line.
    pub(crate) fn with_causes(&self) -> String {
        format!("{:#}", self.error)
    }

    /// A file that is not used because of its permissions, or cannot be read.
    pub(crate) fn about_trust(error: TrustError, reading: String) -> Self {
        let hint = error.is_about_permissions().then(|| PERMISSIONS.to_owned());
        Self {
            error: anyhow::Error::from(error).context(reading),
            hint,
        }
    }
}

/// What to do about permissions.
const PERMISSIONS: &str = "take the access of other users away, as with chmod o-rwx and chmod go-w; or declare that it is safe with --allow-open-permissions";

impl From<anyhow::Error> for CommandError {
    fn from(error: anyhow::Error) -> Self {
        Self { error, hint: None }
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        anyhow::Error::from(error).into()
    }
}

impl From<DefaultChainError> for CommandError {
    fn from(error: DefaultChainError) -> Self {
        Self {
            hint: error.hint(),
            error: error.into(),
        }
    }
}

impl From<OperatorError> for CommandError {
    fn from(error: OperatorError) -> Self {
        Self {
            hint: error.hint(),
            error: error.into(),
        }
    }
}

impl From<StartError> for CommandError {
    fn from(error: StartError) -> Self {
        Self {
            hint: hint_for_start(&error).map(str::to_owned),
            error: error.into(),
        }
    }
}

impl From<CheckError> for CommandError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Start(error) => error.into(),
            error @ CheckError::Folder { .. } => anyhow::Error::from(error).into(),
        }
    }
}

impl From<RestoreError> for CommandError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other errors say what to do"
    )]
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Start(error) => error.into(),
            RestoreError::NoMasterKey => Self::with_hint(
                error,
                "put the copy of master.key into the folder, or name it with --master-key-file",
            ),
            error => anyhow::Error::from(error).into(),
        }
    }
}

impl From<RecoveryError> for CommandError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other errors say what to do"
    )]
    fn from(error: RecoveryError) -> Self {
        match error {
            RecoveryError::Start(error) => error.into(),
            RecoveryError::OtherCredentials(_) => {
                Self::with_hint(error, "move the file away, and run the command again")
            }
            error => anyhow::Error::from(error).into(),
        }
    }
}

/// What to do about a server that does not start.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other errors name what to change"
)]
fn hint_for_start(error: &StartError) -> Option<&'static str> {
    match error {
        StartError::Exposed(_) => Some(
            "listen on 127.0.0.1, or let a proxy end TLS in front of it and say so with --tls terminated",
        ),
        StartError::Folder(FolderError::InUse(_)) => {
            Some("stop the other server, or give another folder with --data")
        }
        StartError::Folder(FolderError::Permissions(_))
        | StartError::MasterKey(MasterKeyError::Permissions(_)) => Some(PERMISSIONS),
        StartError::Folder(FolderError::NoServer(_)) => Some(
            "check the path; `bowline init --data DIR` or `bowline serve --init` makes a new server",
        ),
        StartError::Folder(FolderError::NotEmpty(_)) => {
            Some("give an empty folder; it may have `master.key` and `bowline.toml`")
        }
        StartError::Folder(FolderError::Restoring(_)) => {
            Some("empty the folder, and run `bowline restore` again")
        }
        StartError::Folder(FolderError::Interrupted(_)) => {
            Some("run `bowline init --data DIR` again: nothing was served from it yet")
        }
        StartError::Folder(FolderError::Incomplete { .. }) | StartError::EmptyStore(_) => Some(
            "put the missing files back, or restore a backup into an empty folder with `bowline restore`",
        ),
        StartError::Store(
            StoreError::Damaged(_) | StoreError::Older { .. } | StoreError::OtherStore,
        ) => Some(
            "put the files of `store` back as they were, or restore a backup into an empty folder with `bowline restore`; if what is lost is known and accepted, remove `store-revision` to start with the older store",
        ),
        StartError::Store(StoreError::DamagedRevision(_)) => Some(
            "if the files in `store` are the ones that the server wrote last, remove the file: the next start writes it anew",
        ),
        StartError::NoMasterKey(_) | StartError::MasterKey(MasterKeyError::Malformed) => {
            Some("put the copy of master.key back, or name it with --master-key-file")
        }
        StartError::Listen { .. } => {
            Some("give another address with --listen and --ops-listen; port 0 picks a free one")
        }
        StartError::Bootstrap(BootstrapError::Credentials { .. }) => Some(
            "if another program has put a file of that name there, move it away; make room on the disk",
        ),
        StartError::Bootstrap(BootstrapError::ShortSecret(_)) => {
            Some("declare a random one, such as `openssl rand -base64 30` makes")
        }
        StartError::Folder(FolderError::File { path, .. }) if path.ends_with("server-id") => {
            Some("remove the file: the next start makes another")
        }
        StartError::Audit { .. } => Some(
            "make room, or move away what is in its place; a file of records that is damaged can be moved away too",
        ),
        StartError::Index(LoadError::Index(IndexError::Damaged(_))) => Some(
            "restore a backup into an empty folder with `bowline restore`; `bowline store check` reads everything",
        ),
        StartError::Objects(OpenObjectsError::Index(_)) => Some(
            "the index knows which objects there must be: put the files `objects/index*` back as they were; or accept that objects which have lost their files are forgotten, and run `bowline store check --repair-index`",
        ),
        StartError::Index(_) => Some(
            "start the version of bowline that wrote the data, with the master key that it was written with",
        ),
        _ => None,
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}
