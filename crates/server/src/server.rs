//! A server from its start to its end.
//!
//! [`Server::start`] returns when both listeners accept connections: by then everything that can
//! fail at a start has succeeded. Several servers can run in one process; they share nothing.

pub(crate) mod sharing;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

use crate::{
    app::App,
    audit::{Audit, Maintenance},
    backup::{BackupSource, Stores},
    bootstrap::{BootstrapError, Bootstrapped, RootCredentials, bootstrap},
    clock::Clock,
    config::{AuditTo, Config, FirstStart, StoreKind, Tls},
    crypto::{
        master_key::{MasterKey, MasterKeyError},
        seal::SealError,
    },
    data_folder::{DataFolder, FolderError, FolderState},
    explain::denials::RecentDenials,
    gateway::{self, dynamodb::table_locks::RegionLocks},
    http::{body_budget::BodyMemoryBudget, connections::Connections, listener},
    identity::{
        entity::{FeatureLevel, ServerId},
        index::{IdentityState, Index, LoadError, UnknownFeatureLevel, UpdateError},
        store::{MemoryStore, SqliteStore, Store, StoreError},
    },
    metrics::Metrics,
    oidc::{OidcConfig, TokenVerifier},
    ops::Ops,
    private_files::write_private,
    reload::{LiveSettings, Reloaded, need_restart},
    request::request_id::{NoRandomness, RequestIdGenerator},
    upstream::{
        EMBEDDED, Upstreams,
        objects::{
            ObjectStore,
            embedded::{EmbeddedObjects, OpenObjectsError},
        },
        tables::{ItemMemory, TableStore, embedded::EmbeddedTables},
    },
    write_gate::WriteGate,
};

/// How long a process takes at most to stop its server.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long [`Server::stop`] takes at most. The rest is for what outlasts the server, such as jobs
/// that remove files.
const STOP_TIMEOUT: Duration = Duration::from_secs(9);

/// A running server. [`stop`](Self::stop) waits until all of it has ended; dropping it ends it
/// without waiting.
#[derive(Debug)]
pub struct Server {
    aws: SocketAddr,
    ops: SocketAddr,
    notes: Bootstrapped,
    stop: watch::Sender<bool>,
    /// The tasks of the listeners and of background work.
    listeners: Vec<JoinHandle<()>>,
    audit_maintenance: Maintenance,
    app: Arc<App>,
}

