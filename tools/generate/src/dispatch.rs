//! The server's dispatch of IAM's and STS's requests to their handlers.

use std::fmt::Write as _;

use crate::facts::Service;

/// Where an API's handlers are, and what they take.
pub(crate) struct Api {
    /// The service, as modules are called after it.
    pub(crate) name: &'static str,
    /// The type of what handlers take beside their input.
    pub(crate) call: &'static str,
    /// Whether handlers return the response's body itself, rather than the operation's output.
    pub(crate) returns_body: bool,
}

/// The file with the dispatch: its path and its text.
pub(crate) fn file(api: &Api, facts: &Service, built: &[&str]) -> (String, String) {
    let call_type = api.call;
    let mut arms = String::new();
    for operation in built {
        let has_output = facts
            .operations
            .get(*operation)
            .is_some_and(|facts| facts.output.is_some());
        let call = "input.handle(call).await";
        let body = if api.returns_body {
            format!("{call},")
        } else if has_output {
            format!("Ok(response(&{call}?, call.envelope)),")
        } else {
            format!(
                "{{\n            let () = {call}?;\n            Ok(empty_response(Operation::{operation}, call.envelope))\n        }}"
            )
        };
        let _ = writeln!(arms, "        Request::{operation}(input) => {body}");
    }
    let name = api.name;
    let (uses, supers, uses_of_request) = if api.returns_body {
        (
            "Request, VERSION",
            "{Handle, SignedCall}",
            "error::RequestError",
        )
    } else {
        (
            "Operation, Request, VERSION, empty_response, response",
            "Handle",
            "{call::Call, error::RequestError}",
        )
    };
    let text = format!(
        r"//! Written by `cargo run -p bowline-generate` from `aws/src/{name}/table.rs`; not edited by hand.

use bowline_aws::{{
    error::AwsError,
    {name}::{{{uses}}},
}};

use super::{supers};
use crate::request::{uses_of_request};

/// Calls the handler of the request's operation. Returns the response's body.
///
/// # Errors
/// The operation's own; `InvalidAction` if it is not built.
#[rustfmt::skip]
pub(super) async fn dispatch(request: Request, call: {call_type}) -> Result<String, RequestError> {{
    match request {{
{arms}        Request::NotBuilt(operation) => {{
            Err(AwsError::unknown_operation(operation.name(), VERSION).into())
        }}
    }}
}}
"
    );
    (format!("crates/server/src/{name}/dispatch.rs"), text)
}
