//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use super::rules::*;
use crate::constraint::Rule;

crate::constraint::structure! {
    ContextEntry {
        context_key_name: Option<String> = optional("ContextKeyName", &CONTEXT_KEY_NAME_TYPE);
        context_key_values: Option<Vec<String>> = optional("ContextKeyValues", &Rule::ANY);
        context_key_type: Option<String> = optional("ContextKeyType", &CONTEXT_KEY_TYPE_ENUM);
    }
    DelegationPermission {
        policy_template_arn: Option<String> = optional("PolicyTemplateArn", &ARN_TYPE);
        parameters: Option<Vec<PolicyParameter>> = optional("Parameters", &POLICY_PARAMETER_LIST_TYPE);
    }
    InlinePolicyIdentifierType {
        policy_name: String = required("PolicyName", &POLICY_NAME_TYPE);
        attachment_type: String = required("AttachmentType", &ATTACHMENT_TYPE);
        attachment_name: String = required("AttachmentName", &ATTACHMENT_NAME);
    }
    OrderedOrganizationPolicyType {
        service_control_policy_input_list: Option<Vec<String>> = optional("ServiceControlPolicyInputList", &SIMULATION_POLICY_LIST_TYPE);
    }
    PolicyIdentifier {
        policy_type: Option<String> = optional("PolicyType", &POLICY_IDENTIFIER_POLICY_TYPE);
        policy_arn: Option<String> = optional("PolicyArn", &ARN_TYPE);
        inline_policy_identifier: Option<InlinePolicyIdentifierType> = optional("InlinePolicyIdentifier", &Rule::ANY);
    }
    PolicyParameter {
        name: Option<String> = optional("Name", &POLICY_PARAMETER_NAME_TYPE);
        values: Option<Vec<String>> = optional("Values", &POLICY_PARAMETER_VALUES_LIST_TYPE);
        r#type: Option<String> = optional("Type", &POLICY_PARAMETER_TYPE_ENUM);
    }
    ReplacementValueEntry {
        values: Vec<String> = required("Values", &REPLACEMENT_VALUE_LIST_TYPE);
    }
    Tag {
        key: String = required("Key", &TAG_KEY_TYPE);
        value: String = required("Value", &TAG_VALUE_TYPE);
    }
}
