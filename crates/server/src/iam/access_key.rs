//! Access keys of users, and of an account's root.

use std::sync::Arc;

use bowline_aws::{
    error::{AwsError, Protocol},
    iam::{
        AccessKey, AccessKeyMetadata, CreateAccessKeyRequest, CreateAccessKeyResponse,
        DeleteAccessKeyRequest, ListAccessKeysRequest, ListAccessKeysResponse, Operation,
        UpdateAccessKeyRequest,
    },
    ids,
};

use super::{
    Handle,
    error::{IamError, Kind},
    page::Page,
    user_or_root::{UserOrRoot, unchanged_user_or_root, user_or_root},
};
use crate::{
    identity::{
        entity::{self, AccessKeyOwner, AccessKeyStatus},
        index::{AccessKeyEntry, Index},
        store::{RecordKey, Transaction},
    },
    request::{call::Call, error::RequestError},
};

/// Access keys of one user, or of an account's root ("IAM and AWS STS quotas", IAM User Guide).
const MAX_ACCESS_KEYS: usize = 2;

/// Only this response contains the secret.
impl Handle for CreateAccessKeyRequest {
    type Output = CreateAccessKeyResponse;

    async fn handle(self, call: &Call<'_>) -> Result<CreateAccessKeyResponse, RequestError> {
        let internal = || AwsError::internal(Protocol::IAM);
        let (account, random) = (call.account(), call.random()?);
        let id =
            ids::access_key_id(ids::KeyKind::LongTerm, account, random).map_err(|_| internal())?;
        let secret = ids::secret_access_key(call.random()?).map_err(|_| internal())?;
        let master_key = call.app.state.master_key();
        let envelope = master_key
            .seal(RecordKey::access_key(id.as_str()), &secret)
            .map_err(|_| internal())?;
        let user_name = call
            .update(|index| {
                let owner = unchanged_user_or_root(call, index, self.user_name.as_deref())?;
                check_quota(owner.access_keys(index).count())?;
                let key = entity::AccessKey {
                    id: id.clone(),
                    account,
                    owner: owner.as_key_owner(),
                    status: AccessKeyStatus::Active,
                    secret: envelope.clone(),
                    created: call.now,
                };
                let transaction = owner.touch(Transaction::new().create(&key));
                Ok((transaction, owner.name().to_owned()))
            })
            .await?;
        Ok(CreateAccessKeyResponse {
            access_key: AccessKey {
                user_name,
                access_key_id: id.to_string(),
                status: "Active".to_owned(),
                secret_access_key: secret,
                create_date: Some(call.now),
            },
        })
    }
}

impl Handle for ListAccessKeysRequest {
    type Output = ListAccessKeysResponse;

    async fn handle(self, call: &Call<'_>) -> Result<ListAccessKeysResponse, RequestError> {
        let owner = user_or_root(&call.index, call.caller, self.user_name.as_deref())?;
        let (marker, operation) = (self.marker.as_deref(), Operation::ListAccessKeys);
        let page = Page::new(call, operation, marker, self.max_items)?;
        let after = page.after.as_deref();
        let keys = owner
            .access_keys(&call.index)
            .filter(|key| after.is_none_or(|after| key.record.id.as_str() > after));
        let entries = page.take(
            keys,
            |key| key.record.id.as_str(),
            |key| AccessKeyMetadata {
                user_name: Some(owner.name().to_owned()),
                access_key_id: Some(key.record.id.to_string()),
                status: Some(status(key.record.status).to_owned()),
                create_date: Some(key.record.created),
            },
        )?;
        Ok(ListAccessKeysResponse {
            access_key_metadata: entries.items,
            is_truncated: entries.is_truncated,
            marker: entries.marker,
        })
    }
}

impl Handle for UpdateAccessKeyRequest {
    type Output = ();

    async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
        let status = match self.status.as_str() {
            "Active" => AccessKeyStatus::Active,
            "Inactive" => AccessKeyStatus::Inactive,
            _ => return Err(IamError::StatusNotSettable(self.status).into()),
        };
        call.change(
            |index| {
                let owner = unchanged_user_or_root(call, index, self.user_name.as_deref())?;
                let key = find(index, &owner, &self.access_key_id)?;
                Ok((&key.record, key.revision))
            },
            |key, _| {
                key.status = status;
                Ok(Transaction::new())
            },
        )
        .await
        .map(drop)
    }
}

impl Handle for DeleteAccessKeyRequest {
    type Output = ();

    async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
        call.update(|index| {
            let owner = unchanged_user_or_root(call, index, self.user_name.as_deref())?;
            let key = find(index, &owner, &self.access_key_id)?;
            let transaction = Transaction::new().delete(&*key.record, key.revision);
            Ok((transaction, ()))
        })
        .await
    }
}

/// Checks that an owner of this many access keys may have one more.
///
/// # Errors
/// [`IamError::QuotaExceeded`].
pub(crate) fn check_quota(existing: usize) -> Result<(), IamError> {
    if existing >= MAX_ACCESS_KEYS {
        return Err(IamError::QuotaExceeded {
            quota: "AccessKeysPerUser",
            max: MAX_ACCESS_KEYS,
        });
    }
    Ok(())
}

fn find<'a>(
    index: &'a Index,
    owner: &UserOrRoot<'_>,
    id: &str,
) -> Result<&'a AccessKeyEntry, IamError> {
    let mut keys = owner.access_keys(index);
    keys.find(|key| key.record.id.as_str() == id)
        .map(|key| &**key)
        .ok_or_else(|| IamError::NoSuchEntity(Kind::AccessKey, id.to_owned()))
}

fn status(status: AccessKeyStatus) -> &'static str {
    match status {
        AccessKeyStatus::Active => "Active",
        AccessKeyStatus::Inactive => "Inactive",
    }
}

impl UserOrRoot<'_> {
    fn as_key_owner(&self) -> AccessKeyOwner {
        match self {
            Self::Root(_) => AccessKeyOwner::Root,
            Self::User(user) => AccessKeyOwner::User(user.record.id.clone()),
        }
    }

    /// Root has no name.
    fn name(&self) -> &str {
        match self {
            Self::Root(_) => "",
            Self::User(user) => &user.record.name,
        }
    }

    fn access_keys<'a>(
        &self,
        index: &'a Index,
    ) -> impl Iterator<Item = &'a Arc<AccessKeyEntry>> + use<'a> {
        let (root, user) = match self {
            Self::Root(account) => (Some(index.root_access_keys(account.record.id)), None),
            Self::User(user) => (None, Some(index.access_keys_of(&user.record.id))),
        };
        root.into_iter().flatten().chain(user.into_iter().flatten())
    }

    /// Makes the transaction fail if the owner is deleted meanwhile.
    fn touch(&self, transaction: Transaction) -> Transaction {
        match self {
            Self::Root(account) => transaction.touch(&*account.record, account.revision),
            Self::User(user) => transaction.touch(&*user.record, user.revision),
        }
    }
}
