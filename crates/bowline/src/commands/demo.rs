//! `bowline demo`: a pod uses a bucket and a table, an instance and a function use a role, and a
//! neighbouring account is kept out, live, with a server, an issuer and a client on loopback.
//!
//! Every step sends a request to the endpoint that any client would use. A step whose outcome
//! differs from the expected one fails the demonstration.

mod issuer;
mod reporter;
mod rotation;
mod scene;
mod story;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, anyhow};
use clap::Args;

use self::{reporter::Reporter, scene::Scene};
use super::serve::{BLOCKING_WORK_TIMEOUT, Stopped};
use crate::{error::CommandError, output};

/// See it work: a pod's token becomes credentials that open exactly one bucket and one table
///
/// Starts a server and an issuer on loopback and shows the requests of a pod, an instance, a
/// function and a neighbouring account: what was sent, what was decided and why. Then it stays up,
/// rotates the token file as a kubelet would, and prints the variables that AWS clients need.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Exit after the last step; the exit status says whether every step had its expected outcome
    #[arg(long)]
    once: bool,

    /// The data folder [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Output format; JSON is one line per step
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

impl Demo {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        let temporary = match self.data {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("bowline-demo-").tempdir()),
        };
        let temporary = temporary
            .transpose()
            .context("creating a temporary folder")?;
        let default = temporary
            .as_ref()
            .map(|temporary| temporary.path().join("data"));
        let folder = self.data.clone().or(default).unwrap_or_default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("starting the runtime")?;
        let played = runtime.block_on(self.play(folder));
        runtime.shutdown_timeout(BLOCKING_WORK_TIMEOUT);
        played
    }

    async fn play(self, folder: PathBuf) -> Result<ExitCode, CommandError> {
        if !scene::is_for_demo(&folder).context("reading the data folder")? {
            let error = anyhow!(
                "`{}` is not the folder of a demonstration",
                folder.display()
            );
            let hint = "give an empty folder, or leave out --data: a demonstration trusts anything on loopback";
            return Err(CommandError::with_hint(error, hint));
        }
        let mut stopped = Stopped::watch()?;
        let mut reporter = Reporter::new(self.output);
        reporter.title();
        let scene =
            Scene::start(&folder).await.map_err(|error| match error
                .downcast::<bowline_server::server::StartError>(
            ) {
                Ok(error) => CommandError::from(error),
                Err(error) => error.into(),
            })?;
        let played = self.act(&scene, &mut reporter, &mut stopped).await;
        scene.close().await;
        Ok(if played? {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Plays the steps, and stays up after them. Whether every step had its expected outcome.
    async fn act(
        &self,
        scene: &Scene,
        reporter: &mut Reporter,
        stopped: &mut Stopped,
    ) -> Result<bool> {
        tokio::select! {
            played = story::play(scene, reporter) => played?,
            // A signal in the middle also removes the temporary folder with its keys.
            () = stopped.wait() => return Ok(false),
        }
        if reporter.all_ok() && !self.once {
            rotation::stay_up(scene, reporter, stopped).await?;
        }
        Ok(reporter.all_ok())
    }
}
