//! `GetCallerIdentity`: no permission is needed, and none can forbid it.

use bowline_aws::sts::{self, GetCallerIdentityResponse};

use crate::request::call::Call;

pub(super) fn get_caller_identity(call: &Call<'_>) -> String {
    let caller = call.caller;
    let output = GetCallerIdentityResponse {
        user_id: Some(caller.user_id()),
        account: Some(caller.account().to_string()),
        arn: Some(caller.arn().to_owned()),
    };
    sts::response(&output, call.request_id)
}
