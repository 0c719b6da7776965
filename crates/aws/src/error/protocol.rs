//! The protocols of clients.

/// The protocol of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// IAM and STS: form parameters in, XML out.
    Query {
        /// The `xmlns` of the response, such as [`STS_NAMESPACE`].
        namespace: &'static str,
    },
    /// S3: XML.
    S3,
    /// DynamoDB: JSON 1.0.
    DynamoDb,
    /// The operator API: JSON 1.1.
    Bowline,
}

/// The XML namespace of STS responses.
pub const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// The XML namespace of IAM responses.
pub const IAM_NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

impl Protocol {
    /// The protocol of STS.
    pub const STS: Self = Self::Query {
        namespace: STS_NAMESPACE,
    };
    /// The protocol of IAM.
    pub const IAM: Self = Self::Query {
        namespace: IAM_NAMESPACE,
    };
}
