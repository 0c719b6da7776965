//! The built binary: started on free ports, ready when its ready file exists, killed when the test
//! ends.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::http::Request;
use super::inherited::inherited;
use super::keys::Keys;
use super::wait::wait_for;

/// The account of the tests' root user.
pub(crate) const ACCOUNT: &str = "432797229265";
/// The second account, if there is one.
pub(crate) const OTHER_ACCOUNT: &str = "111122223333";

/// The built binary.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_bowline");

/// A running server, in a folder of its own. Dropping it ends the process and removes its data.
pub(crate) struct Bowline {
    /// The endpoint for all AWS calls, such as `http://127.0.0.1:40123`.
    pub(crate) url: String,
    pub(crate) port: u16,
    /// Where health and metrics are served.
    pub(crate) ops_port: u16,
    launch: Launch,
    child: Running,
    home: TempDir,
}

/// How a server is started. The default keeps identity data in memory and may fetch from issuers on
/// loopback.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) store: &'static str,
    pub(crate) loopback_issuers: bool,
    /// Further arguments of `bowline serve`.
    pub(crate) arguments: Vec<&'static str>,
    /// Further variables of its environment.
    pub(crate) variables: Vec<(&'static str, &'static str)>,
    /// The text of its configuration file.
    pub(crate) config: &'static str,
    /// A command that becomes the server, which it has as its last arguments.
    pub(crate) through: Vec<String>,
}

impl Default for Launch {
    fn default() -> Self {
        Self {
            store: "memory",
            loopback_issuers: true,
            arguments: Vec::new(),
            variables: Vec::new(),
            config: "",
            through: Vec::new(),
        }
    }
}

impl Launch {
    /// Keeps identity data in the embedded store, on disk.
    pub(crate) fn sqlite() -> Self {
        Self {
            store: "sqlite",
            ..Self::default()
        }
    }

    /// Declares a second account, whose root has the keys [`Bowline::other_root`].
    pub(crate) fn two_accounts() -> Self {
        Self {
            config: "[[bootstrap.account]]\nid = \"111122223333\"\naccess_key_id = \"AKIAINTEGRATIONROOTB\"\nsecret_access_key = \"integrationTestsOtherSecretKey/0123456789\"\n",
            ..Self::default()
        }
    }
}

impl Bowline {
    /// A server that keeps its identity data in memory.
    pub(crate) fn start() -> Self {
        Self::launch(Launch::default())
    }

    pub(crate) fn launch(launch: Launch) -> Self {
        let home = TempDir::new().unwrap();
        let (child, ready) = spawn(&launch, home.path());
        let mut server = Self {
            url: String::new(),
            port: 0,
            ops_port: 0,
            launch,
            child,
            home,
        };
        server.wait_until_ready(&ready);
        server
    }

