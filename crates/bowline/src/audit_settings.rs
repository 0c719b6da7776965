//! Settings of the audit: how much it records, and how its files rotate.

use std::{fmt, str::FromStr, time::Duration};

use bowline_server::config::{AuditLimits, Rate};
use clap::Args;
use serde::{Deserialize, Deserializer, de};

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

/// The same keys in the file, beside `to`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AuditKeys {
    pub(crate) address_rate: Option<Size>,
    pub(crate) address_burst: Option<Size>,
    pub(crate) all_addresses_rate: Option<Size>,
    pub(crate) max_file_size: Option<Size>,
    pub(crate) max_file_age: Option<Age>,
    pub(crate) max_size: Option<Size>,
    pub(crate) reserve: Option<Size>,
}

/// The limits, from flags or variables, else from the file, else the defaults.
pub(crate) fn limits(args: &AuditArgs, file: &AuditKeys) -> AuditLimits {
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
        max_file_bytes: size(args.max_file_size, file.max_file_size)
            .unwrap_or(default.max_file_bytes),
        max_file_age: (args.max_file_age.or(file.max_file_age))
            .map_or(default.max_file_age, |age| age.0),
        max_total_bytes: size(args.max_size, file.max_size),
        reserve_bytes: size(args.reserve, file.reserve).unwrap_or(default.reserve_bytes),
    }
}

/// A number of bytes: `65536`, `64 KiB`, `4MiB` or `1 GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (number, unit) = number_and_unit(text)?;
            let factor: u64 = match unit {
                "" | "B" => 1,
                "KiB" => 1 << 10,
                "MiB" => 1 << 20,
                "GiB" => 1 << 30,
                "TiB" => 1 << 40,
                _ => return None,
            };
            number.checked_mul(factor).map(Self)
        };
        parse().ok_or_else(|| format!("`{text}` is not a size such as 64 KiB"))
    }
}

/// A time: `90s`, `30m`, `12h` or `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Age(pub(crate) Duration);

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (number, unit) = number_and_unit(text)?;
            let factor: u64 = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3_600,
                "d" => 86_400,
                _ => return None,
            };
            let seconds = number.checked_mul(factor).filter(|seconds| *seconds > 0)?;
            Some(Self(Duration::from_secs(seconds)))
        };
        parse().ok_or_else(|| format!("`{text}` is not a time such as 24h"))
    }
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, unit.trim_start()))
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as \"64 KiB\"")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Size, E> {
                let size = u64::try_from(number).map(Size);
                size.map_err(|_| E::custom(format_args!("`{number}` is not a size")))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_with_a_unit() {
        let size = |text: &str| text.parse::<Size>().map(|size| size.0);
        assert_eq!(size("65536"), Ok(65_536));
        assert_eq!(size("64 KiB"), Ok(65_536));
        assert_eq!(size("4MiB"), Ok(4 << 20));
        assert_eq!(size(" 1 GiB "), Ok(1 << 30));
        assert_eq!(size("0"), Ok(0));
        for invalid in ["", "KiB", "1.5 MiB", "-1", "1 MB", "99999999999 TiB"] {
            assert!(size(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn an_age_is_a_positive_number_with_a_unit() {
        let age = |text: &str| text.parse::<Age>().map(|age| age.0.as_secs());
        assert_eq!(age("90s"), Ok(90));
        assert_eq!(age("7d"), Ok(7 * 86_400));
        for invalid in ["", "0h", "24", "1w", "h"] {
            assert!(age(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn a_flag_overrides_the_file_and_the_file_the_default() {
        let file = AuditKeys {
            address_rate: Some(Size(1)),
            reserve: Some(Size(2)),
            ..AuditKeys::default()
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
