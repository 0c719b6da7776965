//! A pod: its cluster is trusted, a role is bound to its service account, its token is exchanged
//! and its credentials are used. Other pods and other tokens are denied.

use anyhow::{Context as _, Result};
use bowline_client::{Credentials, Endpoint, Request, Response};
use http::Method;
use serde_json::json;

use super::step::{accepted, denied, exists_already};
use crate::{
    commands::demo::{
        issuer::tampered,
        reporter::Reporter,
        scene::{ACCOUNT, Scene},
    },
    files,
};

const NAMESPACE: &str = "gbot-dev";
pub(super) const SERVICE_ACCOUNT: &str = "bot-builder-insight-generator";
/// The same, as the `sub` of its tokens.
const SUBJECT: &str = "system:serviceaccount:gbot-dev:bot-builder-insight-generator";
/// The role, named after the service account that it is bound to.
pub(super) const ROLE: &str = "bot-builder-insight-generator";
/// The bucket that the role opens, and one that it does not.
pub(in crate::commands::demo) const BUCKET: &str = "insights";
const OTHER_BUCKET: &str = "payroll";
/// The object that it writes.
pub(super) const REPORT: &str = "/insights/reports/today.txt";

/// Plays the pod's steps: its credentials, unless the exchange of its token failed.
///
/// # Errors
/// If no response comes.
pub(super) async fn play(scene: &Scene, reporter: &mut Reporter) -> Result<Option<Credentials>> {
    the_cluster_is_trusted(scene, reporter).await?;
    the_role_is_bound(scene, reporter).await?;
    let Some(first) = the_token_is_exchanged(scene, reporter).await? else {
        return Ok(None);
    };
    the_role_is_used(scene, reporter, &first).await?;
    others_are_denied(scene, reporter).await?;
    another_bucket_is_denied(scene, reporter, &first).await?;
    the_token_is_rotated(scene, reporter, &first).await?;
    Ok(Some(first))
}

async fn the_cluster_is_trusted(scene: &Scene, reporter: &mut Reporter) -> Result<()> {
    let discovery = format!("{}/.well-known/openid-configuration", scene.issuer.url());
    let (host, path) = scene
        .issuer
        .address
        .split_once('/')
        .context("an issuer with a path")?;
    let endpoint: Endpoint = format!("http://{host}").parse()?;
    let request = Request::get(format!("/{path}/.well-known/openid-configuration"));
    let response = scene.transport.send(&endpoint, request).await?;
    reporter.report(&accepted(
        "The cluster's issuer says where its keys are",
        format!("GET {discovery}"),
        &response,
        "tokens of the cluster are verified with these keys".to_owned(),
    ));

    let url = scene.issuer.url();
    let response = scene
        .root
        .iam(
            "CreateOpenIDConnectProvider",
            &[
                ("Url", &url),
                ("ClientIDList.member.1", "sts.amazonaws.com"),
            ],
        )
        .await?;
    reporter.report(&accepted(
        "The account trusts the issuer",
        format!("iam CreateOpenIDConnectProvider Url={url} ClientID=sts.amazonaws.com"),
        &response,
        format!("roles may now name {}", scene.provider_arn()),
    ));
    Ok(())
}

