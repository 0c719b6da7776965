//! S3 request targets: any host and path are rejected, or name a bucket and a key inside it.
//!
//! Input: host, path and query, in lines.

use crate::lines;
use bowline_aws::s3::{BucketName, ObjectKey, Operation, OperationRequest, S3Target, decode_query};

/// Parses the target and every operation on it.
pub fn run(input: &[u8]) {
    let Some([host, path, query]) = lines(input) else {
        return;
    };
    let Ok(target) = S3Target::parse(host, path, &["localhost", "s3.example.com"]) else {
        return;
    };
    let (bucket, object) = match &target {
        S3Target::Service => (None, None),
        S3Target::Bucket(bucket) => (Some(bucket), None),
        S3Target::Object(object) => (Some(&object.bucket), Some(object)),
    };
    if let Some(bucket) = bucket {
        assert_eq!(bucket.as_str().parse::<BucketName>().as_ref(), Ok(bucket));
    }
    if let Some(object) = object {
        let key = ObjectKey::new(object.key.as_str());
        assert_eq!(key.as_ref(), Ok(&object.key));
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
            assert_eq!(operation.bucket(), bucket);
            assert_eq!(operation.object(), object);
            assert!(!operation.requirements().is_empty());
        }
    }
}
