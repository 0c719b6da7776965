//! The syntax of `bowline.toml`.
//!
//! Unknown keys are errors. An error names line and column and does not repeat the line, which may
//! contain a secret.

use std::{
    fmt::{self, Display},
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
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

use crate::{
    audit_settings::AuditSettings, examples, limit_settings::LimitSettings, nearest::nearest,
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
    pub(crate) audit: AuditSettings,
    #[serde(default)]
    pub(crate) log: Log,
    #[serde(default)]
    pub(crate) limits: LimitSettings,
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
    pub(crate) fetches_per_host: Option<NonZeroU32>,
    pub(crate) fetches_per_account: Option<NonZeroU32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    #[serde(default)]
    pub(crate) refusals: bool,
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
    hint: Option<String>,
}

impl ConfigFileError {
    /// The key that was probably meant, or a right value of the key.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl FromStr for ConfigFile {
    type Err = ConfigFileError;

    fn from_str(text: &str) -> Result<Self, ConfigFileError> {
        toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let (line, column) = bowline_json::line_and_column(text.as_bytes(), offset);
            let hint = match key_at(text, line) {
                Key::Value(key) => match examples::of_key(&key) {
                    Some(_) if error.message().contains(examples::SHOWN) => None,
                    Some(example) => Some(format!("for example: {example}")),
                    None => nearest(&key, examples::keys())
                        .and_then(examples::of_key)
                        .map(|example| format!("did you mean: {example}")),
                },
                Key::Table(table) => match examples::of_table(&table) {
                    Some(example) => Some(format!("for example:\n{example}")),
                    None => nearest(&table, examples::TABLES)
                        .map(|table| format!("did you mean: {table}")),
                },
                Key::None => None,
            };
            ConfigFileError {
                line,
                column,
                problem: error
                    .message()
                    .replace("a nonzero usize", "a number of at least 1")
                    .replace("a nonzero u32", "a number of at least 1")
                    .replace("a sequence", "a list"),
                hint,
            }
        })
    }
}

/// What a line of the file is about.
enum Key {
    /// A key with its table, such as `oidc.allow_networks`.
    Value(String),
    /// The name of a table.
    Table(String),
    /// Nothing that could be named.
    None,
}

/// What this line is about. A line inside a list is about the key of the list.
fn key_at(text: &str, line: usize) -> Key {
    let is_name = |name: &&str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        !name.is_empty() && name.chars().all(allowed)
    };
    let table = |line: &str| {
        let name = line.strip_prefix('[')?.trim_start_matches('[');
        let (name, _) = name.split_once(']')?;
        Some(name).filter(is_name).map(str::to_owned)
    };
    let key = |line: &str| {
        let (name, _) = line.split_once('=')?;
        Some(name.trim()).filter(is_name).map(str::to_owned)
    };
    let before: Vec<_> = text.lines().take(line).map(str::trim).collect();
    let mut lines = before.iter().rev();
    let found = lines.find_map(|line| match (table(line), key(line)) {
        (Some(table), _) => Some(Key::Table(table)),
        (None, Some(key)) => Some(Key::Value(key)),
        (None, None) => None,
    });
    match (found, lines.find_map(|line| table(line))) {
        (Some(Key::Value(key)), Some(table)) => Key::Value(format!("{table}.{key}")),
        (Some(found), _) => found,
        (None, _) => Key::None,
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
    fn an_error_names_line_and_column_and_shows_a_right_value() {
        let said = |text: &str| {
            let error = text.parse::<ConfigFile>().unwrap_err();
            format!("{error}; {}", error.hint().unwrap_or("no hint"))
        };
        insta::assert_snapshot!(said("listen = 9400"), @r#"line 1, column 10: invalid type: integer `9400`, expected socket address; for example: listen = "127.0.0.1:9400""#);
        insta::assert_snapshot!(said("tls = \"none\""), @r#"line 1, column 7: unknown variant `none`, expected `terminated`; for example: tls = "terminated""#);
        insta::assert_snapshot!(said("base_domains = [\n  \"example.com\",\n  \"s3_example\"\n]"), @r#"line 1, column 16: `s3_example` is not a domain such as s3.example.com; no hint"#);
        insta::assert_snapshot!(said("[oidc]\nallow_nets = []"), @r#"line 2, column 1: unknown field `allow_nets`, expected one of `allow_networks`, `allow_loopback_issuers`, `fetches_per_host`, `fetches_per_account`; did you mean: allow_networks = ["10.0.0.0/8"]"#);
        insta::assert_snapshot!(said("[limits]\n\nconnections = 0"), @"line 3, column 15: invalid value: integer `0`, expected a number of at least 1; for example: connections = 4096");
        insta::assert_snapshot!(said("[audits]\nreserve = 1"), @"line 1, column 2: unknown field `audits`, expected one of `listen`, `ops_listen`, `tls`, `trusted_proxies`, `store`, `allow_open_permissions`, `base_domains`, `master_key_file`, `oidc`, `audit`, `log`, `limits`, `bootstrap`; did you mean: [audit]");
        insta::assert_snapshot!(said("trusted_proxy = \"10.0.0.0/8\""), @r#"line 1, column 1: unknown field `trusted_proxy`, expected one of `listen`, `ops_listen`, `tls`, `trusted_proxies`, `store`, `allow_open_permissions`, `base_domains`, `master_key_file`, `oidc`, `audit`, `log`, `limits`, `bootstrap`; did you mean: trusted_proxies = ["10.0.0.0/8"]"#);
        insta::assert_snapshot!(said("trusted_proxies = \"10.0.0.0/8\""), @r#"line 1, column 19: invalid type: string "10.0.0.0/8", expected a list; for example: trusted_proxies = ["10.0.0.0/8"]"#);
        insta::assert_snapshot!(said("[audit]\nmax_file_age = 24"), @r#"line 2, column 16: invalid type: integer `24`, expected a string; for example: max_file_age = "24h""#);
        insta::assert_snapshot!(said("[[bootstrap.account]]\nid = \"1\""), @r#"line 2, column 6: account id does not have twelve digits; for example: id = "111122223333""#);
        insta::assert_snapshot!(said("[[bootstrap.account]]\nid = \"111122223333\""), @r#"
        line 1, column 1: missing field `access_key_id`; for example:
        [[bootstrap.account]]
        id = "111122223333"
        access_key_id = "AKIAEXAMPLEEXAMPLE01"
        secret_access_key = "a-random-text-of-sixteen-characters-or-more"
        "#);
        insta::assert_snapshot!(said("color = 1"), @"line 1, column 1: unknown field `color`, expected one of `listen`, `ops_listen`, `tls`, `trusted_proxies`, `store`, `allow_open_permissions`, `base_domains`, `master_key_file`, `oidc`, `audit`, `log`, `limits`, `bootstrap`; no hint");
        insta::assert_snapshot!(said("listen"), @"line 1, column 7: key with no value, expected `=`; no hint");
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
