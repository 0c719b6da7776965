//! Written by `cargo run -p bowline-generate` from `tools/facts`; not edited by hand.

use super::shape::{Member, Shape};

/// The shape of an operation's body.
#[rustfmt::skip]
pub(super) fn input(operation: &str) -> Option<&'static Shape> {
    Some(match operation {
        "BatchGetItem" => &BATCH_GET_ITEM_INPUT,
        "BatchWriteItem" => &BATCH_WRITE_ITEM_INPUT,
        "CreateTable" => &CREATE_TABLE_INPUT,
        "DeleteItem" => &DELETE_ITEM_INPUT,
        "DeleteTable" => &DELETE_TABLE_INPUT,
        "DescribeTable" => &DESCRIBE_TABLE_INPUT,
        "DescribeTimeToLive" => &DESCRIBE_TIME_TO_LIVE_INPUT,
        "GetItem" => &GET_ITEM_INPUT,
        "ListTables" => &LIST_TABLES_INPUT,
        "ListTagsOfResource" => &LIST_TAGS_OF_RESOURCE_INPUT,
        "PutItem" => &PUT_ITEM_INPUT,
        "Query" => &QUERY_INPUT,
        "Scan" => &SCAN_INPUT,
        "TagResource" => &TAG_RESOURCE_INPUT,
        "TransactGetItems" => &TRANSACT_GET_ITEMS_INPUT,
        "TransactWriteItems" => &TRANSACT_WRITE_ITEMS_INPUT,
        "UntagResource" => &UNTAG_RESOURCE_INPUT,
        "UpdateItem" => &UPDATE_ITEM_INPUT,
        "UpdateTable" => &UPDATE_TABLE_INPUT,
        "UpdateTimeToLive" => &UPDATE_TIME_TO_LIVE_INPUT,
        _ => return None,
    })
}

#[rustfmt::skip]
static KEY: Shape = Shape::Map(&Shape::AttributeValue);

#[rustfmt::skip]
static KEY_LIST: Shape = Shape::List(&KEY);

#[rustfmt::skip]
static ATTRIBUTE_NAME_LIST: Shape = Shape::List(&Shape::Text);

#[rustfmt::skip]
static EXPRESSION_ATTRIBUTE_NAME_MAP: Shape = Shape::Map(&Shape::Text);

#[rustfmt::skip]
static KEYS_AND_ATTRIBUTES: Shape = Shape::Structure(&[
    Member { name: "Keys", shape: &KEY_LIST, required: true },
    Member { name: "AttributesToGet", shape: &ATTRIBUTE_NAME_LIST, required: false },
    Member { name: "ConsistentRead", shape: &Shape::Bool, required: false },
    Member { name: "ProjectionExpression", shape: &Shape::Expression, required: false },
    Member { name: "ExpressionAttributeNames", shape: &EXPRESSION_ATTRIBUTE_NAME_MAP, required: false },
]);

#[rustfmt::skip]
static BATCH_GET_REQUEST_MAP: Shape = Shape::Tables(&KEYS_AND_ATTRIBUTES);

#[rustfmt::skip]
static RETURN_CONSUMED_CAPACITY: Shape = Shape::Choice(&["INDEXES", "TOTAL", "NONE"]);

#[rustfmt::skip]
static BATCH_GET_ITEM_INPUT: Shape = Shape::Structure(&[
    Member { name: "RequestItems", shape: &BATCH_GET_REQUEST_MAP, required: true },
    Member { name: "ReturnConsumedCapacity", shape: &RETURN_CONSUMED_CAPACITY, required: false },
]);

#[rustfmt::skip]
static PUT_ITEM_INPUT_ATTRIBUTE_MAP: Shape = Shape::Map(&Shape::AttributeValue);

#[rustfmt::skip]
static PUT_REQUEST: Shape = Shape::Structure(&[
    Member { name: "Item", shape: &PUT_ITEM_INPUT_ATTRIBUTE_MAP, required: true },
]);

#[rustfmt::skip]
static DELETE_REQUEST: Shape = Shape::Structure(&[
    Member { name: "Key", shape: &KEY, required: true },
]);

#[rustfmt::skip]
static WRITE_REQUEST: Shape = Shape::Structure(&[
    Member { name: "PutRequest", shape: &PUT_REQUEST, required: false },
    Member { name: "DeleteRequest", shape: &DELETE_REQUEST, required: false },
]);

