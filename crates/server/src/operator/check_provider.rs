//! `CheckProvider`: fetches the keys of an OIDC provider as a token would make the server do, and
//! reports each step.
//!
//! `{"Arn": "..."}`. The fetch counts towards the limits of fetches. Uploaded keys are not fetched.

use bowline_aws::requirement::ResourceOwner;
use serde::Serialize;

use super::{
    error::OperatorError,
    input::Members,
    operation::{Operation, to_json},
    provider,
};
use crate::{
    http::response::Response,
    iam::open_id_connect_provider::find,
    identity::index::Index,
    oidc::{KeyReport, Steps},
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// The provider.
#[derive(Debug)]
pub(super) struct CheckProvider(provider::Addressed);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    /// Whether tokens of the provider can be verified now.
    passed: bool,
    checks: Vec<Check>,
    provider: provider::Shown<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Check {
    name: &'static str,
    passed: bool,
    /// What was found, or why the check failed.
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
}

impl Operation for CheckProvider {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        provider::Addressed::read(members).map(Self)
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        self.0.audit(parameters);
    }

    fn resource(&self, _: &Index) -> (String, ResourceOwner) {
        provider::target(&self.0.arn)
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let found = find(call, &self.0.arn)?;
        let checked = call.app.oidc.check_keys(found, call.now).await;
        let (steps, keys) = checked.ok_or(OperatorError::CheckedLately)?;
        let mut checks = fetch_checks(&steps, &keys, found.record.jwks.is_some());
        if checks.iter().all(|check| check.passed) {
            checks.push(check_of_keys(&keys));
        }
        to_json(&Output {
            passed: checks.iter().all(|check| check.passed),
            checks,
            provider: provider::Shown::new(found, keys),
        })
    }
}

/// The steps that were done, and the one that failed.
fn fetch_checks(steps: &Steps, keys: &KeyReport, is_uploaded: bool) -> Vec<Check> {
    let done = steps.iter().map(|(step, url)| Check {
        name: step.name(),
        passed: true,
        detail: url.to_owned(),
        hint: None,
    });
    let mut checks: Vec<_> = done.collect();
    match steps.next() {
        Some(step) if !is_uploaded => {
            let failure = keys.failure.as_ref();
            checks.push(Check {
                name: step.name(),
                passed: false,
                detail: failure.map_or_else(String::new, |failure| failure.reason.clone()),
                hint: failure.and_then(|failure| failure.hint),
            });
        }
        Some(_) | None => {}
    }
    checks
}

/// Whether there is a key that verifies tokens.
fn check_of_keys(keys: &KeyReport) -> Check {
    let named = keys.usable.iter().map(|(kid, algorithms)| {
        let kid = if kid.is_empty() { "without `kid`" } else { kid };
        format!("{kid} ({})", algorithms.join(", "))
    });
    let named: Vec<_> = named.collect();
    let passed = !named.is_empty();
    Check {
        name: "keys",
        passed,
        detail: if passed {
            named.join("; ")
        } else {
            "the key set has no key that can verify a token".to_owned()
        },
        hint: None,
    }
}
