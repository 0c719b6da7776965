//! Connections: accepted up to a limit, served until they end or the server does.
//!
//! A [`Listener`] may be of any transport: what it accepts becomes a stream and the [`Peer`] at its
//! other end. HTTP/1.1 alone is spoken, as the AWS clients do with an endpoint of their own.
//! Request heads are limited in size and time.

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;

use super::{detach::RunToCompletion, peer::Peer, response::Response, write_timeout::WriteTimeout};

/// Most connections at a time. Further ones wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 4_096;
/// Most bytes of a request head. A session token has 4 KiB, and the metadata of an S3 request may
/// have as many.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Most headers of a request.
const MAX_HEADERS: usize = 128;
/// How long a connection may take to become a stream.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request head may take, and so how long a connection may be idle.
const HEAD_READ_TIMEOUT: Duration = Duration::from_mins(1);
/// How long requests may go on once the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(8);
/// How long to wait before the next attempt to accept, after one that failed.
const ACCEPT_RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Accepts connections.
pub(crate) trait Listener: Send + Sync + 'static {
    /// An accepted connection.
    type Connection: Connection;

    /// The next connection. Takes no longer than the transport's accept: whatever waits for the
    /// client belongs into [`Connection::open`].
    fn accept(&self) -> impl Future<Output = io::Result<Self::Connection>> + Send;
}

/// An accepted connection that is not a stream yet.
pub(crate) trait Connection: Send + 'static {
    /// What it becomes.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Makes a stream of it, after a handshake if the transport has one.
    fn open(self) -> impl Future<Output = io::Result<(Self::Stream, Peer)>> + Send;
}

impl Listener for TcpListener {
    type Connection = (TcpStream, Peer);

    async fn accept(&self) -> io::Result<Self::Connection> {
        let (stream, address) = Self::accept(self).await?;
        Ok((stream, Peer::tcp(address)))
    }
}

impl Connection for (TcpStream, Peer) {
    type Stream = TcpStream;

    async fn open(self) -> io::Result<(TcpStream, Peer)> {
        // Nagle's algorithm is off: a response goes out when it is written.
        self.0.set_nodelay(true)?;
        Ok(self)
    }
}

/// Handles requests.
pub(crate) trait Handler: Send + Sync + 'static {
    /// Handles one request from this peer. Runs to its end although the client disconnects.
    fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Peer,
    ) -> impl Future<Output = Response> + Send + 'static;

    /// Counts a connection that ended with bytes that are not HTTP, or with a head over the limits.
    /// The client got a bare status.
    fn unreadable(&self) {}
}

/// Serves connections until `stop` is true, then lets the requests on them end.
pub(crate) async fn serve<L: Listener, H: Handler>(
    listener: L,
    handler: Arc<H>,
    mut stop: watch::Receiver<bool>,
) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let detached = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stopped(&mut stop) => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let Some((connection, slot)) = accepted else {
            continue;
        };
        let (handler, stop) = (Arc::clone(&handler), stop.clone());
        let detached = detached.clone();
        connections.spawn(async move {
            serve_connection(connection, handler, detached, stop).await;
            drop(slot);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let drained = async {
        while connections.join_next().await.is_some() {}
        detached.close();
        detached.wait().await;
    };
    if timeout(DRAIN_TIMEOUT, drained).await.is_err() {
        tracing::warn!("Connections of requests that are still under way have been cut off");
    }
}

/// The next connection, once fewer than the most are open.
async fn accept<L: Listener>(
    listener: &L,
    slots: &Arc<Semaphore>,
) -> Option<(L::Connection, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok(connection) => Some((connection, slot)),
        Err(error) => {
            // The connection ended early, or the process has no more file descriptors.
            tracing::warn!(%error, "A connection could not be accepted");
            sleep(ACCEPT_RETRY_INTERVAL).await;
            None
        }
    }
}

async fn serve_connection<C: Connection, H: Handler>(
    connection: C,
    handler: Arc<H>,
    detached: TaskTracker,
    mut stop: watch::Receiver<bool>,
) {
    let (stream, peer) = match timeout(OPEN_TIMEOUT, connection.open()).await {
        Ok(Ok(opened)) => opened,
        Ok(Err(error)) => {
            tracing::debug!(%error, "A connection ended before it began");
            return;
        }
        Err(_) => {
            tracing::debug!("A connection took too long to begin");
            return;
        }
    };
    let service = service_fn(|request| {
        let work = Arc::clone(&handler).handle(request, peer);
        let work = RunToCompletion::new(work, detached.clone());
        async move { Ok::<_, Infallible>(work.await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_READ_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS);
    let stream = TokioIo::new(WriteTimeout::new(stream));
    let mut connection = pin!(http.serve_connection(stream, service));
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

/// Returns once the server stops.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A dropped sender ends the server as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests {
    use rustls::ProtocolVersion;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
        sync::{Mutex, mpsc},
    };

    use super::*;
    use crate::http::{peer::PeerTls, response};

    /// A listener that has no sockets, and TLS facts of its own.
    struct InMemory(Mutex<mpsc::Receiver<DuplexStream>>);

    struct InMemoryConnection(DuplexStream);

    impl Listener for InMemory {
        type Connection = InMemoryConnection;

        async fn accept(&self) -> io::Result<InMemoryConnection> {
            let stream = self.0.lock().await.recv().await;
            stream
                .map(InMemoryConnection)
                .ok_or_else(|| io::ErrorKind::BrokenPipe.into())
        }
    }

    impl Connection for InMemoryConnection {
        type Stream = DuplexStream;

        async fn open(self) -> io::Result<(DuplexStream, Peer)> {
            let peer = Peer {
                address: [192, 0, 2, 1].into(),
                tls: PeerTls::Own(ProtocolVersion::TLSv1_3),
            };
            Ok((self.0, peer))
        }
    }

    /// Responds with the peer.
    struct Echo;

    impl Handler for Echo {
        async fn handle(self: Arc<Self>, _: Request<Incoming>, peer: Peer) -> Response {
            let secure = peer.is_secure();
            response::ok(
                "text/plain",
                format!("{} {secure} {:?}", peer.address, peer.tls),
            )
        }
    }

    #[tokio::test]
    async fn a_handler_gets_the_peer_of_any_transport() {
        let (connect, connections) = mpsc::channel(1);
        let (stop, stopped) = watch::channel(false);
        let listener = InMemory(Mutex::new(connections));
        let server = tokio::spawn(serve(listener, Arc::new(Echo), stopped));
        let (mut client, stream) = duplex(1024);
        connect.send(stream).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        client.write_all(request).await.unwrap();
        let mut response = String::new();
        client.read_to_string(&mut response).await.unwrap();
        assert!(
            response.ends_with("192.0.2.1 true Own(TLSv1_3)"),
            "{response}"
        );
        stop.send(true).unwrap();
        server.await.unwrap();
    }
}