#[rustfmt::skip]
static WRITE_REQUESTS: Shape = Shape::List(&WRITE_REQUEST);

#[rustfmt::skip]
static BATCH_WRITE_ITEM_REQUEST_MAP: Shape = Shape::Tables(&WRITE_REQUESTS);

#[rustfmt::skip]
static RETURN_ITEM_COLLECTION_METRICS: Shape = Shape::Choice(&["SIZE", "NONE"]);

#[rustfmt::skip]
static BATCH_WRITE_ITEM_INPUT: Shape = Shape::Structure(&[
    Member { name: "RequestItems", shape: &BATCH_WRITE_ITEM_REQUEST_MAP, required: true },
    Member { name: "ReturnConsumedCapacity", shape: &RETURN_CONSUMED_CAPACITY, required: false },
    Member { name: "ReturnItemCollectionMetrics", shape: &RETURN_ITEM_COLLECTION_METRICS, required: false },
]);

#[rustfmt::skip]
static SCALAR_ATTRIBUTE_TYPE: Shape = Shape::Choice(&["S", "N", "B"]);

#[rustfmt::skip]
static ATTRIBUTE_DEFINITION: Shape = Shape::Structure(&[
    Member { name: "AttributeName", shape: &Shape::Text, required: true },
    Member { name: "AttributeType", shape: &SCALAR_ATTRIBUTE_TYPE, required: true },
]);

#[rustfmt::skip]
static ATTRIBUTE_DEFINITIONS: Shape = Shape::List(&ATTRIBUTE_DEFINITION);

#[rustfmt::skip]
static KEY_TYPE: Shape = Shape::Choice(&["HASH", "RANGE"]);

#[rustfmt::skip]
static KEY_SCHEMA_ELEMENT: Shape = Shape::Structure(&[
    Member { name: "AttributeName", shape: &Shape::Text, required: true },
    Member { name: "KeyType", shape: &KEY_TYPE, required: true },
]);

#[rustfmt::skip]
static KEY_SCHEMA: Shape = Shape::List(&KEY_SCHEMA_ELEMENT);

#[rustfmt::skip]
static PROJECTION_TYPE: Shape = Shape::Choice(&["ALL", "KEYS_ONLY", "INCLUDE"]);

#[rustfmt::skip]
static NON_KEY_ATTRIBUTE_NAME_LIST: Shape = Shape::List(&Shape::Text);

#[rustfmt::skip]
static PROJECTION: Shape = Shape::Structure(&[
    Member { name: "ProjectionType", shape: &PROJECTION_TYPE, required: false },
    Member { name: "NonKeyAttributes", shape: &NON_KEY_ATTRIBUTE_NAME_LIST, required: false },
]);

#[rustfmt::skip]
static LOCAL_SECONDARY_INDEX: Shape = Shape::Structure(&[
    Member { name: "IndexName", shape: &Shape::Text, required: true },
    Member { name: "KeySchema", shape: &KEY_SCHEMA, required: true },
    Member { name: "Projection", shape: &PROJECTION, required: true },
]);

#[rustfmt::skip]
static LOCAL_SECONDARY_INDEX_LIST: Shape = Shape::List(&LOCAL_SECONDARY_INDEX);

#[rustfmt::skip]
static PROVISIONED_THROUGHPUT: Shape = Shape::Structure(&[
    Member { name: "ReadCapacityUnits", shape: &Shape::Integer, required: true },
    Member { name: "WriteCapacityUnits", shape: &Shape::Integer, required: true },
]);

#[rustfmt::skip]
static ON_DEMAND_THROUGHPUT: Shape = Shape::Structure(&[
    Member { name: "MaxReadRequestUnits", shape: &Shape::Integer, required: false },
    Member { name: "MaxWriteRequestUnits", shape: &Shape::Integer, required: false },
]);

#[rustfmt::skip]
static WARM_THROUGHPUT: Shape = Shape::Structure(&[
    Member { name: "ReadUnitsPerSecond", shape: &Shape::Integer, required: false },
    Member { name: "WriteUnitsPerSecond", shape: &Shape::Integer, required: false },
]);

