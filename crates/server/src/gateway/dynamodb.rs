//! DynamoDB: authorizes requests to tables, and executes them on the stores of the tables.
//!
//! A body is parsed once. Every table that it names is authorized, and the store gets exactly what
//! was parsed. Tables that the client named by ARN go to the store by name, and responses have our
//! ARNs. The caller's credentials end here.

mod execute;
mod expiry;
mod response;
pub(crate) mod table_locks;
mod tables;
mod tags;
mod upstream_request;

use std::{collections::HashSet, error::Error, sync::Arc};

use bowline_aws::{
    dynamodb::{AccountRegion, Api, KeySchema, Operation, Request, ResourceSpec, TableResource},
    error::{AwsError, Code, Protocol},
    requirement::Requirement,
    sigv4::UnverifiedRequest,
};
use bowline_iam::decision::Permit;
use http::Method;
use jiff::Timestamp;

use self::execute::{AuthorizedTableOperation, client_error, execute};
use crate::{
    app::App,
    http::{body::RequestBody, response::Response},
    identity::{
        entity::{self, TableState},
        index::{Index, TableEntry},
    },
    request::{
        authenticate::{Signed, signed_body},
        authorize::Authorizer,
        caller::Caller,
        error::RequestError,
        record::{AuditedResource, RequestRecord},
    },
    upstream::{
        UnknownUpstream,
        tables::{ItemShare, TableStore, parsed_bytes},
    },
};
pub(crate) use expiry::expire_items;
pub(crate) use tables::recover;

/// The version of the API in its errors.
const VERSION: &str = "2012-08-10";
/// Memory that a request for many items waits for. More is reserved as it reads them.
const FIRST_RESPONSE_BYTES: usize = 640 << 10;
/// Maximum body of an unknown operation, which is read so that the caller gets a response.
const MAX_UNKNOWN_OPERATION_BYTES: usize = 64 * 1024;

/// Serves a request to DynamoDB or its streams. `name` is the part of `X-Amz-Target` after the dot.
pub(crate) async fn serve(
    app: &App,
    record: &mut RequestRecord<'_>,
    signature: &UnverifiedRequest<'_>,
    (api, name): (Api, &str),
    body: RequestBody,
) -> Result<Response, RequestError> {
    let operation = Operation::parse(api, name);
    let max_bytes = operation.map_or(MAX_UNKNOWN_OPERATION_BYTES, Operation::max_body_bytes);
    let signed = signed_body(record, signature, &app.state, body, max_bytes).await?;
    Box::pin(authenticated(
        app,
        record,
        signature,
        (operation, name),
        signed,
    ))
    .await
}

async fn authenticated(
    app: &App,
    record: &mut RequestRecord<'_>,
    signature: &UnverifiedRequest<'_>,
    (operation, name): (Option<Operation>, &str),
    signed: Signed,
) -> Result<Response, RequestError> {
    let head = record.head;
    let Signed {
        body,
        caller,
        index,
    } = signed;
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
        return Err(not_built(&authorizer, operation).await);
    }
    let address = head.peer.address;
    let parsed = ItemShare::new(&app.request_memory, &account_region, address);
    parsed.wait(parsed_bytes(&body)).await?;
    let request = Request::read(operation, &body)?;
    audit_tables(record, &request, &account_region);
    let share = ItemShare::new(&app.response_memory, &account_region, address);
    let share = Arc::new(share);
    record.until_sent = Some(Arc::clone(&share) as _);
    let call = TableCall {
        app,
        share: &share,
        index: &index,
        caller: &caller,
        account_region: &account_region,
        request: &request,
        now: record.head.now,
    };
    let permit = call.authorize(&authorizer).await?;
    app.audit.check_before(record)?;
    let body = call.execute(permit).await?;
    Ok(response::ok(body))
}

/// The error of an operation that is not built: callers who may do everything of its kind learn
/// that.
async fn not_built(authorizer: &Authorizer<'_>, operation: Operation) -> RequestError {
    let actions = operation.actions().iter();
    let requirements: Vec<_> = actions
        .map(|action| Requirement::any_resource(*action))
        .collect();
    match authorizer.permit(&requirements, ()).await {
        Ok(_) => AwsError::unknown_operation(operation.name(), VERSION).into(),
        Err(denied) => denied,
    }
}

