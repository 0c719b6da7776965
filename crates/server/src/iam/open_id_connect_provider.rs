//! OIDC providers: the issuers whose tokens an account accepts.

use std::{borrow::Cow, sync::Arc};

use bowline_aws::{
    iam::{
        AddClientIDToOpenIDConnectProviderRequest, CreateOpenIDConnectProviderRequest,
        CreateOpenIDConnectProviderResponse, DeleteOpenIDConnectProviderRequest,
        GetOpenIDConnectProviderRequest, GetOpenIDConnectProviderResponse,
        ListOpenIDConnectProvidersRequest, ListOpenIDConnectProvidersResponse,
        OpenIDConnectProviderListEntry, RemoveClientIDFromOpenIDConnectProviderRequest,
        UpdateOpenIDConnectProviderThumbprintRequest,
    },
    ids::UniqueIdKind,
};
use bowline_iam::account::AccountId;

use super::{
    Handle,
    error::{IamError, Kind},
    noun::{self, Address, Noun},
};
use crate::{
    identity::{
        entity::{OidcProvider, UniqueId},
        index::{Index, ProviderEntry},
        store::{Revision, Transaction},
    },
    oidc,
    request::{
        call::Call,
        error::RequestError,
        unsupported_parameters::{has_any, reject_unsupported},
    },
};

/// Client ids of one provider ("IAM and AWS STS quotas", IAM User Guide).
const MAX_CLIENT_IDS: usize = 100;
/// Thumbprints of one provider (IAM API Reference, `CreateOpenIDConnectProvider`).
const MAX_THUMBPRINTS: usize = 5;

impl Noun for ProviderEntry {
    type Record = OidcProvider;
    const KIND: Kind = Kind::OidcProvider;
    const ADDRESS: Address = Address::Arn;

    /// Another account's provider is not found either.
    fn find<'i>(index: &'i Index, account: AccountId, arn: &str) -> Option<&'i Arc<Self>> {
        let provider = index.provider(arn);
        provider.filter(|provider| provider.record.account == account)
    }

    fn by_id<'i>(index: &'i Index, id: &UniqueId) -> Option<&'i Arc<Self>> {
        index.provider_by_id(id.as_str())
    }

    /// Whether a provider has this URL. Addresses ignore case, as look-ups do.
    fn is_taken(index: &Index, account: AccountId, url: &str) -> bool {
        let address = url.split_once("://").map_or(url, |(_, address)| address);
        index.provider_by_address(account, address).is_some()
    }

    noun::accessors!(OidcProvider);

    fn name(&self) -> &str {
        self.record.address()
    }

    fn arn(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.arn)
    }
}

impl Handle for CreateOpenIDConnectProviderRequest {
    type Output = CreateOpenIDConnectProviderResponse;

    async fn handle(
        self,
        call: &Call<'_>,
    ) -> Result<CreateOpenIDConnectProviderResponse, RequestError> {
        reject_unsupported(&[("Tags", has_any(self.tags.as_ref()))])?;
        oidc::validate_url(&self.url, call.app.config.allow_loopback_issuers)
            .map_err(|error| RequestError::new(IamError::InvalidProviderUrl.into(), &error))?;
        let client_ids = distinct(self.client_id_list.unwrap_or_default());
        check_client_ids(&client_ids)?;
        let thumbprints = thumbprints(self.thumbprint_list.unwrap_or_default())?;
        let id = call.unique_id(UniqueIdKind::Provider)?;
        let provider = noun::create::<ProviderEntry>(call, &self.url, |_| {
            Ok(OidcProvider {
                id: id.clone(),
                account: call.account(),
                url: self.url.clone(),
                issuer_override: None,
                client_ids: client_ids.clone(),
                thumbprints: thumbprints.clone(),
                jwks: None,
                ca_bundle: None,
                created: call.now,
            })
        })
        .await?;
        Ok(CreateOpenIDConnectProviderResponse {
            open_id_connect_provider_arn: Some(provider.arn()),
            tags: None,
        })
    }
}

impl Handle for GetOpenIDConnectProviderRequest {
    type Output = GetOpenIDConnectProviderResponse;

    async fn handle(
        self,
        call: &Call<'_>,
    ) -> Result<GetOpenIDConnectProviderResponse, RequestError> {
        let arn = &self.open_id_connect_provider_arn;
        let found = noun::find::<ProviderEntry>(&call.index, call.account(), arn)?;
        let record = &found.record;
        Ok(GetOpenIDConnectProviderResponse {
            url: Some(record.address().to_owned()),
            client_id_list: Some(record.client_ids.clone()),
            thumbprint_list: Some(record.thumbprints.clone()),
            create_date: Some(record.created),
            tags: None,
        })
    }
}

