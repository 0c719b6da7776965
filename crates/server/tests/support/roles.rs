//! Indexes of many roles, for what they cost.

use bowline_server::{
    crypto::master_key::MasterKey,
    identity::{
        entity::{Entity, Role, TrustDocument},
        index::Index,
        store::{Batch, Change, Revision, Snapshot, StoredRecord, record},
    },
};
use jiff::Timestamp;

/// The write of a role.
pub(crate) fn put(role: &Role) -> Batch {
    Batch {
        revision: Revision::EMPTY,
        changes: [Change::Put(role.key(), record::encode(role).unwrap())].into(),
    }
}

/// An index of this many roles.
pub(crate) fn index(roles: usize, master_key: &MasterKey) -> Index {
    let records = (0..roles).map(|number| {
        let role = role(number);
        StoredRecord {
            key: role.key(),
            value: record::encode(&role).unwrap(),
            revision: Revision::EMPTY,
        }
    });
    let snapshot = Snapshot {
        revision: Revision::EMPTY,
        records: records.collect(),
    };
    Index::build(&snapshot, master_key).unwrap()
}

pub(crate) fn role(number: usize) -> Role {
    Role::new(format!("AROA{number:017}").parse().unwrap(), "432797229265".parse().unwrap(), format!("role-{number}"), TrustDocument {
            text: r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}"#.to_owned(),
            principals: Vec::new(),
        }, Timestamp::UNIX_EPOCH)
}
