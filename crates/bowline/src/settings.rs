//! What a server is started with: flags and environment, then the file, then what holds without either. The only reader of the
//! environment.

use std::{
    env,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use bowline_aws::credentials::SecretAccessKey;
use bowline_server::{
    bootstrap::RootCredentials,
    config::{self, AuditTo, Config},
    master_key::MasterKey,
};
use clap::Args;
use ipnet::IpNet;
use tempfile::TempDir;

use crate::{
    config_file::{ConfigFile, Network, StoreKind, Tls},
    files::read_text,
};

/// The environment's variable for the text of the master key.
const MASTER_KEY: &str = "BOWLINE_MASTER_KEY";
/// Those of an account that a first start makes.
const BOOTSTRAP: [&str; 3] = [
    "BOWLINE_BOOTSTRAP_ACCOUNT_ID",
    "BOWLINE_BOOTSTRAP_ACCESS_KEY_ID",
    "BOWLINE_BOOTSTRAP_SECRET_ACCESS_KEY",
];

/// Where a server's data is, and what it is opened with.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// The data folder, made if it is not there [default: bowline-data; with a store in memory, a temporary one]
    #[arg(long, env = "BOWLINE_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// The configuration file [default: bowline.toml in the data folder, if it is there]
    #[arg(long, env = "BOWLINE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// The master key, in a file of its own [default: master.key in the data folder]
    #[arg(long, env = "BOWLINE_MASTER_KEY_FILE", value_name = "FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
}

/// How a server listens and decides.
#[derive(Debug, Default, Args)]
pub(crate) struct ServeArgs {
    /// Where AWS clients are served; port 0 picks one [default: 127.0.0.1:9400]
    #[arg(long, env = "BOWLINE_LISTEN", value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,

    /// Where health and metrics are served; port 0 picks one [default: 127.0.0.1:9401]
    #[arg(long, env = "BOWLINE_OPS_LISTEN", value_name = "ADDR")]
    pub(crate) ops_listen: Option<SocketAddr>,

    /// Where identity data is kept [default: sqlite]
    #[arg(long, env = "BOWLINE_STORE", value_name = "STORE")]
    pub(crate) store: Option<StoreKind>,

    /// Lets issuers be on this machine, also over plain http: for tests
    #[arg(long, env = "BOWLINE_ALLOW_LOOPBACK_ISSUERS")]
    pub(crate) allow_loopback_issuers: bool,
}

/// The data folder, if nothing else is said.
const DATA: &str = "bowline-data";

/// Everything together. A store in memory has nothing that a later start could use, so without a folder of its own it gets one that
/// is gone when the second part is dropped.
///
/// # Errors
/// What is wrong, and where.
pub(crate) fn settle(data: &DataArgs, serve: &ServeArgs) -> Result<(Config, Option<TempDir>)> {
    let (file, folder) = read_file(data)?;
    let store = match serve.store.or(file.store).unwrap_or(StoreKind::Sqlite) {
        StoreKind::Sqlite => config::StoreKind::Sqlite,
        StoreKind::Memory => config::StoreKind::Memory,
    };
    let temporary = if data.data.is_none() && store == config::StoreKind::Memory {
        let made = tempfile::Builder::new().prefix("bowline-").tempdir();
        Some(made.context("making a temporary data folder")?)
    } else {
        None
    };
    let path = match (&temporary, &data.data) {
        (Some(temporary), _) => temporary.path().to_owned(),
        (None, Some(path)) => path.clone(),
        (None, None) => PathBuf::from(DATA),
    };
    let mut accounts: Vec<RootCredentials> = file
        .bootstrap
        .account
        .into_iter()
        .map(|account| RootCredentials {
            account: account.id,
            access_key_id: account.access_key_id,
            secret_access_key: account.secret_access_key,
        })
        .collect();
    accounts.extend(account_of_environment()?);
    let key_file = data
        .master_key_file
        .clone()
        .or_else(|| file.master_key_file.map(|path| folder.join(path)));
    let config = Config {
        listen: serve.listen.or(file.listen).unwrap_or(local(9400)),
        ops_listen: serve.ops_listen.or(file.ops_listen).unwrap_or(local(9401)),
        tls: match file.tls {
            None => config::Tls::None,
            Some(Tls::Terminated) => config::Tls::Terminated,
        },
        trusted_proxies: networks(&file.trusted_proxies),
        data: path,
        store,
        master_key: master_key(key_file.as_deref())?,
        base_domains: base_domains(file.base_domains)?,
        allow_networks: networks(&file.oidc.allow_networks),
        allow_loopback_issuers: serve.allow_loopback_issuers || file.oidc.allow_loopback_issuers,
        accounts,
        audit: match file.audit.to {
            None => AuditTo::DataFolder,
            Some(path) if path == Path::new("stdout") => AuditTo::Stdout,
            Some(path) => AuditTo::File(folder.join(path)),
        },
    };
    Ok((config, temporary))
}

/// A variable of the environment; an empty one is none.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the environment is read, beside clap's"
)]
pub(crate) fn variable(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => bail!("the variable {name} is not UTF-8"),
    }
}

/// The file, and the folder that its paths are relative to.
fn read_file(data: &DataArgs) -> Result<(ConfigFile, PathBuf)> {
    let usual = || {
        let folder = data.data.as_deref().unwrap_or(Path::new(DATA));
        Some(folder.join("bowline.toml")).filter(|path| path.exists())
    };
    let Some(path) = data.config.clone().or_else(usual) else {
        return Ok((ConfigFile::default(), PathBuf::new()));
    };
    let text = read_text(&path).with_context(|| format!("reading `{}`", path.display()))?;
    let file = text
        .parse()
        .with_context(|| format!("`{}` is not a configuration", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    Ok((file, folder))
}

fn account_of_environment() -> Result<Option<RootCredentials>> {
    let [id, key, secret] = BOOTSTRAP;
    match (variable(id)?, variable(key)?, variable(secret)?) {
        (None, None, None) => Ok(None),
        (Some(account), Some(access_key_id), Some(secret_access_key)) => {
            Ok(Some(RootCredentials {
                account: account.parse().with_context(|| format!("reading {id}"))?,
                access_key_id: access_key_id
                    .parse()
                    .with_context(|| format!("reading {key}"))?,
                secret_access_key: SecretAccessKey::new(secret_access_key)
                    .with_context(|| format!("reading {secret}"))?,
            }))
        }
        _ => bail!("an account is declared by {id}, {key} and {secret} together"),
    }
}

fn master_key(file: Option<&Path>) -> Result<Option<MasterKey>> {
    match (variable(MASTER_KEY)?, file) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => bail!("the master key is given twice: by {MASTER_KEY} and by a file"),
        (Some(text), None) => {
            let key = MasterKey::from_text(&text);
            Ok(Some(key.with_context(|| format!("reading {MASTER_KEY}"))?))
        }
        (None, Some(path)) => Ok(Some(MasterKey::read(path)?)),
    }
}

/// Domains under which a host name carries a bucket. `localhost` is one, as the JavaScript SDK expects.
fn base_domains(given: Option<Vec<String>>) -> Result<Vec<String>> {
    let mut domains = vec!["localhost".to_owned()];
    for domain in given.unwrap_or_default() {
        let domain = domain.trim_matches('.').to_ascii_lowercase();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        if domain.is_empty() || !domain.bytes().all(allowed) {
            bail!("base_domains: `{domain}` is not a domain");
        }
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    Ok(domains)
}

fn networks(given: &[Network]) -> Vec<IpNet> {
    given.iter().map(|network| network.0).collect()
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
