//! Items whose time has come (`UpdateTimeToLive`) are removed now and then. Until they are, they can be read, as on AWS.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::{sync::watch, time::sleep};

use crate::app::App;

/// How long expired items stay at most, but for the time that removing them takes.
const EXPIRY_INTERVAL: Duration = Duration::from_mins(1);

/// Removes expired items until the server stops.
pub(crate) async fn expire_items(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = sleep(EXPIRY_INTERVAL) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        let index = app.state.current();
        let places: HashSet<_> = index
            .all_tables()
            .filter_map(|table| table.record.account_region())
            .collect();
        app.tables.expire(places.into_iter().collect()).await;
    }
}
