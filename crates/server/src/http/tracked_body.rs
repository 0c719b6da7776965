//! The body of a response together with what it holds until it is sent: its connection's request,
//! and its part of the memory.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::{
    connections::RequestOnConnection,
    response::{BoxError, ResponseBody},
};

/// A response's body that ends its request when it is dropped.
#[derive(Debug)]
pub(super) struct TrackedBody {
    body: ResponseBody,
    _request: RequestOnConnection,
}

impl TrackedBody {
    pub(super) fn new(body: ResponseBody, request: RequestOnConnection) -> Self {
        Self {
            body,
            _request: request,
        }
    }
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
