//! Records of the identity store: any bytes are decoded as an entity or rejected, and a decoded
//! entity is encoded as itself.
//!
//! Input: the stored value of a record.

use bowline_server::identity::{
    entity::{
        AccessKey, Account, AccountQuotas, Bucket, Entity, InstanceProfile, ManagedPolicy, OidcProvider, Role,
        ServiceAttachment, Table, User,
    },
    store::{RecordKey, record},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Stored<E> {
    record: E,
}

/// Decodes the value as every kind of entity.
pub fn run(input: &[u8]) {
    decode::<AccessKey>(input);
    decode::<Account>(input);
    decode::<AccountQuotas>(input);
    decode::<Bucket>(input);
    decode::<InstanceProfile>(input);
    decode::<ManagedPolicy>(input);
    decode::<OidcProvider>(input);
    decode::<Role>(input);
    decode::<ServiceAttachment>(input);
    decode::<Table>(input);
    decode::<User>(input);
}

fn decode<E: Entity>(value: &[u8]) {
    assert!(record::decode::<E>(&RecordKey::keyring(), value).is_err());
    let Ok(Stored { record }) = serde_json::from_slice::<Stored<E>>(value) else {
        return;
    };
    let key = record.key();
    let Ok(entity) = record::decode::<E>(&key, value) else {
        return;
    };
    let encoded = record::encode(&entity).expect("a decoded entity is valid");
    let again = record::decode::<E>(&key, &encoded).expect("an encoded entity is decoded");
    let again = record::encode(&again).expect("a decoded entity is valid");
    assert_eq!(encoded[..], again[..]);
}
