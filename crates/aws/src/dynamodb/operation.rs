//! The operations of the service, one row each: its API, name, access, plane, actions, resources,
//! and whether it is built ("Actions, resources, and condition keys for Amazon DynamoDB", Service
//! Authorization Reference). The table is kept by hand, and a test compares it with the published
//! models.
//!
//! Operations that are not built are authorized on `*`, so that callers who may not do everything
//! of the kind learn nothing from them.

use std::fmt;

use crate::access::Access;

/// The resources that an operation acts on. Strings are names of members of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceSpec {
    /// No particular resource: `*`.
    Any,
    /// A backup, an export, an import or a bulk operation, by its ARN.
    Arn(&'static str),
    /// Each table that is a key of this map.
    EachTable(&'static str),
    /// Each item of a transaction, with the action of the item's kind.
    EachItem(&'static str),
    /// A global table, by its name.
    GlobalTable(&'static str),
    /// The tables that a `PartiQL` statement names. Statements are not parsed.
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

/// The API of an operation: the part of `X-Amz-Target` before the dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// `DynamoDB_20120810`.
    DynamoDb,
    /// `DynamoDBStreams_20120810`, which is signed for the same service.
    Streams,
}

/// Whether an operation is about items or tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plane {
    /// Items.
    Data,
    /// Tables and everything else.
    Control,
}

/// Whether this version implements an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Built,
    Unbuilt,
}

struct Facts {
    name: &'static str,
    target: Api,
    access: Access,
    plane: Plane,
    status: Status,
    actions: &'static [&'static str],
    resources: ResourceSpec,
}

macro_rules! operations {
    ($($target:ident $name:ident $access:ident $plane:ident $status:ident [$($action:literal),*] $resources:expr;)*) => {
        /// An operation of DynamoDB or of its streams.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the AWS API reference describes these")]
        pub enum Operation {
            $($name,)*
        }

        impl Operation {
            /// All operations.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            const fn facts(self) -> Facts {
                match self {
                    $(Self::$name => Facts {
                        name: stringify!($name),
                        target: Api::$target,
                        access: Access::$access,
                        plane: Plane::$plane,
                        status: Status::$status,
                        actions: &[$(concat!("dynamodb:", $action)),*],
                        resources: $resources,
                    },)*
                }
            }
        }
    };
}

