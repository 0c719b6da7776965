//! The condition keys of a part of a request that is about items.

use std::borrow::Cow;

use bowline_iam::context::ConditionValue;
use bowline_json::{Json, JsonObject};

use crate::dynamodb::{
    expression::{self, Names},
    key_value,
    operation::Operation,
    shape::present,
    table::TableResource,
};

/// A part of a request that is about items: the body itself, one table of a batch, or one item of a
/// transaction.
pub(super) struct Part<'r, 'a> {
    object: &'r JsonObject<'a>,
    /// `ExpressionAttributeNames`.
    names: Names<'r>,
    /// The attribute that is the partition key of the part's table or index.
    partition_key: Option<&'r str>,
}

/// The values of a condition key, or `None` if not all of them can be determined.
#[derive(Debug)]
pub(super) struct CollectedValues(Option<Vec<String>>);

impl<'r, 'a> Part<'r, 'a> {
    pub(super) fn new(object: &'r JsonObject<'a>, partition_key: Option<&'r str>) -> Self {
        Self {
            object,
            names: present(object, "ExpressionAttributeNames")
                .and_then(Json::as_object)
                .map(Names::new)
                .unwrap_or_default(),
            partition_key,
        }
    }

    /// The condition keys of an operation on items. `TransactWriteItems` stands for a condition
    /// check.
    pub(super) fn keys(
        &self,
        operation: Operation,
        body: &JsonObject<'_>,
        resource: &TableResource,
    ) -> Vec<(Cow<'static, str>, ConditionValue<'r>)> {
        let mut attributes = CollectedValues::new();
        let mut leading = CollectedValues::new();
        let mut keys = Vec::new();
        self.named_attributes(&mut attributes);
        // A scan reads all partitions. AWS leaves the key out, which matches `ForAllValues`.
        if operation == Operation::Scan {
            leading.set_unknown();
        } else if operation == Operation::Query {
            leading.add(self.queried_partition());
        } else {
            leading.add(self.item().and_then(|item| self.partition_value(item)));
        }
        if matches!(
            operation,
            Operation::GetItem | Operation::Query | Operation::Scan
        ) {
            let select = self.select(resource.index.is_some());
            // The response has attributes that the request does not name.
            if select.starts_with("ALL_") {
                attributes.set_unknown();
            }
            keys.push(("dynamodb:Select".into(), select.to_owned().into()));
        } else {
            let returned = self.returned();
            if returned.starts_with("ALL_") {
                attributes.set_unknown();
            }
            keys.push(("dynamodb:ReturnValues".into(), returned.to_owned().into()));
        }
        leading_keys(&mut keys, leading);
        keys.push(("dynamodb:Attributes".into(), attributes.into_value()));
        keys.push(consumed_capacity(body));
        keys
    }

    /// The item or the key.
    fn item(&self) -> Option<&'r JsonObject<'a>> {
        let item = present(self.object, "Item").or_else(|| present(self.object, "Key"));
        item?.as_object()
    }

    pub(super) fn partition_value(&self, item: &JsonObject<'_>) -> Option<String> {
        key_value::text(item.get(self.partition_key?)?)
    }

    /// The partition that a query reads.
    fn queried_partition(&self) -> Option<String> {
        let partition_key = self.partition_key?;
        let expression = present(self.object, "KeyConditionExpression");
        let conditions = present(self.object, "KeyConditions").and_then(Json::as_object);
        match (expression, conditions) {
            (Some(expression), None) => {
                let value = expression::equal_to(expression.as_str()?, partition_key, &self.names)?;
                let values = present(self.object, "ExpressionAttributeValues")?.as_object()?;
                key_value::text(values.get(value)?)
            }
            (None, Some(conditions)) => {
                let condition = conditions.get(partition_key)?;
                if condition.get("ComparisonOperator")?.as_str()? != "EQ" {
                    return None;
                }
                match condition.get("AttributeValueList")?.as_array()? {
                    [only] => key_value::text(only),
                    _ => None,
                }
            }
            // The store rejects a query with both.
            _ => None,
        }
    }

