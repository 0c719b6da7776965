//! `Backup`: everything that the server has, sealed under its master key, as a stream.
//!
//! `{}`. The server writes to no path: the client that receives the stream does.

use bowline_aws::{
    error::{AwsError, Protocol},
    requirement::ResourceOwner,
};
use futures_util::{TryStreamExt as _, stream};
use http::{HeaderName, HeaderValue, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};

use super::{error::OperatorError, input::Members, operation::Operation, server_resource};
use crate::{
    backup::{self, BackupError, SIZE_HEADER},
    http::response::Response,
    identity::index::Index,
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// A backup has no parameters.
#[derive(Debug)]
pub(super) struct Backup;

impl Operation for Backup {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&[])?;
        Ok(Self)
    }

    fn audit(&self, _: &mut AuditFields<'_>) {}

    /// All data belongs to the management account, for this purpose.
    fn resource(&self, index: &Index) -> (String, ResourceOwner) {
        server_resource(index, "backup")
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let state = &call.app.state;
        let started = backup::start(
            &call.app.backup,
            state.store(),
            state.master_key().clone(),
            call.now,
        );
        let running = started.await.map_err(|error| {
            if matches!(error, BackupError::Running) {
                return OperatorError::BackupRunning.into();
            }
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "A backup could not be started"
            );
            RequestError::new(AwsError::internal(Protocol::Bowline), &error)
        })?;
        let frames = stream::unfold(running.frames, |mut frames| async move {
            frames.recv().await.map(|frame| (frame, frames))
        });
        let body = StreamBody::new(frames.map_ok(Frame::data)).boxed_unsync();
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        let binary = HeaderValue::from_static("application/octet-stream");
        headers.insert(header::CONTENT_TYPE, binary);
        let size = HeaderName::from_static(SIZE_HEADER);
        headers.insert(size, HeaderValue::from(running.bytes));
        Ok(response)
    }
}
