//! The settings that a running server takes over, and the names of those that need a restart.

use std::mem;

use ipnet::IpNet;

use crate::config::Config;

/// Settings that change while the server runs. A request reads them once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LiveSettings {
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are trusted.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Domains whose subdomains are bucket names.
    pub(crate) base_domains: Vec<String>,
    /// Private networks in which issuers may be.
    pub(crate) allow_networks: Vec<IpNet>,
}

/// What a reload did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// The settings that changed, by their names in the file.
    pub changed: Vec<&'static str>,
    /// The settings that differ and need a restart.
    pub need_restart: Vec<&'static str>,
}

impl LiveSettings {
    /// Takes them out of a configuration, so that nothing reads those of the start.
    pub(crate) fn take(config: &mut Config) -> Self {
        Self {
            trusted_proxies: mem::take(&mut config.trusted_proxies),
            base_domains: mem::take(&mut config.base_domains),
            allow_networks: mem::take(&mut config.allow_networks),
        }
    }

    /// The names of the settings that differ.
    pub(crate) fn changed(&self, to: &Self) -> Vec<&'static str> {
        let Self {
            trusted_proxies,
            base_domains,
            allow_networks,
        } = self;
        differing(&[
            ("trusted_proxies", *trusted_proxies != to.trusted_proxies),
            ("base_domains", *base_domains != to.base_domains),
            ("oidc.allow_networks", *allow_networks != to.allow_networks),
        ])
    }
}

/// The names of the settings that differ and are read at a start alone.
pub(crate) fn need_restart(of: &Config, to: &Config) -> Vec<&'static str> {
    differing(&[
        ("listen", of.listen != to.listen),
        ("ops_listen", of.ops_listen != to.ops_listen),
        ("tls", of.tls != to.tls),
        ("store", of.store != to.store),
        ("audit.to", of.audit != to.audit),
        ("audit", of.audit_limits != to.audit_limits),
        ("log.refusals", of.log_refusals != to.log_refusals),
        ("limits", of.limits != to.limits),
        (
            "oidc.allow_loopback_issuers",
            of.allow_loopback_issuers != to.allow_loopback_issuers,
        ),
        (
            "oidc.fetches_per_host",
            of.fetch_rates.per_host != to.fetch_rates.per_host,
        ),
        (
            "oidc.fetches_per_account",
            of.fetch_rates.per_account != to.fetch_rates.per_account,
        ),
    ])
}

fn differing(settings: &[(&'static str, bool)]) -> Vec<&'static str> {
    let differ = settings.iter().filter(|(_, differs)| *differs);
    differ.map(|(name, _)| *name).collect()
}
