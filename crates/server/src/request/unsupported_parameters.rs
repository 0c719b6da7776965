//! Parameters that AWS has and this version does not support. They are refused, so that no client
//! believes them to apply.

use bowline_aws::error::AwsError;

/// Refuses a request that has one of these parameters.
///
/// # Errors
/// `ValidationError` with the name of the first one.
pub(crate) fn reject_unsupported(parameters: &[(&'static str, bool)]) -> Result<(), AwsError> {
    match parameters.iter().find(|(_, present)| *present) {
        Some((name, _)) => Err(AwsError::unsupported_parameter(name)),
        None => Ok(()),
    }
}

/// Whether a list has members. An empty list counts as absent.
pub(crate) fn has_any<T>(list: Option<&Vec<T>>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}
