//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use super::rules::*;
use crate::constraint::Rule;

crate::constraint::input! {
    GetAccessKeyLastUsedRequest {
        access_key_id: String = required("AccessKeyId", &ACCESS_KEY_ID_TYPE);
    }
    GetAccountAuthorizationDetailsRequest {
        filter: Option<Vec<String>> = optional("Filter", &ENTITY_LIST_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
    }
    GetAccountPasswordPolicyRequest {}
    GetAccountPropertiesRequest {}
    GetAccountSummaryRequest {}
    GetContextKeysForCustomPolicyRequest {
        policy_input_list: Vec<String> = required("PolicyInputList", &SIMULATION_POLICY_LIST_TYPE);
    }
    GetContextKeysForPrincipalPolicyRequest {
        policy_source_arn: String = required("PolicySourceArn", &ARN_TYPE);
        policy_input_list: Option<Vec<String>> = optional("PolicyInputList", &SIMULATION_POLICY_LIST_TYPE);
    }
    GetCredentialReportRequest {}
    GetDelegationRequestRequest {
        delegation_request_id: String = required("DelegationRequestId", &DELEGATION_REQUEST_ID_TYPE);
        delegation_permission_check: Option<bool> = optional("DelegationPermissionCheck", &Rule::ANY);
    }
    GetGroupRequest {
        group_name: String = required("GroupName", &GROUP_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    GetGroupPolicyRequest {
        group_name: String = required("GroupName", &GROUP_NAME_TYPE);
        policy_name: String = required("PolicyName", &POLICY_NAME_TYPE);
    }
    GetHumanReadableSummaryRequest {
        entity_arn: String = required("EntityArn", &ARN_TYPE);
        locale: Option<String> = optional("Locale", &LOCALE_TYPE);
    }
    GetInstanceProfileRequest {
        instance_profile_name: String = required("InstanceProfileName", &INSTANCE_PROFILE_NAME_TYPE);
    }
    GetLoginProfileRequest {
        user_name: Option<String> = optional("UserName", &USER_NAME_TYPE);
    }
    GetMFADeviceRequest {
        serial_number: String = required("SerialNumber", &SERIAL_NUMBER_TYPE);
        user_name: Option<String> = optional("UserName", &USER_NAME_TYPE);
    }
    GetOpenIDConnectProviderRequest {
        open_id_connect_provider_arn: String = required("OpenIDConnectProviderArn", &ARN_TYPE);
    }
    GetOrganizationsAccessReportRequest {
        job_id: String = required("JobId", &JOB_ID_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        sort_key: Option<String> = optional("SortKey", &SORT_KEY_TYPE);
    }
    GetOutboundWebIdentityFederationInfoRequest {}
    GetPolicyRequest {
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
    }
    GetPolicyVersionRequest {
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
        version_id: String = required("VersionId", &POLICY_VERSION_ID_TYPE);
    }
    GetRoleRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
    }
    GetRolePolicyRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        policy_name: String = required("PolicyName", &POLICY_NAME_TYPE);
    }
    GetRoleTemplateVersionRequest {
        template_arn: String = required("TemplateArn", &ARN_TYPE);
        minor_version: Option<i32> = optional("MinorVersion", &Rule::ANY);
    }
    GetSAMLProviderRequest {
        saml_provider_arn: String = required("SAMLProviderArn", &ARN_TYPE);
    }
    GetSSHPublicKeyRequest {
        user_name: String = required("UserName", &USER_NAME_TYPE);
        ssh_public_key_id: String = required("SSHPublicKeyId", &PUBLIC_KEY_ID_TYPE);
        encoding: String = required("Encoding", &ENCODING_TYPE);
    }
    GetServerCertificateRequest {
        server_certificate_name: String = required("ServerCertificateName", &SERVER_CERTIFICATE_NAME_TYPE);
    }
    GetServiceLastAccessedDetailsRequest {
        job_id: String = required("JobId", &JOB_ID_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
    }
    GetServiceLastAccessedDetailsWithEntitiesRequest {
        job_id: String = required("JobId", &JOB_ID_TYPE);
        service_namespace: String = required("ServiceNamespace", &SERVICE_NAMESPACE_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
    }
    GetServiceLinkedRoleDeletionStatusRequest {
        deletion_task_id: String = required("DeletionTaskId", &DELETION_TASK_ID_TYPE);
    }
    GetUserRequest {
        user_name: Option<String> = optional("UserName", &EXISTING_USER_NAME_TYPE);
    }
    GetUserPolicyRequest {
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
        policy_name: String = required("PolicyName", &POLICY_NAME_TYPE);
    }
}
