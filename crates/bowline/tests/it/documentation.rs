//! The commands in the documentation work as they are written.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::bowline::{ACCOUNT, Bowline, Launch, Running, command};
use crate::support::http::Request;
use crate::support::inherited::inherited;
use crate::support::python::clients;
use crate::support::world::World;

pub(crate) fn read(path: &str) -> String {
    let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(path).unwrap()
}

/// The fenced blocks of a language, in order.
pub(crate) fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == format!("```{language}") {
            let block: Vec<_> = lines
                .by_ref()
                .take_while(|line| line.trim() != "```")
                .collect();
            found.push(block.join("\n"));
        }
    }
    found
}

/// Runs a block of shell in `folder`, with the binary and the clients on its path.
#[track_caller]
pub(crate) fn shell(block: &str, folder: &Path, path: &str, variables: &[(&str, &str)]) -> String {
    let output = Command::new("bash")
        .args(["-euc", block])
        .current_dir(folder)
        .env_clear()
        .envs(inherited())
        .env("PATH", path)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{block}\n{err}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_clients_page_lists_every_variable_that_a_pod_needs() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    let home = world.server.home();
    let token = home.join("token");
    fs::write(&token, world.issuer.valid_token()).unwrap();
    fs::write(home.join("report.txt"), "hello").unwrap();
    let mut page = read("docs/clients.md");
    for (from, to) in [
        ("https://bowline.example.com", world.server.url.as_str()),
        ("ACCOUNT", ACCOUNT),
        ("/var/run/secrets/bowline/token", token.to_str().unwrap()),
    ] {
        page = page.replace(from, to);
    }
    let variables = blocks(&page, "ini").remove(0);
    let config = home.join("config");
    let variables: Vec<_> = variables
        .lines()
        .filter_map(|line| line.split_once('='))
        .chain([("AWS_CONFIG_FILE", config.to_str().unwrap())])
        .collect();
    let path = format!("{}:/usr/bin:/bin", clients.folder());
    let mut exchanges = 0;
    let mut printed = String::new();
    for block in blocks(&page, "sh") {
        let text = shell(&block, home, &path, &variables);
        if block.starts_with("curl ") {
            let response: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(response["AssumeRoleWithWebIdentityResponse"].is_object());
            exchanges += 1;
        }
        printed.push_str(&text);
    }
    assert_eq!(exchanges, 1);
    assert!(printed.contains(":assumed-role/bot/"), "{printed}");
    assert!(printed.contains(" report.txt\n"), "{printed}");
}

#[test]
fn the_clients_page_names_the_tested_versions() {
    let page = read("docs/clients.md");
    for (file, before, shown) in [
        ("requirements.txt", "boto3==", "boto3 "),
        ("requirements.txt", "awscli==", "awscli "),
        (
            "javascript/package.json",
            "@aws-sdk/client-sts\": \"",
            "client-sts ",
        ),
        (
            "javascript/package.json",
            "@aws-sdk/client-s3\": \"",
            "client-s3 ",
        ),
        (
            "javascript/package.json",
            "@aws-sdk/client-dynamodb\": \"",
            "client-dynamodb ",
        ),
        (
            "go/go.mod",
            "aws-sdk-go-v2/service/dynamodb v",
            "service/dynamodb v",
        ),
        ("go/go.mod", "aws-sdk-go-v2/config v", "config v"),
        ("go/go.mod", "aws-sdk-go-v2/service/s3 v", "service/s3 v"),
        ("java/pom.xml", "<sdk>", "`url-connection-client` | "),
    ] {
        let pins = read(&format!("crates/bowline/tests/clients/{file}"));
        let (_, version) = pins.split_once(before).unwrap();
        let end = version.find(|c: char| !(c.is_ascii_digit() || c == '.'));
        let named = format!("{shown}{}", &version[..end.unwrap()]);
        assert!(page.contains(&named), "not `{named}`");
    }
}

#[test]
fn every_configuration_file_of_the_pages_starts_a_server() {
    let home = tempfile::TempDir::new().unwrap();
    let key = home.path().join("master.key");
    fs::write(&key, format!("{}\n", STANDARD.encode([7; 32]))).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let pages = [
        "README.md",
        "docs/configuration.md",
        "docs/kubernetes.md",
        "docs/operations.md",
        "docs/proxy.md",
    ];
    let shown = pages.map(|page| {
        let shown = blocks(&read(page), "toml");
        assert!(!shown.is_empty(), "{page}");
        shown
    });
    for (n, block) in shown.iter().flatten().enumerate() {
        let data = home.path().join(n.to_string());
        fs::create_dir(&data).unwrap();
        // Ports that are free, and a key that is there.
        let config = block
            .replace("0.0.0.0:9400", "127.0.0.1:0")
            .replace("127.0.0.1:9400", "127.0.0.1:0")
            .replace("127.0.0.1:9401", "127.0.0.1:0")
            .replace("/etc/bowline/master.key", key.to_str().unwrap());
        fs::write(data.join("bowline.toml"), config).unwrap();
        let ready = data.join("ready.json");
        let log = fs::File::create(data.join("serve.log")).unwrap();
        let mut serve = command(&["serve", "--init", "--data"]);
        serve.arg(&data).arg("--ready-file").arg(&ready).stderr(log);
        // A file that says nothing of ports has the usual ones.
        let names = |key: &str| block.lines().any(|line| line.starts_with(key));
        for (key, flag) in [("listen", "--listen"), ("ops_listen", "--ops-listen")] {
            if !names(key) {
                serve.args([flag, "127.0.0.1:0"]);
            }
        }
        Running::spawn(&mut serve).ready(&ready);
    }
}

