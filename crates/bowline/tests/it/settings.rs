//! Sources of a setting: its flag, else its variable, else the file, else the default.

use std::fs;
use std::time::Duration;

use insta::assert_snapshot;

use crate::support::bowline::{Bowline, Launch, command};
use crate::support::http::Request;
use crate::support::sign::Signer;
use crate::support::wait::wait_for;

/// How long a reload may take.
const SOON: Duration = Duration::from_secs(30);

/// The same settings in each of the three places, each time with another value. Requests come from
/// 127.0.0.1.
const FILE: &str = "trusted_proxies = [\"127.0.0.0/8\"]\nbase_domains = [\"file.example\"]\naudit.to = \"file.jsonl\"\n";
const VARIABLES: [(&str, &str); 3] = [
    ("BOWLINE_TRUSTED_PROXIES", "10.0.0.0/8, 192.168.7.1"),
    ("BOWLINE_BASE_DOMAINS", "variable.example, second.example"),
    ("BOWLINE_AUDIT_TO", "variable.jsonl"),
];
const FLAGS: [&str; 8] = [
    "--trusted-proxy=10.0.0.0/8",
    "--trusted-proxy=127.0.0.1",
    "--base-domain",
    "flag.example",
    "--base-domain",
    "second.example",
    "--audit-to",
    "flag.jsonl",
];

/// What a server does by its settings, as its callers and its operator see it.
fn in_force(launch: Launch) -> String {
    let server = Bowline::launch(launch);
    // Where a host carries a bucket, that is one which is not there.
    let carries_a_bucket = |domain: &&str| {
        let request = Request::new("HEAD", "/").header("host", &format!("insights.{domain}"));
        let signed = Signer::new(&Bowline::root(), "s3").sign(request, server.port);
        signed.send(server.port).status == 404
    };
    let domains: Vec<_> = [
        "localhost",
        "file.example",
        "variable.example",
        "flag.example",
        "second.example",
    ]
    .into_iter()
    .filter(carries_a_bucket)
    .collect();
    let audits: Vec<_> = [
        "data/audit/audit.jsonl",
        "file.jsonl",
        "variable.jsonl",
        "flag.jsonl",
    ]
    .into_iter()
    .filter(|path| server.home().join(path).exists())
    .collect();
    let forwarded = Request::get("/").header("x-forwarded-for", "no address");
    let believed = forwarded.send(server.port).status == 400;
    format!(
        "domains: {}\naudit: {}\nX-Forwarded-For of 127.0.0.1: {}",
        domains.join(", "),
        audits.join(", "),
        if believed { "believed" } else { "ignored" }
    )
}

#[test]
fn a_setting_that_is_not_given_has_its_default() {
    assert_snapshot!(in_force(Launch::default()), @"
    domains: localhost
    audit: data/audit/audit.jsonl
    X-Forwarded-For of 127.0.0.1: ignored
    ");
}

#[test]
fn the_file_overrides_the_default() {
    let launch = Launch {
        config: FILE,
        ..Launch::default()
    };
    assert_snapshot!(in_force(launch), @"
    domains: localhost, file.example
    audit: file.jsonl
    X-Forwarded-For of 127.0.0.1: believed
    ");
}

#[test]
fn a_variable_overrides_the_file() {
    let launch = Launch {
        config: FILE,
        variables: VARIABLES.to_vec(),
        ..Launch::default()
    };
    assert_snapshot!(in_force(launch), @"
    domains: localhost, variable.example, second.example
    audit: variable.jsonl
    X-Forwarded-For of 127.0.0.1: ignored
    ");
}

#[test]
fn a_flag_overrides_its_variable() {
    let launch = Launch {
        config: FILE,
        variables: VARIABLES.to_vec(),
        arguments: FLAGS.to_vec(),
        ..Launch::default()
    };
    assert_snapshot!(in_force(launch), @"
    domains: localhost, flag.example, second.example
    audit: flag.jsonl
    X-Forwarded-For of 127.0.0.1: believed
    ");
}

#[test]
fn terminated_tls_can_be_declared_by_a_flag_or_a_variable() {
    // What does not start without it: see `a_listener_that_other_machines_can_reach_needs_tls`.
    let anywhere = vec!["--listen", "0.0.0.0:0"];
    let flag = Launch {
        arguments: [&anywhere[..], &["--tls", "terminated"]].concat(),
        ..Launch::default()
    };
    let variable = Launch {
        arguments: anywhere,
        variables: vec![("BOWLINE_TLS", "terminated")],
        ..Launch::default()
    };
    for launch in [flag, variable] {
        let server = Bowline::launch(launch);
        assert_eq!(Request::get("/healthz").send(server.ops_port).status, 200);
    }
}

/// What `serve` says of a value that it does not take.
fn refused(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = command(&["serve"])
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn an_invalid_flag_is_reported_with_its_value() {
    assert_snapshot!(refused(&["--tls", "none"], &[]), @"
    error: invalid value 'none' for '--tls <WHERE>'
      [possible values: terminated]

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&["--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "10.0.0.0/33"], &[]), @"
    error: invalid value '10.0.0.0/33' for '--trusted-proxy <NET>': `10.0.0.0/33` is not a network such as 10.0.0.0/8

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&["--base-domain", "s3_example"], &[]), @"
    error: invalid value 's3_example' for '--base-domain <DOMAIN>': `s3_example` is not a domain such as s3.example.com

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&["--oidc-allow-network", "private"], &[]), @"
    error: invalid value 'private' for '--oidc-allow-network <NET>': `private` is not a network such as 10.0.0.0/8

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&["--listen", "9400"], &[]), @"
    error: invalid value '9400' for '--listen <ADDR>': invalid socket address syntax

      tip: for example: --listen 127.0.0.1:9400

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&["--audit-to", ""], &[]), @"
    error: a value is required for '--audit-to <FILE>' but none was supplied

    For more information, try '--help'.
    ");
}

#[test]
fn an_invalid_variable_is_reported_with_its_value() {
    assert_snapshot!(refused(&[], &[("BOWLINE_TLS", "none")]), @"
    error: invalid value 'none' for 'BOWLINE_TLS'
      [possible values: terminated]

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&[], &[("BOWLINE_TRUSTED_PROXIES", "10.0.0.0/8,10.0.0.0/33")]), @"
    error: invalid value '10.0.0.0/33' for 'BOWLINE_TRUSTED_PROXIES': `10.0.0.0/33` is not a network such as 10.0.0.0/8

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&[], &[("BOWLINE_BASE_DOMAINS", "s3_example")]), @"
    error: invalid value 's3_example' for 'BOWLINE_BASE_DOMAINS': `s3_example` is not a domain such as s3.example.com

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&[], &[("BOWLINE_OIDC_ALLOW_NETWORKS", "private")]), @"
    error: invalid value 'private' for 'BOWLINE_OIDC_ALLOW_NETWORKS': `private` is not a network such as 10.0.0.0/8

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&[], &[("BOWLINE_MAX_CONNECTIONS", "many")]), @"
    error: invalid value 'many' for 'BOWLINE_MAX_CONNECTIONS': invalid digit found in string

      tip: for example: BOWLINE_MAX_CONNECTIONS=4096

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&[], &[("BOWLINE_AUDIT_TO", "")]), @"
    error: a value is required for 'BOWLINE_AUDIT_TO' but none was supplied

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&[], &[("BOWLINE_LISTEN", "here")]), @"
    error: invalid value 'here' for 'BOWLINE_LISTEN': invalid socket address syntax

      tip: for example: BOWLINE_LISTEN=127.0.0.1:9400

    For more information, try '--help'.
    ");
    // The flag goes before the variable, so it is the flag's mistake.
    assert_snapshot!(refused(&["--listen=there"], &[("BOWLINE_LISTEN", "here")]), @"
    error: invalid value 'there' for '--listen <ADDR>': invalid socket address syntax

      tip: for example: --listen 127.0.0.1:9400

    For more information, try '--help'.
    ");
}

