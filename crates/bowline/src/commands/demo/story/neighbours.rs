//! A neighbour: another account on the same server, which shares nothing with the first.

use anyhow::{Context as _, Result};
use bowline_aws::credentials::SecretAccessKey;
use bowline_client::{Client, Credentials, Response};
use http::Method;
use serde_json::json;

use super::step::{accepted, denied, exists_already};
use crate::commands::demo::{reporter::Reporter, scene::Scene};

/// The neighbour's account.
const NEIGHBOUR: &str = "210987654321";
const ITS_BUCKET: &str = "neighbours-ledger";

/// Plays the steps with the pod's credentials.
///
/// # Errors
/// If no response comes.
pub(super) async fn play(scene: &Scene, reporter: &mut Reporter, pod: &Credentials) -> Result<()> {
    let Some(neighbour) = it_moves_in(scene, reporter).await? else {
        return Ok(());
    };
    it_has_a_bucket(reporter, &neighbour).await?;
    let pod = scene.root.with_credentials(pod.clone());
    for (title, who, client) in [
        (
            "The pod is refused at the neighbour's bucket",
            "the pod",
            &pod,
        ),
        ("So is the root of the pod's account", "root", &scene.root),
    ] {
        let target = format!("/{ITS_BUCKET}/page-1");
        let response = client.s3(Method::GET, &target, "").await?;
        let step = denied(
            scene,
            title,
            format!("s3 GetObject {target}, signed by {who}"),
            &response,
            "AccessDenied",
            "no resource-based policy allows it",
        )
        .await?;
        reporter.report(&step);
    }
    Ok(())
}

/// The neighbour's root.
async fn it_moves_in(scene: &Scene, reporter: &mut Reporter) -> Result<Option<Client>> {
    let mut input = json!({ "AccountId": NEIGHBOUR });
    let mut sent = format!("bowline CreateAccount AccountId={NEIGHBOUR}");
    let mut response = scene.root.operator("CreateAccount", &input).await?;
    if exists_already(&response) {
        // An earlier demonstration in the same folder created it, and its key is lost.
        sent = format!("bowline RotateRootAccessKey AccountId={NEIGHBOUR} Revoke=true");
        input = json!({ "AccountId": NEIGHBOUR, "Revoke": true });
        response = scene.root.operator("RotateRootAccessKey", &input).await?;
    }
    reporter.report(&accepted(
        "Another account moves in",
        sent,
        &response,
        "only the management account may create accounts; the new account has a root of its own"
            .to_owned(),
    ));
    if response.status != 200 {
        return Ok(None);
    }
    let credentials = root_credentials(&response).context("root credentials of the account")?;
    Ok(Some(scene.root.with_credentials(credentials)))
}

fn root_credentials(response: &Response) -> Option<Credentials> {
    let secret = response.json_text("/SecretAccessKey")?;
    Some(Credentials {
        access_key_id: response.json_text("/AccessKeyId")?.parse().ok()?,
        secret_access_key: SecretAccessKey::new(secret).ok()?,
        session_token: None,
    })
}

async fn it_has_a_bucket(reporter: &mut Reporter, neighbour: &Client) -> Result<()> {
    let bucket = format!("/{ITS_BUCKET}");
    let mut response = neighbour.s3(Method::PUT, &bucket, "").await?;
    if response.status == 200 || exists_already(&response) {
        let object = format!("{bucket}/page-1");
        response = neighbour.s3(Method::PUT, &object, "ours alone").await?;
    }
    reporter.report(&accepted(
        "It has a bucket of its own",
        format!(
            "s3 CreateBucket {ITS_BUCKET}, s3 PutObject page-1, signed by the neighbour's root"
        ),
        &response,
        format!("the bucket belongs to account {NEIGHBOUR}"),
    ));
    Ok(())
}
