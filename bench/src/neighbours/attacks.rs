//! The attacks, as data: what each of the connections repeats.

mod set_up;

use std::pin::Pin;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::Result;
use bowline_client::Request;
use bowline_testkit::token::Token;
use serde_json::{Value, json};

use self::set_up::{assume, indexed_tables, large_items, many_objects, silent_issuers, statements};
use super::{Attacker, signed};
use crate::workload::OBJECT;

/// One step of a connection.
pub enum Step {
    Send(Vec<u8>),
    /// Sends one of several requests, each connection another one.
    SendNext {
        requests: Vec<Vec<u8>>,
        next: AtomicUsize,
    },
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
        name: "builds of indexes",
        prepare: Some(indexed_tables),
        steps: |attacker| {
            let attribute = json!([{ "AttributeName": "kind", "AttributeType": "S" }]);
            let index = json!({
                "IndexName": "by-kind",
                "KeySchema": [{ "AttributeName": "kind", "KeyType": "HASH" }],
                "Projection": { "ProjectionType": "ALL" },
            });
            let changes = [
                json!([{ "Create": index }]),
                json!([{ "Delete": { "IndexName": "by-kind" } }]),
            ];
            let mut steps = Vec::new();
            for change in changes {
                for number in 0..set_up::INDEXED_TABLES {
                    let update = json!({
                        "TableName": format!("indexed{number}"),
                        "AttributeDefinitions": attribute,
                        "GlobalSecondaryIndexUpdates": change,
                    });
                    match call(attacker, "UpdateTable", &update) {
                        Ok(request) => steps.extend([Step::Send(request), Step::Read]),
                        Err(error) => return Box::pin(async { Err(error) }),
                    }
                }
            }
            ready(steps)
        },
    },
    Attack {
        name: "tokens of many issuers that never respond",
        prepare: Some(silent_issuers),
        steps: |attacker| {
            let anonymous = attacker.client.without_credentials();
            let requests: Result<Vec<Vec<u8>>> = (0..set_up::SILENT_ISSUERS)
                .map(|number| {
                    let url = set_up::silent_issuer(attacker, number);
                    let now = bowline_testkit::wait::now();
                    let token = Token::issued_at(&url, "none", now).sign_with_text("AAAA");
                    signed(&anonymous, "sts", crate::server::exchange(&token))
                })
                .collect();
            Box::pin(async {
                let next = AtomicUsize::new(0);
                let requests = requests?;
                Ok(vec![Step::SendNext { requests, next }, Step::Read])
            })
        },
    },
    Attack {
        name: "denied requests and their explanations",
        prepare: None,
        steps: |attacker| {
            let denied = "GET /insights/none HTTP/1.1\r\nhost: a\r\n\r\n";
            let target = "Bowline_20261101.Explain".to_owned();
            let explain = Request::json("1.1", target, &json!({ "Last": true }));
            let explain = signed(&attacker.client, "bowline", explain);
            Box::pin(async move {
                let explain = Step::Send(explain?);
                Ok(vec![send(denied), Step::Read, explain, Step::Read])
            })
        },
    },
    Attack {
        name: "listings of 1,000 objects",
        prepare: Some(many_objects),
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

/// A request to DynamoDB, signed.
fn call(attacker: &Attacker, operation: &str, input: &Value) -> Result<Vec<u8>> {
    let request = Request::json("1.0", format!("DynamoDB_20120810.{operation}"), input);
    signed(&attacker.client, "dynamodb", request)
}

fn table_call(attacker: &Attacker, operation: &str, input: &Value) -> Later<Vec<Step>> {
    let bytes = call(attacker, operation, input);
    Box::pin(async { Ok(vec![Step::Send(bytes?), Step::Read]) })
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
