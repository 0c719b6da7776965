//! Why a token is rejected: AWS's code and message for the client, and the reason for the operator.
//!
//! The client's messages are AWS's where they are known. The issuer's response and the missing key
//! are in the operator's reason (`Display`) only.

use std::borrow::Cow;

use bowline_aws::error::{AwsError, Code};

use super::jws::MalformedJws;

/// Why a token is rejected. `Display` is for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The token cannot be read.
    #[error(transparent)]
    Malformed(#[from] MalformedJws),
    /// A required claim is missing.
    #[error("token has no claim `{0}`")]
    MissingClaim(&'static str),
    /// A claim has the wrong type or value.
    #[error("token's claim `{claim}` is not {expected}")]
    WrongKind {
        /// The claim.
        claim: &'static str,
        /// The type or value that it must have.
        expected: &'static str,
    },
    /// A claim requests an unsupported property of the session. Without it, the session would not
    /// be the one that the issuer meant.
    #[error(
        "token has the claim `{0}`, which is not supported: sessions have no tags and no source identity"
    )]
    UnsupportedClaim(String),
    /// No provider of the account has this issuer.
    #[error("no provider of the account has the issuer `{0}`")]
    UnknownIssuer(String),
    /// The provider's keys could not be fetched.
    #[error("keys of provider `{provider}` are unavailable: {reason}")]
    Unreachable {
        /// The provider's ARN.
        provider: Box<str>,
        /// Why.
        reason: String,
    },
    /// The provider was changed or deleted while its keys were fetched. Clients retry.
    #[error("provider `{0}` was changed while the token was verified")]
    ProviderChanged(Box<str>),
    /// The provider has no key for the token.
    #[error("provider `{provider}` has no key for `{kid}` with {algorithm}: {reason}")]
    NoUsableKey {
        /// The provider's ARN.
        provider: Box<str>,
        /// The key that the token names.
        kid: String,
        /// The algorithm that it names.
        algorithm: &'static str,
        /// Why its keys do not match.
        reason: String,
    },
    /// No key of the provider made the signature.
    #[error("signature was not made by the key `{kid}` of provider `{provider}`")]
    BadSignature {
        /// The provider's ARN.
        provider: Box<str>,
        /// The key that the token names.
        kid: String,
    },
    /// The token has expired.
    #[error("token expired at {expires}, it is {now} (seconds since 1970, with 300 s of grace)")]
    Expired {
        /// Now.
        now: i64,
        /// The claim `exp`.
        expires: i64,
    },
    /// The token is not valid yet.
    #[error("token's `{claim}` is {at}, it is {now} (seconds since 1970, with 300 s of grace)")]
    NotYet {
        /// `nbf` or `iat`.
        claim: &'static str,
        /// Now.
        now: i64,
        /// The claim.
        at: i64,
    },
    /// The token is for another audience.
    #[error("token is for {actual:?}, the provider takes {expected:?}")]
    Audience {
        /// The provider's client ids.
        expected: Vec<String>,
        /// The token's `azp`, or else its `aud`.
        actual: Vec<String>,
    },
}

impl TokenError {
    /// The AWS error code.
    pub fn code(&self) -> Code {
        match self {
            Self::Unreachable { .. } | Self::ProviderChanged(_) => Code::IdpCommunicationError,
            Self::Expired { .. } => Code::ExpiredIdentityToken,
            Self::Malformed(_)
            | Self::MissingClaim(_)
            | Self::WrongKind { .. }
            | Self::UnsupportedClaim(_)
            | Self::UnknownIssuer(_)
            | Self::NoUsableKey { .. }
            | Self::BadSignature { .. }
            | Self::NotYet { .. }
            | Self::Audience { .. } => Code::InvalidIdentityToken,
        }
    }

    /// The message for the client.
    pub fn client_message(&self) -> Cow<'static, str> {
        match self {
            Self::Malformed(_) | Self::WrongKind { .. } => {
                "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)".into()
            }
            Self::UnsupportedClaim(claim) => {
                format!("The claim {claim} is not supported").into()
            }
            Self::MissingClaim(claim) => format!("Missing a required claim: {claim}").into(),
            Self::UnknownIssuer(issuer) => {
                let scheme = if issuer.contains("://") { "" } else { "https://" };
                let issuer = issuer.replace(char::is_control, "?");
                format!("No OpenIDConnect provider found in your account for {scheme}{issuer}").into()
            }
            Self::Unreachable { .. } | Self::ProviderChanged(_) | Self::NoUsableKey { .. } => {
                "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements".into()
            }
            Self::BadSignature { .. } => {
                "The web identity token that was passed could not be validated by AWS. Get a new identity token from the identity provider and then retry the request.".into()
            }
            Self::Expired { now, expires } => format!(
                "Token expired: current date/time {now} must be before the expiration date/time {expires}"
            )
            .into(),
            Self::NotYet { now, at, .. } => {
                format!("Token not yet valid: current date/time {now} must be after {at}").into()
            }
            Self::Audience { .. } => "Incorrect token audience".into(),
        }
    }

    /// The error for the client.
    pub fn to_aws(&self) -> AwsError {
        AwsError::new(self.code(), self.client_message())
    }

    /// How specific the error is, when several providers reject one token.
    pub(super) fn weight(&self) -> u8 {
        match self {
            Self::NoUsableKey { .. } => 1,
            Self::BadSignature { .. } => 2,
            Self::Unreachable { .. } | Self::ProviderChanged(_) => 3,
            Self::Malformed(_)
            | Self::MissingClaim(_)
            | Self::WrongKind { .. }
            | Self::UnsupportedClaim(_)
            | Self::UnknownIssuer(_)
            | Self::Expired { .. }
            | Self::NotYet { .. }
            | Self::Audience { .. } => 0,
        }
    }
}
