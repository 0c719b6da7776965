//! The pages of the documentation, typed as they are written and in the order in which they are
//! read: in one shell, and with a new shell for each page.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::documentation::{blocks, read};
use crate::support::issuer::Issuer;
use crate::support::keys::SigningKey;
use crate::support::kubernetes::{ADMINISTRATOR_TOKEN, Cluster, kubernetes};
use crate::support::newcomer::Newcomer;
use crate::support::python::{Clients, clients};

/// The name of the issuer of every cluster that was not configured.
const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// The pages in the order in which they are read.
const PAGES: [&str; 11] = [
    "docs/quickstart.md",
    "docs/pods.md",
    "docs/kubernetes.md",
    "docs/services.md",
    "docs/users.md",
    "docs/accounts.md",
    "docs/quotas.md",
    "docs/dynamodb.md",
    "docs/explain.md",
    "docs/audit.md",
    "docs/backup.md",
];

/// What signs the tokens of the pages.
enum Tokens {
    Cluster(Box<Cluster>),
    /// Where no API server is built: an issuer, and tokens that were signed before.
    Issuer(Issuer),
}

/// The scene of a newcomer: a cluster, `kubectl` for it, and a home without a server.
fn newcomer(clients: &Clients) -> (Newcomer, (Tokens, TempDir)) {
    let tokens = match kubernetes() {
        Some(kubernetes) => {
            let cluster = kubernetes.start_as(ISSUER, &SigningKey::rsa());
            Tokens::Cluster(Box::new(cluster))
        }
        None => Tokens::Issuer(Issuer::start_tls()),
    };
    let (url, authority) = match &tokens {
        Tokens::Cluster(cluster) => (cluster.url.clone(), cluster.authority.clone()),
        Tokens::Issuer(issuer) => (issuer.url(), issuer.authority.clone().unwrap()),
    };
    let script = format!("{}/tests/clients/kubectl.py", env!("CARGO_MANIFEST_DIR"));
    let kubectl = format!("exec '{}/python' '{script}' \"$@\"", clients.folder());
    let folder = TempDir::new().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, authority).unwrap();
    let mut variables = vec![
        ("KUBECTL_URL", url.as_str()),
        ("KUBECTL_CA", ca.to_str().unwrap()),
        ("KUBECTL_TOKENS", folder.path().to_str().unwrap()),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        // What the shell of a newcomer may have.
        ("AWS_PROFILE", "of-another-project"),
        ("AWS_ACCESS_KEY_ID", "AKIAOFANOTHERPROJECT"),
    ];
    match &tokens {
        Tokens::Cluster(_) => variables.push(("KUBECTL_BEARER", ADMINISTRATOR_TOKEN)),
        Tokens::Issuer(issuer) => {
            for name in ["bot", "reader", "broker"] {
                let subject = format!("system:serviceaccount:prod:{name}");
                let token = issuer.token().claim("sub", subject).sign(&issuer.key);
                fs::write(folder.path().join(name), token).unwrap();
            }
        }
    }
    let mut newcomer = Newcomer::new(clients, &[("kubectl", kubectl)], &variables);
    newcomer.replace(
        "api.example.com:6443",
        url.strip_prefix("https://").unwrap(),
    );
    let secrets = newcomer.home().join("secrets");
    newcomer.replace("/var/run/secrets/bowline", secrets.to_str().unwrap());
    (newcomer, (tokens, folder))
}

/// Types the pages. `before` happens before each of them.
fn type_everything(newcomer: &mut Newcomer, before: impl Fn(&mut Newcomer)) {
    let readme = read("README.md");
    let (_, first_server) = readme.split_once("## A first real server").unwrap();
    let started = blocks(first_server, "sh").remove(0);
    let printed = newcomer.types_block(&started);
    assert!(printed.contains("Created `"), "{printed}");

    let printed: Vec<_> = PAGES
        .iter()
        .map(|page| {
            before(newcomer);
            newcomer.types(page).join("\n")
        })
        .collect();
    let expected: [&[&str]; PAGES.len()] = [
        &[
            ":root\"",
            "keys         uploaded",
            ":assumed-role/bot/",
            " bot-permissions.json\n",
            "AccessDenied",
            "s3:ListAllMyBuckets",
            "ready\n",
        ],
        &["\"s3:GetObject\""],
        &["fetched from the issuer"],
        &[
            "role/web",
            "\"Version\":1",
            ":assumed-role/web/i-0a1b2c3d4e5f60718",
            "has no role",
        ],
        &[
            ":user/alice",
            ":assumed-role/analyst/alice",
            " may-assume.json\n",
        ],
        &[
            "222233334444  created",
            "arn:aws:iam::222233334444:root",
            "arn:aws:sts::222233334444:assumed-role/auditor/visit",
        ],
        &["RolesPerAccount"],
        &["\"Count\": 1", "system:serviceaccount:prod:other"],
        &["s3:DeleteObject"],
        &["\"AccessDenied\""],
        &["Restored the backup of"],
    ];
    for ((page, printed), expected) in PAGES.iter().zip(&printed).zip(expected) {
        for text in expected {
            assert!(printed.contains(text), "{page}: {text}: {printed}");
        }
    }
    // The first server is stopped, and the restored one has what the pages made.
    before(newcomer);
    newcomer.types("docs/durability.md");
    let again = newcomer.types_block(
        ". ~/bowline/env && cd ~/bowline\naws iam list-roles --query 'Roles[].RoleName'",
    );
    assert!(again.contains("analyst"), "{again}");
}

