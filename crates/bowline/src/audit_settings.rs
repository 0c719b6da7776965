//! Settings of the audit: where it goes, how much it records, and how its files rotate.
//!
//! The flags and the table `[audit]` of the configuration file are one struct.

use std::path::{Path, PathBuf};

use bowline_server::config::{AuditLimits, AuditTo, Rate};
use clap::Args;
use serde::Deserialize;

use crate::config_file::{Age, Size};

/// The name of standard output; anything else is a path.
const STDOUT: &str = "stdout";

/// The settings, as flags and as a table of the configuration file.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditSettings {
    /// Where audit records go: a file, or stdout [default: audit/audit.jsonl in the data folder]
    #[arg(long = "audit-to", env = "BOWLINE_AUDIT_TO", value_name = "FILE")]
    to: Option<PathBuf>,

    /// Bytes of audit records per second that one address may cause without a proven identity;
    /// further ones are counted in summaries [default: 64 KiB]
    #[arg(
        long = "audit-address-rate",
        env = "BOWLINE_AUDIT_ADDRESS_RATE",
        value_name = "SIZE"
    )]
    address_rate: Option<Size>,

    /// Bytes that such an address may cause before its rate applies [default: 4 MiB]
    #[arg(
        long = "audit-address-burst",
        env = "BOWLINE_AUDIT_ADDRESS_BURST",
        value_name = "SIZE"
    )]
    address_burst: Option<Size>,

    /// The rate of all such addresses together [default: 1 MiB]
    #[arg(
        long = "audit-all-addresses-rate",
        env = "BOWLINE_AUDIT_ALL_ADDRESSES_RATE",
        value_name = "SIZE"
    )]
    all_addresses_rate: Option<Size>,

    /// Bytes of audit records per second of denied and failed requests of one account's callers;
    /// further ones are counted in summaries [default: 1 MiB]
    #[arg(
        long = "audit-account-rate",
        env = "BOWLINE_AUDIT_ACCOUNT_RATE",
        value_name = "SIZE"
    )]
    account_rate: Option<Size>,

    /// Begin a new audit file at this size [default: 64 MiB]
    #[arg(
        long = "audit-max-file-size",
        env = "BOWLINE_AUDIT_MAX_FILE_SIZE",
        value_name = "SIZE"
    )]
    max_file_size: Option<Size>,

    /// Begin a new audit file at this age, such as 12h or 7d [default: 24h]
    #[arg(
        long = "audit-max-file-age",
        env = "BOWLINE_AUDIT_MAX_FILE_AGE",
        value_name = "TIME"
    )]
    max_file_age: Option<Age>,

    /// Delete the oldest audit files beyond this size of all together [default: 4 GiB, or a quarter
    /// of the disk if that is less]
    #[arg(
        long = "audit-max-size",
        env = "BOWLINE_AUDIT_MAX_SIZE",
        value_name = "SIZE"
    )]
    max_size: Option<Size>,

    /// The last part of the audit's disk, which is kept for management events; 0 keeps nothing
    /// [default: 16 MiB]
    #[arg(
        long = "audit-reserve",
        env = "BOWLINE_AUDIT_RESERVE",
        value_name = "SIZE"
    )]
    reserve: Option<Size>,
}

impl AuditSettings {
    /// These, and those of a file in this folder where these set nothing.
    pub(crate) fn or(&self, file: &Self, folder: &Path) -> Self {
        let in_folder = |to: &PathBuf| {
            if to == STDOUT {
                to.clone()
            } else {
                folder.join(to)
            }
        };
        Self {
            to: (self.to.clone()).or_else(|| file.to.as_ref().map(in_folder)),
            address_rate: self.address_rate.or(file.address_rate),
            address_burst: self.address_burst.or(file.address_burst),
            all_addresses_rate: self.all_addresses_rate.or(file.all_addresses_rate),
            account_rate: self.account_rate.or(file.account_rate),
            max_file_size: self.max_file_size.or(file.max_file_size),
            max_file_age: self.max_file_age.or(file.max_file_age),
            max_size: self.max_size.or(file.max_size),
            reserve: self.reserve.or(file.reserve),
        }
    }

    /// Where records go.
    pub(crate) fn destination(&self) -> AuditTo {
        match &self.to {
            None => AuditTo::DataFolder,
            Some(to) if to == STDOUT => AuditTo::Stdout,
            Some(to) => AuditTo::File(to.clone()),
        }
    }

    /// How much is recorded: what is set, else the defaults.
    pub(crate) fn limits(&self) -> AuditLimits {
        let default = AuditLimits::default();
        let bytes = |set: Option<Size>, default| set.map_or(default, |size| size.0);
        AuditLimits {
            address: Rate {
                burst: bytes(self.address_burst, default.address.burst),
                per_second: bytes(self.address_rate, default.address.per_second),
            },
            all_addresses_per_second: bytes(
                self.all_addresses_rate,
                default.all_addresses_per_second,
            ),
            account_per_second: bytes(self.account_rate, default.account_per_second),
            max_file_bytes: bytes(self.max_file_size, default.max_file_bytes),
            max_file_age: (self.max_file_age).map_or(default.max_file_age, |age| age.0),
            max_total_bytes: self.max_size.map(|size| size.0),
            reserve_bytes: bytes(self.reserve, default.reserve_bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_overrides_the_file_and_the_file_the_default() {
        let file = AuditSettings {
            address_rate: Some(Size(1)),
            reserve: Some(Size(2)),
            ..AuditSettings::default()
        };
        let args = AuditSettings {
            address_rate: Some(Size(3)),
            ..AuditSettings::default()
        };
        let found = args.or(&file, Path::new("")).limits();
        let expected = AuditLimits {
            address: Rate {
                per_second: 3,
                ..AuditLimits::default().address
            },
            reserve_bytes: 2,
            ..AuditLimits::default()
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_path_in_the_file_is_relative_to_its_folder() {
        let to = |to: &str| AuditSettings {
            to: Some(to.into()),
            ..AuditSettings::default()
        };
        let destination = |args: AuditSettings, file: AuditSettings| {
            args.or(&file, Path::new("/etc/bowline")).destination()
        };
        let none = AuditSettings::default;
        let file = |path: &str| AuditTo::File(path.into());
        assert_eq!(destination(none(), none()), AuditTo::DataFolder);
        assert_eq!(
            destination(none(), to("a.jsonl")),
            file("/etc/bowline/a.jsonl")
        );
        assert_eq!(destination(none(), to("/b.jsonl")), file("/b.jsonl"));
        assert_eq!(destination(to("c.jsonl"), to("a.jsonl")), file("c.jsonl"));
        assert_eq!(destination(none(), to("stdout")), AuditTo::Stdout);
        assert_eq!(destination(to("stdout"), to("a.jsonl")), AuditTo::Stdout);
    }
}
