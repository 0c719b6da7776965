//! A Kubernetes API server and its etcd on loopback: service accounts, pods, and the tokens that it
//! signs for them.
//!
//! Nothing schedules or runs a pod: one that exists can have a token bound to it, and that is what
//! a kubelet asks for.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpSocket;

use super::authority::{Certified, certify, send_over_tls};
use super::bowline::Running;
use super::http::{Request, Response};
use super::inherited::{go_reads_another_clock, inherited};
use super::installed::{built, folder, or_skip};
use super::keys::SigningKey;
use super::wait::wait_for;

/// Where all service accounts of the tests are.
pub(crate) const NAMESPACE: &str = "gbot-dev";
/// The `Authorization` of the cluster's administrator.
const ADMINISTRATOR: &str = "Bearer administrator-of-a-test";
/// The same, without its scheme.
pub(crate) const ADMINISTRATOR_TOKEN: &str = "administrator-of-a-test";
/// Until when a cluster must be ready, on a machine that runs all the other tests too.
const READY_TIMEOUT: Duration = Duration::from_mins(2);

/// The programs, in the folder that `KUBEBUILDER_ASSETS` names: the convention of tests with a real
/// API server.
pub(crate) struct Kubernetes {
    assets: PathBuf,
}

/// A running cluster. Dropping it ends both processes and removes its data.
pub(crate) struct Cluster {
    /// Its address, and the `iss` of its tokens unless it was started under another name.
    pub(crate) url: String,
    /// The certificate authority that its clients have to know, in PEM.
    pub(crate) authority: String,
    server: Running,
    launch: Launch,
    _etcd: Running,
    _etcd_port: ReservedPort,
}

/// The settings of an API server, which is started again when its keys change.
struct Launch {
    program: PathBuf,
    issuer: String,
    port: ReservedPort,
    etcd_port: u16,
    folder: TempDir,
}

/// A pod that exists.
pub(crate) struct Pod {
    account: &'static str,
    name: String,
    uid: String,
}

/// The programs, or nothing where they are not built and need not be.
pub(crate) fn kubernetes() -> Option<Kubernetes> {
    if go_reads_another_clock("a Kubernetes API server") {
        return None;
    }
    let assets = folder("KUBEBUILDER_ASSETS", &built().join("kubernetes"));
    let found = ["etcd", "kube-apiserver"]
        .iter()
        .all(|name| assets.join(name).exists());
    or_skip(
        found.then_some(Kubernetes { assets }),
        "a Kubernetes API server",
    )
}

impl Kubernetes {
    /// A cluster that signs with `key`, and is its own issuer under its own address.
    pub(crate) fn start(&self, key: &SigningKey) -> Cluster {
        self.launch(None, key)
    }

    /// A cluster whose tokens name this issuer.
    pub(crate) fn start_as(&self, issuer: &str, key: &SigningKey) -> Cluster {
        self.launch(Some(issuer), key)
    }

    fn launch(&self, issuer: Option<&str>, key: &SigningKey) -> Cluster {
        let folder = TempDir::new().unwrap();
        let etcd_port = ReservedPort::new();
        let etcd = self.start_etcd(folder.path(), etcd_port.number);
        let Certified {
            authority,
            certificate,
            private_key,
        } = certify(&["localhost", "127.0.0.1"]);
        let token = ADMINISTRATOR_TOKEN;
        for (name, text) in [
            ("server.crt", certificate),
            ("server.key", private_key),
            (
                "tokens.csv",
                format!("{token},administrator,1,system:masters\n"),
            ),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let port = ReservedPort::new();
        let url = format!("https://localhost:{}", port.number);
        let launch = Launch {
            program: self.assets.join("kube-apiserver"),
            issuer: issuer.unwrap_or(&url).to_owned(),
            port,
            etcd_port: etcd_port.number,
            folder,
        };
        let mut cluster = Cluster {
            server: launch.start_server(&[key]),
            url,
            authority,
            launch,
            _etcd: etcd,
            _etcd_port: etcd_port,
        };
        cluster.wait_until_ready();
        cluster.create(
            "/api/v1/namespaces",
            &json!({ "metadata": { "name": NAMESPACE } }),
        );
        cluster
    }

    fn start_etcd(&self, home: &Path, port: u16) -> Running {
        let url = format!("http://127.0.0.1:{port}");
        let mut command = program(&self.assets.join("etcd"), home);
        command
            .args(["--listen-client-urls", &url])
            .args(["--advertise-client-urls", &url])
            .args(["--listen-peer-urls", "http://127.0.0.1:0"])
            .arg("--data-dir")
            .arg(home.join("etcd"))
            .args(["--socket-reuse-port", "--unsafe-no-fsync"]);
        Running::spawn(&mut command)
    }
}

impl Launch {
    /// An API server that signs with the first of these keys, and publishes them all.
    fn start_server(&self, keys: &[&SigningKey]) -> Running {
        let home = self.folder.path();
        let port = self.port.number;
        let mut command = program(&self.program, home);
        command
            .arg(format!(
                "--etcd-servers=http://127.0.0.1:{}",
                self.etcd_port
            ))
            .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
            .arg(format!("--secure-port={port}"))
            .arg("--permit-port-sharing")
            .arg("--endpoint-reconciler-type=none")
            .arg("--service-cluster-ip-range=10.0.0.0/24")
            .args([
                "--tls-cert-file=server.crt",
                "--tls-private-key-file=server.key",
            ])
            .args(["--authorization-mode=RBAC", "--token-auth-file=tokens.csv"])
            .arg(format!("--service-account-issuer={}", self.issuer))
            .arg(format!(
                "--service-account-jwks-uri=https://localhost:{port}/openid/v1/jwks"
            ));
        for (n, key) in keys.iter().enumerate() {
            let (private, public) = (format!("{n}.key"), format!("{n}.pub"));
            fs::write(home.join(&private), key.private_pem()).unwrap();
            fs::write(home.join(&public), key.public_pem()).unwrap();
            command.arg(format!("--service-account-key-file={public}"));
            if n == 0 {
                command.arg(format!("--service-account-signing-key-file={private}"));
            }
        }
        Running::spawn(&mut command)
    }
}

impl Cluster {
    /// Starts the API server again: it signs with the first of these keys, and publishes them all.
    pub(crate) fn restart_with(&mut self, keys: &[&SigningKey]) {
        self.server.kill();
        self.server = self.launch.start_server(keys);
        self.wait_until_ready();
    }

