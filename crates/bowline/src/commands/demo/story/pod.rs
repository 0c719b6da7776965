//! A pod: its cluster is trusted, a role is bound to its service account, its token is exchanged and used, and whoever is not
//! meant is refused.

use anyhow::{Context as _, Result};
use bowline_client::{Credentials, Endpoint, Request, Response};
use http::Method;
use serde_json::json;

use super::step::{accepted, is_there_already, refused};
use crate::{
    commands::demo::{
        issuer::tampered,
        scene::{ACCOUNT, Scene},
        teller::Teller,
    },
    files,
};

const NAMESPACE: &str = "gbot-dev";
pub(super) const SERVICE_ACCOUNT: &str = "bot-builder-insight-generator";
/// The same, as tokens call it.
const SUBJECT: &str = "system:serviceaccount:gbot-dev:bot-builder-insight-generator";
/// The role, named after the service account that it is bound to.
pub(super) const ROLE: &str = "bot-builder-insight-generator";
/// The bucket that the role opens, and one that it does not.
pub(in crate::commands::demo) const BUCKET: &str = "insights";
const OTHER_BUCKET: &str = "payroll";
/// The object that it writes.
pub(super) const REPORT: &str = "/insights/reports/today.txt";

/// Plays it: the pod's credentials, unless there are none for the token.
///
/// # Errors
/// If no answer comes at all.
pub(super) async fn tell(scene: &Scene, teller: &mut Teller) -> Result<Option<Credentials>> {
    the_cluster_is_trusted(scene, teller).await?;
    the_role_is_bound(scene, teller).await?;
    let Some(first) = the_token_is_exchanged(scene, teller).await? else {
        return Ok(None);
    };
    the_role_is_used(scene, teller, &first).await?;
    others_are_refused(scene, teller).await?;
    another_bucket_is_refused(scene, teller, &first).await?;
    the_token_is_rotated(scene, teller, &first).await?;
    Ok(Some(first))
}

async fn the_cluster_is_trusted(scene: &Scene, teller: &mut Teller) -> Result<()> {
    let discovery = format!("{}/.well-known/openid-configuration", scene.issuer.url());
    let (host, path) = scene
        .issuer
        .address
        .split_once('/')
        .context("an issuer with a path")?;
    let endpoint: Endpoint = format!("http://{host}").parse()?;
    let request = Request::get(format!("/{path}/.well-known/openid-configuration"));
    let answer = scene.transport.send(&endpoint, request).await?;
    teller.tell(&accepted(
        "The cluster's issuer says where its keys are",
        format!("GET {discovery}"),
        &answer,
        "this is what tokens of the cluster are verified by".to_owned(),
    ));

    let url = scene.issuer.url();
    let answer = scene
        .root
        .iam(
            "CreateOpenIDConnectProvider",
            &[
                ("Url", &url),
                ("ClientIDList.member.1", "sts.amazonaws.com"),
            ],
        )
        .await?;
    teller.tell(&accepted(
        "The account trusts the issuer",
        format!("iam CreateOpenIDConnectProvider Url={url} ClientID=sts.amazonaws.com"),
        &answer,
        format!("roles may now name {}", scene.provider_arn()),
    ));
    Ok(())
}

