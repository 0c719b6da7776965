//! A newcomer who types the pages of the documentation as they are written, in a shell with a fresh
//! home.
//!
//! Only host names, ports and paths are replaced. `bowline serve` runs beside the shell, as it does
//! in a second one, and what installs the binary is left out.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::bowline::{BINARY, Running};
use super::inherited::inherited;
use super::python::Clients;
use crate::documentation::{blocks, read};

/// Printed after each block; what stands before it on the line does not belong to the block.
const END: &str = "the end of the block";

pub(crate) struct Newcomer {
    shell: Shell,
    server: Option<Running>,
    variables: Vec<(String, String)>,
    /// What the pages name by way of example, and what is there.
    replaced: Vec<(String, String)>,
    home: TempDir,
}

struct Shell {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Newcomer {
    /// A newcomer with the binary, the clients and these programs, each a line of shell that stands
    /// for what a test cannot run.
    pub(crate) fn new(
        clients: &Clients,
        programs: &[(&str, String)],
        variables: &[(&str, &str)],
    ) -> Self {
        // The folders of homes have no spaces, whatever those for temporary files have.
        let home = TempDir::new_in("/tmp").unwrap();
        let bin = home.path().join(".bin");
        fs::create_dir(&bin).unwrap();
        for (name, line) in programs {
            let file = bin.join(name);
            fs::write(&file, format!("#!/bin/bash\n{line}\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = format!(
            "{}:{}:{}:/usr/bin:/bin",
            bin.display(),
            Path::new(BINARY).parent().unwrap().display(),
            clients.folder()
        );
        let mut variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        variables.push(("PATH".to_owned(), path));
        variables.push(("HOME".to_owned(), home.path().display().to_string()));
        Self {
            shell: Shell::open(&variables),
            server: None,
            variables,
            replaced: Vec::new(),
            home,
        }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// From here on the pages name `there` where they are written with `example`.
    pub(crate) fn replace(&mut self, example: &str, there: &str) {
        self.replaced.retain(|(name, _)| name != example);
        self.replaced.push((example.to_owned(), there.to_owned()));
    }

    /// What is there for a name of the pages.
    pub(crate) fn there(&self, example: &str) -> &str {
        let mut replaced = self.replaced.iter();
        &replaced.find(|(name, _)| name == example).unwrap().1
    }

    /// Opens another shell, which has none of the variables and functions of the one before.
    pub(crate) fn open_another_shell(&mut self) {
        self.shell = Shell::open(&self.variables);
    }

    /// Types the blocks of a page, between two of its headings if they are named: what each prints.
    #[track_caller]
    pub(crate) fn types(&mut self, page: &str) -> Vec<String> {
        let shown = blocks(&read(page), "sh");
        assert!(!shown.is_empty(), "{page} has nothing to type");
        shown.iter().map(|block| self.types_block(block)).collect()
    }

    /// Types one block.
    #[track_caller]
    pub(crate) fn types_block(&mut self, block: &str) -> String {
        let mut typed = String::new();
        let mut servers = Vec::new();
        for line in block.lines() {
            if line.starts_with("bowline serve ") {
                servers.push(line);
            } else if !line.starts_with("cargo ") {
                typed.push_str(line);
                typed.push('\n');
            }
        }
        for (example, there) in &self.replaced {
            typed = typed.replace(example, there);
        }
        let file = self.home().join(".typed");
        fs::write(&file, &typed).unwrap();
        let printed = self.shell.source(&file);
        assert!(!printed.contains("FAILED: "), "{typed}\n{printed}");
        for line in servers {
            let replaced = self.replaced.iter();
            let line = replaced.fold(line.to_owned(), |line, (example, there)| {
                line.replace(example, there)
            });
            self.serve(&line);
        }
        printed
    }

    /// Starts the server of a line such as `bowline serve --data ~/bowline/data`, in place of the
    /// one that runs.
    fn serve(&mut self, line: &str) {
        self.server = None;
        let ready = self.home().join(".ready.json");
        let _ = fs::remove_file(&ready);
        // The issuers of the tests are on loopback.
        let typed = format!(
            "cd ~/bowline && exec {line} --listen 127.0.0.1:0 --ops-listen 127.0.0.1:0 --allow-loopback-issuers --ready-file {} 2>{}",
            ready.display(),
            self.home().join("serve.log").display()
        );
        let mut server = self.command("bash");
        let mut server = Running::spawn(server.args(["-c", &typed]));
        let urls: Value = serde_json::from_str(&server.ready(&ready)).unwrap();
        self.server = Some(server);
        let url = |name: &str| urls[name].as_str().unwrap().to_owned();
        let (aws, ops) = (url("aws"), url("ops"));
        self.replace("http://127.0.0.1:9400", &aws);
        self.replace("https://bowline.example.com", &aws);
        self.replace("bowline status", &format!("bowline status --ops {ops}"));
        self.replace("http://127.0.0.1:9401", &ops);
        // The shells that are open, and those to come, ask the server of this line.
        let env: PathBuf = self.home().join("bowline/env");
        if let Ok(text) = fs::read_to_string(&env) {
            let before = text
                .lines()
                .find_map(|line| line.strip_prefix("export AWS_ENDPOINT_URL="))
                .unwrap();
            fs::write(&env, text.replace(before, &aws)).unwrap();
        }
    }

    fn command(&self, program: &str) -> Command {
        command(program, &self.variables)
    }
}

impl Shell {
    fn open(variables: &[(String, String)]) -> Self {
        let mut child = command("bash", variables)
            .args(["--noprofile", "--norc"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        // A command that fails is named. The page's own `||` and `!` say which may.
        input
            .write_all(b"exec 2>&1; trap 'echo \"FAILED: $BASH_COMMAND\"' ERR; cd\n")
            .unwrap();
        Self {
            child,
            input,
            output,
        }
    }

    fn source(&mut self, file: &Path) -> String {
        let line = format!(". '{}' </dev/null; echo '{END}'\n", file.display());
        self.input.write_all(line.as_bytes()).unwrap();
        let mut printed = String::new();
        while !printed.contains(END) {
            let read = self.output.read_line(&mut printed).unwrap();
            assert!(read > 0, "the shell ended: {printed}");
        }
        printed.replace(&format!("{END}\n"), "")
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(program: &str, variables: &[(String, String)]) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(inherited())
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command
}
