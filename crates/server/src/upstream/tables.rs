//! Where tables are kept.
//!
//! [`TableStore`] is what the gateway asks of a store, embedded or behind an endpoint. Nobody is authorized here: callers hold a permit.

use std::fmt;

use bowline_aws::{
    dynamodb::{AccountRegion, Operation},
    error::AwsError,
};

use super::BoxFuture;

mod dispatch;
pub mod embedded;
mod failure;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It cannot be done as the client asks.
    #[error("the store refused the request")]
    Refused(#[source] AwsError),
    /// It does not have the operation.
    #[error("the store does not have the operation `{0}`")]
    NotBuilt(Operation),
    /// The store failed. Whether it has done what it was asked is not known.
    #[error("the store of tables failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A store of tables. It knows them by place and name.
pub trait TableStore: Send + Sync + fmt::Debug {
    /// Carries out an operation: takes the body of a request and gives that of the answer.
    fn call<'a>(
        &'a self,
        account_region: &'a AccountRegion,
        operation: Operation,
        body: String,
    ) -> BoxFuture<'a, Result<String, TableError>>;

    /// Lets go of a place that has no tables any more, and of all that was kept for it. The caller sees to it that none is made there
    /// meanwhile.
    fn leave<'a>(
        &'a self,
        account_region: &'a AccountRegion,
    ) -> BoxFuture<'a, Result<(), TableError>>;

    /// Removes the items whose time has come, of all tables at these places.
    fn expire(&self, places: Vec<AccountRegion>) -> BoxFuture<'_, ()>;
}