async fn the_role_is_bound(scene: &Scene, teller: &mut Teller) -> Result<()> {
    let root = &scene.root;
    let trust = trust_policy(scene);
    let mut sent = format!("iam CreateRole RoleName={ROLE} AssumeRolePolicyDocument={trust}");
    let mut answer = root
        .iam(
            "CreateRole",
            &[("RoleName", ROLE), ("AssumeRolePolicyDocument", &trust)],
        )
        .await?;
    if is_there_already(&answer) {
        sent = format!("iam UpdateAssumeRolePolicy RoleName={ROLE} PolicyDocument={trust}");
        // Of an earlier demonstration in the same folder, whose issuer had another port.
        answer = root
            .iam(
                "UpdateAssumeRolePolicy",
                &[("RoleName", ROLE), ("PolicyDocument", &trust)],
            )
            .await?;
    }
    teller.tell(&accepted(
        "A role is bound to one service account",
        sent,
        &answer,
        format!("only {SUBJECT} may assume it"),
    ));

    for bucket in [BUCKET, OTHER_BUCKET] {
        let mut sent = format!("s3 CreateBucket {bucket}");
        let mut answer = root.s3(Method::PUT, &format!("/{bucket}"), "").await?;
        if is_there_already(&answer) {
            sent = format!("s3 HeadBucket {bucket}");
            answer = root.s3(Method::HEAD, &format!("/{bucket}"), "").await?;
        }
        teller.tell(&accepted(
            if bucket == BUCKET {
                "There is a bucket for the role"
            } else {
                "There is another bucket, which is not the role's business"
            },
            sent,
            &answer,
            format!("it belongs to account {ACCOUNT}"),
        ));
    }

    let data = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "Objects", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": format!("arn:aws:s3:::{BUCKET}/*") },
        { "Sid": "Listing", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": format!("arn:aws:s3:::{BUCKET}") },
    ] })
    .to_string();
    let answer = root
        .iam(
            "PutRolePolicy",
            &[
                ("RoleName", ROLE),
                ("PolicyName", "one-bucket"),
                ("PolicyDocument", &data),
            ],
        )
        .await?;
    teller.tell(&accepted(
        "The role gets permissions of its own",
        format!("iam PutRolePolicy PolicyName=one-bucket PolicyDocument={data}"),
        &answer,
        "whoever assumes the role may do this and nothing else".to_owned(),
    ));

    let list = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*" },
    ] })
    .to_string();
    let created = root
        .iam(
            "CreatePolicy",
            &[("PolicyName", "list-buckets"), ("PolicyDocument", &list)],
        )
        .await?;
    let arn = format!("arn:aws:iam::{ACCOUNT}:policy/list-buckets");
    let mut answer = created;
    if answer.status == 200 || is_there_already(&answer) {
        answer = root
            .iam(
                "AttachRolePolicy",
                &[("RoleName", ROLE), ("PolicyArn", &arn)],
            )
            .await?;
    }
    teller.tell(&accepted(
        "A managed policy is attached to it",
        format!("iam CreatePolicy PolicyName=list-buckets PolicyDocument={list}, iam AttachRolePolicy PolicyArn={arn}"),
        &answer,
        "the role may also list the account's buckets, so that `aws s3 ls` answers".to_owned(),
    ));
    Ok(())
}

async fn the_token_is_exchanged(scene: &Scene, teller: &mut Teller) -> Result<Option<Credentials>> {
    let token = scene.issuer.token(NAMESPACE, SERVICE_ACCOUNT);
    let token = scene.issuer.sign(&token)?;
    put_token(scene, &token)?;
    let answer = exchange(scene, &token).await?;
    let user = answer.element("Arn").unwrap_or_default();
    let until = answer.element("Expiration").unwrap_or_default();
    teller.tell(&accepted(
        "The pod's token becomes credentials",
        format!("sts AssumeRoleWithWebIdentity RoleArn={} WebIdentityToken=(of {SERVICE_ACCOUNT})", role_arn()),
        &answer,
        format!(
            "a key of the issuer made the signature, and the trust policy allows aud and sub: now {user}, until {until}"
        ),
    ));
    Ok(answer.credentials())
}

async fn the_role_is_used(scene: &Scene, teller: &mut Teller, first: &Credentials) -> Result<()> {
    let pod = scene.root.with_credentials(first.clone());
    let answer = pod.sts("GetCallerIdentity", &[]).await?;
    let arn = answer.element("Arn").unwrap_or_default();
    teller.tell(&accepted(
        "The credentials are the role's",
        "sts GetCallerIdentity, signed with them".to_owned(),
        &answer,
        format!("they open as {arn}"),
    ));

    let answer = pod.s3(Method::PUT, REPORT, "42 insights").await?;
    teller.tell(&accepted(
        "The pod writes an object",
        format!("s3 PutObject {REPORT}"),
        &answer,
        "statement `Objects` of `one-bucket` allows s3:PutObject".to_owned(),
    ));

    let answer = pod.s3(Method::GET, REPORT, "").await?;
    let mut step = accepted(
        "The pod reads it again",
        format!("s3 GetObject {REPORT}"),
        &answer,
        format!(
            "statement `Objects` of `one-bucket` allows s3:GetObject: {:?}",
            answer.text()
        ),
    );
    step.ok &= answer.text() == "42 insights";
    teller.tell(&step);
    Ok(())
}

async fn others_are_refused(scene: &Scene, teller: &mut Teller) -> Result<()> {
    let issuer = &scene.issuer;
    let own = || issuer.token(NAMESPACE, SERVICE_ACCOUNT);
    let now = bowline_server::clock::Clock::system().now().as_second();
    let others = issuer.sign(&issuer.token(NAMESPACE, "another"))?;
    let sub = format!("{}:sub", issuer.address);
    for (step, what, token, code, element) in [
        (
            "Another service account is refused",
            "of gbot-dev:another",
            others.clone(),
            "AccessDenied",
            format!("StringEquals of {sub}"),
        ),
        (
            "A token for another audience is refused",
            "for https://kubernetes.default.svc",
            issuer.sign(&own().with("aud", json!(["https://kubernetes.default.svc"])))?,
            "InvalidIdentityToken",
            "token is for".to_owned(),
        ),
        (
            "An expired token is refused",
            "expired an hour ago",
            issuer.sign(
                &own()
                    .with("exp", json!(now - 3_600))
                    .with("iat", json!(now - 7_200))
                    .with("nbf", json!(now - 7_200)),
            )?,
            "ExpiredTokenException",
            "token expired".to_owned(),
        ),
        (
            "A tampered token is refused",
            "of gbot-dev:another, with the trusted name written over its own",
            tampered(&others, "sub", json!(SUBJECT))?,
            "InvalidIdentityToken",
            "signature was not made".to_owned(),
        ),
    ] {
        let answer = exchange(scene, &token).await?;
        let request = format!("sts AssumeRoleWithWebIdentity WebIdentityToken=({what})");
        let told = refused(scene, step, request, &answer, code, &element).await?;
        teller.tell(&told);
    }
    Ok(())
}

async fn another_bucket_is_refused(
    scene: &Scene,
    teller: &mut Teller,
    first: &Credentials,
) -> Result<()> {
    let target = format!("/{OTHER_BUCKET}/salaries.csv");
    let answer = scene
        .root
        .with_credentials(first.clone())
        .s3(Method::PUT, &target, "x")
        .await?;
    let told = refused(
        scene,
        "Another bucket is refused",
        format!("s3 PutObject {target}"),
        &answer,
        "AccessDenied",
        "asks for Resource",
    )
    .await?;
    teller.tell(&told);
    Ok(())
}

async fn the_token_is_rotated(
    scene: &Scene,
    teller: &mut Teller,
    first: &Credentials,
) -> Result<()> {
    let token = scene.issuer.token(NAMESPACE, SERVICE_ACCOUNT);
    let token = scene.issuer.sign(&token.with("jti", json!("second")))?;
    put_token(scene, &token)?;
    let answer = exchange(scene, &token).await?;
    teller.tell(&accepted(
        "The kubelet rotates the token, and the SDK exchanges it again",
        "sts AssumeRoleWithWebIdentity WebIdentityToken=(the new one)".to_owned(),
        &answer,
        "every exchange is decided anew".to_owned(),
    ));
    let Some(second) = answer.credentials() else {
        return Ok(());
    };
    for (step, credentials) in [
        ("The first credentials are still good", first),
        ("So are the second ones", &second),
    ] {
        let client = scene.root.with_credentials(credentials.clone());
        let answer = client
            .s3(Method::GET, &format!("/{BUCKET}?list-type=2"), "")
            .await?;
        teller.tell(&accepted(
            step,
            format!(
                "s3 ListObjectsV2 {BUCKET}, signed with {}",
                credentials.access_key_id
            ),
            &answer,
            "credentials live for as long as they were given, whatever becomes of the token"
                .to_owned(),
        ));
    }
    Ok(())
}

/// A new token, as the kubelet puts it into the file when the old one grows old.
pub(in crate::commands::demo) fn next_token(scene: &Scene) -> Result<()> {
    let token = scene.issuer.token(NAMESPACE, SERVICE_ACCOUNT);
    put_token(scene, &scene.issuer.sign(&token)?)
}

pub(in crate::commands::demo) fn role_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}")
}

/// What an EKS user would write, with this issuer.
fn trust_policy(scene: &Scene) -> String {
    let (provider, address) = (scene.provider_arn(), &scene.issuer.address);
    format!(
        r#"{{
  "Version": "2012-10-17",
  "Statement": [{{
    "Effect": "Allow",
    "Principal": {{ "Federated": "{provider}" }},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {{ "StringEquals": {{
      "{address}:aud": "sts.amazonaws.com",
      "{address}:sub": "{SUBJECT}"
    }} }}
  }}]
}}"#
    )
}

async fn exchange(scene: &Scene, token: &str) -> Result<Response> {
    let parameters = [
        ("RoleArn", &*role_arn()),
        ("RoleSessionName", "demo"),
        ("WebIdentityToken", token),
    ];
    let anonymous = scene.root.without_credentials();
    let response = anonymous.sts("AssumeRoleWithWebIdentity", &parameters);
    Ok(response.await?)
}

/// As a kubelet does, who lets nobody else read it.
fn put_token(scene: &Scene, token: &str) -> Result<()> {
    let file = &scene.token_file;
    files::replace(file, token, 0o600).with_context(|| format!("writing `{}`", file.display()))
}
