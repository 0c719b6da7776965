//! Requests run to completion although their client disconnects.
//!
//! HTTP drops the future of a request once its connection ends. A request that is dropped in the
//! middle would leave a change without an audit record, or half of a change. So [`RunToCompletion`]
//! moves what is dropped before its end into a task of its own, and the server's shutdown waits for
//! those tasks.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// A future that detaches instead of being cancelled.
pub(super) struct RunToCompletion<T: 'static> {
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    detached: TaskTracker,
}

impl<T: 'static> RunToCompletion<T> {
    /// Work that `detached` tracks once it is detached.
    pub(super) fn new(
        work: impl Future<Output = T> + Send + 'static,
        detached: TaskTracker,
    ) -> Self {
        Self {
            work: Some(Box::pin(work)),
            detached,
        }
    }
}

impl<T: 'static> Future for RunToCompletion<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(work) = &mut self.work else {
            return Poll::Pending;
        };
        let output = work.as_mut().poll(context);
        if output.is_ready() {
            self.work = None;
        }
        output
    }
}

impl<T: 'static> Drop for RunToCompletion<T> {
    fn drop(&mut self) {
        let Some(work) = self.work.take() else {
            return;
        };
        // Without a runtime the process is about to end.
        if let Ok(runtime) = Handle::try_current() {
            // The client is gone, so the response is dropped.
            let work = async move { drop(work.await) };
            self.detached.spawn_on(work, &runtime);
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
    async fn a_cancelled_request_runs_to_completion() {
        let (go_on, wait) = oneshot::channel::<()>();
        let (done, ended) = oneshot::channel();
        let detached = TaskTracker::new();
        let mut work = RunToCompletion::new(
            async move {
                wait.await.unwrap();
                done.send(()).unwrap();
            },
            detached.clone(),
        );
        let mut context = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut work).poll(&mut context).is_pending());
        drop(work);
        detached.close();
        assert_eq!(detached.len(), 1);
        go_on.send(()).unwrap();
        ended.await.unwrap();
        detached.wait().await;
    }

    #[tokio::test]
    async fn a_completed_request_does_not_run_again() {
        let detached = TaskTracker::new();
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&polls);
        let work = poll_fn(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Poll::Ready(7)
        });
        assert_eq!(RunToCompletion::new(work, detached.clone()).await, 7);
        detached.close();
        detached.wait().await;
        assert_eq!(polls.load(Ordering::Relaxed), 1);
    }
}
