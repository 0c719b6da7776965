//! Whether an operation reads or changes state.

/// Whether an operation changes state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The operation changes nothing. Credentials that it returns are not stored.
    Reads,
    /// The operation can change something, so the server rejects it while it cannot write audit
    /// records.
    Changes,
}
