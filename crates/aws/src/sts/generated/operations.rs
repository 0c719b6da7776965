//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use super::*;

crate::constraint::requests! {
    "sts"
    built {
        AssumeRole(AssumeRoleRequest);
        AssumeRoleWithWebIdentity(AssumeRoleWithWebIdentityRequest);
        GetAccessKeyInfo(GetAccessKeyInfoRequest);
        GetCallerIdentity(GetCallerIdentityRequest);
    }
    not built {
        AssumeRoleWithSAML(AssumeRoleWithSAMLRequest);
        AssumeRoot(AssumeRootRequest);
        DecodeAuthorizationMessage(DecodeAuthorizationMessageRequest);
        GetDelegatedAccessToken(GetDelegatedAccessTokenRequest);
        GetFederationToken(GetFederationTokenRequest);
        GetSessionToken(GetSessionTokenRequest);
        GetWebIdentityToken(GetWebIdentityTokenRequest);
    }
}
