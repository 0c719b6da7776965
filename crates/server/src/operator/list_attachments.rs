//! `ListAttachments`: which roles are attached to which resources, in the caller's account, by the
//! resources' ARNs.
//!
//! `{}`, or `{"NextToken": "..."}` with the token of the page before.

use bowline_aws::{requirement::ResourceOwner, xml::iso_seconds};
use serde::Serialize;

use super::{
    MAX_LISTED,
    error::OperatorError,
    input::{Members, invalid},
    operation::{Operation, any_resource, to_json},
};
use crate::{
    http::response::Response,
    identity::{
        entity::ServiceResource,
        index::{Index, ServiceAttachmentEntry},
    },
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// The page to list.
#[derive(Debug)]
pub(super) struct ListAttachments {
    after: Option<ServiceResource>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    attachments: Vec<Listed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    resource_arn: &'a str,
    service: &'static str,
    role_arn: &'a str,
    created: String,
}

impl Operation for ListAttachments {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&["NextToken"])?;
        let after = members.text("NextToken")?;
        let after = after.map(|arn| arn.parse()).transpose();
        Ok(Self {
            after: after.map_err(|_| invalid("NextToken: it is of no list of attachments"))?,
        })
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        parameters.add_if("nextToken", self.after.as_ref().map(ToString::to_string));
    }

    fn resource(&self, _: &Index) -> (String, ResourceOwner) {
        any_resource()
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let after = self.after.as_ref().map(ServiceResource::as_str);
        let mut all = call.index.service_attachments(call.account(), after);
        let attachments: Vec<_> = all
            .by_ref()
            .take(MAX_LISTED)
            .map(|attachment| listed(attachment, &call.index))
            .collect();
        let next_token = all
            .next()
            .and_then(|_| attachments.last())
            .map(|last| last.resource_arn);
        to_json(&Output {
            attachments,
            next_token,
        })
    }
}

fn listed<'a>(attachment: &'a ServiceAttachmentEntry, index: &'a Index) -> Listed<'a> {
    let record = &attachment.record;
    Listed {
        resource_arn: record.resource.as_str(),
        service: record.resource.service().principal(),
        // A role that is attached cannot be deleted. If it were gone, its id would name it.
        role_arn: index
            .role_by_id(record.role.as_str())
            .map_or(record.role.as_str(), |role| &role.arn),
        created: iso_seconds(record.created),
    }
}
