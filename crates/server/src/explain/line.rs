//! The line of the log about a request that ended with an error.

use std::fmt::{self, Display};

use bowline_aws::error::Protocol;

use super::explanation::{caller, truncated};
use crate::request::{error::RequestError, record::RequestRecord};

/// What the log says of a failed request. Control characters are escaped, so that no client forges
/// a line.
#[derive(Debug)]
pub(crate) struct FailureLine(String);

impl FailureLine {
    pub(crate) fn new(
        record: &RequestRecord<'_>,
        error: &RequestError,
        protocol: Protocol,
    ) -> Self {
        let operation = record.operation.map_or("-", |operation| operation.name);
        let caller = caller(&record.identity).unwrap_or_else(|| "anonymous".to_owned());
        let client = &error.client;
        let mut line = format!(
            "{}:{operation} by {caller} from {} ended with {} {}: {}",
            record.service.name(),
            record.head.peer.address,
            client.status(protocol),
            client.wire_code(protocol),
            truncated(client.message()),
        );
        if let Some(reason) = &error.internal {
            line.push_str("; ");
            line.push_str(&truncated(reason));
        }
        line.push_str(" (bowline explain ");
        line.push_str(&record.ids.request);
        line.push(')');
        Self(line)
    }
}

impl Display for FailureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_debug())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}