#[rustfmt::skip]
static GLOBAL_SECONDARY_INDEX: Shape = Shape::Structure(&[
    Member { name: "IndexName", shape: &Shape::Text, required: true },
    Member { name: "KeySchema", shape: &KEY_SCHEMA, required: true },
    Member { name: "Projection", shape: &PROJECTION, required: true },
    Member { name: "ProvisionedThroughput", shape: &PROVISIONED_THROUGHPUT, required: false },
    Member { name: "OnDemandThroughput", shape: &Shape::Neutral(&ON_DEMAND_THROUGHPUT), required: false },
    Member { name: "WarmThroughput", shape: &Shape::Neutral(&WARM_THROUGHPUT), required: false },
]);

#[rustfmt::skip]
static GLOBAL_SECONDARY_INDEX_LIST: Shape = Shape::List(&GLOBAL_SECONDARY_INDEX);

#[rustfmt::skip]
static BILLING_MODE: Shape = Shape::Choice(&["PROVISIONED", "PAY_PER_REQUEST"]);

#[rustfmt::skip]
static STREAM_VIEW_TYPE: Shape = Shape::Choice(&["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"]);

#[rustfmt::skip]
static STREAM_SPECIFICATION: Shape = Shape::Structure(&[
    Member { name: "StreamEnabled", shape: &Shape::Bool, required: true },
    Member { name: "StreamViewType", shape: &STREAM_VIEW_TYPE, required: false },
]);

#[rustfmt::skip]
static SSE_TYPE: Shape = Shape::Choice(&["AES256", "KMS"]);

#[rustfmt::skip]
static SSE_SPECIFICATION: Shape = Shape::Structure(&[
    Member { name: "Enabled", shape: &Shape::Bool, required: false },
    Member { name: "SSEType", shape: &SSE_TYPE, required: false },
    Member { name: "KMSMasterKeyId", shape: &Shape::Text, required: false },
]);

#[rustfmt::skip]
static TAG: Shape = Shape::Structure(&[
    Member { name: "Key", shape: &Shape::Text, required: true },
    Member { name: "Value", shape: &Shape::Text, required: true },
]);

#[rustfmt::skip]
static TAG_LIST: Shape = Shape::List(&TAG);

#[rustfmt::skip]
static TABLE_CLASS: Shape = Shape::Choice(&["STANDARD", "STANDARD_INFREQUENT_ACCESS"]);

#[rustfmt::skip]
static CREATE_TABLE_INPUT: Shape = Shape::Structure(&[
    Member { name: "AttributeDefinitions", shape: &ATTRIBUTE_DEFINITIONS, required: false },
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "KeySchema", shape: &KEY_SCHEMA, required: false },
    Member { name: "LocalSecondaryIndexes", shape: &LOCAL_SECONDARY_INDEX_LIST, required: false },
    Member { name: "GlobalSecondaryIndexes", shape: &GLOBAL_SECONDARY_INDEX_LIST, required: false },
    Member { name: "BillingMode", shape: &BILLING_MODE, required: false },
    Member { name: "ProvisionedThroughput", shape: &PROVISIONED_THROUGHPUT, required: false },
    Member { name: "StreamSpecification", shape: &Shape::Neutral(&STREAM_SPECIFICATION), required: false },
    Member { name: "SSESpecification", shape: &Shape::Neutral(&SSE_SPECIFICATION), required: false },
    Member { name: "Tags", shape: &TAG_LIST, required: false },
    Member { name: "TableClass", shape: &TABLE_CLASS, required: false },
    Member { name: "DeletionProtectionEnabled", shape: &Shape::Bool, required: false },
    Member { name: "WarmThroughput", shape: &Shape::Neutral(&WARM_THROUGHPUT), required: false },
    Member { name: "ResourcePolicy", shape: &Shape::NotHonoured, required: false },
    Member { name: "OnDemandThroughput", shape: &Shape::NewLimits(&ON_DEMAND_THROUGHPUT), required: false },
    Member { name: "GlobalTableSourceArn", shape: &Shape::NotHonoured, required: false },
    Member { name: "GlobalTableSettingsReplicationMode", shape: &Shape::NotHonoured, required: false },
    Member { name: "VectorIndexes", shape: &Shape::NotHonoured, required: false },
]);