operations! {
    DynamoDb BatchExecuteStatement Changes Data Unbuilt ["PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"] ResourceSpec::Statement;
    DynamoDb BatchGetItem Reads Data Built ["BatchGetItem"] ResourceSpec::EachTable("RequestItems");
    DynamoDb BatchWriteItem Changes Data Built ["BatchWriteItem"] ResourceSpec::EachTable("RequestItems");
    DynamoDb CancelBulkOperation Changes Control Unbuilt ["CancelBulkOperation"] ResourceSpec::Arn("BulkOperationArn");
    DynamoDb CreateBackup Changes Control Unbuilt ["CreateBackup"] ResourceSpec::Table("TableName");
    DynamoDb CreateGlobalTable Changes Control Unbuilt ["CreateGlobalTable"] ResourceSpec::GlobalTable("GlobalTableName");
    DynamoDb CreateTable Changes Control Built ["CreateTable"] ResourceSpec::Table("TableName");
    DynamoDb DeleteBackup Changes Control Unbuilt ["DeleteBackup"] ResourceSpec::Arn("BackupArn");
    DynamoDb DeleteItem Changes Data Built ["DeleteItem"] ResourceSpec::Table("TableName");
    DynamoDb DeleteResourcePolicy Changes Control Unbuilt ["DeleteResourcePolicy"] ResourceSpec::TableOrStream("ResourceArn");
    DynamoDb DeleteTable Changes Control Built ["DeleteTable"] ResourceSpec::Table("TableName");
    DynamoDb DescribeBackup Reads Control Unbuilt ["DescribeBackup"] ResourceSpec::Arn("BackupArn");
    DynamoDb DescribeBulkOperation Reads Control Unbuilt ["DescribeBulkOperation"] ResourceSpec::Arn("BulkOperationArn");
    DynamoDb DescribeContinuousBackups Reads Control Unbuilt ["DescribeContinuousBackups"] ResourceSpec::Table("TableName");
    DynamoDb DescribeContributorInsights Reads Control Unbuilt ["DescribeContributorInsights"] ResourceSpec::TableOrIndex("TableName", "IndexName");
    DynamoDb DescribeEndpoints Reads Control Unbuilt ["DescribeEndpoints"] ResourceSpec::Any;
    DynamoDb DescribeExport Reads Control Unbuilt ["DescribeExport"] ResourceSpec::Arn("ExportArn");
    DynamoDb DescribeGlobalTable Reads Control Unbuilt ["DescribeGlobalTable"] ResourceSpec::GlobalTable("GlobalTableName");
    DynamoDb DescribeGlobalTableSettings Reads Control Unbuilt ["DescribeGlobalTableSettings"] ResourceSpec::GlobalTable("GlobalTableName");
    DynamoDb DescribeImport Reads Control Unbuilt ["DescribeImport"] ResourceSpec::Arn("ImportArn");
    DynamoDb DescribeKinesisStreamingDestination Reads Control Unbuilt ["DescribeKinesisStreamingDestination"] ResourceSpec::Table("TableName");
    DynamoDb DescribeLimits Reads Control Unbuilt ["DescribeLimits"] ResourceSpec::Any;
    DynamoDb DescribeTable Reads Control Built ["DescribeTable"] ResourceSpec::Table("TableName");
    DynamoDb DescribeTableReplicaAutoScaling Reads Control Unbuilt ["DescribeTableReplicaAutoScaling"] ResourceSpec::Table("TableName");
    DynamoDb DescribeTimeToLive Reads Control Built ["DescribeTimeToLive"] ResourceSpec::Table("TableName");
    DynamoDb DisableKinesisStreamingDestination Changes Control Unbuilt ["DisableKinesisStreamingDestination"] ResourceSpec::Table("TableName");
    DynamoDb EnableKinesisStreamingDestination Changes Control Unbuilt ["EnableKinesisStreamingDestination"] ResourceSpec::Table("TableName");
    DynamoDb ExecuteStatement Changes Data Unbuilt ["PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"] ResourceSpec::Statement;
    DynamoDb ExecuteTransaction Changes Data Unbuilt ["PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"] ResourceSpec::Statement;
    DynamoDb ExportTableToPointInTime Changes Control Unbuilt ["ExportTableToPointInTime"] ResourceSpec::Table("TableArn");
    DynamoDb GetItem Reads Data Built ["GetItem"] ResourceSpec::Table("TableName");
    DynamoDb GetResourcePolicy Reads Control Unbuilt ["GetResourcePolicy"] ResourceSpec::TableOrStream("ResourceArn");
    DynamoDb ImportTable Changes Control Unbuilt ["ImportTable"] ResourceSpec::TableIn("TableCreationParameters");
    DynamoDb ListBackups Reads Control Unbuilt ["ListBackups"] ResourceSpec::Any;
    DynamoDb ListBulkOperations Reads Control Unbuilt ["ListBulkOperations"] ResourceSpec::Any;
    DynamoDb ListContributorInsights Reads Control Unbuilt ["ListContributorInsights"] ResourceSpec::Any;
    DynamoDb ListExports Reads Control Unbuilt ["ListExports"] ResourceSpec::Any;
    DynamoDb ListGlobalTables Reads Control Unbuilt ["ListGlobalTables"] ResourceSpec::Any;
    DynamoDb ListImports Reads Control Unbuilt ["ListImports"] ResourceSpec::Any;
    DynamoDb ListTables Reads Control Built ["ListTables"] ResourceSpec::Tables;
    DynamoDb ListTagsOfResource Reads Control Built ["ListTagsOfResource"] ResourceSpec::Table("ResourceArn");
    DynamoDb PutItem Changes Data Built ["PutItem"] ResourceSpec::Table("TableName");
    DynamoDb PutResourcePolicy Changes Control Unbuilt ["PutResourcePolicy"] ResourceSpec::TableOrStream("ResourceArn");
    DynamoDb Query Reads Data Built ["Query"] ResourceSpec::TableOrIndex("TableName", "IndexName");
    DynamoDb RestoreTableFromBackup Changes Control Unbuilt ["RestoreTableFromBackup"] ResourceSpec::Table("TargetTableName");
    DynamoDb RestoreTableToPointInTime Changes Control Unbuilt ["RestoreTableToPointInTime"] ResourceSpec::Table("TargetTableName");
    DynamoDb Scan Reads Data Built ["Scan"] ResourceSpec::TableOrIndex("TableName", "IndexName");
    DynamoDb SearchVectors Reads Data Unbuilt ["SearchVectors"] ResourceSpec::TableOrIndex("TableName", "IndexName");
    DynamoDb StartBulkPutItems Changes Control Unbuilt ["StartBulkPutItems"] ResourceSpec::Table("TableName");
    DynamoDb TagResource Changes Control Built ["TagResource"] ResourceSpec::Table("ResourceArn");
    DynamoDb TransactGetItems Reads Data Built ["GetItem"] ResourceSpec::EachItem("TransactItems");
    DynamoDb TransactWriteItems Changes Data Built ["ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"] ResourceSpec::EachItem("TransactItems");
    DynamoDb UntagResource Changes Control Built ["UntagResource"] ResourceSpec::Table("ResourceArn");
    DynamoDb UpdateContinuousBackups Changes Control Unbuilt ["UpdateContinuousBackups"] ResourceSpec::Table("TableName");
    DynamoDb UpdateContributorInsights Changes Control Unbuilt ["UpdateContributorInsights"] ResourceSpec::TableOrIndex("TableName", "IndexName");
    DynamoDb UpdateGlobalTable Changes Control Unbuilt ["UpdateGlobalTable"] ResourceSpec::GlobalTable("GlobalTableName");
    DynamoDb UpdateGlobalTableSettings Changes Control Unbuilt ["UpdateGlobalTableSettings"] ResourceSpec::GlobalTable("GlobalTableName");
    DynamoDb UpdateItem Changes Data Built ["UpdateItem"] ResourceSpec::Table("TableName");
    DynamoDb UpdateKinesisStreamingDestination Changes Control Unbuilt ["UpdateKinesisStreamingDestination"] ResourceSpec::Table("TableName");
    DynamoDb UpdateTable Changes Control Built ["UpdateTable"] ResourceSpec::Table("TableName");
    DynamoDb UpdateTableReplicaAutoScaling Changes Control Unbuilt ["UpdateTableReplicaAutoScaling"] ResourceSpec::Table("TableName");
    DynamoDb UpdateTimeToLive Changes Control Built ["UpdateTimeToLive"] ResourceSpec::Table("TableName");
    Streams DescribeStream Reads Control Unbuilt ["DescribeStream"] ResourceSpec::Stream("StreamArn");
    Streams GetRecords Reads Data Unbuilt ["GetRecords"] ResourceSpec::Any;
    Streams GetShardIterator Reads Data Unbuilt ["GetShardIterator"] ResourceSpec::Stream("StreamArn");
    Streams ListStreams Reads Control Unbuilt ["ListStreams"] ResourceSpec::Any;
}

