//! Web identity tokens, key sets, certificate bundles and provider URLs: any text is parsed or
//! rejected.
//!
//! Input: a text, which is parsed as each of them.

use bowline_server::oidc::{
    DecodedToken, TokenError, UnverifiedToken, validate_ca_bundle, validate_jwks, validate_url,
};

/// Parses the text as a token, twice, and as the other kinds.
pub fn run(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
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
}
