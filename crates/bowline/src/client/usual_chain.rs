//! Credentials, region and endpoint from where the AWS clients take theirs: the environment, a web identity token, the shared
//! credentials file.

use std::{
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, bail};
use bowline_aws::{
    credentials::{SecretAccessKey, SessionToken},
    sigv4::Credentials,
};

use super::{
    Client, Endpoint,
    credentials_file::{self, Profile},
    operator::no_server,
};
use crate::{error::CommandError, files::read_text, settings::variable};

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

/// Those of a profile that is named; otherwise the first credentials that there are. `nobody` exchanges a token, as in a pod.
///
/// No program is run for them: a profile whose `credential_process` is this command would run it without end.
///
/// # Errors
/// If there are none, or the first ones cannot be used: another place would be another caller.
pub(super) async fn credentials(
    nobody: &Client,
    profile: Option<&str>,
) -> Result<Credentials, CommandError> {
    if let Some(profile) = profile {
        let found = of_file(profile)?;
        return Ok(found.with_context(|| {
            format!("the shared credentials file has no access key for the profile `{profile}`")
        })?);
    }
    let keys = both("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")?;
    if let Some((id, secret)) = keys {
        let token = variable("AWS_SESSION_TOKEN")?;
        return Ok(read(&id, secret, token).context("reading AWS_ACCESS_KEY_ID and the like")?);
    }
    if let Some((role, file)) = both("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")? {
        return of_token(nobody, &role, &file).await;
    }
    let profile = variable("AWS_PROFILE")?.unwrap_or_else(|| "default".to_owned());
    of_file(&profile)?.ok_or_else(|| {
        CommandError::with_hint(
            anyhow!("there are no credentials"),
            "point AWS_SHARED_CREDENTIALS_FILE at the `credentials` file of the server's data folder, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; with --profile, name a profile that has an access key",
        )
    })
}

/// Two variables that mean something together only.
fn both(one: &str, other: &str) -> Result<Option<(String, String)>> {
    match (variable(one)?, variable(other)?) {
        (None, None) => Ok(None),
        (Some(one), Some(other)) => Ok(Some((one, other))),
        (Some(_), None) => bail!("{one} is set, and {other} is not"),
        (None, Some(_)) => bail!("{other} is set, and {one} is not"),
    }
}

fn read(id: &str, secret: String, token: Option<String>) -> Result<Credentials> {
    Ok(Credentials {
        access_key_id: id.parse()?,
        secret_access_key: SecretAccessKey::new(secret)?,
        session_token: token.map(SessionToken::new).transpose()?,
    })
}

/// A profile with an access key.
fn of_file(profile: &str) -> Result<Option<Credentials>> {
    let named = variable("AWS_SHARED_CREDENTIALS_FILE")?.map(PathBuf::from);
    let usual = variable("HOME")?.map(|home| PathBuf::from(home).join(".aws/credentials"));
    let Some(path) = named.as_ref().or(usual.as_ref()) else {
        return Ok(None);
    };
    let text = match read_text(path) {
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {
            return Ok(None);
        }
        text => text.with_context(|| format!("reading `{}`", path.display()))?,
    };
    let found = credentials_file::profile(&text, profile);
    let Some(Profile {
        access_key_id: Some(id),
        secret_access_key: Some(secret),
        session_token: token,
    }) = found
    else {
        return Ok(None);
    };
    let read = read(&id, secret, token);
    let read =
        read.with_context(|| format!("reading the profile `{profile}` of `{}`", path.display()))?;
    Ok(Some(read))
}

/// Exchanges a token.
async fn of_token(nobody: &Client, role: &str, file: &str) -> Result<Credentials, CommandError> {
    let token = read_text(Path::new(file)).with_context(|| format!("reading `{file}`"))?;
    let name = variable("AWS_ROLE_SESSION_NAME")?.unwrap_or_else(|| "bowline".to_owned());
    let parameters = [
        ("RoleArn", role),
        ("RoleSessionName", &*name),
        ("WebIdentityToken", token.trim()),
    ];
    let answer = nobody
        .sts("AssumeRoleWithWebIdentity", &parameters)
        .await
        .map_err(no_server)?;
    if answer.status != 200 {
        let told = answer.error().unwrap_or_else(|| answer.text());
        return Err(anyhow!("exchanging the token in `{file}`: {told}").into());
    }
    let credentials = answer.credentials();
    Ok(credentials.context("the answer to the exchange has no credentials")?)
}
