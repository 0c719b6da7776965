//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use crate::credentials::SecretAccessKey;
use crate::credentials::SessionToken;
use jiff::Timestamp;

crate::constraint::output! {
    AssumeRoleResponse("AssumeRole") {
        credentials: Option<Credentials> = "Credentials";
        assumed_role_user: Option<AssumedRoleUser> = "AssumedRoleUser";
        packed_policy_size: Option<i32> = "PackedPolicySize";
        source_identity: Option<String> = "SourceIdentity";
        session_token_utilization: Option<i32> = "SessionTokenUtilization";
        session_token_size: Option<i32> = "SessionTokenSize";
    }
    AssumeRoleWithWebIdentityResponse("AssumeRoleWithWebIdentity") {
        credentials: Option<Credentials> = "Credentials";
        subject_from_web_identity_token: Option<String> = "SubjectFromWebIdentityToken";
        assumed_role_user: Option<AssumedRoleUser> = "AssumedRoleUser";
        packed_policy_size: Option<i32> = "PackedPolicySize";
        provider: Option<String> = "Provider";
        audience: Option<String> = "Audience";
        source_identity: Option<String> = "SourceIdentity";
        session_token_utilization: Option<i32> = "SessionTokenUtilization";
        session_token_size: Option<i32> = "SessionTokenSize";
    }
    GetAccessKeyInfoResponse("GetAccessKeyInfo") {
        account: Option<String> = "Account";
    }
    GetCallerIdentityResponse("GetCallerIdentity") {
        user_id: Option<String> = "UserId";
        account: Option<String> = "Account";
        arn: Option<String> = "Arn";
    }
    AssumedRoleUser {
        assumed_role_id: String = "AssumedRoleId";
        arn: String = "Arn";
    }
    Credentials {
        access_key_id: String = "AccessKeyId";
        secret_access_key: SecretAccessKey = "SecretAccessKey";
        session_token: SessionToken = "SessionToken";
        expiration: Timestamp = "Expiration";
    }
}
