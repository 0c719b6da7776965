//! Request bodies: read whole within limits, or streamed at a minimum rate.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bowline_aws::error::{AwsError, Code, Protocol};
use bowline_iam::account::AccountId;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::body_budget::{BodyMemoryBudget, BudgetExceeded, Reservation, UNMETERED_BYTES};
use super::connections::OpenConnection;
use super::response::BoxError;
use super::source_address::SourceAddress;

/// How long reading a whole body may take.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Most bytes of an unread body that are drained rather than closing the connection.
const MAX_DRAIN_BYTES: u64 = 1024 * 1024;
/// How long draining may take.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a streamed body may be silent.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// Average rate that a streamed body must reach after that. An upload is authorized when it begins,
/// so its sender must not choose when it ends.
const MIN_BYTES_PER_SECOND: u64 = 16 * 1024;
/// How long a streamed body may take: as long as a session.
const MAX_DURATION: Duration = Duration::from_hours(12);

/// Whether a body is, or may become, larger than one that no budget meters.
pub(crate) fn exceeds_unmetered(body: &RequestBody) -> bool {
    let max_bytes = body.size_hint().upper();
    max_bytes.is_none_or(|max_bytes| max_bytes > UNMETERED_BYTES as u64)
}

/// Reads a body of at most `max_bytes` bytes. They count against the budget until the response is
/// sent.
///
/// # Errors
/// `RequestTooLarge` before more is read, `RequestTimeout` after 30 seconds, `IncompleteBody` if
/// the connection ends, `ServiceUnavailable` if other bodies need the memory.
pub(crate) async fn read(
    body: &mut RequestBody,
    max_bytes: usize,
    protocol: Protocol,
) -> Result<Bytes, AwsError> {
    let state = Arc::clone(&body.state);
    read_within(body, max_bytes, &state.reservation, protocol).await
}

async fn read_within<B>(
    body: B,
    max_bytes: usize,
    reservation: &Reservation,
    protocol: Protocol,
) -> Result<Bytes, AwsError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let declared = body.size_hint().lower();
    if declared > max_bytes as u64 {
        return Err(too_large(max_bytes));
    }
    let read = tokio::select! {
        read = timeout(READ_TIMEOUT, collect(body, max_bytes, reservation, protocol)) => read,
        () = reservation.evicted() => return Err(AwsError::unavailable(protocol)),
    };
    let read = read.unwrap_or_else(|_| {
        Err(AwsError::new(
            Code::RequestTimeout,
            "Your socket connection to the server was not read from or written to within the timeout period.",
        ))
    });
    reservation.complete();
    read
}

async fn collect<B>(
    mut body: B,
    max_bytes: usize,
    reservation: &Reservation,
    protocol: Protocol,
) -> Result<Bytes, AwsError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let declared = body.size_hint().exact();
    let declared = declared.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    let mut only = Bytes::new();
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(AwsError::new(
                Code::IncompleteBody,
                "The request body terminated unexpectedly",
            ));
        };
        // No signature covers HTTP's own trailers.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let length = whole.len() + data.len();
        if length > max_bytes {
            return Err(too_large(max_bytes));
        }
        // A small body arrives in one piece and is not copied. Any other piece is: it would keep
        // the buffer in memory that it arrived in.
        let is_only = declared == Some(data.len());
        let capacity = if is_only || length <= whole.capacity() {
            length
        } else {
            let most = declared.unwrap_or(max_bytes).max(length);
            length.max(2 * whole.capacity()).min(most)
        };
        if !is_only || length > UNMETERED_BYTES {
            reservation
                .reserve(capacity)
                .map_err(|BudgetExceeded| AwsError::unavailable(protocol))?;
        }
        if is_only {
            only = data;
            continue;
        }
        if capacity > whole.capacity() {
            whole.reserve_exact(capacity - whole.len());
        }
        whole.extend_from_slice(&data);
    }
    if whole.is_empty() {
        return Ok(only);
    }
    Ok(whole.into())
}

fn too_large(max_bytes: usize) -> AwsError {
    AwsError::new(
        Code::RequestTooLarge,
        format!("The request body has more than {max_bytes} bytes"),
    )
}

/// The body of a request, as it arrives.
///
/// A request may be rejected before its body was read. The rest of a small body is drained then, so
/// that the response is not lost to a reset and the connection stays usable. A client that waits
/// for `100 Continue` is not asked for its body.
#[derive(Debug)]
pub(crate) struct RequestBody {
    /// `None` once it is left to be drained.
    incoming: Option<Incoming>,
    state: Arc<State>,
    rate: MinimumRate,
    /// The deadline for the next bytes, while they are awaited.
    deadline: Option<Pin<Box<Sleep>>>,
}

