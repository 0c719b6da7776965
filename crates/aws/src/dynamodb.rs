//! DynamoDB's wire protocol: operations, bodies, and the permissions that a request requires. Pure.
//!
//! A body is parsed once and strictly ([`Request::read`]): repeated members, members that the
//! operation does not have, values of another type and members without effect are rejected. The
//! decision is about what was parsed ([`Request::requirements`]), and a store gets exactly that
//! ([`Request::to_wire`]), with names instead of tables' ARNs.

pub mod expression;
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
    request::{Expression, Request},
    table::{AccountRegion, InvalidTableName, TableName, TableRef, TableResource},
};
