//! Credentials, region and endpoint from where the AWS clients take theirs: the environment, a web identity token, the shared
//! credentials file.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result, bail};
use bowline_aws::{
    credentials::{SecretAccessKey, SessionToken},
    sigv4::Credentials,
};

use super::{
    Client, Endpoint, Request,
    credentials_file::{self, Profile},
};
use crate::settings::variable;

/// Where a server is if nobody says otherwise: where `bowline serve` listens.
const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:9400";

/// The endpoint that is given, or that the environment names.
pub(super) fn endpoint(given: Option<&str>) -> Result<Endpoint> {
    if let Some(url) = given {
        return url.parse();
    }
    for name in ["AWS_ENDPOINT_URL_BOWLINE", "AWS_ENDPOINT_URL"] {
        if let Some(url) = variable(name)? {
            return url.parse().with_context(|| format!("reading {name}"));
        }
    }
    DEFAULT_ENDPOINT.parse()
}

pub(super) fn region() -> Result<String> {
    let region = variable("AWS_REGION")?.or(variable("AWS_DEFAULT_REGION")?);
    Ok(region.unwrap_or_else(|| "us-east-1".to_owned()))
}

/// The first credentials that there are.
///
/// # Errors
/// If there are none, or the first ones cannot be used: another place would be another caller.
pub(super) async fn credentials(endpoint: &Endpoint, region: &str) -> Result<Credentials> {
    if let Some(credentials) = of_environment()? {
        return Ok(credentials);
    }
    let role = variable("AWS_ROLE_ARN")?;
    let token_file = variable("AWS_WEB_IDENTITY_TOKEN_FILE")?;
    if let (Some(role), Some(file)) = (role, token_file) {
        return of_token(endpoint, region, &role, &file).await;
    }
    of_file()?.context("there are no credentials")
}

fn of_environment() -> Result<Option<Credentials>> {
    let (id, secret) = (
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
    );
    let (Some(id), Some(secret)) = (id, secret) else {
        return Ok(None);
    };
    let token = variable("AWS_SESSION_TOKEN")?;
    Ok(Some(Credentials {
        access_key_id: id.parse().context("reading AWS_ACCESS_KEY_ID")?,
        secret_access_key: SecretAccessKey::new(secret).context("reading AWS_SECRET_ACCESS_KEY")?,
        session_token: token
            .map(SessionToken::new)
            .transpose()
            .context("reading AWS_SESSION_TOKEN")?,
    }))
}

fn of_file() -> Result<Option<Credentials>> {
    let path = match variable("AWS_SHARED_CREDENTIALS_FILE")? {
        Some(path) => PathBuf::from(path),
        None => match variable("HOME")? {
            Some(home) => PathBuf::from(home).join(".aws/credentials"),
            None => return Ok(None),
        },
    };
    let Ok(text) = fs::read_to_string(&path) else {
        return Ok(None);
    };
    let profile = variable("AWS_PROFILE")?.unwrap_or_else(|| "default".to_owned());
    let found = credentials_file::profile(&text, &profile);
    let Some(Profile {
        access_key_id: Some(id),
        secret_access_key: Some(secret),
        session_token: token,
    }) = found
    else {
        return Ok(None);
    };
    let reading = || format!("reading the profile `{profile}` of `{}`", path.display());
    Ok(Some(Credentials {
        access_key_id: id.parse().with_context(reading)?,
        secret_access_key: SecretAccessKey::new(secret).with_context(reading)?,
        session_token: token
            .map(SessionToken::new)
            .transpose()
            .with_context(reading)?,
    }))
}

/// Exchanges a token, as in a pod.
async fn of_token(
    endpoint: &Endpoint,
    region: &str,
    role: &str,
    file: &str,
) -> Result<Credentials> {
    let token = fs::read_to_string(file).with_context(|| format!("reading `{file}`"))?;
    let name = variable("AWS_ROLE_SESSION_NAME")?.unwrap_or_else(|| "bowline".to_owned());
    let nobody = Client {
        endpoint: endpoint.clone(),
        credentials: None,
        region: region.to_owned(),
    };
    let request = Request::form(&[
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", bowline_aws::sts::VERSION),
        ("RoleArn", role),
        ("RoleSessionName", &name),
        ("WebIdentityToken", token.trim()),
    ]);
    let answer = nobody.send("sts", request).await?;
    if answer.status != 200 {
        bail!(
            "exchanging the token in `{file}`: {}",
            answer.error().unwrap_or_else(|| answer.text())
        );
    }
    answer
        .credentials()
        .context("the answer to the exchange has no credentials")
}
