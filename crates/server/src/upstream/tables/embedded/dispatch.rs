//! Calls the engine: reads a body into the engine's request, and writes its response.

use bowline_aws::dynamodb::Operation;
use dynoxide::{Database, DynoxideError};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    TableError,
    error::{from_engine, from_reader, validation},
    names::NameMap,
};

/// Executes an operation on tables, whose names in messages become the client's.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "names and tags of tables are in their records, and the rest is not served"
)]
pub(super) fn dispatch(
    database: &Database,
    operation: Operation,
    body: &str,
    names: &NameMap,
) -> Result<String, TableError> {
    let run = Run {
        operation,
        body,
        names,
    };
    match operation {
        Operation::BatchGetItem => run.on(|request| database.batch_get_item(request)),
        Operation::BatchWriteItem => run.on(|request| database.batch_write_item(request)),
        Operation::CreateTable => run.on(|request| database.create_table(request)),
        Operation::DeleteItem => run.on(|request| database.delete_item(request)),
        Operation::DeleteTable => run.on(|request| database.delete_table(request)),
        Operation::DescribeTable => run.on(|request| database.describe_table(request)),
        Operation::DescribeTimeToLive => run.on(|request| database.describe_time_to_live(request)),
        Operation::GetItem => run.on(|request| database.get_item(request)),
        Operation::PutItem => run.on(|request| database.put_item(request)),
        Operation::Query => run.on(|request| database.query(request)),
        Operation::Scan => run.on(|request| database.scan(request)),
        Operation::TransactGetItems => run.on(|request| database.transact_get_items(request)),
        Operation::TransactWriteItems => run.on(|request| database.transact_write_items(request)),
        Operation::UpdateItem => run.on(|request| database.update_item(request)),
        Operation::UpdateTable => run.on(|request| database.update_table(request)),
        Operation::UpdateTimeToLive => run.on(|request| database.update_time_to_live(request)),
        _ => Err(TableError::NotBuilt(operation)),
    }
}

struct Run<'a> {
    operation: Operation,
    body: &'a str,
    names: &'a NameMap,
}

impl Run<'_> {
    fn on<I: DeserializeOwned, O: Serialize>(
        &self,
        work: impl FnOnce(I) -> dynoxide::Result<O>,
    ) -> Result<String, TableError> {
        let input = serde_json::from_str(self.body)
            .map_err(|error| from_reader(self.operation, &self.names.message(error.to_string())))?;
        let output = work(input).map_err(|error| {
            if let DynoxideError::EnvelopedValidation(message) = &error {
                let message = self.names.message(message.clone());
                validation(self.operation, &message, true)
            } else {
                from_engine(error, self.names)
            }
        })?;
        serde_json::to_string(&output).map_err(|error| TableError::Failed(error.into()))
    }
}
