//! After the last step the server stays up, and the token file is rotated.

use std::time::Duration;

use anyhow::Result;

use super::{
    issuer::TOKEN_LIFETIME,
    reporter::Reporter,
    scene::{REGION, Scene},
    story::{
        pod::{BUCKET, next_token, role_arn},
        tables::TABLE,
    },
};
use crate::{commands::serve::Stopped, output::STRONG};

/// Stays up until Ctrl-C.
///
/// # Errors
/// If the token file cannot be written.
pub(super) async fn stay_up(
    scene: &Scene,
    reporter: &Reporter,
    stopped: &mut Stopped,
) -> Result<()> {
    let endpoint = scene.endpoint();
    reporter.say(format!(
        "{STRONG}The server stays up.{STRONG:#} Paste this into another shell, then try `aws s3 ls` or boto3:\n"
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
        reporter.say(line);
    }
    reporter.say(format!(
        "\nDenied? Ask as the operator:\n\nexport AWS_ENDPOINT_URL={endpoint} AWS_SHARED_CREDENTIALS_FILE={}\nbowline explain --last\n",
        scene.credentials_file.display()
    ));
    reporter.say(format!(
        "The role may use the bucket `{BUCKET}` and the table `{TABLE}`. The token file is rotated as a kubelet would. Ctrl-C stops the server."
    ));

    // A kubelet replaces a token when four fifths of its life are over.
    let period = Duration::from_secs(TOKEN_LIFETIME.unsigned_abs() * 4 / 5);
    let mut rotation = tokio::time::interval(period);
    loop {
        tokio::select! {
            _ = rotation.tick() => next_token(scene)?,
            () = stopped.wait() => return Ok(()),
        }
    }
}
