//! `ConfigureProvider`: the settings of an OIDC provider that IAM's own API does not have.
//!
//! `{"Arn": "...", "Jwks": "...", "CaBundle": "...", "Issuer": "..."}`: an absent setting stays, an
//! empty text removes it. The response has the settings that then apply.

use bowline_aws::requirement::ResourceOwner;
use serde::Serialize;

use super::{
    error::OperatorError,
    input::{Members, invalid},
    operation::{Operation, to_json},
    provider,
};
use crate::{
    http::response::Response,
    iam::open_id_connect_provider::change,
    identity::index::Index,
    oidc,
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// The longest `iss` that a provider may be configured for.
const MAX_ISSUER_BYTES: usize = 1_024;

/// Settings of a provider.
#[derive(Debug)]
pub(super) struct ConfigureProvider {
    arn: String,
    jwks: Option<Setting>,
    ca_bundle: Option<Setting>,
    issuer: Option<Setting>,
    /// The uploaded keys that verify no token.
    left_out: Vec<oidc::KeyLeftOut>,
}

/// A change to a setting.
#[derive(Clone, Debug)]
enum Setting {
    Set(String),
    Remove,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    arn: &'a str,
    /// The `iss` that tokens must have.
    issuer: &'a str,
    /// Whether keys were uploaded, so that none is fetched.
    has_jwks: bool,
    /// Whether the issuer's certificate must be signed by an uploaded authority.
    has_ca_bundle: bool,
    /// The uploaded keys that verify no token, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
}

impl Operation for ConfigureProvider {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&["Arn", "Jwks", "CaBundle", "Issuer"])?;
        let setting = |name| {
            let text = members.text(name)?;
            Ok::<_, OperatorError>(text.map(|text| match text.trim() {
                "" => Setting::Remove,
                _ => Setting::Set(text),
            }))
        };
        let mut input = Self {
            arn: members.required_text("Arn")?,
            jwks: setting("Jwks")?,
            ca_bundle: setting("CaBundle")?,
            issuer: setting("Issuer")?,
            left_out: Vec::new(),
        };
        if let Some(Setting::Set(jwks)) = &input.jwks {
            let left_out = oidc::validate_jwks(jwks);
            input.left_out = left_out.map_err(|error| invalid(&format!("Jwks: {error}")))?;
        }
        if let Some(Setting::Set(pem)) = &input.ca_bundle {
            oidc::validate_ca_bundle(pem)
                .map_err(|error| invalid(&format!("CaBundle: {error}")))?;
        }
        if let Some(Setting::Set(issuer)) = &input.issuer
            && issuer.len() > MAX_ISSUER_BYTES
        {
            return Err(invalid("Issuer: longer than 1024 bytes"));
        }
        Ok(input)
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        parameters.add("arn", self.arn.clone());
        let described = |setting: &Option<Setting>| match setting {
            None => None,
            Some(Setting::Remove) => Some("removed".to_owned()),
            Some(Setting::Set(text)) => Some(format!("{} bytes", text.len())),
        };
        parameters.add_if("jwks", described(&self.jwks));
        parameters.add_if("caBundle", described(&self.ca_bundle));
        if let Some(Setting::Set(issuer)) = &self.issuer {
            parameters.add("issuer", issuer.clone());
        }
    }

    fn resource(&self, _: &Index) -> (String, ResourceOwner) {
        provider::target(&self.arn)
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let provider = change(call, &self.arn, |provider| {
            apply(&mut provider.jwks, self.jwks.as_ref());
            apply(&mut provider.ca_bundle, self.ca_bundle.as_ref());
            apply(&mut provider.issuer_override, self.issuer.as_ref());
            Ok(())
        })
        .await?;
        to_json(&Output {
            arn: &provider.arn(),
            issuer: provider.issuer(),
            has_jwks: provider.jwks.is_some(),
            has_ca_bundle: provider.ca_bundle.is_some(),
            left_out: self.left_out.iter().map(ToString::to_string).collect(),
        })
    }
}

fn apply(to: &mut Option<String>, setting: Option<&Setting>) {
    match setting {
        None => {}
        Some(Setting::Remove) => *to = None,
        Some(Setting::Set(text)) => *to = Some(text.clone()),
    }
}
