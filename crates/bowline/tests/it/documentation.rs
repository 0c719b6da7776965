//! The commands in the documentation work as they are written.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::bowline::{ACCOUNT, BINARY, Bowline, Launch, Running, command};
use crate::support::http::Request;
use crate::support::inherited::inherited;
use crate::support::issuer::Issuer;
use crate::support::python::{Clients, clients};
use crate::support::token::Token;
use crate::support::world::{World, role_arn};

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
fn the_quickstart_gives_one_service_account_one_bucket() {
    let Some(clients) = clients() else { return };
    let server = Bowline::launch(Launch::default());
    let issuer = Issuer::start();
    let home = server.home();
    let mut text = read("docs/quickstart.md");
    for (from, to) in [
        ("https://issuer.example.com", issuer.url().as_str()),
        ("issuer.example.com", &issuer.host),
        ("ACCOUNT", ACCOUNT),
        ("http://127.0.0.1:9400", &server.url),
        (
            "/var/lib/bowline/credentials",
            home.join("credentials").to_str().unwrap(),
        ),
    ] {
        text = text.replace(from, to);
    }
    let root = Bowline::root();
    fs::write(
        home.join("credentials"),
        format!(
            "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            root.access_key_id, root.secret_access_key
        ),
    )
    .unwrap();
    let documents = blocks(&text, "json");
    fs::write(home.join("trust.json"), &documents[0]).unwrap();
    fs::write(home.join("permissions.json"), &documents[1]).unwrap();
    // What the cluster would have printed, and an authority that a plain issuer has no use for.
    fs::write(home.join("jwks.json"), issuer.jwks().to_string()).unwrap();
    fs::write(home.join("ca.pem"), Issuer::start_tls().authority.unwrap()).unwrap();

    let path = format!(
        "{}:{}:/usr/bin:/bin",
        Path::new(BINARY).parent().unwrap().display(),
        clients.folder()
    );
    let shells = blocks(&text, "sh");
    let exports = &shells[0];
    let run = |block: &str| {
        let typed: Vec<_> = block
            .lines()
            .filter(|line| !line.starts_with("kubectl"))
            .collect();
        shell(
            &format!("{exports}\n{}", typed.join("\n")),
            home,
            &path,
            &[],
        )
    };
    let pod = text.find("## 4.").unwrap();
    for block in blocks(&text[..pod], "sh") {
        run(&block);
    }

    let subject = "system:serviceaccount:prod:bot";
    let token = Token::new(&issuer.url(), "k1")
        .claim("sub", subject)
        .sign(&issuer.key);
    fs::write(home.join("token"), token).unwrap();
    let file = home.join("token");
    let role = role_arn("bot");
    let variables = [
        ("AWS_ENDPOINT_URL", server.url.as_str()),
        ("AWS_ENDPOINT_URL_STS", &server.url),
        ("AWS_ROLE_ARN", &role),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ];
    shell(
        "aws s3 cp trust.json s3://insights/ && aws s3 ls s3://insights",
        home,
        &path,
        &variables,
    );
    let denied = Command::new("bash")
        .args(["-c", "aws s3 ls"])
        .env_clear()
        .envs(inherited())
        .env("PATH", &path)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables)
        .output()
        .unwrap();
    assert!(!denied.status.success(), "more was allowed than one bucket");

    let put = crate::support::sign::Signer::new(&root, "s3")
        .sign(Request::get("/insights/none"), server.port)
        .send(server.port);
    assert_eq!(put.status, 404);
    let refused = Request::get("/").send(server.port);
    assert_eq!(refused.status, 403);
    for block in blocks(&text[pod..], "sh") {
        let id = refused.request_id();
        run(&block.replace("REQUEST-ID", &id));
    }
}

