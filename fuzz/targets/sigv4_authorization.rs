//! Signatures: no header, target or query makes the reader or the verifier stop, and none verifies by chance.
#![no_main]

use bowline_aws::{
    credentials::SecretAccessKey,
    sigv4::{DerivedKey, Payload, PresentedSignature, RequestParts, present, verify},
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &str, &str, &str, &[u8])| {
    let (authorization, path, query, name, value) = input;
    let headers: [(&str, &[u8]); 5] = [
        ("Host", b"localhost"),
        ("X-Amz-Date", b"19700101T000000Z"),
        ("x-amz-content-sha256", b"UNSIGNED-PAYLOAD"),
        (name, value),
        ("Authorization", authorization),
    ];
    let parts = RequestParts {
        method: "GET",
        path,
        query,
        headers: &headers,
    };
    if let Ok(PresentedSignature::Header(request)) = present(&parts) {
        let secret =
            SecretAccessKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY").expect("a secret");
        let key = DerivedKey::derive(&secret, request.scope().clone());
        assert!(verify(&request, Payload::Declared, &key, Timestamp::UNIX_EPOCH).is_err());
    }
});