/// Records the tables that a request names, and nothing of items.
fn audit_tables(
    record: &mut RequestRecord<'_>,
    request: &Request<'_>,
    account_region: &AccountRegion,
) {
    for (name, audited) in [("TableName", "tableName"), ("IndexName", "indexName")] {
        let text = request.text(name).map(str::to_owned);
        record.parameters.add_if(audited, text);
    }
    let arn = request.text("ResourceArn").map(str::to_owned);
    record.parameters.add_if("resourceArn", arn);
    let mut tables = request.tables(account_region);
    tables.extend(request.text("ResourceArn").and_then(|arn| arn.parse().ok()));
    let mut resources = tables
        .into_iter()
        .map(|table: TableResource| AuditedResource {
            account: Some(table.account_region.account()),
            arn: table.to_string(),
        });
    record.resource = resources.next();
    record.other_resources = resources.collect();
}

/// A parsed request and its caller.
struct TableCall<'a> {
    app: &'a App,
    /// The memory that the response may take.
    share: &'a Arc<ItemShare>,
    index: &'a Arc<Index>,
    caller: &'a Caller,
    account_region: &'a AccountRegion,
    request: &'a Request<'a>,
    now: Timestamp,
}

/// The records that a decision may use: those of the caller's account. Otherwise a policy's
/// conditions could reveal facts about another account's tables to the policy's owner.
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

/// The record of a table in any state.
fn record<'i>(index: &'i Index, resource: &TableResource) -> Option<&'i Arc<TableEntry>> {
    let account_region = &resource.account_region;
    index.table(
        account_region.account(),
        account_region.region(),
        resource.table.as_str(),
    )
}

