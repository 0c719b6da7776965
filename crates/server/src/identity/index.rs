//! The index that every decision reads: an immutable snapshot of all records, parsed and compiled.
//!
//! An [`Index`] is at one [`Revision`]. It consists of persistent maps, so the next one shares all
//! but a path with it: a write copies a few kilobytes, however many entities there are.
//! [`IdentityState`] swaps the current index when the store's watch reports a commit. Look-ups take
//! no lock, do no I/O and, except for lists, copy nothing.
//!
//! Unusable data fails closed and is logged: a policy that does not compile allows nothing to
//! whatever it applies to, and a record that does not decode stops the index.

mod account_locks;
mod apply;
pub mod compiled;
mod counts;
mod directory;
pub mod entry;
mod long_decisions;
mod name;
pub mod quotas;
pub mod state;

use std::{ops::Bound, sync::Arc};

use bowline_iam::account::AccountId;
use rpds::{HashTrieMapSync, HashTrieSetSync, RedBlackTreeMapSync};

pub use super::index::{
    apply::IndexError,
    compiled::Compiled,
    entry::{
        AccessKeyEntry, AccountEntry, BucketEntry, Indexed, InstanceProfileEntry, KeyOwner,
        PolicyEntry, ProviderEntry, RoleEntry, ServiceAttachmentEntry, TableEntry, UserEntry,
    },
    long_decisions::{LongDecisions, TooManyLongDecisions},
    quotas::QuotaExceeded,
    state::{IdentityState, LoadError, UnknownFeatureLevel, UpdateError},
};
use super::index::{
    counts::Counts,
    directory::Directory,
    name::{NameKey, NameRef},
};
use crate::{
    crypto::keyring::{Keyring, KeyringRecord},
    identity::{
        entity::{self, AccessKeyOwner, FeatureLevel, UniqueId},
        session::SessionPolicyCache,
        store::{RecordKey, Revision},
    },
};

/// All records at one revision.
#[derive(Clone, Debug, Default)]
pub struct Index {
    revision: Revision,
    accounts: RedBlackTreeMapSync<AccountId, Arc<AccountEntry>>,
    account_quotas: RedBlackTreeMapSync<AccountId, Arc<Indexed<entity::AccountQuotas>>>,
    users: Directory<UserEntry>,
    roles: Directory<RoleEntry>,
    instance_profiles: Directory<InstanceProfileEntry>,
    policies: Directory<PolicyEntry>,
    /// The ids of users and roles that have a managed policy attached, by its ARN.
    attachments: HashTrieMapSync<Box<str>, HashTrieSetSync<UniqueId>>,
    /// By owner and id, so that the keys of an owner are adjacent.
    access_keys: Directory<AccessKeyEntry>,
    /// By address.
    providers: Directory<ProviderEntry>,
    /// The same, by issuer. Several may share one.
    providers_by_issuer: RedBlackTreeMapSync<NameKey, Arc<[Arc<ProviderEntry>]>>,
    buckets: Directory<BucketEntry>,
    /// By the keys of their records.
    tables: RedBlackTreeMapSync<RecordKey, Arc<TableEntry>>,
    /// How many tables an account has in each region.
    table_counts: Counts<(AccountId, Box<str>)>,
    /// The bytes of the documents of an account's tables.
    table_documents: Counts<AccountId>,
    /// Roles of services, by account and the ARN of the resource, which compares with case.
    service_attachments: RedBlackTreeMapSync<(AccountId, Box<str>), Arc<ServiceAttachmentEntry>>,
    /// How many an account has.
    attachment_counts: Counts<AccountId>,
    /// The number of service attachments of a role, by its id.
    service_roles: HashTrieMapSync<UniqueId, usize>,
    keyring: Arc<Keyring>,
    keyring_record: Option<Arc<Indexed<KeyringRecord>>>,
    feature_level: Option<Indexed<FeatureLevel>>,
    /// The compiled policies of sessions, which all indexes of a server share.
    session_policies: Arc<SessionPolicyCache>,
    /// The decisions that take long, which all indexes share too.
    long_decisions: Arc<LongDecisions>,
    /// How many records of each unknown kind were skipped.
    skipped: RedBlackTreeMapSync<Box<str>, u64>,
}

impl Index {
    /// The revision that it is at.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The compiled policies of sessions.
    pub fn session_policies(&self) -> &SessionPolicyCache {
        &self.session_policies
    }

    /// The decisions that take long.
    pub fn long_decisions(&self) -> &LongDecisions {
        &self.long_decisions
    }

