//! Why a document is rejected: AWS's message for the client; position and cause for the author.

use std::fmt;

/// Why a document is rejected. `Display` names position and cause;
/// [`aws_message`](Self::aws_message) is AWS's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The problem.
    pub problem: PolicyProblem,
    /// The cause, for the author.
    pub detail: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A problem of a policy document, in the order in which IAM checks (observed responses of
/// `CreatePolicy` and `CreateRole`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyProblem {
    /// The text is not JSON.
    NotJson,
    /// The JSON is not a policy.
    Syntax,
    /// A managed policy without version 2012-10-17.
    Version,
    /// A malformed effect, date, number or similar value.
    LegacyParsing,
    /// A `Sid` with other characters than letters and digits.
    Sid,
    /// Two statements with the same `Sid`.
    DuplicateSid,
    /// A statement without actions.
    NoActions,
    /// A resource that is neither `*` nor an ARN, or an ARN that cannot be one.
    Resource(String),
    /// An action without a service, or a condition key without one.
    NoVendor,
    /// An action with two colons.
    SeveralColons,
    /// An action of a service that cannot exist.
    Vendor(String),
    /// A statement without resources.
    NoResources,
    /// A policy that must name a principal and does not.
    NoPrincipal,
    /// A policy that must not name one and does.
    HasPrincipal,
    /// A trust policy that names resources.
    HasResource,
    /// A trust policy with an action that does not assume the role.
    TrustAction,
    /// An invalid principal, as AWS's message shows it, such as `"AWS":"arn:..."`.
    Principal(String),
    /// A trust policy with the principal `*`.
    StarPrincipal,
    /// A federated principal that is neither a provider nor a domain.
    Federated,
}

impl PolicyError {
    /// AWS's message, which comes with the code `MalformedPolicyDocument`.
    pub fn aws_message(&self) -> String {
        match &self.problem {
            PolicyProblem::NotJson | PolicyProblem::Syntax => "Syntax errors in policy.".to_owned(),
            PolicyProblem::Version => {
                "Policy document must be version 2012-10-17 or greater.".to_owned()
            }
            PolicyProblem::LegacyParsing => "The policy failed legacy parsing".to_owned(),
            // Wolox/carthage_cache issue 22, aws-cloudformation/cfn-lint issue 1376.
            PolicyProblem::Sid => "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*".to_owned(),
            PolicyProblem::DuplicateSid => {
                "Statement IDs (SID) in a single policy must be unique.".to_owned()
            }
            PolicyProblem::NoActions => "Policy statement must contain actions.".to_owned(),
            PolicyProblem::Resource(message) => message.clone(),
            PolicyProblem::NoVendor => {
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
                    .to_owned()
            }
            PolicyProblem::SeveralColons => "Actions/Condition can contain only one colon.".to_owned(),
            PolicyProblem::Vendor(vendor) => format!("Vendor {vendor} is not valid"),
            PolicyProblem::NoResources => "Policy statement must contain resources.".to_owned(),
            PolicyProblem::NoPrincipal => "Missing required field Principal".to_owned(),
            PolicyProblem::HasPrincipal => {
                "Policy document should not specify a principal.".to_owned()
            }
            PolicyProblem::HasResource => "Has prohibited field Resource.".to_owned(),
            PolicyProblem::TrustAction => "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity".to_owned(),
            PolicyProblem::Principal(shown) => format!("Invalid principal in policy: {shown}"),
            PolicyProblem::StarPrincipal => {
                "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".".to_owned()
            }
            PolicyProblem::Federated => {
                "Federated principals must be valid domain names or SAML metadata ARNs".to_owned()
            }
        }
    }

    pub(super) fn at(
        text: &str,
        offset: usize,
        problem: PolicyProblem,
        detail: impl Into<String>,
    ) -> Self {
        let (line, column) = bowline_json::line_and_column(text.as_bytes(), offset);
        Self {
            problem,
            detail: detail.into(),
            line,
            column,
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.detail
        )
    }
}

impl std::error::Error for PolicyError {}
