//! Executes a permitted operation against the store that holds the tables.

use bowline_aws::{
    dynamodb::{Operation, Place, Resource},
    error::{AwsError, Protocol},
};
use bowline_iam::decision::Permit;

use super::pages;
use crate::upstream::tables::{TableError, TableStore};

/// What is decided about: an operation, the tables that it is about, and the body that says so.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    /// The operation.
    pub(super) operation: Operation,
    /// The caller's account and the region of the request.
    pub(super) place: Place,
    /// Every table that the decision was about.
    pub(super) tables: Vec<Resource>,
    /// The body, as it is sent on.
    pub(super) body: String,
}

/// Executes the operation, and gives the body of the answer.
///
/// # Errors
/// As the client is to see it; failures of the store itself are logged here and become an internal error.
pub(super) async fn execute(
    permit: Permit<Bound>,
    store: &dyn TableStore,
) -> Result<String, AwsError> {
    let Bound {
        operation,
        place,
        tables,
        body,
    } = permit.into_action();
    // The body has names alone, which would be those of other tables here.
    if let Some(elsewhere) = tables.iter().find(|table| table.place != place) {
        return Err(super::not_found(operation, elsewhere));
    }
    let has_pages = matches!(operation, Operation::Query | Operation::Scan);
    let done = if has_pages {
        pages::page(store, &place, operation, body).await
    } else {
        store.call(&place, operation, body).await
    };
    done.map_err(refusal)
}

/// A store's failure as the client sees it.
pub(super) fn refusal(error: TableError) -> AwsError {
    match error {
        TableError::Refused(error) => error,
        TableError::NotServed(_) | TableError::Failed(_) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "The store of tables failed"
            );
            AwsError::internal(Protocol::DynamoDb)
        }
    }
}