#[test]
fn every_page_with_commands_is_typed() {
    let folder = format!("{}/../../docs", env!("CARGO_MANIFEST_DIR"));
    let elsewhere = [
        // With a stopped server, after the other pages.
        "docs/durability.md",
        // By the administrator of a machine.
        "docs/operations.md",
        // In a pod.
        "docs/clients.md",
        // Measurements take minutes.
        "docs/benchmarks.md",
    ];
    for entry in fs::read_dir(folder).unwrap() {
        let page = format!("docs/{}", entry.unwrap().file_name().display());
        let is_typed = PAGES.iter().chain(&elsewhere).any(|typed| *typed == page);
        assert_eq!(is_typed, !blocks(&read(&page), "sh").is_empty(), "{page}");
    }
}

#[test]
fn the_pages_can_be_typed_in_one_shell_in_the_order_in_which_they_are_read() {
    let Some(clients) = clients() else { return };
    let (mut newcomer, _tokens) = newcomer(&clients);
    type_everything(&mut newcomer, |_| ());
}

#[test]
fn each_page_can_be_typed_in_a_shell_of_its_own() {
    let Some(clients) = clients() else { return };
    let (mut newcomer, _tokens) = newcomer(&clients);
    type_everything(&mut newcomer, Newcomer::open_another_shell);
}

#[test]
fn the_operations_page_installs_a_service() {
    let Some(clients) = clients() else { return };
    // A test is not the administrator of a machine: users stay as they are.
    let programs = [
        ("useradd", String::new()),
        ("chown", String::new()),
        ("runuser", "shift 3; exec \"$@\"".to_owned()),
        (
            "install",
            "args=(); while (($#)); do case $1 in --owner|--group) shift;; *) args+=(\"$1\");; esac; shift; done; exec /usr/bin/install \"${args[@]}\""
                .to_owned(),
        ),
    ];
    let mut newcomer = Newcomer::new(&clients, &programs, &[]);
    let home = newcomer.home().to_owned();
    let there = |name: &str| home.join(name).display().to_string();
    newcomer.replace("/var/lib/bowline", &there("lib"));
    newcomer.replace("/etc/bowline", &there("etc"));
    let page = read("docs/operations.md");
    let shown = blocks(&page, "sh");
    newcomer.types_block(&shown[0]);
    let config = blocks(&page, "toml").remove(0);
    let config = config
        .replace("/etc/bowline", &there("etc"))
        .replace("127.0.0.1:9400", "127.0.0.1:0")
        .replace("127.0.0.1:9401", "127.0.0.1:0");
    fs::write(Path::new(&there("etc")).join("bowline.toml"), config).unwrap();
    let printed = newcomer.types_block(&shown[1]);
    assert!(printed.contains("Created `"), "{printed}");
    assert!(printed.contains("ok       master key"), "{printed}");
    assert!(home.join("lib/credentials").exists());
    assert!(!home.join("lib/master.key").exists());

    fs::create_dir(home.join("bowline")).unwrap();
    let unit = blocks(&page, "ini").remove(0);
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let start = start.unwrap().replace("/usr/local/bin/", "");
    newcomer.types_block(&start);
    // The ports that the server has.
    let config = blocks(&page, "toml").remove(0);
    let mut config = config.replace("/etc/bowline", &there("etc"));
    for usual in ["127.0.0.1:9400", "127.0.0.1:9401"] {
        let url = newcomer.there(&format!("http://{usual}")).to_owned();
        config = config.replace(usual, url.strip_prefix("http://").unwrap());
    }
    fs::write(Path::new(&there("etc")).join("bowline.toml"), config).unwrap();
    let printed = newcomer.types_block(&shown[2]);
    assert!(printed.contains("ok       readiness    ready"), "{printed}");
}
