//! The signals that stop the server, and the end of the process within its time.
//!
//! A thread with a runtime of its own waits for the signals. It tells the server to stop in order,
//! and ends the process once the time is over: also if a blocking call never returns, or if the
//! threads that serve requests are all in one. Everything that was acknowledged is durable by then.

use std::{io, process, sync::mpsc, thread};

use anyhow::{Context as _, Result};
use bowline_server::server::SHUTDOWN_TIMEOUT;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
    time::sleep,
};

/// The status of a process that did not stop in order.
const CUT_OFF: i32 = 1;

/// The signals that stop a process.
pub(crate) struct Stopped {
    terminate: Signal,
    interrupt: Signal,
}

impl Stopped {
    /// From here on a signal no longer ends the process by itself.
    pub(crate) fn watch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for a signal.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The first signal that stops the server.
pub(super) struct StopSignal(oneshot::Receiver<()>);

impl StopSignal {
    /// Starts the thread. From here on a signal stops the server in order. A second signal, or the
    /// end of [`SHUTDOWN_TIMEOUT`], ends the process.
    ///
    /// # Errors
    /// If the system has no thread, or does not deliver signals.
    pub(super) fn watch() -> Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (watching, ready) = mpsc::sync_channel(1);
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || wait(&watching, stop))
            .context("starting the thread of signals")?;
        let watching = ready.recv().context("waiting for the thread of signals")?;
        watching.context("watching for signals")?;
        Ok(Self(stopped))
    }

    /// Returns once the server has to stop.
    pub(super) async fn received(self) {
        // Without the thread no signal arrives.
        let _ = self.0.await;
    }
}

fn wait(watching: &mpsc::SyncSender<io::Result<()>>, stop: oneshot::Sender<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = watching.send(Err(error));
            return;
        }
    };
    runtime.block_on(async {
        let mut stopped = match Stopped::watch() {
            Ok(stopped) => stopped,
            Err(error) => {
                let _ = watching.send(Err(error));
                return;
            }
        };
        let _ = watching.send(Ok(()));
        stopped.wait().await;
        let _ = stop.send(());
        tokio::select! {
            () = sleep(SHUTDOWN_TIMEOUT) => {
                tracing::error!("The server did not stop in time and is cut off");
            }
            () = stopped.wait() => tracing::warn!("Stopping at once"),
        }
        process::exit(CUT_OFF);
    });
}
