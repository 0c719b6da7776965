//! AWS's default credential provider chain, and the endpoint and the region beside it.
//!
//! The sources are, in order: a named profile; the variables with an access key; a web identity
//! token, which is exchanged; the profile of `AWS_PROFILE`, or `default`. The first source that is
//! configured is the one that counts: if it cannot be used, that is an error, since the next one
//! would be another caller. No program is run: a profile whose `credential_process` is this
//! program would run it without end.

use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
};

use bowline_aws::{
    credentials::{InvalidAccessKeyId, InvalidSecret, SecretAccessKey, SessionToken},
    sigv4::Credentials,
};

use crate::{
    Client, Endpoint, EndpointError, Environment, SendError, Transport, TrustError, VariableError,
    credentials_file::{self, Profile},
    file::read_text,
    trust,
};

/// Where `bowline serve` listens by default.
const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:9400";
/// The region that signatures name by default.
const DEFAULT_REGION: &str = "us-east-1";
/// The session name for an exchanged token by default.
const DEFAULT_SESSION_NAME: &str = "bowline";

/// There is no usable endpoint, or there are no usable credentials.
#[derive(Debug, thiserror::Error)]
pub enum DefaultChainError {
    /// A variable is not text.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// The endpoint is not one.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The endpoint in a variable is not one.
    #[error("reading {variable}")]
    EndpointVariable {
        /// The variable.
        variable: &'static str,
        /// Why.
        source: EndpointError,
    },
    /// The file of certificate authorities cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// TLS cannot be set up.
    #[error("setting up TLS")]
    Tls(#[from] rustls::Error),
    /// One of two variables is set that mean something only together.
    #[error("{set} is set, and {missing} is not")]
    Half {
        /// The one that is set.
        set: &'static str,
        /// The other one.
        missing: &'static str,
    },
    /// The access key in the variables is not one.
    #[error("reading AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN")]
    KeyVariables(#[source] KeyError),
    /// A file cannot be read.
    #[error("reading `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The access key in a profile is not one.
    #[error("reading the profile `{profile}` of `{}`", path.display())]
    KeyOfProfile {
        /// The profile.
        profile: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyError,
    },
    /// The profile that was named has no access key.
    #[error("the shared credentials file has no access key for the profile `{0}`")]
    NoProfile(String),
    /// No source is configured.
    #[error("there are no credentials")]
    NoCredentials,
    /// The token was not exchanged, since no response came.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The server rejected the token.
    #[error("exchanging the token in `{file}`: {rejection}")]
    TokenRejected {
        /// The token's file.
        file: String,
        /// The server's error.
        rejection: String,
    },
    /// The exchange succeeded without credentials.
    #[error("the response to the exchange has no credentials")]
    ExchangeWithoutCredentials,
}

impl DefaultChainError {
    /// What an operator can do about it.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other errors name what to change"
    )]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoCredentials => Some(
                "point AWS_SHARED_CREDENTIALS_FILE at the `credentials` file of the server's data folder, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; with --profile, name a profile that has an access key"
                    .to_owned(),
            ),
            Self::Send(error) => error.hint(),
            _ => None,
        }
    }
}

/// A part of an access key is malformed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct KeyError(Box<dyn Error + Send + Sync>);

impl From<InvalidAccessKeyId> for KeyError {
    fn from(error: InvalidAccessKeyId) -> Self {
        Self(error.into())
    }
}

impl From<InvalidSecret> for KeyError {
    fn from(error: InvalidSecret) -> Self {
        Self(error.into())
    }
}

/// A client with the endpoint and the credentials that the AWS SDKs would use, unless they are
/// named.
///
/// # Errors
/// If there is no usable endpoint, or there are no usable credentials.
pub async fn client(
    environment: &Environment,
    endpoint: Option<&str>,
    profile: Option<&str>,
) -> Result<Client, DefaultChainError> {
    let endpoint = match endpoint {
        Some(url) => url.parse()?,
        None => default_endpoint(environment)?,
    };
    let transport = transport(environment, &endpoint)?;
    let anonymous = Client::anonymous(transport, endpoint, region(environment)?);
    let credentials = credentials(environment, &anonymous, profile).await?;
    Ok(anonymous.with_credentials(credentials))
}

fn default_endpoint(environment: &Environment) -> Result<Endpoint, DefaultChainError> {
    for variable in ["AWS_ENDPOINT_URL_BOWLINE", "AWS_ENDPOINT_URL"] {
        if let Some(url) = environment.get(variable)? {
            return url
                .parse()
                .map_err(|source| DefaultChainError::EndpointVariable { variable, source });
        }
    }
    Ok(DEFAULT_ENDPOINT.parse()?)
}