/// Maximum body of a batch or a transaction ("Quotas in Amazon DynamoDB", API-specific limits).
const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;
/// Maximum body of other operations: the values of an expression may have 2 MB ("Quotas in Amazon
/// DynamoDB", expression parameters), and escapes make JSON longer.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

impl Operation {
    /// The operation with this name, the part of `X-Amz-Target` after the dot.
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

    /// Whether it reads or changes.
    pub const fn access(self) -> Access {
        self.facts().access
    }

    /// Whether it is about items rather than tables, which makes it a data event.
    pub const fn is_about_data(self) -> bool {
        matches!(self.facts().plane, Plane::Data)
    }

    /// The actions that it requires: all of them, or that of each item of a transaction.
    pub const fn actions(self) -> &'static [&'static str] {
        self.facts().actions
    }

    /// The resources that it acts on.
    pub const fn resource_spec(self) -> ResourceSpec {
        self.facts().resources
    }

    /// Whether this version implements it.
    pub const fn is_built(self) -> bool {
        matches!(self.facts().status, Status::Built)
    }

    /// Maximum length of its body in bytes.
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

    /// The shape of a member of an operation's input, if there is such a member.
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
    fn the_operations_that_are_built_have_a_shape() {
        for operation in Operation::ALL {
            let shape = crate::dynamodb::generated::input(operation.name());
            assert_eq!(operation.is_built(), shape.is_some(), "{operation}");
        }
    }

    #[test]
    fn the_resources_of_an_operation_are_members_of_its_input() {
        for (target, _, text) in MODELS {
            let model = bowline_json::parse(text.as_bytes(), &LIMITS).unwrap();
            for operation in Operation::ALL.iter().filter(|o| o.target() == target) {
                let shape =
                    |name| member(&model, operation.name(), name).unwrap_or("no such member");
                let (shape, good): (&str, &[&str]) = match operation.resource_spec() {
                    // It names no table, or uses the name as a filter.
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
    fn actions_have_the_names_of_operations_except_for_statements_and_transactions() {
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
    fn the_documentation_has_the_table() {
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
