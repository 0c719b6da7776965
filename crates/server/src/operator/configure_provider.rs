//! `ConfigureProvider`: what IAM's own API cannot say of an OIDC provider.
//!
//! `{"Arn": "...", "Jwks": "...", "CaBundle": "...", "Issuer": "..."}`: what is absent stays, an empty text takes the setting back. The answer
//! says what then holds.

use bowline_aws::error::{AwsError, Protocol};
use serde::Serialize;

use super::input::{Members, invalid};
use crate::{
    iam::open_id_connect_provider::change,
    oidc,
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, AuditedResource},
    },
};

/// Longest `iss` that a provider may be configured for.
const MAX_ISSUER: usize = 1_024;

/// Settings of a provider.
#[derive(Debug)]
pub(super) struct ConfigureProvider {
    arn: String,
    jwks: Option<Setting>,
    ca_bundle: Option<Setting>,
    issuer: Option<Setting>,
}

/// A setting that is given.
#[derive(Clone, Debug)]
enum Setting {
    To(String),
    Back,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    arn: &'a str,
    /// What `iss` must be.
    issuer: &'a str,
    /// Whether keys were uploaded, so that none are fetched.
    has_jwks: bool,
    /// Whether certificates must be signed by authorities of its own.
    has_ca_bundle: bool,
}

impl ConfigureProvider {
    pub(super) fn read(members: &Members<'_>) -> Result<Self, AwsError> {
        members.only(&["Arn", "Jwks", "CaBundle", "Issuer"])?;
        let setting = |name| {
            let text = members.text(name)?;
            Ok::<_, AwsError>(text.map(|text| match text.trim() {
                "" => Setting::Back,
                _ => Setting::To(text),
            }))
        };
        let input = Self {
            arn: members.required_text("Arn")?,
            jwks: setting("Jwks")?,
            ca_bundle: setting("CaBundle")?,
            issuer: setting("Issuer")?,
        };
        if let Some(Setting::To(jwks)) = &input.jwks {
            oidc::validate_jwks(jwks).map_err(|error| invalid(&format!("Jwks: {error}")))?;
        }
        if let Some(Setting::To(pem)) = &input.ca_bundle {
            oidc::validate_ca_bundle(pem)
                .map_err(|error| invalid(&format!("CaBundle: {error}")))?;
        }
        if let Some(Setting::To(issuer)) = &input.issuer
            && issuer.len() > MAX_ISSUER
        {
            return Err(invalid("Issuer: longer than 1024 bytes"));
        }
        Ok(input)
    }

    pub(super) fn tell(&self, told: &mut AuditFields<'_>) {
        told.add("arn", self.arn.clone());
        let given = |setting: &Option<Setting>| match setting {
            None => None,
            Some(Setting::Back) => Some("removed".to_owned()),
            Some(Setting::To(text)) => Some(format!("{} bytes", text.len())),
        };
        told.add_if("jwks", given(&self.jwks));
        told.add_if("caBundle", given(&self.ca_bundle));
        if let Some(Setting::To(issuer)) = &self.issuer {
            told.add("issuer", issuer.clone());
        }
    }

    pub(super) fn subject(&self) -> AuditedResource {
        let account = self.arn.split(':').nth(4);
        AuditedResource {
            arn: self.arn.clone(),
            account: account.and_then(|part| part.parse().ok()),
        }
    }

    pub(super) async fn carry_out(&self, call: &Call<'_>) -> Result<String, RequestError> {
        let provider = change(call, &self.arn, |provider| {
            apply(&mut provider.jwks, self.jwks.as_ref());
            apply(&mut provider.ca_bundle, self.ca_bundle.as_ref());
            apply(&mut provider.issuer_override, self.issuer.as_ref());
            Ok(())
        })
        .await?;
        let output = Output {
            arn: &provider.arn(),
            issuer: provider.issuer(),
            has_jwks: provider.jwks.is_some(),
            has_ca_bundle: provider.ca_bundle.is_some(),
        };
        serde_json::to_string(&output)
            .map_err(|error| RequestError::new(AwsError::internal(Protocol::Bowline), &error))
    }
}

fn apply(to: &mut Option<String>, setting: Option<&Setting>) {
    match setting {
        None => {}
        Some(Setting::Back) => *to = None,
        Some(Setting::To(text)) => *to = Some(text.clone()),
    }
}
