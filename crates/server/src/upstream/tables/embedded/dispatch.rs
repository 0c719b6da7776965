//! Calls the engine: reads a body into the engine's request, and writes its response. Both happen
//! without the database's lock.

use bowline_aws::dynamodb::Operation;
use dynoxide::{
    DynoxideError,
    actions::{
        create_table, delete_item, delete_table, describe_time_to_live, get_item, put_item,
        update_item,
    },
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    TableError, batch, builds,
    chores::Chores,
    engine::{Engine, run},
    engine_failed,
    error::{from_engine, from_reader, validation},
    item::{self, ItemRequest},
    names::NameMap,
    pages,
    step::{Job, StepError},
    time_to_live, transaction, trash,
};

/// Executes an operation on tables, whose names in messages become the client's.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "names and tags of tables are in their records, and the rest is not served"
)]
pub(super) fn dispatch(job: &Job, operation: Operation, body: &str) -> Result<String, StepError> {
    let call = Call {
        job,
        operation,
        body,
    };
    match operation {
        Operation::BatchGetItem => batch::get(&call),
        Operation::BatchWriteItem => batch::write(&call),
        Operation::CreateTable => {
            call.on_tables(|engine, request| run(create_table::execute(&engine.storage, request)))
        }
        Operation::DeleteItem => {
            call.on_item(|engine, request| run(delete_item::execute(&engine.storage, request)))
        }
        Operation::DeleteTable => call.delete_table(),
        Operation::DescribeTable => builds::describe_table(&call),
        Operation::DescribeTimeToLive => {
            call.on(|engine, request| run(describe_time_to_live::execute(&engine.storage, request)))
        }
        Operation::GetItem => {
            call.on_item(|engine, request| run(get_item::execute(&engine.storage, request)))
        }
        Operation::PutItem => {
            call.on_item(|engine, request| run(put_item::execute(&engine.storage, request)))
        }
        Operation::Query | Operation::Scan => pages::page(&call),
        Operation::TransactGetItems => transaction::get(&call),
        Operation::TransactWriteItems => transaction::write(&call),
        Operation::UpdateItem => {
            call.on_item(|engine, request| run(update_item::execute(&engine.storage, request)))
        }
        Operation::UpdateTable => builds::update(&call),
        Operation::UpdateTimeToLive => call.on_tables(time_to_live::update),
        _ => Err(TableError::NotBuilt(operation).into()),
    }
}

/// One call of an operation.
pub(super) struct Call<'a> {
    pub(super) job: &'a Job,
    pub(super) operation: Operation,
    pub(super) body: &'a str,
}

impl Call<'_> {
    fn names(&self) -> &NameMap {
        &self.job.names
    }

    /// The engine's request.
    pub(super) fn read<I: DeserializeOwned>(&self) -> Result<I, TableError> {
        self.read_from(self.body)
    }

    pub(super) fn read_from<I: DeserializeOwned>(&self, body: &str) -> Result<I, TableError> {
        serde_json::from_str(body)
            .map_err(|error| from_reader(self.operation, &self.names().message(error.to_string())))
    }

    /// An error of the engine.
    pub(super) fn failed(&self, error: DynoxideError) -> TableError {
        if let DynoxideError::EnvelopedValidation(message) = &error {
            let message = self.names().message(message.clone());
            validation(self.operation, &message, true)
        } else {
            from_engine(error, self.names())
        }
    }

    fn on<I: DeserializeOwned, O: Serialize>(
        &self,
        work: impl FnOnce(&Engine, I) -> dynoxide::Result<O>,
    ) -> Result<String, StepError> {
        let input = self.read()?;
        let output = self
            .job
            .slot
            .execute(|engine| work(engine, input).map_err(|error| self.failed(error)))?;
        Ok(json(&output)?)
    }

    /// Changes tables. The next page sees them as they are then.
    fn on_tables<I: DeserializeOwned, O: Serialize>(
        &self,
        work: impl FnOnce(&Engine, I) -> dynoxide::Result<O>,
    ) -> Result<String, StepError> {
        let outcome = self.on(work);
        self.job.slot.forget_tables();
        outcome
    }

    fn delete_table(&self) -> Result<String, StepError> {
        let input: delete_table::DeleteTableRequest = self.read()?;
        let table = input.table_name.clone();
        let slot = &self.job.slot;
        let outcome = slot.execute(|engine| {
            let known = engine.storage.get_table_metadata(&table);
            let known = known.map_err(engine_failed)?;
            let is_protected = known
                .as_ref()
                .is_some_and(|known| known.deletion_protection_enabled);
            let delete = |engine: &Engine| {
                let request = delete_table::execute(&engine.storage, input, &engine.vectors);
                run(request).map_err(|error| self.failed(error))
            };
            if known.is_none() || is_protected {
                // The engine rejects the request.
                return delete(engine).map_err(|error| {
                    if let (TableError::Rejected(error), true) = (&error, is_protected) {
                        return TableError::DeletionProtected(error.clone());
                    }
                    error
                });
            }
            let deleted = builds::in_transaction(engine, |connection| {
                builds::forget(engine, &table, None)?;
                trash::discard(connection, &table)?;
                delete(engine)
            })?;
            slot.set_chores(Chores::load(engine)?);
            Ok(deleted)
        });
        slot.forget_tables();
        Ok(json(&outcome?)?)
    }

    fn on_item<I: DeserializeOwned + ItemRequest, O: Serialize>(
        &self,
        work: impl FnOnce(&Engine, I) -> dynoxide::Result<O>,
    ) -> Result<String, StepError> {
        let mut input: I = self.read()?;
        let output = self.job.slot.execute(|engine| {
            item::check(self.job, engine, &input, self.body.len())?;
            item::bound_metrics(engine, &mut input)?;
            let output = work(engine, input).map_err(|error| self.failed(error))?;
            Ok::<_, StepError>(output)
        })?;
        Ok(json(&output)?)
    }
}

pub(super) fn json(value: &impl Serialize) -> Result<String, TableError> {
    serde_json::to_string(value).map_err(|error| TableError::Failed(error.into()))
}
