//! Written by `cargo run -p bowline-generate` from `tools/facts`; not edited by hand.

use super::*;

crate::constraint::operations! {
    "sts":
    AssumeRole(AssumeRoleRequest) true;
    AssumeRoleWithSAML(AssumeRoleWithSAMLRequest) false;
    AssumeRoleWithWebIdentity(AssumeRoleWithWebIdentityRequest) true;
    AssumeRoot(AssumeRootRequest) false;
    DecodeAuthorizationMessage(DecodeAuthorizationMessageRequest) false;
    GetAccessKeyInfo(GetAccessKeyInfoRequest) true;
    GetCallerIdentity(GetCallerIdentityRequest) true;
    GetDelegatedAccessToken(GetDelegatedAccessTokenRequest) false;
    GetFederationToken(GetFederationTokenRequest) false;
    GetSessionToken(GetSessionTokenRequest) false;
    GetWebIdentityToken(GetWebIdentityTokenRequest) false;
}
