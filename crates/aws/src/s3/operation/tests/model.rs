//! The parameters of the published model: each is read, accepted with a value that asks for
//! nothing, or refused for a reason. A new one fails the test until it is one of these.

use bowline_json::{Json, JsonLimits};

use super::*;

/// Parameters without a value that asks for nothing, of any operation.
const REFUSED: [&str; 30] = [
    // A condition, of which each value is one.
    "if-match",
    "x-amz-if-match-last-modified-time",
    "x-amz-if-match-size",
    // Part of an object, or another form of it.
    "partNumber",
    "x-amz-write-offset-bytes",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    // A grant, or a second factor.
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-mfa",
    // An encryption, also the default of AWS: objects are not encrypted.
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-context",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-server-side-encryption-customer-key-md5",
    // A redirect.
    "x-amz-website-redirect-location",
    // A lock, which AWS refuses for a bucket without locks, also if it is off.
    "x-amz-object-lock-event-hold",
    "x-amz-object-lock-event-hold-duration-days",
    "x-amz-object-lock-event-hold-duration-years",
    "x-amz-object-lock-legal-hold",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
];

/// The value of a parameter that asks for nothing, or for what is so anyway.
fn nothing(name: &str, parameter: &Json<'_>) -> String {
    let text = |member| parameter.get(member).and_then(Json::as_str);
    let accepted = match name {
        "versionid" => Some("null"),
        "max-keys" | "max-buckets" | "content-length" => Some("5"),
        "x-amz-expected-bucket-owner" => Some("432797229265"),
        "x-amz-optional-object-attributes" => Some("RestoreStatus"),
        "x-amz-storage-class" => Some("STANDARD"),
        "x-amz-object-ownership" => Some("BucketOwnerEnforced"),
        "x-amz-bucket-namespace" => Some("global"),
        "if-none-match" => Some("*"),
        _ => None,
    };
    if let Some(value) = accepted {
        return value.to_owned();
    }
    if text("type") == Some("boolean") {
        return "false".to_owned();
    }
    let values = parameter.get("enum").and_then(Json::as_array);
    let first = values.and_then(|values| values.first()?.as_str());
    first.unwrap_or_default().to_owned()
}

#[test]
fn every_parameter_of_the_model_may_ask_for_nothing_or_is_refused_for_a_reason() {
    let limits = JsonLimits {
        max_bytes: 1 << 20,
        max_depth: 16,
        max_values: 1 << 20,
    };
    let facts = include_str!("../../../../../../tools/facts/s3.json");
    let facts = bowline_json::parse(facts.as_bytes(), &limits).unwrap();
    let operations = facts.get("operations").unwrap();
    let (mut refused, mut accepted) = (std::collections::BTreeSet::new(), 0);
    for row in ROWS {
        let path = match row.target {
            TargetKind::Service => "/",
            TargetKind::Bucket => "/insights",
            TargetKind::Object => "/insights/a",
        };
        let selector = row
            .selector
            .map_or_else(String::new, |selector| format!("&{selector}"));
        let model = operations.get(row.name).unwrap().as_array().unwrap();
        for parameter in model {
            let text = |member| parameter.get(member).and_then(Json::as_str).unwrap();
            let (place, name) = (text("in"), text("name"));
            // A checksum is one of the body, or of an algorithm that is not supported.
            if name.starts_with("x-amz-checksum-") && name != "x-amz-checksum-mode" {
                continue;
            }
            let lower = name.to_ascii_lowercase();
            let value = nothing(&lower, parameter);
            let parsed = if place == "querystring" {
                parse(row.method, &format!("{path}?{name}={value}{selector}"), &[])
            } else {
                parse(
                    row.method,
                    &format!("{path}?{selector}"),
                    &[(&lower, &value)],
                )
            };
            match parsed {
                Ok(operation) => {
                    assert_eq!(operation.name(), row.name, "{name}");
                    accepted += 1;
                }
                Err(_) => drop(refused.insert(if place == "querystring" {
                    name.to_owned()
                } else {
                    lower
                })),
            }
        }
    }
    let listed: std::collections::BTreeSet<_> = REFUSED.map(str::to_owned).into();
    assert_eq!(refused, listed);
    assert!(accepted > 50, "{accepted}");
}
