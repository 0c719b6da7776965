//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use super::structures::Tag;
use crate::credentials::SecretAccessKey;
use jiff::Timestamp;

crate::constraint::output! {
    CreateAccessKeyResponse("CreateAccessKey") {
        access_key: AccessKey = "AccessKey";
    }
    CreateInstanceProfileResponse("CreateInstanceProfile") {
        instance_profile: InstanceProfile = "InstanceProfile";
    }
    CreateOpenIDConnectProviderResponse("CreateOpenIDConnectProvider") {
        open_id_connect_provider_arn: Option<String> = "OpenIDConnectProviderArn";
        tags: Option<Vec<Tag>> = "Tags";
    }
    CreatePolicyResponse("CreatePolicy") {
        policy: Option<Policy> = "Policy";
    }
    CreateRoleResponse("CreateRole") {
        role: Role = "Role";
    }
    CreateUserResponse("CreateUser") {
        user: Option<User> = "User";
    }
    GetInstanceProfileResponse("GetInstanceProfile") {
        instance_profile: InstanceProfile = "InstanceProfile";
    }
    GetOpenIDConnectProviderResponse("GetOpenIDConnectProvider") {
        url: Option<String> = "Url";
        client_id_list: Option<Vec<String>> = "ClientIDList";
        thumbprint_list: Option<Vec<String>> = "ThumbprintList";
        create_date: Option<Timestamp> = "CreateDate";
        tags: Option<Vec<Tag>> = "Tags";
    }
    GetPolicyResponse("GetPolicy") {
        policy: Option<Policy> = "Policy";
    }
    GetPolicyVersionResponse("GetPolicyVersion") {
        policy_version: Option<PolicyVersion> = "PolicyVersion";
    }
    GetRoleResponse("GetRole") {
        role: Role = "Role";
    }
    GetRolePolicyResponse("GetRolePolicy") {
        role_name: String = "RoleName";
        policy_name: String = "PolicyName";
        policy_document: String = "PolicyDocument";
    }
    GetUserResponse("GetUser") {
        user: User = "User";
    }
    GetUserPolicyResponse("GetUserPolicy") {
        user_name: String = "UserName";
        policy_name: String = "PolicyName";
        policy_document: String = "PolicyDocument";
    }
    ListAccessKeysResponse("ListAccessKeys") {
        access_key_metadata: Vec<AccessKeyMetadata> = "AccessKeyMetadata";
        is_truncated: Option<bool> = "IsTruncated";
        marker: Option<String> = "Marker";
    }
    ListAttachedRolePoliciesResponse("ListAttachedRolePolicies") {
        attached_policies: Option<Vec<AttachedPolicy>> = "AttachedPolicies";
        is_truncated: Option<bool> = "IsTruncated";
        marker: Option<String> = "Marker";
    }
    ListAttachedUserPoliciesResponse("ListAttachedUserPolicies") {
        attached_policies: Option<Vec<AttachedPolicy>> = "AttachedPolicies";
        is_truncated: Option<bool> = "IsTruncated";
        marker: Option<String> = "Marker";
    }
    ListInstanceProfilesResponse("ListInstanceProfiles") {
        instance_profiles: Vec<InstanceProfile> = "InstanceProfiles";
        is_truncated: Option<bool> = "IsTruncated";
        marker: Option<String> = "Marker";
    }
    ListInstanceProfilesForRoleResponse("ListInstanceProfilesForRole") {
        instance_profiles: Vec<InstanceProfile> = "InstanceProfiles";
        is_truncated: Option<bool> = "IsTruncated";
        marker: Option<String> = "Marker";
    }
    ListOpenIDConnectProvidersResponse("ListOpenIDConnectProviders") {
        open_id_connect_provider_list: Option<Vec<OpenIDConnectProviderListEntry>> = "OpenIDConnectProviderList";
    }
    ListPoliciesResponse("ListPolicies") {
        policies: Option<Vec<Policy>> = "Policies";
        is_truncated: Option<bool> = "IsTruncated";
        marker: Option<String> = "Marker";
    }
    ListRolePoliciesResponse("ListRolePolicies") {
        policy_names: Vec<String> = "PolicyNames";
        is_truncated: Option<bool> = "IsTruncated";
        marker: Option<String> = "Marker";
    }
    ListRolesResponse("ListRoles") {
        roles: Vec<Role> = "Roles";
        is_truncated: Option<bool> = "IsTruncated";
        marker: Option<String> = "Marker";
    }
    ListUserPoliciesResponse("ListUserPolicies") {
        policy_names: Vec<String> = "PolicyNames";
        is_truncated: Option<bool> = "IsTruncated";
        marker: Option<String> = "Marker";
    }
    ListUsersResponse("ListUsers") {
        users: Vec<User> = "Users";
        is_truncated: Option<bool> = "IsTruncated";
        marker: Option<String> = "Marker";
    }
    UpdateRoleResponse("UpdateRole") {}
    AccessKey {
        user_name: String = "UserName";
        access_key_id: String = "AccessKeyId";
        status: String = "Status";
        secret_access_key: SecretAccessKey = "SecretAccessKey";
        create_date: Option<Timestamp> = "CreateDate";
    }
    AccessKeyMetadata {
        user_name: Option<String> = "UserName";
        access_key_id: Option<String> = "AccessKeyId";
        status: Option<String> = "Status";
        create_date: Option<Timestamp> = "CreateDate";
    }
    AttachedPermissionsBoundary {
        permissions_boundary_type: Option<String> = "PermissionsBoundaryType";
        permissions_boundary_arn: Option<String> = "PermissionsBoundaryArn";
    }
    AttachedPolicy {
        policy_name: Option<String> = "PolicyName";
        policy_arn: Option<String> = "PolicyArn";
    }
    InstanceProfile {
        path: String = "Path";
        instance_profile_name: String = "InstanceProfileName";
        instance_profile_id: String = "InstanceProfileId";
        arn: String = "Arn";
        create_date: Timestamp = "CreateDate";
        roles: Vec<Role> = "Roles";
        tags: Option<Vec<Tag>> = "Tags";
    }
    OpenIDConnectProviderListEntry {
        arn: Option<String> = "Arn";
    }
    Policy {
        policy_name: Option<String> = "PolicyName";
        policy_id: Option<String> = "PolicyId";
        arn: Option<String> = "Arn";
        path: Option<String> = "Path";
        default_version_id: Option<String> = "DefaultVersionId";
        attachment_count: Option<i32> = "AttachmentCount";
        permissions_boundary_usage_count: Option<i32> = "PermissionsBoundaryUsageCount";
        is_attachable: Option<bool> = "IsAttachable";
        description: Option<String> = "Description";
        create_date: Option<Timestamp> = "CreateDate";
        update_date: Option<Timestamp> = "UpdateDate";
        tags: Option<Vec<Tag>> = "Tags";
    }
    PolicyVersion {
        document: Option<String> = "Document";
        version_id: Option<String> = "VersionId";
        is_default_version: Option<bool> = "IsDefaultVersion";
        create_date: Option<Timestamp> = "CreateDate";
    }
    Role {
        path: String = "Path";
        role_name: String = "RoleName";
        role_id: String = "RoleId";
        arn: String = "Arn";
        create_date: Timestamp = "CreateDate";
        assume_role_policy_document: Option<String> = "AssumeRolePolicyDocument";
        description: Option<String> = "Description";
        max_session_duration: Option<i32> = "MaxSessionDuration";
        permissions_boundary: Option<AttachedPermissionsBoundary> = "PermissionsBoundary";
        tags: Option<Vec<Tag>> = "Tags";
        role_last_used: Option<RoleLastUsed> = "RoleLastUsed";
        source_role_template: Option<SourceRoleTemplate> = "SourceRoleTemplate";
    }
    RoleLastUsed {
        last_used_date: Option<Timestamp> = "LastUsedDate";
        region: Option<String> = "Region";
    }
    SourceRoleTemplate {
        template_arn: String = "TemplateArn";
        template_minor_version: i32 = "TemplateMinorVersion";
    }
    User {
        path: String = "Path";
        user_name: String = "UserName";
        user_id: String = "UserId";
        arn: String = "Arn";
        create_date: Timestamp = "CreateDate";
        password_last_used: Option<Timestamp> = "PasswordLastUsed";
        permissions_boundary: Option<AttachedPermissionsBoundary> = "PermissionsBoundary";
        tags: Option<Vec<Tag>> = "Tags";
    }
}

crate::constraint::written! {
    Tag {
        key = "Key";
        value = "Value";
    }
}
