//! `AssumeRole`: a user or a session becomes a session of a role that trusts it.

use std::sync::Arc;

use bowline_aws::{
    error::AwsError,
    sts::{self, AssumeRoleRequest, AssumeRoleResponse},
};
use bowline_iam::{authorize::AppliedPolicy, context::ConditionValue, policy::CompiledPolicy};

use super::{
    IssuedCredentials, audit_issued_credentials,
    role_arn::RoleArn,
    session_limits::{check_policy, duration},
};
use crate::{
    identity::index::compiled::TRUST_POLICY,
    identity::session::{self, AssumeRole},
    request::{
        authorize::{Authorizer, Question},
        call::Call,
        caller::{Caller, Identity},
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
    let mut keys = vec![(
        "sts:RoleSessionName",
        input.role_session_name.as_str().into(),
    )];
    if let Some(external_id) = &input.external_id {
        keys.push(("sts:ExternalId", external_id.as_str().into()));
    }
    let Some(role) = arn.find(&call.index) else {
        return Err(no_role(&arn, authorizer, caller, keys));
    };
    let question = Question {
        action: "sts:AssumeRole",
        resource: &role.arn,
        account: Some(role.record.account),
        keys,
        trust: Some(role.trust_policy()),
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
    let permit = authorizer.permit(&[question], session)?;
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

/// What whoever names a role that does not exist is told. In an account of others that is just what one says that does not trust
/// them, so that nobody finds out which roles there are.
fn no_role(
    arn: &RoleArn<'_>,
    authorizer: &Authorizer<'_>,
    caller: &Caller,
    keys: Vec<(&str, ConditionValue<'_>)>,
) -> RequestError {
    if arn.account == caller.account() {
        let message = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
            caller.arn(),
            arn.as_str()
        );
        let reason = format!("the role `{}` does not exist", arn.as_str());
        return RequestError::new(AwsError::access_denied(message), &reason);
    }
    let nobody = CompiledPolicy::default();
    let question = Question {
        action: "sts:AssumeRole",
        resource: arn.as_str(),
        account: Some(arn.account),
        keys,
        trust: Some(AppliedPolicy {
            name: TRUST_POLICY,
            arn: None,
            policy: Some(&nobody),
        }),
    };
    match authorizer.permit(&[question], ()) {
        Err(refused) => refused,
        // Nothing allows it, so this is never reached; if it were, it is a denial all the same.
        Ok(_) => AwsError::access_denied("Access Denied").into(),
    }
}
