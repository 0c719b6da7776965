//! Settings of the audit: how much it records, and how its files rotate.

use bowline_server::config::{AuditLimits, Rate};
use clap::Args;

use crate::config_file::{Age, Audit, Size};

/// Flags of the audit's limits.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct AuditArgs {
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

/// The limits, from flags or variables, else from the file, else the defaults.
pub(crate) fn limits(args: &AuditArgs, file: &Audit) -> AuditLimits {
    let default = AuditLimits::default();
    let size = |args: Option<Size>, file: Option<Size>| args.or(file).map(|size| size.0);
    AuditLimits {
        address: Rate {
            burst: size(args.address_burst, file.address_burst).unwrap_or(default.address.burst),
            per_second: size(args.address_rate, file.address_rate)
                .unwrap_or(default.address.per_second),
        },
        all_addresses_per_second: size(args.all_addresses_rate, file.all_addresses_rate)
            .unwrap_or(default.all_addresses_per_second),
        account_per_second: size(args.account_rate, file.account_rate)
            .unwrap_or(default.account_per_second),
        max_file_bytes: size(args.max_file_size, file.max_file_size)
            .unwrap_or(default.max_file_bytes),
        max_file_age: (args.max_file_age.or(file.max_file_age))
            .map_or(default.max_file_age, |age| age.0),
        max_total_bytes: size(args.max_size, file.max_size),
        reserve_bytes: size(args.reserve, file.reserve).unwrap_or(default.reserve_bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_overrides_the_file_and_the_file_the_default() {
        let file = Audit {
            address_rate: Some(Size(1)),
            reserve: Some(Size(2)),
            ..Audit::default()
        };
        let args = AuditArgs {
            address_rate: Some(Size(3)),
            ..AuditArgs::default()
        };
        let found = limits(&args, &file);
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
}
