//! The record that stands for records which were counted instead of written.

use bowline_aws::xml::iso_seconds;
use bowline_iam::account::AccountId;
use bowline_json::JsonWriter;

use super::{
    budget::{Due, Source, Suppressed},
    record::MAX_RECORD_BYTES,
};

/// The name of the event. AWS has none like it, so the source is Bowline.
pub(super) const EVENT_NAME: &str = "SuppressedRecords";

/// A summary as a line of JSON, with its line feed: at most [`MAX_RECORD_BYTES`].
pub(super) fn render(due: &Due, event_id: &str) -> Vec<u8> {
    let mut json = write(due, event_id, true);
    if json.len() >= MAX_RECORD_BYTES {
        json = write(due, event_id, false);
    }
    json.push('\n');
    json.into_bytes()
}

fn write(due: &Due, event_id: &str, with_sample: bool) -> String {
    let Due { source, suppressed } = due;
    JsonWriter::object(4 * 1024, |line| {
        line.text("eventVersion", "1.11");
        line.members("userIdentity", |line| match source {
            Some(Source::Account(account)) => {
                line.text("type", "AWSAccount");
                line.text("accountId", account.as_str());
            }
            Some(Source::Network(_)) | None => line.text("type", "Unknown"),
        });
        line.text("eventTime", &iso_seconds(suppressed.to));
        line.text("eventSource", "bowline");
        line.text("eventName", EVENT_NAME);
        line.null("awsRegion");
        let network = match source {
            Some(Source::Network(network)) => Some(network.to_string()),
            Some(Source::Account(_)) | None => None,
        };
        line.text_or_null("sourceIPAddress", network.as_deref());
        line.null("userAgent");
        line.null("requestParameters");
        line.null("responseElements");
        line.members("additionalEventData", |line| {
            data(line, suppressed, with_sample);
        });
        line.null("requestID");
        line.text("eventID", event_id);
        line.bool("readOnly", true);
        line.text("eventType", "AwsServiceEvent");
        line.bool("managementEvent", true);
        line.null("recipientAccountId");
        line.text("eventCategory", "Management");
    })
}

fn data(line: &mut JsonWriter, suppressed: &Suppressed, with_sample: bool) {
    line.text("from", &iso_seconds(suppressed.from));
    line.text("to", &iso_seconds(suppressed.to));
    line.number("count", suppressed.count);
    line.list("kinds", &suppressed.kinds, |line, (kind, count)| {
        line.text("identity", kind.identity);
        line.text("eventSource", kind.service.event_source());
        line.text("eventName", kind.operation);
        line.text("errorCode", kind.error);
        let account = kind.account.as_ref().map(AccountId::as_str);
        line.text_or_null("recipientAccountId", account);
        line.number("count", *count);
    });
    line.number("otherKinds", suppressed.other_kinds);
    if with_sample && !suppressed.sample.is_empty() {
        line.raw("sample", &suppressed.sample);
    } else {
        line.null("sample");
    }
}
