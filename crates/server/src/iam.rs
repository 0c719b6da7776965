//! IAM's operations: from a permitted request to its response. One file for each noun, one handler
//! for each operation.
//!
//! [`resource`](resource::resource) says what a request acts on, for the engine. [`carry_out`]
//! takes the permit.

pub(crate) mod access_key;
mod attached_policy;
mod dispatch;
pub(crate) mod error;
mod inline_policy;
mod instance_profile;
mod noun;
pub(crate) mod open_id_connect_provider;
mod page;
pub(crate) mod pass_role;
mod policy;
pub(crate) mod policy_document;
pub(crate) mod resource;
mod role;
mod user;
mod user_or_root;

use bowline_aws::iam::Request;
use bowline_iam::decision::Permit;

use crate::request::{call::Call, error::RequestError};

/// The handler of one operation, implemented for the operation's input.
///
/// The generated [`dispatch`](dispatch::dispatch) calls the handler of each operation that
/// `iam/table.rs` in `bowline-aws` declares as built: without one, the server does not compile.
trait Handle {
    /// The response's content: the operation's output, or `()` if it has none.
    type Output;

    /// Carries out a request that was authorized.
    ///
    /// # Errors
    /// The operation's own, as the IAM API Reference lists them.
    async fn handle(self, call: &Call<'_>) -> Result<Self::Output, RequestError>;
}

/// Carries out a permitted request. Returns the response's body.
///
/// # Errors
/// The operation's own; `InvalidAction` if it is not built.
pub(crate) async fn carry_out(
    permit: Permit<Request>,
    call: &Call<'_>,
) -> Result<String, RequestError> {
    dispatch::dispatch(permit.into_action(), call).await
}

#[cfg(test)]
mod tests;