impl<'a> TableCall<'a> {
    async fn authorize(
        &self,
        authorizer: &Authorizer<'_>,
    ) -> Result<Permit<AuthorizedTableOperation<'a>>, RequestError> {
        let records = Records(self.index, self.account_region);
        let requirements = self.request.requirements(self.account_region, &records)?;
        self.check_complete(&requirements)?;
        let about = || requirements.iter().filter_map(Requirement::table);
        let known = about().map(|resource| Some(&*records.table(resource)?.record));
        let operation = AuthorizedTableOperation {
            account_region: self.account_region,
            tables: about().cloned().collect(),
            request: self.request,
            replaced: upstream_request::to_upstream(self.request, self.caller, known),
        };
        authorizer.permit(&requirements, operation).await
    }

    /// Checks that the requirements cover every table that the request names. A gap is a bug of
    /// ours.
    fn check_complete(&self, requirements: &[Requirement<'_>]) -> Result<(), AwsError> {
        let about = requirements.iter().filter_map(Requirement::table);
        let covered: HashSet<_> = about.map(|r| (&r.account_region, &r.table)).collect();
        let named = self.request.tables(self.account_region);
        if named
            .iter()
            .all(|r| covered.contains(&(&r.account_region, &r.table)))
        {
            Ok(())
        } else {
            Err(AwsError::internal(Protocol::DynamoDb))
        }
    }

    async fn execute(
        &self,
        permit: Permit<AuthorizedTableOperation<'_>>,
    ) -> Result<String, RequestError> {
        let operation = permit.action().operation();
        match (operation, operation.resource_spec()) {
            (Operation::CreateTable, _) => tables::create(self, permit).await,
            (Operation::DeleteTable, _) => tables::delete(self, permit).await,
            (Operation::UpdateTable, _) => tables::update(self, permit).await,
            (Operation::ListTables, _) => Ok(tables::list(self)?),
            (Operation::ListTagsOfResource, _) => Ok(tags::list(self, &permit)?),
            (Operation::TagResource | Operation::UntagResource, _) => {
                Ok(tags::change(self, &permit).await?)
            }
            (_, resources) => {
                let tables = self.usable(&permit)?;
                let store = self.store(&tables)?;
                if may_be_large(operation) {
                    // No lock is held while waiting for a client.
                    self.share.wait(FIRST_RESPONSE_BYTES).await?;
                }
                let _lock = self.app.region_locks.read(self.account_region).await;
                self.check_unchanged(&tables)?;
                let body = execute(permit, store, &tables, self.share).await;
                let body = body.map_err(|error| {
                    let error = client_error(error.of_existing_tables());
                    if !has_items(error.code()) {
                        self.share.reduce(0);
                    }
                    error
                })?;
                self.share.reduce(body.len());
                Ok(match (operation, resources, tables.first()) {
                    (Operation::DescribeTable, _, Some(table)) => {
                        response::with_table_arns(&body, table)?
                    }
                    (_, ResourceSpec::EachTable(_), _) => {
                        response::with_requested_names(body, &self.request.arns())?
                    }
                    _ => body,
                })
            }
        }
    }

    /// The store of these tables.
    fn store(&self, tables: &[&entity::Table]) -> Result<&dyn TableStore, AwsError> {
        let (first, others) = tables
            .split_first()
            .ok_or_else(|| AwsError::internal(Protocol::DynamoDb))?;
        if others.iter().any(|table| table.upstream != first.upstream) {
            let message = "The tables of a request must be stored in the same upstream";
            return Err(AwsError::new(Code::ValidationError, message));
        }
        self.app.upstreams.for_table(first).map_err(upstream_error)
    }

    /// Checks that the tables are unchanged since the request was authorized.
    fn check_unchanged(&self, tables: &[&entity::Table]) -> Result<(), RequestError> {
        let index = self.app.state.current();
        let same = |known: &&entity::Table| {
            let now = index.table(known.account, &known.region, &known.name);
            now.is_some_and(|now| now.record.is_for_decisions(known))
        };
        if tables.iter().all(same) {
            return Ok(());
        }
        let why = "a table was changed or deleted after the request was authorized";
        let error = AwsError::new(Code::ResourceNotFound, "Requested resource not found");
        Err(RequestError::new(error, why))
    }

    /// The tables, if all of them can be used.
    fn usable(
        &self,
        permit: &Permit<AuthorizedTableOperation<'_>>,
    ) -> Result<Vec<&'a entity::Table>, RequestError> {
        let tables = permit.action().tables.iter();
        tables
            .map(|resource| self.existing(resource).map(|table| &*table.record))
            .collect()
    }

    /// A table that can be used.
    fn existing(&self, resource: &TableResource) -> Result<&'a Arc<TableEntry>, RequestError> {
        let record = record(self.index, resource)
            .filter(|_| resource.account_region == *self.account_region);
        let why = match record.map(|table| (table, table.record.state)) {
            Some((table, TableState::Active | TableState::Updating)) => return Ok(table),
            Some((_, TableState::Creating)) => "the table is being created",
            Some((_, TableState::Deleting)) => "the table is being deleted",
            None => "the table does not exist in the account and region",
        };
        Err(self.not_found(resource, why))
    }

    /// The record of a table in any state.
    fn record(&self, resource: &TableResource) -> Result<Arc<entity::Table>, RequestError> {
        let table = record(self.index, resource);
        let table = table.filter(|_| resource.account_region == *self.account_region);
        table.map(|table| Arc::clone(&table.record)).ok_or_else(|| {
            self.not_found(
                resource,
                "the table does not exist in the account and region",
            )
        })
    }

    fn not_found(&self, resource: &TableResource, why: &str) -> RequestError {
        RequestError::new(not_found(self.request.operation(), resource), why)
    }
}

/// Whether a response can have many items.
fn may_be_large(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::BatchGetItem | Operation::Query | Operation::Scan | Operation::TransactGetItems
    )
}

/// Whether an error can have items in its body.
fn has_items(code: Code) -> bool {
    matches!(
        code,
        Code::ConditionalCheckFailed | Code::TransactionCanceled
    )
}

/// The error for a table whose upstream is not configured.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the argument of `map_err`"
)]
fn upstream_error(error: UnknownUpstream) -> AwsError {
    let error = &error as &dyn Error;
    tracing::error!(error, "A table cannot be used");
    AwsError::internal(Protocol::DynamoDb)
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
