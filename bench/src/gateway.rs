//! Requests through the gateway per second and core, beside a bare HTTP request of the same size
//! and the embedded stores called directly; and the server's memory.

use anyhow::Result;
use bowline_client::{Client, Request};
use bowline_testkit::{issuer::Issuer, wait::now};
use http::Method;
use serde_json::json;

use crate::{
    REQUESTS, ROUNDS, WARM_UP,
    load::{self, Rate},
    memory::Memory,
    parts::{self, Parts},
    peer,
    report::{HEAD, middle, row},
    server::{self, ACCOUNT, Bowline, REGION, success},
    workload::{self, BUCKET, OBJECT, OBJECT_BYTES, item_key, table_definition, whole_item},
};

/// The figures.
pub struct Figures {
    bare: Rate,
    object: Rate,
    item: Rate,
    parts: Parts,
    request_bytes: usize,
    memory: Memory,
}

/// Measures all of it.
pub async fn figures(binary: &str) -> Result<Figures> {
    let issuer = Issuer::start();
    let server = Bowline::start(binary, &issuer).await?;
    set_up(&server.root).await?;
    let bot = server.bot(&workload::token(&issuer, now(), 0)).await?;
    let get_object = server::bytes(&bot, "s3", Request::get(OBJECT))?;
    let target = "DynamoDB_20120810.GetItem".to_owned();
    let get_item = Request::json("1.0", target, &item_key());
    let get_item = server::bytes(&bot, "dynamodb", get_item)?;
    let bare = peer::Bare::start(OBJECT_BYTES).await?;
    let request_bytes = get_object.len();
    let (get_object, get_item) = (vec![get_object], vec![get_item]);

    load::run(&bare.process, &get_object, WARM_UP).await?;
    load::run(&server.process, &get_object, WARM_UP).await?;
    load::run(&server.process, &get_item, WARM_UP).await?;
    let (mut bares, mut objects, mut items, mut measured) = (vec![], vec![], vec![], vec![]);
    for round in 1..=ROUNDS {
        eprintln!("gateway, round {round} of {ROUNDS}");
        measured.push(parts::on_core_0()?);
        bares.push(load::run(&bare.process, &get_object, REQUESTS).await?);
        objects.push(load::run(&server.process, &get_object, REQUESTS).await?);
        items.push(load::run(&server.process, &get_item, REQUESTS).await?);
    }
    let memory = Memory::of(binary, &server.process, &get_object[0]).await?;
    Ok(Figures {
        bare: middle(&bares),
        object: middle(&objects),
        item: middle(&items),
        parts: Parts::middle(&measured),
        request_bytes,
        memory,
    })
}

/// A bucket with an object, a table with an item, and permissions for the role.
async fn set_up(root: &Client) -> Result<()> {
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::insights/*" },
        { "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/insights") },
    ] })
    .to_string();
    let parameters = [
        ("RoleName", "bot"),
        ("PolicyName", "reading"),
        ("PolicyDocument", &policy),
    ];
    success(root.iam("PutRolePolicy", &parameters).await)?;
    success(root.s3(Method::PUT, BUCKET, "").await)?;
    let content = "x".repeat(OBJECT_BYTES);
    success(root.s3(Method::PUT, OBJECT, content).await)?;
    success(root.dynamodb("CreateTable", &table_definition()).await)?;
    success(root.dynamodb("PutItem", &whole_item()).await)?;
    Ok(())
}

impl Figures {
    pub fn to_markdown(&self) -> String {
        let mut text = format!(
            "Requests of {} bytes with their heads, responses of {OBJECT_BYTES} bytes (an object) and 300 (an item); 16 connections; medians of {ROUNDS} rounds.\n\n",
            self.request_bytes
        );
        text += HEAD;
        text += &row("bare axum GET", &self.bare);
        text += &row("GetObject, signed", &self.object);
        text += &row("GetItem, signed", &self.item);
        let Parts {
            verify,
            decide,
            object,
            item,
        } = self.parts;
        text += "\n| of it, µs | verify | decide | store, called directly | HTTP, audit and the rest |\n| --- | ---: | ---: | ---: | ---: |\n";
        for (what, rate, store) in [
            ("GetObject", &self.object, object),
            ("GetItem", &self.item, item),
        ] {
            let rest = rate.cpu_micros - verify - decide - store;
            text += &format!("| {what} | {verify:.1} | {decide:.1} | {store:.1} | {rest:.1} |\n");
        }
        text += &self.memory.to_markdown();
        text
    }
}
