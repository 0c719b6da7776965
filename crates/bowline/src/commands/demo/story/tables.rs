//! A table: the role gets permissions on one, and another stays closed.

use anyhow::Result;
use bowline_client::Credentials;
use serde_json::json;

use super::{
    pod::{self, ROLE},
    step::{accepted, is_there_already, refused},
};
use crate::commands::demo::{
    scene::{ACCOUNT, REGION, Scene},
    teller::Teller,
};

/// The table that the role opens, and one that it does not.
pub(in crate::commands::demo) const TABLE: &str = "findings";
const OTHER_TABLE: &str = "salaries";

/// Plays it with the pod's credentials.
///
/// # Errors
/// If no answer comes at all.
pub(super) async fn tell(scene: &Scene, teller: &mut Teller, pod: &Credentials) -> Result<()> {
    there_are_tables(scene, teller).await?;
    the_role_is_allowed_one(scene, teller).await?;
    the_pod_uses_it(scene, teller, pod).await
}

async fn there_are_tables(scene: &Scene, teller: &mut Teller) -> Result<()> {
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
        let mut answer = scene.root.dynamodb("CreateTable", &input).await?;
        if is_there_already(&answer) {
            sent = format!("dynamodb DescribeTable {table}");
            let input = json!({ "TableName": table });
            answer = scene.root.dynamodb("DescribeTable", &input).await?;
        }
        teller.tell(&accepted(
            title,
            sent,
            &answer,
            format!("it is {} of the account alone", table_arn(table)),
        ));
    }
    Ok(())
}

async fn the_role_is_allowed_one(scene: &Scene, teller: &mut Teller) -> Result<()> {
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "Items", "Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:Query"], "Resource": table_arn(TABLE) },
    ] })
    .to_string();
    let answer = scene
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
    teller.tell(&accepted(
        "The role gets permissions on one table",
        format!("iam PutRolePolicy PolicyName=one-table PolicyDocument={policy}"),
        &answer,
        "credentials that were given before have them from now on: permissions are the role's"
            .to_owned(),
    ));
    Ok(())
}

async fn the_pod_uses_it(scene: &Scene, teller: &mut Teller, pod: &Credentials) -> Result<()> {
    let pod = scene.root.with_credentials(pod.clone());
    let item = |table: &str| {
        json!({ "TableName": table, "Item": {
            "bot": { "S": pod::SERVICE_ACCOUNT },
            "number": { "N": "42" },
            "text": { "S": "tables are like buckets" },
        } })
    };
    let answer = pod.dynamodb("PutItem", &item(TABLE)).await?;
    teller.tell(&accepted(
        "The pod puts an item",
        format!("dynamodb PutItem {TABLE}"),
        &answer,
        "statement `Items` of `one-table` allows dynamodb:PutItem".to_owned(),
    ));

    let query = json!({
        "TableName": TABLE,
        "KeyConditionExpression": "bot = :bot",
        "ExpressionAttributeValues": { ":bot": { "S": pod::SERVICE_ACCOUNT } },
    });
    let answer = pod.dynamodb("Query", &query).await?;
    let found = answer.json_text("/Items/0/text/S").unwrap_or_default();
    let mut step = accepted(
        "The pod finds it by a query",
        format!("dynamodb Query {TABLE}"),
        &answer,
        format!("statement `Items` of `one-table` allows dynamodb:Query: {found:?}"),
    );
    step.ok &= found == "tables are like buckets";
    teller.tell(&step);

    let answer = pod.dynamodb("PutItem", &item(OTHER_TABLE)).await?;
    let told = refused(
        scene,
        "Another table is refused",
        format!("dynamodb PutItem {OTHER_TABLE}"),
        &answer,
        "AccessDeniedException",
        "asks for Resource",
    )
    .await?;
    teller.tell(&told);
    Ok(())
}

fn table_arn(table: &str) -> String {
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}")
}
