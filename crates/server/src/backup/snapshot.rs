//! Everything that a server has, at one moment.

use std::{fs, sync::Arc};

use jiff::Timestamp;

use super::{
    entry::{AuditPosition, FORMAT, Manifest},
    write::BackupError,
};
use crate::{
    identity::store::{Snapshot, Store},
    upstream::{
        objects::embedded::{EmbeddedObjects, snapshot::ObjectSnapshot},
        tables::embedded::{EmbeddedTables, snapshot::TableSnapshot},
    },
    write_gate::WriteGate,
};

/// The embedded stores, and the gate of their writes.
#[derive(Clone, Debug)]
pub(crate) struct Stores {
    pub(crate) objects: EmbeddedObjects,
    pub(crate) tables: Arc<EmbeddedTables>,
    pub(crate) gate: WriteGate,
}

/// Everything at one moment.
pub(super) struct Everything {
    pub(super) manifest: Manifest,
    pub(super) identity: Snapshot,
    pub(super) objects: ObjectSnapshot,
    pub(super) tables: Vec<TableSnapshot>,
}

impl Everything {
    /// Takes it. Writes wait meanwhile. Call it on a thread that may block, inside the runtime.
    pub(super) fn take(
        stores: &Stores,
        identity: &dyn Store,
        audit: Option<&std::path::Path>,
        now: Timestamp,
    ) -> Result<Self, BackupError> {
        // Before the moment, since it takes longest.
        let mut objects = stores
            .objects
            .begin_snapshot()
            .map_err(BackupError::Objects)?;
        let pause = stores.gate.pause();
        let identity = tokio::runtime::Handle::current()
            .block_on(identity.snapshot())
            .map_err(BackupError::Identity)?;
        objects.fix().map_err(BackupError::Objects)?;
        let tables = stores.tables.snapshot().map_err(BackupError::Tables)?;
        let audit = audit.and_then(|file| {
            Some(AuditPosition {
                bytes: fs::metadata(file).ok()?.len(),
                file: file.display().to_string(),
            })
        });
        drop(pause);
        objects.check().map_err(BackupError::Objects)?;
        let manifest = Manifest {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            created: now.to_string(),
            revision: identity.revision.number(),
            records: identity.records.len() as u64,
            audit,
        };
        Ok(Self {
            manifest,
            identity,
            objects,
            tables,
        })
    }

    /// How many bytes there are, about.
    pub(super) fn bytes(&self) -> u64 {
        let records = self.identity.records.iter();
        let records: u64 = records.map(|record| record.value.len() as u64).sum();
        let tables: u64 = self.tables.iter().map(|table| table.bytes).sum();
        records + self.objects.bytes + tables
    }
}
