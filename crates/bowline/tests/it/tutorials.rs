//! The tutorials of the documentation, step by step: a pod with its token, a user with an access
//! key.

use std::fs;
use std::path::Path;

use crate::documentation::{blocks, read, shell};
use crate::support::bowline::{ACCOUNT, BINARY, Bowline, Launch};
use crate::support::keys::SigningKey;
use crate::support::kubernetes::kubernetes;
use crate::support::python::{Clients, clients};

/// A page, with what it names by way of example replaced by what is there.
fn page(path: &str, server: &Bowline, more: &[(&str, &str)]) -> String {
    let credentials = server.home().join("credentials");
    let root = Bowline::root();
    let profile = format!(
        "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        root.access_key_id, root.secret_access_key
    );
    fs::write(&credentials, profile).unwrap();
    let common = [
        ("https://bowline.example.com", &*server.url),
        ("http://127.0.0.1:9400", &server.url),
        ("ACCOUNT", ACCOUNT),
        (
            "/var/lib/bowline/credentials",
            credentials.to_str().unwrap(),
        ),
    ];
    let all = more.iter().chain(&common);
    all.fold(read(path), |text, (from, to)| text.replace(from, to))
}

/// Writes the page's documents into files of these names, in order.
fn documents(page: &str, home: &Path, names: &[&str]) {
    let shown = blocks(page, "json");
    assert_eq!(shown.len(), names.len());
    for (name, document) in names.iter().zip(shown) {
        fs::write(home.join(name), document).unwrap();
    }
}

/// Runs a block as root, whose variables the page's first block sets. What `kubectl` would print is
/// there already.
#[track_caller]
fn as_root(page: &str, block: &str, server: &Bowline, clients: &Clients) -> String {
    let typed: Vec<_> = block
        .lines()
        .filter(|line| !line.starts_with("kubectl"))
        .collect();
    let typed = format!("{}\n{}", blocks(page, "sh")[0], typed.join("\n"));
    shell(&typed, server.home(), &path(clients), &[])
}

fn path(clients: &Clients) -> String {
    let binary = Path::new(BINARY).parent().unwrap().display();
    format!("{binary}:{}:/usr/bin:/bin", clients.folder())
}

#[test]
fn the_pods_page_exchanges_a_projected_token() {
    let (Some(clients), Some(kubernetes)) = (clients(), kubernetes()) else {
        return;
    };
    let cluster = kubernetes.start(&SigningKey::rsa());
    let server = Bowline::launch(Launch::default());
    let home = server.home();
    let host = cluster.url.strip_prefix("https://").unwrap();
    let page = page(
        "docs/pods.md",
        &server,
        &[
            ("https://issuer.example.com", &cluster.url),
            ("issuer.example.com", host),
        ],
    );
    documents(&page, home, &["trust.json", "permissions.json"]);
    fs::write(home.join("ca.pem"), &cluster.authority).unwrap();
    fs::write(home.join("jwks.json"), cluster.jwks()).unwrap();
    let root = |block: &str| as_root(&page, block, &server, &clients);

    let shown = blocks(&page, "sh");
    let [_, provider, fetched, uploaded, role, second] = &shown[..] else {
        panic!("{} blocks of shell", shown.len())
    };
    let manifests = blocks(&page, "yaml");
    let [binding, account, pod] = &manifests[..] else {
        panic!("{} manifests", manifests.len())
    };
    cluster.apply("/api/v1/namespaces", "metadata: { name: prod }");
    cluster.apply(
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        binding,
    );
    cluster.apply("/api/v1/namespaces/prod/serviceaccounts", account);
    let pod = cluster.apply("/api/v1/namespaces/prod/pods", pod);
    for block in [provider, fetched, role] {
        root(block);
    }

    // What the pod's own manifest says, but for where the kubelet would have put the token.
    let token = home.join("token");
    let containers = &pod["spec"]["containers"];
    let variables = containers[0]["env"].as_array().unwrap().iter();
    let variables: Vec<_> = variables
        .map(|variable| {
            let name = variable["name"].as_str().unwrap();
            let value = match name {
                "AWS_WEB_IDENTITY_TOKEN_FILE" => token.to_str().unwrap(),
                _ => variable["value"].as_str().unwrap(),
            };
            (name, value)
        })
        .collect();
    let in_the_pod = || {
        fs::write(&token, cluster.projected_token(&pod)).unwrap();
        let typed = "aws s3 cp trust.json s3://insights/ && aws s3 ls s3://insights";
        let printed = shell(typed, home, &path(&clients), &variables);
        assert!(printed.ends_with(" trust.json\n"), "{printed}");
    };
    in_the_pod();
    root(uploaded);
    in_the_pod();
    root(second);
}

#[test]
fn the_users_page_creates_and_uses_an_access_key() {
    let Some(clients) = clients() else { return };
    let server = Bowline::launch(Launch::default());
    let home = server.home();
    let page = page("docs/users.md", &server, &[]);
    documents(
        &page,
        home,
        &["may-assume.json", "trust.json", "permissions.json"],
    );
    fs::write(home.join("config"), &blocks(&page, "ini")[0]).unwrap();
    let root = |block: &str| as_root(&page, block, &server, &clients);
    let shown = blocks(&page, "sh");
    let [_, user, role, typed, change] = &shown[..] else {
        panic!("{} blocks of shell", shown.len())
    };
    root(user);
    root(role);
    let alice = |typed: &str| {
        let variables = [
            ("AWS_ENDPOINT_URL", &*server.url),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_CONFIG_FILE", "config"),
            ("AWS_SHARED_CREDENTIALS_FILE", "alice.credentials"),
            ("HOME", home.to_str().unwrap()),
        ];
        shell(typed, home, &path(&clients), &variables)
    };
    let printed = alice(typed);
    assert!(printed.contains(":user/alice"), "{printed}");
    assert!(printed.contains(":assumed-role/analyst/alice"), "{printed}");
    root(change);
    alice("! aws --profile alice sts get-caller-identity");
}
