//! `AssumeRoleWithWebIdentity`: a token of an identity provider becomes a session of a role that trusts its holder.
//!
//! In this order: parameters, the role's ARN, the token's *unverified* issuer, the providers that the role's account has for it, a
//! key of one of them, the signature, the times, the audience, the trust policy on the *verified* claims, duration, session policy,
//! and only then a session. Whoever has no good token learns nothing about roles; a role that does not exist and one that does not trust
//! the holder are refused in the same words.

use std::{borrow::Cow, sync::Arc};

use bowline_aws::{
    error::AwsError,
    sts::{self, AssumeRoleWithWebIdentityRequest, AssumeRoleWithWebIdentityResponse},
};
use bowline_iam::{
    action::Action,
    authorize::{AuthorizationRequest, Policies, RequestedResource, authorize, explain},
    context::{ConditionContext, ConditionValue},
    principal::Principal,
};

use super::{
    IssuedCredentials, audit_issued_credentials,
    role_arn::RoleArn,
    session_limits::{check_policy, duration},
};
use crate::{
    app::App,
    identity::index::{ProviderEntry, RoleEntry},
    identity::session::{self, AssumeRole, WebIdentityClaims},
    oidc::{DecodedToken, TokenError, UnverifiedToken, VerifiedToken},
    request::{
        authorize::request_keys,
        error::RequestError,
        record::{AuditedResource, RecordedIdentity, RequestRecord},
        unsupported_parameters::{has_any, reject_unsupported},
    },
};

const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// Exchanges a token: the answer's XML.
///
/// # Errors
/// As the module says.
pub(crate) async fn with_web_identity(
    app: &App,
    record: &mut RequestRecord<'_>,
    input: AssumeRoleWithWebIdentityRequest,
) -> Result<String, RequestError> {
    reject_unsupported(&[
        ("ProviderId", input.provider_id.is_some()),
        ("PolicyArns", has_any(input.policy_arns.as_ref())),
        (
            "MinimumSessionTokenSize",
            input.minimum_session_token_size.is_some(),
        ),
    ])?;
    let arn = RoleArn::parse(&input.role_arn)?;
    let index = app.state.current();
    let account = index.account(arn.account).map(|account| account.record.id);
    record.resource = Some(AuditedResource {
        arn: arn.as_str().to_owned(),
        account,
    });
    let refused = |error: TokenError| RequestError::new(error.to_aws(), &error);
    record.identity = RecordedIdentity::UnverifiedToken {
        issuer: None,
        account,
    };
    let decoded = DecodedToken::decode(input.web_identity_token.expose());
    let decoded = decoded.map_err(|error| refused(error.into()))?;
    let unverified = UnverifiedToken::read(&decoded).map_err(refused)?;
    let issuer = unverified.unverified_issuer();
    let candidates = index.providers_of_issuer(arn.account, issuer);
    let verified = app.oidc.verify(&unverified, &candidates, record.head.now);
    let (token, provider) = verified.await.map_err(|error| {
        record.identity = RecordedIdentity::UnverifiedToken {
            issuer: Some(issuer.to_owned()),
            account,
        };
        refused(error)
    })?;
    // Keys may have been fetched meanwhile, for seconds: what is decided on is what holds now.
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
    let Some(role) = arn.find(&index) else {
        let reason = format!("the role `{}` does not exist", arn.as_str());
        return Err(RequestError::new(denial(), &reason));
    };

    let session = AssumeRole {
        role: Arc::clone(&role.record),
        session_name: input.role_session_name.clone(),
        session_policy: input.policy.clone(),
        web_identity: Some(claims(&token, &provider)),
        service_resource: None,
        chained_from: None,
        issued: record.head.now,
    };
    let action = Action::parse(ACTION).map_err(|error| RequestError::new(denial(), &error))?;
    let context = context(record, &token, &provider, &input.role_session_name);
    let request = AuthorizationRequest {
        principal: Principal::Federated {
            account: provider.record.account,
            provider: &provider.arn,
        },
        action: &action,
        resource: RequestedResource {
            arn: &role.arn,
            account: Some(role.record.account),
        },
        context: &context,
    };
    let policies = trust(role);
    let permit = authorize(&request, &policies)
        .permit(session)
        .map_err(|_| RequestError {
            client: denial(),
            internal: None,
            traces: vec![explain(&request, &policies)],
        })?;
    let seconds = duration(input.duration_seconds, &role.record, false)?;
    check_policy(input.policy.as_deref())?;
    let minted = session::mint(permit, seconds, index.keyring(), &app.random)?;

    let given = IssuedCredentials::from(minted);
    let output = AssumeRoleWithWebIdentityResponse {
        credentials: Some(given.credentials),
        subject_from_web_identity_token: Some(token.subject().to_owned()),
        assumed_role_user: Some(given.user),
        packed_policy_size: given.packed_policy_size,
        // The provider's ARN, in every answer of AWS that was seen, though the API reference says the issuer.
        provider: Some(provider.arn.to_string()),
        audience: Some(token.audience().to_owned()),
        source_identity: None,
        session_token_utilization: None,
        session_token_size: None,
    };
    let answer = sts::response(&output, &record.head.ids.request);
    audit_issued_credentials(record, output.credentials, output.assumed_role_user);
    let told = &mut record.response;
    told.add_if(
        "subjectFromWebIdentityToken",
        output.subject_from_web_identity_token,
    );
    told.add_if("provider", output.provider);
    told.add_if("audience", output.audience);
    Ok(answer)
}

/// The one denial: it does not say whether there is such a role.
fn denial() -> AwsError {
    AwsError::access_denied(format!("Not authorized to perform {ACTION}"))
}

fn trust(role: &RoleEntry) -> Policies<'_> {
    Policies {
        trust: Some(role.trust_policy()),
        ..Policies::default()
    }
}

/// What of a token goes into the session.
fn claims(token: &VerifiedToken<'_>, provider: &ProviderEntry) -> WebIdentityClaims {
    WebIdentityClaims {
        provider_arn: provider.arn.to_string(),
        condition_prefix: provider.condition_prefix().to_owned(),
        audience: token.audience().to_owned(),
        subject: token.subject().to_owned(),
        pod_uid: token.pod_uid().map(str::to_owned),
    }
}

/// What the trust policy is decided on: what the server knows, then the request, then the token.
fn context<'a>(
    record: &RequestRecord<'a>,
    token: &VerifiedToken<'a>,
    provider: &'a ProviderEntry,
    session_name: &'a str,
) -> ConditionContext<'a> {
    let mut context = request_keys(record.head);
    context.set("aws:PrincipalIsAWSService", ConditionValue::Bool(false));
    context.set(
        "aws:FederatedProvider",
        ConditionValue::from(&*provider.arn),
    );
    context.set("sts:RoleSessionName", session_name.into());

    let prefix = provider.condition_prefix();
    let key = |claim: &str| [prefix, ":", claim].concat();
    // Of several audiences a policy has to say which one it means, by a set operator.
    let audience = match token.audience_for_conditions() {
        [one] => ConditionValue::from(*one),
        several => ConditionValue::Set(several.iter().copied().map(Cow::from).collect()),
    };
    context.set(key("aud"), audience);
    context.set(key("sub"), token.subject().into());
    for (name, value) in token.claims() {
        context.set(key(name), value.clone());
    }
    context
}
