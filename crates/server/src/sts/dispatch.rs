//! Written by `cargo run -p bowline-generate` from `aws/src/sts/table.rs`; not edited by hand.

use bowline_aws::{
    error::AwsError,
    sts::{Request, VERSION},
};

use super::{Handle, SignedCall};
use crate::request::error::RequestError;

/// Calls the handler of the request's operation. Returns the response's body.
///
/// # Errors
/// The operation's own; `InvalidAction` if it is not built.
#[rustfmt::skip]
pub(super) async fn dispatch(request: Request, call: SignedCall<'_, '_>) -> Result<String, RequestError> {
    match request {
        Request::AssumeRole(input) => input.handle(call).await,
        Request::AssumeRoleWithWebIdentity(input) => input.handle(call).await,
        Request::GetAccessKeyInfo(input) => input.handle(call).await,
        Request::GetCallerIdentity(input) => input.handle(call).await,
        Request::NotBuilt(operation) => {
            Err(AwsError::unknown_operation(operation.name(), VERSION).into())
        }
    }
}
