//! Transactions: what all their items together take is bounded before the first is read.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use bowline_aws::error::{AwsError, Code};
use dynoxide::{
    Item,
    actions::{
        transact_get_items::{self, TransactGetItemsRequest},
        transact_write_items::{
            self, TransactWriteItem, TransactWriteItemsRequest, TransactWriteItemsResponse,
        },
    },
    types,
};

use super::{
    TableError,
    cost::Uses,
    dispatch::{Call, json},
    engine::{Engine, StoredKey, run},
    item::{self, asks, check_time, check_written, indexes},
    step::{StepError, rejected},
    tokens::Known,
    weight::{MAX_WEIGHT_OF_BYTE, SMALL_TEXT_BYTES, weight},
};

/// Bytes of all items of a transaction, as the service counts them ("Amazon `DynamoDB`
/// transactions", Amazon `DynamoDB` Developer Guide). Those that it only reads count as well.
const MAX_TRANSACTION_BYTES: usize = 4 << 20;
/// Memory of all parsed items of a transaction.
const MAX_TRANSACTION_WEIGHT: usize = 64 << 20;
/// Maximum length of a `ClientRequestToken`.
const MAX_TOKEN_BYTES: usize = 36;

/// The stored items that a transaction is about.
#[derive(Default)]
struct Sum {
    size: usize,
    text: usize,
    weight: usize,
    /// The heaviest item.
    most: usize,
}

impl Sum {
    /// Adds a stored item. The result is the length of its text, and its weight.
    fn add(&mut self, engine: &Engine, key: &StoredKey) -> Result<(usize, usize), TableError> {
        let Some((size, text)) = engine.sizes(key)? else {
            return Ok((0, 0));
        };
        let weight = if text < SMALL_TEXT_BYTES {
            text * MAX_WEIGHT_OF_BYTE
        } else {
            weight(engine.text(key)?.unwrap_or_default().as_bytes())
        };
        self.size += size;
        self.text += text;
        self.weight += weight;
        self.most = self.most.max(weight);
        Ok((text, weight))
    }

    fn check(&self) -> Result<(), StepError> {
        if self.size > MAX_TRANSACTION_BYTES {
            return Err(rejected(
                Code::ValidationError,
                "Collection size of items exceeded, which can also be caused by the aggregate size of the items in the transaction exceeding the 4MB limit",
            ));
        }
        if self.weight > MAX_TRANSACTION_WEIGHT {
            return Err(rejected(
                Code::ValidationError,
                "One or more parameter values were invalid: The items of the transaction have too many attributes and elements",
            ));
        }
        Ok(())
    }
}

/// `TransactGetItems`.
pub(super) fn get(call: &Call<'_>) -> Result<String, StepError> {
    let request: TransactGetItemsRequest = call.read()?;
    let response = call.job.slot.execute(|engine| {
        let mut sum = Sum::default();
        for item in &request.transact_items {
            if let Some(key) = engine.key(&item.get.table_name, &item.get.key)? {
                sum.add(engine, &key)?;
                sum.check()?;
            }
        }
        call.job.reserve(sum.text)?;
        call.job.fits(sum.weight + sum.text)?;
        run(transact_get_items::execute(&engine.storage, request))
            .map_err(|error| StepError::from(call.failed(error)))
    })?;
    Ok(json(&response)?)
}

/// `TransactWriteItems`. A transaction that is sent again with its token is executed once.
pub(super) fn write(call: &Call<'_>) -> Result<String, StepError> {
    let request: TransactWriteItemsRequest = call.read()?;
    let token = request.client_request_token.clone();
    if let Some(token) = &token
        && token.len() > MAX_TOKEN_BYTES
    {
        let problem = format!(
            "Value '{token}' at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to {MAX_TOKEN_BYTES}"
        );
        let error = AwsError::validation(&[problem]);
        return Err(TableError::Rejected(error).into());
    }
    let hash = token.as_ref().map(|_| hash(&request.transact_items));
    let hash = hash.transpose()?.unwrap_or_default();
    let response = call.job.slot.execute(|engine| {
        let now = engine.now();
        if let Some(token) = &token {
            match engine.tokens.look_up(token, hash, now) {
                Known::New => {}
                Known::Executed(units) => {
                    return Ok(repeated(units, &request.return_consumed_capacity));
                }
                Known::OtherRequest => {
                    return Err(rejected(
                        Code::IdempotentParameterMismatch,
                        "An error occurred (IdempotentParameterMismatchException)",
                    ));
                }
                Known::TooMany => {
                    return Err(rejected(
                        Code::Throttling,
                        "Rate exceeded: too many transactions with a ClientRequestToken in ten minutes",
                    ));
                }
            }
        }
        let units = check(call, engine, &request.transact_items)?;
        let response = run(transact_write_items::execute(&engine.storage, request))
            .map_err(|error| call.failed(error))?;
        if let Some(token) = token {
            engine.tokens.insert(token, hash, units, now);
        }
        Ok::<_, StepError>(response)
    })?;
    Ok(json(&response)?)
}