#[rustfmt::skip]
static COMPARISON_OPERATOR: Shape = Shape::Choice(&["EQ", "NE", "IN", "LE", "LT", "GE", "GT", "BETWEEN", "NOT_NULL", "NULL", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH"]);

#[rustfmt::skip]
static ATTRIBUTE_VALUE_LIST: Shape = Shape::List(&Shape::AttributeValue);

#[rustfmt::skip]
static EXPECTED_ATTRIBUTE_VALUE: Shape = Shape::Structure(&[
    Member { name: "Value", shape: &Shape::AttributeValue, required: false },
    Member { name: "Exists", shape: &Shape::Bool, required: false },
    Member { name: "ComparisonOperator", shape: &COMPARISON_OPERATOR, required: false },
    Member { name: "AttributeValueList", shape: &ATTRIBUTE_VALUE_LIST, required: false },
]);

#[rustfmt::skip]
static EXPECTED_ATTRIBUTE_MAP: Shape = Shape::Map(&EXPECTED_ATTRIBUTE_VALUE);

#[rustfmt::skip]
static CONDITIONAL_OPERATOR: Shape = Shape::Choice(&["AND", "OR"]);

#[rustfmt::skip]
static RETURN_VALUE: Shape = Shape::Choice(&["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"]);

#[rustfmt::skip]
static EXPRESSION_ATTRIBUTE_VALUE_MAP: Shape = Shape::Map(&Shape::AttributeValue);

#[rustfmt::skip]
static RETURN_VALUES_ON_CONDITION_CHECK_FAILURE: Shape = Shape::Choice(&["ALL_OLD", "NONE"]);

#[rustfmt::skip]
static DELETE_ITEM_INPUT: Shape = Shape::Structure(&[
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "Key", shape: &KEY, required: true },
    Member { name: "Expected", shape: &EXPECTED_ATTRIBUTE_MAP, required: false },
    Member { name: "ConditionalOperator", shape: &CONDITIONAL_OPERATOR, required: false },
    Member { name: "ReturnValues", shape: &RETURN_VALUE, required: false },
    Member { name: "ReturnConsumedCapacity", shape: &RETURN_CONSUMED_CAPACITY, required: false },
    Member { name: "ReturnItemCollectionMetrics", shape: &RETURN_ITEM_COLLECTION_METRICS, required: false },
    Member { name: "ConditionExpression", shape: &Shape::Expression, required: false },
    Member { name: "ExpressionAttributeNames", shape: &EXPRESSION_ATTRIBUTE_NAME_MAP, required: false },
    Member { name: "ExpressionAttributeValues", shape: &EXPRESSION_ATTRIBUTE_VALUE_MAP, required: false },
    Member { name: "ReturnValuesOnConditionCheckFailure", shape: &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE, required: false },
]);

#[rustfmt::skip]
static DELETE_TABLE_INPUT: Shape = Shape::Structure(&[
    Member { name: "TableName", shape: &Shape::Table, required: true },
]);

#[rustfmt::skip]
static DESCRIBE_TABLE_INPUT: Shape = Shape::Structure(&[
    Member { name: "TableName", shape: &Shape::Table, required: true },
]);

#[rustfmt::skip]
static DESCRIBE_TIME_TO_LIVE_INPUT: Shape = Shape::Structure(&[
    Member { name: "TableName", shape: &Shape::Table, required: true },
]);

#[rustfmt::skip]
static GET_ITEM_INPUT: Shape = Shape::Structure(&[
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "Key", shape: &KEY, required: true },
    Member { name: "AttributesToGet", shape: &ATTRIBUTE_NAME_LIST, required: false },
    Member { name: "ConsistentRead", shape: &Shape::Bool, required: false },
    Member { name: "ReturnConsumedCapacity", shape: &RETURN_CONSUMED_CAPACITY, required: false },
    Member { name: "ProjectionExpression", shape: &Shape::Expression, required: false },
    Member { name: "ExpressionAttributeNames", shape: &EXPRESSION_ATTRIBUTE_NAME_MAP, required: false },
]);

#[rustfmt::skip]
static LIST_TABLES_INPUT: Shape = Shape::Structure(&[
    Member { name: "ExclusiveStartTableName", shape: &Shape::Text, required: false },
    Member { name: "Limit", shape: &Shape::Integer, required: false },
]);