#[test]
fn the_clients_page_lists_every_variable_that_a_pod_needs() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    let home = world.server.home();
    let token = home.join("token");
    fs::write(&token, world.issuer.valid_token()).unwrap();
    fs::write(home.join("report.txt"), "hello").unwrap();
    let mut typed = blocks(&read("docs/clients.md"), "sh").join("\n");
    for (from, to) in [
        ("https://bowline.example.com", world.server.url.as_str()),
        ("ACCOUNT", ACCOUNT),
        ("/var/run/secrets/bowline/token", token.to_str().unwrap()),
    ] {
        typed = typed.replace(from, to);
    }
    let path = format!("{}:/usr/bin:/bin", clients.folder());
    let printed = shell(&typed, home, &path, &[]);
    assert!(printed.contains(":assumed-role/bot/"), "{printed}");
    assert!(printed.contains(" report.txt\n"), "{printed}");
    let (_, exchanged) = printed.split_at(printed.find("{\"AssumeRoleWith").unwrap());
    let exchanged: serde_json::Value = serde_json::from_str(exchanged).unwrap();
    assert!(exchanged["AssumeRoleWithWebIdentityResponse"].is_object());
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
fn the_configuration_in_the_readme_starts_a_server() {
    let text = read("README.md");
    let home = tempfile::TempDir::new().unwrap();
    let data = home.path().join("bowline");
    let init = text
        .lines()
        .find(|line| line.starts_with("bowline init"))
        .unwrap();
    let path = format!(
        "{}:/usr/bin:/bin",
        Path::new(BINARY).parent().unwrap().display()
    );
    shell(
        &init.replace("/var/lib/bowline", data.to_str().unwrap()),
        home.path(),
        &path,
        &[],
    );
    let config = blocks(&text, "toml").remove(0);
    let config = config.replace("0.0.0.0:9400", "127.0.0.1:0");
    fs::write(data.join("bowline.toml"), config).unwrap();
    let serve = text
        .lines()
        .find(|line| line.starts_with("bowline serve"))
        .unwrap();
    let serve = serve.replace("/var/lib/bowline", data.to_str().unwrap());
    let ready = home.path().join("ready.json");
    let line = format!(
        "exec {serve} --ops-listen 127.0.0.1:0 --ready-file {}",
        ready.display()
    );
    let mut server = Running::spawn(
        Command::new("bash")
            .args(["-c", &line])
            .env_clear()
            .envs(inherited())
            .env("PATH", &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    let text = server.ready(&ready);
    assert!(text.contains("\"aws\""), "{text}");
}

#[test]
fn every_file_on_the_configuration_page_starts_a_server() {
    let home = tempfile::TempDir::new().unwrap();
    let key = home.path().join("master.key");
    fs::write(&key, format!("{}\n", STANDARD.encode([7; 32]))).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let shown = blocks(&read("docs/configuration.md"), "toml");
    assert!(!shown.is_empty());
    for (n, block) in shown.iter().enumerate() {
        let data = home.path().join(n.to_string());
        fs::create_dir(&data).unwrap();
        // Ports that are free, and a key that is there.
        let config = block
            .replace("0.0.0.0:9400", "127.0.0.1:0")
            .replace("127.0.0.1:9401", "127.0.0.1:0")
            .replace("/etc/bowline/master.key", key.to_str().unwrap());
        fs::write(data.join("bowline.toml"), config).unwrap();
        let ready = data.join("ready.json");
        let log = fs::File::create(data.join("serve.log")).unwrap();
        let mut serve = command(&["serve", "--data"]);
        serve.arg(&data).arg("--ready-file").arg(&ready).stderr(log);
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
fn links_between_documents_resolve() {
    let root = format!("{}/../..", env!("CARGO_MANIFEST_DIR"));
    let pages = fs::read_dir(format!("{root}/docs")).unwrap();
    let pages = pages.map(|entry| format!("docs/{}", entry.unwrap().file_name().display()));
    let mut documents: Vec<String> = pages.collect();
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
            let target = link.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = Path::new(&root).join(folder).join(target);
            assert!(path.exists(), "{document} links to `{link}`");
        }
    }
}

/// Types the commands of a page, block by block, as root: what each block prints. The files that
/// the page shows are there beside it.
fn typed(page: &str, files: &[&str], server: &Bowline, clients: &Clients) -> Vec<String> {
    let home = server.home();
    let text = read(page)
        .replace("ACCOUNT", ACCOUNT)
        .replace("http://127.0.0.1:9400", &server.url);
    for (file, document) in files.iter().zip(blocks(&text, "json")) {
        fs::write(home.join(file), document).unwrap();
    }
    let config = home.join("config");
    fs::write(&config, blocks(&text, "ini").join("\n")).unwrap();
    let root = Bowline::root();
    let path = format!(
        "{}:{}:/usr/bin:/bin",
        Path::new(BINARY).parent().unwrap().display(),
        clients.folder()
    );
    // Root's keys from the environment; a profile that is named goes before them.
    let variables = [
        ("HOME", home.to_str().unwrap()),
        ("AWS_ENDPOINT_URL", &server.url),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("AWS_ACCESS_KEY_ID", &root.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", &root.secret_access_key),
    ];
    let run = |block: &String| shell(block, home, &path, &variables);
    blocks(&text, "sh").iter().map(run).collect()
}

#[test]
fn the_accounts_page_creates_an_account_and_assumes_a_role_in_it() {
    let Some(clients) = clients() else { return };
    let server = Bowline::launch(Launch::default());
    let printed = typed(
        "docs/accounts.md",
        &["trust.json", "visit.json"],
        &server,
        &clients,
    );
    assert!(
        printed[0].contains("222233334444  created"),
        "{}",
        printed[0]
    );
    assert!(printed[1].contains("arn:aws:iam::222233334444:root"));
    assert!(printed[3].contains("arn:aws:sts::222233334444:assumed-role/auditor/visit"));
}

#[test]
fn the_services_page_gives_an_instance_its_role() {
    let Some(clients) = clients() else { return };
    let server = Bowline::launch(Launch::default());
    let printed = typed(
        "docs/services.md",
        &["trust.json", "broker.json"],
        &server,
        &clients,
    );
    assert!(printed[0].contains("role/web"), "{}", printed[0]);
    assert!(printed[1].contains("\"Version\":1"), "{}", printed[1]);
    assert!(printed[2].contains(":assumed-role/web/i-0a1b2c3d4e5f60718"));
    assert!(printed[3].contains("has no role"));
}

#[test]
fn the_backup_page_makes_a_backup_and_restores_it() {
    let home = tempfile::TempDir::new().unwrap();
    let data = home.path().join("data");
    let made = command(&["init", "--data"]).arg(&data).output().unwrap();
    assert!(made.status.success());
    let ready = home.path().join("ready.json");
    let serve = |data: &Path| {
        let _ = fs::remove_file(&ready);
        let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--log", "off"]);
        serve
            .args(["--ops-listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .arg("--ready-file")
            .arg(&ready);
        let mut server = Running::spawn(&mut serve);
        let text: serde_json::Value = serde_json::from_str(&server.ready(&ready)).unwrap();
        (server, text["aws"].as_str().unwrap().to_owned())
    };
    let (server, url) = serve(&data);
    let page = read("docs/backup.md")
        .replace("http://127.0.0.1:9400", &url)
        .replace("/var/lib/bowline", data.to_str().unwrap());
    let blocks = blocks(&page, "sh");
    assert_eq!(blocks.len(), 3);
    let path = format!(
        "{}:/usr/bin:/bin",
        Path::new(BINARY).parent().unwrap().display()
    );
    shell(&blocks[0], home.path(), &path, &[]);
    drop(server);
    let restored = shell(&blocks[1], home.path(), &path, &[]);
    assert!(restored.contains("Restored the backup of"), "{restored}");
    // The last block serves the folder.
    assert_eq!(blocks[2].trim(), "bowline serve --data restored");
    let (_server, _) = serve(&home.path().join("restored"));
}