async fn the_role_is_bound(scene: &Scene, reporter: &mut Reporter) -> Result<()> {
    let root = &scene.root;
    let trust = trust_policy(scene);
    let mut sent = format!("iam CreateRole RoleName={ROLE} AssumeRolePolicyDocument={trust}");
    let mut response = root
        .iam(
            "CreateRole",
            &[("RoleName", ROLE), ("AssumeRolePolicyDocument", &trust)],
        )
        .await?;
    if exists_already(&response) {
        sent = format!("iam UpdateAssumeRolePolicy RoleName={ROLE} PolicyDocument={trust}");
        // An earlier demonstration in the same folder created it, for an issuer on another port.
        response = root
            .iam(
                "UpdateAssumeRolePolicy",
                &[("RoleName", ROLE), ("PolicyDocument", &trust)],
            )
            .await?;
    }
    reporter.report(&accepted(
        "A role is bound to one service account",
        sent,
        &response,
        format!("only {SUBJECT} may assume it"),
    ));

    for bucket in [BUCKET, OTHER_BUCKET] {
        let mut sent = format!("s3 CreateBucket {bucket}");
        let mut response = root.s3(Method::PUT, &format!("/{bucket}"), "").await?;
        if exists_already(&response) {
            sent = format!("s3 HeadBucket {bucket}");
            response = root.s3(Method::HEAD, &format!("/{bucket}"), "").await?;
        }
        reporter.report(&accepted(
            if bucket == BUCKET {
                "There is a bucket for the role"
            } else {
                "There is another bucket, which is not the role's business"
            },
            sent,
            &response,
            format!("it belongs to account {ACCOUNT}"),
        ));
    }

    let data = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "Objects", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": format!("arn:aws:s3:::{BUCKET}/*") },
        { "Sid": "Listing", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": format!("arn:aws:s3:::{BUCKET}") },
    ] })
    .to_string();
    let response = root
        .iam(
            "PutRolePolicy",
            &[
                ("RoleName", ROLE),
                ("PolicyName", "one-bucket"),
                ("PolicyDocument", &data),
            ],
        )
        .await?;
    reporter.report(&accepted(
        "The role gets permissions of its own",
        format!("iam PutRolePolicy PolicyName=one-bucket PolicyDocument={data}"),
        &response,
        "a session of the role may do this and nothing else".to_owned(),
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
    let mut response = created;
    if response.status == 200 || exists_already(&response) {
        response = root
            .iam(
                "AttachRolePolicy",
                &[("RoleName", ROLE), ("PolicyArn", &arn)],
            )
            .await?;
    }
    reporter.report(&accepted(
        "A managed policy is attached to it",
        format!("iam CreatePolicy PolicyName=list-buckets PolicyDocument={list}, iam AttachRolePolicy PolicyArn={arn}"),
        &response,
        "the role may also list the account's buckets, so that `aws s3 ls` works".to_owned(),
    ));
    Ok(())
}

async fn the_token_is_exchanged(
    scene: &Scene,
    reporter: &mut Reporter,
) -> Result<Option<Credentials>> {
    let token = scene.issuer.token(NAMESPACE, SERVICE_ACCOUNT);
    let token = scene.issuer.sign(&token)?;
    put_token(scene, &token)?;
    let response = exchange(scene, &token).await?;
    let user = response.element("Arn").unwrap_or_default();
    let until = response.element("Expiration").unwrap_or_default();
    reporter.report(&accepted(
        "The pod's token becomes credentials",
        format!("sts AssumeRoleWithWebIdentity RoleArn={} WebIdentityToken=(of {SERVICE_ACCOUNT})", role_arn()),
        &response,
        format!(
            "a key of the issuer verifies the signature, and the trust policy allows aud and sub: now {user}, until {until}"
        ),
    ));
    Ok(response.credentials())
}

async fn the_role_is_used(
    scene: &Scene,
    reporter: &mut Reporter,
    first: &Credentials,
) -> Result<()> {
    let pod = scene.root.with_credentials(first.clone());
    let response = pod.sts("GetCallerIdentity", &[]).await?;
    let arn = response.element("Arn").unwrap_or_default();
    reporter.report(&accepted(
        "The credentials are the role's",
        "sts GetCallerIdentity, signed with them".to_owned(),
        &response,
        format!("they open as {arn}"),
    ));

    let response = pod.s3(Method::PUT, REPORT, "42 insights").await?;
    reporter.report(&accepted(
        "The pod writes an object",
        format!("s3 PutObject {REPORT}"),
        &response,
        "statement `Objects` of `one-bucket` allows s3:PutObject".to_owned(),
    ));

    let response = pod.s3(Method::GET, REPORT, "").await?;
    let mut step = accepted(
        "The pod reads it again",
        format!("s3 GetObject {REPORT}"),
        &response,
        format!(
            "statement `Objects` of `one-bucket` allows s3:GetObject: {:?}",
            response.text()
        ),
    );
    step.ok &= response.text() == "42 insights";
    reporter.report(&step);
    Ok(())
}

async fn others_are_denied(scene: &Scene, reporter: &mut Reporter) -> Result<()> {
    let issuer = &scene.issuer;
    let own = || issuer.token(NAMESPACE, SERVICE_ACCOUNT);
    let now = bowline_server::clock::Clock::system().now().as_second();
    let others = issuer.sign(&issuer.token(NAMESPACE, "another"))?;
    let sub = format!("{}:sub", issuer.address);
    for (title, what, token, code, element) in [
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
        let response = exchange(scene, &token).await?;
        let request = format!("sts AssumeRoleWithWebIdentity WebIdentityToken=({what})");
        let step = denied(scene, title, request, &response, code, &element).await?;
        reporter.report(&step);
    }
    Ok(())
}

async fn another_bucket_is_denied(
    scene: &Scene,
    reporter: &mut Reporter,
    first: &Credentials,
) -> Result<()> {
    let target = format!("/{OTHER_BUCKET}/salaries.csv");
    let response = scene
        .root
        .with_credentials(first.clone())
        .s3(Method::PUT, &target, "x")
        .await?;
    let step = denied(
        scene,
        "Another bucket is refused",
        format!("s3 PutObject {target}"),
        &response,
        "AccessDenied",
        "asks for Resource",
    )
    .await?;
    reporter.report(&step);
    Ok(())
}

async fn the_token_is_rotated(
    scene: &Scene,
    reporter: &mut Reporter,
    first: &Credentials,
) -> Result<()> {
    let token = scene.issuer.token(NAMESPACE, SERVICE_ACCOUNT);
    let token = scene.issuer.sign(&token.with("jti", json!("second")))?;
    put_token(scene, &token)?;
    let response = exchange(scene, &token).await?;
    reporter.report(&accepted(
        "The kubelet rotates the token, and the SDK exchanges it again",
        "sts AssumeRoleWithWebIdentity WebIdentityToken=(the new one)".to_owned(),
        &response,
        "every exchange is authorized anew".to_owned(),
    ));
    let Some(second) = response.credentials() else {
        return Ok(());
    };
    for (title, credentials) in [
        ("The first credentials are still good", first),
        ("So are the second ones", &second),
    ] {
        let client = scene.root.with_credentials(credentials.clone());
        let response = client
            .s3(Method::GET, &format!("/{BUCKET}?list-type=2"), "")
            .await?;
        reporter.report(&accepted(
            title,
            format!(
                "s3 ListObjectsV2 {BUCKET}, signed with {}",
                credentials.access_key_id
            ),
            &response,
            "credentials stay valid until they expire, whatever happens to the token".to_owned(),
        ));
    }
    Ok(())
}

/// Writes a new token, as a kubelet does before the old one expires.
pub(in crate::commands::demo) fn next_token(scene: &Scene) -> Result<()> {
    let token = scene.issuer.token(NAMESPACE, SERVICE_ACCOUNT);
    put_token(scene, &scene.issuer.sign(&token)?)
}

pub(in crate::commands::demo) fn role_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}")
}

/// The trust policy that an EKS user would write, with this issuer.
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

/// Writes the token as a kubelet does, readable by its owner alone.
fn put_token(scene: &Scene, token: &str) -> Result<()> {
    let file = &scene.token_file;
    files::replace(file, token, 0o600).with_context(|| format!("writing `{}`", file.display()))
}
