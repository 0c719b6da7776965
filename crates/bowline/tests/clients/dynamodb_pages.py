"""Tables that are larger than what the store reads at once, as paginators of boto3 go through them."""

from transcript import client

db = client("dynamodb")
NAMES = {"pk": "HASH", "sk": "RANGE"}
db.create_table(
    TableName="insights",
    KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in NAMES.items()],
    AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in [*NAMES, "day"]],
    GlobalSecondaryIndexes=[{"IndexName": "by-day", "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}],
    BillingMode="PAY_PER_REQUEST",
)
items = [{"pk": {"S": "a"}, "sk": {"S": f"{n:04}"}, "day": {"S": "monday"}, "n": {"N": str(n)}} for n in range(701)]
for at in range(0, len(items), 25):
    db.batch_write_item(RequestItems={"insights": [{"PutRequest": {"Item": item}} for item in items[at : at + 25]]})

QUERY = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
INDEX = {"IndexName": "by-day", "KeyConditionExpression": "#d = :p", "ExpressionAttributeNames": {"#d": "day"}, "ExpressionAttributeValues": {":p": {"S": "monday"}}}
FILTER = {"FilterExpression": "n = :n", "ExpressionAttributeValues": {":n": {"N": "650"}}}


def pages(operation, most=None, **arguments):
    """How many items each page has, was counted to have and was made from, and whether all together are those that there are."""
    config = {"PageSize": most} if most else {}
    found = list(db.get_paginator(operation).paginate(TableName="insights", PaginationConfig=config, **arguments))
    names = sorted(item["sk"]["S"] for page in found for item in page.get("Items", []))
    whole = names == [item["sk"]["S"] for item in items]
    return [(len(page.get("Items", [])), page["Count"], page["ScannedCount"]) for page in found], whole


print("query", *pages("query", **QUERY))
print("query backwards", *pages("query", ScanIndexForward=False, **QUERY))
print("query of an index", *pages("query", **INDEX))
print("scan", *pages("scan"))
print("scan of an index", *pages("scan", IndexName="by-day"))
print("scan with a filter", pages("scan", **FILTER)[0])
print("count by query", pages("query", Select="COUNT", **QUERY)[0])
print("count by scan", pages("scan", Select="COUNT")[0])
print("segments", *[pages("scan", Segment=n, TotalSegments=2)[0] for n in range(2)])
for most in [299, 300, 301, 2**31 - 1]:
    print("limit", most, *pages("query", most, **QUERY), *pages("scan", most))
answer = db.scan(TableName="insights", Limit=7)
print("limit 7", answer["Count"], sorted(answer["LastEvaluatedKey"].items()))
