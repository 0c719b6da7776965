//! Tokens: any text is read or refused, and reading it again says the same. Key sets and URLs likewise.
#![no_main]

use bowline_server::oidc::{UnverifiedToken, validate_ca_bundle, validate_jwks, validate_url};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let issuer = |text| UnverifiedToken::parse(text).map(|token| token.unverified_issuer().to_owned());
    assert_eq!(issuer(text), issuer(text.trim_ascii()));
    let _ = validate_jwks(text);
    let _ = validate_ca_bundle(text);
    let _ = validate_url(text, true);
});
