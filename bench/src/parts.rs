//! The parts of a request through the gateway, each alone and in this process: the credentials and
//! the signature are verified, the engine decides, the store is called.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use aws_lc_rs::rand::SystemRandom;
use bowline_aws::credentials::{SecretAccessKey, SessionToken};
use bowline_aws::dynamodb::{AccountRegion, Operation, Request};
use bowline_aws::s3::ObjectKey;
use bowline_aws::sigv4::{
    Credentials, DerivedKey, Payload, PresentedSignature, RequestParts, SigningPayload, present,
    sign, verify,
};
use bowline_iam::account::AccountId;
use bowline_iam::action::Action;
use bowline_iam::authorize::{
    AppliedPolicy, AuthorizationRequest, Policies, RequestedResource, authorize,
};
use bowline_iam::context::{ConditionContext, ConditionValue};
use bowline_iam::policy::{CompiledPolicy, Policy, PolicyKind};
use bowline_iam::principal::Principal;
use bowline_server::crypto::keyring::{Keyring, KeyringRecord};
use bowline_server::crypto::master_key::MasterKey;
use bowline_server::identity::entity::{FeatureLevel, Role, TrustDocument, UpstreamBucket};
use bowline_server::identity::session::{self, AssumeRole, WebIdentityClaims};
use bowline_server::upstream::objects::embedded::EmbeddedObjects;
use bowline_server::upstream::objects::{NewObject, ObjectStore, Piece};
use bowline_server::upstream::tables::{
    ItemShare, TableRequest, TableStore, embedded::EmbeddedTables,
};
use bowline_testkit::token::SUBJECT;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::report::median;
use crate::server::{ACCOUNT, REGION};
use crate::workload::{OBJECT_BYTES, item_key, table_definition, whole_item};

/// Microseconds of each part.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Parts {
    /// A session token is opened, a key derived, a signature compared.
    pub verify: f64,
    /// A context of a dozen keys is built, and two statements are evaluated.
    pub decide: f64,
    /// An object of 4 KiB is opened and read.
    pub object: f64,
    /// An item is fetched.
    pub item: f64,
}

impl Parts {
    pub fn middle(of: &[Self]) -> Self {
        let each = |part: fn(&Self) -> f64| median(of.iter().map(part));
        Self {
            verify: each(|p| p.verify),
            decide: each(|p| p.decide),
            object: each(|p| p.object),
            item: each(|p| p.item),
        }
    }
}

/// Measures in a process of its own on core 0, where the servers run.
pub fn on_core_0() -> Result<Parts> {
    let program = std::env::current_exe()?;
    let output = Command::new("taskset")
        .args(["-c", "0"])
        .arg(program)
        .arg("parts")
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    serde_json::from_str(&text).context("the parts as JSON")
}

/// Measures all of them.
pub async fn measure() -> Result<Parts> {
    let home = TempDir::new()?;
    Ok(Parts {
        verify: verification()?,
        decide: decision()?,
        object: object(&home).await?,
        item: item(&home).await?,
    })
}

const BATCHES: usize = 30;
const EACH: usize = 100;

fn micros(mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut batches = Vec::with_capacity(BATCHES);
    for _ in 0..BATCHES {
        let start = Instant::now();
        for _ in 0..EACH {
            work()?;
        }
        batches.push(start.elapsed().as_secs_f64() * 1e6 / EACH as f64);
    }
    Ok(median(batches.into_iter()))
}

async fn micros_of(mut work: impl AsyncFnMut() -> Result<()>) -> Result<f64> {
    let mut batches = Vec::with_capacity(BATCHES);
    for _ in 0..BATCHES {
        let start = Instant::now();
        for _ in 0..EACH {
            work().await?;
        }
        batches.push(start.elapsed().as_secs_f64() * 1e6 / EACH as f64);
    }
    Ok(median(batches.into_iter()))
}

fn verification() -> Result<f64> {
    let now = Timestamp::now();
    let master_key = MasterKey::generate()?;
    let keyring: Keyring = KeyringRecord::generate(&master_key, now)?.open(&master_key)?;
    let role = Role::new(
        "AROABENCHMARKBENCHMAR".parse()?,
        ACCOUNT.parse()?,
        "bot".to_owned(),
        TrustDocument::default(),
        now,
    );
    let minted = minted(role, &keyring, now)?;
    let credentials = Credentials {
        access_key_id: minted.session.access_key_id.clone(),
        secret_access_key: SecretAccessKey::new(minted.session.secret_access_key.expose())?,
        session_token: Some(SessionToken::new(minted.token.expose())?),
    };
    let host: &[u8] = b"127.0.0.1:9400";
    let mut parts = RequestParts {
        method: "GET",
        path: "/insights/reports/today.txt",
        query: "",
        headers: &[("host", host)],
    };
    let added = sign(
        &parts,
        SigningPayload::Whole(b""),
        &credentials,
        REGION,
        "s3",
        now,
    )?;
    let mut headers = vec![("host", host)];
    headers.extend(added.iter().map(|(name, value)| (*name, value.as_bytes())));
    parts.headers = &headers;
    micros(|| {
        let PresentedSignature::Header(request) = present(black_box(&parts))? else {
            bail!("no signature");
        };
        let token = request.session_token().context("a session token")?;
        let session = session::open(token, request.access_key_id(), &keyring, now)?;
        let key = DerivedKey::derive(&session.secret_access_key, request.scope().clone());
        black_box(verify(&request, Payload::Whole(b""), &key, now)?);
        Ok(())
    })
}

