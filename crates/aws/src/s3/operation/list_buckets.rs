//! `ListBuckets`.

use super::declaration::{S3Operation, Service};
use crate::{
    error::AwsError,
    s3::{error::invalid_argument, parameters::RequestParameters},
};

/// The most buckets of a page.
const MAX_BUCKETS: usize = 10_000;

/// Lists a page of the buckets of the caller's account. A parameter that was not sent is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListBuckets {
    /// Lists only buckets whose names have this prefix.
    pub prefix: Option<String>,
    /// Lists only buckets of this region.
    pub region: Option<String>,
    /// The most buckets.
    pub max_buckets: Option<usize>,
    /// The token of the last page.
    pub continuation_token: Option<String>,
}

impl S3Operation for ListBuckets {
    const QUERY: &'static [&'static str] = &[
        "bucket-region",
        "continuation-token",
        "max-buckets",
        "prefix",
    ];

    fn parse(_: Service, parameters: &RequestParameters<'_>) -> Result<Self, AwsError> {
        let text = |name| parameters.query(name).map(str::to_owned);
        let max_buckets = match parameters.query("max-buckets") {
            None | Some("") => None,
            Some(value) => match value.parse() {
                Ok(max @ 1..=MAX_BUCKETS) => Some(max),
                Ok(_) | Err(_) => return Err(invalid_argument("max-buckets", value)),
            },
        };
        Ok(Self {
            prefix: text("prefix"),
            region: text("bucket-region").filter(|region| !region.is_empty()),
            max_buckets,
            continuation_token: text("continuation-token").filter(|token| !token.is_empty()),
        })
    }

    fn target(&self) -> &Service {
        &Service
    }
}

impl ListBuckets {
    /// The most buckets of the page.
    pub fn max(&self) -> usize {
        self.max_buckets.unwrap_or(MAX_BUCKETS)
    }

    /// Whether the response shows more than names and times: as on AWS, if the request is for a
    /// part of the buckets.
    pub fn is_for_part(&self) -> bool {
        *self
            != Self {
                prefix: None,
                region: None,
                max_buckets: None,
                continuation_token: None,
            }
    }
}
