//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use super::rules::*;

crate::constraint::input! {
    DeleteAccessKeyRequest {
        user_name: Option<String> = optional("UserName", &EXISTING_USER_NAME_TYPE);
        access_key_id: String = required("AccessKeyId", &ACCESS_KEY_ID_TYPE);
    }
    DeleteAccountAliasRequest {
        account_alias: String = required("AccountAlias", &ACCOUNT_ALIAS_TYPE);
    }
    DeleteAccountPasswordPolicyRequest {}
    DeleteGroupRequest {
        group_name: String = required("GroupName", &GROUP_NAME_TYPE);
    }
    DeleteGroupPolicyRequest {
        group_name: String = required("GroupName", &GROUP_NAME_TYPE);
        policy_name: String = required("PolicyName", &POLICY_NAME_TYPE);
    }
    DeleteInstanceProfileRequest {
        instance_profile_name: String = required("InstanceProfileName", &INSTANCE_PROFILE_NAME_TYPE);
    }
    DeleteLoginProfileRequest {
        user_name: Option<String> = optional("UserName", &USER_NAME_TYPE);
    }
    DeleteOpenIDConnectProviderRequest {
        open_id_connect_provider_arn: String = required("OpenIDConnectProviderArn", &ARN_TYPE);
    }
    DeletePolicyRequest {
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
    }
    DeletePolicyVersionRequest {
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
        version_id: String = required("VersionId", &POLICY_VERSION_ID_TYPE);
    }
    DeleteRoleRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
    }
    DeleteRolePermissionsBoundaryRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
    }
    DeleteRolePolicyRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        policy_name: String = required("PolicyName", &POLICY_NAME_TYPE);
    }
    DeleteSAMLProviderRequest {
        saml_provider_arn: String = required("SAMLProviderArn", &ARN_TYPE);
    }
    DeleteSSHPublicKeyRequest {
        user_name: String = required("UserName", &USER_NAME_TYPE);
        ssh_public_key_id: String = required("SSHPublicKeyId", &PUBLIC_KEY_ID_TYPE);
    }
    DeleteServerCertificateRequest {
        server_certificate_name: String = required("ServerCertificateName", &SERVER_CERTIFICATE_NAME_TYPE);
    }
    DeleteServiceLinkedRoleRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
    }
    DeleteServiceSpecificCredentialRequest {
        user_name: Option<String> = optional("UserName", &USER_NAME_TYPE);
        service_specific_credential_id: String = required("ServiceSpecificCredentialId", &SERVICE_SPECIFIC_CREDENTIAL_ID);
    }
    DeleteSigningCertificateRequest {
        user_name: Option<String> = optional("UserName", &EXISTING_USER_NAME_TYPE);
        certificate_id: String = required("CertificateId", &CERTIFICATE_ID_TYPE);
    }
    DeleteUserRequest {
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
    }
    DeleteUserPermissionsBoundaryRequest {
        user_name: String = required("UserName", &USER_NAME_TYPE);
    }
    DeleteUserPolicyRequest {
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
        policy_name: String = required("PolicyName", &POLICY_NAME_TYPE);
    }
    DeleteVirtualMFADeviceRequest {
        serial_number: String = required("SerialNumber", &SERIAL_NUMBER_TYPE);
    }
}
