//! OIDC providers: whose tokens an account takes.

use std::sync::Arc;

use bowline_aws::{
    error::{AwsError, Code},
    iam::{
        AddClientIDToOpenIDConnectProviderRequest, CreateOpenIDConnectProviderRequest,
        CreateOpenIDConnectProviderResponse, DeleteOpenIDConnectProviderRequest,
        GetOpenIDConnectProviderRequest, GetOpenIDConnectProviderResponse,
        ListOpenIDConnectProvidersResponse, OpenIDConnectProviderListEntry,
        RemoveClientIDFromOpenIDConnectProviderRequest,
        UpdateOpenIDConnectProviderThumbprintRequest,
    },
    ids::UniqueIdKind,
};
use bowline_iam::account::AccountId;

use super::error::{already_exists, over_quota};
use crate::{
    identity::{
        entity::OidcProvider,
        index::{self, Index},
        store::Transaction,
    },
    oidc,
    request::{
        call::Call,
        error::RequestError,
        unsupported_parameters::{has_any, reject_unsupported},
    },
};

/// Client ids of one provider ("IAM and AWS STS quotas", IAM User Guide).
const MOST_CLIENT_IDS: usize = 100;
/// Thumbprints of one provider (IAM API Reference, `CreateOpenIDConnectProvider`).
const MOST_THUMBPRINTS: usize = 5;

pub(super) async fn create(
    call: &Call<'_>,
    input: CreateOpenIDConnectProviderRequest,
) -> Result<CreateOpenIDConnectProviderResponse, RequestError> {
    reject_unsupported(&[("Tags", has_any(input.tags.as_ref()))])?;
    oidc::validate_url(&input.url, call.app.config.allow_loopback_issuers).map_err(|error| {
        let message = "Invalid Open ID Connect Provider URL";
        RequestError::new(AwsError::new(Code::ValidationError, message), &error)
    })?;
    let client_ids = distinct(input.client_id_list.unwrap_or_default());
    if client_ids.len() > MOST_CLIENT_IDS {
        return Err(over_quota("ClientIdsPerOpenIdConnectProvider", MOST_CLIENT_IDS).into());
    }
    let thumbprints = thumbprints(input.thumbprint_list.unwrap_or_default())?;
    let provider = OidcProvider {
        id: call.unique_id(UniqueIdKind::Provider)?,
        account: call.account(),
        url: input.url,
        issuer_override: None,
        client_ids,
        thumbprints,
        jwks: None,
        ca_bundle: None,
        created: call.now,
    };
    let arn = provider.arn();
    call.update(|index| {
        // Names ignore case, as look-ups do.
        let account = call.account();
        let taken = index.providers(account).any(|other| {
            other
                .record
                .address()
                .eq_ignore_ascii_case(provider.address())
        });
        if taken {
            let message = format!("Provider with url {} already exists.", provider.url);
            return Err(already_exists(message));
        }
        Ok((Transaction::new().create(&provider), ()))
    })
    .await?;
    Ok(CreateOpenIDConnectProviderResponse {
        open_id_connect_provider_arn: Some(arn),
        tags: None,
    })
}

pub(super) fn get(
    call: &Call<'_>,
    input: &GetOpenIDConnectProviderRequest,
) -> Result<GetOpenIDConnectProviderResponse, RequestError> {
    let arn = &input.open_id_connect_provider_arn;
    let record = &find(&call.index, call.account(), arn)?.record;
    Ok(GetOpenIDConnectProviderResponse {
        url: Some(record.address().to_owned()),
        client_id_list: Some(record.client_ids.clone()),
        thumbprint_list: Some(record.thumbprints.clone()),
        create_date: Some(record.created),
        tags: None,
    })
}

pub(super) fn list(call: &Call<'_>) -> ListOpenIDConnectProvidersResponse {
    let providers = call.index.providers(call.account());
    let items = providers.map(|provider| OpenIDConnectProviderListEntry {
        arn: Some(provider.arn.to_string()),
    });
    ListOpenIDConnectProvidersResponse {
        open_id_connect_provider_list: Some(items.collect()),
    }
}

