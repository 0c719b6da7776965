//! The permissions that a request requires, and its condition keys.
//!
//! The condition keys are those of "Using IAM policy conditions for fine-grained access control"
//! (Amazon `DynamoDB` Developer Guide). An omitted parameter has its default value, so that
//! `IfExists` cannot be passed by omitting it. A value that cannot be determined is
//! [`ConditionValue::Unknown`]: an `Allow` with a condition on it does not apply, and a `Deny`
//! does.

mod part;

use std::borrow::Cow;

use bowline_iam::context::ConditionValue;
use bowline_json::{Json, JsonKind, JsonObject};

use self::part::{CollectedValues, Part, consumed_capacity, leading_keys};
use super::{
    operation::{Operation, ResourceSpec},
    request::Request,
    shape::present,
    table::{AccountRegion, TableRef, TableResource},
};
use crate::{
    error::{AwsError, Code},
    requirement::{ConditionEntry, Requirement, ResourceOwner, request_tag_keys},
};

/// The keys of existing tables.
pub trait KeySchema {
    /// The attribute that is the partition key of a table or an index. `None` if there are several,
    /// or if it is unknown.
    fn partition_key(&self, resource: &TableResource) -> Option<&str>;
}

impl Request<'_> {
    /// The permissions that the request requires.
    ///
    /// # Errors
    /// `ValidationException` for a resource ARN that is not a table's, and for an item of a
    /// transaction of an unknown kind.
    pub fn requirements<'r>(
        &'r self,
        account_region: &AccountRegion,
        schema: &'r dyn KeySchema,
    ) -> Result<Vec<Requirement<'r>>, AwsError> {
        let body = self.root.as_object().ok_or_else(malformed)?;
        match self.operation().resource_spec() {
            ResourceSpec::Tables => Ok(vec![Requirement::new(
                first_action(self.operation()),
                account_region.table_arn("*"),
                ResourceOwner::Account(account_region.account()),
            )]),
            ResourceSpec::Table("ResourceArn") => self.tagging(body),
            ResourceSpec::Table(name) => {
                let resource = resource(body, name, None, account_region)?;
                Ok(self.of_table(body, &resource, schema))
            }
            ResourceSpec::TableOrIndex(name, index) => {
                let resource = resource(body, name, Some(index), account_region)?;
                Ok(self.of_table(body, &resource, schema))
            }
            ResourceSpec::EachTable(name) => {
                let tables = present(body, name).and_then(Json::as_object);
                let tables = tables.ok_or_else(malformed)?;
                tables
                    .members()
                    .iter()
                    .map(|entry| {
                        let table = TableRef::parse(&entry.name).map_err(|_| malformed())?;
                        Ok(self.of_batch(body, &entry.value, table.from(account_region), schema))
                    })
                    .collect()
            }
            ResourceSpec::EachItem(name) => {
                let items = present(body, name).and_then(Json::as_array);
                let items = items.ok_or_else(malformed)?;
                items
                    .iter()
                    .map(|item| self.of_transaction(body, item, account_region, schema))
                    .collect()
            }
            // These operations are not built, so their bodies are not parsed.
            ResourceSpec::Any
            | ResourceSpec::Arn(_)
            | ResourceSpec::GlobalTable(_)
            | ResourceSpec::Statement
            | ResourceSpec::Stream(_)
            | ResourceSpec::TableIn(_)
            | ResourceSpec::TableOrStream(_) => Err(malformed()),
        }
    }

    /// An operation on one table, or on items of one.
    fn of_table<'r>(
        &'r self,
        body: &'r JsonObject<'_>,
        resource: &TableResource,
        schema: &'r dyn KeySchema,
    ) -> Vec<Requirement<'r>> {
        let operation = self.operation();
        let mut keys = if operation.is_about_data() {
            let part = Part::new(body, schema.partition_key(resource));
            part.keys(operation, body, resource)
        } else {
            Vec::new()
        };
        let tags = present(body, "Tags").and_then(Json::as_array);
        keys.extend(tags.map(request_tags).unwrap_or_default());
        let arn = resource.to_string();
        let requirement = |action: &'static str| Requirement {
            action: action.into(),
            arn: arn.clone().into(),
            owner: ResourceOwner::Table(resource.clone()),
            keys: keys.clone(),
        };
        let mut requirements = vec![requirement(first_action(operation))];
        if operation == Operation::CreateTable && tags.is_some_and(|tags| !tags.is_empty()) {
            requirements.push(requirement("dynamodb:TagResource"));
        }
        requirements
    }

    fn of_batch<'r>(
        &'r self,
        body: &'r JsonObject<'_>,
        value: &'r Json<'_>,
        resource: TableResource,
        schema: &'r dyn KeySchema,
    ) -> Requirement<'r> {
        let partition_key = schema.partition_key(&resource);
        let (mut leading, mut attributes) = (CollectedValues::new(), CollectedValues::new());
        let mut keys = Vec::new();
        if let Some(object) = value.as_object() {
            let part = Part::new(object, partition_key);
            let each = present(object, "Keys").and_then(Json::as_array);
            for key in each.into_iter().flatten().filter_map(Json::as_object) {
                leading.add(part.partition_value(key));
                attributes.add_all(key.members().iter().map(|m| m.name.to_string()));
            }
            part.named_attributes(&mut attributes);
            let select = part.select(false);
            if select == "ALL_ATTRIBUTES" {
                attributes.set_unknown();
            }
            keys.push(("dynamodb:Select".into(), select.into()));
        } else {
            for write in value.as_array().into_iter().flatten() {
                let item = [("PutRequest", "Item"), ("DeleteRequest", "Key")];
                for (kind, member) in item {
                    let item = write.get(kind).and_then(|write| write.get(member));
                    if let Some(item) = item.and_then(Json::as_object) {
                        let part = Part::new(item, partition_key);
                        leading.add(part.partition_value(item));
                        attributes.add_all(item.members().iter().map(|m| m.name.to_string()));
                    }
                }
            }
        }
        leading_keys(&mut keys, leading);
        keys.push(("dynamodb:Attributes".into(), attributes.into_value()));
        keys.push(consumed_capacity(body));
        Requirement {
            action: first_action(self.operation()).into(),
            arn: resource.to_string().into(),
            owner: ResourceOwner::Table(resource),
            keys,
        }
    }

    /// One item of a transaction, which requires the permission of its operation.
    fn of_transaction<'r>(
        &'r self,
        body: &'r JsonObject<'_>,
        item: &'r Json<'_>,
        account_region: &AccountRegion,
        schema: &'r dyn KeySchema,
    ) -> Result<Requirement<'r>, AwsError> {
        let one_kind = || {
            AwsError::new(
                Code::ValidationError,
                "TransactItems can only contain one of Check, Put, Update or Delete",
            )
        };
        let item = item.as_object().ok_or_else(malformed)?;
        let mut kinds = item
            .members()
            .iter()
            .filter(|member| member.value.kind != JsonKind::Null);
        let (Some(kind), None) = (kinds.next(), kinds.next()) else {
            return Err(one_kind());
        };
        let (operation, action) = match &*kind.name {
            "Get" => (Operation::GetItem, "dynamodb:GetItem"),
            "Put" => (Operation::PutItem, "dynamodb:PutItem"),
            "Update" => (Operation::UpdateItem, "dynamodb:UpdateItem"),
            "Delete" => (Operation::DeleteItem, "dynamodb:DeleteItem"),
            "ConditionCheck" => (Operation::TransactWriteItems, "dynamodb:ConditionCheckItem"),
            _ => return Err(one_kind()),
        };
        let object = kind.value.as_object().ok_or_else(malformed)?;
        let resource = resource(object, "TableName", None, account_region)?;
        let part = Part::new(object, schema.partition_key(&resource));
        let mut keys = part.keys(operation, body, &resource);
        let enclosing = self.operation().name();
        keys.push(("dynamodb:EnclosingOperation".into(), enclosing.into()));
        Ok(Requirement {
            action: action.into(),
            arn: resource.to_string().into(),
            owner: ResourceOwner::Table(resource),
            keys,
        })
    }

    /// An operation on the tags of a table, which is named by its ARN.
    fn tagging<'r>(&'r self, body: &'r JsonObject<'_>) -> Result<Vec<Requirement<'r>>, AwsError> {
        let arn = self.text("ResourceArn").unwrap_or_default();
        let resource: Option<TableResource> = arn.parse().ok();
        let resource = resource.filter(|resource| resource.index.is_none());
        let resource = resource.ok_or_else(|| {
            AwsError::new(
                Code::ValidationError,
                format!("Invalid TableArn: Invalid ResourceArn provided as input {arn}"),
            )
        })?;
        let array = |name| present(body, name).and_then(Json::as_array);
        let mut keys = array("Tags").map(request_tags).unwrap_or_default();
        if let Some(names) = array("TagKeys") {
            let names = names.iter().filter_map(Json::as_str);
            let names = ConditionValue::Set(names.map(Cow::Borrowed).collect());
            keys.push(("aws:TagKeys".into(), names));
        }
        Ok(vec![Requirement {
            action: first_action(self.operation()).into(),
            arn: resource.to_string().into(),
            owner: ResourceOwner::Table(resource),
            keys,
        }])
    }
}

