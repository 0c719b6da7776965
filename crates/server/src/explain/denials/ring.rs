//! A ring of explanations in which each source has its part.

use std::collections::{HashMap, VecDeque};

use super::Entry;
use crate::http::source_address::SourceAddress;

/// Most explanations of a ring.
pub(super) const MAX_ENTRIES: usize = 256;
/// Most bytes of the explanations of a ring.
pub(super) const MAX_RING_BYTES: usize = 1024 * 1024;

/// The latest explanations of one kind, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Ring {
    entries: VecDeque<Entry>,
    /// What each source has in it.
    sources: HashMap<SourceAddress, Part>,
    bytes: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Part {
    entries: usize,
    bytes: usize,
}

impl Ring {
    /// Adds an explanation. If the ring is full, the source with the most loses its oldest.
    pub(super) fn push(&mut self, entry: Entry) {
        self.bytes += entry.bytes;
        let part = self.sources.entry(entry.source).or_default();
        part.entries += 1;
        part.bytes += entry.bytes;
        self.entries.push_back(entry);
        while self.entries.len() > MAX_ENTRIES
            || (self.bytes > MAX_RING_BYTES && self.entries.len() > 1)
        {
            self.evict();
        }
    }

    /// Removes the oldest explanation of the source with the most.
    pub(super) fn evict(&mut self) -> Option<Entry> {
        // Bytes and entries are both scarce, so both count.
        let weight = |part: &Part| part.entries * (MAX_RING_BYTES / MAX_ENTRIES) + part.bytes;
        let largest = self.sources.iter().max_by_key(|(_, part)| weight(part));
        let source = *largest?.0;
        let oldest = self
            .entries
            .iter()
            .position(|entry| entry.source == source)?;
        let evicted = self.entries.remove(oldest)?;
        self.bytes = self.bytes.saturating_sub(evicted.bytes);
        if let Some(part) = self.sources.get_mut(&source) {
            part.entries = part.entries.saturating_sub(1);
            part.bytes = part.bytes.saturating_sub(evicted.bytes);
            if part.entries == 0 {
                self.sources.remove(&source);
            }
        }
        Some(evicted)
    }

    /// Bytes of the explanations.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
}