    /// Adds every attribute that the part names.
    pub(super) fn named_attributes(&self, found: &mut CollectedValues) {
        const EXPRESSIONS: [&str; 5] = [
            "ConditionExpression",
            "FilterExpression",
            "KeyConditionExpression",
            "ProjectionExpression",
            "UpdateExpression",
        ];
        const BY_NAME: [&str; 8] = [
            "AttributeUpdates",
            "ExclusiveStartKey",
            "Expected",
            "Item",
            "Key",
            "KeyConditions",
            "QueryFilter",
            "ScanFilter",
        ];
        for name in EXPRESSIONS {
            let expression = present(self.object, name).and_then(Json::as_str);
            if let Some(expression) = expression {
                match expression::attributes(expression, &self.names) {
                    Some(attributes) => found.add_all(attributes.into_iter()),
                    None => found.set_unknown(),
                }
            }
        }
        for name in BY_NAME {
            let object = present(self.object, name).and_then(Json::as_object);
            let members = object.map(JsonObject::members).unwrap_or_default();
            found.add_all(members.iter().map(|member| member.name.to_string()));
        }
        let names = present(self.object, "AttributesToGet").and_then(Json::as_array);
        let names = names.into_iter().flatten().filter_map(Json::as_str);
        found.add_all(names.map(str::to_owned));
    }

    /// The `Select` of a read, or its default.
    pub(super) fn select(&self, of_index: bool) -> &'r str {
        let names = ["ProjectionExpression", "AttributesToGet"];
        match present(self.object, "Select").and_then(Json::as_str) {
            Some(select) => select,
            None if names
                .iter()
                .any(|name| present(self.object, name).is_some()) =>
            {
                "SPECIFIC_ATTRIBUTES"
            }
            None if of_index => "ALL_PROJECTED_ATTRIBUTES",
            None => "ALL_ATTRIBUTES",
        }
    }

    /// The most that a write returns: a failed condition may return the item as well.
    fn returned(&self) -> &'r str {
        let text = |name| present(self.object, name).and_then(Json::as_str);
        let returned = text("ReturnValues").unwrap_or("NONE");
        match text("ReturnValuesOnConditionCheckFailure") {
            Some(on_failure) if on_failure != "NONE" && !returned.starts_with("ALL_") => on_failure,
            Some(_) | None => returned,
        }
    }
}

impl CollectedValues {
    pub(super) fn new() -> Self {
        Self(Some(Vec::new()))
    }

    pub(super) fn set_unknown(&mut self) {
        self.0 = None;
    }

    pub(super) fn add(&mut self, value: Option<String>) {
        match value {
            Some(value) => self.add_all(std::iter::once(value)),
            None => self.set_unknown(),
        }
    }

    pub(super) fn add_all(&mut self, values: impl Iterator<Item = String>) {
        if let Some(known) = &mut self.0 {
            known.extend(values);
        }
    }

    pub(super) fn into_value<'v>(self) -> ConditionValue<'v> {
        match self.0 {
            Some(mut values) => {
                values.sort_unstable();
                values.dedup();
                ConditionValue::Set(values.into_iter().map(Cow::Owned).collect())
            }
            None => ConditionValue::Unknown,
        }
    }
}

/// `dynamodb:LeadingKeys`, and the same under its newer name. Tables here have no keys of several
/// attributes.
pub(super) fn leading_keys<'v>(
    keys: &mut Vec<(Cow<'static, str>, ConditionValue<'v>)>,
    leading: CollectedValues,
) {
    let value: ConditionValue<'v> = leading.into_value();
    keys.push(("dynamodb:LeadingKeys".into(), value.clone()));
    keys.push(("dynamodb:FirstPartitionKeyValues".into(), value));
    for later in ["Second", "Third", "Fourth"] {
        let key = format!("dynamodb:{later}PartitionKeyValues");
        keys.push((key.into(), ConditionValue::Unknown));
    }
}

pub(super) fn consumed_capacity<'v>(
    body: &JsonObject<'_>,
) -> (Cow<'static, str>, ConditionValue<'v>) {
    let requested = present(body, "ReturnConsumedCapacity").and_then(Json::as_str);
    let requested = requested.unwrap_or("NONE").to_owned();
    ("dynamodb:ReturnConsumedCapacity".into(), requested.into())
}