/// The rate at which a body arrives.
#[derive(Debug, Default)]
struct MinimumRate {
    /// When the body was first awaited.
    began: Option<Instant>,
    received: u64,
}

impl MinimumRate {
    /// The deadline for the next bytes.
    fn deadline(&mut self, now: Instant) -> Instant {
        let began = *self.began.get_or_insert(now);
        let earned = Duration::from_secs(self.received / MIN_BYTES_PER_SECOND);
        (now + IDLE_TIMEOUT).min(began + (IDLE_TIMEOUT + earned).min(MAX_DURATION))
    }
}

/// The progress of a body.
#[derive(Debug)]
struct State {
    ended: AtomicBool,
    expects_continue: bool,
    declared: Option<u64>,
    reservation: Reservation,
    connection: Arc<OpenConnection>,
}

/// The rest of a body after its request was served. It decides whether the connection stays open.
#[derive(Clone, Debug)]
pub(crate) struct UnreadBody(Arc<State>);

impl RequestBody {
    /// The body of a request from this client.
    pub(crate) fn new(
        incoming: Incoming,
        expects_continue: bool,
        from: SourceAddress,
        budget: &Arc<BodyMemoryBudget>,
        connection: Arc<OpenConnection>,
    ) -> Self {
        let state = Arc::new(State {
            ended: AtomicBool::new(incoming.is_end_stream()),
            expects_continue,
            declared: incoming.size_hint().exact(),
            reservation: Reservation::new(Arc::clone(budget), from),
            connection,
        });
        Self {
            incoming: Some(incoming),
            state,
            rate: MinimumRate::default(),
            deadline: None,
        }
    }

    /// A handle on the unread rest.
    pub(crate) fn unread(&self) -> UnreadBody {
        UnreadBody(Arc::clone(&self.state))
    }

    /// The caller names a known access key of this account: the body counts against the memory of
    /// such callers. Call it before the body is read.
    pub(crate) fn claim(&self, account: AccountId) {
        self.state.reservation.claim(account);
    }

    /// The caller is authenticated: its connection is no longer ended in favour of others, and the
    /// body counts against its account's part of the memory.
    ///
    /// # Errors
    /// `ServiceUnavailable`, if the account has its part of the connections or of the memory.
    pub(crate) fn prove(&self, account: AccountId, protocol: Protocol) -> Result<(), AwsError> {
        let counted = self.state.connection.prove(account);
        counted.map_err(|_| AwsError::unavailable(protocol))?;
        let proven = self.state.reservation.prove(account);
        proven.map_err(|BudgetExceeded| AwsError::unavailable(protocol))
    }
}

impl UnreadBody {
    /// Whether the rest is too long to drain.
    pub(crate) fn should_close(&self) -> bool {
        let small = self
            .0
            .declared
            .is_some_and(|length| length <= MAX_DRAIN_BYTES);
        !self.0.ended.load(Ordering::Acquire) && (self.0.expects_continue || !small)
    }

