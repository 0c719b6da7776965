"""Tables, items, batches, transactions, tags and expiry as boto3 sends them, and what it reads of the answers."""

from transcript import call, client

db = client("dynamodb")
ARN = "arn:aws:dynamodb:us-east-1:432797229265:table/insights"


def key(name, kind="HASH"):
    return {"AttributeName": name, "KeyType": kind}


def text(name):
    return {"AttributeName": name, "AttributeType": "S"}


call(
    db.create_table,
    TableName="insights",
    KeySchema=[key("pk"), key("sk", "RANGE")],
    AttributeDefinitions=[text("pk"), text("sk"), text("day")],
    GlobalSecondaryIndexes=[{"IndexName": "by-day", "KeySchema": [key("day")], "Projection": {"ProjectionType": "ALL"}}],
    BillingMode="PAY_PER_REQUEST",
    Tags=[{"Key": "team", "Value": "red"}],
)
db.get_waiter("table_exists").wait(TableName="insights")
call(db.create_table, TableName="insights", KeySchema=[key("pk")], AttributeDefinitions=[text("pk")], BillingMode="PAY_PER_REQUEST")
call(db.create_table, TableName="other", KeySchema=[key("pk")], AttributeDefinitions=[text("pk")], BillingMode="PAY_PER_REQUEST")
print(db.describe_table(TableName=ARN)["Table"]["TableArn"])
call(db.describe_table, TableName="nowhere")
call(db.list_tables)
call(db.list_tables, Limit=1)
call(db.list_tables, ExclusiveStartTableName="insights")
call(db.list_tables, Limit=101)

item = {"pk": {"S": "a"}, "sk": {"S": "1"}, "day": {"S": "monday"}, "n": {"N": "1.50"}, "b": {"B": b"\0\xff"}, "m": {"M": {"ü": {"L": [{"NULL": True}, {"BOOL": False}, {"SS": ["x"]}]}}}}
call(db.put_item, TableName="insights", Item={"pk": {"S": "a"}, "sk": {"S": "2"}})
db.put_item(TableName="insights", Item=item)
print(db.get_item(TableName="insights", Key={"pk": {"S": "a"}, "sk": {"S": "1"}})["Item"] == {**item, "n": {"N": "1.5"}})
call(db.get_item, TableName=ARN, Key={"pk": {"S": "a"}, "sk": {"S": "2"}})
call(db.put_item, TableName="insights", Item={"pk": {"S": "a"}, "sk": {"S": "2"}}, ConditionExpression="attribute_not_exists(pk)")
call(db.put_item, TableName="insights", Item={"pk": {"S": "a"}})
call(db.put_item, TableName="nowhere", Item={"pk": {"S": "a"}})
call(db.update_item, TableName="insights", Key={"pk": {"S": "a"}, "sk": {"S": "2"}}, UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": {"N": "7"}}, ReturnValues="ALL_NEW")
call(db.query, TableName="insights", KeyConditionExpression="pk = :p AND sk > :s", ExpressionAttributeValues={":p": {"S": "a"}, ":s": {"S": "1"}})
call(db.query, TableName="insights", IndexName="by-day", KeyConditionExpression="#d = :d", ExpressionAttributeNames={"#d": "day"}, ExpressionAttributeValues={":d": {"S": "monday"}}, Select="COUNT")
call(db.scan, TableName="insights", FilterExpression="n = :n", ExpressionAttributeValues={":n": {"N": "7"}})
pages = db.get_paginator("scan").paginate(TableName="insights", PaginationConfig={"PageSize": 1})
print([len(page["Items"]) for page in pages])

call(db.batch_write_item, RequestItems={"insights": [{"DeleteRequest": {"Key": {"pk": {"S": "a"}, "sk": {"S": "1"}}}}], "other": [{"PutRequest": {"Item": {"pk": {"S": "b"}}}}]})
call(db.batch_get_item, RequestItems={ARN: {"Keys": [{"pk": {"S": "a"}, "sk": {"S": "2"}}]}, "other": {"Keys": [{"pk": {"S": "b"}}]}})
call(db.batch_get_item, RequestItems={ARN: {"Keys": [{"pk": {"S": "a"}, "sk": {"S": "2"}}]}, "insights": {"Keys": [{"pk": {"S": "a"}, "sk": {"S": "1"}}]}})
put = {"Put": {"TableName": "other", "Item": {"pk": {"S": "c"}}}}
check = {"ConditionCheck": {"TableName": "insights", "Key": {"pk": {"S": "a"}, "sk": {"S": "2"}}, "ConditionExpression": "n = :n", "ExpressionAttributeValues": {":n": {"N": "8"}}}}
try:
    db.transact_write_items(TransactItems=[put, check])
except db.exceptions.TransactionCanceledException as error:
    print(error.response["Error"]["Message"], error.response["CancellationReasons"])
call(db.transact_write_items, TransactItems=[put])
call(db.transact_get_items, TransactItems=[{"Get": {"TableName": "other", "Key": {"pk": {"S": "c"}}}}])

call(db.list_tags_of_resource, ResourceArn=ARN)
call(db.tag_resource, ResourceArn=ARN, Tags=[{"Key": "Team", "Value": "blue"}, {"Key": "cost", "Value": ""}])
call(db.untag_resource, ResourceArn=ARN, TagKeys=["cost", "none"])
call(db.list_tags_of_resource, ResourceArn=ARN)
call(db.tag_resource, ResourceArn=ARN, Tags=[{"Key": "aws:x", "Value": "y"}])
call(db.list_tags_of_resource, ResourceArn=ARN.replace("insights", "nowhere"))
call(db.update_time_to_live, TableName="insights", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
call(db.describe_time_to_live, TableName="insights")

indexes = call(
    db.update_table,
    TableName="insights",
    AttributeDefinitions=[text("owner")],
    GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "by-owner", "KeySchema": [key("owner")], "Projection": {"ProjectionType": "KEYS_ONLY"}}}],
)["TableDescription"]["GlobalSecondaryIndexes"]
print([index["IndexArn"] for index in indexes])
# The index is built meanwhile.
db.get_waiter("table_exists").wait(TableName="insights", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
call(db.update_table, TableName="insights", DeletionProtectionEnabled=True)
call(db.delete_table, TableName="insights")
call(db.update_table, TableName="insights", DeletionProtectionEnabled=False)
print(db.delete_table(TableName="insights")["TableDescription"]["TableStatus"])
db.get_waiter("table_not_exists").wait(TableName="insights")
call(db.delete_table, TableName="insights")
call(db.get_item, TableName="insights", Key={"pk": {"S": "a"}, "sk": {"S": "2"}})
call(db.describe_limits)
call(db.execute_statement, Statement="SELECT * FROM other")
call(client("dynamodbstreams").list_streams)
