//! S3 targets: any host and path are refused, or mean a bucket and a key that stay inside it.
#![no_main]

use bowline_aws::s3::{BucketName, ObjectKey, Operation, OperationRequest, S3Target, decode_query};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str)| {
    let (host, path, query) = input;
    let Ok(target) = S3Target::parse(host, path, &["localhost", "s3.example.com"]) else {
        return;
    };
    assert!(target.key.is_none() || target.bucket.is_some());
    if let Some(bucket) = &target.bucket {
        assert_eq!(bucket.as_str().parse::<BucketName>().as_ref(), Ok(bucket));
    }
    if let Some(key) = &target.key {
        assert_eq!(ObjectKey::new(key.as_str()).as_ref(), Ok(key));
    }
    let Ok(query) = decode_query(query) else {
        return;
    };
    for method in ["GET", "HEAD", "PUT", "DELETE", "POST"] {
        let request = OperationRequest {
            method,
            query: &query,
            headers: &[],
        };
        if let Ok(operation) = Operation::parse(target.clone(), &request) {
            assert_eq!(operation.bucket(), target.bucket.as_ref());
            assert!(!operation.requirements().is_empty());
        }
    }
});