/// Checks all items of a transaction. The result is the read capacity of a repetition, by table.
fn check(
    call: &Call<'_>,
    engine: &Engine,
    items: &[TransactWriteItem],
) -> Result<Vec<(String, f64)>, StepError> {
    let mut sum = Sum::default();
    let mut units: BTreeMap<String, f64> = BTreeMap::new();
    let (mut time, mut written, mut returned, mut kept) = (0, 0, 0, 0);
    let none = Uses::default();
    for (at, action) in items.iter().enumerate() {
        let Some((table, item)) = target(action) else {
            continue;
        };
        let Some(key) = engine.key(table, item)? else {
            continue;
        };
        let put = match &action.put {
            Some(put) => Some((types::item_size(&put.item), json(&put.item)?.len())),
            None => None,
        };
        let before = sum.size;
        let (stored, weight) = sum.add(engine, &key)?;
        let mut size = sum.size - before;
        if let Some((new, _)) = put {
            // The larger of both counts.
            sum.size += new.saturating_sub(size);
            size = size.max(new);
        }
        sum.check()?;
        let uses = call.job.uses.get(at).unwrap_or(&none);
        time += item::time(engine, &key, uses)?;
        check_time(time)?;
        if action.condition_check.is_none() {
            let text = put.map_or(stored, |(_, text)| text.max(stored));
            written += text * (1 + indexes(engine, table)?);
            check_written(written)?;
        }
        if returns(action) {
            returned += stored;
            kept += weight;
        }
        *units.entry(table.to_owned()).or_default() +=
            types::TRANSACTIONAL_CAPACITY_FACTOR * types::read_capacity_units(size);
    }
    call.job.reserve(returned)?;
    call.job.fits(kept + 2 * sum.most)?;
    Ok(units.into_iter().collect())
}

/// The table of an action, and its item or key.
fn target(action: &TransactWriteItem) -> Option<(&str, &Item)> {
    let put = action.put.as_ref().map(|put| (&*put.table_name, &put.item));
    let update = action.update.as_ref();
    let delete = action.delete.as_ref();
    let check = action.condition_check.as_ref();
    put.or(update.map(|update| (&*update.table_name, &update.key)))
        .or(delete.map(|delete| (&*delete.table_name, &delete.key)))
        .or(check.map(|check| (&*check.table_name, &check.key)))
}

/// Whether the response has the stored item if the action's condition fails.
fn returns(action: &TransactWriteItem) -> bool {
    let put = action.put.as_ref();
    let update = action.update.as_ref();
    let delete = action.delete.as_ref();
    let check = action.condition_check.as_ref();
    let values = put
        .and_then(|put| put.return_values_on_condition_check_failure.as_ref())
        .or(update.and_then(|update| update.return_values_on_condition_check_failure.as_ref()))
        .or(delete.and_then(|delete| delete.return_values_on_condition_check_failure.as_ref()))
        .or(check.and_then(|check| check.return_values_on_condition_check_failure.as_ref()));
    asks(values)
}

/// The response to a transaction that was executed before.
#[expect(clippy::ref_option, reason = "it is the engine's type")]
fn repeated(units: Vec<(String, f64)>, mode: &Option<String>) -> TransactWriteItemsResponse {
    let units: HashMap<String, f64> = units.into_iter().collect();
    TransactWriteItemsResponse {
        consumed_capacity: types::build_transactional_capacity(
            &units,
            mode,
            types::transactional_read_capacity,
        ),
        item_collection_metrics: None,
    }
}

/// A hash of the actions, whatever the order of the members is.
fn hash(items: &[TransactWriteItem]) -> Result<u64, TableError> {
    let mut hasher = DefaultHasher::new();
    for item in items {
        // The members of a JSON object are sorted.
        let item = serde_json::to_value(item).map_err(super::invalid_json)?;
        item.to_string().hash(&mut hasher);
    }
    hasher.write_usize(items.len());
    Ok(hasher.finish())
}
