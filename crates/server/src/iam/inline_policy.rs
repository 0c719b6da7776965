//! Inline policies, of whoever holds them.

use bowline_aws::error::{AwsError, Code};

use super::{
    error::no_such,
    holder::Holder,
    page::{Asked, Entries, Page},
    policy_document::{check_inline, encoded, size},
};
use crate::{
    identity::store::Transaction,
    request::{call::Call, error::RequestError},
};

/// Puts a policy in place of one with the same name, if there is one.
///
/// # Errors
/// `MalformedPolicyDocument`, `NoSuchEntity`, and `LimitExceeded` if all of them together are too large.
pub(super) async fn put(
    call: &Call<'_>,
    holder: Holder<'_>,
    name: &str,
    document: &str,
) -> Result<(), RequestError> {
    check_inline(document)?;
    let most = most(holder);
    holder
        .change(call, |permissions, _| {
            let (name, document) = (name.to_owned(), document.to_owned());
            permissions.inline.insert(name, document);
            let all: usize = permissions.inline.values().map(|text| size(text)).sum();
            if all > most {
                let message = format!(
                    "Maximum policy size of {most} bytes exceeded for {} {}",
                    holder.kind(),
                    holder.name()
                );
                return Err(AwsError::new(Code::LimitExceeded, message));
            }
            Ok(Transaction::new())
        })
        .await
}

/// The holder's name and a policy's document, as an answer has it.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn get(
    call: &Call<'_>,
    holder: Holder<'_>,
    name: &str,
) -> Result<(String, String), AwsError> {
    let (holder_name, permissions) = holder.find(&call.index, call.account())?;
    let document = permissions.inline.get(name);
    let document = document.ok_or_else(|| no_such_policy(holder, name))?;
    Ok((holder_name.to_owned(), encoded(document)))
}

/// The names of all policies, in order.
///
/// # Errors
/// `NoSuchEntity`, and those of a page.
pub(super) fn list(
    call: &Call<'_>,
    holder: Holder<'_>,
    asked: Asked<'_>,
) -> Result<Entries<String>, AwsError> {
    let (_, permissions) = holder.find(&call.index, call.account())?;
    let page = Page::new(call, asked)?;
    let after = page.after.as_deref();
    let names = permissions.inline.keys();
    let names = names.filter(|name| after.is_none_or(|after| name.as_str() > after));
    page.take(names, |name| name, |name| (*name).clone())
}

/// Deletes a policy.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) async fn delete(
    call: &Call<'_>,
    holder: Holder<'_>,
    name: &str,
) -> Result<(), RequestError> {
    holder
        .change(call, |permissions, _| {
            match permissions.inline.remove(name) {
                Some(_) => Ok(Transaction::new()),
                None => Err(no_such_policy(holder, name)),
            }
        })
        .await
}

/// Characters of all inline policies together, white space aside ("IAM and AWS STS quotas", IAM User Guide).
fn most(holder: Holder<'_>) -> usize {
    match holder {
        Holder::Role(_) => 10_240,
        Holder::User(_) => 2_048,
    }
}

fn no_such_policy(holder: Holder<'_>, name: &str) -> AwsError {
    match holder {
        Holder::Role(_) => no_such("role policy", name),
        Holder::User(_) => no_such("user policy", name),
    }
}
