//! What the embedded database says went wrong, as the client is to see it.

use bowline_aws::{
    dynamodb::Operation,
    error::{AwsError, Code},
};
use dynoxide::DynoxideError;
use serde::Serialize;

use super::TableError;

/// A failure of an operation. What is none of the client's doing stays here.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what a later version adds is nothing that clients know"
)]
pub(super) fn failed(error: DynoxideError) -> TableError {
    let (code, members) = match &error {
        DynoxideError::ResourceNotFoundException(_) => (Code::ResourceNotFound, None),
        DynoxideError::ResourceInUseException(_) => (Code::ResourceInUse, None),
        DynoxideError::ValidationException(_)
        | DynoxideError::KeyEmptyValueValidation(_)
        | DynoxideError::EnvelopedValidation(_)
        | DynoxideError::ConversionError(_) => (Code::ValidationError, None),
        DynoxideError::ConditionalCheckFailedException(_, item) => (
            Code::ConditionalCheckFailed,
            item.as_ref().map(|item| ("Item", json(item))),
        ),
        DynoxideError::TransactionCanceledException(_, reasons) => (
            Code::TransactionCanceled,
            Some(("CancellationReasons", json(reasons))),
        ),
        DynoxideError::ItemCollectionSizeLimitExceededException(_) => {
            (Code::ItemCollectionSizeLimitExceeded, None)
        }
        DynoxideError::SerializationException(_) => (Code::MalformedInput, None),
        DynoxideError::LimitExceededException(_) => (Code::LimitExceeded, None),
        DynoxideError::IdempotentParameterMismatchException(_) => {
            (Code::IdempotentParameterMismatch, None)
        }
        // Its own failures, and whatever a later version adds.
        _ => return TableError::Failed(error.into()),
    };
    let refused = AwsError::new(code, error.to_string());
    TableError::Refused(match members {
        Some((name, Ok(value))) => refused.with_json(name, value),
        Some((_, Err(error))) => return TableError::Failed(error.into()),
        None => refused,
    })
}

fn json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value)
}

/// A body that the database does not read. It marks its own refusals by how they begin, and the reader adds where they stand: neither
/// is for clients.
pub(super) fn unreadable(operation: Operation, message: &str) -> TableError {
    let plain = message
        .rfind(" at line ")
        .and_then(|at| message.get(..at))
        .unwrap_or(message);
    let marked = [
        ("SERIALIZATION_AS_READ:", Code::MalformedInput, false),
        ("SERIALIZATION:", Code::MalformedInput, false),
        ("VALIDATION_AS_READ:", Code::ValidationError, false),
        ("VALIDATION_REQUEST:", Code::ValidationError, true),
        ("VALIDATION:", Code::ValidationError, false),
    ];
    for (mark, code, enveloped) in marked {
        if let Some(rest) = plain.strip_prefix(mark) {
            return if code == Code::ValidationError {
                validation(operation, rest, enveloped)
            } else {
                TableError::Refused(AwsError::new(code, rest.to_owned()))
            };
        }
    }
    // A member that is missing where the model does not require it, for one. The reader's own words are about its types.
    validation(
        operation,
        "The request is not valid for this operation",
        false,
    )
}

/// A request that breaks a rule. The service puts some of these into an envelope where they are about a single write.
pub(super) fn validation(operation: Operation, message: &str, enveloped: bool) -> TableError {
    let single = matches!(
        operation,
        Operation::PutItem | Operation::UpdateItem | Operation::DeleteItem
    );
    let message = if enveloped && single {
        format!("1 validation error detected: {message}")
    } else {
        message.to_owned()
    };
    TableError::Refused(AwsError::new(Code::ValidationError, message))
}
