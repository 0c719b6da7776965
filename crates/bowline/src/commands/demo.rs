//! `bowline demo`: the story of a pod, its bucket and its table, of an instance and a function, and of a neighbour, told live by a
//! server, an issuer and a client on loopback.
//!
//! Everything goes through the endpoint that any client would use. An answer that is not as the story says fails the demonstration.

mod issuer;
mod rotation;
mod scene;
mod story;
mod teller;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;

use self::{scene::Scene, teller::Teller};
use super::{Format, serve::Stopped};
use crate::error::CommandError;

/// See it work: a pod's token becomes credentials that open exactly one bucket and one table
///
/// Starts a server and an issuer on loopback and plays the day of a pod, an instance, a function and a neighbour, with what was sent, what was
/// decided and why. Then it
/// stays up, rotates the token file as a kubelet would, and prints the variables with which the AWS clients simply work.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Ends after the story; the exit status says whether every step ended as it must
    #[arg(long)]
    once: bool,

    /// Where data is kept [default: a temporary folder]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// How to tell it; JSON is one line a step
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

impl Demo {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        let temporary = match self.data {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("bowline-demo-").tempdir()),
        };
        let temporary = temporary.transpose().context("making a temporary folder")?;
        let made = temporary.as_ref().map(|made| made.path().join("data"));
        let folder = self.data.clone().or(made).unwrap_or_default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("starting the runtime")?;
        runtime.block_on(self.play(folder))
    }

    async fn play(self, folder: PathBuf) -> Result<ExitCode, CommandError> {
        let mut stopped = Stopped::watch()?;
        let mut teller = Teller::new(self.output);
        teller.opening();
        let scene =
            Scene::set(&folder).await.map_err(|error| match error
                .downcast::<bowline_server::server::StartError>()
            {
                Ok(error) => CommandError::from(error),
                Err(error) => error.into(),
            })?;
        let played = self.act(&scene, &mut teller, &mut stopped).await;
        scene.close().await;
        Ok(if played? {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Tells the story and stays up after it. Whether every step ended as it must.
    async fn act(&self, scene: &Scene, teller: &mut Teller, stopped: &mut Stopped) -> Result<bool> {
        tokio::select! {
            told = story::tell(scene, teller) => told?,
            // In the middle it ends in order as well, and takes the folder with its keys along.
            () = stopped.wait() => return Ok(false),
        }
        if teller.all_good() && !self.once {
            rotation::stay_up(scene, teller, stopped).await?;
        }
        Ok(teller.all_good())
    }
}
