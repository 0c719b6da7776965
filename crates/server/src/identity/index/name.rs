//! Map keys of account and name, ignoring case, that can be looked up without copying the name.

use std::{borrow::Borrow, cmp::Ordering};

use bowline_iam::account::AccountId;

/// An account and a name in it. Ordered by account, then by name ignoring ASCII case, as names are
/// unique.
#[derive(Clone, Debug)]
pub(super) struct NameKey {
    account: AccountId,
    name: Box<str>,
}

impl NameKey {
    pub(super) fn new(account: AccountId, name: &str) -> Self {
        Self {
            account,
            name: name.into(),
        }
    }

    pub(super) fn account(&self) -> AccountId {
        self.account
    }
}

/// A borrowed [`NameKey`]: the look-up form of the map key.
pub(super) trait NameRef {
    fn parts(&self) -> (AccountId, &str);
}

impl NameRef for NameKey {
    fn parts(&self) -> (AccountId, &str) {
        (self.account, &self.name)
    }
}

impl NameRef for (AccountId, &str) {
    fn parts(&self) -> (AccountId, &str) {
        *self
    }
}

impl<'a> Borrow<dyn NameRef + 'a> for NameKey {
    fn borrow(&self) -> &(dyn NameRef + 'a) {
        self
    }
}

fn compare((account, name): (AccountId, &str), other: (AccountId, &str)) -> Ordering {
    let folded = other.1.bytes().map(|byte| byte.to_ascii_lowercase());
    account.cmp(&other.0).then_with(|| {
        name.bytes()
            .map(|byte| byte.to_ascii_lowercase())
            .cmp(folded)
    })
}

impl Ord for dyn NameRef + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(self.parts(), other.parts())
    }
}

impl PartialOrd for dyn NameRef + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for dyn NameRef + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for dyn NameRef + '_ {}

impl Ord for NameKey {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(self.parts(), other.parts())
    }
}

impl PartialOrd for NameKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for NameKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for NameKey {}
