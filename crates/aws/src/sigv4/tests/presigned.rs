//! Presigned requests: one that is accepted, and each thing that makes it another request.

use aws_lc_rs::digest;

use super::*;
use crate::hex;

/// Presigns `target` of STS with these further headers, as a signer of its own.
fn presigned(method: &str, target: &str, headers: &[(&str, &str)], at: &str) -> Request {
    let day = at.get(..8).unwrap();
    let mut request = Request::new(method, target, "");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    names.push("host");
    names.sort_unstable();
    let query = format!(
        "{}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F{}%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date={at}&X-Amz-Expires=60&X-Amz-SignedHeaders={}",
        request.query,
        day,
        names.join("%3B"),
    );
    request.query = query;
    let empty = hex::encode(digest::digest(&digest::SHA256, b"").as_ref());
    let canonical = request.with(|parts| {
        canonical_request(parts, &names.join(";"), &empty, SigningRules::Standard).unwrap()
    });
    let scope = CredentialScope::new(day, "us-east-1", "sts").unwrap();
    let to_sign = string_to_sign(at, &scope, &canonical);
    let signature = hex::encode(&DerivedKey::derive(&secret(), scope).sign(to_sign.as_bytes()));
    request.query.extend(["&X-Amz-Signature=", &signature]);
    request
}

const CALL: &str = "/?Action=GetCallerIdentity&Version=2011-06-15";

fn call() -> Request {
    let request = presigned(
        "GET",
        CALL,
        &[("x-k8s-aws-id", "cluster-1")],
        "20261124T003000Z",
    );
    assert!(request.verified().is_ok());
    request
}

#[test]
fn a_presigned_request_is_valid_for_fifteen_minutes_whatever_it_says() {
    let after = |minutes: i64| {
        let later = now() + jiff::SignedDuration::from_mins(minutes);
        call()
            .verified_at(later)
            .map(|verified| verified.requested())
    };
    assert_eq!(after(0), Ok(now()));
    assert_eq!(after(15), Ok(now()));
    assert!(matches!(after(16), Err(SignatureError::Expired { .. })));
    assert!(matches!(
        after(-16),
        Err(SignatureError::NotYetCurrent { .. })
    ));
}

#[test]
fn a_changed_presigned_request_is_rejected() {
    let mismatch = Err(SignatureError::Mismatch);
    let changed = |change: &dyn Fn(&mut Request)| {
        let mut request = call();
        change(&mut request);
        request.verified().map(|_| ())
    };
    let replaced = |from: &'static str, to: &'static str| {
        changed(&|r| {
            assert!(r.query.contains(from));
            r.query = r.query.replace(from, to);
        })
    };
    assert_eq!(replaced("GetCallerIdentity", "AssumeRole"), mismatch);
    assert_eq!(replaced("Expires=60", "Expires=61"), mismatch);
    assert_eq!(replaced("T003000Z", "T003001Z"), mismatch);
    assert_eq!(replaced("us-east-1", "us-west-2"), mismatch);
    assert_eq!(changed(&|r| r.query += "&a=b"), mismatch);
    assert_eq!(changed(&|r| r.method = "POST".to_owned()), mismatch);
    assert_eq!(
        changed(&|r| r.body = b"Action=AssumeRole".to_vec()),
        mismatch
    );
    assert_eq!(
        changed(&|r| *r = r.clone().set("x-k8s-aws-id", "cluster-2")),
        mismatch
    );
    assert_eq!(changed(&|r| *r = r.clone().set("host", "other")), mismatch);
    assert_eq!(
        replaced("x-k8s-aws-id", "x-k8s-aws-ie"),
        Err(SignatureError::HeaderNotSigned("x-k8s-aws-id".to_owned()))
    );
}

#[test]
fn headers_that_change_the_meaning_must_be_signed_and_others_need_not() {
    let plain = || presigned("GET", CALL, &[], "20261124T003000Z");
    for name in ["X-K8s-Aws-Id", "x-vault-aws-iam-server-id", "X-Amz-Target"] {
        assert_eq!(
            plain().header(name, "a").verified().map(|_| ()),
            Err(SignatureError::HeaderNotSigned(name.to_ascii_lowercase()))
        );
    }
    for name in ["accept", "user-agent", "x-forwarded-for", "x-amzn-trace-id"] {
        assert!(plain().header(name, "a").verified().is_ok(), "{name}");
    }
    assert_eq!(
        plain()
            .header("x-amz-security-token", "a")
            .verified()
            .map(|_| ()),
        Err(SignatureError::SeveralMechanisms)
    );
}

#[test]
fn parameters_of_the_signature_are_there_once_and_well_formed() {
    let replaced = |from: &str, to: &str| {
        let mut request = call();
        assert!(request.query.contains(from));
        request.query = request.query.replacen(from, to, 1);
        request.rejection()
    };
    insta::assert_snapshot!(replaced("X-Amz-Expires=60", "X-Amz-Expires=0"), @"malformed authorization header: `X-Amz-Expires` is not a number of seconds from 1 to 604800");
    insta::assert_snapshot!(replaced("X-Amz-Expires=60", "X-Amz-Expires=604801"), @"malformed authorization header: `X-Amz-Expires` is not a number of seconds from 1 to 604800");
    insta::assert_snapshot!(replaced("X-Amz-Date=", "X-Amz-Date=20261124T003000Z&X-Amz-Date="), @"malformed authorization header: parameter `X-Amz-Date` is given more than once");
    insta::assert_snapshot!(replaced("X-Amz-Date=", "x-amz-date="), @"malformed authorization header: parameter `X-Amz-Date` is missing");
    insta::assert_snapshot!(replaced("AWS4-HMAC-SHA256", "none"), @"malformed authorization header: unsupported algorithm in `X-Amz-Algorithm`");
    insta::assert_snapshot!(replaced("SignedHeaders=host%3B", "SignedHeaders="), @"header `host` is not signed");
    insta::assert_snapshot!(replaced("SignedHeaders=host%3Bx", "SignedHeaders=host%3BX"), @"malformed authorization header: signed headers `host;X-k8s-aws-id` are not sorted lower-case names without repeats");
    insta::assert_snapshot!(replaced("%2Fsts%2F", "%2Fs3%2F"), @"presigned URLs are not supported");
    insta::assert_snapshot!(call().header("authorization", "AWS4-HMAC-SHA256 a").rejection(), @"the request is signed in more than one way");
}

#[test]
fn the_api_gets_the_query_without_the_signature() {
    call().with(|parts| {
        let PresentedSignature::Query(request) = present(parts).unwrap() else {
            panic!("the request is presigned")
        };
        assert_eq!(
            request.parameters(),
            "Action=GetCallerIdentity&Version=2011-06-15"
        );
    });
}
