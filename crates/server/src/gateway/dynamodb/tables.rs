//! Creates, changes, deletes and lists tables.
//!
//! The record is written before the table is created in the store, and deleted after it was deleted
//! there. So a crash leaves a state that [`recover`] reconciles, and never items without an owner.
//! Every step names the record as the step before left it, and fails if it was changed since.

mod description;
mod reconcile;
pub(super) mod records;

use std::collections::{BTreeMap, BTreeSet};

use bowline_aws::{
    dynamodb::{Operation, Request, TableResource},
    error::{AwsError, Code, Protocol},
};
use bowline_iam::decision::Permit;
use bowline_json::{Json, JsonObject};
use serde_json::json;

pub(crate) use self::reconcile::recover;
use self::{
    reconcile::{activate, describe, reconcile, remove_unannounced, rollback_create},
    records::{
        change_state, choose_name, delete_record, reload_unchanged, reserve_name, resource_in_use,
        update_index, update_record,
    },
};
use super::{
    TableCall,
    execute::{AuthorizedTableOperation, client_error, execute},
    response, tags, upstream_error,
};
use crate::{
    identity::{
        entity::{self, TableState, UpstreamNames},
        index::Index,
    },
    request::error::RequestError,
    upstream::{
        EMBEDDED,
        tables::{NameOf, TableError, TableStore},
    },
};

/// Maximum and default number of tables in a page of `ListTables`.
const MAX_LIST_PAGE: i64 = 100;

pub(super) async fn create(
    call: &TableCall<'_>,
    permit: Permit<AuthorizedTableOperation<'_>>,
) -> Result<String, RequestError> {
    let resource = single_table(&permit)?;
    // A table of another region would be created in this one, without a decision about it.
    if resource.account_region != *call.account_region {
        return Err(super::not_found(Operation::CreateTable, &resource).into());
    }
    check_keys(call.request)?;
    check_new_indexes(call.request)?;
    let mut table = entity::Table {
        name: resource.table.to_string(),
        account: resource.account_region.account(),
        region: resource.account_region.region().to_owned(),
        upstream: EMBEDDED.to_owned(),
        upstream_names: UpstreamNames::default(),
        state: TableState::Creating,
        created: call.now,
        partition_key: None,
        index_partition_keys: BTreeMap::new(),
        tags: tags::requested(call.request)?,
        lease: call.app.state.lease(call.now),
    };
    let state = &call.app.state;
    let store = call
        .app
        .upstreams
        .for_table(&table)
        .map_err(upstream_error)?;
    name_indexes(&state.current(), store, call.request, &[], &mut table)?;
    let _lock = call.app.region_locks.write(call.account_region).await;
    let table = update_index(state, |index| reserve_name(index, store, &table)).await?;
    let created = match execute(permit, store, &[&table], call.share).await {
        Ok(body) => activate(state, &table, &body).await.map(|()| body),
        Err(error) => Err(client_error(error)),
    };
    match created {
        Ok(body) => Ok(response::with_table_arns(&body, &table)?),
        Err(error) => {
            rollback_create(state, store, &table).await;
            Err(error.into())
        }
    }
}

