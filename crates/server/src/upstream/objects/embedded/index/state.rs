//! What the index says about the whole store.

use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};

use super::row;

/// The version of the format of rows.
const FORMAT: u8 = 1;

/// The only row of its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoreState {
    format: u8,
    /// The upper half of generations. It rises with each start.
    epoch: u32,
    /// Whether a process uses the store, or ended without closing it.
    pub(super) is_open: bool,
    /// Whether every object had a row once.
    pub(super) is_complete: bool,
}

impl StoreState {
    pub(super) fn first() -> Self {
        Self {
            format: FORMAT,
            epoch: 1,
            is_open: true,
            is_complete: false,
        }
    }

    /// Of a complete index whose next generation is this one.
    pub(super) fn at(generation: u64, is_open: bool) -> Self {
        Self {
            epoch: u32::try_from(generation >> 32).unwrap_or(u32::MAX),
            is_open,
            is_complete: true,
            ..Self::first()
        }
    }

    /// The state from now on. `None` if a newer version wrote this one, or if it is damaged.
    pub(super) fn opened(self) -> Option<Self> {
        let epoch = self.epoch.checked_add(1)?;
        (self.format == FORMAT).then_some(Self {
            epoch,
            is_open: true,
            ..self
        })
    }

    /// Above the generations of all earlier starts.
    pub(super) fn first_generation(self) -> u64 {
        u64::from(self.epoch) << 32 | 1
    }

    /// Reads it. `None` in a new index; a damaged one has no format.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        let stored: Option<Vec<u8>> = connection
            .query_row("SELECT facts FROM store", [], |row| row.get(0))
            .optional()?;
        let damaged = Self {
            format: 0,
            ..Self::first()
        };
        Ok(stored.map(|stored| row::unseal(&[], &stored).unwrap_or(damaged)))
    }

    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let facts = row::seal(&[], &self);
        connection.execute("INSERT OR REPLACE INTO store VALUES (1, ?1)", [facts])?;
        Ok(())
    }
}
