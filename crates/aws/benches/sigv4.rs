//! Verifies the signatures of a `GetObject` and a small POST of a session, with a derived and with
//! a cached signing key.
#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark can stop")]

use std::hint::black_box;

use bowline_aws::{
    credentials::{SecretAccessKey, SessionToken},
    sigv4::{
        Credentials, DerivedKey, Payload, PresentedSignature, RequestParts, SigningPayload,
        present, sign, verify,
    },
};
use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn verifying(criterion: &mut Criterion) {
    let credentials = Credentials {
        access_key_id: "ASIAIOSFODNN7EXAMPLE".parse().expect("a key id"),
        secret_access_key: SecretAccessKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
            .expect("a secret"),
        session_token: Some(SessionToken::new("t".repeat(960)).expect("a token")),
    };
    let body = [b'x'; 500];
    for (name, method, path, service, body) in [
        ("get", "GET", "/bucket/some/key", "s3", &[][..]),
        ("post-500", "POST", "/", "dynamodb", &body[..]),
    ] {
        let plain: [(&str, &[u8]); 2] = [
            ("host", b"127.0.0.1:9400"),
            ("content-type", b"application/x-amz-json-1.0"),
        ];
        let parts = RequestParts {
            method,
            path,
            query: "",
            headers: &plain,
        };
        let added = sign(
            &parts,
            SigningPayload::Whole(body),
            &credentials,
            "us-east-1",
            service,
            NOW,
        )
        .expect("a signature");
        let mut headers = plain.to_vec();
        headers.extend(added.iter().map(|(name, value)| (*name, value.as_bytes())));
        let parts = RequestParts {
            headers: &headers,
            ..parts
        };
        let read = || match present(black_box(&parts)) {
            Ok(PresentedSignature::Header(request)) => request,
            other => panic!("{other:?}"),
        };
        let kept = DerivedKey::derive(&credentials.secret_access_key, read().scope().clone());

        let mut group = criterion.benchmark_group(format!("sigv4/{name}"));
        group.bench_function("derived", |bencher| {
            bencher.iter(|| {
                let request = read();
                let key =
                    DerivedKey::derive(&credentials.secret_access_key, request.scope().clone());
                verify(&request, Payload::Whole(body), &key, NOW).expect("a true signature")
            });
        });
        group.bench_function("kept", |bencher| {
            bencher.iter(|| {
                verify(&read(), Payload::Whole(body), &kept, NOW).expect("a true signature")
            });
        });
        group.finish();
    }
}

criterion_group!(benches, verifying);
criterion_main!(benches);
