//! Inline policies of roles and users.

use bowline_aws::iam::{
    DeleteRolePolicyRequest, DeleteUserPolicyRequest, GetRolePolicyRequest, GetRolePolicyResponse,
    GetUserPolicyRequest, GetUserPolicyResponse, ListRolePoliciesRequest, ListRolePoliciesResponse,
    ListUserPoliciesRequest, ListUserPoliciesResponse, Operation, PutRolePolicyRequest,
    PutUserPolicyRequest,
};

use super::{
    Handle,
    error::IamError,
    noun::{self, HasPermissions},
    page::{Entries, Page},
    policy_document::{Size, check_inline, encoded, size},
};
use crate::{
    identity::{
        index::{RoleEntry, UserEntry},
        store::Transaction,
    },
    request::{call::Call, error::RequestError},
};

/// Creates a policy, or replaces the one with the same name.
///
/// # Errors
/// [`IamError::MalformedPolicyDocument`], [`IamError::NoSuchEntity`],
/// [`IamError::PolicySizeExceeded`].
async fn put<N: HasPermissions>(
    call: &Call<'_>,
    owner: &str,
    name: &str,
    document: &str,
) -> Result<(), RequestError> {
    check_size::<N>([document].into_iter(), owner)?;
    check_inline(document)?;
    noun::change::<N>(call, owner, |record, _| {
        let inline = &mut N::permissions_mut(record).inline;
        inline.insert(name.to_owned(), document.to_owned());
        check_size::<N>(inline.values().map(String::as_str), owner)?;
        Ok(Transaction::new())
    })
    .await
    .map(drop)
}

/// Checks the size of all inline policies of an entity together.
fn check_size<'d, N: HasPermissions>(
    documents: impl Iterator<Item = &'d str>,
    owner: &str,
) -> Result<(), IamError> {
    let max = N::MAX_INLINE_POLICY_CHARS;
    match size(documents, max) {
        Size::Allowed => Ok(()),
        Size::TooManyBytes { max } => Err(IamError::PolicyBytesExceeded { max }),
        Size::TooManyChars => Err(IamError::PolicySizeExceeded {
            kind: N::KIND,
            name: owner.to_owned(),
            max,
        }),
    }
}

/// The owner's name and a policy's document, as responses contain them.
fn get<N: HasPermissions>(
    call: &Call<'_>,
    owner: &str,
    name: &str,
) -> Result<(String, String), IamError> {
    let entry = noun::find::<N>(&call.index, call.account(), owner)?;
    let document = N::permissions(entry.record()).inline.get(name);
    let document = document.ok_or_else(|| no_such_policy::<N>(name))?;
    Ok((entry.name().to_owned(), encoded(document)))
}

/// A page of the policies' names, in order.
fn list<N: HasPermissions>(
    call: &Call<'_>,
    owner: &str,
    operation: Operation,
    marker: Option<&str>,
    max_items: Option<i32>,
) -> Result<Entries<String>, RequestError> {
    let entry = noun::find::<N>(&call.index, call.account(), owner)?;
    let page = Page::new(call, operation, marker, max_items)?;
    let after = page.after.as_deref();
    let names = N::permissions(entry.record()).inline.keys();
    let names = names.filter(|name| after.is_none_or(|after| name.as_str() > after));
    page.take(names, |name| name, |name| (*name).clone())
}

async fn delete<N: HasPermissions>(
    call: &Call<'_>,
    owner: &str,
    name: &str,
) -> Result<(), RequestError> {
    noun::change::<N>(call, owner, |record, _| {
        match N::permissions_mut(record).inline.remove(name) {
            Some(_) => Ok(Transaction::new()),
            None => Err(no_such_policy::<N>(name).into()),
        }
    })
    .await
    .map(drop)
}

fn no_such_policy<N: HasPermissions>(name: &str) -> IamError {
    IamError::NoSuchInlinePolicy(N::KIND, name.to_owned())
}

/// The four operations on the inline policies of one noun, whose inputs and outputs name it in
/// `$owner`.
macro_rules! handlers {
    (
        $noun:ty, $owner:ident:
        $put:ident,
        $get:ident -> $got:ident,
        $list:ident -> $listed:ident as $operation:ident,
        $delete:ident
    ) => {
        impl Handle for $put {
            type Output = ();

            async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
                put::<$noun>(call, &self.$owner, &self.policy_name, &self.policy_document).await
            }
        }

        impl Handle for $get {
            type Output = $got;

            async fn handle(self, call: &Call<'_>) -> Result<$got, RequestError> {
                let ($owner, policy_document) =
                    get::<$noun>(call, &self.$owner, &self.policy_name)?;
                let policy_name = self.policy_name;
                Ok($got {
                    $owner,
                    policy_name,
                    policy_document,
                })
            }
        }

        impl Handle for $list {
            type Output = $listed;

            async fn handle(self, call: &Call<'_>) -> Result<$listed, RequestError> {
                let (operation, marker) = (Operation::$operation, self.marker.as_deref());
                let entries = list::<$noun>(call, &self.$owner, operation, marker, self.max_items)?;
                Ok($listed {
                    policy_names: entries.items,
                    is_truncated: entries.is_truncated,
                    marker: entries.marker,
                })
            }
        }

        impl Handle for $delete {
            type Output = ();

            async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
                delete::<$noun>(call, &self.$owner, &self.policy_name).await
            }
        }
    };
}

handlers! {
    RoleEntry, role_name:
    PutRolePolicyRequest,
    GetRolePolicyRequest -> GetRolePolicyResponse,
    ListRolePoliciesRequest -> ListRolePoliciesResponse as ListRolePolicies,
    DeleteRolePolicyRequest
}

handlers! {
    UserEntry, user_name:
    PutUserPolicyRequest,
    GetUserPolicyRequest -> GetUserPolicyResponse,
    ListUserPoliciesRequest -> ListUserPoliciesResponse as ListUserPolicies,
    DeleteUserPolicyRequest
}
