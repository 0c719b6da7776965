//! Every operation of the service: its actions, on what it acts, and whether it changes something ("Actions, resources, and condition
//! keys for Amazon DynamoDB", Service Authorization Reference), by hand.
//!
//! A test holds the table against the published models. What is not served is decided on `*`: whoever may not do everything of the
//! kind learns nothing from it.

use std::fmt;

use crate::access::Access;

/// On what an operation acts. Texts are names of members of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceSpec {
    /// Nothing in particular: `*`.
    Any,
    /// A backup, an export, an import or a bulk operation, by its ARN.
    Arn(&'static str),
    /// Each table that is a key of this map.
    EachTable(&'static str),
    /// Each item of a transaction, with the action that the item's kind takes.
    EachItem(&'static str),
    /// A global table, by its name.
    GlobalTable(&'static str),
    /// What a `PartiQL` statement says, which nobody here reads.
    Statement,
    /// A stream, by its ARN.
    Stream(&'static str),
    /// A table, by its name or ARN.
    Table(&'static str),
    /// A table, or one of its indexes if a second member names one.
    TableOrIndex(&'static str, &'static str),
    /// The table that a structure describes.
    TableIn(&'static str),
    /// All tables of the account: `arn:aws:dynamodb:{region}:{account}:table/*`.
    Tables,
    /// A table or a stream, by its ARN.
    TableOrStream(&'static str),
}

/// Which of the two APIs an operation belongs to, by what stands before the dot of `X-Amz-Target`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// `DynamoDB_20120810`.
    DynamoDb,
    /// `DynamoDBStreams_20120810`, which is signed for the same service.
    Streams,
}

/// What an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plane {
    /// Items.
    Data,
    /// What holds them.
    Control,
}

struct Facts {
    name: &'static str,
    target: Api,
    access: Access,
    plane: Plane,
    actions: &'static [&'static str],
    resources: ResourceSpec,
}

macro_rules! operations {
    ($($target:ident $name:ident $access:ident $plane:ident [$($action:literal),*] $resources:expr;)*) => {
        /// An operation of DynamoDB or of its streams.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the AWS API reference describes these")]
        pub enum Operation {
            $($name,)*
        }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            const fn facts(self) -> Facts {
                match self {
                    $(Self::$name => Facts {
                        name: stringify!($name),
                        target: Api::$target,
                        access: Access::$access,
                        plane: Plane::$plane,
                        actions: &[$(concat!("dynamodb:", $action)),*],
                        resources: $resources,
                    },)*
                }
            }
        }
    };
}

operations! {
    DynamoDb BatchExecuteStatement Changes Data ["PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"] ResourceSpec::Statement;
    DynamoDb BatchGetItem Reads Data ["BatchGetItem"] ResourceSpec::EachTable("RequestItems");
    DynamoDb BatchWriteItem Changes Data ["BatchWriteItem"] ResourceSpec::EachTable("RequestItems");
    DynamoDb CancelBulkOperation Changes Control ["CancelBulkOperation"] ResourceSpec::Arn("BulkOperationArn");
    DynamoDb CreateBackup Changes Control ["CreateBackup"] ResourceSpec::Table("TableName");
    DynamoDb CreateGlobalTable Changes Control ["CreateGlobalTable"] ResourceSpec::GlobalTable("GlobalTableName");
    DynamoDb CreateTable Changes Control ["CreateTable"] ResourceSpec::Table("TableName");
    DynamoDb DeleteBackup Changes Control ["DeleteBackup"] ResourceSpec::Arn("BackupArn");
    DynamoDb DeleteItem Changes Data ["DeleteItem"] ResourceSpec::Table("TableName");
    DynamoDb DeleteResourcePolicy Changes Control ["DeleteResourcePolicy"] ResourceSpec::TableOrStream("ResourceArn");
    DynamoDb DeleteTable Changes Control ["DeleteTable"] ResourceSpec::Table("TableName");
    DynamoDb DescribeBackup Reads Control ["DescribeBackup"] ResourceSpec::Arn("BackupArn");
    DynamoDb DescribeBulkOperation Reads Control ["DescribeBulkOperation"] ResourceSpec::Arn("BulkOperationArn");
    DynamoDb DescribeContinuousBackups Reads Control ["DescribeContinuousBackups"] ResourceSpec::Table("TableName");
    DynamoDb DescribeContributorInsights Reads Control ["DescribeContributorInsights"] ResourceSpec::TableOrIndex("TableName", "IndexName");
    DynamoDb DescribeEndpoints Reads Control ["DescribeEndpoints"] ResourceSpec::Any;
    DynamoDb DescribeExport Reads Control ["DescribeExport"] ResourceSpec::Arn("ExportArn");
    DynamoDb DescribeGlobalTable Reads Control ["DescribeGlobalTable"] ResourceSpec::GlobalTable("GlobalTableName");
    DynamoDb DescribeGlobalTableSettings Reads Control ["DescribeGlobalTableSettings"] ResourceSpec::GlobalTable("GlobalTableName");
    DynamoDb DescribeImport Reads Control ["DescribeImport"] ResourceSpec::Arn("ImportArn");
    DynamoDb DescribeKinesisStreamingDestination Reads Control ["DescribeKinesisStreamingDestination"] ResourceSpec::Table("TableName");
    DynamoDb DescribeLimits Reads Control ["DescribeLimits"] ResourceSpec::Any;
    DynamoDb DescribeTable Reads Control ["DescribeTable"] ResourceSpec::Table("TableName");
    DynamoDb DescribeTableReplicaAutoScaling Reads Control ["DescribeTableReplicaAutoScaling"] ResourceSpec::Table("TableName");
    DynamoDb DescribeTimeToLive Reads Control ["DescribeTimeToLive"] ResourceSpec::Table("TableName");
    DynamoDb DisableKinesisStreamingDestination Changes Control ["DisableKinesisStreamingDestination"] ResourceSpec::Table("TableName");
    DynamoDb EnableKinesisStreamingDestination Changes Control ["EnableKinesisStreamingDestination"] ResourceSpec::Table("TableName");
    DynamoDb ExecuteStatement Changes Data ["PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"] ResourceSpec::Statement;
    DynamoDb ExecuteTransaction Changes Data ["PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"] ResourceSpec::Statement;
    DynamoDb ExportTableToPointInTime Changes Control ["ExportTableToPointInTime"] ResourceSpec::Table("TableArn");
    DynamoDb GetItem Reads Data ["GetItem"] ResourceSpec::Table("TableName");
    DynamoDb GetResourcePolicy Reads Control ["GetResourcePolicy"] ResourceSpec::TableOrStream("ResourceArn");
    DynamoDb ImportTable Changes Control ["ImportTable"] ResourceSpec::TableIn("TableCreationParameters");
    DynamoDb ListBackups Reads Control ["ListBackups"] ResourceSpec::Any;
    DynamoDb ListBulkOperations Reads Control ["ListBulkOperations"] ResourceSpec::Any;
    DynamoDb ListContributorInsights Reads Control ["ListContributorInsights"] ResourceSpec::Any;
    DynamoDb ListExports Reads Control ["ListExports"] ResourceSpec::Any;
    DynamoDb ListGlobalTables Reads Control ["ListGlobalTables"] ResourceSpec::Any;
    DynamoDb ListImports Reads Control ["ListImports"] ResourceSpec::Any;
    DynamoDb ListTables Reads Control ["ListTables"] ResourceSpec::Tables;
    DynamoDb ListTagsOfResource Reads Control ["ListTagsOfResource"] ResourceSpec::Table("ResourceArn");
    DynamoDb PutItem Changes Data ["PutItem"] ResourceSpec::Table("TableName");
    DynamoDb PutResourcePolicy Changes Control ["PutResourcePolicy"] ResourceSpec::TableOrStream("ResourceArn");
    DynamoDb Query Reads Data ["Query"] ResourceSpec::TableOrIndex("TableName", "IndexName");
    DynamoDb RestoreTableFromBackup Changes Control ["RestoreTableFromBackup"] ResourceSpec::Table("TargetTableName");
    DynamoDb RestoreTableToPointInTime Changes Control ["RestoreTableToPointInTime"] ResourceSpec::Table("TargetTableName");
    DynamoDb Scan Reads Data ["Scan"] ResourceSpec::TableOrIndex("TableName", "IndexName");
    DynamoDb SearchVectors Reads Data ["SearchVectors"] ResourceSpec::TableOrIndex("TableName", "IndexName");
    DynamoDb StartBulkPutItems Changes Control ["StartBulkPutItems"] ResourceSpec::Table("TableName");
    DynamoDb TagResource Changes Control ["TagResource"] ResourceSpec::Table("ResourceArn");
    DynamoDb TransactGetItems Reads Data ["GetItem"] ResourceSpec::EachItem("TransactItems");
    DynamoDb TransactWriteItems Changes Data ["ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"] ResourceSpec::EachItem("TransactItems");
    DynamoDb UntagResource Changes Control ["UntagResource"] ResourceSpec::Table("ResourceArn");
    DynamoDb UpdateContinuousBackups Changes Control ["UpdateContinuousBackups"] ResourceSpec::Table("TableName");
    DynamoDb UpdateContributorInsights Changes Control ["UpdateContributorInsights"] ResourceSpec::TableOrIndex("TableName", "IndexName");
    DynamoDb UpdateGlobalTable Changes Control ["UpdateGlobalTable"] ResourceSpec::GlobalTable("GlobalTableName");
    DynamoDb UpdateGlobalTableSettings Changes Control ["UpdateGlobalTableSettings"] ResourceSpec::GlobalTable("GlobalTableName");
    DynamoDb UpdateItem Changes Data ["UpdateItem"] ResourceSpec::Table("TableName");
    DynamoDb UpdateKinesisStreamingDestination Changes Control ["UpdateKinesisStreamingDestination"] ResourceSpec::Table("TableName");
    DynamoDb UpdateTable Changes Control ["UpdateTable"] ResourceSpec::Table("TableName");
    DynamoDb UpdateTableReplicaAutoScaling Changes Control ["UpdateTableReplicaAutoScaling"] ResourceSpec::Table("TableName");
    DynamoDb UpdateTimeToLive Changes Control ["UpdateTimeToLive"] ResourceSpec::Table("TableName");
    Streams DescribeStream Reads Control ["DescribeStream"] ResourceSpec::Stream("StreamArn");
    Streams GetRecords Reads Data ["GetRecords"] ResourceSpec::Any;
    Streams GetShardIterator Reads Data ["GetShardIterator"] ResourceSpec::Stream("StreamArn");
    Streams ListStreams Reads Control ["ListStreams"] ResourceSpec::Any;
}

/// Most bytes of the body of a batch or a transaction ("Quotas in Amazon DynamoDB", API-specific limits).
const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;
/// Most bytes of another body: the values of an expression may have 2 MB ("Quotas in Amazon DynamoDB", expression parameters), and JSON
/// may escape what it likes.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

impl Operation {
    /// The operation that stands after the dot of `X-Amz-Target`.
    pub fn parse(target: Api, name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|operation| operation.target() == target && operation.name() == name)
    }

    /// Its name in the API.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// Which API it belongs to.
    pub const fn target(self) -> Api {
        self.facts().target
    }

    /// Whether it changes something.
    pub const fn access(self) -> Access {
        self.facts().access
    }

    /// Whether it is about items rather than tables, which makes it a data event.
    pub const fn is_about_data(self) -> bool {
        matches!(self.facts().plane, Plane::Data)
    }

    /// The actions that it takes: all of them, or each item's own.
    pub const fn actions(self) -> &'static [&'static str] {
        self.facts().actions
    }

    /// On what it acts.
    pub const fn resource_spec(self) -> ResourceSpec {
        self.facts().resources
    }

    /// Whether this version serves it.
    pub fn is_built(self) -> bool {
        super::generated::input(self.name()).is_some()
    }

    /// Most bytes of its body.
    pub const fn max_body_bytes(self) -> usize {
        if matches!(
            self,
            Self::BatchWriteItem | Self::BatchGetItem | Self::TransactWriteItems
        ) {
            MAX_BATCH_BYTES
        } else {
            MAX_BODY_BYTES
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bowline_json::{Json, JsonLimits};

    use super::*;

    const MODELS: [(Api, &str, &str); 2] = [
        (
            Api::DynamoDb,
            "DynamoDB_20120810",
            include_str!("../../../../tools/facts/dynamodb.json"),
        ),
        (
            Api::Streams,
            "DynamoDBStreams_20120810",
            include_str!("../../../../tools/facts/dynamodbstreams.json"),
        ),
    ];
    const LIMITS: JsonLimits = JsonLimits {
        max_bytes: 1 << 20,
        max_depth: 16,
        max_values: 1 << 20,
    };

    /// What a member's shape says of an operation's input, none if it has no such member.
    fn member<'v>(model: &'v Json<'_>, operation: &str, name: &str) -> Option<&'v str> {
        let operation = model.get("operations")?.get(operation)?;
        let input = model
            .get("shapes")?
            .get(operation.get("input")?.as_str()?)?;
        let members = input.get("members")?.as_array()?;
        let member = members
            .iter()
            .find(|m| m.get("name").and_then(Json::as_str) == Some(name))?;
        member.get("shape")?.as_str()
    }

    #[test]
    fn the_table_has_every_operation_of_the_models_and_no_other() {
        for (target, prefix, text) in MODELS {
            let model = bowline_json::parse(text.as_bytes(), &LIMITS).unwrap();
            assert_eq!(model.get("target").unwrap().as_str(), Some(prefix));
            let members = model
                .get("operations")
                .unwrap()
                .as_object()
                .unwrap()
                .members();
            let theirs: BTreeSet<&str> = members.iter().map(|member| &*member.name).collect();
            let ours = Operation::ALL.iter().filter(|o| o.target() == target);
            let ours: BTreeSet<&str> = ours.map(|operation| operation.name()).collect();
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn what_an_operation_acts_on_is_a_member_of_its_input_that_can_say_so() {
        for (target, _, text) in MODELS {
            let model = bowline_json::parse(text.as_bytes(), &LIMITS).unwrap();
            for operation in Operation::ALL.iter().filter(|o| o.target() == target) {
                let shape =
                    |name| member(&model, operation.name(), name).unwrap_or("no such member");
                let (shape, good): (&str, &[&str]) = match operation.resource_spec() {
                    // Nothing that it requires names a table, and so nothing that it does is about one alone.
                    ResourceSpec::Any | ResourceSpec::Tables => {
                        let table = member(&model, operation.name(), "TableName");
                        assert!(
                            table.is_none() || operation.name().starts_with("List"),
                            "{operation}"
                        );
                        continue;
                    }
                    ResourceSpec::Statement => {
                        let one = member(&model, operation.name(), "Statement");
                        let many = ["Statements", "TransactStatements"];
                        let many = many
                            .iter()
                            .any(|m| member(&model, operation.name(), m).is_some());
                        assert!(one.is_some() || many, "{operation}");
                        continue;
                    }
                    ResourceSpec::Arn(name) => (
                        shape(name),
                        &["BackupArn", "BulkOperationArn", "ExportArn", "ImportArn"],
                    ),
                    ResourceSpec::EachTable(name) => (
                        shape(name),
                        &["BatchGetRequestMap", "BatchWriteItemRequestMap"],
                    ),
                    ResourceSpec::EachItem(name) => (
                        shape(name),
                        &["TransactGetItemList", "TransactWriteItemList"],
                    ),
                    ResourceSpec::GlobalTable(name) => (shape(name), &["TableName"]),
                    ResourceSpec::Stream(name) => (shape(name), &["StreamArn"]),
                    ResourceSpec::Table(name) => {
                        (shape(name), &["TableArn", "TableName", "ResourceArnString"])
                    }
                    ResourceSpec::TableOrIndex(name, index) => {
                        assert_eq!(shape(index), "IndexName", "{operation}");
                        (shape(name), &["TableArn"])
                    }
                    ResourceSpec::TableIn(name) => (shape(name), &["TableCreationParameters"]),
                    ResourceSpec::TableOrStream(name) => (shape(name), &["ResourceArnString"]),
                };
                assert!(good.contains(&shape), "{operation} has {shape}");
            }
        }
    }

    #[test]
    fn actions_are_named_as_their_operation_but_for_statements_and_transactions() {
        let others: Vec<_> = Operation::ALL
            .iter()
            .filter(|o| o.actions() != [format!("dynamodb:{o}")])
            .map(|o| format!("{o} {:?}", o.resource_spec()))
            .collect();
        insta::assert_snapshot!(others.join("\n"), @r#"
        BatchExecuteStatement Statement
        ExecuteStatement Statement
        ExecuteTransaction Statement
        TransactGetItems EachItem("TransactItems")
        TransactWriteItems EachItem("TransactItems")
        "#);
    }

    #[test]
    fn the_page_has_the_table() {
        let row = |operation: &Operation| {
            let served = if operation.is_built() { "yes" } else { "no" };
            let actions: Vec<_> = operation
                .actions()
                .iter()
                .filter_map(|action| action.strip_prefix("dynamodb:"))
                .collect();
            let on = match operation.resource_spec() {
                ResourceSpec::Any => "`*`",
                ResourceSpec::Arn(_) => "what the ARN names",
                ResourceSpec::EachTable(_) => "each table",
                ResourceSpec::EachItem(_) => "each item's table",
                ResourceSpec::GlobalTable(_) => "global table",
                ResourceSpec::Statement => "what the statement names",
                ResourceSpec::Stream(_) => "stream",
                ResourceSpec::Table(_) | ResourceSpec::TableIn(_) => "table",
                ResourceSpec::TableOrIndex(..) => "table or index",
                ResourceSpec::TableOrStream(_) => "table or stream",
                ResourceSpec::Tables => "`table/*`",
            };
            format!(
                "| {operation} | {served} | {} | {on} |\n",
                actions.join(", ")
            )
        };
        let table: String = Operation::ALL.iter().map(row).collect();
        let page = include_str!("../../../../docs/dynamodb.md");
        assert!(page.ends_with(&table), "the table should be:\n{table}");
    }
}
