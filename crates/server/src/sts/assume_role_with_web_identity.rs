//! `AssumeRoleWithWebIdentity`: exchanges a token of an identity provider for a session of a role
//! that trusts it.
//!
//! In this order: parameters, the role's ARN, the token's *unverified* issuer, the providers that
//! the role's account has for it, a key of one of them, the signature, the times, the audience, the
//! trust policy on the *verified* claims, duration, session policy, and only then a session. A
//! client without a verified token learns nothing about roles. A role that does not exist and a
//! role that does not trust the token get the same response.

use std::sync::Arc;

use bowline_aws::{
    query::Params,
    sts::{self, AssumeRoleWithWebIdentityRequest, AssumeRoleWithWebIdentityResponse, Operation},
};

use super::{
    Handle, IssuedCredentials, SignedCall, audit_issued_credentials, condition_keys,
    role_arn::RoleArn,
    session_limits::{check_policy, duration},
};
use crate::{
    app::App,
    identity::index::ProviderEntry,
    identity::session::{self, AssumeRole, WebIdentityClaims},
    oidc::{DecodedToken, TokenError, UnverifiedToken, VerifiedToken},
    request::{
        authorize::Authorizer,
        error::RequestError,
        record::{AuditedResource, RecordedIdentity, RequestRecord},
        unsupported_parameters::{has_any, reject_unsupported},
    },
};

/// The signature was verified, but it is the token that says who calls.
impl Handle for AssumeRoleWithWebIdentityRequest {
    async fn handle(self, call: SignedCall<'_, '_>) -> Result<String, RequestError> {
        with_web_identity(call.call.app, call.record, call.params, self).await
    }
}

/// Exchanges a token. Returns the response's body.
///
/// # Errors
/// The errors of the steps above, in their order.
pub(crate) async fn with_web_identity(
    app: &App,
    record: &mut RequestRecord<'_>,
    params: &Params,
    input: AssumeRoleWithWebIdentityRequest,
) -> Result<String, RequestError> {
    reject_unsupported(&[
        ("ProviderId", input.provider_id.is_some()),
        ("PolicyArns", has_any(input.policy_arns.as_ref())),
        (
            "MinimumSessionTokenSize",
            input
                .minimum_session_token_size
                .is_some_and(|size| size > 0),
        ),
    ])?;
    let arn = RoleArn::parse(&input.role_arn)?;
    let index = app.state.current();
    let account = index.account(arn.account).map(|account| account.record.id);
    record.resource = Some(AuditedResource {
        arn: arn.as_str().to_owned(),
        account,
    });
    let token_error = |error: TokenError| RequestError::new(error.to_aws(), &error);
    record.identity = RecordedIdentity::UnverifiedToken {
        issuer: None,
        account,
    };
    let decoded = DecodedToken::decode(input.web_identity_token.expose());
    let decoded = decoded.map_err(|error| token_error(error.into()))?;
    let unverified = UnverifiedToken::read(&decoded).map_err(token_error)?;
    let issuer = unverified.unverified_issuer();
    let candidates = index.providers_of_issuer(arn.account, issuer);
    let verified = app.oidc.verify(&unverified, &candidates, record.head.now);
    let (token, provider) = verified.await.map_err(|error| {
        record.identity = RecordedIdentity::UnverifiedToken {
            issuer: Some(issuer.to_owned()),
            account,
        };
        token_error(error)
    })?;
    // Fetching keys may have taken seconds: decide on the current index.
    let index = app.state.current();
    let unchanged = index
        .provider_by_id(provider.record.id.as_str())
        .is_some_and(|now| now.revision == provider.revision);
    if !unchanged {
        let changed = TokenError::ProviderChanged(provider.arn.clone());
        return Err(RequestError::new(changed.to_aws(), &changed));
    }
    record.identity = RecordedIdentity::WebIdentity {
        provider: Arc::clone(&provider),
        audience: token.audience().to_owned(),
        subject: token.subject().to_owned(),
    };
    let authorizer = Authorizer::for_web_identity(&index, record.head, &token, &provider);
    let keys = condition_keys(Operation::AssumeRoleWithWebIdentity, params);
    let Some(role) = arn.find(&index) else {
        let missing = authorizer.deny_missing_role(arn.as_str(), arn.account, &keys);
        return Err(missing.await);
    };

    let session = AssumeRole {
        role: Arc::clone(&role.record),
        session_name: input.role_session_name,
        session_policy: input.policy.clone(),
        web_identity: Some(claims(&token, &provider)),
        service_resource: None,
        chained_from: None,
        issued: record.head.now,
    };
    let permit = authorizer.permit_assume_role(role, &keys, session).await?;
    let seconds = duration(input.duration_seconds, &role.record, false)?;
    check_policy(input.policy.as_deref())?;
    let minted = session::mint(
        permit,
        seconds,
        index.keyring(),
        index.feature_level(),
        &app.random,
    )?;

    let session = IssuedCredentials::from(minted);
    let output = AssumeRoleWithWebIdentityResponse {
        credentials: Some(session.credentials),
        subject_from_web_identity_token: Some(token.subject().to_owned()),
        assumed_role_user: Some(session.user),
        packed_policy_size: session.packed_policy_size,
        // The provider's ARN, as in all responses of AWS that were seen, although the API reference
        // says the issuer.
        provider: Some(provider.arn.to_string()),
        audience: Some(token.audience().to_owned()),
        source_identity: None,
        session_token_utilization: None,
        session_token_size: None,
    };
    let response = sts::response(&output, record.envelope());
    audit_issued_credentials(record, output.credentials, output.assumed_role_user);
    let audited = &mut record.response;
    audited.add_if(
        "subjectFromWebIdentityToken",
        output.subject_from_web_identity_token,
    );
    audited.add_if("provider", output.provider);
    audited.add_if("audience", output.audience);
    Ok(response)
}

/// The claims of a token that the session keeps.
fn claims(token: &VerifiedToken<'_>, provider: &ProviderEntry) -> WebIdentityClaims {
    WebIdentityClaims {
        provider_arn: provider.arn.to_string(),
        condition_prefix: provider.condition_prefix().to_owned(),
        audience: token.audience().to_owned(),
        subject: token.subject().to_owned(),
        pod_uid: token.pod_uid().map(str::to_owned),
    }
}
