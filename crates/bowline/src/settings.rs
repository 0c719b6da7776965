//! A server's settings: from flags, else the environment, else the configuration file, else
//! defaults.

use std::{
    fs::Permissions,
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context as _, Result, anyhow, bail};
use bowline_aws::credentials::SecretAccessKey;
use bowline_client::{Environment, file::read_open_text};
use bowline_server::{
    bootstrap::RootCredentials,
    config::{self, Config, FetchRates, FirstStart},
    crypto::master_key::MasterKey,
    server::StartError,
    trusted_files::{self, Access, PermissionChecks},
};
use clap::Args;
use ipnet::IpNet;
use tempfile::TempDir;

use crate::{
    audit_settings::AuditSettings,
    config_file::{BaseDomain, ConfigFile, ConfigFileError, Network, Oidc, StoreKind, Tls},
    error::CommandError,
    limit_settings::LimitSettings,
};

/// The variable with the text of the master key.
const MASTER_KEY: &str = "BOWLINE_MASTER_KEY";
/// The variables of an account that the first start creates.
const BOOTSTRAP: [&str; 3] = [
    "BOWLINE_BOOTSTRAP_ACCOUNT_ID",
    "BOWLINE_BOOTSTRAP_ACCESS_KEY_ID",
    "BOWLINE_BOOTSTRAP_SECRET_ACCESS_KEY",
];

/// The variables of settings that no flag has, since all users of the machine can read the command
/// lines of its programs.
pub(crate) const VARIABLES_WITHOUT_FLAG: [&str; 4] =
    [MASTER_KEY, BOOTSTRAP[0], BOOTSTRAP[1], BOOTSTRAP[2]];

/// Where a server's data is, and how it is opened.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// The data folder [default: bowline-data; with a store in memory, a temporary one]
    #[arg(long, env = "BOWLINE_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// The configuration file [default: bowline.toml in the data folder, if it exists]
    ///
    /// A temporary data folder has none: `--store memory` without --data reads a file only if it is
    /// named here.
    #[arg(long, env = "BOWLINE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// The master key, in a file of its own [default: master.key in the data folder]
    #[arg(long, env = "BOWLINE_MASTER_KEY_FILE", value_name = "FILE")]
    pub(crate) master_key_file: Option<PathBuf>,

    /// Use a data folder, a key or a configuration file although other users can read or replace it
    #[arg(long, env = "BOWLINE_ALLOW_OPEN_PERMISSIONS")]
    pub(crate) allow_open_permissions: bool,
}

/// How a server listens, and what it trusts.
#[derive(Debug, Default, Args)]
pub(crate) struct ServeArgs {
    /// The address for AWS clients; port 0 picks a free one [default: 127.0.0.1:9400]
    #[arg(long, env = "BOWLINE_LISTEN", value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,

    /// The address for health and metrics; port 0 picks a free one [default: 127.0.0.1:9401]
    #[arg(long, env = "BOWLINE_OPS_LISTEN", value_name = "ADDR")]
    pub(crate) ops_listen: Option<SocketAddr>,

    /// Where TLS ends [default: nowhere; both addresses must then be on loopback]
    #[arg(long, env = "BOWLINE_TLS", value_name = "WHERE")]
    pub(crate) tls: Option<Tls>,

