//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use super::rules::*;
use crate::constraint::Rule;
use crate::constraint::Secret;

crate::constraint::input! {
    UpdateAccessKeyRequest {
        user_name: Option<String> = optional("UserName", &EXISTING_USER_NAME_TYPE);
        access_key_id: String = required("AccessKeyId", &ACCESS_KEY_ID_TYPE);
        status: String = required("Status", &STATUS_TYPE);
    }
    UpdateAccountPasswordPolicyRequest {
        minimum_password_length: Option<i32> = optional("MinimumPasswordLength", &MINIMUM_PASSWORD_LENGTH_TYPE);
        require_symbols: Option<bool> = optional("RequireSymbols", &Rule::ANY);
        require_numbers: Option<bool> = optional("RequireNumbers", &Rule::ANY);
        require_uppercase_characters: Option<bool> = optional("RequireUppercaseCharacters", &Rule::ANY);
        require_lowercase_characters: Option<bool> = optional("RequireLowercaseCharacters", &Rule::ANY);
        allow_users_to_change_password: Option<bool> = optional("AllowUsersToChangePassword", &Rule::ANY);
        max_password_age: Option<i32> = optional("MaxPasswordAge", &MAX_PASSWORD_AGE_TYPE);
        password_reuse_prevention: Option<i32> = optional("PasswordReusePrevention", &PASSWORD_REUSE_PREVENTION_TYPE);
        hard_expiry: Option<bool> = optional("HardExpiry", &Rule::ANY);
    }
    UpdateAssumeRolePolicyRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        policy_document: String = required("PolicyDocument", &POLICY_DOCUMENT_TYPE);
    }
    UpdateDelegationRequestRequest {
        delegation_request_id: String = required("DelegationRequestId", &DELEGATION_REQUEST_ID_TYPE);
        notes: Option<String> = optional("Notes", &NOTES_TYPE);
    }
    UpdateGroupRequest {
        group_name: String = required("GroupName", &GROUP_NAME_TYPE);
        new_path: Option<String> = optional("NewPath", &PATH_TYPE);
        new_group_name: Option<String> = optional("NewGroupName", &GROUP_NAME_TYPE);
    }
    UpdateLoginProfileRequest {
        user_name: String = required("UserName", &USER_NAME_TYPE);
        password: Option<Secret> = optional("Password", &PASSWORD_TYPE);
        password_reset_required: Option<bool> = optional("PasswordResetRequired", &Rule::ANY);
    }
    UpdateOpenIDConnectProviderThumbprintRequest {
        open_id_connect_provider_arn: String = required("OpenIDConnectProviderArn", &ARN_TYPE);
        thumbprint_list: Vec<String> = required("ThumbprintList", &THUMBPRINT_LIST_TYPE);
    }
    UpdateRoleRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        description: Option<String> = optional("Description", &ROLE_DESCRIPTION_TYPE);
        max_session_duration: Option<i32> = optional("MaxSessionDuration", &ROLE_MAX_SESSION_DURATION_TYPE);
    }
    UpdateRoleDescriptionRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        description: String = required("Description", &ROLE_DESCRIPTION_TYPE);
    }
    UpdateSAMLProviderRequest {
        saml_metadata_document: Option<String> = optional("SAMLMetadataDocument", &SAML_METADATA_DOCUMENT_TYPE);
        saml_provider_arn: String = required("SAMLProviderArn", &ARN_TYPE);
        assertion_encryption_mode: Option<String> = optional("AssertionEncryptionMode", &ASSERTION_ENCRYPTION_MODE_TYPE);
        add_private_key: Option<Secret> = optional("AddPrivateKey", &PRIVATE_KEY_TYPE);
        remove_private_key: Option<String> = optional("RemovePrivateKey", &PRIVATE_KEY_ID_TYPE);
    }
    UpdateSSHPublicKeyRequest {
        user_name: String = required("UserName", &USER_NAME_TYPE);
        ssh_public_key_id: String = required("SSHPublicKeyId", &PUBLIC_KEY_ID_TYPE);
        status: String = required("Status", &STATUS_TYPE);
    }
    UpdateServerCertificateRequest {
        server_certificate_name: String = required("ServerCertificateName", &SERVER_CERTIFICATE_NAME_TYPE);
        new_path: Option<String> = optional("NewPath", &PATH_TYPE);
        new_server_certificate_name: Option<String> = optional("NewServerCertificateName", &SERVER_CERTIFICATE_NAME_TYPE);
    }
    UpdateServiceSpecificCredentialRequest {
        user_name: Option<String> = optional("UserName", &USER_NAME_TYPE);
        service_specific_credential_id: String = required("ServiceSpecificCredentialId", &SERVICE_SPECIFIC_CREDENTIAL_ID);
        status: String = required("Status", &STATUS_TYPE);
    }
    UpdateSigningCertificateRequest {
        user_name: Option<String> = optional("UserName", &EXISTING_USER_NAME_TYPE);
        certificate_id: String = required("CertificateId", &CERTIFICATE_ID_TYPE);
        status: String = required("Status", &STATUS_TYPE);
    }
    UpdateUserRequest {
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
        new_path: Option<String> = optional("NewPath", &PATH_TYPE);
        new_user_name: Option<String> = optional("NewUserName", &USER_NAME_TYPE);
    }
}
