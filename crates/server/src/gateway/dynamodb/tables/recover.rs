//! What a start makes of changes of tables that were cut short.

use std::{error::Error, sync::Arc};

use bowline_aws::error::AwsError;

use super::{delete_from_store, delete_record, is_protection, reconcile, remove_unannounced};
use crate::{
    gateway::dynamodb::execute::refusal,
    identity::{
        entity::{self, TableState},
        index::IdentityState,
    },
    upstream::tables::TableStore,
};

/// Ends what a crash has cut short. A table that was being made may be there in part, and nobody was told of it: it is removed. So is one
/// that was being removed, unless it is protected, which the store had not come to say. One that was being changed is what the store has:
/// it changes tables as a whole.
///
/// What cannot be settled stays as it is, which keeps that one table from being used, and no other.
pub(crate) async fn recover(state: &IdentityState, store: &dyn TableStore) {
    let index = state.current();
    let unsettled: Vec<_> = index
        .all_tables()
        .filter(|table| table.record.state != TableState::Active)
        .map(|table| Arc::clone(&table.record))
        .collect();
    for table in unsettled {
        let arn = table.arn();
        match resume(state, store, &table).await {
            Ok(()) => {
                tracing::info!(table.arn = %arn, "What was under way with the table `{arn}` is settled");
            }
            Err(error) => {
                tracing::error!(
                    table.arn = %arn,
                    error = &error as &dyn Error,
                    "What was under way with the table `{arn}` cannot be settled, and it stays as it is"
                );
            }
        }
    }
}

/// Ends what was cut short with one table.
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
            Err(error) if is_protection(&error) => reconcile(state, store, table).await,
            Err(error) => Err(refusal(error)),
        },
    }
}
