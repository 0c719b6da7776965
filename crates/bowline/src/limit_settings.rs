//! Settings of the parts of what clients share.
//!
//! The flags and the table `[limits]` of the configuration file are one struct.

use std::num::NonZeroUsize;

use bowline_server::config::Limits;
use clap::Args;
use serde::Deserialize;

/// The settings, as flags and as a table of the configuration file.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitSettings {
    /// Most connections at a time [default: as the limit of open files allows, at most 4096]
    #[arg(
        long = "max-connections",
        env = "BOWLINE_MAX_CONNECTIONS",
        value_name = "NUMBER"
    )]
    connections: Option<NonZeroUsize>,

    /// Most connections of one address at a time [default: a quarter of all]
    ///
    /// Raise it if many clients share an address, behind NAT or a load balancer that is no trusted
    /// proxy.
    #[arg(
        long = "max-connections-per-address",
        env = "BOWLINE_MAX_CONNECTIONS_PER_ADDRESS",
        value_name = "NUMBER"
    )]
    connections_per_address: Option<NonZeroUsize>,

    /// Most connections with requests of one account at a time [default: half of all]
    #[arg(
        long = "max-connections-per-account",
        env = "BOWLINE_MAX_CONNECTIONS_PER_ACCOUNT",
        value_name = "NUMBER"
    )]
    connections_per_account: Option<NonZeroUsize>,

    /// Most memory for request bodies of one address, in MiB [default: 24]
    #[arg(
        long = "max-body-mib-per-address",
        env = "BOWLINE_MAX_BODY_MIB_PER_ADDRESS",
        value_name = "MIB"
    )]
    body_mib_per_address: Option<NonZeroUsize>,

    /// Most memory for request bodies of one account, in MiB [default: 48]
    #[arg(
        long = "max-body-mib-per-account",
        env = "BOWLINE_MAX_BODY_MIB_PER_ACCOUNT",
        value_name = "MIB"
    )]
    body_mib_per_account: Option<NonZeroUsize>,
}

impl LimitSettings {
    /// These, and those of a file where these set nothing.
    pub(crate) fn or(&self, file: &Self) -> Limits {
        Limits {
            connections: self.connections.or(file.connections),
            connections_per_address: (self.connections_per_address)
                .or(file.connections_per_address),
            connections_per_account: (self.connections_per_account)
                .or(file.connections_per_account),
            body_mib_per_address: self.body_mib_per_address.or(file.body_mib_per_address),
            body_mib_per_account: self.body_mib_per_account.or(file.body_mib_per_account),
        }
    }
}
