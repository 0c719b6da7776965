//! `GetAttachedCredentials`: credentials of the role that is attached to a resource, for whoever hands them to it.
//!
//! `{"ResourceArn": "..."}`. The service assumes the role then and there, so its trust policy is decided each time. The answer is the
//! only one that has the secret.

use bowline_aws::{
    error::{AwsError, Protocol},
    xml::iso_seconds,
};
use serde::Serialize;

use super::{input::Members, service_resource};
use crate::{
    identity::entity::ServiceResource,
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, AuditedResource, RequestRecord},
    },
    sts::{IssuedCredentials, assume_for_service},
};

/// Whose credentials.
#[derive(Debug)]
pub(super) struct GetAttachedCredentials {
    resource: ServiceResource,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    credentials: Credentials<'a>,
    assumed_role_user: AssumedRoleUser<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: &'a str,
    expiration: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedRoleUser<'a> {
    arn: &'a str,
    assumed_role_id: &'a str,
}

impl GetAttachedCredentials {
    pub(super) fn read(members: &Members<'_>) -> Result<Self, AwsError> {
        members.only(&["ResourceArn"])?;
        Ok(Self {
            resource: service_resource::read(members)?,
        })
    }

    pub(super) fn tell(&self, told: &mut AuditFields<'_>) {
        told.add("resourceArn", self.resource.as_str().to_owned());
    }

    pub(super) fn subject(&self) -> AuditedResource {
        service_resource::subject(&self.resource)
    }

    pub(super) fn carry_out(
        &self,
        call: &Call<'_>,
        record: &mut RequestRecord<'_>,
    ) -> Result<String, RequestError> {
        let index = &call.index;
        let attachment = index.service_attachment(call.account(), self.resource.as_str());
        let attached = &service_resource::found(attachment, &self.resource)?.record;
        let role = index.role_by_id(attached.role.as_str()).ok_or_else(|| {
            let reason = format!(
                "the role `{}` that is attached does not exist",
                attached.role
            );
            RequestError::new(AwsError::access_denied("Access Denied"), &reason)
        })?;
        // As it was attached, not as the request has it: they are the same, and the record is what was decided on.
        let given = assume_for_service(call, record, role, &attached.resource)?;
        let told = &mut record.response;
        told.add(
            "credentials.accessKeyId",
            given.credentials.access_key_id.clone(),
        );
        answer(&given)
    }
}

fn answer(given: &IssuedCredentials) -> Result<String, RequestError> {
    let output = Output {
        credentials: Credentials {
            access_key_id: &given.credentials.access_key_id,
            secret_access_key: given.credentials.secret_access_key.expose(),
            session_token: given.credentials.session_token.expose(),
            expiration: iso_seconds(given.credentials.expiration),
        },
        assumed_role_user: AssumedRoleUser {
            arn: &given.user.arn,
            assumed_role_id: &given.user.assumed_role_id,
        },
    };
    serde_json::to_string(&output)
        .map_err(|error| RequestError::new(AwsError::internal(Protocol::Bowline), &error))
}
