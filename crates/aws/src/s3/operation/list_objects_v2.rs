//! `ListObjectsV2`.

use super::declaration::{
    Declared as _, Neutral, OperationTarget as _, REQUEST_PAYER, S3Operation,
};
use crate::{
    error::AwsError,
    requirement::Requirement,
    s3::{
        BucketName, ObjectKey,
        error::invalid_argument,
        parameters::{EXPECTED_OWNER, RequestParameters},
    },
};

/// Lists a page of keys. A parameter that was not sent is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListObjectsV2 {
    /// The bucket.
    pub bucket: BucketName,
    /// Lists only keys with this prefix.
    pub prefix: Option<String>,
    /// Keys that share what precedes the delimiter become one common prefix.
    pub delimiter: Option<String>,
    /// The most entries; a page never has more than 1,000.
    pub max_keys: Option<u32>,
    /// The token of the last page.
    pub continuation_token: Option<String>,
    /// Lists only keys after this one.
    pub start_after: Option<String>,
    /// Whether the response percent-encodes keys.
    pub encode_url: bool,
    /// Whether the response shows owners.
    pub fetch_owner: bool,
}

impl S3Operation for ListObjectsV2 {
    const QUERY: &'static [&'static str] = &[
        "prefix",
        "delimiter",
        "max-keys",
        "continuation-token",
        "start-after",
        "encoding-type",
        "fetch-owner",
    ];
    const HEADERS: &'static [&'static str] = &[EXPECTED_OWNER];
    // No object is archived, so none has a restore status.
    const NEUTRAL: &'static [Neutral] = &[
        ("x-amz-optional-object-attributes", &["RestoreStatus"]),
        REQUEST_PAYER,
    ];

    fn parse(bucket: BucketName, parameters: &RequestParameters<'_>) -> Result<Self, AwsError> {
        let text = |name: &str| -> Result<Option<String>, AwsError> {
            match parameters.query(name) {
                // A text that is compared with keys needs no more characters than a key has.
                Some(value) if value.len() > 2 * ObjectKey::MAX_LEN => {
                    Err(invalid_argument(name, value))
                }
                value => Ok(value.map(str::to_owned)),
            }
        };
        let max_keys = match parameters.query("max-keys") {
            None | Some("") => None,
            Some(value) => match value.parse::<i32>().map(u32::try_from) {
                Ok(Ok(n)) => Some(n),
                Ok(Err(_)) | Err(_) => return Err(invalid_argument("max-keys", value)),
            },
        };
        let encode_url = match parameters.query("encoding-type") {
            None | Some("") => false,
            Some("url") => true,
            Some(value) => return Err(invalid_argument("encoding-type", value)),
        };
        Ok(Self {
            bucket,
            prefix: text("prefix")?,
            delimiter: text("delimiter")?,
            max_keys,
            continuation_token: text("continuation-token")?,
            start_after: text("start-after")?,
            encode_url,
            fetch_owner: parameters.query("fetch-owner") == Some("true"),
        })
    }

    fn target(&self) -> &BucketName {
        &self.bucket
    }

    fn requirements(&self) -> Vec<Requirement<'static>> {
        vec![self.bucket.requirement(Self::ACTION).with([
            ("s3:prefix", self.prefix.clone()),
            ("s3:delimiter", self.delimiter.clone()),
            ("s3:max-keys", self.max_keys.map(|n| n.to_string())),
        ])]
    }

    fn audited_parameters(&self) -> Vec<(&'static str, String)> {
        let prefix = self.prefix.clone().map(|prefix| ("prefix", prefix));
        let delimiter = self.delimiter.clone().map(|text| ("delimiter", text));
        prefix.into_iter().chain(delimiter).collect()
    }
}
