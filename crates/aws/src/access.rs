//! What an operation does to what is kept: a fact of each, beside its action and resource.

/// Whether an operation changes what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It changes nothing. Credentials that it gives out are kept nowhere.
    Reads,
    /// It may change something, so it is not done while it could not be recorded.
    Changes,
}
