//! Turns: while a table is used it stays the one that was decided about, and changes of tables come one after another.
//!
//! The store knows tables by their names, and a name may go to another table. So whatever uses tables has the place's read turn and
//! looks once more whether they are the same; whatever makes, changes or removes one has its write turn.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bowline_aws::dynamodb::Place;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// The turns of the places whose tables are used or changed.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<Place, Arc<RwLock<()>>>>);

impl Turns {
    /// Waits until no table of the place is being changed, and keeps it so.
    pub(super) async fn using(&self, place: &Place) -> OwnedRwLockReadGuard<()> {
        self.of(place).read_owned().await
    }

    /// Waits until no table of the place is used or changed, and keeps it so.
    pub(super) async fn changing(&self, place: &Place) -> OwnedRwLockWriteGuard<()> {
        self.of(place).write_owned().await
    }

    fn of(&self, place: &Place) -> Arc<RwLock<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(place) {
            return Arc::clone(turn);
        }
        // Nobody has or awaits the turn of a place that this map alone knows of.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(place.clone()).or_default())
    }
}
