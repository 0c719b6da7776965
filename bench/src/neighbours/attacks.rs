//! The attacks, as data: what each of the connections repeats.

use std::pin::Pin;
use std::time::Duration;

use anyhow::{Context, Result};
use bowline_client::Request;
use http::Method;
use serde_json::{Value, json};

use super::{Attacker, signed};
use crate::server::success;
use crate::workload::OBJECT;

/// One step of a connection.
pub enum Step {
    Send(Vec<u8>),
    /// Sends single bytes with pauses.
    Trickle {
        bytes: Vec<u8>,
        pause: Duration,
    },
    /// Reads one response.
    Read,
    /// Waits until the server closes the connection.
    Hold,
    /// Waits without reading.
    HoldUnread,
    /// Closes the connection, and opens another one.
    Close,
}

type Later<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

/// An attack.
pub struct Attack {
    pub name: &'static str,
    /// What it needs beforehand.
    pub prepare: Option<fn(&Attacker) -> Later<()>>,
    pub steps: fn(&Attacker) -> Later<Vec<Step>>,
}

/// All attacks.
pub const ATTACKS: &[Attack] = &[
    attack("half-sent heads", |_| {
        ready(vec![send("GET / HTTP/1.1\r\nhost: a\r\nx: "), Step::Hold])
    }),
    attack("half-sent heads of 30 KB, closed at once", |_| {
        let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}", "a".repeat(30_000));
        ready(vec![send(head), Step::Close])
    }),
    attack("heads byte by byte", |_| {
        let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}", "a".repeat(30_000));
        ready(vec![Step::Trickle {
            bytes: head.into_bytes(),
            pause: Duration::from_millis(2),
        }])
    }),
    attack("connections that say nothing", |_| ready(vec![Step::Hold])),
    attack("connections, closed at once", |_| ready(vec![Step::Close])),
    attack("forms of 500 KB that never end", |_| {
        ready(vec![
            send(form(500_000)),
            send("a".repeat(490_000)),
            Step::Hold,
        ])
    }),
    attack("forms of 500 KB, byte by byte", |_| {
        ready(vec![
            send(form(500_000)),
            Step::Trickle {
                bytes: vec![b'a'; 100_000],
                pause: Duration::from_millis(2),
            },
        ])
    }),
    attack("forms of 500 KB without a meaning", |_| {
        ready(vec![
            send(form(500_000)),
            send("a".repeat(500_000)),
            Step::Read,
        ])
    }),
    attack("chunks of one byte", |_| {
        let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\ntransfer-encoding: chunked\r\n\r\n";
        ready(vec![
            send(head),
            send("1\r\na\r\n".repeat(50_000)),
            Step::Hold,
        ])
    }),
    attack("responses that are not read", |_| {
        let get = "GET /insights/none HTTP/1.1\r\nhost: a\r\n\r\n";
        ready(vec![send(get.repeat(2_000)), Step::HoldUnread])
    }),
    attack("unsigned requests", |_| {
        let get = format!(
            "GET /insights/{} HTTP/1.1\r\nhost: a\r\n\r\n",
            "k".repeat(900)
        );
        ready(vec![send(get), Step::Read])
    }),
    attack("exchanges of tokens that are none", |_| {
        let body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A432797229265%3Arole%2Fbot&RoleSessionName=abc&WebIdentityToken=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EifQ.AAAA";
        ready(vec![send(form(body.len())), send(body), Step::Read])
    }),
    attack(
        "large bodies with a known key and a false signature",
        |attacker| {
            let put = Request::json(
                "1.0",
                "DynamoDB_20120810.PutItem".to_owned(),
                &json!({ "TableName": "insights", "Item": { "id": { "S": "x".repeat(300_000) } } }),
            );
            let bytes = signed(&attacker.client, "dynamodb", put).map(|mut bytes| {
                if let Some(last) = bytes.last_mut() {
                    *last = b' ';
                }
                vec![Step::Send(bytes), Step::Read]
            });
            Box::pin(async { bytes })
        },
    ),
    Attack {
        name: "a pattern against a long text, in a session policy",
        prepare: None,
        steps: pattern,
    },
    Attack {
        name: "1,000 statements that cannot match",
        prepare: Some(statements),
        steps: |attacker| {
            let client = attacker.client.clone();
            Box::pin(async move {
                let session = assume(&client, "many", None).await?;
                let get = signed(&session, "s3", Request::get(OBJECT))?;
                Ok(vec![Step::Send(get), Step::Read])
            })
        },
    },
    Attack {
        name: "transactions with long lists",
        prepare: Some(large_items),
        steps: |attacker| {
            let list: Vec<Value> = (0..100).map(|n| json!({ "S": format!("{n}") })).collect();
            let names: Vec<String> = (0..100).map(|n| format!(":v{n}")).collect();
            let values: serde_json::Map<_, _> = names.iter().cloned().zip(list).collect();
            let condition = format!("attribute_exists(id) AND NOT big IN ({})", names.join(", "));
            let checks: Vec<Value> = (0..50)
                .map(|n| {
                    json!({ "ConditionCheck": {
                        "TableName": "insights",
                        "Key": { "id": { "S": format!("big{}", n % 8) } },
                        "ConditionExpression": condition,
                        "ExpressionAttributeValues": values,
                    } })
                })
                .collect();
            table_call(
                attacker,
                "TransactWriteItems",
                &json!({ "TransactItems": checks }),
            )
        },
    },
    Attack {
        name: "scans of large items",
        prepare: Some(large_items),
        steps: |attacker| {
            let scan =
                json!({ "TableName": "insights", "FilterExpression": "attribute_not_exists(id)" });
            table_call(attacker, "Scan", &scan)
        },
    },
    Attack {
        name: "batches of large items, not read",
        prepare: Some(large_items),
        steps: |attacker| {
            let keys: Vec<Value> = (0..8)
                .map(|n| json!({ "id": { "S": format!("big{n}") } }))
                .collect();
            let batch = json!({ "RequestItems": { "insights": { "Keys": keys } } });
            let call = table_call(attacker, "BatchGetItem", &batch);
            Box::pin(async {
                let mut steps = call.await?;
                steps.pop();
                steps.push(Step::HoldUnread);
                Ok(steps)
            })
        },
    },
    Attack {
        name: "listings of 1,000 objects",
        prepare: Some(|attacker| {
            let client = attacker.client.clone();
            Box::pin(async move {
                for number in 0..1_000 {
                    let path = format!("/insights/many/{number}");
                    success(client.s3(Method::PUT, &path, "").await)?;
                }
                Ok(())
            })
        }),
        steps: |attacker| {
            let list = Request::get("/insights?list-type=2");
            let list = signed(&attacker.client, "s3", list);
            Box::pin(async { Ok(vec![Step::Send(list?), Step::Read]) })
        },
    },
];

