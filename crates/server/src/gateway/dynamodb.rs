//! DynamoDB: requests to tables, decided on and executed against the store that holds them.
//!
//! A body is read once, decided on for every table that it names, and sent on as it was read. What the caller named by ARN goes on by
//! name, and answers have our ARNs. The caller's credentials end here.

mod execute;
mod expiry;
mod pages;
mod response;
mod table_locks;
mod tables;
mod tags;
mod upstream_request;

use std::{collections::HashSet, sync::Arc};

use bowline_aws::{
    dynamodb::{AccountRegion, Api, KeySchema, Operation, Request, ResourceSpec, TableResource},
    error::{AwsError, Code},
    requirement::Requirement,
    sigv4::UnverifiedRequest,
};
use bowline_iam::decision::Permit;
use http::Method;

use super::dynamodb::execute::{AuthorizedTableOperation, execute};
use crate::{
    app::App,
    http::{body::RequestBody, response::Response},
    identity::{
        entity::TableState,
        index::{Index, TableEntry},
    },
    request::{
        authenticate::{Signed, signed_body},
        authorize::Authorizer,
        caller::Caller,
        error::RequestError,
        record::{AuditedResource, RequestRecord},
    },
};
pub(crate) use expiry::expire_items;
pub(crate) use table_locks::RegionLocks;
pub(crate) use tables::recover;

/// The version of the API, as its errors have it.
const VERSION: &str = "2012-08-10";
/// Most bytes of the body of what is no operation: enough to tell the caller so.
const MAX_UNKNOWN_OPERATION_BYTES: usize = 64 * 1024;

/// Serves a call of DynamoDB or of its streams. `name` is what stands after the dot of `X-Amz-Target`.
pub(crate) async fn serve(
    app: &App,
    record: &mut RequestRecord<'_>,
    signature: &UnverifiedRequest<'_>,
    (target, name): (Api, &str),
    body: RequestBody,
) -> Result<Response, RequestError> {
    let head = record.head;
    let operation = Operation::parse(target, name);
    let max_bytes = operation.map_or(MAX_UNKNOWN_OPERATION_BYTES, Operation::max_body_bytes);
    let Signed {
        body,
        caller,
        index,
    } = signed_body(record, signature, &app.state, body, max_bytes).await?;

    let unknown = || AwsError::unknown_operation(name, VERSION);
    if *head.method() != Method::POST || head.path() != "/" || !head.query().is_empty() {
        let why = "DynamoDB takes POST requests to / without a query";
        return Err(RequestError::new(unknown(), why));
    }
    let operation = operation.ok_or_else(unknown)?;
    record.operation = Some(operation.into());
    let region = signature.scope().region();
    let account_region = AccountRegion::new(caller.account(), region).ok_or_else(|| {
        let message = "Credential should be scoped to a valid region. ";
        AwsError::new(Code::SignatureDoesNotMatch, message)
    })?;
    let authorizer = Authorizer::new(&index, head, record.service, Some(region), Some(&caller));
    if !operation.is_built() {
        return Err(not_built(&authorizer, operation));
    }
    let request = Request::read(operation, &body)?;
    audit_tables(record, &request, &account_region);
    let call = TableCall {
        app,
        index: &index,
        caller: &caller,
        account_region: &account_region,
        request: &request,
    };
    let permit = call.authorize(&authorizer)?;
    app.audit.check_before(record)?;
    let body = call.execute(record, permit).await?;
    Ok(response::ok(body))
}

/// An operation that exists and is not built: told so to whoever may do all of its kind.
fn not_built(authorizer: &Authorizer<'_>, operation: Operation) -> RequestError {
    let actions = operation.actions().iter();
    let requirements: Vec<_> = actions
        .map(|action| Requirement::any_resource(*action))
        .collect();
    match authorizer.permit(&requirements, ()) {
        Ok(_) => AwsError::unknown_operation(operation.name(), VERSION).into(),
        Err(refused) => refused,
    }
}

/// Takes what is asked into the record: names of tables, and nothing of items.
fn audit_tables(
    record: &mut RequestRecord<'_>,
    request: &Request<'_>,
    account_region: &AccountRegion,
) {
    for (name, told) in [("TableName", "tableName"), ("IndexName", "indexName")] {
        let text = request.text(name).map(str::to_owned);
        record.parameters.add_if(told, text);
    }
    let arn = request.text("ResourceArn").map(str::to_owned);
    record.parameters.add_if("resourceArn", arn);
    let mut tables = request.tables(account_region);
    tables.extend(request.text("ResourceArn").and_then(|arn| arn.parse().ok()));
    let mut subjects = tables
        .into_iter()
        .map(|table: TableResource| AuditedResource {
            account: Some(table.account_region.account()),
            arn: table.to_string(),
        });
    record.resource = subjects.next();
    record.other_resources = subjects.collect();
}

/// What is known of a request once it was read.
struct TableCall<'a> {
    app: &'a App,
    index: &'a Arc<Index>,
    caller: &'a Caller,
    account_region: &'a AccountRegion,
    request: &'a Request<'a>,
}

/// The records as the decision sees them: those of the caller's account. A policy could ask for the others otherwise, and tell its owner
/// what it found.
struct Records<'a>(&'a Index, &'a AccountRegion);

impl KeySchema for Records<'_> {
    fn partition_key(&self, resource: &TableResource) -> Option<&str> {
        let record = &self.table(resource)?.record;
        match &resource.index {
            None => record.partition_key.as_deref(),
            Some(index) => {
                let found = record.index_partition_keys.get(index.as_str());
                found.map(String::as_str)
            }
        }
    }
}

