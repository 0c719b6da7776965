//! The stream of a connection: what it reads counts, and what its client does not read ends it.
//!
//! Until the caller is authenticated, it reads small pieces, so that the buffers stay small. A
//! response that waits for its client holds memory and a connection, so a client that reads nothing
//! for a minute, or too slowly after that, loses its connection.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take},
    time::{Instant, Sleep, sleep},
};

use super::{
    connections::{OpenConnection, Phase},
    interim_response::CONTINUE,
};

/// Most bytes of one read before the caller is authenticated. Less than the smallest buffer of
/// HTTP, which grows only if it is filled.
const MAX_UNPROVEN_READ_BYTES: u64 = 7 * 1024;
/// How long a client may read nothing while there is something to write.
const WRITE_STALL_TIMEOUT: Duration = Duration::from_mins(1);
/// Average rate at which a client must read a response after that.
const MIN_READ_BYTES_PER_SECOND: u64 = 16 * 1024;

/// A client's stream.
#[derive(Debug)]
pub(super) struct ClientStream<S> {
    stream: Take<S>,
    connection: Arc<OpenConnection>,
    writes: Writes,
    /// The rest of an interim response.
    interim: &'static [u8],
}

/// What the client has read of the present response.
#[derive(Debug, Default)]
struct Writes {
    /// The number of the request.
    request: u64,
    written: u64,
    /// How long writes have been pending in all, apart from the present one.
    stalled: Duration,
    /// The start of the present pending write, and its timer.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<S> ClientStream<S> {
    /// Counts a write, and passes on its result.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.connection.wrote(written.is_ready());
        self.writes.of_request(self.connection.requests());
        self.writes.check(context, written, |bytes| *bytes)
    }
}

impl<S: AsyncRead> ClientStream<S> {
    pub(super) fn new(stream: S, connection: Arc<OpenConnection>) -> Self {
        Self {
            stream: stream.take(0),
            connection,
            writes: Writes::default(),
            interim: &[],
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> ClientStream<S> {
    /// Writes an interim response that the client waits for.
    fn poll_interim(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.interim.take() {
            self.interim = CONTINUE;
        }
        self.connection.interim.write_begins();
        while !self.interim.is_empty() {
            let written = Pin::new(self.stream.get_mut()).poll_write(context, self.interim);
            let bytes = ready!(self.written(context, written))?;
            if bytes == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.interim = self.interim.get(bytes..).unwrap_or_default();
        }
        Poll::Ready(Ok(()))
    }
}

impl Writes {
    /// Begins to count again for another request.
    fn of_request(&mut self, request: u64) {
        if self.request != request {
            *self = Self {
                request,
                ..Self::default()
            };
        }
    }

    /// Passes on the result of a write, and fails one that has been pending for too long.
    fn check<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(result) = &written {
            if let Some((since, _)) = self.waiting.take() {
                self.stalled += since.elapsed();
            }
            let bytes = result.as_ref().map_or(0, bytes);
            self.written = self.written.saturating_add(bytes as u64);
            return written;
        }
        let (_, timer) = self.waiting.get_or_insert_with(|| {
            let earned = Duration::from_secs(self.written / MIN_READ_BYTES_PER_SECOND);
            let left = (WRITE_STALL_TIMEOUT + earned).saturating_sub(self.stalled);
            let timer = sleep(left.min(WRITE_STALL_TIMEOUT));
            (Instant::now(), Box::pin(timer))
        });
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ClientStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let limit = match self.connection.phase() {
            Phase::Proven => u64::MAX,
            Phase::Head | Phase::Unproven | Phase::Idle | Phase::IdleProven | Phase::Ended => {
                MAX_UNPROVEN_READ_BYTES
            }
        };
        self.stream.set_limit(limit);
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.connection
            .received(buffer.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ClientStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_interim(context))?;
        let written = Pin::new(self.stream.get_mut()).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_interim(context))?;
        let written = Pin::new(self.stream.get_mut()).poll_write_vectored(context, parts);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.get_ref().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(self.stream.get_mut()).poll_flush(context);
        if let Poll::Ready(Ok(())) = flushed {
            // HTTP flushes once its buffer is empty.
            self.connection.interim.all_written();
        }
        self.writes.check(context, flushed, |()| 0)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use tokio::{
        io::{AsyncWriteExt as _, DuplexStream, duplex},
        time::advance,
    };

    use super::*;
    use crate::http::connections::{ConnectionLimits, Connections};

    fn stream(pipe: DuplexStream) -> ClientStream<DuplexStream> {
        let limits = ConnectionLimits {
            max: 1,
            per_address: 1,
            per_account: 1,
            head_bytes: 1024,
        };
        let address: IpAddr = [192, 0, 2, 1].into();
        let slot = Connections::new(limits, Arc::default())
            .admit(address)
            .unwrap();
        ClientStream::new(pipe, Arc::clone(&slot.0))
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_times_out() {
        let (ours, _theirs) = duplex(8);
        let failed = stream(ours).write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_pauses_does_not_time_out() {
        let (ours, mut theirs) = duplex(128 * 1024);
        let written =
            tokio::spawn(async move { stream(ours).write_all(&vec![0; 512 * 1024]).await });
        for _ in 0..4 {
            advance(WRITE_STALL_TIMEOUT / 5).await;
            theirs.read_exact(&mut vec![0; 128 * 1024]).await.unwrap();
        }
        written.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_single_bytes_times_out() {
        let (ours, mut theirs) = duplex(8);
        let written = tokio::spawn(async move { stream(ours).write_all(&[0; 64]).await });
        for _ in 0..4 {
            advance(WRITE_STALL_TIMEOUT / 3).await;
            let _ = theirs.read(&mut [0; 1]).await;
        }
        let failed = written.await.unwrap().unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
    }
}
