//! DynamoDB's wire: operations, bodies, and what permission a request takes. Pure.
//!
//! A body is read once and strictly ([`Request::read`]): a member that comes twice, that the operation does not have, that is of another
//! type or that nobody here honours is refused. What was read is what is decided on ([`Request::requirements`]), and exactly that is
//! sent on ([`Request::to_wire`]), with names where the request had the ARNs of tables.

mod expression;
mod generated;
mod key_value;
mod limits;
mod operation;
mod permission;
mod request;
mod shape;
mod table;

pub use self::{
    operation::{Api, Operation, ResourceSpec},
    permission::KeySchema,
    request::Request,
    table::{AccountRegion, InvalidTableName, TableName, TableRef, TableResource},
};
