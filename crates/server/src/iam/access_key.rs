//! Access keys of users, and of an account's root.

use bowline_aws::{
    error::{AwsError, Code, Protocol},
    iam::{
        AccessKey, AccessKeyMetadata, CreateAccessKeyRequest, CreateAccessKeyResponse,
        DeleteAccessKeyRequest, ListAccessKeysRequest, ListAccessKeysResponse,
        UpdateAccessKeyRequest,
    },
    ids,
};

use super::{
    error::over_quota,
    page::{Asked, Entries, Page},
    resource::{Owner, current_owner, owner},
};
use crate::{
    identity::{
        entity::{self, AccessKeyOwner, AccessKeyStatus},
        index::{self, Index},
        store::{RecordKey, Transaction},
    },
    request::{call::Call, error::RequestError},
};

/// Access keys of one owner ("IAM and AWS STS quotas", IAM User Guide).
pub(crate) const MAX_ACCESS_KEYS: usize = 2;

/// The one answer that has the secret.
pub(super) async fn create(
    call: &Call<'_>,
    input: &CreateAccessKeyRequest,
) -> Result<CreateAccessKeyResponse, RequestError> {
    let internal = || AwsError::internal(Protocol::IAM);
    let (account, random) = (call.account(), call.random()?);
    let id = ids::access_key_id(ids::KeyKind::LongTerm, account, random).map_err(|_| internal())?;
    let secret = ids::secret_access_key(call.random()?).map_err(|_| internal())?;
    let master_key = call.app.state.master_key();
    let envelope = master_key
        .seal(&RecordKey::access_key(id.as_str()), &secret)
        .map_err(|_| internal())?;
    let user_name = call
        .update(|index| {
            let owner = current_owner(call, index, input.user_name.as_deref())?;
            if owner.keys(index).count() >= MAX_ACCESS_KEYS {
                return Err(over_quota("AccessKeysPerUser", MAX_ACCESS_KEYS));
            }
            let key = entity::AccessKey {
                id: id.clone(),
                account,
                owner: owner.of_key(),
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

pub(super) fn list(
    call: &Call<'_>,
    input: &ListAccessKeysRequest,
) -> Result<ListAccessKeysResponse, RequestError> {
    let owner = owner(&call.index, call.caller, input.user_name.as_deref())?;
    let asked = Asked {
        operation: "ListAccessKeys",
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let page = Page::new(call, asked)?;
    let after = page.after.as_deref();
    let all = owner
        .keys(&call.index)
        .filter(|key| after.is_none_or(|after| key.record.id.as_str() > after));
    let Entries {
        items,
        is_truncated,
        marker,
    } = page.take(
        all,
        |key| key.record.id.as_str(),
        |key| AccessKeyMetadata {
            user_name: Some(owner.name().to_owned()),
            access_key_id: Some(key.record.id.to_string()),
            status: Some(status(key.record.status).to_owned()),
            create_date: Some(key.record.created),
        },
    )?;
    Ok(ListAccessKeysResponse {
        access_key_metadata: items,
        is_truncated,
        marker,
    })
}

pub(super) async fn update(
    call: &Call<'_>,
    input: &UpdateAccessKeyRequest,
) -> Result<(), RequestError> {
    let status = match input.status.as_str() {
        "Active" => AccessKeyStatus::Active,
        "Inactive" => AccessKeyStatus::Inactive,
        // `Expired` is for AWS itself to set.
        other => {
            let message = format!("The status {other} cannot be set.");
            return Err(AwsError::new(Code::ValidationError, message).into());
        }
    };
    call.change(
        |index| {
            let owner = current_owner(call, index, input.user_name.as_deref())?;
            let key = find(index, &owner, &input.access_key_id)?;
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

pub(super) async fn delete(
    call: &Call<'_>,
    input: &DeleteAccessKeyRequest,
) -> Result<(), RequestError> {
    call.update(|index| {
        let owner = current_owner(call, index, input.user_name.as_deref())?;
        let key = find(index, &owner, &input.access_key_id)?;
        let transaction = Transaction::new().delete(&*key.record, key.revision);
        Ok((transaction, ()))
    })
    .await
}

fn find<'a>(
    index: &'a Index,
    owner: &Owner<'_>,
    id: &str,
) -> Result<&'a index::AccessKeyEntry, AwsError> {
    let key = owner.keys(index).find(|key| key.record.id.as_str() == id);
    key.map(|key| &**key).ok_or_else(|| {
        let message = format!("The Access Key with id {id} cannot be found.");
        AwsError::new(Code::NoSuchEntity, message)
    })
}

fn status(status: AccessKeyStatus) -> &'static str {
    match status {
        AccessKeyStatus::Active => "Active",
        AccessKeyStatus::Inactive => "Inactive",
    }
}

impl Owner<'_> {
    fn of_key(&self) -> AccessKeyOwner {
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

    fn keys<'a>(
        &self,
        index: &'a Index,
    ) -> impl Iterator<Item = &'a std::sync::Arc<index::AccessKeyEntry>> + use<'a> {
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
