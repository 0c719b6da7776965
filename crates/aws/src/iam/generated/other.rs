//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use super::rules::*;
use super::structures::ContextEntry;
use super::structures::OrderedOrganizationPolicyType;
use super::structures::PolicyIdentifier;
use super::structures::ReplacementValueEntry;
use super::structures::Tag;
use crate::constraint::Rule;
use crate::constraint::Secret;
use std::collections::BTreeMap;

crate::constraint::input! {
    AcceptDelegationRequestRequest {
        delegation_request_id: String = required("DelegationRequestId", &DELEGATION_REQUEST_ID_TYPE);
    }
    AcquireRoleRequest {
        template_arn: String = required("TemplateArn", &ARN_TYPE);
        template_minor_version: Option<i32> = optional("TemplateMinorVersion", &Rule::ANY);
        replacement_values: Option<BTreeMap<String, ReplacementValueEntry>> = optional("ReplacementValues", &MAP_STRING_REPLACEMENT_VALUE_ENTRY);
    }
    AddClientIDToOpenIDConnectProviderRequest {
        open_id_connect_provider_arn: String = required("OpenIDConnectProviderArn", &ARN_TYPE);
        client_id: String = required("ClientID", &CLIENT_ID_TYPE);
    }
    AddRoleToInstanceProfileRequest {
        instance_profile_name: String = required("InstanceProfileName", &INSTANCE_PROFILE_NAME_TYPE);
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
    }
    AddUserToGroupRequest {
        group_name: String = required("GroupName", &GROUP_NAME_TYPE);
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
    }
    AssociateDelegationRequestRequest {
        delegation_request_id: String = required("DelegationRequestId", &DELEGATION_REQUEST_ID_TYPE);
    }
    AttachGroupPolicyRequest {
        group_name: String = required("GroupName", &GROUP_NAME_TYPE);
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
    }
    AttachRolePolicyRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
    }
    AttachUserPolicyRequest {
        user_name: String = required("UserName", &USER_NAME_TYPE);
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
    }
    ChangePasswordRequest {
        old_password: Secret = required("OldPassword", &PASSWORD_TYPE);
        new_password: Secret = required("NewPassword", &PASSWORD_TYPE);
    }
    DeactivateMFADeviceRequest {
        user_name: Option<String> = optional("UserName", &EXISTING_USER_NAME_TYPE);
        serial_number: String = required("SerialNumber", &SERIAL_NUMBER_TYPE);
    }
    DetachGroupPolicyRequest {
        group_name: String = required("GroupName", &GROUP_NAME_TYPE);
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
    }
    DetachRolePolicyRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
    }
    DetachUserPolicyRequest {
        user_name: String = required("UserName", &USER_NAME_TYPE);
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
    }
    DisableOrganizationsRootCredentialsManagementRequest {}
    DisableOrganizationsRootSessionsRequest {}
    DisableOutboundWebIdentityFederationRequest {}
    EnableMFADeviceRequest {
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
        serial_number: String = required("SerialNumber", &SERIAL_NUMBER_TYPE);
        authentication_code1: Secret = required("AuthenticationCode1", &AUTHENTICATION_CODE_TYPE);
        authentication_code2: Secret = required("AuthenticationCode2", &AUTHENTICATION_CODE_TYPE);
    }
    EnableOrganizationsRootCredentialsManagementRequest {}
    EnableOrganizationsRootSessionsRequest {}
    EnableOutboundWebIdentityFederationRequest {}
    GenerateCredentialReportRequest {}
    GenerateOrganizationsAccessReportRequest {
        entity_path: String = required("EntityPath", &ORGANIZATIONS_ENTITY_PATH_TYPE);
        organizations_policy_id: Option<String> = optional("OrganizationsPolicyId", &ORGANIZATIONS_POLICY_ID_TYPE);
    }
    GenerateServiceLastAccessedDetailsRequest {
        arn: String = required("Arn", &ARN_TYPE);
        granularity: Option<String> = optional("Granularity", &ACCESS_ADVISOR_USAGE_GRANULARITY_TYPE);
    }
    PutAccountPropertiesRequest {
        properties: BTreeMap<String, String> = required("Properties", &ACCOUNT_PROPERTIES_MAP_TYPE);
    }
    PutGroupPolicyRequest {
        group_name: String = required("GroupName", &GROUP_NAME_TYPE);
        policy_name: String = required("PolicyName", &POLICY_NAME_TYPE);
        policy_document: String = required("PolicyDocument", &POLICY_DOCUMENT_TYPE);
    }
    PutRolePermissionsBoundaryRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        permissions_boundary: String = required("PermissionsBoundary", &ARN_TYPE);
    }
    PutRolePolicyRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        policy_name: String = required("PolicyName", &POLICY_NAME_TYPE);
        policy_document: String = required("PolicyDocument", &POLICY_DOCUMENT_TYPE);
    }
    PutUserPermissionsBoundaryRequest {
        user_name: String = required("UserName", &USER_NAME_TYPE);
        permissions_boundary: String = required("PermissionsBoundary", &ARN_TYPE);
    }
    PutUserPolicyRequest {
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
        policy_name: String = required("PolicyName", &POLICY_NAME_TYPE);
        policy_document: String = required("PolicyDocument", &POLICY_DOCUMENT_TYPE);
    }
    RejectDelegationRequestRequest {
        delegation_request_id: String = required("DelegationRequestId", &DELEGATION_REQUEST_ID_TYPE);
        notes: Option<String> = optional("Notes", &NOTES_TYPE);
    }
    RemoveClientIDFromOpenIDConnectProviderRequest {
        open_id_connect_provider_arn: String = required("OpenIDConnectProviderArn", &ARN_TYPE);
        client_id: String = required("ClientID", &CLIENT_ID_TYPE);
    }
    RemoveRoleFromInstanceProfileRequest {
        instance_profile_name: String = required("InstanceProfileName", &INSTANCE_PROFILE_NAME_TYPE);
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
    }
    RemoveUserFromGroupRequest {
        group_name: String = required("GroupName", &GROUP_NAME_TYPE);
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
    }
    ResetServiceSpecificCredentialRequest {
        user_name: Option<String> = optional("UserName", &USER_NAME_TYPE);
        service_specific_credential_id: String = required("ServiceSpecificCredentialId", &SERVICE_SPECIFIC_CREDENTIAL_ID);
    }
    ResyncMFADeviceRequest {
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
        serial_number: String = required("SerialNumber", &SERIAL_NUMBER_TYPE);
        authentication_code1: Secret = required("AuthenticationCode1", &AUTHENTICATION_CODE_TYPE);
        authentication_code2: Secret = required("AuthenticationCode2", &AUTHENTICATION_CODE_TYPE);
    }
    SendDelegationTokenRequest {
        delegation_request_id: String = required("DelegationRequestId", &DELEGATION_REQUEST_ID_TYPE);
    }
    SetDefaultPolicyVersionRequest {
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
        version_id: String = required("VersionId", &POLICY_VERSION_ID_TYPE);
    }
    SetSecurityTokenServicePreferencesRequest {
        global_endpoint_token_version: String = required("GlobalEndpointTokenVersion", &GLOBAL_ENDPOINT_TOKEN_VERSION);
    }
    SimulateCustomPolicyRequest {
        policy_input_list: Vec<String> = required("PolicyInputList", &SIMULATION_POLICY_LIST_TYPE);
        permissions_boundary_policy_input_list: Option<Vec<String>> = optional("PermissionsBoundaryPolicyInputList", &SIMULATION_POLICY_LIST_TYPE);
        ordered_organization_policy_input_list: Option<Vec<OrderedOrganizationPolicyType>> = optional("OrderedOrganizationPolicyInputList", &ORGANIZATION_POLICY_LIST_TYPE);
        action_names: Vec<String> = required("ActionNames", &ACTION_NAME_LIST_TYPE);
        resource_arns: Option<Vec<String>> = optional("ResourceArns", &RESOURCE_NAME_LIST_TYPE);
        resource_policy: Option<String> = optional("ResourcePolicy", &POLICY_DOCUMENT_TYPE);
        resource_owner: Option<String> = optional("ResourceOwner", &RESOURCE_NAME_TYPE);
        caller_arn: Option<String> = optional("CallerArn", &RESOURCE_NAME_TYPE);
        context_entries: Option<Vec<ContextEntry>> = optional("ContextEntries", &Rule::ANY);
        resource_handling_option: Option<String> = optional("ResourceHandlingOption", &RESOURCE_HANDLING_OPTION_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
    }
    SimulatePrincipalPolicyRequest {
        policy_source_arn: String = required("PolicySourceArn", &ARN_TYPE);
        policy_input_list: Option<Vec<String>> = optional("PolicyInputList", &SIMULATION_POLICY_LIST_TYPE);
        permissions_boundary_policy_input_list: Option<Vec<String>> = optional("PermissionsBoundaryPolicyInputList", &SIMULATION_POLICY_LIST_TYPE);
        policy_exclusion_list: Option<Vec<PolicyIdentifier>> = optional("PolicyExclusionList", &POLICY_EXCLUSIONS_LIST_TYPE);
        action_names: Vec<String> = required("ActionNames", &ACTION_NAME_LIST_TYPE);
        resource_arns: Option<Vec<String>> = optional("ResourceArns", &RESOURCE_NAME_LIST_TYPE);
        resource_policy: Option<String> = optional("ResourcePolicy", &POLICY_DOCUMENT_TYPE);
        resource_owner: Option<String> = optional("ResourceOwner", &RESOURCE_NAME_TYPE);
        caller_arn: Option<String> = optional("CallerArn", &RESOURCE_NAME_TYPE);
        context_entries: Option<Vec<ContextEntry>> = optional("ContextEntries", &Rule::ANY);
        resource_handling_option: Option<String> = optional("ResourceHandlingOption", &RESOURCE_HANDLING_OPTION_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
    }
    TagInstanceProfileRequest {
        instance_profile_name: String = required("InstanceProfileName", &INSTANCE_PROFILE_NAME_TYPE);
        tags: Vec<Tag> = required("Tags", &TAG_LIST_TYPE);
    }
    TagMFADeviceRequest {
        serial_number: String = required("SerialNumber", &SERIAL_NUMBER_TYPE);
        tags: Vec<Tag> = required("Tags", &TAG_LIST_TYPE);
    }
    TagOpenIDConnectProviderRequest {
        open_id_connect_provider_arn: String = required("OpenIDConnectProviderArn", &ARN_TYPE);
        tags: Vec<Tag> = required("Tags", &TAG_LIST_TYPE);
    }
    TagPolicyRequest {
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
        tags: Vec<Tag> = required("Tags", &TAG_LIST_TYPE);
    }
    TagRoleRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        tags: Vec<Tag> = required("Tags", &TAG_LIST_TYPE);
    }
    TagSAMLProviderRequest {
        saml_provider_arn: String = required("SAMLProviderArn", &ARN_TYPE);
        tags: Vec<Tag> = required("Tags", &TAG_LIST_TYPE);
    }
    TagServerCertificateRequest {
        server_certificate_name: String = required("ServerCertificateName", &SERVER_CERTIFICATE_NAME_TYPE);
        tags: Vec<Tag> = required("Tags", &TAG_LIST_TYPE);
    }
    TagUserRequest {
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
        tags: Vec<Tag> = required("Tags", &TAG_LIST_TYPE);
    }
    UntagInstanceProfileRequest {
        instance_profile_name: String = required("InstanceProfileName", &INSTANCE_PROFILE_NAME_TYPE);
        tag_keys: Vec<String> = required("TagKeys", &TAG_KEY_LIST_TYPE);
    }
    UntagMFADeviceRequest {
        serial_number: String = required("SerialNumber", &SERIAL_NUMBER_TYPE);
        tag_keys: Vec<String> = required("TagKeys", &TAG_KEY_LIST_TYPE);
    }
    UntagOpenIDConnectProviderRequest {
        open_id_connect_provider_arn: String = required("OpenIDConnectProviderArn", &ARN_TYPE);
        tag_keys: Vec<String> = required("TagKeys", &TAG_KEY_LIST_TYPE);
    }
    UntagPolicyRequest {
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
        tag_keys: Vec<String> = required("TagKeys", &TAG_KEY_LIST_TYPE);
    }
    UntagRoleRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        tag_keys: Vec<String> = required("TagKeys", &TAG_KEY_LIST_TYPE);
    }
    UntagSAMLProviderRequest {
        saml_provider_arn: String = required("SAMLProviderArn", &ARN_TYPE);
        tag_keys: Vec<String> = required("TagKeys", &TAG_KEY_LIST_TYPE);
    }
    UntagServerCertificateRequest {
        server_certificate_name: String = required("ServerCertificateName", &SERVER_CERTIFICATE_NAME_TYPE);
        tag_keys: Vec<String> = required("TagKeys", &TAG_KEY_LIST_TYPE);
    }
    UntagUserRequest {
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
        tag_keys: Vec<String> = required("TagKeys", &TAG_KEY_LIST_TYPE);
    }
    UploadSSHPublicKeyRequest {
        user_name: String = required("UserName", &USER_NAME_TYPE);
        ssh_public_key_body: String = required("SSHPublicKeyBody", &PUBLIC_KEY_MATERIAL_TYPE);
    }
    UploadServerCertificateRequest {
        path: Option<String> = optional("Path", &PATH_TYPE);
        server_certificate_name: String = required("ServerCertificateName", &SERVER_CERTIFICATE_NAME_TYPE);
        certificate_body: String = required("CertificateBody", &CERTIFICATE_BODY_TYPE);
        private_key: Secret = required("PrivateKey", &PRIVATE_KEY_TYPE);
        certificate_chain: Option<String> = optional("CertificateChain", &CERTIFICATE_CHAIN_TYPE);
        tags: Option<Vec<Tag>> = optional("Tags", &TAG_LIST_TYPE);
    }
    UploadSigningCertificateRequest {
        user_name: Option<String> = optional("UserName", &EXISTING_USER_NAME_TYPE);
        certificate_body: String = required("CertificateBody", &CERTIFICATE_BODY_TYPE);
    }
}
