//! Removes expired items (`UpdateTimeToLive`) at the start and periodically. Until then they can be
//! read, as on AWS.
//!
//! The first pass opens every database, so the stores resume the work that was cut short: added
//! indexes are built and deleted tables are removed, without a request.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::watch, time::sleep};

use crate::app::App;

/// How long expired items stay at most, apart from the time that their removal takes.
const EXPIRY_INTERVAL: Duration = Duration::from_mins(1);

/// Removes expired items until the server stops.
pub(crate) async fn expire_items(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = expire_all(&app) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        tokio::select! {
            () = sleep(EXPIRY_INTERVAL) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}

async fn expire_all(app: &App) {
    let index = app.state.current();
    // By upstream: one of its tables, and the regions of all.
    let mut upstreams = HashMap::new();
    for table in index.all_tables() {
        let (_, regions) = upstreams
            .entry(&*table.record.upstream)
            .or_insert_with(|| (&*table.record, HashSet::new()));
        regions.extend(table.record.account_region());
    }
    for (table, regions) in upstreams.into_values() {
        match app.upstreams.for_table(table) {
            Ok(store) => store.expire(regions.into_iter().collect()).await,
            Err(error) => tracing::warn!(%error, "Could not remove expired items"),
        }
    }
}