/// A session, minted against a decision as any other.
fn minted(role: Role, keyring: &Keyring, now: Timestamp) -> Result<session::Minted> {
    let assume = AssumeRole {
        role: Arc::new(role),
        session_name: "botocore-session-1795484000".to_owned(),
        session_policy: None,
        web_identity: Some(WebIdentityClaims {
            provider_arn: format!("arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example"),
            condition_prefix: "issuer.example".to_owned(),
            audience: "sts.amazonaws.com".to_owned(),
            subject: SUBJECT.to_owned(),
            pod_uid: Some("6d8a1c1e-0000-4000-8000-000000000000".to_owned()),
        }),
        service_resource: None,
        chained_from: None,
        issued: now,
    };
    let policy = compiled(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}"#,
    )?;
    let action = Action::parse("sts:AssumeRole")?;
    let (account, conditions) = (ACCOUNT.parse()?, ConditionContext::new());
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/bot");
    let request = AuthorizationRequest {
        principal: bot(account),
        action: &action,
        resource: RequestedResource {
            arn: &arn,
            account: Some(account),
        },
        context: &conditions,
    };
    let permit = authorize(&request, &policies(&policy)).permit(assume);
    let permit = permit.map_err(|_| anyhow!("the benchmark's role is denied"))?;
    Ok(session::mint(
        permit,
        3_600,
        keyring,
        FeatureLevel::NEWEST,
        &SystemRandom::new(),
    )?)
}

fn decision() -> Result<f64> {
    let policy = compiled(
        r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::insights/*"},
            {"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"432797229265"}}}
        ]}"#,
    )?;
    let action = Action::parse("s3:GetObject")?;
    let account: AccountId = ACCOUNT.parse()?;
    micros(|| {
        let mut conditions = ConditionContext::new();
        for (key, value) in [
            ("aws:PrincipalAccount", ACCOUNT),
            ("aws:PrincipalArn", "arn:aws:iam::432797229265:role/bot"),
            ("aws:PrincipalType", "AssumedRole"),
            ("aws:userid", "AROABENCHMARKBENCHMAR:session"),
            ("aws:RequestedRegion", REGION),
            ("aws:SecureTransport", "false"),
            ("aws:SourceIp", "127.0.0.1"),
            ("aws:UserAgent", "Boto3/1.44.5"),
            (
                "aws:FederatedProvider",
                "arn:aws:iam::432797229265:oidc-provider/issuer.example",
            ),
            ("aws:CurrentTime", "2026-11-28T12:00:00Z"),
            ("aws:EpochTime", "1795867200"),
            ("s3:signatureversion", "AWS4-HMAC-SHA256"),
        ] {
            conditions.set(key, ConditionValue::from(black_box(value)));
        }
        let request = AuthorizationRequest {
            principal: bot(account),
            action: &action,
            resource: RequestedResource {
                arn: black_box("arn:aws:s3:::insights/reports/today.txt"),
                account: Some(account),
            },
            context: &conditions,
        };
        let permit = authorize(&request, &policies(&policy)).permit(());
        let permit = permit.map_err(|_| anyhow!("the benchmark's request is denied"))?;
        drop(black_box(permit));
        Ok(())
    })
}

fn bot(account: AccountId) -> Principal<'static> {
    Principal::User {
        account,
        arn: "arn:aws:iam::432797229265:user/bot",
        id: "AIDABENCHMARKBENCHMAR",
    }
}

fn compiled(text: &str) -> Result<CompiledPolicy> {
    Ok(Policy::parse(text, PolicyKind::Inline)?.compile(|_| None)?)
}

fn policies(policy: &CompiledPolicy) -> Policies<'_> {
    Policies {
        identity: vec![AppliedPolicy {
            name: "reading",
            arn: None,
            policy: Some(policy),
        }],
        ..Policies::default()
    }
}

async fn object(home: &TempDir) -> Result<f64> {
    let store = EmbeddedObjects::open(home.path())?;
    let bucket: UpstreamBucket = "insights.00000000000000000000000000000000".parse()?;
    let key = ObjectKey::new("reports/today.txt")?;
    store.create_bucket(&bucket).await?;
    let new = NewObject {
        headers: BTreeMap::new(),
        user: BTreeMap::new(),
        modified: Timestamp::now(),
        only_if_absent: false,
    };
    let pieces = [
        Ok(Piece::Data(vec![b'x'; OBJECT_BYTES].into())),
        Ok(Piece::End { checksum: None }),
    ];
    store
        .put(&bucket, &key, new, Box::pin(stream::iter(pieces)))
        .await?;
    micros_of(async || {
        let object = store.open(&bucket, &key).await?;
        let mut data = (object.read)(0..object.info.length);
        while let Some(piece) = data.next().await {
            black_box(piece?);
        }
        Ok(())
    })
    .await
}

async fn item(home: &TempDir) -> Result<f64> {
    let store = EmbeddedTables::open(&home.path().join("tables"))?;
    let account_region = AccountRegion::new(ACCOUNT.parse()?, REGION).context("a region")?;
    let share = Arc::new(ItemShare::unmetered());
    let call = async |operation, body: &str| -> Result<String> {
        let request = Request::read(operation, body.as_bytes())?;
        let call = TableRequest {
            account_region: &account_region,
            request: &request,
            replaced: None,
            tables: &[],
            share: &share,
        };
        Ok(store.call(call).await?)
    };
    call(Operation::CreateTable, &table_definition().to_string()).await?;
    call(Operation::PutItem, &whole_item().to_string()).await?;
    let key = item_key().to_string();
    micros_of(async || {
        black_box(call(Operation::GetItem, &key).await?);
        Ok(())
    })
    .await
}