    /// Reserves the memory of a response that is whole, until it is sent. False if there is none.
    pub(crate) fn reserve_response(&self, bytes: usize) -> bool {
        let reserved = self.0.reservation.respond(bytes, &self.0.connection);
        reserved.is_ok()
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) {
            self.deadline = None;
            if let Some(Ok(frame)) = &frame {
                let length = frame.data_ref().map_or(0, Bytes::len);
                self.rate.received = self.rate.received.saturating_add(length as u64);
            }
            if frame.is_none() || self.is_end_stream() {
                self.state.ended.store(true, Ordering::Release);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        if self.deadline.is_none() {
            let deadline = self.rate.deadline(Instant::now());
            self.deadline = Some(Box::pin(sleep_until(deadline)));
        }
        if let Some(deadline) = &mut self.deadline {
            ready!(deadline.as_mut().poll(cx));
        }
        Poll::Ready(Some(Err("the sender of the body is too slow".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming
            .as_ref()
            .map_or_else(SizeHint::default, Body::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let ended = self.state.ended.load(Ordering::Acquire);
        if let Some(incoming) = self.incoming.take()
            && !ended
            && !self.unread().should_close()
        {
            tokio::spawn(timeout(DRAIN_TIMEOUT, drain(incoming)));
        }
    }
}

async fn drain(mut incoming: Incoming) {
    while let Some(Ok(_)) = incoming.frame().await {}
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;
    use http_body_util::{Full, StreamBody};

    use super::*;
    use crate::http::body_budget::BodyLimits;

    const LIMITS: BodyLimits = BodyLimits {
        per_address: 2 * 1024 * 1024,
        per_account: 2 * 1024 * 1024,
    };

    fn pieces(pieces: &[&'static str]) -> impl Body<Data = Bytes> + Unpin + use<> {
        let pieces: Vec<Result<Frame<Bytes>, BoxError>> = pieces
            .iter()
            .map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes()))))
            .collect();
        StreamBody::new(futures_util::stream::iter(pieces))
    }

    fn reservation() -> Reservation {
        Reservation::new(Arc::new(BodyMemoryBudget::new(LIMITS)), source())
    }

    fn source() -> SourceAddress {
        SourceAddress::of([192, 0, 2, 1].into())
    }

    async fn read<B>(body: B, max_bytes: usize) -> Result<Bytes, Code>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let read = read_within(body, max_bytes, &reservation(), Protocol::STS).await;
        read.map_err(|error| error.code())
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit() {
        assert_eq!(read(pieces(&["ab", "cd", "e"]), 5).await.unwrap(), "abcde");
        assert_eq!(read(pieces(&["ab"]), 5).await.unwrap(), "ab");
        assert_eq!(read(pieces(&[]), 5).await.unwrap(), "");
        let code = read(pieces(&["ab", "cd", "ef"]), 5).await;
        assert_eq!(code, Err(Code::RequestTooLarge));
        let code = read(Full::new(Bytes::from_static(b"abcdef")), 5).await;
        assert_eq!(code, Err(Code::RequestTooLarge));
    }

    #[tokio::test]
    async fn a_body_is_rejected_while_others_that_are_complete_use_up_the_budget() {
        let all = Arc::new(BodyMemoryBudget::new(LIMITS));
        let reservation = || Reservation::new(Arc::clone(&all), source());
        let other = reservation();
        other.reserve(LIMITS.per_address).unwrap();
        other.complete();
        let large = Bytes::from(vec![b'a'; 1024 * 1024]);
        let max_bytes = large.len();
        for (protocol, expected) in [
            (Protocol::STS, (503, "ServiceUnavailable")),
            (Protocol::S3, (503, "SlowDown")),
        ] {
            let body = Full::new(large.clone());
            let refused = read_within(body, max_bytes, &reservation(), protocol).await;
            let refused = refused.unwrap_err();
            assert_eq!(
                (refused.status(protocol), refused.wire_code(protocol)),
                expected
            );
        }
        let small = Full::new(Bytes::from_static(b"ab"));
        let small = read_within(small, max_bytes, &reservation(), Protocol::STS).await;
        assert_eq!(small.unwrap(), "ab");
        drop(other);
        let body = Full::new(large.clone());
        let read = read_within(body, max_bytes, &reservation(), Protocol::STS).await;
        assert_eq!(read.unwrap(), large);
    }

    #[tokio::test]
    async fn a_body_that_arrives_takes_the_memory_of_one_that_does_not() {
        let all = Arc::new(BodyMemoryBudget::new(LIMITS));
        let [stuck, late] = [(), ()].map(|()| Reservation::new(Arc::clone(&all), source()));
        let pieces = |pieces: &[usize]| {
            let pieces = pieces
                .iter()
                .map(|kib| Ok::<_, BoxError>(Frame::data(vec![0; kib * 1024].into())));
            futures_util::stream::iter(pieces.collect::<Vec<_>>())
        };
        let never = futures_util::stream::pending();
        let body = StreamBody::new(pieces(&[1536]).chain(never));
        let mut reading = Box::pin(read_within(body, 4 << 20, &stuck, Protocol::STS));
        assert!(futures_util::poll!(&mut reading).is_pending());
        let body = StreamBody::new(pieces(&[512, 512]));
        let read = read_within(body, 4 << 20, &late, Protocol::STS).await;
        assert_eq!(read.unwrap().len(), 1024 * 1024);
        let evicted = reading.await.unwrap_err();
        assert_eq!(evicted.code(), Code::ServiceUnavailable);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_sender_times_out() {
        let silent = StreamBody::new(futures_util::stream::pending::<
            Result<Frame<Bytes>, BoxError>,
        >());
        assert_eq!(read(silent, 5).await, Err(Code::RequestTimeout));
    }
}