/// The condition keys of the tags in a request.
fn request_tags<'v>(tags: &'v [Json<'_>]) -> Vec<ConditionEntry<'v>> {
    request_tag_keys(tags.iter().filter_map(|tag| {
        let text = |name| tag.get(name).and_then(Json::as_str);
        Some((text("Key")?, text("Value").unwrap_or_default()))
    }))
}

fn resource(
    object: &JsonObject<'_>,
    table: &str,
    index: Option<&str>,
    account_region: &AccountRegion,
) -> Result<TableResource, AwsError> {
    let invalid =
        |error: super::InvalidTableName| AwsError::new(Code::ValidationError, error.to_string());
    let text = |name| present(object, name).and_then(Json::as_str);
    let table = TableRef::parse(text(table).unwrap_or_default()).map_err(invalid)?;
    let mut resource = table.from(account_region);
    if let Some(index) = index.and_then(text) {
        resource.index = Some(index.parse().map_err(invalid)?);
    }
    Ok(resource)
}

fn first_action(operation: Operation) -> &'static str {
    operation.actions().first().copied().unwrap_or_default()
}

/// The error of bodies that the check of the shape rejects already.
fn malformed() -> AwsError {
    AwsError::new(Code::MalformedInput, "The request cannot be read")
}

#[cfg(test)]
mod tests;
