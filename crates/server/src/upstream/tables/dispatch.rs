//! From an operation and a body to the embedded database and back.

use bowline_aws::dynamodb::Operation;
use dynoxide::{Database, DynoxideError};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    TableError,
    failure::{failed, unreadable, validation},
};

/// Carries out an operation.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "names and tags of tables are in their records, and the rest is not served"
)]
pub(super) fn dispatch(
    database: &Database,
    operation: Operation,
    body: &str,
) -> Result<String, TableError> {
    let run = Run { operation, body };
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
}

impl Run<'_> {
    fn on<I: DeserializeOwned, O: Serialize>(
        &self,
        work: impl FnOnce(I) -> dynoxide::Result<O>,
    ) -> Result<String, TableError> {
        let input = serde_json::from_str(self.body)
            .map_err(|error| unreadable(self.operation, &error.to_string()))?;
        let output = work(input).map_err(|error| {
            if let DynoxideError::EnvelopedValidation(message) = &error {
                validation(self.operation, message, true)
            } else {
                failed(error)
            }
        })?;
        serde_json::to_string(&output).map_err(|error| TableError::Failed(error.into()))
    }
}
