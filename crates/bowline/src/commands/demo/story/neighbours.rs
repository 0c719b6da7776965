//! A neighbour: another account on the same server, with which the first shares nothing.

use anyhow::{Context as _, Result};
use bowline_aws::credentials::SecretAccessKey;
use bowline_client::{Client, Credentials, Response};
use http::Method;
use serde_json::json;

use super::step::{accepted, is_there_already, refused};
use crate::commands::demo::{scene::Scene, teller::Teller};

/// The neighbour's account.
const NEIGHBOUR: &str = "210987654321";
const ITS_BUCKET: &str = "neighbours-ledger";

/// Plays it with the pod's credentials.
///
/// # Errors
/// If no answer comes at all.
pub(super) async fn tell(scene: &Scene, teller: &mut Teller, pod: &Credentials) -> Result<()> {
    let Some(neighbour) = it_moves_in(scene, teller).await? else {
        return Ok(());
    };
    it_has_a_bucket(teller, &neighbour).await?;
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
        let answer = client.s3(Method::GET, &target, "").await?;
        let told = refused(
            scene,
            title,
            format!("s3 GetObject {target}, signed by {who}"),
            &answer,
            "AccessDenied",
            "no resource-based policy allows it",
        )
        .await?;
        teller.tell(&told);
    }
    Ok(())
}

/// The neighbour's root.
async fn it_moves_in(scene: &Scene, teller: &mut Teller) -> Result<Option<Client>> {
    let mut input = json!({ "AccountId": NEIGHBOUR });
    let mut sent = format!("bowline CreateAccount AccountId={NEIGHBOUR}");
    let mut answer = scene.root.operator("CreateAccount", &input).await?;
    if is_there_already(&answer) {
        // Of an earlier demonstration in the same folder, whose key is lost.
        sent = format!("bowline RotateRootAccessKey AccountId={NEIGHBOUR} Revoke=true");
        input = json!({ "AccountId": NEIGHBOUR, "Revoke": true });
        answer = scene.root.operator("RotateRootAccessKey", &input).await?;
    }
    teller.tell(&accepted(
        "Another account moves in",
        sent,
        &answer,
        "only the management account may let it, and its root is its own from now on".to_owned(),
    ));
    if answer.status != 200 {
        return Ok(None);
    }
    let credentials = root_credentials(&answer).context("root credentials of the account")?;
    Ok(Some(scene.root.with_credentials(credentials)))
}

fn root_credentials(answer: &Response) -> Option<Credentials> {
    let secret = answer.json_text("/SecretAccessKey")?;
    Some(Credentials {
        access_key_id: answer.json_text("/AccessKeyId")?.parse().ok()?,
        secret_access_key: SecretAccessKey::new(secret).ok()?,
        session_token: None,
    })
}

async fn it_has_a_bucket(teller: &mut Teller, neighbour: &Client) -> Result<()> {
    let bucket = format!("/{ITS_BUCKET}");
    let mut answer = neighbour.s3(Method::PUT, &bucket, "").await?;
    if answer.status == 200 || is_there_already(&answer) {
        let object = format!("{bucket}/page-1");
        answer = neighbour.s3(Method::PUT, &object, "ours alone").await?;
    }
    teller.tell(&accepted(
        "It has a bucket of its own",
        format!(
            "s3 CreateBucket {ITS_BUCKET}, s3 PutObject page-1, signed by the neighbour's root"
        ),
        &answer,
        format!("the bucket belongs to account {NEIGHBOUR}"),
    ));
    Ok(())
}