impl<'a> Records<'a> {
    fn table(&self, resource: &TableResource) -> Option<&'a Arc<TableEntry>> {
        let own = resource.account_region.account() == self.1.account();
        own.then(|| record(self.0, resource)).flatten()
    }
}

/// The record of a table, in whatever state it is.
fn record<'i>(index: &'i Index, resource: &TableResource) -> Option<&'i Arc<TableEntry>> {
    let account_region = &resource.account_region;
    index.table(
        account_region.account(),
        account_region.region(),
        resource.table.as_str(),
    )
}

impl TableCall<'_> {
    fn authorize(
        &self,
        authorizer: &Authorizer<'_>,
    ) -> Result<Permit<AuthorizedTableOperation>, RequestError> {
        let records = Records(self.index, self.account_region);
        let requirements = self.request.requirements(self.account_region, &records)?;
        self.check_complete(&requirements)?;
        let about = || requirements.iter().filter_map(Requirement::table);
        let known = about().map(|resource| Some(&*records.table(resource)?.record));
        let bound = AuthorizedTableOperation {
            operation: self.request.operation(),
            account_region: self.account_region.clone(),
            tables: about().cloned().collect(),
            body: upstream_request::to_upstream(self.request, self.caller, known),
        };
        authorizer.permit(&requirements, bound)
    }

    /// Every table that is named anywhere is decided about. If one were not, that would be a mistake of ours.
    fn check_complete(&self, requirements: &[Requirement<'_>]) -> Result<(), AwsError> {
        let about = requirements.iter().filter_map(Requirement::table);
        let decided: HashSet<_> = about.map(|r| (&r.account_region, &r.table)).collect();
        let named = self.request.tables(self.account_region);
        if named
            .iter()
            .all(|r| decided.contains(&(&r.account_region, &r.table)))
        {
            Ok(())
        } else {
            Err(AwsError::internal(bowline_aws::error::Protocol::DynamoDb))
        }
    }

    async fn execute(
        &self,
        record: &RequestRecord<'_>,
        permit: Permit<AuthorizedTableOperation>,
    ) -> Result<String, RequestError> {
        let operation = permit.action().operation;
        match (operation, operation.resource_spec()) {
            (Operation::CreateTable, _) => tables::create(self, record, permit).await,
            (Operation::DeleteTable, _) => tables::delete(self, permit).await,
            (Operation::UpdateTable, _) => tables::update(self, permit).await,
            (Operation::ListTables, _) => Ok(tables::list(self)?),
            (Operation::ListTagsOfResource, _) => Ok(tags::list(self, &permit)?),
            (Operation::TagResource | Operation::UntagResource, _) => {
                Ok(tags::change(self, &permit).await?)
            }
            (_, on) => {
                let tables = self.usable(&permit)?;
                let _lock = self.app.region_locks.read(self.account_region).await;
                self.check_unchanged(&tables)?;
                let answer = execute(permit, &*self.app.tables).await?;
                Ok(match (operation, on, tables.first()) {
                    (Operation::DescribeTable, _, Some(table)) => {
                        response::with_table_arns(&answer, &table.record)?
                    }
                    (_, ResourceSpec::EachTable(_), _) => {
                        response::with_requested_names(answer, &self.request.arns())?
                    }
                    _ => answer,
                })
            }
        }
    }

    /// The tables are still those that were decided about, with the keys that they had then.
    fn check_unchanged(&self, tables: &[&Arc<TableEntry>]) -> Result<(), RequestError> {
        let index = self.app.state.current();
        let same = |known: &&Arc<TableEntry>| {
            let known = &known.record;
            let now = index.table(known.account, &known.region, &known.name);
            now.is_some_and(|now| now.record.is_for_decisions(known))
        };
        if tables.iter().all(same) {
            return Ok(());
        }
        let why = "a table that was decided about was changed or removed meanwhile";
        let error = AwsError::new(Code::ResourceNotFound, "Requested resource not found");
        Err(RequestError::new(error, why))
    }

    /// The tables, if all of them can be used.
    fn usable(
        &self,
        permit: &Permit<AuthorizedTableOperation>,
    ) -> Result<Vec<&Arc<TableEntry>>, RequestError> {
        let tables = permit.action().tables.iter();
        tables.map(|resource| self.existing(resource)).collect()
    }

    /// A table that can be used.
    fn existing(&self, resource: &TableResource) -> Result<&Arc<TableEntry>, RequestError> {
        let record = record(self.index, resource)
            .filter(|_| resource.account_region == *self.account_region);
        let why = match record.map(|table| (table, table.record.state)) {
            Some((table, TableState::Active | TableState::Updating)) => return Ok(table),
            Some((_, TableState::Creating)) => "the table is being made, and cannot be used yet",
            Some((_, TableState::Deleting)) => "the table is being removed",
            None => "no table has this name there",
        };
        Err(RequestError::new(
            not_found(self.request.operation(), resource),
            why,
        ))
    }
}

fn not_found(operation: Operation, resource: &TableResource) -> AwsError {
    let message = if operation.is_about_data() {
        "Requested resource not found".to_owned()
    } else {
        format!(
            "Requested resource not found: Table: {} not found",
            resource.table
        )
    };
    AwsError::new(Code::ResourceNotFound, message)
}