#[test]
fn the_configuration_page_lists_exactly_the_flags_and_variables_of_serve() {
    let page = read("docs/configuration.md");
    let help = command(&["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    // Of the tables, by their rows: `--flag` and `BOWLINE_VARIABLE` between backticks.
    let rows: String = page.lines().filter(|line| line.starts_with('|')).collect();
    let documented: BTreeSet<_> = rows
        .split('`')
        .filter(|word| word.starts_with("--") || word.starts_with("BOWLINE_"))
        // Read beside the flags, since a secret on a command line is seen by all.
        .filter(|word| *word != "BOWLINE_MASTER_KEY" && !word.starts_with("BOWLINE_BOOTSTRAP_"))
        .collect();
    let offered: BTreeSet<_> = help
        .split(|c: char| !(c.is_ascii_alphabetic() || matches!(c, '-' | '_')))
        .filter(|word| word.starts_with("--") || word.starts_with("BOWLINE_"))
        .filter(|word| !matches!(*word, "--help" | "--version" | "BOWLINE_"))
        .collect();
    assert_eq!(documented, offered);
}

#[test]
fn the_quotas_page_lists_every_quota_with_its_default() {
    let server = Bowline::launch(Launch::default());
    let list = ["account", "quota", "list", "--output", "json"];
    let listed = server.ran(&Bowline::root(), &list);
    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
    let offered: BTreeSet<_> = listed
        .iter()
        .map(|quota| {
            (
                quota["quota"].as_str().unwrap(),
                quota["default"].to_string(),
            )
        })
        .collect();
    let page = read("docs/quotas.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let documented: BTreeSet<_> = rows
        .map(|row| row.split(" | ").collect::<Vec<_>>())
        .filter(|cells| cells[1].parse::<u32>().is_ok())
        .map(|cells| (cells[0].trim_matches(['|', ' ', '`']), cells[1].to_owned()))
        .collect();
    assert_eq!(documented, offered);
}

#[test]
fn the_operations_page_lists_exactly_the_metrics_of_the_server() {
    let server = Bowline::launch(Launch::default());
    let text = Request::get("/metrics").send(server.ops_port).text();
    let offered: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .map(|(name, kind)| match kind {
            "counter" => format!("{name}_total"),
            _ => name.to_owned(),
        })
        .collect();
    let page = read("docs/operations.md");
    let rows = page.lines().filter(|line| line.starts_with("| `bowline_"));
    let documented: BTreeSet<_> = rows
        .filter_map(|row| row.split('`').nth(1))
        .map(str::to_owned)
        .collect();
    assert_eq!(documented, offered);
}

#[test]
fn everything_says_the_same_of_what_the_tests_need() {
    for needed in [
        "Go 1.24",
        "Node.js 20 with npm",
        "JDK 17 with Maven",
        "faketime",
        "nginx",
    ] {
        for file in [
            "README.md",
            "CONTRIBUTING.md",
            "Makefile",
            "crates/bowline/tests/clients/install",
        ] {
            assert!(read(file).contains(needed), "{file}: {needed}");
        }
    }
}

/// The anchors of a page: its headings in lower case, with hyphens and no other signs.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let kept = heading.trim_start_matches('#').trim().to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_between_documents_resolve() {
    let root = format!("{}/../..", env!("CARGO_MANIFEST_DIR"));
    let pages = fs::read_dir(format!("{root}/docs")).unwrap();
    let pages = pages.map(|entry| format!("docs/{}", entry.unwrap().file_name().display()));
    let mut documents: Vec<String> = pages.collect();
    let readme = read("README.md");
    for page in &documents {
        assert!(
            readme.contains(&format!("({page})")),
            "README without {page}"
        );
    }
    documents.extend(
        [
            "README.md",
            "CONTRIBUTING.md",
            "SECURITY.md",
            "CHANGELOG.md",
            "ARCHITECTURE.md",
        ]
        .map(str::to_owned),
    );
    for document in &documents {
        let text = read(document);
        let folder = Path::new(document).parent().unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if link.contains("://") {
                continue;
            }
            let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
            let path = match target {
                "" => Path::new(&root).join(document),
                target => Path::new(&root).join(folder).join(target),
            };
            assert!(path.exists(), "{document} links to `{link}`");
            if !anchor.is_empty() {
                let page = fs::read_to_string(path).unwrap();
                assert!(anchors(&page).contains(anchor), "{document}: no `{link}`");
            }
        }
    }
}
