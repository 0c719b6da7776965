//! Completes interrupted changes of tables, or undoes them.

use std::{error::Error, sync::Arc};

use bowline_aws::{
    dynamodb::{Operation, Request},
    error::{AwsError, Protocol},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    description,
    records::{delete_record, others, update_record},
};
use crate::{
    gateway::dynamodb::{execute::client_error, upstream_error},
    identity::{
        entity::{self, TableState},
        index::IdentityState,
    },
    upstream::{
        Upstreams,
        tables::{ItemShare, NameOf, TableError, TableRequest, TableStore},
    },
};

/// Reconciles the tables whose changes a crash interrupted.
///
/// A table that was being created may exist in part, and no client was told of it: it is removed. A
/// table that was being deleted is deleted, unless it is protected, which the store could not say
/// before. A table that was being changed is what the store has: stores change tables as a whole.
///
/// A table that cannot be reconciled stays as it is. It cannot be used, and all others can. So does
/// a table that another server is changing now.
pub(crate) async fn recover(state: &IdentityState, upstreams: &Upstreams, now: Timestamp) {
    let index = state.current();
    let interrupted: Vec<_> = index
        .all_tables()
        .filter(|table| table.record.state != TableState::Active)
        .filter(|table| !state.is_leased_elsewhere(table.record.lease.as_ref(), now))
        .map(|table| Arc::clone(&table.record))
        .collect();
    for table in interrupted {
        let arn = table.arn();
        let resumed = match upstreams.for_table(&table) {
            Ok(store) => resume(state, store, &table).await,
            Err(error) => Err(upstream_error(error)),
        };
        match resumed {
            Ok(()) => {
                tracing::info!(table.arn = %arn, "Recovered an interrupted operation on the table `{arn}`");
            }
            Err(error) => {
                tracing::error!(
                    table.arn = %arn,
                    error = &error as &dyn Error,
                    "Could not recover an interrupted operation on the table `{arn}`, which cannot be used"
                );
            }
        }
    }
}

/// Completes or undoes the change of one table.
async fn resume(
    state: &IdentityState,
    store: &dyn TableStore,
    table: &entity::Table,
) -> Result<(), AwsError> {
    match table.state {
        TableState::Active => Ok(()),
        TableState::Creating => remove_unannounced(state, store, table).await,
        TableState::Updating => reconcile(state, store, table).await,
        TableState::Deleting => match delete_from_store(store, table).await {
            Ok(()) => delete_record(state, store, table).await,
            Err(TableError::DeletionProtected(_)) => reconcile(state, store, table).await,
            Err(error) => Err(client_error(error)),
        },
    }
}

/// Makes the record what the store has.
pub(super) async fn reconcile(
    state: &IdentityState,
    store: &dyn TableStore,
    table: &entity::Table,
) -> Result<(), AwsError> {
    match request_store(store, table, Operation::DescribeTable, json!({})).await {
        Ok(body) => activate(state, table, &body).await,
        Err(TableError::NotFound(_)) => delete_record(state, store, table).await,
        Err(error) => Err(client_error(error)),
    }
}

/// Makes a table usable, with the keys that the store describes in this body.
pub(super) async fn activate(
    state: &IdentityState,
    table: &entity::Table,
    body: &str,
) -> Result<(), AwsError> {
    let described = &description::parse(body)?;
    update_record(state, table, |record| {
        let mut active = entity::Table {
            state: TableState::Active,
            lease: None,
            partition_key: description::partition_key(described),
            index_partition_keys: description::index_partition_keys(described),
            ..record.clone()
        };
        let exists = |name: &str| description::indexes(described).any(|(index, _)| index == name);
        active.upstream_names.indexes.retain(|name, _| exists(name));
        Ok(active)
    })
    .await
    .map(drop)
}

/// Undoes a creation that failed, so that the name is free at once. The store comes first: the next
/// table of the name finds nothing there. What cannot be undone now is reconciled by `DeleteTable`
/// or at the next start.
pub(super) async fn rollback_create(
    state: &IdentityState,
    store: &dyn TableStore,
    table: &entity::Table,
) {
    if let Err(error) = remove_unannounced(state, store, table).await {
        let arn = table.arn();
        tracing::warn!(%error, table.arn = %arn, "Could not clean up the partially created table `{arn}`");
    }
}

/// Removes a table whose creation was not announced to a client, protected or not: from the store,
/// if it is there, and then its record.
pub(super) async fn remove_unannounced(
    state: &IdentityState,
    store: &dyn TableStore,
    table: &entity::Table,
) -> Result<(), AwsError> {
    // The store may not have created it. What it finds under the name must not be another table.
    let index = state.current();
    if !store.is_distinct(NameOf::Table, table.upstream_name(), &others(&index, table)) {
        let arn = table.arn();
        tracing::error!(table.arn = %arn, "The store cannot tell the table `{arn}` from another");
        return Err(AwsError::internal(Protocol::DynamoDb));
    }
    match delete_from_store(store, table).await {
        Err(TableError::DeletionProtected(_)) => {
            let unprotected = json!({ "DeletionProtectionEnabled": false });
            request_store(store, table, Operation::UpdateTable, unprotected)
                .await
                .map_err(client_error)?;
            delete_from_store(store, table).await
        }
        outcome => outcome,
    }
    .map_err(client_error)?;
    delete_record(state, store, table).await
}

/// Deletes a table from the store, if it is there.
async fn delete_from_store(
    store: &dyn TableStore,
    table: &entity::Table,
) -> Result<(), TableError> {
    match request_store(store, table, Operation::DeleteTable, json!({})).await {
        Ok(_) | Err(TableError::NotFound(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The table as the store describes it.
pub(super) async fn describe(
    store: &dyn TableStore,
    table: &entity::Table,
) -> Result<Value, TableError> {
    let body = request_store(store, table, Operation::DescribeTable, json!({})).await?;
    description::parse(&body).map_err(TableError::Rejected)
}

/// Sends the store a request of the server's own: an operation on a table, with these members
/// beside its name.
pub(super) async fn request_store(
    store: &dyn TableStore,
    table: &entity::Table,
    operation: Operation,
    mut body: Value,
) -> Result<String, TableError> {
    let account_region = table.account_region();
    let account_region = account_region
        .ok_or_else(|| TableError::Failed("the record of a table has no valid region".into()))?;
    if let Value::Object(members) = &mut body {
        members.insert("TableName".to_owned(), table.name.as_str().into());
    }
    let body = body.to_string();
    let request = Request::read(operation, body.as_bytes()).map_err(TableError::Rejected)?;
    let call = TableRequest {
        account_region: &account_region,
        request: &request,
        replaced: None,
        tables: &[table],
        share: &Arc::new(ItemShare::unmetered()),
    };
    store.call(call).await
}
