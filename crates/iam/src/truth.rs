//! What a condition says about a request if a value is in doubt: the one rule of the engine.
//!
//! A value is in doubt if the server does not know it, if the operator cannot compare it, or if
//! AWS does not document what it means, as for several values under an operator without a set
//! operator. Such a condition is read in every way that could be meant. If the readings differ, or
//! AWS's is not known, it is [`Uncertain`](Truth::Uncertain).
//!
//! Uncertain is no match in an `Allow` and a match in a `Deny`, condition by condition
//! ([`Truth::applies`]): doubt allows nothing, and a `Deny` that could apply applies. A condition
//! that no reading fulfils is [`No`](Truth::No), so a statement with it does not apply, whatever
//! its other conditions say.

use std::ops::Not;

use crate::effect::Effect;

/// Whether something matches, on all readings of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// On no reading.
    No,
    /// On some reading, and not certainly on all.
    Uncertain,
    /// Certainly.
    Yes,
}

impl Truth {
    /// Whether it counts as a match in a statement with this effect.
    pub fn applies(self, effect: Effect) -> bool {
        match self {
            Self::No => false,
            Self::Uncertain => effect == Effect::Deny,
            Self::Yes => true,
        }
    }

    /// Whether a reading is a match.
    pub fn is_possible(self) -> bool {
        self != Self::No
    }

    /// Whether any of them is a match.
    pub(crate) fn any(all: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Self::No;
        for one in all {
            match one {
                Self::No => {}
                Self::Uncertain => any = Self::Uncertain,
                Self::Yes => return Self::Yes,
            }
        }
        any
    }

    /// Whether all of them are matches.
    pub(crate) fn all(all: impl IntoIterator<Item = Self>) -> Self {
        !Self::any(all.into_iter().map(Not::not))
    }
}

impl From<bool> for Truth {
    fn from(matches: bool) -> Self {
        if matches { Self::Yes } else { Self::No }
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Uncertain => Self::Uncertain,
            Self::Yes => Self::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_allows_nothing_and_denies() {
        assert!(Truth::Uncertain.applies(Effect::Deny) && !Truth::Uncertain.applies(Effect::Allow));
        for effect in [Effect::Allow, Effect::Deny] {
            assert!(Truth::Yes.applies(effect) && !Truth::No.applies(effect));
        }
    }

    #[test]
    fn one_certain_value_decides_over_others_in_doubt() {
        use Truth::{No, Uncertain, Yes};
        assert_eq!(Truth::any([No, Uncertain, Yes]), Yes);
        assert_eq!(Truth::any([No, Uncertain]), Uncertain);
        assert_eq!(Truth::all([Yes, Uncertain, No]), No);
        assert_eq!(Truth::all([Yes, Uncertain]), Uncertain);
        assert_eq!((Truth::any([]), Truth::all([])), (No, Yes));
    }
}
