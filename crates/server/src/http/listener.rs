//! Connections: accepted up to a bound, served until they end or the server does.
//!
//! HTTP/1.1 alone, as the AWS clients speak it to a named endpoint. Heads are bounded in size and time, and Nagle's
//! algorithm is off: an answer goes out when it is written.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    detach::{Orphans, RunToCompletion},
    response::Response,
    write_timeout::WriteTimeout,
};

/// Most connections at a time. More wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 4_096;
/// Most bytes of a head. A session token has 4 KiB, and an S3 request may have as much of metadata.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Most headers of a request.
const MAX_HEADERS: usize = 128;
/// How long a head may take, and with it how long a connection may be idle.
const HEAD_READ_TIMEOUT: Duration = Duration::from_mins(1);
/// How long requests that are under way may take once the server is told to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait when the operating system has no more file descriptors.
const ACCEPT_RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// What answers requests.
pub(crate) trait Handler: Send + Sync + 'static {
    /// Answers one request from this peer. Goes on to its end although the peer hangs up.
    fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response> + Send + 'static;

    /// Learns that a connection ended with what is no request of HTTP, or has a head beyond all bounds. It was told so by status alone.
    fn unreadable(&self) {}
}

/// Serves connections until `stop` says true, then lets requests that are under way end.
pub(crate) async fn serve<H: Handler>(
    listener: TcpListener,
    handler: Arc<H>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let (orphans, no_orphans) = Orphans::new();
    loop {
        let accepted = tokio::select! {
            () = stopped(&mut stop) => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else {
            continue;
        };
        let (handler, stop) = (Arc::clone(&handler), stop.clone());
        let orphans = orphans.clone();
        connections.spawn(async move {
            connection(stream, peer, handler, orphans, stop).await;
            drop(place);
        });
        while connections.try_join_next().is_some() {}
    }
    drop((listener, orphans));
    let drained = async {
        while connections.join_next().await.is_some() {}
        no_orphans.wait().await;
    };
    if timeout(SHUTDOWN_TIMEOUT, drained).await.is_err() {
        tracing::warn!("Connections of requests that are still under way have been cut off");
    }
}

type Place = tokio::sync::OwnedSemaphorePermit;

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, Place)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            // Of one connection that ended early, or of file descriptors that are used up.
            tracing::warn!(%error, "A connection could not be accepted");
            sleep(ACCEPT_RETRY_INTERVAL).await;
            None
        }
    }
}

async fn connection<H: Handler>(
    stream: TcpStream,
    peer: SocketAddr,
    handler: Arc<H>,
    orphans: Orphans,
    mut stop: watch::Receiver<bool>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "A connection ended before it began");
        return;
    }
    let service = service_fn(|request| {
        let work = Arc::clone(&handler).handle(request, peer);
        let work = RunToCompletion::new(work, orphans.clone());
        async move { Ok::<_, Infallible>(work.await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_READ_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS);
    let mut connection =
        pin!(http.serve_connection(TokioIo::new(WriteTimeout::new(stream)), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        if error.is_parse() {
            handler.unreadable();
        }
        tracing::debug!(%error, "A connection ended in the middle");
    }
}

/// Returns once the server is told to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Whoever could say so is gone: that is the end as well.
    let _ = stop.wait_for(|stop| *stop).await;
}
