//! `GetAttachedCredentials`: credentials of the role that is attached to a resource, for the agent
//! that delivers them.
//!
//! `{"ResourceArn": "..."}`. The service assumes the role for this request, so the trust policy is
//! decided each time. Only this response contains the secret.

use bowline_aws::{error::AwsError, requirement::ResourceOwner, xml::iso_seconds};
use serde::Serialize;

use super::{
    error::OperatorError,
    input::Members,
    operation::{Operation, to_json},
    service_resource,
};
use crate::{
    http::response::Response,
    identity::{entity::ServiceResource, index::Index},
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
    sts::{IssuedCredentials, assume_for_service},
};

/// The resource.
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

impl Operation for GetAttachedCredentials {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&["ResourceArn"])?;
        Ok(Self {
            resource: service_resource::read(members)?,
        })
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        parameters.add("resourceArn", self.resource.as_str().to_owned());
    }

    fn resource(&self, _: &Index) -> (String, ResourceOwner) {
        service_resource::target(&self.resource)
    }

    async fn handle(
        self,
        call: &Call<'_>,
        record: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let index = &call.index;
        let attachment = index.service_attachment(call.account(), self.resource.as_str());
        let attached = &service_resource::attached(attachment, &self.resource)?.record;
        let role = index.role_by_id(attached.role.as_str()).ok_or_else(|| {
            let reason = format!(
                "the role `{}` that is attached does not exist",
                attached.role
            );
            RequestError::new(AwsError::access_denied("Access Denied"), &reason)
        })?;
        // For the resource of the attachment, which is the one that the request names: trust was
        // decided on it when it was attached.
        let issued = assume_for_service(call, record, role, &attached.resource)?;
        let access_key_id = issued.credentials.access_key_id.clone();
        record
            .response
            .add("credentials.accessKeyId", access_key_id);
        to_json(&Output::from(&issued))
    }
}

impl<'a> From<&'a IssuedCredentials> for Output<'a> {
    fn from(issued: &'a IssuedCredentials) -> Self {
        let IssuedCredentials {
            credentials, user, ..
        } = issued;
        Self {
            credentials: Credentials {
                access_key_id: &credentials.access_key_id,
                secret_access_key: credentials.secret_access_key.expose(),
                session_token: credentials.session_token.expose(),
                expiration: iso_seconds(credentials.expiration),
            },
            assumed_role_user: AssumedRoleUser {
                arn: &user.arn,
                assumed_role_id: &user.assumed_role_id,
            },
        }
    }
}
