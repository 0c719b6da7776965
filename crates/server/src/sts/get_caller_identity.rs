//! `GetCallerIdentity`: no permission is needed, and none can forbid it.

use bowline_aws::sts::{self, GetCallerIdentityRequest, GetCallerIdentityResponse};

use super::{Handle, SignedCall};
use crate::request::error::RequestError;

impl Handle for GetCallerIdentityRequest {
    async fn handle(self, call: SignedCall<'_, '_>) -> Result<String, RequestError> {
        let caller = call.call.caller;
        let output = GetCallerIdentityResponse {
            user_id: Some(caller.user_id()),
            account: Some(caller.account().to_string()),
            arn: Some(caller.arn().to_owned()),
        };
        Ok(sts::response(&output, call.call.envelope))
    }
}
