//! After the story: the server stays up, the token file is kept fresh, and whoever watches can try it.

use std::time::Duration;

use anyhow::Result;

use super::{
    issuer::LIFETIME,
    scene::{REGION, Scene},
    story::{
        pod::{BUCKET, next_token, role_arn},
        tables::TABLE,
    },
    teller::Teller,
};
use crate::{commands::serve::Stopped, output::STRONG};

/// Stays up until Ctrl-C.
///
/// # Errors
/// If the token file cannot be written.
pub(super) async fn stay_up(scene: &Scene, teller: &Teller, stopped: &mut Stopped) -> Result<()> {
    let endpoint = scene.endpoint();
    teller.say(format!(
        "{STRONG}It stays up.{STRONG:#} Paste this into another shell, then try `aws s3 ls` or boto3:\n"
    ));
    for line in [
        format!("export AWS_ENDPOINT_URL={endpoint}"),
        format!("export AWS_ENDPOINT_URL_STS={endpoint}"),
        format!("export AWS_ROLE_ARN={}", role_arn()),
        format!(
            "export AWS_WEB_IDENTITY_TOKEN_FILE={}",
            scene.token_file.display()
        ),
        format!("export AWS_REGION={REGION}"),
        format!("export AWS_DEFAULT_REGION={REGION}"),
    ] {
        teller.say(line);
    }
    teller.say(format!(
        "\nRefused? Ask as the operator:\n\nexport AWS_ENDPOINT_URL={endpoint} AWS_SHARED_CREDENTIALS_FILE={}\nbowline explain --last\n",
        scene.credentials_file.display()
    ));
    teller.say(format!(
        "The bucket `{BUCKET}` and the table `{TABLE}` are the role's. The token file is rotated as a kubelet would. Ctrl-C ends it."
    ));

    // A kubelet replaces a token when four fifths of its life are over.
    let period = Duration::from_secs(LIFETIME.unsigned_abs() * 4 / 5);
    let mut rotation = tokio::time::interval(period);
    loop {
        tokio::select! {
            _ = rotation.tick() => next_token(scene)?,
            () = stopped.wait() => return Ok(()),
        }
    }
}
