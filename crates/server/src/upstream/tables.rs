//! Table stores.
//!
//! [`TableStore`] is what the gateway needs of a store, embedded or behind an endpoint. A store
//! does not authorize requests: its callers hold a permit.

use std::{fmt, sync::Arc};

use bowline_aws::{
    dynamodb::{AccountRegion, Operation, Request},
    error::AwsError,
};

use super::BoxFuture;
use crate::identity::entity;

pub mod embedded;
mod item_memory;

pub use item_memory::ItemShare;
pub(crate) use item_memory::{ItemMemory, parsed_bytes};

/// Why a store did not execute a request.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The store does not have the table or the index. Nothing was changed.
    #[error("the store does not have the table")]
    NotFound(#[source] AwsError),
    /// The table is protected against deletion. Nothing was changed.
    #[error("the table is protected against deletion")]
    DeletionProtected(#[source] AwsError),
    /// The client's request is at fault. Nothing was changed.
    #[error("the store rejected the request")]
    Rejected(#[source] AwsError),
    /// The store does not have the operation. Nothing was changed.
    #[error("the store does not have the operation `{0}`")]
    NotBuilt(Operation),
    /// The store failed. It is unknown whether it executed the request.
    #[error("the table store failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl TableError {
    /// The error of a request to tables that have records: a store that does not have them has lost
    /// them. An index that does not exist is [`Self::Rejected`].
    #[must_use]
    pub(crate) fn of_existing_tables(self) -> Self {
        match self {
            Self::NotFound(_) => Self::Failed("the store has lost a table".into()),
            other @ (Self::DeletionProtected(_)
            | Self::Rejected(_)
            | Self::NotBuilt(_)
            | Self::Failed(_)) => other,
        }
    }

    /// Whether the stored data is damaged, as SQLite or the store says.
    pub(crate) fn is_damage(&self) -> bool {
        let Self::Failed(error) = self else {
            return false;
        };
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&**error);
        while let Some(error) = cause {
            if error.is::<DamagedData>() {
                return true;
            }
            if let Some(rusqlite::Error::SqliteFailure(failure, _)) = error.downcast_ref() {
                use rusqlite::ErrorCode;
                return matches!(
                    failure.code,
                    ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase
                );
            }
            cause = error.source();
        }
        false
    }
}

/// A store found that its data is damaged.
#[derive(Debug, thiserror::Error)]
#[error("the stored data is damaged")]
pub(crate) struct DamagedData(#[source] pub(crate) Box<dyn std::error::Error + Send + Sync>);

/// One request to a store.
#[derive(Clone, Copy, Debug)]
pub struct TableRequest<'r> {
    /// Where the tables are.
    pub account_region: &'r AccountRegion,
    /// The request, with tables of this account and region only.
    pub request: &'r Request<'r>,
    /// A member of the body that differs from the client's.
    pub replaced: Option<&'r ReplacedMember>,
    /// The records of the tables that the request names.
    pub tables: &'r [&'r entity::Table],
    /// The memory that the response may take.
    pub share: &'r Arc<ItemShare>,
}

/// A member of a body that is sent in another form than the client's.
#[derive(Clone, Debug)]
pub struct ReplacedMember {
    /// Its name.
    pub name: &'static str,
    /// Its value as JSON. `None` leaves the member out.
    pub json: Option<String>,
}

impl TableRequest<'_> {
    /// The operation.
    pub fn operation(&self) -> Operation {
        self.request.operation()
    }

    /// The body for the store. It names tables as the client does, and never by ARN.
    pub fn body(&self) -> String {
        match self.replaced {
            Some(member) => self
                .request
                .to_wire_with(member.name, member.json.as_deref()),
            None => self.request.to_wire(),
        }
    }
}

/// What a name is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameOf {
    /// A table of an account in a region.
    Table,
    /// An index of a table.
    Index,
}

/// A store of tables, which it knows by account, region and name.
///
/// The methods with a body of their own are for stores that have names, files or clocks of their
/// own.
pub trait TableStore: Send + Sync + fmt::Debug {
    /// Executes a request. The result is the body of the response.
    ///
    /// # Errors
    /// [`TableError`].
    fn call<'a>(&'a self, request: TableRequest<'a>) -> BoxFuture<'a, Result<String, TableError>>;

    /// The store's name for a new table or index, if the store cannot use the client's. `others`
    /// are the store's names of the other tables in the account and region, or of the other
    /// indexes of the table.
    fn new_name(&self, _of: NameOf, _name: &str, _others: &[&str]) -> Option<String> {
        None
    }

    /// Whether the store can tell a table or index with this name of the store's from the others.
    fn is_distinct(&self, _of: NameOf, _upstream_name: &str, _others: &[&str]) -> bool {
        true
    }

    /// Maximum number of regions in which an account may have tables, if the store has a limit.
    fn max_regions(&self) -> Option<usize> {
        None
    }

    /// Frees what the store keeps for an account and region whose last table was deleted. The
    /// caller makes sure that none is created meanwhile.
    ///
    /// # Errors
    /// [`TableError::Failed`].
    fn drop_region<'a>(
        &'a self,
        _account_region: &'a AccountRegion,
    ) -> BoxFuture<'a, Result<(), TableError>> {
        Box::pin(async { Ok(()) })
    }

    /// How many files failed a check since the start: the tables in them cannot be used.
    fn damage(&self) -> usize {
        0
    }

    /// What is wrong with the store although it works, for its operator.
    fn problem(&self) -> Option<&'static str> {
        None
    }

    /// Removes expired items from all tables of these accounts and regions.
    fn expire(&self, _account_regions: Vec<AccountRegion>) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}