impl Handle for ListOpenIDConnectProvidersRequest {
    type Output = ListOpenIDConnectProvidersResponse;

    async fn handle(
        self,
        call: &Call<'_>,
    ) -> Result<ListOpenIDConnectProvidersResponse, RequestError> {
        let providers = call.index.providers(call.account());
        let items = providers.map(|provider| OpenIDConnectProviderListEntry {
            arn: Some(provider.arn.to_string()),
        });
        Ok(ListOpenIDConnectProvidersResponse {
            open_id_connect_provider_list: Some(items.collect()),
        })
    }
}

/// Adding a client id that the provider already has succeeds.
impl Handle for AddClientIDToOpenIDConnectProviderRequest {
    type Output = ();

    async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
        change(call, &self.open_id_connect_provider_arn, |provider| {
            if !provider.client_ids.contains(&self.client_id) {
                provider.client_ids.push(self.client_id.clone());
            }
            check_client_ids(&provider.client_ids)
        })
        .await
        .map(drop)
    }
}

/// Removing a client id that the provider does not have succeeds.
impl Handle for RemoveClientIDFromOpenIDConnectProviderRequest {
    type Output = ();

    async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
        change(call, &self.open_id_connect_provider_arn, |provider| {
            provider.client_ids.retain(|id| *id != self.client_id);
            Ok(())
        })
        .await
        .map(drop)
    }
}

impl Handle for UpdateOpenIDConnectProviderThumbprintRequest {
    type Output = ();

    async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
        let thumbprints = thumbprints(self.thumbprint_list)?;
        change(call, &self.open_id_connect_provider_arn, |provider| {
            provider.thumbprints.clone_from(&thumbprints);
            Ok(())
        })
        .await
        .map(drop)
    }
}

/// Deleting a provider that does not exist succeeds (IAM API Reference,
/// `DeleteOpenIDConnectProvider`).
impl Handle for DeleteOpenIDConnectProviderRequest {
    type Output = ();

    async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
        let (account, arn) = (call.account(), &self.open_id_connect_provider_arn);
        call.update(|index| {
            let transaction = match ProviderEntry::find(index, account, arn) {
                Some(provider) => Transaction::new().delete(&*provider.record, provider.revision),
                None => Transaction::new(),
            };
            Ok((transaction, ()))
        })
        .await?;
        // Its cached keys go too: an account that creates and deletes providers must not fill the
        // memory with them.
        let index = call.app.state.current();
        let exists = |id: &str| index.provider_by_id(id).is_some();
        call.app.oidc.retain_providers(exists);
        Ok(())
    }
}

/// The caller's provider with this ARN.
///
/// # Errors
/// `NoSuchEntity`.
pub(crate) fn find<'c>(
    call: &'c Call<'_>,
    arn: &str,
) -> Result<&'c Arc<ProviderEntry>, RequestError> {
    Ok(noun::find::<ProviderEntry>(
        &call.index,
        call.account(),
        arn,
    )?)
}

/// Changes the record of a provider, and returns it. What `change` leaves alone stays.
///
/// # Errors
/// [`IamError::NoSuchEntity`], and the errors of `change`.
pub(crate) async fn change(
    call: &Call<'_>,
    arn: &str,
    change: impl Fn(&mut OidcProvider) -> Result<(), IamError> + Send + Sync,
) -> Result<OidcProvider, RequestError> {
    noun::change::<ProviderEntry>(call, arn, |provider, _| {
        change(provider)?;
        Ok(Transaction::new())
    })
    .await
}

fn check_client_ids(client_ids: &[String]) -> Result<(), IamError> {
    if client_ids.len() > MAX_CLIENT_IDS {
        return Err(IamError::QuotaExceeded {
            quota: "ClientIdsPerOpenIdConnectProvider",
            max: MAX_CLIENT_IDS,
        });
    }
    Ok(())
}

/// SHA-1 fingerprints of 40 hexadecimal digits. The constraint of the input checks their length
/// only.
fn thumbprints(list: Vec<String>) -> Result<Vec<String>, IamError> {
    let thumbprints = distinct(list);
    if thumbprints.len() > MAX_THUMBPRINTS {
        return Err(IamError::TooManyThumbprints);
    }
    let hex = |text: &String| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !thumbprints.iter().all(hex) {
        return Err(IamError::MalformedThumbprint);
    }
    Ok(thumbprints)
}

/// Each text once, in the order of the list.
fn distinct(list: Vec<String>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::with_capacity(list.len());
    for text in list {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    distinct
}
