//! `ListAttachments`: which roles are attached to which resources, in the caller's account, by the resources' ARNs.
//!
//! `{}`, or `{"NextToken": "..."}` with what the answer before had under that name.

use bowline_aws::{
    error::{AwsError, Protocol},
    xml::iso_seconds,
};
use serde::Serialize;

use super::{
    MOST_LISTED,
    input::{Members, invalid},
};
use crate::{
    identity::{
        entity::ServiceResource,
        index::{Index, ServiceAttachmentEntry},
    },
    request::{call::Call, error::RequestError, record::AuditFields},
};

/// Where to go on.
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

impl ListAttachments {
    pub(super) fn read(members: &Members<'_>) -> Result<Self, AwsError> {
        members.only(&["NextToken"])?;
        let after = members.text("NextToken")?;
        let after = after.map(|arn| arn.parse()).transpose();
        Ok(Self {
            after: after.map_err(|_| invalid("NextToken: it is of no list of attachments"))?,
        })
    }

    pub(super) fn tell(&self, told: &mut AuditFields<'_>) {
        told.add_if("nextToken", self.after.as_ref().map(ToString::to_string));
    }

    pub(super) fn carry_out(&self, call: &Call<'_>) -> Result<String, RequestError> {
        let after = self.after.as_ref().map(ServiceResource::as_str);
        let mut all = call.index.service_attachments(call.account(), after);
        let attachments: Vec<_> = all
            .by_ref()
            .take(MOST_LISTED)
            .map(|attachment| listed(attachment, &call.index))
            .collect();
        let next_token = all
            .next()
            .and_then(|_| attachments.last())
            .map(|last| last.resource_arn);
        let output = Output {
            attachments,
            next_token,
        };
        serde_json::to_string(&output)
            .map_err(|error| RequestError::new(AwsError::internal(Protocol::Bowline), &error))
    }
}

fn listed<'a>(attachment: &'a ServiceAttachmentEntry, index: &'a Index) -> Listed<'a> {
    let record = &attachment.record;
    Listed {
        resource_arn: record.resource.as_str(),
        service: record.resource.service().principal(),
        // A role that is attached is not deleted, so it has a name; if it had none, its id would say which it was.
        role_arn: index
            .role_by_id(record.role.as_str())
            .map_or(record.role.as_str(), |role| &role.arn),
        created: iso_seconds(record.created),
    }
}
