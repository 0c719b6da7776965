//! Headers of S3 requests and the body of `CreateBucket`: any are parsed or rejected.
//!
//! Input: the query and up to eight headers as `name: value`, in lines, an empty line, and the
//! body.

use bowline_aws::s3::{Operation, OperationRequest, S3Target, decode_query};

/// Parses the operations of a bucket and of an object with these headers.
pub fn run(input: &[u8]) {
    let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&input[..end], &input[end + 2..]),
        None => (input, &[][..]),
    };
    let Ok(head) = str::from_utf8(head) else {
        return;
    };
    let mut lines = head.split('\n');
    let Ok(query) = decode_query(lines.next().unwrap_or_default()) else {
        return;
    };
    let headers: Vec<(&str, &[u8])> = lines
        .take(8)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name, value.as_bytes()))
        .collect();
    for path in ["/insights", "/insights/a"] {
        let target = S3Target::parse("localhost", path, &["localhost"]).expect("a target");
        for method in ["GET", "HEAD", "PUT", "DELETE", "POST"] {
            let request = OperationRequest {
                method,
                query: &query,
                headers: &headers,
            };
            if let Ok(mut operation) = Operation::parse(target.clone(), &request) {
                let bucket = operation.bucket().map(ToString::to_string);
                assert_eq!(bucket.as_deref(), Some("insights"));
                let _ = operation.read_body(body);
                assert!(!operation.requirements().is_empty());
            }
        }
    }
}