/// The reason that a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener that other machines can reach, without TLS.
    #[error("the listener `{0}` can be reached from other machines, and there is no TLS")]
    Exposed(SocketAddr),
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The master key cannot be used.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// No randomness.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store was emptied: a server has a keyring and an account from its first start on.
    #[error("the store in `{0}` has no accounts: it is damaged, or another one is in its place")]
    EmptyStore(String),
    /// The data folder has data but no master key to open it with.
    #[error("there is data in `{0}`, and no master key")]
    NoMasterKey(String),
    /// The store cannot be opened.
    #[error("opening the store")]
    Store(#[from] StoreError),
    /// The store's records cannot be used.
    #[error("reading the store")]
    Index(#[from] LoadError),
    /// The feature level of an earlier build's store cannot be raised.
    #[error("raising the feature level of the store")]
    FeatureLevel(#[from] UpdateError<UnknownFeatureLevel>),
    /// The first accounts cannot be made.
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
    /// The object store cannot be opened.
    #[error("opening the object store")]
    Objects(#[source] OpenObjectsError),
    /// Interrupted changes of buckets cannot be completed or rolled back.
    #[error("completing interrupted changes of buckets")]
    Buckets(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The table store cannot be opened.
    #[error("opening the table store")]
    Tables(#[source] io::Error),
    /// The audit cannot be opened.
    #[error("opening the audit file `{path}`")]
    Audit {
        /// Which file.
        path: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The operating system has no thread.
    #[error("starting a thread")]
    Thread(#[source] io::Error),
    /// An address cannot be listened on.
    #[error("listening on `{address}`")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl Server {
    /// Starts a server. Call it on a runtime.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: Config, clock: Clock) -> Result<Self, StartError> {
        Self::start_over(config, clock, |objects| Arc::new(objects)).await
    }

    /// The same, with an object store that `store` makes of the embedded one.
    async fn start_over(
        mut config: Config,
        clock: Clock,
        store: impl FnOnce(EmbeddedObjects) -> Arc<dyn ObjectStore>,
    ) -> Result<Self, StartError> {
        refuse_exposed(&config)?;
        let folder = open_folder(&config)?;
        let (state, notes) = open_state(&mut config, clock, &folder).await?;
        let objects = match config.store {
            StoreKind::Sqlite => Ok(folder.objects()),
            StoreKind::Memory => folder.fresh_objects(),
        };
        let gate = WriteGate::default();
        let objects = objects
            .map_err(OpenObjectsError::from)
            .and_then(|path| EmbeddedObjects::behind(&path, &gate))
            .map_err(StartError::Objects)?;
        let tables = match config.store {
            StoreKind::Sqlite => Ok(folder.tables()),
            StoreKind::Memory => folder.fresh_tables(),
        };
        let tables = tables
            .and_then(|path| EmbeddedTables::behind(&path, &gate))
            .map_err(StartError::Tables)?;
        let stores = Stores {
            objects: objects.clone(),
            tables: Arc::new(tables),
            gate,
        };
        let upstreams = Upstreams::default()
            .with_objects(EMBEDDED, store(objects))
            .with_tables(EMBEDDED, Arc::clone(&stores.tables) as Arc<dyn TableStore>);
        gateway::s3::recover(&state, &upstreams, clock.now())
            .await
            .map_err(StartError::Buckets)?;
        gateway::dynamodb::recover(&state, &upstreams, clock.now()).await;
        let random = SystemRandom::new();
        let audit = Arc::new(open_audit(&config, &folder, clock, &random)?);
        let (aws_listener, aws) = listen(config.listen).await?;
        let (ops_listener, ops) = listen(config.ops_listen).await?;
        let oidc = TokenVerifier::new(OidcConfig {
            allow_loopback: config.allow_loopback_issuers,
            allow_networks: config.allow_networks.clone(),
            fetch_rates: config.fetch_rates,
            own_listeners: vec![aws, ops],
        });
        let live = Arc::new(ArcSwap::from_pointee(LiveSettings::take(&mut config)));
        let connections = Connections::new(sharing::connections(&config.limits), Arc::clone(&live));
        let ops_connections = Connections::new(sharing::OPS_CONNECTIONS, Arc::default());
        let audit_maintenance =
            Maintenance::start(Arc::clone(&audit), clock).map_err(StartError::Thread)?;
        let backup = BackupSource::new(stores, audit_path(&config, &folder), state.server());
        let app = Arc::new(App {
            _folder: folder,
            clock,
            request_ids: RequestIdGenerator::new(&random).map_err(|NoRandomness| SealError)?,
            random,
            state,
            oidc,
            upstreams,
            backup,
            region_locks: RegionLocks::default(),
            connections: Arc::clone(&connections),
            ops_connections: Arc::clone(&ops_connections),
            request_memory: ItemMemory::of_requests(),
            response_memory: ItemMemory::of_responses(),
            body_budget: Arc::new(BodyMemoryBudget::new(sharing::bodies(&config.limits))),
            audit,
            denials: RecentDenials::default(),
            metrics: Metrics::new(),
            config,
            live,
        });
        let (stop, stopped) = watch::channel(false);
        let listeners = vec![
            tokio::spawn(gateway::dynamodb::expire_items(
                Arc::clone(&app),
                stopped.clone(),
            )),
            tokio::spawn(listener::serve(
                aws_listener,
                Arc::clone(&app),
                connections,
                stopped.clone(),
            )),
            tokio::spawn(listener::serve(
                ops_listener,
                Arc::new(Ops(Arc::clone(&app))),
                ops_connections,
                stopped,
            )),
        ];
        Ok(Self {
            aws,
            ops,
            notes,
            stop,
            listeners,
            audit_maintenance,
            app,
        })
    }

    /// The address for AWS clients.
    pub fn aws(&self) -> SocketAddr {
        self.aws
    }

    /// The address for health and metrics.
    pub fn ops(&self) -> SocketAddr {
        self.ops
    }

    /// What the start created, for the operator.
    pub fn notes(&self) -> &Bootstrapped {
        &self.notes
    }

    /// Takes over the settings that a running server can change. What differs otherwise stays as it
    /// is until a restart.
    pub fn reload(&self, mut config: Config) -> Reloaded {
        let app = &self.app;
        let live = LiveSettings::take(&mut config);
        let changed = app.live.load().changed(&live);
        app.oidc.allow_networks(&live.allow_networks);
        app.live.store(Arc::new(live));
        Reloaded {
            changed,
            need_restart: need_restart(&app.config, &config),
        }
    }

    /// Accepts no more connections, lets running requests end, and closes the store. Ends before
    /// [`SHUTDOWN_TIMEOUT`], whatever runs: what does not end by then goes on without a response,
    /// until the runtime or the process ends.
    pub async fn stop(mut self) {
        // Fails only if the listeners have ended already.
        let _ = self.stop.send(true);
        let ended = async {
            for listener in std::mem::take(&mut self.listeners) {
                // A listener that panicked has ended as well.
                let _ = listener.await;
            }
            self.audit_maintenance.finish();
            // A request that outlasts its timeout keeps the folder until it ends.
            if let Some(app) = Arc::into_inner(self.app) {
                app.state.close().await;
            }
        };
        if timeout(STOP_TIMEOUT, ended).await.is_err() {
            tracing::warn!("Work that is still under way has been cut off");
        }
    }
}

/// Creates a data folder with master key and root credentials, as a first start does.
///
/// # Errors
/// [`StartError`].
pub async fn init(mut config: Config, clock: Clock) -> Result<Bootstrapped, StartError> {
    let folder = open_folder(&config)?;
    folder.close_to_others()?;
    let (state, notes) = open_state(&mut config, clock, &folder).await?;
    state.close().await;
    Ok(notes)
}

/// The data folder. It is created if the start may make a new server in it.
fn open_folder(config: &Config) -> Result<DataFolder, FolderError> {
    if may_make_server(config) {
        DataFolder::create(&config.data)
    } else {
        DataFolder::open(&config.data)
    }
}

/// Whether this start may make a new server: by its command, by accounts that the operator
/// declares, or because it would not outlast the process.
fn may_make_server(config: &Config) -> bool {
    config.first_start == FirstStart::Allowed
        || !config.accounts.is_empty()
        || config.store == StoreKind::Memory
}

/// The identity data, after a first start has created it.
pub(crate) async fn open_state(
    config: &mut Config,
    clock: Clock,
    folder: &DataFolder,
) -> Result<(IdentityState, Bootstrapped), StartError> {
    let random = SystemRandom::new();
    let mut server_id = [0; 16];
    random.fill(&mut server_id).map_err(|_| SealError)?;
    let is_new = match config.store {
        StoreKind::Sqlite => begin_first_start(config, folder)?,
        StoreKind::Memory => true,
    };
    folder.check_permissions(config.permissions)?;
    let master_key = master_key(config, folder, is_new)?;
    let (path, revision) = (folder.store(), folder.store_revision());
    let (store, server, credentials): (Arc<dyn Store>, _, _) = match config.store {
        StoreKind::Sqlite if is_new => (
            Arc::new(SqliteStore::create(&path, &revision)?),
            folder.server_id(server_id)?,
            folder.credentials(),
        ),
        StoreKind::Sqlite => (
            Arc::new(SqliteStore::open(&path, &revision)?),
            folder.server_id(server_id)?,
            folder.credentials(),
        ),
        StoreKind::Memory => {
            let credentials = folder.memory_credentials();
            remove_obsolete(&credentials)
                .map_err(|source| credentials_error(&credentials, source))?;
            let store = Arc::new(MemoryStore::new());
            (store, ServerId::new(server_id), credentials)
        }
    };
    let state = IdentityState::start(store, Arc::new(master_key), server).await?;
    let is_empty =
        |index: &Index| index.keyring_record().is_none() || index.accounts().next().is_none();
    if !is_new && is_empty(&state.current()) {
        return Err(StartError::EmptyStore(folder.path().display().to_string()));
    }
    let keep = |root: &RootCredentials| {
        write_private(&credentials, root.to_credentials_file().as_bytes())
            .map_err(|source| credentials_error(&credentials, source))
    };
    // A secret stays in memory no longer than it takes to seal it.
    let declared = std::mem::take(&mut config.accounts);
    let bootstrapped = bootstrap(&state, &declared, &random, clock.now(), keep).await?;
    raise_feature_level(&state).await?;
    if config.store == StoreKind::Sqlite {
        folder.complete_first_start()?;
    }
    Ok((state, bootstrapped))
}

/// Begins a first start if there is no server in the folder: whether there is none.
fn begin_first_start(config: &Config, folder: &DataFolder) -> Result<bool, FolderError> {
    match folder.state()? {
        FolderState::Initialized => return Ok(false),
        FolderState::New if !may_make_server(config) => {
            return Err(FolderError::NoServer(folder.path().to_owned()));
        }
        FolderState::Interrupted if !may_make_server(config) => {
            return Err(FolderError::Interrupted(folder.path().to_owned()));
        }
        FolderState::New | FolderState::Interrupted => {}
    }
    if folder.check_permissions(config.permissions).is_err() {
        folder.close_to_others()?;
    }
    folder.begin_first_start()?;
    Ok(true)
}

/// Gives a store of an earlier build the newest features. Every store is embedded today, and the
/// lock of the data folder makes this server the only one that reads it.
async fn raise_feature_level(state: &IdentityState) -> Result<(), StartError> {
    let (before, newest) = (state.current().feature_level(), FeatureLevel::NEWEST);
    if before < newest {
        state.raise_feature_level(newest).await?;
        tracing::info!(
            "Raised the feature level of the store from {} to {}: earlier versions can no longer open it",
            before.number(),
            newest.number()
        );
    }
    Ok(())
}

/// Removes the credentials of an earlier store in memory. A file that Bowline did not write stays.
fn remove_obsolete(path: &Path) -> io::Result<()> {
    match std::fs::read_to_string(path) {
        Ok(before) if RootCredentials::wrote(&before) => std::fs::remove_file(path),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn credentials_error(path: &Path, source: io::Error) -> BootstrapError {
    let path = path.display().to_string();
    BootstrapError::Credentials { path, source }
}

/// The configured key, or the one in the data folder, which is created with the first data and
/// never later.
fn master_key(
    config: &mut Config,
    folder: &DataFolder,
    is_new: bool,
) -> Result<MasterKey, StartError> {
    if let Some(key) = config.master_key.take() {
        return Ok(key);
    }
    if config.store == StoreKind::Memory {
        return Ok(MasterKey::generate()?);
    }
    let path = folder.master_key();
    if exists(&path) {
        return Ok(MasterKey::read(&path, config.permissions)?);
    }
    if !is_new {
        return Err(StartError::NoMasterKey(folder.path().display().to_string()));
    }
    Ok(MasterKey::create(&path)?)
}

/// The configured audit.
pub(crate) fn open_audit(
    config: &Config,
    folder: &DataFolder,
    clock: Clock,
    random: &SystemRandom,
) -> Result<Audit, StartError> {
    let ids = RequestIdGenerator::new(random).map_err(|NoRandomness| SealError)?;
    let (limits, now) = (config.audit_limits, clock.now());
    let Some(path) = audit_path(config, folder) else {
        return Ok(Audit::to_stdout(limits, ids, now));
    };
    Audit::to_file(&path, limits, ids, now).map_err(|source| StartError::Audit {
        path: path.display().to_string(),
        source,
    })
}

/// The file of the audit, unless it is standard output.
fn audit_path(config: &Config, folder: &DataFolder) -> Option<PathBuf> {
    match &config.audit {
        AuditTo::DataFolder => Some(folder.audit()),
        AuditTo::File(path) => Some(path.clone()),
        AuditTo::Stdout => None,
    }
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Credentials and tokens must not cross a network unencrypted.
pub(crate) fn refuse_exposed(config: &Config) -> Result<(), StartError> {
    let reachable = |address: &&SocketAddr| !is_loopback(address.ip());
    match config.tls {
        Tls::Terminated => Ok(()),
        Tls::None => match [&config.listen, &config.ops_listen]
            .into_iter()
            .find(reachable)
        {
            None => Ok(()),
            Some(address) => Err(StartError::Exposed(*address)),
        },
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

#[cfg(test)]
pub(crate) mod testing;
