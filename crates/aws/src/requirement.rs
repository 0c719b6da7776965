//! The permissions that a request requires, in one form for every service.
//!
//! An operation states its requirements as [`Requirement`]s: the action, the ARN, the owner of the
//! resource and the condition keys that the request itself sets. The request is allowed if every
//! requirement is. Requirements may name several resources of several owners.

use std::borrow::Cow;

use bowline_iam::{account::AccountId, context::ConditionValue};

use crate::{dynamodb::TableResource, s3::BucketName};

/// A condition key and its value.
pub type ConditionEntry<'a> = (Cow<'static, str>, ConditionValue<'a>);

/// One permission that a request requires.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement<'a> {
    /// The action, such as `s3:GetObject`.
    pub action: Cow<'static, str>,
    /// The resource's ARN, or `*` for an action that has no resource.
    pub arn: Cow<'a, str>,
    /// The owner of the resource.
    pub owner: ResourceOwner,
    /// Condition keys that the request sets.
    pub keys: Vec<ConditionEntry<'a>>,
}

/// The owner of a resource, as far as the request tells. The server resolves it to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceOwner {
    /// The caller's account: the resource has no other owner by nature, or does not exist yet.
    Caller,
    /// This account.
    Account(AccountId),
    /// The account that owns this bucket. A bucket that does not exist counts as the caller's, so
    /// that a caller without permission does not learn which buckets exist.
    Bucket(BucketName),
    /// The account in the ARN of this table or index.
    Table(TableResource),
}

impl<'a> Requirement<'a> {
    /// A requirement without condition keys.
    pub fn new(
        action: impl Into<Cow<'static, str>>,
        arn: impl Into<Cow<'a, str>>,
        owner: ResourceOwner,
    ) -> Self {
        Self {
            action: action.into(),
            arn: arn.into(),
            owner,
            keys: Vec::new(),
        }
    }

    /// A requirement of an action that has no resource.
    pub fn any_resource(action: impl Into<Cow<'static, str>>) -> Self {
        Self::new(action, "*", ResourceOwner::Caller)
    }

    /// Adds the keys that have a value. Policies distinguish an absent key from an empty value.
    #[must_use]
    pub fn with<V: Into<ConditionValue<'a>>, const N: usize>(
        mut self,
        keys: [(&'static str, Option<V>); N],
    ) -> Self {
        let present = keys
            .into_iter()
            .filter_map(|(key, value)| Some((Cow::Borrowed(key), value?.into())));
        self.keys.extend(present);
        self
    }

    /// The table or index, if the requirement is about one.
    pub fn table(&self) -> Option<&TableResource> {
        match &self.owner {
            ResourceOwner::Table(table) => Some(table),
            ResourceOwner::Caller | ResourceOwner::Account(_) | ResourceOwner::Bucket(_) => None,
        }
    }
}

impl From<Option<AccountId>> for ResourceOwner {
    fn from(account: Option<AccountId>) -> Self {
        account.map_or(Self::Caller, Self::Account)
    }
}

/// The keys that the tags in a request set: `aws:RequestTag/{key}` for each tag, and `aws:TagKeys`.
/// A tag key that the request repeats has an unknown value.
pub fn request_tag_keys<'a>(
    tags: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<ConditionEntry<'a>> {
    let mut names: Vec<Cow<'a, str>> = Vec::new();
    let mut keys: Vec<ConditionEntry<'a>> = Vec::new();
    for (name, value) in tags {
        let key = format!("aws:RequestTag/{name}");
        let repeated = keys
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(&key));
        match repeated {
            Some((_, known)) => *known = ConditionValue::Unknown,
            None => keys.push((key.into(), value.into())),
        }
        names.push(name.into());
    }
    keys.push(("aws:TagKeys".into(), ConditionValue::Set(names)));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_request_tag_has_an_unknown_value() {
        let keys = request_tag_keys([("team", "a"), ("stage", "b"), ("Team", "c")]);
        let keys = keys
            .iter()
            .map(|(key, value)| format!("{key}={}", value.texts().join(",")));
        insta::assert_snapshot!(keys.collect::<Vec<_>>().join(" "), @"aws:RequestTag/team=(unknown) aws:RequestTag/stage=b aws:TagKeys=team,stage,Team");
    }
}
