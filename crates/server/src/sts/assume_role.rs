//! `AssumeRole`: a user or a session becomes a session of a role that trusts it.

use std::sync::Arc;

use bowline_aws::{
    error::AwsError,
    requirement::ConditionEntry,
    sts::{self, AssumeRoleRequest, AssumeRoleResponse},
};
use bowline_iam::context::ConditionValue;

use super::{
    IssuedCredentials, audit_issued_credentials,
    role_arn::RoleArn,
    session_limits::{check_policy, duration},
};
use crate::{
    identity::session::{self, AssumeRole},
    request::{
        authorize::Authorizer,
        call::Call,
        caller::Identity,
        error::RequestError,
        record::{AuditedResource, RequestRecord},
        unsupported_parameters::{has_any, reject_unsupported},
    },
};

pub(super) fn assume_role(
    call: &Call<'_>,
    authorizer: &Authorizer<'_>,
    record: &mut RequestRecord<'_>,
    input: &AssumeRoleRequest,
) -> Result<String, RequestError> {
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
            input.minimum_session_token_size.is_some(),
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
    let external_id = input.external_id.as_deref().map(ConditionValue::from);
    let keys: Vec<ConditionEntry<'_>> = [
        (
            "sts:RoleSessionName",
            Some(input.role_session_name.as_str().into()),
        ),
        ("sts:ExternalId", external_id),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key.into(), value?)))
    .collect();
    let Some(role) = arn.find(&call.index) else {
        return Err(authorizer.deny_missing_role(arn.as_str(), arn.account, &keys));
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
    // The proof first: whoever may not assume the role learns nothing of how long it could be assumed for.
    let permit = authorizer.permit_assume_role(role, &keys, session)?;
    let seconds = duration(input.duration_seconds, &role.record, chained)?;
    check_policy(input.policy.as_deref())?;
    let keyring = call.index.keyring();
    let minted = session::mint(permit, seconds, keyring, &call.app.random)?;
    let given = IssuedCredentials::from(minted);
    let output = AssumeRoleResponse {
        credentials: Some(given.credentials),
        assumed_role_user: Some(given.user),
        packed_policy_size: given.packed_policy_size,
        source_identity: None,
        session_token_utilization: None,
        session_token_size: None,
    };
    let answer = sts::response(&output, call.request_id);
    audit_issued_credentials(record, output.credentials, output.assumed_role_user);
    Ok(answer)
}
