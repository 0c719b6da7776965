//! The permissions that requests require, and their condition keys.

use super::*;

/// Tables whose partition key is `pk`, and an index of theirs with `day`.
struct Schema;

impl KeySchema for Schema {
    fn partition_key(&self, resource: &TableResource) -> Option<&str> {
        match (resource.table.as_str(), resource.index.as_ref()) {
            ("unknown", _) => None,
            (_, None) => Some("pk"),
            (_, Some(index)) => (index.as_str() == "by-day").then_some("day"),
        }
    }
}

fn account_region() -> AccountRegion {
    AccountRegion::new("432797229265".parse().unwrap(), "us-east-1").unwrap()
}

/// One line for each requirement: the action, the last part of the ARN, and the condition keys.
fn required(operation: Operation, body: &str) -> String {
    let request = Request::read(operation, body.as_bytes()).unwrap();
    let requirements = request.requirements(&account_region(), &Schema).unwrap();
    let lines = requirements.iter().map(|requirement| {
        let keys = requirement.keys.iter();
        let keys = keys.filter(|(key, _)| !key.contains("PartitionKeyValues"));
        let keys: Vec<_> = keys
            .map(|(key, value)| {
                let key = key.rsplit_once(':').unwrap().1;
                format!("{key}={}", value.texts().join(","))
            })
            .collect();
        let arn = requirement
            .arn
            .split_once(":432797229265:")
            .map_or(&*requirement.arn, |(_, rest)| rest);
        format!("{} {arn} {}", requirement.action, keys.join(" "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_keys_of_reads_say_what_they_name_and_return() {
    insta::assert_snapshot!(required(Operation::GetItem, r##"{"TableName": "insights", "Key": {"pk": {"S": "a"}, "sk": {"N": "1"}},
        "ProjectionExpression": "#s.x, b", "ExpressionAttributeNames": {"#s": "secret"}}"##), @"dynamodb:GetItem table/insights Select=SPECIFIC_ATTRIBUTES LeadingKeys=a Attributes=b,pk,secret,sk ReturnConsumedCapacity=NONE");
    insta::assert_snapshot!(required(Operation::GetItem, r#"{"TableName": "insights", "Key": {"pk": {"S": "a"}}, "ReturnConsumedCapacity": "TOTAL"}"#), @"dynamodb:GetItem table/insights Select=ALL_ATTRIBUTES LeadingKeys=a Attributes=(unknown) ReturnConsumedCapacity=TOTAL");
    insta::assert_snapshot!(required(Operation::GetItem, r#"{"TableName": "insights", "Key": {"pk": {"N": "1.0"}}, "AttributesToGet": ["b"]}"#), @"dynamodb:GetItem table/insights Select=SPECIFIC_ATTRIBUTES LeadingKeys=1 Attributes=b,pk ReturnConsumedCapacity=NONE");
    insta::assert_snapshot!(required(Operation::GetItem, r#"{"TableName": "unknown", "Key": {"pk": {"S": "a"}}, "ProjectionExpression": "b"}"#), @"dynamodb:GetItem table/unknown Select=SPECIFIC_ATTRIBUTES LeadingKeys=(unknown) Attributes=b,pk ReturnConsumedCapacity=NONE");
    insta::assert_snapshot!(required(Operation::Scan, r#"{"TableName": "insights", "Select": "COUNT", "FilterExpression": "a = :v"}"#), @"dynamodb:Scan table/insights Select=COUNT LeadingKeys=(unknown) Attributes=a ReturnConsumedCapacity=NONE");
}

#[test]
fn a_query_is_about_one_partition_of_the_table_or_of_its_index() {
    insta::assert_snapshot!(required(Operation::Query, r##"{"TableName": "insights", "KeyConditionExpression": "#p = :p AND sk > :s", "ProjectionExpression": "b",
        "ExpressionAttributeNames": {"#p": "pk"}, "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"S": "x"}}}"##), @"dynamodb:Query table/insights Select=SPECIFIC_ATTRIBUTES LeadingKeys=a Attributes=b,pk,sk ReturnConsumedCapacity=NONE");
    insta::assert_snapshot!(required(Operation::Query, r#"{"TableName": "insights", "IndexName": "by-day", "KeyConditionExpression": "day = :d",
        "ExpressionAttributeValues": {":d": {"S": "monday"}}}"#), @"dynamodb:Query table/insights/index/by-day Select=ALL_PROJECTED_ATTRIBUTES LeadingKeys=monday Attributes=(unknown) ReturnConsumedCapacity=NONE");
    insta::assert_snapshot!(required(Operation::Query, r#"{"TableName": "insights", "IndexName": "other", "KeyConditionExpression": "day = :d",
        "ExpressionAttributeValues": {":d": {"S": "monday"}}, "Select": "COUNT"}"#), @"dynamodb:Query table/insights/index/other Select=COUNT LeadingKeys=(unknown) Attributes=day ReturnConsumedCapacity=NONE");
    insta::assert_snapshot!(required(Operation::Query, r#"{"TableName": "insights", "Select": "SPECIFIC_ATTRIBUTES", "AttributesToGet": ["b"],
        "KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}}, "QueryFilter": {"c": {"ComparisonOperator": "NULL"}}}"#), @"dynamodb:Query table/insights Select=SPECIFIC_ATTRIBUTES LeadingKeys=a Attributes=b,c,pk ReturnConsumedCapacity=NONE");
    insta::assert_snapshot!(required(Operation::Query, r#"{"TableName": "insights", "Select": "COUNT",
        "KeyConditions": {"pk": {"ComparisonOperator": "GT", "AttributeValueList": [{"S": "a"}]}}}"#), @"dynamodb:Query table/insights Select=COUNT LeadingKeys=(unknown) Attributes=pk ReturnConsumedCapacity=NONE");
}

#[test]
fn the_keys_of_writes_say_what_they_name_and_may_return() {
    insta::assert_snapshot!(required(Operation::PutItem, r#"{"TableName": "insights", "Item": {"pk": {"S": "a"}, "b": {"S": "x"}}, "ConditionExpression": "attribute_not_exists(c)"}"#), @"dynamodb:PutItem table/insights ReturnValues=NONE LeadingKeys=a Attributes=b,c,pk ReturnConsumedCapacity=NONE");
    insta::assert_snapshot!(required(Operation::PutItem, r#"{"TableName": "insights", "Item": {"pk": {"S": "a"}}, "ReturnValues": "ALL_OLD"}"#), @"dynamodb:PutItem table/insights ReturnValues=ALL_OLD LeadingKeys=a Attributes=(unknown) ReturnConsumedCapacity=NONE");
    insta::assert_snapshot!(required(Operation::PutItem, r#"{"TableName": "insights", "Item": {"pk": {"S": "a"}}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}"#), @"dynamodb:PutItem table/insights ReturnValues=ALL_OLD LeadingKeys=a Attributes=(unknown) ReturnConsumedCapacity=NONE");
    insta::assert_snapshot!(required(Operation::UpdateItem, r#"{"TableName": "insights", "Key": {"pk": {"S": "a"}}, "UpdateExpression": "SET b = c REMOVE d", "ReturnValues": "UPDATED_NEW"}"#), @"dynamodb:UpdateItem table/insights ReturnValues=UPDATED_NEW LeadingKeys=a Attributes=b,c,d,pk ReturnConsumedCapacity=NONE");
    insta::assert_snapshot!(required(Operation::UpdateItem, r#"{"TableName": "insights", "Key": {"pk": {"S": "a"}}, "AttributeUpdates": {"b": {}}, "Expected": {"c": {"Exists": false}}}"#), @"dynamodb:UpdateItem table/insights ReturnValues=NONE LeadingKeys=a Attributes=b,c,pk ReturnConsumedCapacity=NONE");
    insta::assert_snapshot!(required(Operation::DeleteItem, r#"{"TableName": "insights", "Key": {"pk": {"B": "AAE="}}}"#), @"dynamodb:DeleteItem table/insights ReturnValues=NONE LeadingKeys=AAE= Attributes=pk ReturnConsumedCapacity=NONE");
}

#[test]
fn a_batch_requires_a_permission_for_each_table() {
    insta::assert_snapshot!(required(Operation::BatchGetItem, r#"{"RequestItems": {
        "insights": {"Keys": [{"pk": {"S": "a"}}, {"pk": {"S": "b"}}], "ProjectionExpression": "c"},
        "arn:aws:dynamodb:eu-west-1:111122223333:table/other": {"Keys": [{"pk": {"S": "a"}}]}}}"#), @"
    dynamodb:BatchGetItem table/insights Select=SPECIFIC_ATTRIBUTES LeadingKeys=a,b Attributes=c,pk ReturnConsumedCapacity=NONE
    dynamodb:BatchGetItem arn:aws:dynamodb:eu-west-1:111122223333:table/other Select=ALL_ATTRIBUTES LeadingKeys=a Attributes=(unknown) ReturnConsumedCapacity=NONE
    ");
    insta::assert_snapshot!(required(Operation::BatchWriteItem, r#"{"RequestItems": {
        "insights": [{"PutRequest": {"Item": {"pk": {"S": "a"}, "b": {"S": "x"}}}}, {"DeleteRequest": {"Key": {"pk": {"S": "c"}}}}],
        "other": [{"PutRequest": {"Item": {"b": {"S": "x"}}}}]}}"#), @"
    dynamodb:BatchWriteItem table/insights LeadingKeys=a,c Attributes=b,pk ReturnConsumedCapacity=NONE
    dynamodb:BatchWriteItem table/other LeadingKeys=(unknown) Attributes=b ReturnConsumedCapacity=NONE
    ");
}

#[test]
fn a_transaction_requires_a_permission_for_each_item() {
    insta::assert_snapshot!(required(Operation::TransactWriteItems, r#"{"TransactItems": [
        {"Put": {"TableName": "insights", "Item": {"pk": {"S": "a"}}}},
        {"Update": {"TableName": "other", "Key": {"pk": {"S": "b"}}, "UpdateExpression": "ADD n :one"}},
        {"Delete": {"TableName": "insights", "Key": {"pk": {"S": "c"}}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
        {"ConditionCheck": {"TableName": "insights", "Key": {"pk": {"S": "d"}}, "ConditionExpression": "attribute_exists(e)"}}]}"#), @"
    dynamodb:PutItem table/insights ReturnValues=NONE LeadingKeys=a Attributes=pk ReturnConsumedCapacity=NONE EnclosingOperation=TransactWriteItems
    dynamodb:UpdateItem table/other ReturnValues=NONE LeadingKeys=b Attributes=n,pk ReturnConsumedCapacity=NONE EnclosingOperation=TransactWriteItems
    dynamodb:DeleteItem table/insights ReturnValues=ALL_OLD LeadingKeys=c Attributes=(unknown) ReturnConsumedCapacity=NONE EnclosingOperation=TransactWriteItems
    dynamodb:ConditionCheckItem table/insights ReturnValues=NONE LeadingKeys=d Attributes=e,pk ReturnConsumedCapacity=NONE EnclosingOperation=TransactWriteItems
    ");
    insta::assert_snapshot!(required(Operation::TransactGetItems, r#"{"TransactItems": [{"Get": {"TableName": "insights", "Key": {"pk": {"S": "a"}}}}]}"#), @"dynamodb:GetItem table/insights Select=ALL_ATTRIBUTES LeadingKeys=a Attributes=(unknown) ReturnConsumedCapacity=NONE EnclosingOperation=TransactGetItems");
    let two = br#"{"TransactItems": [{"Put": {"TableName": "insights", "Item": {}}, "Delete": {"TableName": "other", "Key": {}}}]}"#;
    let request = Request::read(Operation::TransactWriteItems, two).unwrap();
    insta::assert_snapshot!(request.requirements(&account_region(), &Schema).unwrap_err().message(), @"TransactItems can only contain one of Check, Put, Update or Delete");
}

#[test]
fn tables_and_their_tags_have_permissions_of_their_own() {
    insta::assert_snapshot!(required(Operation::ListTables, "{}"), @"dynamodb:ListTables table/*");
    insta::assert_snapshot!(required(Operation::DescribeTable, r#"{"TableName": "insights"}"#), @"dynamodb:DescribeTable table/insights");
    insta::assert_snapshot!(required(Operation::CreateTable, r#"{"TableName": "insights", "Tags": [{"Key": "team", "Value": "red"}]}"#), @"
    dynamodb:CreateTable table/insights RequestTag/team=red TagKeys=team
    dynamodb:TagResource table/insights RequestTag/team=red TagKeys=team
    ");
    insta::assert_snapshot!(required(Operation::TagResource, r#"{"ResourceArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights",
        "Tags": [{"Key": "team", "Value": "red"}, {"Key": "Team", "Value": "blue"}]}"#), @"dynamodb:TagResource table/insights RequestTag/team=(unknown) TagKeys=team,Team");
    insta::assert_snapshot!(required(Operation::UntagResource, r#"{"ResourceArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights", "TagKeys": ["team"]}"#), @"dynamodb:UntagResource table/insights TagKeys=team");
    let index = br#"{"ResourceArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights/index/by-day"}"#;
    let request = Request::read(Operation::ListTagsOfResource, index).unwrap();
    insta::assert_snapshot!(request.requirements(&account_region(), &Schema).unwrap_err().message(), @"Invalid TableArn: Invalid ResourceArn provided as input arn:aws:dynamodb:us-east-1:432797229265:table/insights/index/by-day");
}
