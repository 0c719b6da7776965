//! Executes a permitted operation against the store that holds the tables.

use bowline_aws::{
    dynamodb::{AccountRegion, Operation, TableResource},
    error::{AwsError, Protocol},
};
use bowline_iam::decision::Permit;

use super::pages;
use crate::upstream::tables::{TableError, TableStore};

/// What is decided about: an operation, the tables that it is about, and the body that says so.
#[derive(Clone, Debug)]
pub(super) struct AuthorizedTableOperation {
    /// The operation.
    pub(super) operation: Operation,
    /// The caller's account and the region of the request.
    pub(super) account_region: AccountRegion,
    /// Every table that the decision was about.
    pub(super) tables: Vec<TableResource>,
    /// The body, as it is sent on.
    pub(super) body: String,
}

/// Executes the operation, and gives the body of the answer.
///
/// # Errors
/// As the client is to see it; failures of the store itself are logged here and become an internal error.
pub(super) async fn execute(
    permit: Permit<AuthorizedTableOperation>,
    store: &dyn TableStore,
) -> Result<String, AwsError> {
    let AuthorizedTableOperation {
        operation,
        account_region,
        tables,
        body,
    } = permit.into_action();
    // The body has names alone, which would be those of other tables here.
    if let Some(elsewhere) = tables
        .iter()
        .find(|table| table.account_region != account_region)
    {
        return Err(super::not_found(operation, elsewhere));
    }
    let has_pages = matches!(operation, Operation::Query | Operation::Scan);
    let done = if has_pages {
        pages::page(store, &account_region, operation, body).await
    } else {
        store.call(&account_region, operation, body).await
    };
    done.map_err(refusal)
}

/// A store's failure as the client sees it.
pub(super) fn refusal(error: TableError) -> AwsError {
    match error {
        TableError::Refused(error) => error,
        TableError::NotBuilt(_) | TableError::Failed(_) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "The store of tables failed"
            );
            AwsError::internal(Protocol::DynamoDb)
        }
    }
}
