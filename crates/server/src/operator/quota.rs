//! What the operations on quotas share: the account and the quota that a request names, the change
//! of the account's record, and a quota as responses contain it.

use bowline_iam::account::AccountId;
use serde::Serialize;

use super::{
    error::OperatorError,
    input::{Members, invalid},
};
use crate::{
    identity::{
        entity::{AccountQuotas, Quota},
        index::Index,
        store::Transaction,
    },
    request::{call::Call, error::RequestError},
};

/// A quota of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuotaOf {
    pub(super) account: AccountId,
    pub(super) quota: Quota,
}

/// A quota and its use, as responses contain it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Described {
    quota: &'static str,
    value: u32,
    default: u32,
    /// The most that can be allowed.
    maximum: u32,
    /// For tables: in the region that has the most. Absent for quotas of single roles and users.
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<usize>,
}

impl QuotaOf {
    /// The members `AccountId` and `Quota`.
    pub(super) fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        let quota = members.required_text("Quota")?;
        let Some(quota) = Quota::from_name(&quota) else {
            let all: Vec<_> = Quota::ALL.iter().map(|quota| quota.name()).collect();
            let all = all.join(", ");
            return Err(invalid(&format!(
                "Quota: there is none of this name; there are {all}"
            )));
        };
        Ok(Self {
            account: account(&members.required_text("AccountId")?)?,
            quota,
        })
    }

    /// Allows so many, or the default. Returns the quota as it then is.
    pub(super) async fn set(
        self,
        call: &Call<'_>,
        value: Option<u32>,
    ) -> Result<Described, RequestError> {
        let Self { account, quota } = self;
        let quotas = call
            .update_quotas(account, |index| {
                if index.account(account).is_none() {
                    return Err(OperatorError::NoSuchAccount(account).into());
                }
                let stored = index.account_quotas(account);
                let before = stored.map(|stored| &*stored.record);
                let before = before
                    .cloned()
                    .unwrap_or_else(|| AccountQuotas::new(account));
                let mut after = before.clone();
                after.set(quota, value);
                let transaction = match stored {
                    _ if after == before => Transaction::new(),
                    Some(stored) => Transaction::new().update(&after, stored.revision),
                    None => Transaction::new().create(&after),
                };
                Ok((transaction, after))
            })
            .await?;
        let index = call.app.state.current();
        Ok(Described::new(&index, account, quota, quotas.value(quota)))
    }
}

impl Described {
    /// A quota of an account on `index`.
    pub(super) fn of(index: &Index, account: AccountId, quota: Quota) -> Self {
        Self::new(index, account, quota, index.quota(account, quota))
    }

    fn new(index: &Index, account: AccountId, quota: Quota, value: u32) -> Self {
        Self {
            quota: quota.name(),
            value,
            default: quota.default_value(),
            maximum: quota.maximum(),
            used: index.quota_used(account, quota),
        }
    }
}

/// The id in the member `AccountId`.
pub(super) fn account(id: &str) -> Result<AccountId, OperatorError> {
    id.parse()
        .map_err(|error| invalid(&format!("AccountId: {error}")))
}
