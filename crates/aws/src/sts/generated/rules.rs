//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.

use crate::constraint::{Rule, pattern};

crate::constraint::rules! {
    PROVIDED_CONTEXTS_LIST_TYPE = Rule::ANY.least(1).most(5);
    ROOT_DURATION_SECONDS_TYPE = Rule::ANY.least(0).most(900);
    SAML_ASSERTION_TYPE = Rule::ANY.least(4).most(100_000).sensitive();
    TARGET_PRINCIPAL_TYPE = Rule::ANY.least(12).most(2048);
    ACCESS_KEY_ID_TYPE = Rule::ANY.least(16).most(128).pattern(&pattern::WORD_OR_EMPTY);
    ARN_TYPE = Rule::ANY.least(20).most(2048).pattern(&pattern::XML_TEXT);
    CLIENT_TOKEN_TYPE = Rule::ANY.least(4).most(20_000).sensitive();
    CONTEXT_ASSERTION_TYPE = Rule::ANY.least(4).most(2048);
    DURATION_SECONDS_TYPE = Rule::ANY.least(900).most(129_600);
    ENCODED_MESSAGE_TYPE = Rule::ANY.least(1).most(10_240);
    EXTERNAL_ID_TYPE = Rule::ANY.least(2).most(1224).pattern(&pattern::EXTERNAL_ID);
    JWT_ALGORITHM_TYPE = Rule::ANY.least(5).most(5);
    MINIMUM_SESSION_TOKEN_SIZE_TYPE = Rule::ANY.least(0).most(4096);
    ROLE_DURATION_SECONDS_TYPE = Rule::ANY.least(900).most(43_200);
    ROLE_SESSION_NAME_TYPE = Rule::ANY.least(2).most(64).pattern(&pattern::NAME_OR_EMPTY);
    SERIAL_NUMBER_TYPE = Rule::ANY.least(9).most(256).pattern(&pattern::SERIAL_NUMBER_OR_EMPTY);
    SESSION_POLICY_DOCUMENT_TYPE = Rule::ANY.least(1).most(2048).pattern(&pattern::DOCUMENT);
    SOURCE_IDENTITY_TYPE = Rule::ANY.least(2).most(64).pattern(&pattern::NAME_OR_EMPTY);
    TAG_KEY_LIST_TYPE = Rule::ANY.most(50).of(&TAG_KEY_TYPE);
    TAG_KEY_TYPE = Rule::ANY.least(1).most(128).pattern(&pattern::TAG_KEY);
    TAG_LIST_TYPE = Rule::ANY.most(50);
    TAG_VALUE_TYPE = Rule::ANY.least(0).most(256).pattern(&pattern::TAG_VALUE);
    TOKEN_CODE_TYPE = Rule::ANY.least(6).most(6).pattern(&pattern::DIGITS_OR_EMPTY).sensitive();
    TRADE_IN_TOKEN_TYPE = Rule::ANY.sensitive();
    UNRESTRICTED_SESSION_POLICY_DOCUMENT_TYPE = Rule::ANY.least(1).pattern(&pattern::DOCUMENT);
    URL_TYPE = Rule::ANY.least(4).most(2048);
    USER_NAME_TYPE = Rule::ANY.least(2).most(32).pattern(&pattern::NAME_OR_EMPTY);
    WEB_IDENTITY_TOKEN_AUDIENCE_LIST_TYPE = Rule::ANY.least(1).most(10).of(&WEB_IDENTITY_TOKEN_AUDIENCE_STRING_TYPE);
    WEB_IDENTITY_TOKEN_AUDIENCE_STRING_TYPE = Rule::ANY.least(1).most(1000);
    WEB_IDENTITY_TOKEN_DURATION_SECONDS_TYPE = Rule::ANY.least(60).most(3600);
}
