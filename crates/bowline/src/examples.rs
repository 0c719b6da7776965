//! A right value for each setting, shown beside the error about a wrong one.

/// A setting: its key in the configuration file, and its flag.
#[derive(Debug)]
pub(crate) struct Example {
    /// The key, with its table: `oidc.allow_networks`.
    key: &'static str,
    /// The flag without its dashes; empty if there is none.
    flag: &'static str,
    /// A value as the file has it.
    value: &'static str,
}

const fn example(key: &'static str, flag: &'static str, value: &'static str) -> Example {
    Example { key, flag, value }
}

/// Every key of the configuration file, in its order.
const EXAMPLES: &[Example] = &[
    example("listen", "listen", "\"127.0.0.1:9400\""),
    example("ops_listen", "ops-listen", "\"127.0.0.1:9401\""),
    example("tls", "tls", "\"terminated\""),
    example("trusted_proxies", "trusted-proxy", "[\"10.0.0.0/8\"]"),
    example("store", "store", "\"sqlite\""),
    example("allow_open_permissions", "allow-open-permissions", "true"),
    example("base_domains", "base-domain", "[\"s3.example.com\"]"),
    example(
        "master_key_file",
        "master-key-file",
        "\"/etc/bowline/master.key\"",
    ),
    example(
        "oidc.allow_networks",
        "oidc-allow-network",
        "[\"10.0.0.0/8\"]",
    ),
    example(
        "oidc.allow_loopback_issuers",
        "allow-loopback-issuers",
        "true",
    ),
    example("oidc.fetches_per_host", "oidc-fetches-per-host", "60"),
    example("oidc.fetches_per_account", "oidc-fetches-per-account", "40"),
    example("audit.to", "audit-to", "\"audit/audit.jsonl\""),
    example("audit.address_rate", "audit-address-rate", "\"64 KiB\""),
    example("audit.address_burst", "audit-address-burst", "\"4 MiB\""),
    example(
        "audit.all_addresses_rate",
        "audit-all-addresses-rate",
        "\"1 MiB\"",
    ),
    example("audit.account_rate", "audit-account-rate", "\"1 MiB\""),
    example("audit.max_file_size", "audit-max-file-size", "\"64 MiB\""),
    example("audit.max_file_age", "audit-max-file-age", "\"24h\""),
    example("audit.max_size", "audit-max-size", "\"4 GiB\""),
    example("audit.reserve", "audit-reserve", "\"16 MiB\""),
    example("log.refusals", "log-refusals", "true"),
    example("limits.connections", "max-connections", "4096"),
    example(
        "limits.connections_per_address",
        "max-connections-per-address",
        "1024",
    ),
    example(
        "limits.connections_per_account",
        "max-connections-per-account",
        "2048",
    ),
    example(
        "limits.body_mib_per_address",
        "max-body-mib-per-address",
        "24",
    ),
    example(
        "limits.body_mib_per_account",
        "max-body-mib-per-account",
        "48",
    ),
    example("bootstrap.account.id", "", "\"111122223333\""),
    example(
        "bootstrap.account.access_key_id",
        "",
        "\"AKIAEXAMPLEEXAMPLE01\"",
    ),
    example(
        "bootstrap.account.secret_access_key",
        "",
        "\"a-random-text-of-sixteen-characters-or-more\"",
    ),
];

/// A message with these words shows a right value itself.
pub(crate) const SHOWN: &str = " such as ";

/// The tables of the file, as it has them.
pub(crate) const TABLES: [&str; 4] = ["[oidc]", "[audit]", "[limits]", "[[bootstrap.account]]"];

impl Example {
    fn line(&self) -> String {
        let name = self.key.rsplit_once('.');
        let name = name.map_or(self.key, |(_, name)| name);
        format!("{name} = {}", self.value)
    }
}

/// The line that sets a key of the file, such as `listen = "127.0.0.1:9400"`.
pub(crate) fn of_key(key: &str) -> Option<String> {
    let found = EXAMPLES.iter().find(|example| example.key == key);
    found.map(Example::line)
}

/// All lines of a table of the file.
pub(crate) fn of_table(table: &str) -> Option<String> {
    let is_this = |head: &&str| head.trim_matches(['[', ']']) == table;
    let head = TABLES.into_iter().find(is_this)?;
    let of_this = EXAMPLES.iter().filter(|example| {
        example
            .key
            .rsplit_once('.')
            .is_some_and(|(name, _)| name == table)
    });
    let lines: Vec<_> = of_this.map(Example::line).collect();
    Some(format!("{head}\n{}", lines.join("\n")))
}

/// The known keys, with their tables.
pub(crate) fn keys() -> impl Iterator<Item = &'static str> {
    EXAMPLES.iter().map(|example| example.key)
}

/// The value that a flag or its variable takes, such as `127.0.0.1:9400`.
pub(crate) fn of_flag(flag: &str) -> Option<&'static str> {
    let found = EXAMPLES
        .iter()
        .find(|example| !flag.is_empty() && example.flag == flag)?;
    Some(found.value.trim_matches(['[', ']', '"']))
}

/// Every example, as a configuration that has it: with its whole table.
#[cfg(test)]
pub(crate) fn configurations() -> impl Iterator<Item = String> {
    EXAMPLES
        .iter()
        .map(|example| match example.key.rsplit_once('.') {
            Some((table, _)) => of_table(table).unwrap_or_default(),
            None => example.line(),
        })
}
