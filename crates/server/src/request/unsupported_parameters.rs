//! Members that are recognized and come in a later version: refused, so that nobody believes them to be in force.

use bowline_aws::error::AwsError;

/// Refuses them.
///
/// # Errors
/// `ValidationError` that names the first one that is given.
pub(crate) fn reject_unsupported(given: &[(&'static str, bool)]) -> Result<(), AwsError> {
    match given.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(AwsError::unsupported_parameter(name)),
        None => Ok(()),
    }
}

/// An empty list is as good as none.
pub(crate) fn has_any<T>(list: Option<&Vec<T>>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}
