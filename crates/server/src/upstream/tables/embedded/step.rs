//! What one step of a request may use, and why a step did not begin.

use std::sync::Arc;

use bowline_aws::error::{AwsError, Code};

use super::{TableError, cost::Uses, names::NameMap, slot::Slot};
use crate::upstream::tables::ItemShare;

/// Memory that every step has, in bytes.
pub(super) const LIGHT_BYTES: usize = 4 << 20;

/// The work for a request on a thread that may block.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) slot: Arc<Slot>,
    pub(super) names: NameMap,
    /// What the expressions of each part of the request use: of its items, if it is a transaction.
    pub(super) uses: Arc<[Uses]>,
    /// Memory for parsed items, in bytes.
    pub(super) memory: usize,
    pub(super) share: Arc<ItemShare>,
}

/// Why a step ended.
#[derive(Debug)]
pub(super) enum StepError {
    Table(TableError),
    /// It needs so much memory, and changed nothing.
    Memory(usize),
}

impl From<TableError> for StepError {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

impl Job {
    /// Reserves memory for a response.
    pub(super) fn reserve(&self, bytes: usize) -> Result<(), StepError> {
        if self.share.reserve(bytes) {
            return Ok(());
        }
        let message = "Rate exceeded: other responses are not read yet";
        Err(rejected(Code::Throttling, message))
    }

    /// Checks that the parsed items fit into the memory of the step.
    pub(super) fn fits(&self, weight: usize) -> Result<(), StepError> {
        if weight > self.memory {
            return Err(StepError::Memory(weight));
        }
        Ok(())
    }
}

pub(super) fn rejected(code: Code, message: impl Into<String>) -> StepError {
    let error = AwsError::new(code, message.into());
    StepError::Table(TableError::Rejected(error))
}

/// The expressions of a request take too long with the items that they are about.
pub(super) fn too_expensive() -> StepError {
    rejected(
        Code::ValidationError,
        "One or more parameter values were invalid: The expressions have too many operands for the sizes of the attributes that they name",
    )
}
