//! Policy documents as they are given, checked and shown.

use bowline_aws::error::{AwsError, Code};
use bowline_iam::policy::{Policy, PolicyError, PolicyKind, PolicyProblem};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::error::over_quota;
use crate::{
    identity::{
        entity::{ResolvedPrincipal, TrustDocument},
        index::Index,
    },
    request::error::RequestError,
};

/// Characters of a managed policy, without white space ("IAM and AWS STS quotas", IAM User Guide).
const MANAGED: usize = 6_144;
/// Characters of a trust policy, without white space.
const TRUST: usize = 2_048;

/// What a document is encoded as in an answer (RFC 3986, IAM API Reference: "is URL-encoded compliant with RFC 3986").
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Checks the document of an inline policy.
///
/// # Errors
/// `MalformedPolicyDocument`, with the place as the operator's reason.
pub(super) fn check_inline(document: &str) -> Result<(), RequestError> {
    parse(document, PolicyKind::Inline).map(drop)
}

/// Checks the document of a managed policy.
///
/// # Errors
/// `MalformedPolicyDocument`, `LimitExceeded`.
pub(super) fn check_managed(document: &str) -> Result<(), RequestError> {
    parse(document, PolicyKind::Managed)?;
    if size(document) > MANAGED {
        return Err(over_quota("PolicySize", MANAGED).into());
    }
    Ok(())
}

/// A trust policy that was read and is not resolved yet.
#[derive(Debug)]
pub(super) struct Trust {
    text: String,
    policy: Policy,
}

impl Trust {
    /// Reads a trust policy.
    ///
    /// # Errors
    /// `MalformedPolicyDocument`, `LimitExceeded`.
    pub(super) fn parse(document: String) -> Result<Self, RequestError> {
        let policy = parse(&document, PolicyKind::Trust)?;
        if size(&document) > TRUST {
            return Err(over_quota("ACLSizePerRole", TRUST).into());
        }
        Ok(Self {
            text: document,
            policy,
        })
    }

    /// Resolves the users and roles that it names to their unique ids: it means whoever has the name now.
    ///
    /// # Errors
    /// `MalformedPolicyDocument` if one does not exist, or an account does not.
    pub(super) fn resolve(&self, index: &Index) -> Result<TrustDocument, AwsError> {
        let invalid = |shown: &str| {
            let message = format!("Invalid principal in policy: \"AWS\":\"{shown}\"");
            AwsError::new(Code::MalformedPolicyDocument, message)
        };
        for account in self.policy.accounts() {
            if index.account(account).is_none() {
                return Err(invalid(&account.root_arn()));
            }
        }
        let named = self.policy.principals().into_iter();
        let principals = named.map(|arn| match index.principal_id(arn) {
            Some(id) => Ok(ResolvedPrincipal {
                arn: arn.to_owned(),
                id: id.clone(),
            }),
            None => Err(invalid(arn)),
        });
        Ok(TrustDocument {
            text: self.text.clone(),
            principals: principals.collect::<Result<_, _>>()?,
        })
    }
}

/// The characters that quotas count.
pub(super) fn size(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

/// A document as answers show it.
pub(super) fn encoded(document: &str) -> String {
    utf8_percent_encode(document, ENCODED).to_string()
}

fn parse(document: &str, kind: PolicyKind) -> Result<Policy, RequestError> {
    Policy::parse(document, kind).map_err(|error| malformed(&error, kind))
}

/// AWS's words for the client, and what is wrong where for the operator.
pub(crate) fn malformed(error: &PolicyError, kind: PolicyKind) -> RequestError {
    let message = match (kind, &error.problem) {
        (PolicyKind::Trust, PolicyProblem::NotJson) => {
            "This policy contains invalid Json".to_owned()
        }
        _ => error.aws_message(),
    };
    RequestError::new(
        AwsError::new(Code::MalformedPolicyDocument, message),
        &error,
    )
}