#[rustfmt::skip]
static LIST_TAGS_OF_RESOURCE_INPUT: Shape = Shape::Structure(&[
    Member { name: "ResourceArn", shape: &Shape::Text, required: true },
    Member { name: "NextToken", shape: &Shape::Text, required: false },
]);

#[rustfmt::skip]
static PUT_ITEM_INPUT: Shape = Shape::Structure(&[
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "Item", shape: &PUT_ITEM_INPUT_ATTRIBUTE_MAP, required: true },
    Member { name: "Expected", shape: &EXPECTED_ATTRIBUTE_MAP, required: false },
    Member { name: "ReturnValues", shape: &RETURN_VALUE, required: false },
    Member { name: "ReturnConsumedCapacity", shape: &RETURN_CONSUMED_CAPACITY, required: false },
    Member { name: "ReturnItemCollectionMetrics", shape: &RETURN_ITEM_COLLECTION_METRICS, required: false },
    Member { name: "ConditionalOperator", shape: &CONDITIONAL_OPERATOR, required: false },
    Member { name: "ConditionExpression", shape: &Shape::Expression, required: false },
    Member { name: "ExpressionAttributeNames", shape: &EXPRESSION_ATTRIBUTE_NAME_MAP, required: false },
    Member { name: "ExpressionAttributeValues", shape: &EXPRESSION_ATTRIBUTE_VALUE_MAP, required: false },
    Member { name: "ReturnValuesOnConditionCheckFailure", shape: &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE, required: false },
]);

#[rustfmt::skip]
static SELECT: Shape = Shape::Choice(&["ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT"]);

#[rustfmt::skip]
static CONDITION: Shape = Shape::Structure(&[
    Member { name: "AttributeValueList", shape: &ATTRIBUTE_VALUE_LIST, required: false },
    Member { name: "ComparisonOperator", shape: &COMPARISON_OPERATOR, required: true },
]);

#[rustfmt::skip]
static KEY_CONDITIONS: Shape = Shape::Map(&CONDITION);

#[rustfmt::skip]
static FILTER_CONDITION_MAP: Shape = Shape::Map(&CONDITION);

#[rustfmt::skip]
static QUERY_INPUT: Shape = Shape::Structure(&[
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "IndexName", shape: &Shape::Text, required: false },
    Member { name: "Select", shape: &SELECT, required: false },
    Member { name: "AttributesToGet", shape: &ATTRIBUTE_NAME_LIST, required: false },
    Member { name: "Limit", shape: &Shape::Integer, required: false },
    Member { name: "ConsistentRead", shape: &Shape::Bool, required: false },
    Member { name: "KeyConditions", shape: &KEY_CONDITIONS, required: false },
    Member { name: "QueryFilter", shape: &FILTER_CONDITION_MAP, required: false },
    Member { name: "ConditionalOperator", shape: &CONDITIONAL_OPERATOR, required: false },
    Member { name: "ScanIndexForward", shape: &Shape::Bool, required: false },
    Member { name: "ExclusiveStartKey", shape: &KEY, required: false },
    Member { name: "ReturnConsumedCapacity", shape: &RETURN_CONSUMED_CAPACITY, required: false },
    Member { name: "ProjectionExpression", shape: &Shape::Expression, required: false },
    Member { name: "FilterExpression", shape: &Shape::Expression, required: false },
    Member { name: "KeyConditionExpression", shape: &Shape::Expression, required: false },
    Member { name: "ExpressionAttributeNames", shape: &EXPRESSION_ATTRIBUTE_NAME_MAP, required: false },
    Member { name: "ExpressionAttributeValues", shape: &EXPRESSION_ATTRIBUTE_VALUE_MAP, required: false },
]);

