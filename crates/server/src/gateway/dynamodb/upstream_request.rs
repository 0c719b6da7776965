//! The body that is sent on: what was read, but for what the store does not know enough for.

use aws_lc_rs::digest::{Context, SHA256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bowline_aws::dynamodb::{Operation, Request};

use crate::{
    identity::entity,
    request::caller::{Caller, Identity},
};

/// Longest `ClientRequestToken` ("Quotas in Amazon `DynamoDB`"); the store refuses longer ones.
const MAX_TOKEN_BYTES: usize = 36;

/// The body to send on, of a caller's request that names these tables.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others are sent on as they are"
)]
pub(super) fn to_upstream<'t>(
    request: &Request<'_>,
    caller: &Caller,
    tables: impl Iterator<Item = Option<&'t entity::Table>>,
) -> String {
    match request.operation() {
        // Tags are kept in the record.
        Operation::CreateTable => request.to_wire_with("Tags", None),
        Operation::TransactWriteItems => match request.text("ClientRequestToken") {
            Some(token) if token.len() <= MAX_TOKEN_BYTES => {
                let json = format!("\"{}\"", scoped_client_request_token(caller, token, tables));
                request.to_wire_with("ClientRequestToken", Some(&json))
            }
            Some(_) | None => request.to_wire(),
        },
        _ => request.to_wire(),
    }
}

/// A token that stands for this one of the caller's, about the tables that there are now. The store remembers tokens and names of tables
/// only: another caller's token would be taken for this one, and a table for the one that had its name before.
fn scoped_client_request_token<'t>(
    caller: &Caller,
    token: &str,
    tables: impl Iterator<Item = Option<&'t entity::Table>>,
) -> String {
    let mut hash = Context::new(&SHA256);
    // None of these holds a line break but the token, which is last.
    let mut line = |text: &str| {
        hash.update(text.as_bytes());
        hash.update(b"\n");
    };
    match caller.identity() {
        Identity::Root(account) => line(account.as_ref()),
        Identity::User(user) => line(user.record.id.as_str()),
        // A pod that starts again has another session of the role, and may still ask whether it has written.
        Identity::Session { role, .. } => line(role.record.id.as_str()),
    }
    for table in tables {
        line(&table.map_or_else(String::new, |table| table.created.to_string()));
    }
    line(token);
    let mut own = URL_SAFE_NO_PAD.encode(hash.finish());
    own.truncate(MAX_TOKEN_BYTES);
    own
}
