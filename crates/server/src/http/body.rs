//! Bodies: read whole within bounds, or streamed with a limit on silence.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bowline_aws::error::{AwsError, Code};
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, Sleep, timeout};

use crate::gateway::s3::BoxError;

/// How long a body that is read whole may take.
const WHOLE: Duration = Duration::from_secs(30);
/// How long a body that is streamed may be silent.
const SILENCE: Duration = Duration::from_mins(1);

/// Reads a body of at most `most` bytes.
///
/// # Errors
/// `RequestTooLarge` before more is read, `RequestTimeout` after 30 seconds, `IncompleteBody` if the connection ends.
pub(crate) async fn read<B>(body: B, most: usize) -> Result<Bytes, AwsError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let declared = body.size_hint().lower();
    if declared > most as u64 {
        return Err(too_large(most));
    }
    timeout(WHOLE, collect(body, most)).await.unwrap_or_else(|_| {
        Err(AwsError::new(
            Code::RequestTimeout,
            "Your socket connection to the server was not read from or written to within the timeout period.",
        ))
    })
}

async fn collect<B>(mut body: B, most: usize) -> Result<Bytes, AwsError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(AwsError::new(
                Code::IncompleteBody,
                "The request body terminated unexpectedly",
            ));
        };
        // HTTP's own trailers are nothing that anybody signed.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if first.len() + rest.len() + data.len() > most {
            return Err(too_large(most));
        }
        // A small body comes in one piece, and is not copied.
        if first.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}

fn too_large(most: usize) -> AwsError {
    AwsError::new(
        Code::RequestTooLarge,
        format!("The request body has more than {most} bytes"),
    )
}

/// A streamed body that fails when its sender is silent for too long.
#[derive(Debug)]
pub(crate) struct Lively<B> {
    inner: B,
    silence: Option<Pin<Box<Sleep>>>,
}

impl<B> Lively<B> {
    pub(crate) fn new(inner: B) -> Self {
        Self {
            inner,
            silence: None,
        }
    }
}

impl<B> Body for Lively<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            self.silence = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let silence = self
            .silence
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + SILENCE)));
        ready!(silence.as_mut().poll(cx));
        Poll::Ready(Some(Err("the sender of the body fell silent".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{Full, StreamBody};

    use super::*;

    fn pieces(pieces: &[&'static str]) -> impl Body<Data = Bytes> + Unpin + use<> {
        let pieces: Vec<Result<Frame<Bytes>, BoxError>> = pieces
            .iter()
            .map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes()))))
            .collect();
        StreamBody::new(futures_util::stream::iter(pieces))
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_bound() {
        assert_eq!(read(pieces(&["ab", "cd", "e"]), 5).await.unwrap(), "abcde");
        assert_eq!(read(pieces(&[]), 5).await.unwrap(), "");
        let code = read(pieces(&["ab", "cd", "ef"]), 5)
            .await
            .unwrap_err()
            .code();
        assert_eq!(code, Code::RequestTooLarge);
        let code = read(Full::new(Bytes::from_static(b"abcdef")), 5).await;
        assert_eq!(code.unwrap_err().code(), Code::RequestTooLarge);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_that_falls_silent_is_not_waited_for() {
        let silent = StreamBody::new(futures_util::stream::pending::<
            Result<Frame<Bytes>, BoxError>,
        >());
        let code = read(silent, 5).await.unwrap_err().code();
        assert_eq!(code, Code::RequestTimeout);
        let silent = StreamBody::new(futures_util::stream::pending::<
            Result<Frame<Bytes>, BoxError>,
        >());
        let error = Lively::new(silent).frame().await.unwrap().unwrap_err();
        insta::assert_snapshot!(error, @"the sender of the body fell silent");
    }
}