#[rustfmt::skip]
static SCAN_INPUT: Shape = Shape::Structure(&[
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "IndexName", shape: &Shape::Text, required: false },
    Member { name: "AttributesToGet", shape: &ATTRIBUTE_NAME_LIST, required: false },
    Member { name: "Limit", shape: &Shape::Integer, required: false },
    Member { name: "Select", shape: &SELECT, required: false },
    Member { name: "ScanFilter", shape: &FILTER_CONDITION_MAP, required: false },
    Member { name: "ConditionalOperator", shape: &CONDITIONAL_OPERATOR, required: false },
    Member { name: "ExclusiveStartKey", shape: &KEY, required: false },
    Member { name: "ReturnConsumedCapacity", shape: &RETURN_CONSUMED_CAPACITY, required: false },
    Member { name: "TotalSegments", shape: &Shape::Integer, required: false },
    Member { name: "Segment", shape: &Shape::Integer, required: false },
    Member { name: "ProjectionExpression", shape: &Shape::Expression, required: false },
    Member { name: "FilterExpression", shape: &Shape::Expression, required: false },
    Member { name: "ExpressionAttributeNames", shape: &EXPRESSION_ATTRIBUTE_NAME_MAP, required: false },
    Member { name: "ExpressionAttributeValues", shape: &EXPRESSION_ATTRIBUTE_VALUE_MAP, required: false },
    Member { name: "ConsistentRead", shape: &Shape::Bool, required: false },
]);

#[rustfmt::skip]
static TAG_RESOURCE_INPUT: Shape = Shape::Structure(&[
    Member { name: "ResourceArn", shape: &Shape::Text, required: true },
    Member { name: "Tags", shape: &TAG_LIST, required: true },
]);

#[rustfmt::skip]
static GET: Shape = Shape::Structure(&[
    Member { name: "Key", shape: &KEY, required: true },
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "ProjectionExpression", shape: &Shape::Expression, required: false },
    Member { name: "ExpressionAttributeNames", shape: &EXPRESSION_ATTRIBUTE_NAME_MAP, required: false },
]);

#[rustfmt::skip]
static TRANSACT_GET_ITEM: Shape = Shape::Structure(&[
    Member { name: "Get", shape: &GET, required: true },
]);

#[rustfmt::skip]
static TRANSACT_GET_ITEM_LIST: Shape = Shape::List(&TRANSACT_GET_ITEM);

#[rustfmt::skip]
static TRANSACT_GET_ITEMS_INPUT: Shape = Shape::Structure(&[
    Member { name: "TransactItems", shape: &TRANSACT_GET_ITEM_LIST, required: true },
    Member { name: "ReturnConsumedCapacity", shape: &RETURN_CONSUMED_CAPACITY, required: false },
]);

#[rustfmt::skip]
static CONDITION_CHECK: Shape = Shape::Structure(&[
    Member { name: "Key", shape: &KEY, required: true },
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "ConditionExpression", shape: &Shape::Expression, required: true },
    Member { name: "ExpressionAttributeNames", shape: &EXPRESSION_ATTRIBUTE_NAME_MAP, required: false },
    Member { name: "ExpressionAttributeValues", shape: &EXPRESSION_ATTRIBUTE_VALUE_MAP, required: false },
    Member { name: "ReturnValuesOnConditionCheckFailure", shape: &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE, required: false },
]);

#[rustfmt::skip]
static PUT: Shape = Shape::Structure(&[
    Member { name: "Item", shape: &PUT_ITEM_INPUT_ATTRIBUTE_MAP, required: true },
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "ConditionExpression", shape: &Shape::Expression, required: false },
    Member { name: "ExpressionAttributeNames", shape: &EXPRESSION_ATTRIBUTE_NAME_MAP, required: false },
    Member { name: "ExpressionAttributeValues", shape: &EXPRESSION_ATTRIBUTE_VALUE_MAP, required: false },
    Member { name: "ReturnValuesOnConditionCheckFailure", shape: &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE, required: false },
]);

#[rustfmt::skip]
static DELETE: Shape = Shape::Structure(&[
    Member { name: "Key", shape: &KEY, required: true },
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "ConditionExpression", shape: &Shape::Expression, required: false },
    Member { name: "ExpressionAttributeNames", shape: &EXPRESSION_ATTRIBUTE_NAME_MAP, required: false },
    Member { name: "ExpressionAttributeValues", shape: &EXPRESSION_ATTRIBUTE_VALUE_MAP, required: false },
    Member { name: "ReturnValuesOnConditionCheckFailure", shape: &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE, required: false },
]);

