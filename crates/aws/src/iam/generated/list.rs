//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use super::rules::*;
use crate::constraint::Rule;

crate::constraint::input! {
    ListAccessKeysRequest {
        user_name: Option<String> = optional("UserName", &EXISTING_USER_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListAccountAliasesRequest {
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListAttachedGroupPoliciesRequest {
        group_name: String = required("GroupName", &GROUP_NAME_TYPE);
        path_prefix: Option<String> = optional("PathPrefix", &POLICY_PATH_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListAttachedRolePoliciesRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        path_prefix: Option<String> = optional("PathPrefix", &POLICY_PATH_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListAttachedUserPoliciesRequest {
        user_name: String = required("UserName", &USER_NAME_TYPE);
        path_prefix: Option<String> = optional("PathPrefix", &POLICY_PATH_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListDelegationRequestsRequest {
        owner_id: Option<String> = optional("OwnerId", &OWNER_ID_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListEntitiesForPolicyRequest {
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
        entity_filter: Option<String> = optional("EntityFilter", &ENTITY_TYPE);
        path_prefix: Option<String> = optional("PathPrefix", &PATH_TYPE);
        policy_usage_filter: Option<String> = optional("PolicyUsageFilter", &POLICY_USAGE_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListGroupPoliciesRequest {
        group_name: String = required("GroupName", &GROUP_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListGroupsRequest {
        path_prefix: Option<String> = optional("PathPrefix", &PATH_PREFIX_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListGroupsForUserRequest {
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListInstanceProfileTagsRequest {
        instance_profile_name: String = required("InstanceProfileName", &INSTANCE_PROFILE_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListInstanceProfilesRequest {
        path_prefix: Option<String> = optional("PathPrefix", &PATH_PREFIX_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListInstanceProfilesForRoleRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListMFADeviceTagsRequest {
        serial_number: String = required("SerialNumber", &SERIAL_NUMBER_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListMFADevicesRequest {
        user_name: Option<String> = optional("UserName", &EXISTING_USER_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListOpenIDConnectProviderTagsRequest {
        open_id_connect_provider_arn: String = required("OpenIDConnectProviderArn", &ARN_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListOpenIDConnectProvidersRequest {}
    ListOrganizationsFeaturesRequest {}
    ListPoliciesRequest {
        scope: Option<String> = optional("Scope", &POLICY_SCOPE_TYPE);
        only_attached: Option<bool> = optional("OnlyAttached", &Rule::ANY);
        path_prefix: Option<String> = optional("PathPrefix", &POLICY_PATH_TYPE);
        policy_usage_filter: Option<String> = optional("PolicyUsageFilter", &POLICY_USAGE_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListPoliciesGrantingServiceAccessRequest {
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        arn: String = required("Arn", &ARN_TYPE);
        service_namespaces: Vec<String> = required("ServiceNamespaces", &SERVICE_NAMESPACE_LIST_TYPE);
    }
    ListPolicyTagsRequest {
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListPolicyVersionsRequest {
        policy_arn: String = required("PolicyArn", &ARN_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListRolePoliciesRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListRoleTagsRequest {
        role_name: String = required("RoleName", &ROLE_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListRolesRequest {
        path_prefix: Option<String> = optional("PathPrefix", &PATH_PREFIX_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListSAMLProviderTagsRequest {
        saml_provider_arn: String = required("SAMLProviderArn", &ARN_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListSAMLProvidersRequest {}
    ListSSHPublicKeysRequest {
        user_name: Option<String> = optional("UserName", &USER_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListServerCertificateTagsRequest {
        server_certificate_name: String = required("ServerCertificateName", &SERVER_CERTIFICATE_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListServerCertificatesRequest {
        path_prefix: Option<String> = optional("PathPrefix", &PATH_PREFIX_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListServiceSpecificCredentialsRequest {
        user_name: Option<String> = optional("UserName", &USER_NAME_TYPE);
        service_name: Option<String> = optional("ServiceName", &Rule::ANY);
        all_users: Option<bool> = optional("AllUsers", &Rule::ANY);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListSigningCertificatesRequest {
        user_name: Option<String> = optional("UserName", &EXISTING_USER_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListUserPoliciesRequest {
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListUserTagsRequest {
        user_name: String = required("UserName", &EXISTING_USER_NAME_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListUsersRequest {
        path_prefix: Option<String> = optional("PathPrefix", &PATH_PREFIX_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
    ListVirtualMFADevicesRequest {
        assignment_status: Option<String> = optional("AssignmentStatus", &ASSIGNMENT_STATUS_TYPE);
        marker: Option<String> = optional("Marker", &MARKER_TYPE);
        max_items: Option<i32> = optional("MaxItems", &MAX_ITEMS_TYPE);
    }
}
