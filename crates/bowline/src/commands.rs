//! The commands: one file each.
#![expect(
    clippy::doc_markdown,
    reason = "the documentation of a command or flag is its --help, which is not Markdown"
)]

mod account;
mod backup;
mod completions;
mod demo;
mod doctor;
mod explain;
mod init;
mod keyring;
mod provider;
mod recover;
mod restore;
mod serve;
mod service;
mod status;
mod store;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

use crate::error::CommandError;

/// AWS-style workload identity for every cluster.
///
/// Roles, trust policies and OIDC providers as AWS has them; service account tokens become
/// short-lived credentials, and a gateway enforces what they may do. Clients are the AWS SDKs and
/// the AWS CLI.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    max_term_width = 100,
    args_override_self = true
)]
#[command(after_help = "\
See it work:       bowline demo
Run it for real:   bowline init --data DIR && bowline serve --data DIR
Explain a denial:  bowline explain REQUEST-ID
Find a fault:      bowline doctor --data DIR")]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Init(init::Init),
    Serve(Box<serve::Serve>),
    Explain(explain::Explain),
    Doctor(Box<doctor::Doctor>),
    Status(status::Status),
    Account(account::Account),
    Provider(provider::Provider),
    Service(service::Service),
    Keyring(keyring::Keyring),
    Recover(recover::Recover),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Store(store::Store),
    Completions(completions::Completions),
}

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        match self.command {
            Command::Demo(demo) => demo.run(),
            Command::Init(init) => init.run(),
            Command::Serve(serve) => serve.run(),
            Command::Explain(explain) => explain.run(),
            Command::Doctor(doctor) => Ok(doctor.run()),
            Command::Status(status) => status.run(),
            Command::Account(account) => account.run(),
            Command::Provider(provider) => provider.run(),
            Command::Service(service) => service.run(),
            Command::Keyring(keyring) => keyring.run(),
            Command::Recover(recover) => recover.run(),
            Command::Backup(backup) => backup.run(),
            Command::Restore(restore) => restore.run(),
            Command::Store(store) => store.run(),
            Command::Completions(completions) => Ok(completions.run(&mut Self::command())),
        }
    }
}

/// The runtime of a command that works on a data folder itself.
fn runtime() -> Result<Runtime, CommandError> {
    let mut builder = Builder::new_current_thread();
    Ok(builder
        .enable_all()
        .build()
        .context("starting the runtime")?)
}
