//! How long a session lasts and what it may do at most.

use bowline_aws::error::{AwsError, Code};
use bowline_iam::policy::{Policy, PolicyKind};

use crate::{
    iam::policy_document::malformed, identity::entity::Role, request::error::RequestError,
};

/// Seconds of a session whose duration nobody asked for.
const DEFAULT: u32 = 3_600;
/// Most seconds of a session that was got with another session.
const CHAINED: u32 = 3_600;
/// Characters of a session policy ("IAM and AWS STS quotas", IAM User Guide).
const MAX_POLICY: usize = 2_048;

/// The seconds that a session of this role is to last. The constraint of the input has checked the outer bounds.
///
/// # Errors
/// `ValidationError` if the role allows less, or role chaining does.
pub(super) fn duration(asked: Option<i32>, role: &Role, chained: bool) -> Result<u32, AwsError> {
    let seconds = asked.map_or(DEFAULT, i32::unsigned_abs);
    let too_long = |message: &'static str| AwsError::new(Code::ValidationError, message);
    if chained && seconds > CHAINED {
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
/// `MalformedPolicyDocument`; `ValidationError` if it is too long, which one operation's constraint leaves open.
pub(super) fn check_policy(policy: Option<&str>) -> Result<(), RequestError> {
    let Some(text) = policy else {
        return Ok(());
    };
    if text.chars().count() > MAX_POLICY {
        let problem = format!(
            "Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to {MAX_POLICY}"
        );
        return Err(AwsError::validation(&[problem]).into());
    }
    let compiled = Policy::parse(text, PolicyKind::Session);
    compiled
        .map(drop)
        .map_err(|error| malformed(&error, PolicyKind::Session))
}