/// A client id that is there already is as good as added.
pub(super) async fn add_client_id(
    call: &Call<'_>,
    input: &AddClientIDToOpenIDConnectProviderRequest,
) -> Result<(), RequestError> {
    change(call, &input.open_id_connect_provider_arn, |provider| {
        if !provider.client_ids.contains(&input.client_id) {
            provider.client_ids.push(input.client_id.clone());
        }
        if provider.client_ids.len() > MOST_CLIENT_IDS {
            return Err(over_quota(
                "ClientIdsPerOpenIdConnectProvider",
                MOST_CLIENT_IDS,
            ));
        }
        Ok(())
    })
    .await
    .map(drop)
}

/// A client id that is not there is as good as removed.
pub(super) async fn remove_client_id(
    call: &Call<'_>,
    input: &RemoveClientIDFromOpenIDConnectProviderRequest,
) -> Result<(), RequestError> {
    change(call, &input.open_id_connect_provider_arn, |provider| {
        provider.client_ids.retain(|id| *id != input.client_id);
        Ok(())
    })
    .await
    .map(drop)
}

pub(super) async fn update_thumbprints(
    call: &Call<'_>,
    input: &UpdateOpenIDConnectProviderThumbprintRequest,
) -> Result<(), RequestError> {
    let thumbprints = thumbprints(input.thumbprint_list.clone())?;
    change(call, &input.open_id_connect_provider_arn, |provider| {
        provider.thumbprints.clone_from(&thumbprints);
        Ok(())
    })
    .await
    .map(drop)
}

/// One that does not exist is as good as deleted (IAM API Reference, `DeleteOpenIDConnectProvider`).
pub(super) async fn delete(
    call: &Call<'_>,
    input: &DeleteOpenIDConnectProviderRequest,
) -> Result<(), RequestError> {
    let account = call.account();
    call.update(|index| {
        let found = find(index, account, &input.open_id_connect_provider_arn);
        let transaction = match found {
            Ok(provider) => Transaction::new().delete(&*provider.record, provider.revision),
            Err(_) => Transaction::new(),
        };
        Ok((transaction, ()))
    })
    .await?;
    // Its keys are of no more use, and an account that makes and deletes providers must not fill the memory with them.
    let index = call.app.state.current();
    let exists = |id: &str| index.provider_by_id(id).is_some();
    call.app.oidc.retain_providers(exists);
    Ok(())
}

/// The account's provider with this ARN.
///
/// # Errors
/// `NoSuchEntity`, also for another account's.
pub(crate) fn find<'a>(
    index: &'a Index,
    account: AccountId,
    arn: &str,
) -> Result<&'a Arc<index::ProviderEntry>, AwsError> {
    let provider = index.provider(arn);
    provider
        .filter(|provider| provider.record.account == account)
        .ok_or_else(|| {
            let message = format!("OpenIDConnect Provider not found for arn {arn}");
            AwsError::new(Code::NoSuchEntity, message)
        })
}

/// Changes the record of a provider; what else it has stays. Gives what then holds.
///
/// # Errors
/// `NoSuchEntity`, and what `change` refuses with.
pub(crate) async fn change(
    call: &Call<'_>,
    arn: &str,
    change: impl Fn(&mut OidcProvider) -> Result<(), AwsError> + Send + Sync,
) -> Result<OidcProvider, RequestError> {
    let account = call.account();
    call.change(
        |index| find(index, account, arn).map(|found| (&found.record, found.revision)),
        |provider, _| change(provider).map(|()| Transaction::new()),
    )
    .await
}

/// SHA-1 fingerprints: 40 hexadecimal digits each, which the constraint does not say.
fn thumbprints(given: Vec<String>) -> Result<Vec<String>, AwsError> {
    let given = distinct(given);
    if given.len() > MOST_THUMBPRINTS {
        let message = "Thumbprint list must contain no more than 5 entries.";
        return Err(AwsError::new(Code::InvalidInput, message));
    }
    let hex = |text: &String| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !given.iter().all(hex) {
        let message = "Thumbprint is not 40 hexadecimal digits.";
        return Err(AwsError::new(Code::ValidationError, message));
    }
    Ok(given)
}

/// Each once, in the order in which they came.
fn distinct(given: Vec<String>) -> Vec<String> {
    let mut once: Vec<String> = Vec::with_capacity(given.len());
    for text in given {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    once
}
