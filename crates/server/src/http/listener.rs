//! Connections: accepted within bounds, served until they end or the server does.
//!
//! A [`Listener`] may be of any transport: what it accepts becomes a stream and the [`Peer`] at its
//! other end. HTTP/1.1 alone is spoken, as the AWS clients do with an endpoint of their own.
//! Request heads are limited in size and time, and [`Connections`] limits the connections.

use std::{
    convert::Infallible,
    future::pending,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use http::Request;
use http_body::Body as _;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;

use super::{
    client_stream::ClientStream,
    connections::{ConnectionSlot, Connections, OpenConnection, RequestOnConnection},
    detach::RunToCompletion,
    interim_response, own_head,
    peer::Peer,
    response::{self, Response},
    tracked_body::TrackedBody,
};

/// Most bytes of a request head. A session token has 4 KiB, the metadata of an S3 request may have
/// as many, and a web identity token in a query 20,000 characters.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// Most headers of a request.
const MAX_HEADERS: usize = 96;
/// Bytes that a parsed header takes beside those of the head.
const PARSED_HEADER_BYTES: usize = 128;
/// Connections that may be closing beside those that are open.
pub(crate) const MAX_CLOSING: usize = 64;
/// How long requests may go on once the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(8);
/// How long to wait before the next attempt to accept, after one that failed.
const ACCEPT_RETRY_INTERVAL: Duration = Duration::from_millis(100);
/// The response on a connection that is refused.
const REFUSAL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

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

    /// The address of its other end.
    fn address(&self) -> IpAddr;

    /// Closes it, after a response that says so if the transport can send one at once.
    fn refuse(self);

    /// Makes a stream of it, after a handshake if the transport has one. The handshake counts as
    /// part of the first request head, for the timeout too.
    fn open(self) -> impl Future<Output = io::Result<(Self::Stream, Peer)>> + Send;
}

impl Listener for TcpListener {
    type Connection = (TcpStream, SocketAddr);

    async fn accept(&self) -> io::Result<Self::Connection> {
        Self::accept(self).await
    }
}

impl Connection for (TcpStream, SocketAddr) {
    type Stream = TcpStream;

    fn address(&self) -> IpAddr {
        self.1.ip()
    }

    fn refuse(self) {
        // The client sees the end of the connection in any case.
        let _ = self.0.try_write(REFUSAL);
    }

    async fn open(self) -> io::Result<(TcpStream, Peer)> {
        let (stream, address) = self;
        // Nagle's algorithm is off: a response goes out when it is written.
        stream.set_nodelay(true)?;
        Ok((stream, Peer::tcp(address)))
    }
}

/// Handles requests.
pub(crate) trait Handler: Send + Sync + 'static {
    /// Handles one request from this peer. Runs to its end although the client disconnects.
    fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Peer,
        connection: Arc<OpenConnection>,
    ) -> impl Future<Output = Response> + Send + 'static;

    /// Counts a connection that ended with bytes that are not HTTP, or with a head over the limits.
    /// The client got a bare status.
    fn unreadable(&self) {}
}

/// Serves connections until `stop` is true, then lets the requests on them end.
pub(crate) async fn serve<L: Listener, H: Handler>(
    listener: L,
    handler: Arc<H>,
    connections: Arc<Connections>,
    stop: watch::Receiver<bool>,
) {
    tokio::select! {
        () = accept_and_serve(listener, handler, &connections, stop) => {}
        () = connections.sweep() => {}
    }
}

async fn accept_and_serve<L: Listener, H: Handler>(
    listener: L,
    handler: Arc<H>,
    connections: &Arc<Connections>,
    mut stop: watch::Receiver<bool>,
) {
    // A connection that has been evicted is open until its task ends.
    let tasks = connections.limits().max.saturating_add(MAX_CLOSING);
    let tasks = Arc::new(Semaphore::new(tasks.min(Semaphore::MAX_PERMITS)));
    let mut served = JoinSet::new();
    let detached = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stopped(&mut stop) => break,
            accepted = accept(&listener, &tasks) => accepted,
        };
        while served.try_join_next().is_some() {}
        let Some((connection, task)) = accepted else {
            continue;
        };
        let slot = match connections.admit(connection.address()) {
            Ok(slot) => slot,
            Err(refused) => {
                tracing::debug!(?refused, "A connection was refused");
                connection.refuse();
                continue;
            }
        };
        let (handler, stop) = (Arc::clone(&handler), stop.clone());
        let detached = detached.clone();
        served.spawn(async move {
            tokio::select! {
                () = slot.evicted() => {}
                () = serve_connection(connection, &slot, handler, detached, stop) => {}
            }
            drop((slot, task));
        });
    }
    drop(listener);
    connections.stop();
    let drained = async {
        while served.join_next().await.is_some() {}
        detached.close();
        detached.wait().await;
    };
    if timeout(DRAIN_TIMEOUT, drained).await.is_err() {
        tracing::warn!("Connections of requests that are still under way have been cut off");
    }
}

