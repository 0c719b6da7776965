//! What attacks need beforehand: objects, items, tables, roles and providers of the attacker.

use anyhow::{Context, Result};
use bowline_client::Client;
use http::Method;
use serde_json::{Value, json};

use super::{Attacker, Later};
use crate::server::{ACCOUNT, success};

/// Tables of which indexes are built.
pub const INDEXED_TABLES: usize = 4;
/// Providers whose issuers never respond. An account may have 100.
pub const SILENT_ISSUERS: usize = 64;
/// Managed policies of the role with many statements, as many as a role can have, and the
/// statements of each: 1,000 in all.
const POLICIES: usize = 20;
const STATEMENTS: usize = 50;

/// A thousand objects of one bucket.
pub fn many_objects(attacker: &Attacker) -> Later<()> {
    let client = attacker.client.clone();
    Box::pin(async move {
        for number in 0..1_000 {
            let path = format!("/insights/many/{number}");
            success(client.s3(Method::PUT, &path, "").await)?;
        }
        Ok(())
    })
}

/// Eight items of nearly 400 KB.
pub fn large_items(attacker: &Attacker) -> Later<()> {
    let client = attacker.client.clone();
    Box::pin(async move { put_large_items(&client, "insights").await })
}

async fn put_large_items(client: &Client, table: &str) -> Result<()> {
    for number in 0..8 {
        let item = json!({ "TableName": table, "Item": {
            "id": { "S": format!("big{number}") },
            "kind": { "S": "large" },
            "big": { "S": "x".repeat(390_000) },
        } });
        success(client.dynamodb("PutItem", &item).await)?;
    }
    Ok(())
}

/// Tables with large items, for indexes that contain all of each.
pub fn indexed_tables(attacker: &Attacker) -> Later<()> {
    let client = attacker.client.clone();
    Box::pin(async move {
        for number in 0..INDEXED_TABLES {
            let name = format!("indexed{number}");
            let mut table = crate::workload::table_definition();
            table["TableName"] = Value::String(name.clone());
            success(client.dynamodb("CreateTable", &table).await)?;
            put_large_items(&client, &name).await?;
        }
        Ok(())
    })
}

/// Providers of one host that takes connections and never responds.
pub fn silent_issuers(attacker: &Attacker) -> Later<()> {
    let client = attacker.client.clone();
    let urls = (0..SILENT_ISSUERS).map(|number| silent_issuer(attacker, number));
    let urls: Vec<String> = urls.collect();
    Box::pin(async move {
        for url in urls {
            let provider = [
                ("Url", &*url),
                ("ClientIDList.member.1", "sts.amazonaws.com"),
                ("ThumbprintList.member.1", &"a".repeat(40)),
            ];
            let provider = client.iam("CreateOpenIDConnectProvider", &provider);
            success(provider.await)?;
        }
        Ok(())
    })
}

/// The URL of such an issuer.
pub fn silent_issuer(attacker: &Attacker, number: usize) -> String {
    format!("http://{}/{number}", attacker.silent_host)
}

/// Credentials of a role in the attacker's account, which root cannot assume itself: those of a
/// user with the permission.
pub async fn assume(
    client: &bowline_client::Client,
    role: &str,
    policy: Option<&str>,
) -> Result<bowline_client::Client> {
    let account = ACCOUNT;
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{account}:root") }, "Action": "sts:AssumeRole",
    }] })
    .to_string();
    let create = [("RoleName", role), ("AssumeRolePolicyDocument", &*trust)];
    // They may exist from the round before.
    let _ = client.iam("CreateRole", &create).await?;
    let _ = client
        .iam("CreateUser", &[("UserName", "attacker")])
        .await?;
    let all = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["sts:AssumeRole", "s3:*"], "Resource": "*" },
    ] })
    .to_string();
    let of_user = [
        ("UserName", "attacker"),
        ("PolicyName", "all"),
        ("PolicyDocument", &*all),
    ];
    success(client.iam("PutUserPolicy", &of_user).await)?;
    let of_role = [
        ("RoleName", role),
        ("PolicyName", "all"),
        ("PolicyDocument", &*all),
    ];
    success(client.iam("PutRolePolicy", &of_role).await)?;
    let key = client
        .iam("CreateAccessKey", &[("UserName", "attacker")])
        .await;
    let key = success(key)?;
    let id = key.element("AccessKeyId").context("a key id")?;
    let secret = key.element("SecretAccessKey").context("a secret")?;
    let user = client.with_credentials(bowline_client::Credentials {
        access_key_id: id.parse()?,
        secret_access_key: bowline_aws::credentials::SecretAccessKey::new(secret)?,
        session_token: None,
    });
    let arn = format!("arn:aws:iam::{account}:role/{role}");
    let mut parameters = vec![("RoleArn", &*arn), ("RoleSessionName", "attacker")];
    parameters.extend(policy.map(|policy| ("Policy", policy)));
    let assumed = success(user.sts("AssumeRole", &parameters).await)?;
    let credentials = assumed.credentials().context("credentials")?;
    let delete = [("UserName", "attacker"), ("AccessKeyId", &*id)];
    success(client.iam("DeleteAccessKey", &delete).await)?;
    Ok(client.with_credentials(credentials))
}

/// A role with 1,000 statements.
pub fn statements(attacker: &Attacker) -> Later<()> {
    let client = attacker.client.clone();
    Box::pin(async move {
        drop(assume(&client, "many", None).await?);
        let quota = json!({ "AccountId": ACCOUNT, "Quota": "PoliciesPerRole", "Value": POLICIES });
        success(client.operator("PutAccountQuota", &quota).await)?;
        for policy in 0..POLICIES {
            let statements: Vec<Value> = (0..STATEMENTS)
                .map(|n| json!({ "Effect": "Deny", "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::a/{policy}/{n}") }))
                .collect();
            let document = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
            let name = format!("statements{policy}");
            let create = [("PolicyName", &*name), ("PolicyDocument", &*document)];
            success(client.iam("CreatePolicy", &create).await)?;
            let arn = format!("arn:aws:iam::{ACCOUNT}:policy/{name}");
            let attach = [("RoleName", "many"), ("PolicyArn", &*arn)];
            success(client.iam("AttachRolePolicy", &attach).await)?;
        }
        Ok(())
    })
}
