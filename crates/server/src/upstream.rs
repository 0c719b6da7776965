//! The stores of objects and items, by the names that records give them.
//!
//! [`Upstreams`] finds the store that a bucket's or a table's record names. A record that names an
//! upstream that is not configured is an error, never another store. Only this folder reads or
//! writes objects and items, or connects to a store outside the process; it authorizes nothing.

use std::{collections::BTreeMap, pin::Pin, sync::Arc};

use bowline_iam::account::AccountId;

use crate::identity::entity::{Bucket, Table};

pub(crate) mod fair_permits;
pub mod objects;
pub mod tables;

use fair_permits::{FairPermit, FairPermits};
use objects::ObjectStore;
use tables::TableStore;

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The name of the stores inside the process, which store every new bucket and table.
pub const EMBEDDED: &str = "embedded";

/// The configured stores.
#[derive(Clone, Debug)]
pub struct Upstreams {
    objects: BTreeMap<String, Arc<dyn ObjectStore>>,
    tables: BTreeMap<String, Arc<dyn TableStore>>,
    listings: Arc<FairPermits<AccountId>>,
}

/// Listings of objects that are made at a time, and those of one account. To make a page of 1,000
/// takes as long as several small requests, and each at a time is a thread that competes with those
/// that serve all others.
const MAX_LISTINGS: usize = 4;
const MAX_LISTINGS_OF_ACCOUNT: usize = 1;

impl Default for Upstreams {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            tables: BTreeMap::new(),
            listings: FairPermits::new(MAX_LISTINGS, MAX_LISTINGS_OF_ACCOUNT),
        }
    }
}

/// A record names an upstream that is not configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{arn}` is stored in the upstream `{upstream}`, which is not configured: configure a store of {kind} with that name"
)]
pub struct UnknownUpstream {
    arn: String,
    upstream: String,
    kind: &'static str,
}

impl Upstreams {
    /// With this store of objects under this name.
    #[must_use]
    pub fn with_objects(mut self, name: &str, store: Arc<dyn ObjectStore>) -> Self {
        self.objects.insert(name.to_owned(), store);
        self
    }

    /// With this store of tables under this name.
    #[must_use]
    pub fn with_tables(mut self, name: &str, store: Arc<dyn TableStore>) -> Self {
        self.tables.insert(name.to_owned(), store);
        self
    }

    /// Waits until a listing of objects may be made for this account. Keep the permit until the
    /// response is written.
    pub(crate) async fn listing(&self, account: AccountId) -> FairPermit<AccountId> {
        self.listings.acquire(account).await
    }

    /// How often stored data was found damaged since the start: objects, and files of tables.
    pub fn damage(&self) -> (u64, u64) {
        let objects = self.objects.values().map(|store| store.damage()).sum();
        let tables = self
            .tables
            .values()
            .map(|store| store.damage() as u64)
            .sum();
        (objects, tables)
    }

    /// What is wrong with a store although it works, for its operator.
    pub fn problem(&self) -> Option<&'static str> {
        self.tables.values().find_map(|store| store.problem())
    }

    /// The store of a bucket's objects.
    ///
    /// # Errors
    /// [`UnknownUpstream`].
    pub fn for_bucket(&self, bucket: &Bucket) -> Result<&dyn ObjectStore, UnknownUpstream> {
        let store = self.objects.get(&bucket.upstream);
        store.map(|store| &**store).ok_or_else(|| UnknownUpstream {
            arn: bucket.arn(),
            upstream: bucket.upstream.clone(),
            kind: "objects",
        })
    }

    /// The store of a table's items.
    ///
    /// # Errors
    /// [`UnknownUpstream`].
    pub fn for_table(&self, table: &Table) -> Result<&dyn TableStore, UnknownUpstream> {
        let store = self.tables.get(&table.upstream);
        store.map(|store| &**store).ok_or_else(|| UnknownUpstream {
            arn: table.arn(),
            upstream: table.upstream.clone(),
            kind: "tables",
        })
    }
}
