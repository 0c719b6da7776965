//! The clients of others: boto3 and the AWS CLI, from the virtual environment that `make test`
//! installs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::bowline::environment;
use super::inherited::inherited;
use super::installed::{folder, or_skip};
use super::keys::Keys;

/// The clients, or nothing where they are not installed and need not be.
pub(crate) fn clients() -> Option<Clients> {
    let venv = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.venv");
    let bin = folder("BOWLINE_TEST_VENV", Path::new(venv)).join("bin");
    let found = bin.join("aws").exists();
    or_skip(found.then_some(Clients { bin }), "boto3 and the AWS CLI")
}

/// The clients, if these modules are installed too. A virtual environment of an earlier list has
/// only some of them.
pub(crate) fn clients_with(modules: &[&str]) -> Option<Clients> {
    let clients = clients()?;
    let imports = modules.iter().map(|module| format!("import {module}\n"));
    let mut python = clients.command("python");
    python.arg("-c").arg(imports.collect::<String>());
    let found = python.output().unwrap().status.success();
    or_skip(found.then_some(clients), &modules.join(", "))
}

/// Where the clients are.
pub(crate) struct Clients {
    bin: PathBuf,
}

impl Clients {
    /// Runs a driver of `tests/clients` against `url`: its output.
    #[track_caller]
    pub(crate) fn drive(
        &self,
        script: &str,
        url: &str,
        keys: Option<&Keys>,
        variables: &[(&str, &str)],
    ) -> String {
        let path = format!("{}/tests/clients/{script}", env!("CARGO_MANIFEST_DIR"));
        let mut python = self.command("python");
        python.arg(path);
        run(&mut python, url, keys, variables)
    }

    /// Runs one line of Python.
    #[track_caller]
    pub(crate) fn python(&self, line: &str, url: &str, variables: &[(&str, &str)]) -> String {
        let mut python = self.command("python");
        python.args(["-c", line]);
        run(&mut python, url, None, variables)
    }

    /// Runs `aws ARGS`.
    #[track_caller]
    pub(crate) fn aws(
        &self,
        args: &[&str],
        url: &str,
        keys: Option<&Keys>,
        variables: &[(&str, &str)],
    ) -> String {
        let mut aws = self.command("aws");
        aws.args(args);
        run(&mut aws, url, keys, variables)
    }

    /// The folder with the programs `aws` and `python`.
    pub(crate) fn folder(&self) -> String {
        self.bin.display().to_string()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command
            .env_clear()
            .envs(inherited())
            .env("PATH", &self.bin)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_MAX_ATTEMPTS", "1")
            .stdin(Stdio::null());
        command
    }
}

#[track_caller]
fn run(
    command: &mut Command,
    url: &str,
    keys: Option<&Keys>,
    variables: &[(&str, &str)],
) -> String {
    command.env("AWS_ENDPOINT_URL", url);
    command.envs(keys.map(environment).unwrap_or_default());
    command.envs(variables.iter().copied());
    let output = command.output().unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{command:?} ended with {}:\n{out}\n{err}",
        output.status
    );
    out.into_owned()
}