#[rustfmt::skip]
static UPDATE: Shape = Shape::Structure(&[
    Member { name: "Key", shape: &KEY, required: true },
    Member { name: "UpdateExpression", shape: &Shape::Expression, required: true },
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "ConditionExpression", shape: &Shape::Expression, required: false },
    Member { name: "ExpressionAttributeNames", shape: &EXPRESSION_ATTRIBUTE_NAME_MAP, required: false },
    Member { name: "ExpressionAttributeValues", shape: &EXPRESSION_ATTRIBUTE_VALUE_MAP, required: false },
    Member { name: "ReturnValuesOnConditionCheckFailure", shape: &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE, required: false },
]);

#[rustfmt::skip]
static TRANSACT_WRITE_ITEM: Shape = Shape::Structure(&[
    Member { name: "ConditionCheck", shape: &CONDITION_CHECK, required: false },
    Member { name: "Put", shape: &PUT, required: false },
    Member { name: "Delete", shape: &DELETE, required: false },
    Member { name: "Update", shape: &UPDATE, required: false },
]);

#[rustfmt::skip]
static TRANSACT_WRITE_ITEM_LIST: Shape = Shape::List(&TRANSACT_WRITE_ITEM);

#[rustfmt::skip]
static TRANSACT_WRITE_ITEMS_INPUT: Shape = Shape::Structure(&[
    Member { name: "TransactItems", shape: &TRANSACT_WRITE_ITEM_LIST, required: true },
    Member { name: "ReturnConsumedCapacity", shape: &RETURN_CONSUMED_CAPACITY, required: false },
    Member { name: "ReturnItemCollectionMetrics", shape: &RETURN_ITEM_COLLECTION_METRICS, required: false },
    Member { name: "ClientRequestToken", shape: &Shape::Text, required: false },
]);

#[rustfmt::skip]
static TAG_KEY_LIST: Shape = Shape::List(&Shape::Text);

#[rustfmt::skip]
static UNTAG_RESOURCE_INPUT: Shape = Shape::Structure(&[
    Member { name: "ResourceArn", shape: &Shape::Text, required: true },
    Member { name: "TagKeys", shape: &TAG_KEY_LIST, required: true },
]);

#[rustfmt::skip]
static ATTRIBUTE_ACTION: Shape = Shape::Choice(&["ADD", "PUT", "DELETE"]);

#[rustfmt::skip]
static ATTRIBUTE_VALUE_UPDATE: Shape = Shape::Structure(&[
    Member { name: "Value", shape: &Shape::AttributeValue, required: false },
    Member { name: "Action", shape: &ATTRIBUTE_ACTION, required: false },
]);

#[rustfmt::skip]
static ATTRIBUTE_UPDATES: Shape = Shape::Map(&ATTRIBUTE_VALUE_UPDATE);

#[rustfmt::skip]
static UPDATE_ITEM_INPUT: Shape = Shape::Structure(&[
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "Key", shape: &KEY, required: true },
    Member { name: "AttributeUpdates", shape: &ATTRIBUTE_UPDATES, required: false },
    Member { name: "Expected", shape: &EXPECTED_ATTRIBUTE_MAP, required: false },
    Member { name: "ConditionalOperator", shape: &CONDITIONAL_OPERATOR, required: false },
    Member { name: "ReturnValues", shape: &RETURN_VALUE, required: false },
    Member { name: "ReturnConsumedCapacity", shape: &RETURN_CONSUMED_CAPACITY, required: false },
    Member { name: "ReturnItemCollectionMetrics", shape: &RETURN_ITEM_COLLECTION_METRICS, required: false },
    Member { name: "UpdateExpression", shape: &Shape::Expression, required: false },
    Member { name: "ConditionExpression", shape: &Shape::Expression, required: false },
    Member { name: "ExpressionAttributeNames", shape: &EXPRESSION_ATTRIBUTE_NAME_MAP, required: false },
    Member { name: "ExpressionAttributeValues", shape: &EXPRESSION_ATTRIBUTE_VALUE_MAP, required: false },
    Member { name: "ReturnValuesOnConditionCheckFailure", shape: &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE, required: false },
]);

#[rustfmt::skip]
static UPDATE_GLOBAL_SECONDARY_INDEX_ACTION: Shape = Shape::Structure(&[
    Member { name: "IndexName", shape: &Shape::Text, required: true },
    Member { name: "ProvisionedThroughput", shape: &PROVISIONED_THROUGHPUT, required: false },
    Member { name: "OnDemandThroughput", shape: &Shape::Neutral(&ON_DEMAND_THROUGHPUT), required: false },
    Member { name: "WarmThroughput", shape: &Shape::Neutral(&WARM_THROUGHPUT), required: false },
]);

