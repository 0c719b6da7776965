//! Tokens: any text is read or refused, and reading it again says the same. Key sets and URLs likewise.
#![no_main]

use bowline_server::oidc::{
    DecodedToken, TokenError, UnverifiedToken, validate_ca_bundle, validate_jwks, validate_url,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let issuer = |text| -> Result<String, TokenError> {
        let decoded = DecodedToken::decode(text)?;
        Ok(UnverifiedToken::read(&decoded)?
            .unverified_issuer()
            .to_owned())
    };
    assert_eq!(issuer(text), issuer(text.trim_ascii()));
    let _ = validate_jwks(text);
    let _ = validate_ca_bundle(text);
    let _ = validate_url(text, true);
});
