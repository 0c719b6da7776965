//! Every operation of STS, declared once, as IAM's are in `iam/table.rs` ("Actions, resources, and
//! condition keys for AWS Security Token Service", Service Authorization Reference).
//!
//! All of them are `Reads`: a session is sealed into its token and not stored.

operations! {
    Built    Reads AssumeRole: Role("RoleArn"), keys ["sts:RoleSessionName" = "RoleSessionName", "sts:ExternalId" = "ExternalId"];
    NotBuilt Reads AssumeRoleWithSAML: Any;
    Built    Reads AssumeRoleWithWebIdentity: Role("RoleArn"), keys ["sts:RoleSessionName" = "RoleSessionName"];
    NotBuilt Reads AssumeRoot: Any;
    NotBuilt Reads DecodeAuthorizationMessage: Any;
    Built    Reads GetAccessKeyInfo: Any;
    Built    Reads GetCallerIdentity: Nothing;
    NotBuilt Reads GetDelegatedAccessToken: Any;
    NotBuilt Reads GetFederationToken: Any;
    NotBuilt Reads GetSessionToken: Any;
    NotBuilt Reads GetWebIdentityToken: Any;
}
