//! The syntax of `bowline.toml`.
//!
//! Unknown keys are errors. An error names line and column and does not repeat the line, which may
//! contain a secret.

use std::{
    fmt::{self, Display},
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use bowline_aws::credentials::{AccessKeyId, SecretAccessKey};
use bowline_iam::account::AccountId;
use ipnet::IpNet;
use serde::{
    Deserialize, Deserializer,
    de::{self, Error},
};

/// The file. Its paths are relative to its folder.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) ops_listen: Option<SocketAddr>,
    pub(crate) tls: Option<Tls>,
    #[serde(default)]
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) store: Option<StoreKind>,
    #[serde(default)]
    pub(crate) allow_open_permissions: bool,
    #[serde(default)]
    pub(crate) base_domains: Vec<BaseDomain>,
    pub(crate) master_key_file: Option<PathBuf>,
    #[serde(default)]
    pub(crate) oidc: Oidc,
    #[serde(default)]
    pub(crate) audit: Audit,
    #[serde(default)]
    pub(crate) limits: Limits,
    #[serde(default)]
    pub(crate) bootstrap: Bootstrap,
}

/// Where TLS ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tls {
    /// TLS ends in front of the server, which cannot check it
    Terminated,
}

/// Where identity data is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StoreKind {
    /// In the data folder
    Sqlite,
    /// In memory: lost when the server ends
    Memory,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Oidc {
    #[serde(default)]
    pub(crate) allow_networks: Vec<Network>,
    #[serde(default)]
    pub(crate) allow_loopback_issuers: bool,
}

/// A network such as `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network(pub(crate) IpNet);

/// A domain whose subdomains name buckets, such as `s3.example.com`: in lower case, without dots
/// around it.
#[derive(Clone, Debug)]
pub(crate) struct BaseDomain(pub(crate) String);

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Audit {
    /// A file, or `stdout`.
    pub(crate) to: Option<PathBuf>,
    pub(crate) address_rate: Option<Size>,
    pub(crate) address_burst: Option<Size>,
    pub(crate) all_addresses_rate: Option<Size>,
    pub(crate) max_file_size: Option<Size>,
    pub(crate) max_file_age: Option<Age>,
    pub(crate) max_size: Option<Size>,
    pub(crate) reserve: Option<Size>,
}

/// The parts of what clients share.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) connections: Option<NonZeroUsize>,
    pub(crate) connections_per_address: Option<NonZeroUsize>,
    pub(crate) connections_per_account: Option<NonZeroUsize>,
    pub(crate) body_mib_per_address: Option<NonZeroUsize>,
    pub(crate) body_mib_per_account: Option<NonZeroUsize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bootstrap {
    #[serde(default)]
    pub(crate) account: Vec<Account>,
}

/// An account that the first start creates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    #[serde(deserialize_with = "from_str")]
    pub(crate) id: AccountId,
    #[serde(deserialize_with = "from_str")]
    pub(crate) access_key_id: AccessKeyId,
    #[serde(deserialize_with = "secret")]
    pub(crate) secret_access_key: SecretAccessKey,
}

/// The file is not a valid configuration.
#[derive(Debug, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub(crate) struct ConfigFileError {
    line: usize,
    column: usize,
    problem: String,
}

impl FromStr for ConfigFile {
    type Err = ConfigFileError;

    fn from_str(text: &str) -> Result<Self, ConfigFileError> {
        toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let (line, column) = bowline_json::line_and_column(text.as_bytes(), offset);
            ConfigFileError {
                line,
                column,
                problem: error.message().to_owned(),
            }
        })
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let one = || text.parse::<IpAddr>().map(IpNet::from).ok();
        let network = text.parse().ok().or_else(one).map(Self);
        network.ok_or_else(|| format!("`{text}` is not a network such as 10.0.0.0/8"))
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_str(deserializer)
    }
}

impl FromStr for BaseDomain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let domain = text.trim_matches('.').to_ascii_lowercase();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        if domain.is_empty() || !domain.bytes().all(allowed) {
            return Err(format!("`{text}` is not a domain such as s3.example.com"));
        }
        Ok(Self(domain))
    }
}

impl<'de> Deserialize<'de> for BaseDomain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_str(deserializer)
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

            fn visit_i64<E: Error>(self, number: i64) -> Result<Size, E> {
                let size = u64::try_from(number).map(Size);
                size.map_err(|_| E::custom(format_args!("`{number}` is not a size")))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Size, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_str(deserializer)
    }
}

fn from_str<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

/// Errors do not repeat the value.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretAccessKey, D::Error> {
    let text = String::deserialize(deserializer);
    let text = text.map_err(|_| D::Error::custom("the secret access key is not a text"))?;
    SecretAccessKey::new(text).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        text.parse::<ConfigFile>().unwrap_err().to_string()
    }

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
    fn an_error_names_line_and_column() {
        insta::assert_snapshot!(problem("listen = 9400"), @"line 1, column 10: invalid type: integer `9400`, expected socket address");
        insta::assert_snapshot!(problem("tls = \"none\""), @"line 1, column 7: unknown variant `none`, expected `terminated`");
        insta::assert_snapshot!(problem("base_domains = [\"s3_example\"]"), @"line 1, column 16: `s3_example` is not a domain such as s3.example.com");
        insta::assert_snapshot!(problem("[oidc]\nallow_nets = []"), @"line 2, column 1: unknown field `allow_nets`, expected `allow_networks` or `allow_loopback_issuers`");
        insta::assert_snapshot!(problem("[[bootstrap.account]]\nid = \"1\""), @"line 2, column 6: account id does not have twelve digits");
    }

    #[test]
    fn an_error_beside_a_secret_does_not_repeat_it() {
        let account = |secret: &str| {
            problem(&format!(
                "[[bootstrap.account]]\nid = \"111122223333\"\naccess_key_id = \"AKIAAAAAAAAAAAAAAAAA\"\nsecret_access_key = {secret}"
            ))
        };
        insta::assert_snapshot!(account("1234567890"), @"line 4, column 21: the secret access key is not a text");
        insta::assert_snapshot!(account("\"has a space\""), @"line 4, column 21: secret is empty, too long, or has characters other than visible ASCII");
        insta::assert_snapshot!(account("\"not closed"), @r#"line 4, column 32: invalid basic string, expected `"`"#);
    }
}