/// The next connection, once there is a task for it.
async fn accept<L: Listener>(
    listener: &L,
    tasks: &Arc<Semaphore>,
) -> Option<(L::Connection, OwnedSemaphorePermit)> {
    let task = Arc::clone(tasks).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok(connection) => Some((connection, task)),
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
    slot: &ConnectionSlot,
    handler: Arc<H>,
    detached: TaskTracker,
    mut stop: watch::Receiver<bool>,
) {
    let (stream, peer) = match connection.open().await {
        Ok(opened) => opened,
        Err(error) => {
            tracing::debug!(%error, "A connection ended before it began");
            return;
        }
    };
    let service = service_fn(|mut request: Request<Incoming>| {
        let connection = Arc::clone(&slot.0);
        let expects_continue = request.body().is_end_stream()
            && interim_response::is_expected(request.version(), request.headers());
        let closes = expects_continue && !connection.interim.owe();
        if waits_for_body(&request, &connection) {
            own_head::copy(&mut request);
        }
        let begun = connection.begin_request(parsed_bytes(&request));
        let on_connection = RequestOnConnection(Arc::clone(&connection));
        let work = begun.then(|| {
            let work = Arc::clone(&handler).handle(request, peer, connection);
            RunToCompletion::new(work, detached.clone())
        });
        async move {
            let Some(work) = work else {
                // The connection is being closed.
                return pending().await;
            };
            let mut response = work.await;
            if closes {
                response::end_connection(&mut response);
            }
            Ok::<_, Infallible>(response.map(|body| TrackedBody::new(body, on_connection)))
        }
    });
    let mut http = http1::Builder::new();
    // The registry has the timeouts.
    http.header_read_timeout(None)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS);
    let stream = TokioIo::new(ClientStream::new(stream, Arc::clone(&slot.0)));
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

/// Whether the client has yet to send part of the body, and never had an authenticated caller: such
/// connections may be many.
fn waits_for_body(request: &Request<Incoming>, connection: &OpenConnection) -> bool {
    let arrived = connection.take_bytes_after_head();
    let length = request.body().size_hint().exact();
    !connection.was_proven() && length.is_none_or(|length| length > arrived as u64)
}

/// What a parsed head takes beside its own bytes.
fn parsed_bytes<B>(request: &Request<B>) -> usize {
    request.headers().len() * PARSED_HEADER_BYTES
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
        task::JoinHandle,
    };

    use super::*;
    use crate::http::{connections::ConnectionLimits, peer::PeerTls};

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

        fn address(&self) -> IpAddr {
            [192, 0, 2, 1].into()
        }

        fn refuse(self) {}

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
        async fn handle(
            self: Arc<Self>,
            _: Request<Incoming>,
            peer: Peer,
            _: Arc<OpenConnection>,
        ) -> Response {
            let secure = peer.is_secure();
            response::ok(
                "text/plain",
                format!("{} {secure} {:?}", peer.address, peer.tls),
            )
        }
    }

    #[tokio::test]
    async fn a_handler_gets_the_peer_of_any_transport() {
        let (mut client, stop) = connected(1024).await;
        let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        client.write_all(request).await.unwrap();
        let mut response = String::new();
        client.read_to_string(&mut response).await.unwrap();
        assert!(
            response.ends_with("192.0.2.1 true Own(TLSv1_3)"),
            "{response}"
        );
        drop(client);
        stop.end().await;
    }

    /// A server with one connection.
    struct Running {
        stop: watch::Sender<bool>,
        server: JoinHandle<()>,
    }

    impl Running {
        async fn end(self) {
            self.stop.send(true).unwrap();
            self.server.await.unwrap();
        }
    }

    /// A client whose connection holds this many bytes that it has not read.
    async fn connected(buffer: usize) -> (DuplexStream, Running) {
        let (connect, connections) = mpsc::channel(1);
        let (stop, stopped) = watch::channel(false);
        let listener = InMemory(Mutex::new(connections));
        let limits = ConnectionLimits {
            max: 1,
            per_address: 1,
            per_account: 1,
            head_bytes: 1024,
        };
        let connections = Connections::new(limits, Arc::default());
        let server = tokio::spawn(serve(listener, Arc::new(Echo), connections, stopped));
        let (client, stream) = duplex(buffer);
        connect.send(stream).await.unwrap();
        (client, Running { stop, server })
    }

    /// The statuses of the responses to these requests, which are sent at once.
    async fn statuses(buffer: usize, requests: &[&str]) -> String {
        let (client, server) = connected(buffer).await;
        let (mut read, mut write) = tokio::io::split(client);
        let requests = requests.concat();
        let sent = tokio::spawn(async move { write.write_all(requests.as_bytes()).await });
        let mut responses = String::new();
        read.read_to_string(&mut responses).await.unwrap();
        // The server may close the connection before the last request.
        let _ = sent.await.unwrap();
        drop(read);
        server.end().await;
        let statuses = responses.split("HTTP/1.1 ").skip(1);
        let statuses: Vec<_> = statuses.filter_map(|text| text.get(..3)).collect();
        statuses.join(" ")
    }

    const EXPECTS: &str =
        "PUT / HTTP/1.1\r\nhost: a\r\nexpect: 100-Continue\r\ncontent-length: 0\r\n\r\n";
    const LAST: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

    #[tokio::test]
    async fn a_client_with_an_empty_body_gets_the_interim_response_that_it_expects() {
        assert_eq!(statuses(1024, &[EXPECTS, LAST]).await, "100 200 200");
        assert_eq!(statuses(1024, &[LAST]).await, "200");
        let other = EXPECTS.replace("100-Continue", "something");
        assert_eq!(statuses(1024, &[&other, LAST]).await, "200 200");
    }

    #[tokio::test]
    async fn an_interim_response_never_comes_within_or_after_a_final_one() {
        for buffer in 1..100 {
            let found = statuses(buffer, &[EXPECTS, EXPECTS, LAST]).await;
            let allowed = ["100 200 100 200 200", "100 200 200"];
            assert!(allowed.contains(&&*found), "{buffer}: {found}");
        }
    }
}
