//! Tables: the role gets permissions on one, and none on another.

use anyhow::Result;
use bowline_client::Credentials;
use serde_json::json;

use super::{
    pod::{self, ROLE},
    step::{accepted, denied, exists_already},
};
use crate::commands::demo::{
    reporter::Reporter,
    scene::{ACCOUNT, REGION, Scene},
};

/// The table that the role opens, and one that it does not.
pub(in crate::commands::demo) const TABLE: &str = "findings";
const OTHER_TABLE: &str = "salaries";

/// Plays the steps with the pod's credentials.
///
/// # Errors
/// If no response comes.
pub(super) async fn play(scene: &Scene, reporter: &mut Reporter, pod: &Credentials) -> Result<()> {
    there_are_tables(scene, reporter).await?;
    the_role_is_allowed_one(scene, reporter).await?;
    the_pod_uses_it(scene, reporter, pod).await
}

async fn there_are_tables(scene: &Scene, reporter: &mut Reporter) -> Result<()> {
    for (table, title) in [
        (TABLE, "There is a table for the role"),
        (
            OTHER_TABLE,
            "There is another table, which is not the role's business",
        ),
    ] {
        let input = json!({
            "TableName": table,
            "AttributeDefinitions": [
                { "AttributeName": "bot", "AttributeType": "S" },
                { "AttributeName": "number", "AttributeType": "N" },
            ],
            "KeySchema": [
                { "AttributeName": "bot", "KeyType": "HASH" },
                { "AttributeName": "number", "KeyType": "RANGE" },
            ],
            "BillingMode": "PAY_PER_REQUEST",
        });
        let mut sent = format!("dynamodb CreateTable {table}");
        let mut response = scene.root.dynamodb("CreateTable", &input).await?;
        if exists_already(&response) {
            sent = format!("dynamodb DescribeTable {table}");
            let input = json!({ "TableName": table });
            response = scene.root.dynamodb("DescribeTable", &input).await?;
        }
        reporter.report(&accepted(
            title,
            sent,
            &response,
            format!("it is {} of the account alone", table_arn(table)),
        ));
    }
    Ok(())
}

async fn the_role_is_allowed_one(scene: &Scene, reporter: &mut Reporter) -> Result<()> {
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "Items", "Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:Query"], "Resource": table_arn(TABLE) },
    ] })
    .to_string();
    let response = scene
        .root
        .iam(
            "PutRolePolicy",
            &[
                ("RoleName", ROLE),
                ("PolicyName", "one-table"),
                ("PolicyDocument", &policy),
            ],
        )
        .await?;
    reporter.report(&accepted(
        "The role gets permissions on one table",
        format!("iam PutRolePolicy PolicyName=one-table PolicyDocument={policy}"),
        &response,
        "credentials issued earlier have them from now on: permissions belong to the role"
            .to_owned(),
    ));
    Ok(())
}

async fn the_pod_uses_it(scene: &Scene, reporter: &mut Reporter, pod: &Credentials) -> Result<()> {
    let pod = scene.root.with_credentials(pod.clone());
    let item = |table: &str| {
        json!({ "TableName": table, "Item": {
            "bot": { "S": pod::SERVICE_ACCOUNT },
            "number": { "N": "42" },
            "text": { "S": "tables are like buckets" },
        } })
    };
    let response = pod.dynamodb("PutItem", &item(TABLE)).await?;
    reporter.report(&accepted(
        "The pod puts an item",
        format!("dynamodb PutItem {TABLE}"),
        &response,
        "statement `Items` of `one-table` allows dynamodb:PutItem".to_owned(),
    ));

    let query = json!({
        "TableName": TABLE,
        "KeyConditionExpression": "bot = :bot",
        "ExpressionAttributeValues": { ":bot": { "S": pod::SERVICE_ACCOUNT } },
    });
    let response = pod.dynamodb("Query", &query).await?;
    let found = response.json_text("/Items/0/text/S").unwrap_or_default();
    let mut step = accepted(
        "The pod finds it by a query",
        format!("dynamodb Query {TABLE}"),
        &response,
        format!("statement `Items` of `one-table` allows dynamodb:Query: {found:?}"),
    );
    step.ok &= found == "tables are like buckets";
    reporter.report(&step);

    let response = pod.dynamodb("PutItem", &item(OTHER_TABLE)).await?;
    let step = denied(
        scene,
        "Another table is refused",
        format!("dynamodb PutItem {OTHER_TABLE}"),
        &response,
        "AccessDeniedException",
        "asks for Resource",
    )
    .await?;
    reporter.report(&step);
    Ok(())
}

fn table_arn(table: &str) -> String {
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}")
}
