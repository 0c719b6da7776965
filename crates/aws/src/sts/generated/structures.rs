//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use super::rules::*;

crate::constraint::structure! {
    PolicyDescriptorType {
        arn: Option<String> = optional("arn", &ARN_TYPE);
    }
    ProvidedContext {
        provider_arn: Option<String> = optional("ProviderArn", &ARN_TYPE);
        context_assertion: Option<String> = optional("ContextAssertion", &CONTEXT_ASSERTION_TYPE);
    }
    Tag {
        key: String = required("Key", &TAG_KEY_TYPE);
        value: String = required("Value", &TAG_VALUE_TYPE);
    }
}