/// Rejects a table without keys before a record is written for it.
fn check_keys(request: &Request<'_>) -> Result<(), AwsError> {
    let required = [
        ("AttributeDefinitions", "attributeDefinitions"),
        ("KeySchema", "keySchema"),
    ];
    let missing: Vec<_> = required
        .iter()
        .filter(|(member, _)| request.get(member).is_none())
        .map(|(_, name)| {
            format!("Value null at '{name}' failed to satisfy constraint: Member must not be null")
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(AwsError::validation(&missing))
}

pub(super) async fn delete(
    call: &TableCall<'_>,
    permit: Permit<AuthorizedTableOperation<'_>>,
) -> Result<String, RequestError> {
    let known = call.record(&single_table(&permit)?)?;
    let state = &call.app.state;
    let store = call
        .app
        .upstreams
        .for_table(&known)
        .map_err(upstream_error)?;
    let _lock = call.app.region_locks.write(call.account_region).await;
    let known = reload_unchanged(state, &known, call.now)?;
    // The request that created it has ended, and its client was not told of the table.
    if known.state == TableState::Creating {
        remove_unannounced(state, store, &known).await?;
        return Ok(deleted_response(&known)?);
    }
    let deleting = change_state(state, &known, TableState::Deleting, call.now).await?;
    match execute(permit, store, &[&deleting], call.share).await {
        Ok(body) => {
            delete_record(state, store, &deleting).await?;
            Ok(response::with_table_arns(&body, &deleting)?)
        }
        // An earlier request deleted it from the store, and was interrupted.
        Err(TableError::NotFound(_)) => {
            delete_record(state, store, &deleting).await?;
            Ok(deleted_response(&deleting)?)
        }
        // The table is as it was.
        Err(error @ (TableError::DeletionProtected(_) | TableError::Rejected(_))) => {
            reconcile(state, store, &deleting).await?;
            Err(client_error(error).into())
        }
        // It may have been deleted. The record stays, and is reconciled later.
        Err(error @ (TableError::NotBuilt(_) | TableError::Failed(_))) => {
            Err(client_error(error).into())
        }
    }
}

/// The response for a table that the store did not have any more.
fn deleted_response(table: &entity::Table) -> Result<String, AwsError> {
    let description = json!({ "TableName": table.name, "TableStatus": "DELETING" });
    let body = json!({ "TableDescription": description }).to_string();
    response::with_table_arns(&body, table)
}

pub(super) async fn update(
    call: &TableCall<'_>,
    permit: Permit<AuthorizedTableOperation<'_>>,
) -> Result<String, RequestError> {
    let known = call.record(&single_table(&permit)?)?;
    check_present_state(call.request, &known)?;
    let state = &call.app.state;
    let store = call
        .app
        .upstreams
        .for_table(&known)
        .map_err(upstream_error)?;
    let changed = changed_indexes(call.request.get("GlobalSecondaryIndexUpdates"));
    check_new_indexes(call.request)?;
    let _lock = call.app.region_locks.write(call.account_region).await;
    let known = reload_unchanged(state, &known, call.now)?;
    // An update that left it so has ended: it does not hold the lock any more.
    if !matches!(known.state, TableState::Active | TableState::Updating) {
        return Err(resource_in_use(&known).into());
    }
    let mut named = (*known).clone();
    if new_indexes(call.request).next().is_some() {
        let described = describe(store, &known).await.map_err(client_error)?;
        let existing: Vec<_> = description::indexes(&described)
            .map(|(name, _)| name)
            .collect();
        if let Some(name) = new_indexes(call.request).find(|name| existing.contains(name)) {
            return Err(invalid(&format!("Index already exists: {name}")).into());
        }
        name_indexes(&state.current(), store, call.request, &existing, &mut named)?;
    }
    let updating = update_record(state, &known, |record| {
        if record.state != known.state {
            return Err(resource_in_use(record));
        }
        let mut updating = record.clone();
        updating.state = TableState::Updating;
        updating.lease = state.lease(call.now);
        updating.upstream_names = named.upstream_names.clone();
        updating
            .index_partition_keys
            .retain(|name, _| !changed.contains(&**name));
        Ok(updating)
    })
    .await?;
    let outcome = execute(permit, store, &[&updating], call.share).await;
    // Whatever the outcome is, the record becomes what the store has now.
    reconcile(state, store, &updating).await?;
    let body = outcome.map_err(client_error)?;
    Ok(response::with_table_arns(&body, &updating)?)
}

/// Rejects to turn off what no table has, as AWS does. The members ask for nothing else.
fn check_present_state(request: &Request<'_>, table: &entity::Table) -> Result<(), AwsError> {
    if request.get("SSESpecification").is_some() {
        return Err(invalid("Table is already encrypted by default"));
    }
    if request.get("StreamSpecification").is_some() {
        let message = format!("Table has no stream to disable: TableName: {}", table.name);
        return Err(AwsError::new(Code::ValidationError, message));
    }
    Ok(())
}

/// The names of the caller's tables in the region.
pub(super) fn list(call: &TableCall<'_>) -> Result<String, AwsError> {
    let limit = match call.request.get("Limit").and_then(Json::as_i64) {
        None => MAX_LIST_PAGE,
        Some(limit @ 1..=MAX_LIST_PAGE) => limit,
        Some(limit) => {
            let constraint = if limit < 1 {
                "greater than or equal to 1"
            } else {
                "less than or equal to 100"
            };
            return Err(AwsError::validation(&[format!(
                "Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value {constraint}"
            )]));
        }
    };
    let after = call.request.text("ExclusiveStartTableName");
    let (account, region) = (call.account_region.account(), call.account_region.region());
    let mut tables = call.index.tables(account, region, after);
    let limit = usize::try_from(limit).unwrap_or_default();
    let names: Vec<String> = tables
        .by_ref()
        .take(limit)
        .map(|table| table.record.name.clone())
        .collect();
    let last = names.last().filter(|_| tables.next().is_some());
    let body = match last {
        Some(last) => json!({ "TableNames": names, "LastEvaluatedTableName": last }),
        None => json!({ "TableNames": names }),
    };
    Ok(body.to_string())
}

/// The table that an operation on a single table is about.
fn single_table(permit: &Permit<AuthorizedTableOperation<'_>>) -> Result<TableResource, AwsError> {
    let resource = permit.action().tables.first().cloned();
    resource.ok_or_else(|| AwsError::internal(Protocol::DynamoDb))
}

/// The indexes that an update names.
fn changed_indexes<'v>(updates: Option<&'v Json<'_>>) -> BTreeSet<&'v str> {
    let updates = updates.and_then(Json::as_array);
    let updates = updates.into_iter().flatten();
    updates
        .filter_map(Json::as_object)
        .flat_map(JsonObject::members)
        .filter_map(|update| update.value.get("IndexName")?.as_str())
        .collect()
}

/// The names of the indexes that a request creates.
fn new_indexes<'r>(request: &'r Request<'_>) -> impl Iterator<Item = &'r str> {
    let lists = [
        ("GlobalSecondaryIndexes", None),
        ("LocalSecondaryIndexes", None),
        ("GlobalSecondaryIndexUpdates", Some("Create")),
    ];
    let listed = |list| request.get(list).and_then(Json::as_array);
    lists.into_iter().flat_map(move |(list, member)| {
        let indexes = listed(list).unwrap_or_default().iter();
        indexes.filter_map(move |index| {
            let index = member.map_or(Some(index), |member| index.get(member))?;
            index.get("IndexName")?.as_str()
        })
    })
}

/// Rejects a request that creates two indexes with the same name.
fn check_new_indexes(request: &Request<'_>) -> Result<(), AwsError> {
    let mut seen = BTreeSet::new();
    match new_indexes(request).find(|name| !seen.insert(*name)) {
        Some(name) => Err(invalid(&format!("Duplicate index name: {name}"))),
        None => Ok(()),
    }
}

/// Lets the store name the indexes that a request creates, beside those that the table has.
fn name_indexes(
    index: &Index,
    store: &dyn TableStore,
    request: &Request<'_>,
    existing: &[&str],
    table: &mut entity::Table,
) -> Result<(), AwsError> {
    let existing = existing.iter();
    let mut names: Vec<String> = existing
        .map(|name| table.upstream_index_name(name).to_owned())
        .collect();
    for name in new_indexes(request) {
        let others: Vec<_> = names.iter().map(String::as_str).collect();
        let upstream = choose_name(index, store, NameOf::Index, name, &others)?;
        names.push(upstream.as_deref().unwrap_or(name).to_owned());
        let indexes = &mut table.upstream_names.indexes;
        // An earlier index of this name may have had another.
        indexes.remove(name);
        indexes.extend(upstream.map(|upstream| (name.to_owned(), upstream)));
    }
    Ok(())
}

fn invalid(what: &str) -> AwsError {
    let message = format!("One or more parameter values were invalid: {what}");
    AwsError::new(Code::ValidationError, message)
}

#[cfg(test)]
mod tests;