/// The authorities are read only if TLS is used.
fn transport(
    environment: &Environment,
    endpoint: &Endpoint,
) -> Result<Transport, DefaultChainError> {
    if !endpoint.is_secure() {
        return Ok(Transport::plain_http()?);
    }
    let authorities = if let Some(file) = environment.get("AWS_CA_BUNDLE")? {
        trust::bundle(&file)?
    } else {
        trust::public_authorities()
    };
    Ok(Transport::new(authorities)?)
}

fn region(environment: &Environment) -> Result<String, VariableError> {
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        if let Some(region) = environment.get(variable)? {
            return Ok(region);
        }
    }
    Ok(DEFAULT_REGION.to_owned())
}

async fn credentials(
    environment: &Environment,
    anonymous: &Client,
    profile: Option<&str>,
) -> Result<Credentials, DefaultChainError> {
    if let Some(profile) = profile {
        let found = profile_credentials(environment, profile)?;
        return found.ok_or_else(|| DefaultChainError::NoProfile(profile.to_owned()));
    }
    let key = pair(environment, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")?;
    if let Some((id, secret)) = key {
        let token = environment.get("AWS_SESSION_TOKEN")?;
        return parse(&id, secret, token).map_err(DefaultChainError::KeyVariables);
    }
    let role = pair(environment, "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")?;
    if let Some((role, file)) = role {
        return exchange_token(environment, anonymous, &role, file).await;
    }
    let profile = environment.get("AWS_PROFILE")?;
    let profile = profile.as_deref().unwrap_or("default");
    profile_credentials(environment, profile)?.ok_or(DefaultChainError::NoCredentials)
}

/// Two variables that mean something only together.
fn pair(
    environment: &Environment,
    first: &'static str,
    second: &'static str,
) -> Result<Option<(String, String)>, DefaultChainError> {
    match (environment.get(first)?, environment.get(second)?) {
        (None, None) => Ok(None),
        (Some(first), Some(second)) => Ok(Some((first, second))),
        (Some(_), None) => Err(DefaultChainError::Half {
            set: first,
            missing: second,
        }),
        (None, Some(_)) => Err(DefaultChainError::Half {
            set: second,
            missing: first,
        }),
    }
}

fn parse(id: &str, secret: String, token: Option<String>) -> Result<Credentials, KeyError> {
    Ok(Credentials {
        access_key_id: id.parse::<bowline_aws::credentials::AccessKeyId>()?,
        secret_access_key: SecretAccessKey::new(secret)?,
        session_token: token.map(SessionToken::new).transpose()?,
    })
}

/// The credentials of a profile, if it has an access key.
fn profile_credentials(
    environment: &Environment,
    profile: &str,
) -> Result<Option<Credentials>, DefaultChainError> {
    let named = environment.get("AWS_SHARED_CREDENTIALS_FILE")?;
    let is_named = named.is_some();
    let default = environment.get("HOME")?;
    let default = default.map(|home| Path::new(&home).join(".aws/credentials"));
    let Some(path) = named.map(PathBuf::from).or(default) else {
        return Ok(None);
    };
    let text = match read_text(&path) {
        Ok(text) => text,
        Err(error) if !is_named && error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(DefaultChainError::Read { path, source }),
    };
    let Some(Profile {
        access_key_id: Some(id),
        secret_access_key: Some(secret),
        session_token: token,
    }) = credentials_file::profile(&text, profile)
    else {
        return Ok(None);
    };
    match parse(&id, secret, token) {
        Ok(credentials) => Ok(Some(credentials)),
        Err(source) => Err(DefaultChainError::KeyOfProfile {
            profile: profile.to_owned(),
            path,
            source,
        }),
    }
}

/// Exchanges the token in a file for the credentials of a role.
async fn exchange_token(
    environment: &Environment,
    anonymous: &Client,
    role: &str,
    file: String,
) -> Result<Credentials, DefaultChainError> {
    let token = read_text(Path::new(&file)).map_err(|source| DefaultChainError::Read {
        path: PathBuf::from(&file),
        source,
    })?;
    let name = environment.get("AWS_ROLE_SESSION_NAME")?;
    let parameters = [
        ("RoleArn", role),
        (
            "RoleSessionName",
            name.as_deref().unwrap_or(DEFAULT_SESSION_NAME),
        ),
        ("WebIdentityToken", token.trim()),
    ];
    let response = anonymous
        .sts("AssumeRoleWithWebIdentity", &parameters)
        .await?;
    if response.status != 200 {
        let rejection = response.error().unwrap_or_else(|| response.text());
        return Err(DefaultChainError::TokenRejected { file, rejection });
    }
    response
        .credentials()
        .ok_or(DefaultChainError::ExchangeWithoutCredentials)
}

#[cfg(test)]
mod tests;
