//! Tables as records: a name is taken before the store has the table, and given up after the store has let go of it, so that a crash
//! leaves a state that [`recover`] takes up again, never items that nobody owns.
//!
//! Every step names the record as the step before has left it, and is refused if somebody else has changed it since.

mod description;
mod names;
mod recover;

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    sync::Arc,
};

use bowline_aws::{
    dynamodb::{AccountRegion, Operation, Request, TableResource},
    error::{AwsError, Code, Fault, Protocol},
};
use bowline_iam::decision::Permit;
use bowline_json::{Json, JsonObject};
use serde_json::{Value, json};

pub(crate) use super::tables::recover::recover;
use super::{
    TableCall,
    execute::{AuthorizedTableOperation, execute, refusal},
    response, tags,
};
use crate::{
    identity::{
        entity::{self, TableState},
        index::{IdentityState, Index, UpdateError},
        store::Transaction,
    },
    request::{error::RequestError, record::RequestRecord},
    upstream::tables::{TableError, TableStore},
};

/// The upstream of all tables that nothing else is configured for.
const EMBEDDED: &str = "embedded";
/// Most tables of an account's part of a region ("Quotas in Amazon `DynamoDB`", 2,500 by default).
const MAX_TABLES: usize = 2_500;
/// Most regions that one account has tables in. Each takes a file.
const MAX_REGIONS: usize = 40;
/// How many tables a page of `ListTables` has, if the request does not say.
const MAX_LIST_PAGE: i64 = 100;

pub(super) async fn create(
    call: &TableCall<'_>,
    record: &RequestRecord<'_>,
    permit: Permit<AuthorizedTableOperation>,
) -> Result<String, RequestError> {
    let resource = single_table(&permit)?;
    // Of another region it would be made here, and be none of what was decided about.
    if resource.account_region != *call.account_region {
        return Err(super::not_found(Operation::CreateTable, &resource).into());
    }
    check_keys(call.request)?;
    names::check_new_indexes(call.request)?;
    let table = entity::Table {
        name: resource.table.to_string(),
        account: resource.account_region.account(),
        region: resource.account_region.region().to_owned(),
        upstream: EMBEDDED.to_owned(),
        state: TableState::Creating,
        created: record.head.now,
        partition_key: None,
        index_partition_keys: BTreeMap::new(),
        tags: tags::requested(call.request)?,
        lease: None,
    };
    let (state, store) = (&call.app.state, &*call.app.tables);
    let _lock = call.app.region_locks.write(call.account_region).await;
    update_index(state, |index| reserve_name(index, &table)).await?;
    let made = match execute(permit, store).await {
        Ok(answer) => activate(state, &table, &answer).await.map(|()| answer),
        Err(refused) => Err(refused),
    };
    match made {
        Ok(answer) => Ok(response::with_table_arns(&answer, &table)?),
        Err(refused) => {
            rollback_create(state, store, &table).await;
            Err(refused.into())
        }
    }
}

