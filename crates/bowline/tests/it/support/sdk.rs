//! The AWS SDKs of other languages, each with a program of `tests/clients` that does what a pod
//! does.
//!
//! `make test` leaves what runs them in the folder `clients` of everything built: `node`, the Go
//! program, `java`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::bowline::environment;
use super::inherited::{go_reads_another_clock, inherited};
use super::installed::{built, or_skip};
use super::keys::Keys;
use super::proxy::Proxy;
use super::world::{World, role_arn};

/// One SDK.
pub(crate) struct Sdk {
    program: PathBuf,
    arguments: Vec<String>,
    trust: Trust,
}

/// How a certificate authority is made known to it.
enum Trust {
    /// By a variable that names the PEM file.
    Variable(&'static str),
    /// By a key store, which is made with this program.
    KeyStore(PathBuf),
}

/// The SDK for JavaScript, on Node.js.
pub(crate) fn javascript() -> Option<Sdk> {
    let libraries = sources("javascript").join("node_modules");
    let sdk = installed("node", &libraries).map(|program| Sdk {
        program,
        arguments: vec![
            "--require".to_owned(),
            path_text(&sources("javascript").join("lookup.cjs")),
            path_text(&sources("javascript").join("pod.mjs")),
        ],
        trust: Trust::Variable("NODE_EXTRA_CA_CERTS"),
    });
    or_skip(sdk, "the AWS SDK for JavaScript")
}

/// A program of the folder `javascript`, on Node.js, against `url`.
pub(crate) fn node(script: &str, url: &str, keys: &Keys) -> Option<String> {
    let last = sources("javascript").join("node_modules/aws4fetch");
    let program = or_skip(installed("node", &last), "Node.js with its libraries")?;
    let output = Command::new(program)
        .arg(sources("javascript").join(script))
        .env_clear()
        .envs(inherited())
        .env("AWS_ENDPOINT_URL", url)
        .envs(environment(keys))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {err}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The SDK for Go.
pub(crate) fn go() -> Option<Sdk> {
    if go_reads_another_clock("the AWS SDK for Go") {
        return None;
    }
    let sdk = installed("go-pod", built()).map(|program| Sdk {
        program,
        arguments: Vec::new(),
        trust: Trust::Variable("AWS_CA_BUNDLE"),
    });
    or_skip(sdk, "the AWS SDK for Go")
}

/// The SDK for Java.
pub(crate) fn java() -> Option<Sdk> {
    let libraries = built().join("clients/jars");
    let sdk = installed("java", &libraries).map(|program| Sdk {
        trust: Trust::KeyStore(program.with_file_name("keytool")),
        program,
        arguments: vec![
            format!(
                "-Djdk.net.hosts.file={}",
                sources("java").join("hosts").display()
            ),
            "-cp".to_owned(),
            path_text(&libraries.join("*")),
            path_text(&sources("java").join("Pod.java")),
        ],
    });
    or_skip(sdk, "the AWS SDK for Java")
}

fn sources(language: &str) -> PathBuf {
    let clients = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
    Path::new(clients).join(language)
}

/// The program of that name, if it and its libraries are there.
fn installed(name: &str, libraries: &Path) -> Option<PathBuf> {
    let path = built().join("clients").join(name);
    (path.exists() && libraries.exists()).then_some(path)
}

fn path_text(path: &Path) -> String {
    path.display().to_string()
}

impl Sdk {
    /// Runs the program as the pod of the role `bot`, for which `url` names the server, and gives
    /// what it printed.
    #[track_caller]
    pub(crate) fn run(
        &self,
        world: &World,
        proxy: &Proxy,
        url: &str,
        arguments: &[&str],
    ) -> String {
        let variables = [("AWS_ENDPOINT_URL", url), ("AWS_ENDPOINT_URL_STS", url)];
        let output = self.output(world, proxy, arguments, &variables);
        let err = String::from_utf8_lossy(&output.stderr);
        let out = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{} {url}: {}\n{out}\n{err}",
            self.program.display(),
            output.status
        );
        out.into_owned()
    }

    /// The same, whatever comes of it, with the variables that name the server given by the caller.
    pub(crate) fn output(
        &self,
        world: &World,
        proxy: &Proxy,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Output {
        let token = world.server.home().join("token");
        fs::write(&token, world.issuer.valid_token()).unwrap();
        Command::new(&self.program)
            .args(&self.arguments)
            .args(arguments)
            .env_clear()
            .envs(inherited())
            .env("AWS_ROLE_ARN", role_arn("bot"))
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", token)
            .env("AWS_ROLE_SESSION_NAME", "pod")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_MAX_ATTEMPTS", "1")
            .envs(self.trust.variable(proxy, world.server.home()))
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

impl Trust {
    /// What makes the proxy's authority known, if it has one, with files in `home`.
    fn variable(&self, proxy: &Proxy, home: &Path) -> Option<(&'static str, String)> {
        let authority = proxy.authority_file()?;
        match self {
            Self::Variable(name) => Some((name, path_text(&authority))),
            Self::KeyStore(keytool) => {
                let store = home.join(format!("{}.p12", proxy.port));
                let made = Command::new(keytool)
                    .args(["-importcert", "-noprompt", "-storepass", "changeit"])
                    .arg("-file")
                    .arg(authority)
                    .arg("-keystore")
                    .arg(&store)
                    .output()
                    .unwrap();
                assert!(made.status.success(), "{made:?}");
                let options = format!(
                    "-Djavax.net.ssl.trustStore={} -Djavax.net.ssl.trustStorePassword=changeit",
                    store.display()
                );
                Some(("JAVA_TOOL_OPTIONS", options))
            }
        }
    }
}
