//! `AssumeRole`: issues credentials of a role to a user or session that the role trusts.

use std::sync::Arc;

use bowline_aws::{
    error::AwsError,
    sts::{self, AssumeRoleRequest, AssumeRoleResponse, Operation},
};

use super::{
    Handle, IssuedCredentials, SignedCall, audit_issued_credentials, condition_keys,
    role_arn::RoleArn,
    session_limits::{check_policy, duration},
};
use crate::{
    identity::session::{self, AssumeRole},
    request::{
        caller::Identity,
        error::RequestError,
        record::AuditedResource,
        unsupported_parameters::{has_any, reject_unsupported},
    },
};

impl Handle for AssumeRoleRequest {
    async fn handle(self, call: SignedCall<'_, '_>) -> Result<String, RequestError> {
        assume_role(call, &self).await
    }
}

async fn assume_role(
    call: SignedCall<'_, '_>,
    input: &AssumeRoleRequest,
) -> Result<String, RequestError> {
    let SignedCall {
        call,
        authorizer,
        record,
        params,
    } = call;
    reject_unsupported(&[
        ("PolicyArns", has_any(input.policy_arns.as_ref())),
        ("Tags", has_any(input.tags.as_ref())),
        (
            "TransitiveTagKeys",
            has_any(input.transitive_tag_keys.as_ref()),
        ),
        ("SerialNumber", input.serial_number.is_some()),
        ("TokenCode", input.token_code.is_some()),
        ("SourceIdentity", input.source_identity.is_some()),
        (
            "ProvidedContexts",
            has_any(input.provided_contexts.as_ref()),
        ),
        (
            "MinimumSessionTokenSize",
            input
                .minimum_session_token_size
                .is_some_and(|size| size > 0),
        ),
    ])?;
    let arn = RoleArn::parse(&input.role_arn)?;
    record.resource = Some(AuditedResource {
        arn: arn.as_str().to_owned(),
        account: Some(arn.account),
    });
    let caller = call.caller;
    if let Identity::Root(_) = caller.identity() {
        let error = AwsError::access_denied("Roles may not be assumed by root accounts.");
        return Err(error.into());
    }
    let keys = condition_keys(Operation::AssumeRole, params);
    let Some(role) = arn.find(&call.index) else {
        let missing = authorizer.deny_missing_role(arn.as_str(), arn.account, &keys);
        return Err(missing.await);
    };
    let chained = caller.session().is_some();
    let session = AssumeRole {
        role: Arc::clone(&role.record),
        session_name: input.role_session_name.clone(),
        session_policy: input.policy.clone(),
        web_identity: None,
        service_resource: None,
        chained_from: chained.then(|| caller.arn().to_owned()),
        issued: call.now,
    };
    // The proof first: a caller who may not assume the role does not learn how long its sessions
    // may last.
    let permit = authorizer.permit_assume_role(role, &keys, session).await?;
    let seconds = duration(input.duration_seconds, &role.record, chained)?;
    check_policy(input.policy.as_deref())?;
    let keyring = call.index.keyring();
    let minted = session::mint(
        permit,
        seconds,
        keyring,
        call.index.feature_level(),
        &call.app.random,
    )?;
    let issued = IssuedCredentials::from(minted);
    let output = AssumeRoleResponse {
        credentials: Some(issued.credentials),
        assumed_role_user: Some(issued.user),
        packed_policy_size: issued.packed_policy_size,
        source_identity: None,
        session_token_utilization: None,
        session_token_size: None,
    };
    let response = sts::response(&output, call.envelope);
    audit_issued_credentials(record, output.credentials, output.assumed_role_user);
    Ok(response)
}