/// Small valid GETs, which every attack is compared with.
pub fn valid_gets(attacker: &Attacker) -> Result<Vec<Step>> {
    let get = signed(&attacker.client, "s3", Request::get(OBJECT))?;
    Ok(vec![Step::Send(get), Step::Read])
}

const fn attack(name: &'static str, steps: fn(&Attacker) -> Later<Vec<Step>>) -> Attack {
    Attack {
        name,
        prepare: None,
        steps,
    }
}

fn ready(steps: Vec<Step>) -> Later<Vec<Step>> {
    Box::pin(async { Ok(steps) })
}

fn send(text: impl Into<String>) -> Step {
    Step::Send(text.into().into_bytes())
}

/// The head of a form of this length.
fn form(length: usize) -> String {
    format!(
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n"
    )
}

fn table_call(attacker: &Attacker, operation: &str, input: &Value) -> Later<Vec<Step>> {
    let request = Request::json("1.0", format!("DynamoDB_20120810.{operation}"), input);
    let bytes = signed(&attacker.client, "dynamodb", request);
    Box::pin(async { Ok(vec![Step::Send(bytes?), Step::Read]) })
}

/// Eight items of nearly 400 KB.
fn large_items(attacker: &Attacker) -> Later<()> {
    let client = attacker.client.clone();
    Box::pin(async move {
        for number in 0..8 {
            let item = json!({ "TableName": "insights", "Item": {
                "id": { "S": format!("big{number}") }, "big": { "S": "x".repeat(390_000) },
            } });
            success(client.dynamodb("PutItem", &item).await)?;
        }
        Ok(())
    })
}

/// Credentials of a role in the attacker's account, which root cannot assume itself: those of a
/// user with the permission.
async fn assume(
    client: &bowline_client::Client,
    role: &str,
    policy: Option<&str>,
) -> Result<bowline_client::Client> {
    let account = crate::server::ACCOUNT;
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

/// A pattern whose star can begin at every place of a long `User-Agent`.
fn pattern(attacker: &Attacker) -> Later<Vec<Step>> {
    let client = attacker.client.clone();
    Box::pin(async move {
        let policy = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "s3:*", "Resource": "*",
            "Condition": { "StringNotLike": { "aws:UserAgent": format!("*{}b*?{}c", "a".repeat(600), "a?".repeat(200)) } },
        }] })
        .to_string();
        let session = assume(&client, "bare", Some(&policy)).await?;
        let get = signed(&session, "s3", Request::get(OBJECT))?;
        let get = String::from_utf8(get)?;
        let agent = format!("user-agent: {}", "a".repeat(7_500));
        let get = get.replace("user-agent: Boto3/1.44.5", &agent);
        Ok(vec![send(get), Step::Read])
    })
}

/// A role with as many statements as its policies can have.
fn statements(attacker: &Attacker) -> Later<()> {
    let client = attacker.client.clone();
    Box::pin(async move {
        drop(assume(&client, "many", None).await?);
        // 10,240 characters are what the inline policies of a role may have together.
        let policy: Vec<Value> = (0..130)
            .map(|n| json!({ "Effect": "Deny", "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::a/{n}") }))
            .collect();
        let policy = json!({ "Version": "2012-10-17", "Statement": policy }).to_string();
        let parameters = [
            ("RoleName", "many"),
            ("PolicyName", "statements"),
            ("PolicyDocument", &*policy),
        ];
        success(client.iam("PutRolePolicy", &parameters).await)?;
        Ok(())
    })
}
