//! Executes an authorized operation on the store of its tables.

use std::sync::Arc;

use bowline_aws::{
    dynamodb::{AccountRegion, Operation, Request, TableResource},
    error::{AwsError, Protocol},
};
use bowline_iam::decision::Permit;

use crate::{
    identity::entity,
    upstream::tables::{ItemShare, ReplacedMember, TableError, TableRequest, TableStore},
};

/// What a decision was about: a request, and the tables that it names.
#[derive(Clone, Debug)]
pub(super) struct AuthorizedTableOperation<'r> {
    /// The caller's account, and the region of the signature.
    pub(super) account_region: &'r AccountRegion,
    /// Every table that the decision was about.
    pub(super) tables: Vec<TableResource>,
    /// The request.
    pub(super) request: &'r Request<'r>,
    /// A member that the store gets in another form.
    pub(super) replaced: Option<ReplacedMember>,
}

impl AuthorizedTableOperation<'_> {
    pub(super) fn operation(&self) -> Operation {
        self.request.operation()
    }
}

/// Executes the operation. `tables` are the records of its tables, in order. The result is the body
/// of the response.
///
/// # Errors
/// [`TableError`].
pub(super) async fn execute(
    permit: Permit<AuthorizedTableOperation<'_>>,
    store: &dyn TableStore,
    tables: &[&entity::Table],
    share: &Arc<ItemShare>,
) -> Result<String, TableError> {
    let authorized = permit.into_action();
    let account_region = authorized.account_region;
    // The store gets names only. Those of another region would be names of other tables here.
    let mut resources = authorized.tables.iter();
    if let Some(elsewhere) = resources.find(|table| table.account_region != *account_region) {
        let error = super::not_found(authorized.operation(), elsewhere);
        return Err(TableError::NotFound(error));
    }
    // A record says which of the store's tables a name means.
    let names =
        |resource: &TableResource, record: &entity::Table| resource.table.as_str() == record.name;
    let has_record = |resource| tables.iter().any(|record| names(resource, record));
    let is_authorized = |record: &&entity::Table| {
        let mut resources = authorized.tables.iter();
        resources.any(|resource| names(resource, record))
    };
    if !authorized.tables.iter().all(has_record) || !tables.iter().all(is_authorized) {
        return Err(TableError::Failed("records of other tables".into()));
    }
    let call = TableRequest {
        account_region,
        request: authorized.request,
        replaced: authorized.replaced.as_ref(),
        tables,
        share,
    };
    store.call(call).await
}

/// The error for the client. What the client did not cause is logged here, and becomes an internal
/// error.
pub(super) fn client_error(error: TableError) -> AwsError {
    match error {
        TableError::NotFound(error)
        | TableError::DeletionProtected(error)
        | TableError::Rejected(error) => error,
        TableError::NotBuilt(_) | TableError::Failed(_) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "The table store failed");
            AwsError::internal(Protocol::DynamoDb)
        }
    }
}
