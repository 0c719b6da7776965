//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use super::rules::*;
use super::structures::PolicyDescriptorType;
use super::structures::ProvidedContext;
use super::structures::Tag;
use crate::constraint::Rule;
use crate::constraint::Secret;

crate::constraint::input! {
    AssumeRoleRequest {
        role_arn: String = required("RoleArn", &ARN_TYPE);
        role_session_name: String = required("RoleSessionName", &ROLE_SESSION_NAME_TYPE);
        policy_arns: Option<Vec<PolicyDescriptorType>> = optional("PolicyArns", &Rule::ANY);
        policy: Option<String> = optional("Policy", &UNRESTRICTED_SESSION_POLICY_DOCUMENT_TYPE);
        duration_seconds: Option<i32> = optional("DurationSeconds", &ROLE_DURATION_SECONDS_TYPE);
        tags: Option<Vec<Tag>> = optional("Tags", &TAG_LIST_TYPE);
        transitive_tag_keys: Option<Vec<String>> = optional("TransitiveTagKeys", &TAG_KEY_LIST_TYPE);
        external_id: Option<String> = optional("ExternalId", &EXTERNAL_ID_TYPE);
        serial_number: Option<String> = optional("SerialNumber", &SERIAL_NUMBER_TYPE);
        token_code: Option<Secret> = optional("TokenCode", &TOKEN_CODE_TYPE);
        source_identity: Option<String> = optional("SourceIdentity", &SOURCE_IDENTITY_TYPE);
        provided_contexts: Option<Vec<ProvidedContext>> = optional("ProvidedContexts", &PROVIDED_CONTEXTS_LIST_TYPE);
        minimum_session_token_size: Option<i32> = optional("MinimumSessionTokenSize", &MINIMUM_SESSION_TOKEN_SIZE_TYPE);
    }
    AssumeRoleWithSAMLRequest {
        role_arn: String = required("RoleArn", &ARN_TYPE);
        principal_arn: String = required("PrincipalArn", &ARN_TYPE);
        saml_assertion: Secret = required("SAMLAssertion", &SAML_ASSERTION_TYPE);
        policy_arns: Option<Vec<PolicyDescriptorType>> = optional("PolicyArns", &Rule::ANY);
        policy: Option<String> = optional("Policy", &SESSION_POLICY_DOCUMENT_TYPE);
        duration_seconds: Option<i32> = optional("DurationSeconds", &ROLE_DURATION_SECONDS_TYPE);
        minimum_session_token_size: Option<i32> = optional("MinimumSessionTokenSize", &MINIMUM_SESSION_TOKEN_SIZE_TYPE);
    }
    AssumeRoleWithWebIdentityRequest {
        role_arn: String = required("RoleArn", &ARN_TYPE);
        role_session_name: String = required("RoleSessionName", &ROLE_SESSION_NAME_TYPE);
        web_identity_token: Secret = required("WebIdentityToken", &CLIENT_TOKEN_TYPE);
        provider_id: Option<String> = optional("ProviderId", &URL_TYPE);
        policy_arns: Option<Vec<PolicyDescriptorType>> = optional("PolicyArns", &Rule::ANY);
        policy: Option<String> = optional("Policy", &SESSION_POLICY_DOCUMENT_TYPE);
        duration_seconds: Option<i32> = optional("DurationSeconds", &ROLE_DURATION_SECONDS_TYPE);
        minimum_session_token_size: Option<i32> = optional("MinimumSessionTokenSize", &MINIMUM_SESSION_TOKEN_SIZE_TYPE);
    }
    AssumeRootRequest {
        target_principal: String = required("TargetPrincipal", &TARGET_PRINCIPAL_TYPE);
        task_policy_arn: PolicyDescriptorType = required("TaskPolicyArn", &Rule::ANY);
        duration_seconds: Option<i32> = optional("DurationSeconds", &ROOT_DURATION_SECONDS_TYPE);
        minimum_session_token_size: Option<i32> = optional("MinimumSessionTokenSize", &MINIMUM_SESSION_TOKEN_SIZE_TYPE);
    }
    DecodeAuthorizationMessageRequest {
        encoded_message: String = required("EncodedMessage", &ENCODED_MESSAGE_TYPE);
    }
}
