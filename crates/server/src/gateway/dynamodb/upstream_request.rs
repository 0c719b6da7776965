//! What a store gets in another form than the client sent it.

use aws_lc_rs::digest::{Context, SHA256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bowline_aws::dynamodb::{Operation, Request};

use crate::{
    identity::entity,
    request::caller::{Caller, Identity},
    upstream::tables::ReplacedMember,
};

/// Maximum length of a `ClientRequestToken` ("Quotas in Amazon `DynamoDB`"). Stores reject longer
/// ones.
const MAX_TOKEN_BYTES: usize = 36;

/// The member of a request that differs for the store. `tables` are the records of the tables that
/// the request names, in order.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "requests of other operations are not changed"
)]
pub(super) fn to_upstream<'t>(
    request: &Request<'_>,
    caller: &Caller,
    tables: impl Iterator<Item = Option<&'t entity::Table>>,
) -> Option<ReplacedMember> {
    match request.operation() {
        // The record has the tags.
        Operation::CreateTable => Some(ReplacedMember {
            name: "Tags",
            json: None,
        }),
        Operation::TransactWriteItems => {
            let token = request.text("ClientRequestToken")?;
            if token.len() > MAX_TOKEN_BYTES {
                return None;
            }
            let scoped = scoped_client_request_token(caller, token, tables);
            Some(ReplacedMember {
                name: "ClientRequestToken",
                json: Some(format!("\"{scoped}\"")),
            })
        }
        _ => None,
    }
}

/// A token for this one of this caller, and for these tables. The store remembers only tokens and
/// names of tables: it would take another caller's token for this one, and a table for an earlier
/// one of its name.
fn scoped_client_request_token<'t>(
    caller: &Caller,
    token: &str,
    tables: impl Iterator<Item = Option<&'t entity::Table>>,
) -> String {
    let mut hash = Context::new(&SHA256);
    // Only the token may have a line break, and it is last.
    let mut line = |text: &str| {
        hash.update(text.as_bytes());
        hash.update(b"\n");
    };
    match caller.identity() {
        Identity::Root(account) => line(account.as_ref()),
        Identity::User(user) => line(user.record.id.as_str()),
        // A restarted pod has another session of the role, and may retry what it sent before.
        Identity::Session { role, .. } => line(role.record.id.as_str()),
    }
    for table in tables {
        line(&table.map_or_else(String::new, |table| table.created.to_string()));
    }
    line(token);
    let mut scoped = URL_SAFE_NO_PAD.encode(hash.finish());
    scoped.truncate(MAX_TOKEN_BYTES);
    scoped
}
