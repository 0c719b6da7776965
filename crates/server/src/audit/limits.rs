//! The limits of the audit, as the operator sets them.

use std::time::Duration;

use crate::token_bucket::Rate;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

/// How much of the audit's default bound a file system's size allows: a quarter.
const SHARE_OF_DISK: u64 = 4;
/// The default bound on all files together.
const MAX_TOTAL_BYTES: u64 = 4 * GIB;
/// The fewest files that the bound is divided into, so that the oldest can go alone.
const MIN_FILES: u64 = 8;

/// The limits of the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditLimits {
    /// Records of callers without a proven identity: bytes for each address.
    pub address: Rate,
    /// The same for all addresses together, in bytes per second.
    pub all_addresses_per_second: u64,
    /// Records of denied and failed requests of callers with a proven identity: bytes per second
    /// for each account.
    pub account_per_second: u64,
    /// When a new file is begun, by its size in bytes.
    pub max_file_bytes: u64,
    /// When a new file is begun, by its age.
    pub max_file_age: Duration,
    /// Most bytes of all files. `None` means 4 GiB, or a quarter of the file system if that is
    /// less.
    pub max_total_bytes: Option<u64>,
    /// The last bytes of the file system, which are kept for management events.
    pub reserve_bytes: u64,
}

impl Default for AuditLimits {
    fn default() -> Self {
        Self {
            address: Rate {
                burst: 4 * MIB,
                per_second: 64 * KIB,
            },
            all_addresses_per_second: MIB,
            account_per_second: MIB,
            max_file_bytes: 64 * MIB,
            max_file_age: Duration::from_hours(24),
            max_total_bytes: None,
            reserve_bytes: 16 * MIB,
        }
    }
}

impl AuditLimits {
    /// The budget of all addresses together. One address alone may use its whole burst.
    pub(super) fn all_addresses(&self) -> Rate {
        Rate {
            burst: self.address.burst,
            per_second: self.all_addresses_per_second,
        }
    }

    /// The budget of the denials of one account. Its burst is that of one address.
    pub(super) fn account(&self) -> Rate {
        Rate {
            burst: self.address.burst,
            per_second: self.account_per_second,
        }
    }

    /// Most bytes of all files, on a file system of so many bytes.
    pub(super) fn max_total(&self, file_system: u64) -> u64 {
        (self.max_total_bytes)
            .unwrap_or_else(|| MAX_TOTAL_BYTES.min(file_system / SHARE_OF_DISK).max(MIB))
    }

    /// Most bytes of one file.
    pub(super) fn max_file(&self, file_system: u64) -> u64 {
        self.max_file_bytes
            .min(self.max_total(file_system) / MIN_FILES)
            .max(super::record::MAX_RECORD_BYTES as u64)
    }
}
