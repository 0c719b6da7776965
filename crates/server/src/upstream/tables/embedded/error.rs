//! Errors of the engine, as the service words them.

use bowline_aws::{
    dynamodb::Operation,
    error::{AwsError, Code},
};
use dynoxide::DynoxideError;
use serde::Serialize;

use super::{TableError, names::NameMap};

/// An error of an operation. Only errors that the client caused have the engine's message.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "variants of later versions are unknown to clients"
)]
pub(super) fn from_engine(mut error: DynoxideError, names: &NameMap) -> TableError {
    if let DynoxideError::TransactionCanceledException(_, reasons) = &mut error {
        for reason in reasons {
            reason.message = reason.message.take().map(|text| names.message(text));
        }
    }
    let (code, member) = match &error {
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
        _ => return TableError::Failed(error.into()),
    };
    let mut client = AwsError::new(code, names.message(error.to_string()));
    match member {
        Some((name, Ok(value))) => client = client.with_json(name, value),
        Some((_, Err(error))) => return TableError::Failed(error.into()),
        None => {}
    }
    if matches!(error, DynoxideError::ResourceNotFoundException(_)) {
        TableError::NotFound(client)
    } else {
        TableError::Rejected(client)
    }
}

fn json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value)
}

/// An error of the engine's reader. The engine marks its own messages with a prefix, and the JSON
/// reader appends a position: clients see neither.
pub(super) fn from_reader(operation: Operation, message: &str) -> TableError {
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
                TableError::Rejected(AwsError::new(code, rest.to_owned()))
            };
        }
    }
    // A missing member that the model does not require, for example. The reader's own message names
    // Rust types.
    validation(
        operation,
        "The request is not valid for this operation",
        false,
    )
}

/// A request that breaks a rule. The service puts some of these messages into an envelope if the
/// operation writes a single item.
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
    TableError::Rejected(AwsError::new(Code::ValidationError, message))
}
