//! What inline policies of roles and users have in common.

use bowline_aws::error::{AwsError, Code};

use super::policy_document::size;
use crate::entity::Permissions;

/// Whose inline policies they are, and how many characters all of them may have together, white space aside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner<'a> {
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
    pub(super) most: usize,
}

/// Puts a policy in place of one with the same name, if there is one.
///
/// # Errors
/// `LimitExceeded` if all of them together are too large.
pub(super) fn put(
    permissions: &mut Permissions,
    name: &str,
    document: &str,
    owner: Owner<'_>,
) -> Result<(), AwsError> {
    permissions
        .inline
        .insert(name.to_owned(), document.to_owned());
    let all: usize = permissions.inline.values().map(|text| size(text)).sum();
    if all > owner.most {
        let message = format!(
            "Maximum policy size of {} bytes exceeded for {} {}",
            owner.most, owner.kind, owner.name
        );
        return Err(AwsError::new(Code::LimitExceeded, message));
    }
    Ok(())
}

/// The names after `marker`, in order.
pub(super) fn names_after<'a>(
    permissions: &'a Permissions,
    marker: Option<&'a str>,
) -> impl Iterator<Item = &'a String> {
    let names = permissions.inline.keys();
    names.filter(move |name| marker.is_none_or(|marker| name.as_str() > marker))
}
