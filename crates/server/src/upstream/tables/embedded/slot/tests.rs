//! A database after a panic of the engine.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

fn tables(slot: &Slot) -> Vec<String> {
    slot.execute(|engine| {
        let names = engine.storage.list_table_names();
        names.map_err(super::super::engine_failed)
    })
    .unwrap()
}

fn create(engine: &Engine, table: &str) {
    let metadata = dynoxide::storage::CreateTableMetadata {
        table_name: table,
        key_schema: "[]",
        attribute_definitions: "[]",
        ..Default::default()
    };
    engine.storage.insert_table_metadata(&metadata).unwrap();
}

#[test]
fn a_database_is_opened_again_after_a_panic_and_has_what_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let slot = Slot::new(folder.path().join("a.db"), Arc::default());
    slot.execute(|engine| {
        create(engine, "before");
        Ok::<_, TableError>(())
    })
    .unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        slot.execute(|engine| -> Result<(), TableError> {
            engine.storage.begin_transaction().unwrap();
            create(engine, "within");
            panic!("a bug of the engine");
        })
    }));
    assert!(panicked.is_err());
    // The transaction was rolled back, and the next works.
    assert_eq!(tables(&slot), ["before"]);
    slot.execute(|engine| {
        create(engine, "after");
        Ok::<_, TableError>(())
    })
    .unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        slot.read(|_| -> Result<(), TableError> { panic!("a bug of the engine") })
    }));
    assert!(panicked.is_err());
    slot.read(|_| Ok::<_, TableError>(())).unwrap();
    assert_eq!(tables(&slot), ["after", "before"]);
}

#[test]
fn a_transaction_that_a_step_leaves_open_is_rolled_back() {
    let folder = tempfile::tempdir().unwrap();
    let slot = Slot::new(folder.path().join("a.db"), Arc::default());
    let failed = slot.execute(|engine| -> Result<(), TableError> {
        engine.storage.begin_transaction().unwrap();
        create(engine, "within");
        Err(TableError::Failed("the disk is full".into()))
    });
    assert!(failed.is_err());
    assert!(tables(&slot).is_empty());
}