    /// A proxy whose X-Forwarded-For and X-Forwarded-Proto are trusted, such as 10.0.0.0/8; may be
    /// repeated
    ///
    /// Only such a proxy can make aws:SecureTransport true and aws:SourceIp another address than
    /// the peer's. The variable is a list with commas.
    #[arg(
        long = "trusted-proxy",
        env = "BOWLINE_TRUSTED_PROXIES",
        value_name = "NET",
        value_delimiter = ',',
        value_parser = entry::<Network>
    )]
    pub(crate) trusted_proxies: Vec<Network>,

    /// Where identity data is stored [default: sqlite]
    #[arg(long, env = "BOWLINE_STORE", value_name = "STORE")]
    pub(crate) store: Option<StoreKind>,

    /// A domain whose subdomains name buckets, beside localhost; may be repeated
    ///
    /// With s3.example.com, the host insights.s3.example.com names the bucket insights. The
    /// variable is a list with commas.
    #[arg(
        long = "base-domain",
        env = "BOWLINE_BASE_DOMAINS",
        value_name = "DOMAIN",
        value_delimiter = ',',
        value_parser = entry::<BaseDomain>
    )]
    pub(crate) base_domains: Vec<BaseDomain>,

    /// A private network that issuers' keys may be fetched from, such as 10.0.0.0/8; may be
    /// repeated
    ///
    /// The variable is a list with commas.
    #[arg(
        long = "oidc-allow-network",
        env = "BOWLINE_OIDC_ALLOW_NETWORKS",
        value_name = "NET",
        value_delimiter = ',',
        value_parser = entry::<Network>
    )]
    pub(crate) oidc_allow_networks: Vec<Network>,

    /// Log a line for each request that is rejected
    ///
    /// The lines have the level info, and are bounded as all of the log is.
    #[arg(long, env = "BOWLINE_LOG_REFUSALS")]
    pub(crate) log_refusals: bool,

    /// Most documents of issuers fetched from one host each second [default: 60]
    ///
    /// One account has a third.
    #[arg(long, env = "BOWLINE_OIDC_FETCHES_PER_HOST", value_name = "NUMBER")]
    pub(crate) oidc_fetches_per_host: Option<NonZeroU32>,

    /// Most documents of issuers fetched for one account each second [default: 40]
    #[arg(long, env = "BOWLINE_OIDC_FETCHES_PER_ACCOUNT", value_name = "NUMBER")]
    pub(crate) oidc_fetches_per_account: Option<NonZeroU32>,

    #[command(flatten)]
    pub(crate) limits: LimitSettings,

    #[command(flatten)]
    pub(crate) audit: AuditSettings,

    /// Allow issuers on loopback, also over plain HTTP: for tests
    #[arg(long, env = "BOWLINE_ALLOW_LOOPBACK_ISSUERS")]
    pub(crate) allow_loopback_issuers: bool,

    /// Make a new server if there is none in the data folder, as `bowline init` does
    #[arg(long)]
    pub(crate) init: bool,
}

/// The default data folder.
const DEFAULT_DATA: &str = "bowline-data";