    /// The account with this id.
    pub fn account(&self, id: AccountId) -> Option<&Arc<AccountEntry>> {
        self.accounts.get(&id)
    }

    /// All accounts, by id.
    pub fn accounts(&self) -> impl Iterator<Item = &Arc<AccountEntry>> {
        self.accounts.values()
    }

    /// The user with this name, ignoring case.
    pub fn user(&self, account: AccountId, name: &str) -> Option<&Arc<UserEntry>> {
        self.users.find(account, name)
    }

    /// The user with this id.
    pub fn user_by_id(&self, id: &str) -> Option<&Arc<UserEntry>> {
        self.users.get(id)
    }

    /// An account's users by name, whose paths begin with `path_prefix`, after the name `marker`.
    pub fn users<'a>(
        &'a self,
        account: AccountId,
        path_prefix: Option<&'a str>,
        marker: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<UserEntry>> + use<'a> {
        self.users
            .list(account, marker)
            .filter(move |user| has_prefix(&user.record.path, path_prefix))
    }

    /// The role with this name, ignoring case.
    pub fn role(&self, account: AccountId, name: &str) -> Option<&Arc<RoleEntry>> {
        self.roles.find(account, name)
    }

    /// The role with this id.
    pub fn role_by_id(&self, id: &str) -> Option<&Arc<RoleEntry>> {
        self.roles.get(id)
    }

    /// The role with exactly this account, path and name: the parts of its ARN.
    pub fn role_by_arn(
        &self,
        account: AccountId,
        path: &str,
        name: &str,
    ) -> Option<&Arc<RoleEntry>> {
        let role = self.role(account, name)?;
        (role.record.path == path && role.record.name == name).then_some(role)
    }

    /// An account's roles by name, whose paths begin with `path_prefix`, after the name `marker`.
    pub fn roles<'a>(
        &'a self,
        account: AccountId,
        path_prefix: Option<&'a str>,
        marker: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<RoleEntry>> + use<'a> {
        self.roles
            .list(account, marker)
            .filter(move |role| has_prefix(&role.record.path, path_prefix))
    }

    /// How many roles there are on the server.
    pub fn role_count(&self) -> usize {
        self.roles.len()
    }

    /// The instance profile with this name, ignoring case.
    pub fn instance_profile(
        &self,
        account: AccountId,
        name: &str,
    ) -> Option<&Arc<InstanceProfileEntry>> {
        self.instance_profiles.find(account, name)
    }

    /// The instance profile with this id.
    pub fn instance_profile_by_id(&self, id: &str) -> Option<&Arc<InstanceProfileEntry>> {
        self.instance_profiles.get(id)
    }

    /// An account's instance profiles by name, whose paths begin with `path_prefix`, after the name
    /// `marker`.
    pub fn instance_profiles<'a>(
        &'a self,
        account: AccountId,
        path_prefix: Option<&'a str>,
        marker: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<InstanceProfileEntry>> + use<'a> {
        self.instance_profiles
            .list(account, marker)
            .filter(move |profile| has_prefix(&profile.record.path, path_prefix))
    }

    /// A role's instance profiles by name, after the name `marker`.
    pub fn instance_profiles_of<'a>(
        &'a self,
        role: &'a entity::Role,
        marker: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<InstanceProfileEntry>> + use<'a> {
        self.instance_profiles
            .list(role.account, marker)
            .filter(move |profile| profile.record.role.as_ref() == Some(&role.id))
    }

    /// The managed policy with exactly this ARN.
    pub fn policy(&self, arn: &str) -> Option<&Arc<PolicyEntry>> {
        let (account, name) = split_arn(arn, "policy")?;
        let policy = self.policy_by_name(account, name)?;
        (*policy.arn == *arn).then_some(policy)
    }

    /// The managed policy with this name, ignoring case.
    pub fn policy_by_name(&self, account: AccountId, name: &str) -> Option<&Arc<PolicyEntry>> {
        self.policies.find(account, name)
    }

    /// The managed policy with this id.
    pub fn policy_by_id(&self, id: &str) -> Option<&Arc<PolicyEntry>> {
        self.policies.get(id)
    }

    /// An account's managed policies by name, whose paths begin with `path_prefix`, after the name
    /// `marker`.
    pub fn policies<'a>(
        &'a self,
        account: AccountId,
        path_prefix: Option<&'a str>,
        marker: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<PolicyEntry>> + use<'a> {
        self.policies
            .list(account, marker)
            .filter(move |policy| has_prefix(&policy.record.path, path_prefix))
    }

    /// The ids of the users and roles that have the managed policy with this ARN attached, in no
    /// order.
    pub fn attached_to(&self, policy_arn: &str) -> impl Iterator<Item = &UniqueId> {
        let ids = self.attachments.get(policy_arn);
        ids.into_iter().flat_map(HashTrieSetSync::iter)
    }

    /// How many users and roles have the managed policy with this ARN attached.
    pub fn attachment_count(&self, policy_arn: &str) -> usize {
        self.attachments
            .get(policy_arn)
            .map_or(0, HashTrieSetSync::size)
    }

    /// The access key with this id.
    pub fn access_key(&self, id: &str) -> Option<&Arc<AccessKeyEntry>> {
        self.access_keys.get(id)
    }

    /// The owner of an access key. `None` if the owner was deleted: then the key authenticates no
    /// request.
    pub fn owner_of(&self, key: &AccessKeyEntry) -> Option<KeyOwner> {
        match &key.record.owner {
            AccessKeyOwner::Root => {
                let account = self.account(key.record.account)?;
                Some(KeyOwner::Root(account.record.id))
            }
            AccessKeyOwner::User(id) => {
                let user = self.user_by_id(id.as_str())?;
                Some(KeyOwner::User(Arc::clone(user)))
            }
        }
    }

    /// A user's access keys, by id. None if the user was deleted.
    pub fn access_keys_of<'a>(
        &'a self,
        user: &UniqueId,
    ) -> impl Iterator<Item = &'a Arc<AccessKeyEntry>> + use<'a> {
        let user = self.user_by_id(user.as_str());
        user.into_iter()
            .flat_map(|user| self.access_keys_owned(user.record.account, user.record.id.as_str()))
    }

    /// The access keys of an account's root, by id.
    pub fn root_access_keys(
        &self,
        account: AccountId,
    ) -> impl Iterator<Item = &Arc<AccessKeyEntry>> {
        self.access_keys_owned(account, account.as_str())
    }

    fn access_keys_owned(
        &self,
        account: AccountId,
        owner: &str,
    ) -> impl Iterator<Item = &Arc<AccessKeyEntry>> + use<'_> {
        let prefix = access_key_name(owner, "");
        self.access_keys
            .list(account, Some(&prefix))
            .take_while(move |key| key.record.owner_id() == prefix.trim_end_matches('/'))
    }

    /// The provider with exactly this ARN.
    pub fn provider(&self, arn: &str) -> Option<&Arc<ProviderEntry>> {
        let (account, address) = split_resource(arn, "oidc-provider")?;
        let provider = self.providers.find(account, address)?;
        (*provider.arn == *arn).then_some(provider)
    }

    /// The account's provider of this address, ignoring case.
    pub fn provider_by_address(
        &self,
        account: AccountId,
        address: &str,
    ) -> Option<&Arc<ProviderEntry>> {
        self.providers.find(account, address)
    }

    /// The provider with this id.
    pub fn provider_by_id(&self, id: &str) -> Option<&Arc<ProviderEntry>> {
        self.providers.get(id)
    }

    /// An account's providers whose tokens have exactly this `iss`. There are few.
    pub fn providers_of_issuer(&self, account: AccountId, issuer: &str) -> Vec<Arc<ProviderEntry>> {
        let found = self
            .providers_by_issuer
            .get(&(account, issuer) as &dyn NameRef);
        // The map ignores case, `iss` does not.
        found
            .into_iter()
            .flat_map(|providers| providers.iter())
            .filter(|provider| provider.record.issuer() == issuer)
            .cloned()
            .collect()
    }

    /// An account's providers by address.
    pub fn providers(
        &self,
        account: AccountId,
    ) -> impl Iterator<Item = &Arc<ProviderEntry>> + use<'_> {
        self.providers.list(account, None)
    }

    /// The bucket with this name, in any state.
    pub fn bucket(&self, name: &str) -> Option<&Arc<BucketEntry>> {
        self.buckets.get(name)
    }

    /// An account's buckets by name, after `marker` if there is one, in any state.
    pub fn buckets(
        &self,
        owner: AccountId,
        marker: Option<&str>,
    ) -> impl Iterator<Item = &Arc<BucketEntry>> + use<'_> {
        self.buckets.list(owner, marker)
    }

    /// The service attachment of the resource with exactly this ARN.
    pub fn service_attachment(
        &self,
        account: AccountId,
        resource: &str,
    ) -> Option<&Arc<ServiceAttachmentEntry>> {
        self.service_attachments.get(&(account, resource.into()))
    }

    /// An account's service attachments by the ARNs of their resources, after `marker` if there is
    /// one.
    pub fn service_attachments(
        &self,
        account: AccountId,
        marker: Option<&str>,
    ) -> impl Iterator<Item = &Arc<ServiceAttachmentEntry>> + use<'_> {
        let start = match marker {
            Some(resource) => Bound::Excluded((account, resource.into())),
            None => Bound::Included((account, Box::default())),
        };
        self.service_attachments
            .range((start, Bound::Unbounded))
            .take_while(move |((of, _), _)| *of == account)
            .map(|(_, attachment)| attachment)
    }

    /// Whether a role is attached to a resource of a service.
    pub fn is_attached_to_service(&self, role: &UniqueId) -> bool {
        self.service_roles.contains_key(role)
    }

    /// The table with this name, in any state.
    pub fn table(&self, account: AccountId, region: &str, name: &str) -> Option<&Arc<TableEntry>> {
        self.tables.get(&RecordKey::table(account, region, name))
    }

    /// An account's tables of a region by name, after `marker` if there is one, in any state.
    pub fn tables<'a>(
        &'a self,
        account: AccountId,
        region: &'a str,
        marker: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<TableEntry>> + use<'a> {
        let start = RecordKey::table(account, region, marker.unwrap_or_default());
        self.tables
            .range((Bound::Excluded(start), Bound::Unbounded))
            .map(|(_, table)| table)
            .take_while(move |table| {
                table.record.account == account && table.record.region == region
            })
    }

    /// All tables on the server; those of one account and region are adjacent.
    pub fn all_tables(&self) -> impl Iterator<Item = &Arc<TableEntry>> {
        self.tables.values()
    }

    /// The keys that tokens are sealed under.
    pub fn keyring(&self) -> &Arc<Keyring> {
        &self.keyring
    }

    /// The stored keyring, once there is one.
    pub fn keyring_record(&self) -> Option<&Indexed<KeyringRecord>> {
        self.keyring_record.as_deref()
    }

    /// What every server of the store can read.
    pub fn feature_level(&self) -> FeatureLevel {
        let stored = self.feature_level.as_ref();
        stored.map_or(FeatureLevel::EARLIEST, |stored| *stored.record)
    }

    /// The kinds of records that were skipped because this build does not know them, and how many
    /// of each were put since the store was last read whole.
    pub fn skipped(&self) -> impl Iterator<Item = (&str, u64)> {
        self.skipped.iter().map(|(kind, count)| (&**kind, *count))
    }

    /// The unique id of the user or role with exactly this ARN.
    pub fn principal_id(&self, arn: &str) -> Option<&UniqueId> {
        if let Some((account, name)) = split_arn(arn, "role") {
            let role = self.role(account, name)?;
            return (*role.arn == *arn).then_some(&role.record.id);
        }
        let (account, name) = split_arn(arn, "user")?;
        let user = self.user(account, name)?;
        (*user.arn == *arn).then_some(&user.record.id)
    }

    /// The ARN of the user or role with this id, while it exists.
    pub fn principal_arn(&self, id: &str) -> Option<&str> {
        let role = self.role_by_id(id).map(|role| &*role.arn);
        role.or_else(|| self.user_by_id(id).map(|user| &*user.arn))
    }

    /// A role's trust policy for display. A deleted user or role is shown by its id: its name may
    /// belong to another one by now.
    pub fn render_trust(&self, role: &entity::Role) -> String {
        compiled::render(&role.trust, |id| self.principal_arn(id.as_str()).is_some())
    }
}

/// Account and name in `arn:aws:iam::{account}:{kind}/{path}/{name}`.
fn split_arn<'a>(arn: &'a str, kind: &str) -> Option<(AccountId, &'a str)> {
    let (account, resource) = split_resource(arn, kind)?;
    let name = resource.rsplit('/').next()?;
    Some((account, name))
}

/// Account and everything after the first slash in `arn:aws:iam::{account}:{kind}/...`.
fn split_resource<'a>(arn: &'a str, kind: &str) -> Option<(AccountId, &'a str)> {
    let (account, resource) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
    let resource = resource.strip_prefix(kind)?.strip_prefix('/')?;
    Some((account.parse().ok()?, resource))
}

fn has_prefix(path: &str, prefix: Option<&str>) -> bool {
    prefix.is_none_or(|prefix| path.starts_with(prefix))
}

/// The name that an access key is listed by. Ids have no slash, so one owner's keys stand together.
fn access_key_name(owner: &str, id: &str) -> String {
    format!("{owner}/{id}")
}

#[cfg(test)]
mod tests;
