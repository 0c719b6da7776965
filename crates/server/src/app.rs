//! Everything that a running server has, once. There are no globals: two servers in one process share nothing.

use std::sync::Arc;

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

use crate::{
    audit::Audit, clock::Clock, config::Config, gateway::upstream::ObjectStore, index::State,
    metrics::Metrics, oidc::Oidc, refusal::recent::Recent,
};

/// A server's parts.
#[derive(Debug)]
pub(crate) struct App {
    /// How it was started.
    pub(crate) config: Config,
    /// The time.
    pub(crate) clock: Clock,
    /// Randomness.
    pub(crate) random: SystemRandom,
    /// Identity data.
    pub(crate) state: State,
    /// Token verification.
    pub(crate) oidc: Oidc,
    /// The embedded object store.
    pub(crate) objects: Arc<dyn ObjectStore>,
    /// What is written of every call.
    pub(crate) audit: Audit,
    /// The latest calls that ended with an error.
    pub(crate) recent: Recent,
    /// What is counted.
    pub(crate) metrics: Metrics,
}

/// What a request and its audit record are called.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    /// Names the request in its answer, the audit and explanations.
    pub(crate) request: String,
    /// Names the record.
    pub(crate) record: String,
}

/// The operating system has no randomness.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gives no randomness")]
pub(crate) struct NoRandomness;

impl App {
    /// Two random UUIDs: of a request, and of its audit record. Drawn together, since a draw costs more than its bytes.
    pub(crate) fn ids(&self) -> Result<Ids, NoRandomness> {
        let mut bytes = [[0; 16]; 2];
        self.random
            .fill(bytes.as_flattened_mut())
            .map_err(|_| NoRandomness)?;
        let [request, record] = bytes;
        Ok(Ids {
            request: uuid(request),
            record: uuid(record),
        })
    }
}

/// A version 4 UUID of random bytes (RFC 9562, 5.4).
fn uuid(random: [u8; 16]) -> String {
    const VERSION: u128 = 0x4 << 76;
    const VARIANT: u128 = 0x2 << 62;
    let kept = u128::from_be_bytes(random) & !(0xf << 76) & !(0x3 << 62);
    let bits = kept | VERSION | VARIANT;
    let part = |shift: u32, digits: u32| bits >> shift & ((1 << (4 * digits)) - 1);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        part(96, 8),
        part(80, 4),
        part(64, 4),
        part(48, 4),
        part(0, 12)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_says_its_version_and_keeps_the_other_bits() {
        insta::assert_snapshot!(uuid([0; 16]), @"00000000-0000-4000-8000-000000000000");
        insta::assert_snapshot!(uuid([0xff; 16]), @"ffffffff-ffff-4fff-bfff-ffffffffffff");
        let counted: [u8; 16] = std::array::from_fn(|n| u8::try_from(n).unwrap());
        insta::assert_snapshot!(uuid(counted), @"00010203-0405-4607-8809-0a0b0c0d0e0f");
    }
}
