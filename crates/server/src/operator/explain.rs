//! `Explain`: why a recent request ended with an error.
//!
//! `{"RequestId": "..."}` or `{"Last": true}`; the response is `{"Explanation": {...}}`.

use bowline_aws::requirement::ResourceOwner;
use serde::Serialize;

use super::{
    error::OperatorError,
    input::{Members, invalid},
    management_account,
    operation::{Operation, any_resource, to_json},
};
use crate::{
    explain::Explanation,
    http::response::Response,
    identity::index::Index,
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// The request to explain.
#[derive(Debug)]
pub(super) enum Explain {
    /// The one with this request id.
    Request(String),
    /// The latest one.
    Last,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    explanation: &'a Explanation,
}

impl Operation for Explain {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&["RequestId", "Last"])?;
        match (members.text("RequestId")?, members.boolean("Last")?) {
            (Some(id), false) => Ok(Self::Request(id)),
            (None, true) => Ok(Self::Last),
            (Some(_), true) | (None, false) => {
                Err(invalid("Give either RequestId, or Last as true"))
            }
        }
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        match self {
            Self::Request(id) => parameters.add("requestId", id.clone()),
            Self::Last => parameters.add("last", "true"),
        }
    }

    fn resource(&self, _: &Index) -> (String, ResourceOwner) {
        any_resource()
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let account = call.account();
        // The management account also sees requests that addressed no account.
        let all = management_account(&call.index) == Some(account);
        let denials = &call.app.denials;
        let found = match &self {
            Self::Request(id) => denials.find(account, all, id),
            Self::Last => denials.last(account, all),
        };
        let explanation = found.ok_or(OperatorError::NoExplanation(match self {
            Self::Request(id) => Some(id),
            Self::Last => None,
        }))?;
        let output = Output {
            explanation: &explanation,
        };
        to_json(&output)
    }
}
