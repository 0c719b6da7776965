//! Signed requests: no header, path or query stops the parser or the verifier, and no signature
//! verifies by chance.
//!
//! Input: the `Authorization` header, path, query and the name of a further header, in lines, then
//! its value.

use crate::lines_and_body;
use bowline_aws::{
    credentials::SecretAccessKey,
    sigv4::{DerivedKey, Payload, PresentedSignature, RequestParts, present, verify},
};
use jiff::Timestamp;

/// Parses the request and verifies its signature.
pub fn run(input: &[u8]) {
    let Some(([authorization, path, query, name], value)) = lines_and_body(input) else {
        return;
    };
    let headers: [(&str, &[u8]); 5] = [
        ("Host", b"localhost"),
        ("X-Amz-Date", b"19700101T000000Z"),
        ("x-amz-content-sha256", b"UNSIGNED-PAYLOAD"),
        (name, value),
        ("Authorization", authorization.as_bytes()),
    ];
    let parts = RequestParts {
        method: "GET",
        path,
        query,
        headers: &headers,
    };
    if let Ok(PresentedSignature::Header(request) | PresentedSignature::Query(request)) =
        present(&parts)
    {
        let secret =
            SecretAccessKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY").expect("a secret");
        let key = DerivedKey::derive(&secret, request.scope().clone());
        assert!(verify(&request, Payload::Declared, &key, Timestamp::UNIX_EPOCH).is_err());
    }
}