#[rustfmt::skip]
static CREATE_GLOBAL_SECONDARY_INDEX_ACTION: Shape = Shape::Structure(&[
    Member { name: "IndexName", shape: &Shape::Text, required: true },
    Member { name: "KeySchema", shape: &KEY_SCHEMA, required: true },
    Member { name: "Projection", shape: &PROJECTION, required: true },
    Member { name: "ProvisionedThroughput", shape: &PROVISIONED_THROUGHPUT, required: false },
    Member { name: "OnDemandThroughput", shape: &Shape::Neutral(&ON_DEMAND_THROUGHPUT), required: false },
    Member { name: "WarmThroughput", shape: &Shape::Neutral(&WARM_THROUGHPUT), required: false },
]);

#[rustfmt::skip]
static DELETE_GLOBAL_SECONDARY_INDEX_ACTION: Shape = Shape::Structure(&[
    Member { name: "IndexName", shape: &Shape::Text, required: true },
]);

#[rustfmt::skip]
static GLOBAL_SECONDARY_INDEX_UPDATE: Shape = Shape::Structure(&[
    Member { name: "Update", shape: &UPDATE_GLOBAL_SECONDARY_INDEX_ACTION, required: false },
    Member { name: "Create", shape: &CREATE_GLOBAL_SECONDARY_INDEX_ACTION, required: false },
    Member { name: "Delete", shape: &DELETE_GLOBAL_SECONDARY_INDEX_ACTION, required: false },
]);

#[rustfmt::skip]
static GLOBAL_SECONDARY_INDEX_UPDATE_LIST: Shape = Shape::List(&GLOBAL_SECONDARY_INDEX_UPDATE);

#[rustfmt::skip]
static UPDATE_TABLE_INPUT: Shape = Shape::Structure(&[
    Member { name: "AttributeDefinitions", shape: &ATTRIBUTE_DEFINITIONS, required: false },
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "BillingMode", shape: &BILLING_MODE, required: false },
    Member { name: "ProvisionedThroughput", shape: &PROVISIONED_THROUGHPUT, required: false },
    Member { name: "GlobalSecondaryIndexUpdates", shape: &GLOBAL_SECONDARY_INDEX_UPDATE_LIST, required: false },
    Member { name: "StreamSpecification", shape: &Shape::Neutral(&STREAM_SPECIFICATION), required: false },
    Member { name: "SSESpecification", shape: &Shape::Neutral(&SSE_SPECIFICATION), required: false },
    Member { name: "ReplicaUpdates", shape: &Shape::NotHonoured, required: false },
    Member { name: "TableClass", shape: &TABLE_CLASS, required: false },
    Member { name: "DeletionProtectionEnabled", shape: &Shape::Bool, required: false },
    Member { name: "MultiRegionConsistency", shape: &Shape::NotHonoured, required: false },
    Member { name: "GlobalTableWitnessUpdates", shape: &Shape::NotHonoured, required: false },
    Member { name: "OnDemandThroughput", shape: &ON_DEMAND_THROUGHPUT, required: false },
    Member { name: "WarmThroughput", shape: &Shape::Neutral(&WARM_THROUGHPUT), required: false },
    Member { name: "GlobalTableSettingsReplicationMode", shape: &Shape::NotHonoured, required: false },
    Member { name: "DisassociationProtectionEnabled", shape: &Shape::Neutral(&Shape::Bool), required: false },
    Member { name: "VectorIndexUpdates", shape: &Shape::NotHonoured, required: false },
]);

#[rustfmt::skip]
static TIME_TO_LIVE_SPECIFICATION: Shape = Shape::Structure(&[
    Member { name: "Enabled", shape: &Shape::Bool, required: true },
    Member { name: "AttributeName", shape: &Shape::Text, required: true },
]);

#[rustfmt::skip]
static UPDATE_TIME_TO_LIVE_INPUT: Shape = Shape::Structure(&[
    Member { name: "TableName", shape: &Shape::Table, required: true },
    Member { name: "TimeToLiveSpecification", shape: &TIME_TO_LIVE_SPECIFICATION, required: true },
]);
