//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use super::rules::*;
use super::structures::PolicyDescriptorType;
use super::structures::Tag;
use crate::constraint::Rule;
use crate::constraint::Secret;

crate::constraint::input! {
    GetAccessKeyInfoRequest {
        access_key_id: String = required("AccessKeyId", &ACCESS_KEY_ID_TYPE);
    }
    GetCallerIdentityRequest {}
    GetDelegatedAccessTokenRequest {
        trade_in_token: Secret = required("TradeInToken", &TRADE_IN_TOKEN_TYPE);
    }
    GetFederationTokenRequest {
        name: String = required("Name", &USER_NAME_TYPE);
        policy: Option<String> = optional("Policy", &SESSION_POLICY_DOCUMENT_TYPE);
        policy_arns: Option<Vec<PolicyDescriptorType>> = optional("PolicyArns", &Rule::ANY);
        duration_seconds: Option<i32> = optional("DurationSeconds", &DURATION_SECONDS_TYPE);
        tags: Option<Vec<Tag>> = optional("Tags", &TAG_LIST_TYPE);
        minimum_session_token_size: Option<i32> = optional("MinimumSessionTokenSize", &MINIMUM_SESSION_TOKEN_SIZE_TYPE);
    }
    GetSessionTokenRequest {
        duration_seconds: Option<i32> = optional("DurationSeconds", &DURATION_SECONDS_TYPE);
        serial_number: Option<String> = optional("SerialNumber", &SERIAL_NUMBER_TYPE);
        token_code: Option<Secret> = optional("TokenCode", &TOKEN_CODE_TYPE);
        minimum_session_token_size: Option<i32> = optional("MinimumSessionTokenSize", &MINIMUM_SESSION_TOKEN_SIZE_TYPE);
    }
    GetWebIdentityTokenRequest {
        audience: Vec<String> = required("Audience", &WEB_IDENTITY_TOKEN_AUDIENCE_LIST_TYPE);
        duration_seconds: Option<i32> = optional("DurationSeconds", &WEB_IDENTITY_TOKEN_DURATION_SECONDS_TYPE);
        signing_algorithm: String = required("SigningAlgorithm", &JWT_ALGORITHM_TYPE);
        tags: Option<Vec<Tag>> = optional("Tags", &TAG_LIST_TYPE);
    }
}
