//! Indexes instance profiles and service attachments.

use std::sync::Arc;

use super::{IndexError, read};
use crate::identity::index::{Index, InstanceProfileEntry, ServiceAttachmentEntry};
use crate::identity::{
    entity,
    store::{RecordKey, Revision},
};

impl Index {
    pub(super) fn put_instance_profile(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
    ) -> Result<(), IndexError> {
        self.remove_instance_profile(key.name());
        let record = read::<entity::InstanceProfile>(key, value)?;
        let profile = Arc::new(InstanceProfileEntry {
            record: Arc::new(record),
            revision,
        });
        let record = Arc::clone(&profile.record);
        self.instance_profiles
            .insert(record.id.as_str(), record.account, &record.name, profile);
        Ok(())
    }

    pub(super) fn remove_instance_profile(&mut self, id: &str) {
        if let Some(profile) = self.instance_profiles.get(id).cloned() {
            let record = &profile.record;
            self.instance_profiles
                .remove(id, record.account, &record.name);
        }
    }

    pub(super) fn put_service_attachment(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
    ) -> Result<(), IndexError> {
        self.remove_service_attachment(key);
        let record = read::<entity::ServiceAttachment>(key, value)?;
        let count = self.service_roles.get(&record.role).copied();
        self.service_roles
            .insert_mut(record.role.clone(), count.unwrap_or_default() + 1);
        self.attachment_counts.add(record.account, 1);
        let name = (record.account, record.resource.as_str().into());
        let attachment = ServiceAttachmentEntry {
            record: Arc::new(record),
            revision,
        };
        self.service_attachments
            .insert_mut(name, Arc::new(attachment));
        Ok(())
    }

    pub(super) fn remove_service_attachment(&mut self, key: &RecordKey) {
        let Some((account, resource)) = key.in_account() else {
            return;
        };
        let name = (account, resource.into());
        let Some(attachment) = self.service_attachments.get(&name).cloned() else {
            return;
        };
        self.service_attachments.remove_mut(&name);
        self.attachment_counts.subtract(account, 1);
        let role = &attachment.record.role;
        match self.service_roles.get(role).copied() {
            Some(count @ 2..) => {
                self.service_roles.insert_mut(role.clone(), count - 1);
            }
            Some(_) | None => {
                self.service_roles.remove_mut(role);
            }
        }
    }
}
