//! `Explain`: why a recent call ended with an error.
//!
//! `{"RequestId": "..."}` or `{"Last": true}`; the answer is `{"Explanation": {...}}`.

use bowline_aws::error::{AwsError, Code, Protocol};
use serde::Serialize;

use super::{
    input::{Members, invalid},
    management_account,
};
use crate::{
    explain::Explanation,
    request::{call::Call, error::RequestError, record::AuditFields},
};

/// Which call to explain.
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

impl Explain {
    pub(super) fn read(members: &Members<'_>) -> Result<Self, AwsError> {
        members.only(&["RequestId", "Last"])?;
        match (members.text("RequestId")?, members.boolean("Last")?) {
            (Some(id), false) => Ok(Self::Request(id)),
            (None, true) => Ok(Self::Last),
            (Some(_), true) | (None, false) => {
                Err(invalid("Give either RequestId, or Last as true"))
            }
        }
    }

    pub(super) fn tell(&self, told: &mut AuditFields<'_>) {
        match self {
            Self::Request(id) => told.add("requestId", id.clone()),
            Self::Last => told.add("last", "true"),
        }
    }

    pub(super) fn carry_out(&self, call: &Call<'_>) -> Result<String, RequestError> {
        let account = call.account();
        // What no account was addressed by is the management account's to see.
        let all = management_account(&call.index) == Some(account);
        let recent = &call.app.denials;
        let found = match self {
            Self::Request(id) => recent.find(account, all, id),
            Self::Last => recent.last(account, all),
        };
        let explanation = found.ok_or_else(|| {
            let message = match self {
                Self::Request(id) => format!(
                    "No recent call of this account with the request id {id} has ended with an error"
                ),
                Self::Last => {
                    "No recent call of this account has ended with an error".to_owned()
                }
            };
            AwsError::new(Code::NoSuchEntity, message)
        })?;
        let output = Output {
            explanation: &explanation,
        };
        serde_json::to_string(&output)
            .map_err(|error| RequestError::new(AwsError::internal(Protocol::Bowline), &error))
    }
}
