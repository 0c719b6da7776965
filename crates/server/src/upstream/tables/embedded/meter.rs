//! Meters the items that the engine reads for a page, before it copies and parses them.
//!
//! The engine collects all rows of a statement before it looks at their sizes. So the statement
//! ends with an error at the first row that exceeds a budget, and is executed again for the rows
//! before it. The first row of a page is always read, if its memory is reserved and a filter over
//! it is not too expensive.

use super::{cost::Uses, weight::weight};

/// What one statement may read.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget {
    /// Memory for the parsed items.
    pub(super) weight: usize,
    /// Bytes of the items, as the service counts them.
    pub(super) size: usize,
    /// Bytes of the items' texts.
    pub(super) text: usize,
    /// Time for the filter, in nanoseconds.
    pub(super) time: u64,
    /// What the filter uses.
    pub(super) uses: Uses,
    /// Whether the page has no item yet: then the first row is read whatever its size is.
    pub(super) is_first: bool,
}

/// Meters one statement.
#[derive(Debug, Default)]
pub(super) struct Meter {
    left: Budget,
    /// Rows of the table and of the index.
    rows: [u64; 2],
    read: Read,
    stopped: Option<Stop>,
}

/// What a statement read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Read {
    pub(super) size: usize,
    pub(super) text: usize,
}

/// Why a statement was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The rows before this one fit, so many.
    After(u64),
    /// The first row needs so much memory.
    Memory(usize),
    /// The filter is too expensive for the first row.
    Time,
}

/// A row that the engine is about to read.
#[derive(Debug)]
pub(super) struct Row<'r> {
    pub(super) text: &'r [u8],
    pub(super) size: usize,
    pub(super) is_index: bool,
}

impl Meter {
    pub(super) fn new(budget: Budget) -> Self {
        Self {
            left: budget,
            ..Self::default()
        }
    }

    /// Counts a row. False ends the statement.
    pub(super) fn admit(&mut self, row: &Row<'_>) -> bool {
        let [of_table, of_index] = &mut self.rows;
        let rows = if row.is_index { of_index } else { of_table };
        let left = &mut self.left;
        let needed = weight(row.text);
        let cost = left.uses.cost(row.text);
        let fits = needed <= left.weight
            && row.size <= left.size
            && row.text.len() <= left.text
            && cost <= left.time;
        let is_first = left.is_first && *rows == 0;
        if !fits && !is_first {
            self.stopped = Some(Stop::After(*rows));
            return false;
        }
        if needed > left.weight {
            self.stopped = Some(Stop::Memory(needed));
            return false;
        }
        if cost > left.time {
            self.stopped = Some(Stop::Time);
            return false;
        }
        *rows += 1;
        left.weight = left.weight.saturating_sub(needed);
        left.size = left.size.saturating_sub(row.size);
        left.text = left.text.saturating_sub(row.text.len());
        left.time = left.time.saturating_sub(cost);
        self.read.size += row.size;
        self.read.text += row.text.len();
        true
    }

    /// Why the statement was ended, if it was.
    pub(super) fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    pub(super) fn read(&self) -> Read {
        self.read
    }
}
