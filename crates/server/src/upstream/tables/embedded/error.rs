//! Errors of the engine, as the service words them.

use bowline_aws::{
    dynamodb::Operation,
    error::{AwsError, Code},
};
use dynoxide::DynoxideError;
use serde::Serialize;

use super::{TableError, names::NameMap};
use crate::upstream::tables::DamagedData;

/// What the engine's texts say of a damaged database: SQLite's `SQLITE_CORRUPT` and `SQLITE_NOTADB`.
const DAMAGES: [&str; 3] = [
    "database disk image is malformed",
    "file is not a database",
    "not a valid database",
];

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
        _ => return failed(error),
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

/// An error of the engine that no request caused.
///
/// Where the engine has turned SQLite's error into a text of its own, the text says whether the
/// database is damaged. It is SQLite's, and has nothing of a client's.
pub(super) fn failed(error: DynoxideError) -> TableError {
    let mut is_damage = false;
    if let DynoxideError::InternalServerError(text) = &error
        && let Some(text) = text.strip_prefix("backend: ")
    {
        is_damage = DAMAGES.iter().any(|damage| text.contains(damage));
    }
    TableError::Failed(if is_damage {
        DamagedData(error.into()).into()
    } else {
        error.into()
    })
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

#[cfg(test)]
mod tests {
    use dynoxide::storage_backend::from_rusqlite;

    use super::*;

    #[test]
    fn damage_is_recognized_however_the_engine_passes_it_on() {
        let sqlite = |code: i32, text: &str| {
            let error = rusqlite::ffi::Error::new(code);
            rusqlite::Error::SqliteFailure(error, Some(text.to_owned()))
        };
        let errors = |code, text: &str| {
            let typed = DynoxideError::from(sqlite(code, text));
            let as_text = DynoxideError::from(from_rusqlite(sqlite(code, text)));
            [typed, as_text].map(|error| from_engine(error, &NameMap::default()))
        };
        for (code, text, is_damage) in [
            (11, "database disk image is malformed", true),
            (26, "file is not a database", true),
            (13, "database or disk is full", false),
            (5, "database is locked", false),
        ] {
            for error in errors(code, text) {
                assert!(matches!(error, TableError::Failed(_)), "{error:?}");
                assert_eq!(error.is_damage(), is_damage, "{error:?}");
            }
        }
    }
}