    /// Ends the process as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill();
    }

    /// Ends it as [`Self::kill`] does, if it runs, and starts it again over the same data, on new
    /// ports.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let (child, ready) = spawn(&self.launch, self.home.path());
        self.child = child;
        self.wait_until_ready(&ready);
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Waits until the process has ended by itself.
    pub(crate) fn ended(mut self) -> ExitStatus {
        self.child.ended()
    }

    /// A folder beside the data, for whatever a test needs.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Its output so far, of stdout and stderr.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("serve.log")).unwrap()
    }

    /// The present value of a metric without labels.
    #[track_caller]
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let metrics = Request::get("/metrics").send(self.ops_port).text();
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let value = line.unwrap_or_else(|| panic!("no metric `{name}`"));
        value.parse().unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.0.id()
    }

    /// Sends SIGTERM, as a supervisor does.
    pub(crate) fn terminate(&self) {
        self.child.terminate();
    }

    /// Sends SIGHUP, as an operator does who has changed the settings.
    pub(crate) fn reload(&self) {
        self.child.signal("-HUP");
    }

    /// The root user's keys, as declared when the server was started.
    pub(crate) fn root() -> Keys {
        Keys {
            access_key_id: "AKIAINTEGRATIONROOTA".to_owned(),
            secret_access_key: "integrationTestsRootSecretKey/0123456789".to_owned(),
            session_token: None,
        }
    }

    /// The keys of the root of [`OTHER_ACCOUNT`], if [`Launch::two_accounts`] has made that.
    pub(crate) fn other_root() -> Keys {
        Keys {
            access_key_id: "AKIAINTEGRATIONROOTB".to_owned(),
            secret_access_key: "integrationTestsOtherSecretKey/0123456789".to_owned(),
            session_token: None,
        }
    }

    /// Runs `bowline ARGS` as a client of this server.
    pub(crate) fn run(&self, keys: &Keys, args: &[&str]) -> Output {
        let mut command = command(args);
        command
            .env("AWS_ENDPOINT_URL", &self.url)
            .envs(environment(keys));
        command.output().unwrap()
    }

    /// The same, for a command that must succeed: its stdout.
    #[track_caller]
    pub(crate) fn ran(&self, keys: &Keys, args: &[&str]) -> String {
        let output = self.run(keys, args);
        assert!(
            output.status.success(),
            "`bowline {}`: {}",
            args.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn wait_until_ready(&mut self, ready: &Path) {
        let text = self.child.ready(ready);
        let urls: Value = serde_json::from_str(&text).unwrap();
        let address = |url: &Value| -> SocketAddr {
            url.as_str()
                .unwrap()
                .strip_prefix("http://")
                .unwrap()
                .parse()
                .unwrap()
        };
        urls["aws"].as_str().unwrap().clone_into(&mut self.url);
        self.port = address(&urls["aws"]).port();
        self.ops_port = address(&urls["ops"]).port();
    }
}

/// A process that does not outlive its test.
#[derive(Debug)]
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn spawn(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Its standard output, if that is a pipe.
    pub(crate) fn stdout(&mut self) -> ChildStdout {
        self.0.stdout.take().unwrap()
    }

    /// The content of its ready file, once that exists.
    pub(crate) fn ready(&mut self, file: &Path) -> String {
        let ended = self.ready_or_ended(file);
        assert!(
            ended.is_none(),
            "it ended with {ended:?}: {}",
            fs::read_to_string(file.with_file_name("serve.log")).unwrap_or_default()
        );
        fs::read_to_string(file).unwrap()
    }

    /// Waits until its ready file is there, or gives the status that it has ended with instead.
    pub(crate) fn ready_or_ended(&mut self, file: &Path) -> Option<ExitStatus> {
        wait_for("the ready file", Duration::from_mins(1), || {
            let ended = self.0.try_wait().unwrap();
            (ended.is_some() || file.exists()).then_some(ended)
        })
    }

    /// Its exit status, if it has ended.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }

    /// Sends SIGTERM, as a supervisor does.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.0.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        wait_for("its end", Duration::from_secs(15), || {
            self.0.try_wait().unwrap()
        })
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// `bowline ARGS`, with no variables but those of the test and the [`inherited`] ones.
pub(crate) fn command(args: &[&str]) -> Command {
    command_through(&[], args)
}

fn command_through(through: &[String], args: &[&str]) -> Command {
    let mut words = through.iter().map(String::as_str).chain([BINARY]);
    let mut command = Command::new(words.next().unwrap());
    command
        .args(words)
        .args(args)
        .env_clear()
        .envs(inherited())
        .env("NO_COLOR", "1")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .stdin(Stdio::null());
    command
}

/// The variables by which any AWS client takes its credentials.
pub(crate) fn environment(keys: &Keys) -> Vec<(&'static str, String)> {
    let mut variables = vec![
        ("AWS_ACCESS_KEY_ID", keys.access_key_id.clone()),
        ("AWS_SECRET_ACCESS_KEY", keys.secret_access_key.clone()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
    ];
    if let Some(token) = &keys.session_token {
        variables.push(("AWS_SESSION_TOKEN", token.clone()));
    }
    variables
}

fn spawn(launch: &Launch, home: &Path) -> (Running, PathBuf) {
    let ready = home.join("ready.json");
    let _ = fs::remove_file(&ready);
    let log = File::options()
        .create(true)
        .append(true)
        .open(home.join("serve.log"))
        .unwrap();
    let root = Bowline::root();
    let config = home.join("bowline.toml");
    fs::write(&config, launch.config).unwrap();
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
    ];
    let mut command = command_through(&launch.through, &serve);
    command
        .args(["--store", launch.store])
        .args(
            launch
                .loopback_issuers
                .then_some("--allow-loopback-issuers"),
        )
        .args(&launch.arguments)
        .arg("--config")
        .arg(&config)
        .arg("--ready-file")
        .arg(&ready)
        .arg("--data")
        .arg(home.join("data"))
        .env("BOWLINE_BOOTSTRAP_ACCOUNT_ID", ACCOUNT)
        .env("BOWLINE_BOOTSTRAP_ACCESS_KEY_ID", &root.access_key_id)
        .env(
            "BOWLINE_BOOTSTRAP_SECRET_ACCESS_KEY",
            &root.secret_access_key,
        )
        .envs(launch.variables.iter().copied())
        .current_dir(home)
        .stdout(log.try_clone().unwrap())
        .stderr(log);
    (Running::spawn(&mut command), ready)
}