/// What a server says that is started with these variables and stops at once: its address is taken.
fn warned(variables: &[(&str, &str)]) -> String {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = command(&["serve", "--store", "memory", "--listen", &address])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let warnings = said.lines().filter(|line| line.contains("The variable"));
    warnings
        .map(|line| line.split_once("WARN").unwrap().1.trim().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_variable_that_is_no_setting_is_one_warning() {
    assert_snapshot!(warned(&[("BOWLINE_LISTENS", "here"), ("BOWLINE_LOG", "info")]), @"The variable BOWLINE_LISTENS is not a setting and is ignored: did you mean BOWLINE_LISTEN?");
    let service = [
        ("BOWLINE_SERVICE_HOST", "10.96.0.7"),
        ("BOWLINE_SERVICE_PORT_HTTPS", "9400"),
        ("BOWLINE_PORT", "tcp://10.96.0.7:9400"),
        ("BOWLINE_PORT_9400_TCP_ADDR", "10.96.0.7"),
    ];
    assert_eq!(
        warned(&service),
        "",
        "Kubernetes sets them beside a Service"
    );
}

#[test]
fn a_log_level_that_does_not_exist_is_reported_with_the_one_that_was_meant() {
    let output = command(&["serve", "--store", "memory", "--log", "verbose"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @"
    error: `verbose` is not a log level

    hint: did you mean `debug`? The levels are off, error, warn, info, debug, trace; `bowline_server::oidc=debug,info` sets one for a module
    ");
}

#[test]
fn sighup_reads_the_settings_again_and_keeps_them_if_the_file_is_invalid() {
    let server = Bowline::launch(Launch {
        config: "base_domains = [\"before.example\"]\n",
        ..Launch::default()
    });
    let carries_a_bucket = |domain: &str| {
        let request = Request::new("HEAD", "/").header("host", &format!("insights.{domain}"));
        let signed = Signer::new(&Bowline::root(), "s3").sign(request, server.port);
        signed.send(server.port).status == 404
    };
    let believes = || {
        let forwarded = Request::get("/").header("x-forwarded-for", "no address");
        forwarded.send(server.port).status == 400
    };
    let file = server.home().join("bowline.toml");
    assert!(carries_a_bucket("before.example") && !carries_a_bucket("after.example"));
    assert!(!believes());

    fs::write(&file, "listen = 1\n").unwrap();
    server.reload();
    wait_for("the refusal", SOON, || {
        server
            .log()
            .contains("The settings stay as they are")
            .then_some(())
    });
    assert!(carries_a_bucket("before.example"), "{}", server.log());

    let after = "base_domains = [\"after.example\"]\ntrusted_proxies = [\"127.0.0.1\"]\ntls = \"terminated\"\n";
    fs::write(&file, after).unwrap();
    server.reload();
    wait_for("the change", SOON, || {
        server
            .log()
            .contains("trusted_proxies, base_domains changed")
            .then_some(())
    });
    assert!(!carries_a_bucket("before.example") && carries_a_bucket("after.example"));
    assert!(believes());
    assert!(
        server
            .log()
            .contains("Restart the server for the changes of tls"),
        "{}",
        server.log()
    );
}
