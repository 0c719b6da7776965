//! The limits of a session: its duration and its policy.

use bowline_aws::error::{AwsError, Code};
use bowline_iam::policy::{Policy, PolicyKind};

use crate::{
    iam::policy_document::malformed, identity::entity::Role, request::error::RequestError,
};

/// The duration of a session in seconds if the request has none.
const DEFAULT_DURATION: u32 = 3_600;
/// The longest session in seconds that another session assumes (role chaining).
const MAX_CHAINED_DURATION: u32 = 3_600;
/// Characters of a session policy ("IAM and AWS STS quotas", IAM User Guide).
const MAX_POLICY_CHARS: usize = 2_048;

/// The duration of a session of this role in seconds. The constraint of the input has checked the
/// outer bounds.
///
/// # Errors
/// `ValidationError` if the role, or role chaining, allows less.
pub(super) fn duration(
    requested: Option<i32>,
    role: &Role,
    chained: bool,
) -> Result<u32, AwsError> {
    let seconds = requested.map_or(DEFAULT_DURATION, i32::unsigned_abs);
    let too_long = |message: &'static str| AwsError::new(Code::ValidationError, message);
    if chained && seconds > MAX_CHAINED_DURATION {
        return Err(too_long(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    if seconds > role.max_session_duration {
        return Err(too_long(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(seconds)
}

/// Checks an inline session policy.
///
/// # Errors
/// `MalformedPolicyDocument`; `ValidationError` if it is too long, which the constraint of
/// `AssumeRole` does not check.
pub(super) fn check_policy(policy: Option<&str>) -> Result<(), RequestError> {
    let Some(text) = policy else {
        return Ok(());
    };
    if text.chars().count() > MAX_POLICY_CHARS {
        let problem = format!(
            "Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to {MAX_POLICY_CHARS}"
        );
        return Err(AwsError::validation(&[problem]).into());
    }
    let compiled = Policy::parse(text, PolicyKind::Session);
    compiled
        .map(drop)
        .map_err(|error| malformed(&error, PolicyKind::Session))
}
