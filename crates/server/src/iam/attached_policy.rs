//! Managed policies that are attached to roles and users.

use bowline_aws::iam::{
    AttachRolePolicyRequest, AttachUserPolicyRequest, AttachedPolicy, DetachRolePolicyRequest,
    DetachUserPolicyRequest, ListAttachedRolePoliciesRequest, ListAttachedRolePoliciesResponse,
    ListAttachedUserPoliciesRequest, ListAttachedUserPoliciesResponse, Operation,
};

use super::{
    Handle,
    error::{IamError, Kind},
    noun::{self, HasPermissions, Noun as _},
    page::{Entries, Page},
};
use crate::{
    identity::{
        index::{PolicyEntry, RoleEntry, UserEntry},
        store::Transaction,
    },
    request::{call::Call, error::RequestError},
};

async fn attach<N: HasPermissions>(
    call: &Call<'_>,
    to: &str,
    arn: &str,
) -> Result<(), RequestError> {
    noun::check_arn(arn)?;
    noun::change::<N>(call, to, |record, index| {
        let policy = PolicyEntry::find(index, call.account(), arn)
            .ok_or_else(|| IamError::PolicyNotAttachable(arn.to_owned()))?;
        let attached = &mut N::permissions_mut(record).attached;
        let is_new = attached.insert(policy.arn.to_string());
        let quota = N::ATTACHED_POLICIES_QUOTA;
        let max = usize::try_from(index.quota(call.account(), quota)).unwrap_or(usize::MAX);
        if is_new && attached.len() > max {
            return Err(RequestError::from(IamError::QuotaExceeded {
                quota: quota.name(),
                max,
            }));
        }
        // Conflicts with a transaction that deletes the policy meanwhile.
        Ok(Transaction::new().touch(&*policy.record, policy.revision))
    })
    .await
    .map(drop)
}

async fn detach<N: HasPermissions>(
    call: &Call<'_>,
    from: &str,
    arn: &str,
) -> Result<(), RequestError> {
    noun::check_arn(arn)?;
    noun::change::<N>(call, from, |record, _| {
        if N::permissions_mut(record).attached.remove(arn) {
            return Ok(Transaction::new());
        }
        Err(IamError::NoSuchEntity(Kind::ManagedPolicy, arn.to_owned()).into())
    })
    .await
    .map(drop)
}

/// A page in the order of the policies' names. An account has each name once, and a marker has room
/// for one.
fn list<'a, N: HasPermissions>(
    call: &Call<'_>,
    of: &str,
    path_prefix: Option<&str>,
    page: impl FnOnce() -> Result<Page<'a>, IamError>,
) -> Result<Entries<AttachedPolicy>, RequestError> {
    let entry = noun::find::<N>(&call.index, call.account(), of)?;
    let page = page()?;
    let after = page.after.as_deref();
    let mut arns: Vec<&str> = N::permissions(entry.record())
        .attached
        .iter()
        .map(String::as_str)
        .filter(|arn| after.is_none_or(|after| name(arn) > after))
        .filter(|arn| path_prefix.is_none_or(|prefix| path(arn).starts_with(prefix)))
        .collect();
    arns.sort_unstable_by_key(|arn| name(arn));
    page.take(
        arns,
        |arn| name(arn),
        |arn| AttachedPolicy {
            policy_name: Some(name(arn).to_owned()),
            policy_arn: Some((*arn).to_owned()),
        },
    )
}

/// The three operations on the attached policies of one noun, whose inputs name it in `$owner`.
macro_rules! handlers {
    (
        $noun:ty, $owner:ident:
        $attach:ident,
        $detach:ident,
        $list:ident -> $listed:ident as $operation:ident
    ) => {
        impl Handle for $attach {
            type Output = ();

            async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
                attach::<$noun>(call, &self.$owner, &self.policy_arn).await
            }
        }

        impl Handle for $detach {
            type Output = ();

            async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
                detach::<$noun>(call, &self.$owner, &self.policy_arn).await
            }
        }

        impl Handle for $list {
            type Output = $listed;

            async fn handle(self, call: &Call<'_>) -> Result<$listed, RequestError> {
                let (operation, marker) = (Operation::$operation, self.marker.as_deref());
                let (of, path_prefix) = (&self.$owner, self.path_prefix.as_deref());
                let page = || Page::new(call, operation, marker, self.max_items);
                let entries = list::<$noun>(call, of, path_prefix, page)?;
                Ok($listed {
                    attached_policies: Some(entries.items),
                    is_truncated: entries.is_truncated,
                    marker: entries.marker,
                })
            }
        }
    };
}

handlers! {
    RoleEntry, role_name:
    AttachRolePolicyRequest,
    DetachRolePolicyRequest,
    ListAttachedRolePoliciesRequest -> ListAttachedRolePoliciesResponse as ListAttachedRolePolicies
}

handlers! {
    UserEntry, user_name:
    AttachUserPolicyRequest,
    DetachUserPolicyRequest,
    ListAttachedUserPoliciesRequest -> ListAttachedUserPoliciesResponse as ListAttachedUserPolicies
}

/// The path and name in `arn:aws:iam::{account}:policy{path}{name}`.
fn path(arn: &str) -> &str {
    arn.split_once(":policy").map_or("", |(_, path)| path)
}

/// The name in the ARN, after its path.
fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_an_arn_begins_with_a_slash() {
        assert_eq!(
            path("arn:aws:iam::111122223333:policy/data/Read"),
            "/data/Read"
        );
        assert_eq!(path("arn:aws:iam::111122223333:policy/Read"), "/Read");
    }
}
