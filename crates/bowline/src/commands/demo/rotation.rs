//! After the last step the server stays up, and the token file is rotated.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result};

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
            quoted(&scene.token_file)
        ),
        format!("export AWS_REGION={REGION}"),
        format!("export AWS_DEFAULT_REGION={REGION}"),
    ] {
        reporter.say(line);
    }
    // One command, which depends on nothing that was exported: neither on the pod's variables nor
    // on a `bowline` that is installed.
    let bowline = std::env::current_exe().context("finding this program")?;
    reporter.say(format!(
        "\nDenied? Ask as the operator, in any shell:\n\nAWS_SHARED_CREDENTIALS_FILE={} {} explain --last --endpoint {endpoint} --profile default\n",
        quoted(&scene.credentials_file),
        quoted(&bowline)
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

/// A path as a word of the shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:@%".contains(c);
    if text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
