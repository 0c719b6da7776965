//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use super::rules::*;
use super::structures::DelegationPermission;
use super::structures::Tag;
use crate::constraint::Rule;
use crate::constraint::Secret;

crate::constraint::input! {
    CreateAccessKeyRequest {
        user_name: Option<String> = optional("UserName", &EXISTING_USER_NAME_TYPE);
    }
    CreateAccountAliasRequest {
        account_alias: String = required("AccountAlias", &ACCOUNT_ALIAS_TYPE);
    }
    CreateDelegationRequestRequest {
        owner_account_id: Option<String> = optional("OwnerAccountId", &ACCOUNT_ID_TYPE);
        description: String = required("Description", &DELEGATION_REQUEST_DESCRIPTION_TYPE);
        permissions: DelegationPermission = required("Permissions", &Rule::ANY);
        request_message: Option<String> = optional("RequestMessage", &REQUEST_MESSAGE_TYPE);
        requestor_workflow_id: String = required("RequestorWorkflowId", &REQUESTOR_WORKFLOW_ID_TYPE);
        redirect_url: Option<String> = optional("RedirectUrl", &REDIRECT_URL_TYPE);
        notification_channel: String = required("NotificationChannel", &NOTIFICATION_CHANNEL_TYPE);
        session_duration: i32 = required("SessionDuration", &SESSION_DURATION_TYPE);
        only_send_by_owner: Option<bool> = optional("OnlySendByOwner", &Rule::ANY);
    }
    CreateGroupRequest {
        path: Option<String> = optional("Path", &PATH_TYPE);
        group_name: String = required("GroupName", &GROUP_NAME_TYPE);
    }
    CreateInstanceProfileRequest {
        instance_profile_name: String = required("InstanceProfileName", &INSTANCE_PROFILE_NAME_TYPE);
        path: Option<String> = optional("Path", &PATH_TYPE);
        tags: Option<Vec<Tag>> = optional("Tags", &TAG_LIST_TYPE);
    }
    CreateLoginProfileRequest {
        user_name: Option<String> = optional("UserName", &USER_NAME_TYPE);
        password: Option<Secret> = optional("Password", &PASSWORD_TYPE);
        password_reset_required: Option<bool> = optional("PasswordResetRequired", &Rule::ANY);
    }
    CreateOpenIDConnectProviderRequest {
        url: String = required("Url", &OPEN_ID_CONNECT_PROVIDER_URL_TYPE);
        client_id_list: Option<Vec<String>> = optional("ClientIDList", &CLIENT_ID_LIST_TYPE);
        thumbprint_list: Option<Vec<String>> = optional("ThumbprintList", &THUMBPRINT_LIST_TYPE);
        tags: Option<Vec<Tag>> = optional("Tags", &TAG_LIST_TYPE);
    }
    CreatePolicyRequest {
        policy_name: String = required("PolicyName", &POLICY_NAME_TYPE);
        path: Option<String> = optional("Path", &POLICY_PATH_TYPE);
        policy_document: String = required("PolicyDocument", &POLICY_DOCUMENT_TYPE);
        description: Option<String> = optional("Description", &POLICY_DESCRIPTION_TYPE);
        tags: Option<Vec<Tag>> = optional("Tags", &TAG_LIST_TYPE);
    }
    CreatePolicyVersionRequest {
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
        policy_document: String = required("PolicyDocument", &POLICY_DOCUMENT_TYPE);
        set_as_default: Option<bool> = optional("SetAsDefault", &Rule::ANY);
    }
    CreateRoleRequest {
        path: Option<String> = optional("Path", &PATH_TYPE);
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        assume_role_policy_document: String = required("AssumeRolePolicyDocument", &POLICY_DOCUMENT_TYPE);
        description: Option<String> = optional("Description", &ROLE_DESCRIPTION_TYPE);
        max_session_duration: Option<i32> = optional("MaxSessionDuration", &ROLE_MAX_SESSION_DURATION_TYPE);
        permissions_boundary: Option<String> = optional("PermissionsBoundary", &ARN_TYPE);
        tags: Option<Vec<Tag>> = optional("Tags", &TAG_LIST_TYPE);
    }
    CreateSAMLProviderRequest {
        saml_metadata_document: String = required("SAMLMetadataDocument", &SAML_METADATA_DOCUMENT_TYPE);
        name: String = required("Name", &SAML_PROVIDER_NAME_TYPE);
        tags: Option<Vec<Tag>> = optional("Tags", &TAG_LIST_TYPE);
        assertion_encryption_mode: Option<String> = optional("AssertionEncryptionMode", &ASSERTION_ENCRYPTION_MODE_TYPE);
        add_private_key: Option<Secret> = optional("AddPrivateKey", &PRIVATE_KEY_TYPE);
    }
    CreateServiceLinkedRoleRequest {
        aws_service_name: String = required("AWSServiceName", &GROUP_NAME_TYPE);
        description: Option<String> = optional("Description", &ROLE_DESCRIPTION_TYPE);
        custom_suffix: Option<String> = optional("CustomSuffix", &CUSTOM_SUFFIX_TYPE);
    }
    CreateServiceSpecificCredentialRequest {
        user_name: String = required("UserName", &USER_NAME_TYPE);
        service_name: String = required("ServiceName", &Rule::ANY);
        credential_age_days: Option<i32> = optional("CredentialAgeDays", &CREDENTIAL_AGE_DAYS);
    }
    CreateUserRequest {
        path: Option<String> = optional("Path", &PATH_TYPE);
        user_name: String = required("UserName", &USER_NAME_TYPE);
        permissions_boundary: Option<String> = optional("PermissionsBoundary", &ARN_TYPE);
        tags: Option<Vec<Tag>> = optional("Tags", &TAG_LIST_TYPE);
    }
    CreateVirtualMFADeviceRequest {
        path: Option<String> = optional("Path", &PATH_TYPE);
        virtual_mfa_device_name: String = required("VirtualMFADeviceName", &VIRTUAL_MFA_DEVICE_NAME);
        tags: Option<Vec<Tag>> = optional("Tags", &TAG_LIST_TYPE);
    }
}
