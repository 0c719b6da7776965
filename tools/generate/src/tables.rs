//! The hand-kept tables of operations, as the generator reads them: which operations are built.
//!
//! `bowline-aws` compiles the same files for IAM and STS, with a macro of its own.

/// One operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) status: Status,
}

/// Whether this version carries an operation out. Without it, a request is authenticated,
/// validated, authorized and refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Built,
    NotBuilt,
}

/// The operations that are built, by name.
pub(crate) fn built(rows: &[Row]) -> Vec<&'static str> {
    rows.iter()
        .filter(|row| row.status == Status::Built)
        .map(|row| row.name)
        .collect()
}

macro_rules! operations {
    ($(
        $status:ident $access:ident $name:ident: $resource:expr
        $(, keys $keys:tt)?
        $(, passes $role:literal to $service:literal)?;
    )*) => {
        pub(crate) const ROWS: &[super::Row] = &[$(super::Row {
            name: stringify!($name),
            status: super::Status::$status,
        },)*];
    };
}

#[path = "../../../crates/aws/src/iam/table.rs"]
pub(crate) mod iam;
#[path = "../../../crates/aws/src/sts/table.rs"]
pub(crate) mod sts;

/// DynamoDB's operations that are built.
pub(crate) const DYNAMODB: &[&str] = &[
    "BatchGetItem",
    "BatchWriteItem",
    "CreateTable",
    "DeleteItem",
    "DeleteTable",
    "DescribeTable",
    "DescribeTimeToLive",
    "GetItem",
    "ListTables",
    "ListTagsOfResource",
    "PutItem",
    "Query",
    "Scan",
    "TagResource",
    "TransactGetItems",
    "TransactWriteItems",
    "UntagResource",
    "UpdateItem",
    "UpdateTable",
    "UpdateTimeToLive",
];