/// The whole configuration. A store in memory without a data folder gets a temporary one, which is
/// removed when the second part is dropped.
///
/// # Errors
/// If a file, a variable or a key is invalid; the error names it.
pub(crate) fn resolve(
    data: &DataArgs,
    serve: &ServeArgs,
) -> Result<(Config, Option<TempDir>), CommandError> {
    let default = match (&data.data, serve.store) {
        (Some(folder), _) => Some(folder.as_path()),
        // A temporary folder has no file.
        (None, Some(StoreKind::Memory)) => None,
        (None, Some(StoreKind::Sqlite) | None) => Some(Path::new(DEFAULT_DATA)),
    };
    let found = default
        .map(|folder| folder.join("bowline.toml"))
        .filter(|path| path.exists());
    let checks = |allow_open| {
        if allow_open {
            PermissionChecks::Off
        } else {
            PermissionChecks::On
        }
    };
    let path = data.config.as_ref().or(found.as_ref());
    let (file, folder) = read_file(path, checks(data.allow_open_permissions))?;
    let permissions = checks(data.allow_open_permissions || file.allow_open_permissions);
    let store = match serve.store.or(file.store).unwrap_or(StoreKind::Sqlite) {
        StoreKind::Sqlite => config::StoreKind::Sqlite,
        StoreKind::Memory => config::StoreKind::Memory,
    };
    // The folder of a file that was found is the data folder, whatever store the file names.
    let named = data.data.is_some() || (data.config.is_none() && found.is_some());
    let temporary = if store == config::StoreKind::Memory && !named {
        let folder = tempfile::Builder::new()
            .prefix("bowline-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir();
        Some(folder.context("creating a temporary data folder")?)
    } else {
        None
    };
    let path = match &temporary {
        Some(temporary) => temporary.path(),
        None => default.unwrap_or(Path::new(DEFAULT_DATA)),
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
    let audit = serve.audit.or(&file.audit, &folder);
    let config = Config {
        listen: serve.listen.or(file.listen).unwrap_or(local(9400)),
        ops_listen: serve.ops_listen.or(file.ops_listen).unwrap_or(local(9401)),
        tls: match serve.tls.or(file.tls) {
            None => config::Tls::None,
            Some(Tls::Terminated) => config::Tls::Terminated,
        },
        trusted_proxies: networks(&serve.trusted_proxies, &file.trusted_proxies),
        data: path.to_owned(),
        first_start: if serve.init {
            FirstStart::Allowed
        } else {
            FirstStart::Refused
        },
        permissions,
        store,
        master_key: master_key(key_file.as_deref(), permissions)?,
        base_domains: base_domains(&serve.base_domains, &file.base_domains),
        allow_networks: networks(&serve.oidc_allow_networks, &file.oidc.allow_networks),
        allow_loopback_issuers: serve.allow_loopback_issuers || file.oidc.allow_loopback_issuers,
        fetch_rates: fetch_rates(serve, &file.oidc),
        accounts,
        audit: audit.destination(),
        log_refusals: serve.log_refusals || file.log.refusals,
        limits: serve.limits.or(&file.limits),
        audit_limits: audit.limits(),
    };
    Ok((config, temporary))
}

fn fetch_rates(serve: &ServeArgs, file: &Oidc) -> FetchRates {
    let default = FetchRates::default();
    let per_host = serve.oidc_fetches_per_host.or(file.fetches_per_host);
    let per_account = serve.oidc_fetches_per_account.or(file.fetches_per_account);
    FetchRates {
        per_host: per_host.unwrap_or(default.per_host),
        per_account: per_account.unwrap_or(default.per_account),
    }
}

fn variable(name: &str) -> Result<Option<String>> {
    Ok(Environment::Process.get(name)?)
}

/// The configuration file, and the folder that its paths are relative to.
fn read_file(
    path: Option<&PathBuf>,
    checks: PermissionChecks,
) -> Result<(ConfigFile, PathBuf), CommandError> {
    let Some(path) = path else {
        return Ok((ConfigFile::default(), PathBuf::new()));
    };
    let reading = || format!("reading `{}`", path.display());
    let opened = trusted_files::open(path, Access::Public, checks);
    let opened = opened.map_err(|error| CommandError::about_trust(error, reading()))?;
    let text = read_open_text(opened).with_context(reading)?;
    let file = text.parse().map_err(|error: ConfigFileError| {
        let hint = error.hint().map(str::to_owned);
        let fact = format!("`{}` is not a configuration", path.display());
        let error = anyhow::Error::from(error).context(fact);
        CommandError { error, hint }
    })?;
    tracing::info!("Read the configuration in `{}`", path.display());
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

fn master_key(
    file: Option<&Path>,
    checks: PermissionChecks,
) -> Result<Option<MasterKey>, CommandError> {
    match (variable(MASTER_KEY)?, file) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            let twice = anyhow!("the master key is set twice: by {MASTER_KEY} and by a file");
            Err(twice.into())
        }
        (Some(text), None) => {
            let key = MasterKey::from_text(&text);
            Ok(Some(key.with_context(|| format!("reading {MASTER_KEY}"))?))
        }
        (None, Some(path)) => Ok(Some(
            MasterKey::read(path, checks).map_err(StartError::from)?,
        )),
    }
}

/// One entry of a list. A list in a variable may have spaces after its commas.
fn entry<T: FromStr<Err = String>>(text: &str) -> Result<T, String> {
    text.trim().parse()
}

/// A list: the whole of it from the flags or the variable, or else the whole of it from the file.
fn list<'l, T>(flags: &'l [T], file: &'l [T]) -> &'l [T] {
    if flags.is_empty() { file } else { flags }
}

/// Domains whose subdomains name buckets. `localhost` is one, as the JavaScript SDK expects.
fn base_domains(flags: &[BaseDomain], file: &[BaseDomain]) -> Vec<String> {
    let mut domains = vec!["localhost".to_owned()];
    for BaseDomain(domain) in list(flags, file) {
        if !domains.contains(domain) {
            domains.push(domain.clone());
        }
    }
    domains
}

fn networks(flags: &[Network], file: &[Network]) -> Vec<IpNet> {
    let networks = list(flags, file).iter();
    networks.map(|network| network.0).collect()
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_networks_of_issuers_come_from_the_flags_or_else_from_the_file() {
        let home = TempDir::new().unwrap();
        let file = "[oidc]\nallow_networks = [\"192.168.0.0/16\", \"fd00::1\"]\n";
        std::fs::write(home.path().join("bowline.toml"), file).unwrap();
        let data = DataArgs {
            data: Some(home.path().to_owned()),
            config: None,
            master_key_file: None,
            allow_open_permissions: false,
        };
        let allowed = |flags: &[&str]| {
            let serve = ServeArgs {
                oidc_allow_networks: flags.iter().map(|net| net.parse().unwrap()).collect(),
                ..ServeArgs::default()
            };
            let (config, _) = resolve(&data, &serve).unwrap();
            format!("{:?}", config.allow_networks)
        };
        insta::assert_snapshot!(allowed(&[]), @"[192.168.0.0/16, fd00::1/128]");
        insta::assert_snapshot!(allowed(&["10.0.0.0/8"]), @"[10.0.0.0/8]");
    }
}