    /// Lets anybody read who it is and which keys it signs with, as clusters do whose tokens are
    /// used elsewhere.
    pub(crate) fn let_anybody_discover(&self) {
        self.create(
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            &json!({
                "metadata": { "name": "anybody-discovers" },
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "ClusterRole",
                    "name": "system:service-account-issuer-discovery",
                },
                "subjects": [{
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "Group",
                    "name": "system:unauthenticated",
                }],
            }),
        );
    }

    /// Makes a service account, and a pod that runs as it.
    pub(crate) fn pod(&self, account: &'static str) -> Pod {
        let accounts = format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts");
        self.create(&accounts, &json!({ "metadata": { "name": account } }));
        let made = self.create(
            &format!("/api/v1/namespaces/{NAMESPACE}/pods"),
            &json!({
                "metadata": { "generateName": format!("{account}-") },
                "spec": {
                    "serviceAccountName": account,
                    "containers": [{ "name": "main", "image": "registry.invalid/main" }],
                },
            }),
        );
        let text = |name: &str| made["metadata"][name].as_str().unwrap().to_owned();
        Pod {
            account,
            name: text("name"),
            uid: text("uid"),
        }
    }

    /// A token for a pod, as a kubelet asks for it: a new one each time.
    pub(crate) fn token(&self, pod: &Pod, audience: &str) -> String {
        let account = pod.account;
        self.bound_token(
            &format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{account}/token"),
            &json!({ "name": pod.name, "uid": pod.uid }),
            &json!({ "audience": audience, "expirationSeconds": 3600 }),
        )
    }

    fn bound_token(&self, path: &str, pod: &Value, asked: &Value) -> String {
        let made = self.create(
            path,
            &json!({ "spec": {
                "audiences": [asked["audience"]],
                "expirationSeconds": asked["expirationSeconds"],
                "boundObjectRef": { "apiVersion": "v1", "kind": "Pod", "name": pod["name"], "uid": pod["uid"] },
            } }),
        );
        made["status"]["token"].as_str().unwrap().to_owned()
    }

    /// Its key set, as `kubectl get --raw /openid/v1/jwks` prints it.
    pub(crate) fn jwks(&self) -> String {
        self.ask(Request::get("/openid/v1/jwks")).accepted().text()
    }

    fn create(&self, path: &str, body: &Value) -> Value {
        self.post(path, "application/json", &body.to_string())
    }

    fn post(&self, path: &str, media_type: &str, body: &str) -> Value {
        let request = Request::new("POST", path)
            .header("content-type", media_type)
            .header("accept", "application/json")
            .body(body);
        let answer = self.ask(request);
        assert!(answer.status < 300, "{path}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap()
    }

    fn ask(&self, request: Request) -> Response {
        let request = request.header("authorization", ADMINISTRATOR);
        send_over_tls(&request, self.launch.port.number, &self.authority)
    }

    fn wait_until_ready(&mut self) {
        let port = self.launch.port.number;
        wait_for("an API server that is ready", READY_TIMEOUT, || {
            if let Some(status) = self.server.has_ended() {
                let log = self.launch.folder.path().join("kube-apiserver.log");
                panic!("{status}: {}", fs::read_to_string(log).unwrap());
            }
            // Until it listens, its port is reserved and refuses.
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
            (self.ask(Request::get("/readyz")).status == 200).then_some(())
        });
    }
}

impl Pod {
    /// The `sub` of its tokens.
    pub(crate) fn subject(&self) -> String {
        format!("system:serviceaccount:{NAMESPACE}:{}", self.account)
    }
}

/// A program with no variables but the [`inherited`] ones, and a log beside its files.
fn program(path: &Path, home: &Path) -> Command {
    let name = path.file_name().unwrap().to_str().unwrap();
    let log = File::options()
        .create(true)
        .append(true)
        .open(home.join(format!("{name}.log")))
        .unwrap();
    let mut command = Command::new(path);
    command
        .env_clear()
        .envs(inherited())
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    command
}

/// A port of loopback that is taken and not listened on: only a program that shares ports can have
/// it.
struct ReservedPort {
    number: u16,
    _socket: TcpSocket,
}

impl ReservedPort {
    fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseport(true).unwrap();
        socket
            .bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .unwrap();
        Self {
            number: socket.local_addr().unwrap().port(),
            _socket: socket,
        }
    }
}
