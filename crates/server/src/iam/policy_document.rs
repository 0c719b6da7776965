//! Policy documents of requests: checked, resolved, and encoded for responses.

use bowline_iam::policy::{Policy, PolicyError, PolicyKind, PolicyProblem};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::error::IamError;
use crate::{
    identity::{
        entity::{ResolvedPrincipal, TrustDocument},
        index::Index,
    },
    request::error::RequestError,
};

/// Characters of a managed policy, without white space ("IAM and AWS STS quotas", IAM User Guide).
const MAX_MANAGED_POLICY_CHARS: usize = 6_144;
/// Characters of a trust policy, without white space.
const MAX_TRUST_POLICY_CHARS: usize = 2_048;

/// Bytes that a document may have for each character that its quota counts. AWS counts no white
/// space and has no other limit than that of the request. Documents are kept as they were sent, so
/// without this one an account could keep a hundred times what its quotas allow. Indented documents
/// have two to three.
const MAX_BYTES_PER_CHAR: usize = 4;

/// The characters that responses encode (IAM API Reference: "is URL-encoded compliant with RFC
/// 3986").
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Checks the document of an inline policy.
///
/// # Errors
/// [`IamError::MalformedPolicyDocument`], with the location as the operator's reason.
pub(super) fn check_inline(document: &str) -> Result<(), RequestError> {
    parse(document, PolicyKind::Inline).map(drop)
}

/// How large documents of one quota are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// Within the quota.
    Allowed,
    /// Within the quota, with too much white space.
    TooManyBytes {
        /// The most bytes.
        max: usize,
    },
    /// Beyond the quota.
    TooManyChars,
}

/// The size of documents that share a quota of this many characters. It is checked before they are
/// parsed.
pub(super) fn size<'d>(documents: impl Iterator<Item = &'d str>, max: usize) -> Size {
    let (mut chars, mut bytes) = (0, 0);
    for document in documents {
        chars += document.chars().filter(|c| !c.is_whitespace()).count();
        bytes += document.len();
    }
    let max_bytes = MAX_BYTES_PER_CHAR * max;
    if chars > max {
        Size::TooManyChars
    } else if bytes > max_bytes {
        Size::TooManyBytes { max: max_bytes }
    } else {
        Size::Allowed
    }
}

/// Checks the document of a managed policy.
///
/// # Errors
/// [`IamError::MalformedPolicyDocument`], [`IamError::QuotaExceeded`].
pub(super) fn check_managed(document: &str) -> Result<(), RequestError> {
    check_size(document, "PolicySize", MAX_MANAGED_POLICY_CHARS)?;
    parse(document, PolicyKind::Managed).map(drop)
}

/// A trust policy that was read and is not resolved yet.
#[derive(Debug)]
pub(super) struct TrustPolicy {
    text: String,
    policy: Policy,
}

impl TrustPolicy {
    /// Reads a trust policy.
    ///
    /// # Errors
    /// [`IamError::MalformedPolicyDocument`], [`IamError::QuotaExceeded`].
    pub(super) fn parse(document: String) -> Result<Self, RequestError> {
        check_size(&document, "ACLSizePerRole", MAX_TRUST_POLICY_CHARS)?;
        let policy = parse(&document, PolicyKind::Trust)?;
        Ok(Self {
            text: document,
            policy,
        })
    }

    /// Resolves the users and roles that it names to the unique ids of those that have the names
    /// now.
    ///
    /// # Errors
    /// [`IamError::InvalidPrincipal`] if one of them, or an account, does not exist.
    pub(super) fn resolve(&self, index: &Index) -> Result<TrustDocument, IamError> {
        for account in self.policy.accounts() {
            if index.account(account).is_none() {
                return Err(IamError::InvalidPrincipal(account.root_arn()));
            }
        }
        let named = self.policy.principals().into_iter();
        let principals = named.map(|arn| match index.principal_id(arn) {
            Some(id) => Ok(ResolvedPrincipal {
                arn: arn.to_owned(),
                id: id.clone(),
            }),
            None => Err(IamError::InvalidPrincipal(arn.to_owned())),
        });
        Ok(TrustDocument {
            text: self.text.clone(),
            principals: principals.collect::<Result<_, _>>()?,
        })
    }
}

/// A document as responses contain it.
pub(super) fn encoded(document: &str) -> String {
    utf8_percent_encode(document, ENCODED).to_string()
}

/// AWS's text for the client, and the problem with its location for the operator.
pub(crate) fn malformed(error: &PolicyError, kind: PolicyKind) -> RequestError {
    let message = match (kind, &error.problem) {
        (PolicyKind::Trust, PolicyProblem::NotJson) => {
            "This policy contains invalid Json".to_owned()
        }
        _ => error.aws_message(),
    };
    RequestError::new(IamError::MalformedPolicyDocument(message).into(), &error)
}

fn parse(document: &str, kind: PolicyKind) -> Result<Policy, RequestError> {
    Policy::parse(document, kind).map_err(|error| malformed(&error, kind))
}

fn check_size(document: &str, quota: &'static str, max: usize) -> Result<(), RequestError> {
    match size([document].into_iter(), max) {
        Size::Allowed => Ok(()),
        Size::TooManyBytes { max } => Err(IamError::PolicyBytesExceeded { max }.into()),
        Size::TooManyChars => Err(IamError::QuotaExceeded { quota, max }.into()),
    }
}
