//! Indexes users, roles and access keys, and which policies are attached to them.

use std::{collections::BTreeMap, sync::Arc};

use rpds::HashTrieSetSync;

use super::{IndexError, read};
use crate::{
    crypto::master_key::MasterKey,
    identity::{
        entity::{self, UniqueId},
        index::{AccessKeyEntry, Index, RoleEntry, UserEntry, access_key_name, compiled::Compiled},
        store::{RecordKey, Revision},
    },
};

impl Index {
    pub(super) fn put_user(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
    ) -> Result<(), IndexError> {
        let before = self.users.get(key.name()).cloned();
        self.remove_user(key.name());
        let record = read::<entity::User>(key, value)?;
        let known = before
            .as_ref()
            .map(|user| (&user.record.permissions.inline, &user.inline));
        let user = Arc::new(UserEntry {
            inline: compile_inline(key, &record.permissions.inline, known),
            arn: record.arn().into(),
            record: Arc::new(record),
            revision,
        });
        self.attach(&user.record.permissions, &user.record.id);
        let (id, account) = (user.record.id.clone(), user.record.account);
        let name = user.record.name.clone();
        self.users.insert(id.as_str(), account, &name, user);
        Ok(())
    }

    pub(super) fn remove_user(&mut self, id: &str) {
        if let Some(user) = self.users.get(id).cloned() {
            self.detach(&user.record.permissions, &user.record.id);
            self.users
                .remove(id, user.record.account, &user.record.name);
        }
    }

    pub(super) fn put_role(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
    ) -> Result<(), IndexError> {
        let before = self.roles.get(key.name()).cloned();
        self.remove_role(key.name());
        let record = read::<entity::Role>(key, value)?;
        let known = before
            .as_ref()
            .map(|role| (&role.record.permissions.inline, &role.inline));
        let trust = match &before {
            Some(role) if role.record.trust == record.trust => role.trust.clone(),
            _ => Compiled::trust(key, &record.trust),
        };
        let role = Arc::new(RoleEntry {
            trust,
            inline: compile_inline(key, &record.permissions.inline, known),
            arn: record.arn().into(),
            record: Arc::new(record),
            revision,
        });
        self.attach(&role.record.permissions, &role.record.id);
        let (id, account) = (role.record.id.clone(), role.record.account);
        let name = role.record.name.clone();
        self.roles.insert(id.as_str(), account, &name, role);
        Ok(())
    }

    pub(super) fn remove_role(&mut self, id: &str) {
        if let Some(role) = self.roles.get(id).cloned() {
            self.detach(&role.record.permissions, &role.record.id);
            self.roles
                .remove(id, role.record.account, &role.record.name);
        }
    }

    pub(super) fn put_access_key(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
        master_key: &MasterKey,
    ) -> Result<(), IndexError> {
        self.remove_access_key(key.name());
        let record = read::<entity::AccessKey>(key, value)?;
        let secret = match master_key.open(key, &record.secret) {
            Ok(secret) => secret,
            Err(error) => {
                tracing::error!(%key, %error, "The secret in `{key}` does not open; the access key is refused");
                return Ok(());
            }
        };
        let name = access_key_name(record.owner_id(), record.id.as_str());
        let access_key = Arc::new(AccessKeyEntry {
            record: Arc::new(record),
            revision,
            secret,
        });
        let account = access_key.record.account;
        self.access_keys
            .insert(key.name(), account, &name, access_key);
        Ok(())
    }

    pub(super) fn remove_access_key(&mut self, id: &str) {
        if let Some(key) = self.access_keys.get(id).cloned() {
            let name = access_key_name(key.record.owner_id(), id);
            self.access_keys.remove(id, key.record.account, &name);
        }
    }

    pub(super) fn attach(&mut self, permissions: &entity::Permissions, id: &UniqueId) {
        for arn in &permissions.attached {
            let mut ids = self
                .attachments
                .get(arn.as_str())
                .cloned()
                .unwrap_or_else(HashTrieSetSync::new_sync);
            ids.insert_mut(id.clone());
            self.attachments.insert_mut(arn.as_str().into(), ids);
        }
    }

    pub(super) fn detach(&mut self, permissions: &entity::Permissions, id: &UniqueId) {
        for arn in &permissions.attached {
            let Some(mut ids) = self.attachments.get(arn.as_str()).cloned() else {
                continue;
            };
            ids.remove_mut(id);
            if ids.is_empty() {
                self.attachments.remove_mut(arn.as_str());
            } else {
                self.attachments.insert_mut(arn.as_str().into(), ids);
            }
        }
    }
}

/// Documents by name.
type Documents = BTreeMap<String, String>;

/// Compiles inline policies, and reuses those that did not change.
fn compile_inline(
    key: &RecordKey,
    documents: &Documents,
    known: Option<(&Documents, &BTreeMap<String, Compiled>)>,
) -> BTreeMap<String, Compiled> {
    let compile = |(name, document): (&String, &String)| {
        let unchanged = known
            .filter(|(before, _)| before.get(name) == Some(document))
            .and_then(|(_, compiled)| compiled.get(name));
        let compiled = match unchanged {
            Some(compiled) => compiled.clone(),
            None => Compiled::inline(key, name, document),
        };
        (name.clone(), compiled)
    };
    documents.iter().map(compile).collect()
}
