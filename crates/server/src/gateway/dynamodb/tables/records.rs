//! Records of tables: every change is one transaction on the last revision.

use std::{error::Error, sync::Arc};

use bowline_aws::error::{AwsError, Code, Protocol};
use jiff::Timestamp;

use crate::{
    identity::{
        entity::{self, FeatureLevel, Quota, TableState},
        index::{IdentityState, Index, QuotaExceeded, UpdateError},
        store::Transaction,
    },
    upstream::tables::{NameOf, TableStore},
};

/// Creates the record, with the names that the store gives the table. A name is taken whatever the
/// state of its table is.
pub(super) fn reserve_name(
    index: &Index,
    store: &dyn TableStore,
    table: &entity::Table,
) -> Result<(Transaction, entity::Table), AwsError> {
    let (account, region) = (table.account, &*table.region);
    if index.table(account, region, &table.name).is_some() {
        let message = format!("Table already exists: {}", table.name);
        return Err(AwsError::new(Code::ResourceInUse, message));
    }
    let max_regions = store.max_regions().unwrap_or(usize::MAX);
    let is_first = index.table_count(account, region) == 0;
    if is_first && index.table_region_count(account) >= max_regions {
        return Err(AwsError::new(
            Code::LimitExceeded,
            format!(
                "Subscriber limit exceeded: There is a limit of {max_regions} regions with tables per subscriber"
            ),
        ));
    }
    let mut named = table.clone();
    let others = others(index, table);
    named.upstream_names.table = choose_name(index, store, NameOf::Table, &table.name, &others)?;
    Ok((Transaction::new().create(&named), named))
}

/// The store's name for a new table or index, if it differs from the client's. Servers of an
/// earlier build do not know such names: while the store of the records has these, only names are
/// allowed that need no other.
pub(super) fn choose_name(
    index: &Index,
    store: &dyn TableStore,
    of: NameOf,
    name: &str,
    others: &[&str],
) -> Result<Option<String>, AwsError> {
    if index.feature_level() >= FeatureLevel::LEASES {
        return Ok(store.new_name(of, name, others));
    }
    if store.is_distinct(of, name, others) {
        return Ok(None);
    }
    let message = format!(
        "One or more parameter values were invalid: The name needs a newer feature level of the identity store: {name}"
    );
    Err(AwsError::new(Code::ValidationError, message))
}

/// The upstream's names of the other tables there.
pub(super) fn others<'i>(index: &'i Index, table: &'i entity::Table) -> Vec<&'i str> {
    let others = index.tables(table.account, &table.region, None);
    others
        .map(|other| &*other.record)
        .filter(|other| other.upstream == table.upstream && !other.is(table))
        .map(entity::Table::upstream_name)
        .collect()
}

/// The current record of a table that is to be changed, if it is still the same table and no other
/// server is changing it.
pub(super) fn reload_unchanged(
    state: &IdentityState,
    known: &entity::Table,
    at: Timestamp,
) -> Result<Arc<entity::Table>, AwsError> {
    let index = state.current();
    let now = index.table(known.account, &known.region, &known.name);
    let now = now.map(|now| Arc::clone(&now.record));
    let now = now.filter(|now| now.is(known));
    let now = now.ok_or_else(|| resource_in_use(known))?;
    if state.is_leased_elsewhere(now.lease.as_ref(), at) {
        return Err(resource_in_use(&now));
    }
    Ok(now)
}

pub(super) async fn change_state(
    state: &IdentityState,
    known: &entity::Table,
    next: TableState,
    at: Timestamp,
) -> Result<entity::Table, AwsError> {
    update_record(state, known, |record| {
        if record.state != known.state {
            return Err(resource_in_use(record));
        }
        Ok(entity::Table {
            state: next,
            lease: state.lease(at),
            ..record.clone()
        })
    })
    .await
}

/// Changes the record of a table that is still the same one. The result is the new record.
pub(in super::super) async fn update_record(
    state: &IdentityState,
    known: &entity::Table,
    change: impl Fn(&entity::Table) -> Result<entity::Table, AwsError> + Send + Sync,
) -> Result<entity::Table, AwsError> {
    update_index(state, |index| {
        let found = index.table(known.account, &known.region, &known.name);
        let found = found.filter(|found| found.record.is(known));
        let found = found.ok_or_else(|| resource_in_use(known))?;
        let changed = change(&found.record)?;
        let transaction = Transaction::new().update(&changed, found.revision);
        Ok((transaction, changed))
    })
    .await
}

/// Deletes the record, and what the store keeps for the account and region if it has no other
/// table. A record that is gone was deleted by another request that completed the same deletion.
/// The caller holds the region's write lock, or serves no requests yet.
pub(super) async fn delete_record(
    state: &IdentityState,
    store: &dyn TableStore,
    table: &entity::Table,
) -> Result<(), AwsError> {
    update_index(state, |index| {
        let found = index.table(table.account, &table.region, &table.name);
        Ok(match found.filter(|found| found.record.is(table)) {
            Some(found) => (
                Transaction::new().delete(&*found.record, found.revision),
                (),
            ),
            None => (Transaction::new(), ()),
        })
    })
    .await?;
    let index = state.current();
    let mut tables = index.tables(table.account, &table.region, None);
    if let (None, Some(account_region)) = (tables.next(), table.account_region())
        && let Err(error) = store.drop_region(&account_region).await
    {
        // An empty file is left, which the next table there uses.
        let arn = table.arn();
        tracing::warn!(
            error = &error as &dyn Error,
            "Could not remove the file of the deleted table `{arn}`"
        );
    }
    Ok(())
}

pub(super) async fn update_index<T>(
    state: &IdentityState,
    decide: impl FnMut(&Index) -> Result<(Transaction, T), AwsError>,
) -> Result<T, AwsError> {
    match state.update(decide).await {
        Ok(outcome) => Ok(outcome),
        Err(UpdateError::Refused(error)) => Err(error),
        Err(UpdateError::Quota(QuotaExceeded { quota, max, .. })) => {
            let message = if quota == Quota::Tables {
                format!("There is a limit of {max} tables per subscriber")
            } else {
                format!("Cannot exceed quota for {}: {max}", quota.name())
            };
            let message = format!("Subscriber limit exceeded: {message}");
            Err(AwsError::new(Code::LimitExceeded, message))
        }
        Err(error @ (UpdateError::Busy | UpdateError::Invalid(_) | UpdateError::Store(_))) => {
            let error = &error as &dyn Error;
            tracing::error!(error, "Could not store the record of a table");
            Err(AwsError::internal(Protocol::DynamoDb))
        }
    }
}

pub(super) fn resource_in_use(table: &entity::Table) -> AwsError {
    let how = match table.state {
        TableState::Active => "changed",
        TableState::Creating => "created",
        TableState::Updating => "updated",
        TableState::Deleting => "deleted",
    };
    AwsError::new(
        Code::ResourceInUse,
        format!(
            "Attempt to change a resource which is still in use: Table is being {how}: {}",
            table.name
        ),
    )
}