/// Refuses a table without keys before anything is made for it.
fn check_keys(request: &Request<'_>) -> Result<(), AwsError> {
    let required = [
        ("AttributeDefinitions", "attributeDefinitions"),
        ("KeySchema", "keySchema"),
    ];
    let missing: Vec<_> = required
        .iter()
        .filter(|(member, _)| request.get(member).is_none())
        .map(|(_, told)| {
            format!("Value null at '{told}' failed to satisfy constraint: Member must not be null")
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(AwsError::validation(&missing))
}

/// Undoes a creation that failed, so that the name is free at once. The store goes first: whoever has the name next finds nothing. What
/// cannot be undone now is taken up by a removal, or at the next start.
async fn rollback_create(state: &IdentityState, store: &dyn TableStore, table: &entity::Table) {
    if let Err(error) = remove_unannounced(state, store, table).await {
        tracing::warn!(%error, table = %table.name, "What was made of the table `{}` could not be removed", table.name);
    }
}

pub(super) async fn delete(
    call: &TableCall<'_>,
    permit: Permit<AuthorizedTableOperation>,
) -> Result<String, RequestError> {
    let known = call.record(&single_table(&permit)?)?;
    let (state, store) = (&call.app.state, &*call.app.tables);
    let _lock = call.app.region_locks.write(call.account_region).await;
    let known = reload_unchanged(state, &known)?;
    // Whoever had the turn before has ended, however that was. Nobody was told of a table that is still being made.
    if known.state == TableState::Creating {
        remove_unannounced(state, store, &known).await?;
        return Ok(deleted_response(&known)?);
    }
    let deleting = change_state(state, &known, TableState::Deleting).await?;
    match execute(permit, store).await {
        Ok(answer) => {
            delete_record(state, store, &deleting).await?;
            Ok(response::with_table_arns(&answer, &deleting)?)
        }
        // The store was done with it when somebody before was cut short.
        Err(error) if error.code() == Code::ResourceNotFound => {
            delete_record(state, store, &deleting).await?;
            Ok(deleted_response(&deleting)?)
        }
        // It is protected, for one. What is not known to be undone stays to be taken up.
        Err(error) => {
            if error.code().fault() == Fault::Sender {
                reconcile(state, store, &deleting).await?;
            }
            Err(error.into())
        }
    }
}

/// The answer for a table that the store did not have any more.
fn deleted_response(table: &entity::Table) -> Result<String, AwsError> {
    let description = json!({ "TableName": table.name, "TableStatus": "DELETING" });
    let answer = json!({ "TableDescription": description }).to_string();
    response::with_table_arns(&answer, table)
}

pub(super) async fn update(
    call: &TableCall<'_>,
    permit: Permit<AuthorizedTableOperation>,
) -> Result<String, RequestError> {
    let known = call.record(&single_table(&permit)?)?;
    let (state, store) = (&call.app.state, &*call.app.tables);
    let changed = changed_indexes(call.request.get("GlobalSecondaryIndexUpdates"));
    names::check_new_indexes(call.request)?;
    let _lock = call.app.region_locks.write(call.account_region).await;
    let known = reload_unchanged(state, &known)?;
    // One that is being changed was left so: whoever did that does not have the turn any more.
    if !matches!(known.state, TableState::Active | TableState::Updating) {
        return Err(resource_in_use(&known).into());
    }
    if names::new_indexes(call.request).next().is_some() {
        let answer = call_store(store, &known, Operation::DescribeTable, json!({})).await;
        let described = description::read(&answer.map_err(refusal)?)?;
        names::check_added_indexes(call.request, &described)?;
    }
    let updating = update_record(state, &known, |record| {
        if record.state != known.state {
            return Err(resource_in_use(record));
        }
        let mut updating = record.clone();
        updating.state = TableState::Updating;
        updating
            .index_partition_keys
            .retain(|name, _| !changed.contains(&**name));
        Ok(updating)
    })
    .await?;
    let outcome = execute(permit, store).await;
    // Whatever came of it, what the store has now is what counts.
    reconcile(state, store, &updating).await?;
    Ok(response::with_table_arns(&outcome?, &updating)?)
}

/// The names of the caller's tables in the region.
pub(super) fn list(call: &TableCall<'_>) -> Result<String, AwsError> {
    let limit = match call.request.get("Limit").and_then(Json::as_i64) {
        None => MAX_LIST_PAGE,
        Some(limit @ 1..=MAX_LIST_PAGE) => limit,
        Some(limit) => {
            let bound = if limit < 1 {
                "greater than or equal to 1"
            } else {
                "less than or equal to 100"
            };
            return Err(AwsError::validation(&[format!(
                "Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value {bound}"
            )]));
        }
    };
    let after = call.request.text("ExclusiveStartTableName");
    let (account, region) = (call.account_region.account(), call.account_region.region());
    let mut tables = call.index.tables(account, region, after);
    let most = usize::try_from(limit).unwrap_or_default();
    let names: Vec<String> = tables
        .by_ref()
        .take(most)
        .map(|table| table.record.name.clone())
        .collect();
    let last = names.last().filter(|_| tables.next().is_some());
    let answer = match last {
        Some(last) => json!({ "TableNames": names, "LastEvaluatedTableName": last }),
        None => json!({ "TableNames": names }),
    };
    Ok(answer.to_string())
}

/// Makes the record what the store has.
async fn reconcile(
    state: &IdentityState,
    store: &dyn TableStore,
    table: &entity::Table,
) -> Result<(), AwsError> {
    match call_store(store, table, Operation::DescribeTable, json!({})).await {
        Ok(answer) => activate(state, table, &answer).await,
        Err(TableError::Refused(error)) if error.code() == Code::ResourceNotFound => {
            delete_record(state, store, table).await
        }
        Err(error) => Err(refusal(error)),
    }
}

/// Lets the table be used with the keys that the store says it has.
async fn activate(
    state: &IdentityState,
    table: &entity::Table,
    answer: &str,
) -> Result<(), AwsError> {
    let description = &description::read(answer)?;
    update_record(state, table, |record| {
        Ok(entity::Table {
            state: TableState::Active,
            partition_key: description::partition_key(description),
            index_partition_keys: description::index_partition_keys(description),
            ..record.clone()
        })
    })
    .await
    .map(drop)
}

/// The indexes that an update speaks of.
fn changed_indexes<'v>(updates: Option<&'v Json<'_>>) -> BTreeSet<&'v str> {
    let updates = updates.and_then(Json::as_array);
    let updates = updates.into_iter().flatten();
    updates
        .filter_map(Json::as_object)
        .flat_map(JsonObject::members)
        .filter_map(|update| update.value.get("IndexName")?.as_str())
        .collect()
}

/// The one table that an operation on tables is about.
fn single_table(permit: &Permit<AuthorizedTableOperation>) -> Result<TableResource, AwsError> {
    let resource = permit.action().tables.first().cloned();
    resource.ok_or_else(|| AwsError::internal(Protocol::DynamoDb))
}

impl TableCall<'_> {
    /// The record of a table, in whatever state it is.
    fn record(&self, resource: &TableResource) -> Result<Arc<entity::Table>, RequestError> {
        let table = super::record(self.index, resource);
        let table = table.filter(|_| resource.account_region == *self.account_region);
        table.map(|table| Arc::clone(&table.record)).ok_or_else(|| {
            let error = super::not_found(self.request.operation(), resource);
            RequestError::new(error, "no table has this name there")
        })
    }
}

/// Takes the name. Whoever finds that somebody has it already is told so, whatever state that table is in.
fn reserve_name(index: &Index, table: &entity::Table) -> Result<(Transaction, ()), AwsError> {
    let (account, region) = (table.account, &*table.region);
    if index.table(account, region, &table.name).is_some() {
        return Err(names::exists(&table.name));
    }
    names::check(index, table)?;
    let here = index.tables(account, region, None).count();
    let regions: BTreeSet<&str> = index
        .all_tables()
        .filter(|other| other.record.account == account)
        .map(|other| &*other.record.region)
        .collect();
    if here >= MAX_TABLES || (here == 0 && regions.len() >= MAX_REGIONS) {
        return Err(AwsError::new(
            Code::LimitExceeded,
            "Subscriber limit exceeded: The number of tables, or of regions with tables, is at its limit for this account",
        ));
    }
    Ok((Transaction::new().create(table), ()))
}

/// The record of a table as it is now, if that is still the same table.
fn reload_unchanged(
    state: &IdentityState,
    known: &entity::Table,
) -> Result<Arc<entity::Table>, AwsError> {
    let index = state.current();
    let now = index.table(known.account, &known.region, &known.name);
    let now = now.map(|now| Arc::clone(&now.record));
    now.filter(|now| now.is(known))
        .ok_or_else(|| resource_in_use(known))
}

async fn change_state(
    state: &IdentityState,
    known: &entity::Table,
    next: TableState,
) -> Result<entity::Table, AwsError> {
    update_record(state, known, |record| {
        if record.state != known.state {
            return Err(resource_in_use(record));
        }
        Ok(entity::Table {
            state: next,
            ..record.clone()
        })
    })
    .await
}

/// Changes the record of a table that is still the same one, and gives it as it is then.
pub(super) async fn update_record(
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

/// Forgets the record, and lets go of its place if that has no other. One that is gone was given up by somebody who ended the same
/// removal. The caller has the place's write turn, or nobody is served yet.
async fn delete_record(
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
    let mut others = index.tables(table.account, &table.region, None);
    if let (None, Some(account_region)) = (others.next(), table.account_region())
        && let Err(error) = store.leave(&account_region).await
    {
        // An empty file stays, which the next table of the place is put into.
        let arn = table.arn();
        tracing::warn!(
            error = &error as &dyn Error,
            "What was kept for the account_region of the table `{arn}` could not be removed"
        );
    }
    Ok(())
}

/// Removes a table that nobody was told of, protected or not: from the store, if it is there, and then its record.
async fn remove_unannounced(
    state: &IdentityState,
    store: &dyn TableStore,
    table: &entity::Table,
) -> Result<(), AwsError> {
    // It may never have been made. What the store would take for it then is not this table's.
    names::check(&state.current(), table)?;
    match delete_from_store(store, table).await {
        Err(error) if is_protection(&error) => {
            let unprotected = json!({ "DeletionProtectionEnabled": false });
            let done = call_store(store, table, Operation::UpdateTable, unprotected).await;
            done.map_err(refusal)?;
            delete_from_store(store, table).await
        }
        outcome => outcome,
    }
    .map_err(refusal)?;
    delete_record(state, store, table).await
}

/// Whether a table is not removed because it is protected: nothing else is wrong with a request of a name alone.
fn is_protection(error: &TableError) -> bool {
    matches!(error, TableError::Refused(error) if error.code() == Code::ValidationError)
}

/// Removes a table from the store, if it is there and not protected.
async fn delete_from_store(
    store: &dyn TableStore,
    table: &entity::Table,
) -> Result<(), TableError> {
    match call_store(store, table, Operation::DeleteTable, json!({})).await {
        Ok(_) => Ok(()),
        Err(TableError::Refused(error)) if error.code() == Code::ResourceNotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// An operation on a table, with what it takes beside the name.
async fn call_store(
    store: &dyn TableStore,
    table: &entity::Table,
    operation: Operation,
    mut body: Value,
) -> Result<String, TableError> {
    let account_region: Option<AccountRegion> = table.account_region();
    let account_region = account_region
        .ok_or_else(|| TableError::Failed("a table's record has no account_region".into()))?;
    if let Value::Object(members) = &mut body {
        members.insert("TableName".to_owned(), table.name.as_str().into());
    }
    store
        .call(&account_region, operation, body.to_string())
        .await
}

async fn update_index<T>(
    state: &IdentityState,
    decide: impl FnMut(&Index) -> Result<(Transaction, T), AwsError>,
) -> Result<T, AwsError> {
    match state.update(decide).await {
        Ok(outcome) => Ok(outcome),
        Err(UpdateError::Refused(error)) => Err(error),
        Err(error @ (UpdateError::Busy | UpdateError::Invalid(_) | UpdateError::Store(_))) => {
            tracing::error!(
                error = &error as &dyn Error,
                "A table's record could not be stored"
            );
            Err(AwsError::internal(Protocol::DynamoDb))
        }
    }
}

fn resource_in_use(table: &entity::Table) -> AwsError {
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

#[cfg(test)]
mod tests;
