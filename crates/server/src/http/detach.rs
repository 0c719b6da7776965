//! A call goes on to its end although its client has hung up.
//!
//! HTTP drops what answers a request once the connection ends. A call that is dropped in the middle would have changed something that
//! no audit record tells of, or would leave half of it done. So whatever is dropped before its end goes on in a task of its own, and
//! whoever stops the server waits for those.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{runtime::Handle, sync::mpsc};

/// A future that goes on elsewhere if it is dropped before its end.
pub(super) struct RunToCompletion<T: 'static> {
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    orphans: Orphans,
}

/// Marks work that goes on without its connection: as long as a clone is there, there is some.
#[derive(Clone, Debug)]
pub(super) struct Orphans {
    _alive: mpsc::Sender<()>,
}

/// Ends once there is no more such work.
#[derive(Debug)]
pub(super) struct NoOrphans(mpsc::Receiver<()>);

impl Orphans {
    /// A mark, and what waits for the last of its clones.
    pub(super) fn new() -> (Self, NoOrphans) {
        let (sender, receiver) = mpsc::channel(1);
        (Self { _alive: sender }, NoOrphans(receiver))
    }
}

impl NoOrphans {
    /// Waits until every clone of the mark is gone.
    pub(super) async fn wait(mut self) {
        // Nothing is ever sent: this ends with the last sender.
        let _ = self.0.recv().await;
    }
}

impl<T: 'static> RunToCompletion<T> {
    /// Work that goes on under this mark.
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static, orphans: Orphans) -> Self {
        Self {
            work: Some(Box::pin(work)),
            orphans,
        }
    }
}

impl<T: 'static> Future for RunToCompletion<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(work) = &mut self.work else {
            return Poll::Pending;
        };
        let answer = work.as_mut().poll(context);
        if answer.is_ready() {
            self.work = None;
        }
        answer
    }
}

impl<T: 'static> Drop for RunToCompletion<T> {
    fn drop(&mut self) {
        let Some(work) = self.work.take() else {
            return;
        };
        let orphans = self.orphans.clone();
        // Without a runtime the process is about to end.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                // Nobody is there to read the answer.
                drop(work.await);
                drop(orphans);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::poll_fn,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::Waker,
    };

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_is_dropped_in_the_middle_ends_nevertheless() {
        let (go_on, wait) = oneshot::channel::<()>();
        let (done, ended) = oneshot::channel();
        let (orphans, none) = Orphans::new();
        let mut work = RunToCompletion::new(
            async move {
                wait.await.unwrap();
                done.send(()).unwrap();
            },
            orphans,
        );
        let mut context = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut work).poll(&mut context).is_pending());
        drop(work);
        go_on.send(()).unwrap();
        ended.await.unwrap();
        none.wait().await;
    }

    #[tokio::test]
    async fn what_has_ended_does_not_begin_again() {
        let (orphans, none) = Orphans::new();
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&polls);
        let work = poll_fn(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Poll::Ready(7)
        });
        assert_eq!(RunToCompletion::new(work, orphans).await, 7);
        none.wait().await;
        assert_eq!(polls.load(Ordering::Relaxed), 1);
    }
}
