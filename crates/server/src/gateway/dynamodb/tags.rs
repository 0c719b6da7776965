//! Tags of tables, which are in the table's record: policies see the current ones.

use std::collections::BTreeMap;

use bowline_aws::{
    dynamodb::{Operation, Request},
    error::{AwsError, Code},
};
use bowline_iam::decision::Permit;
use bowline_json::Json;
use serde_json::json;

use super::{TableCall, execute::AuthorizedTableOperation, tables::records::update_record};
use crate::{
    identity::entity::{self, table::MAX_TAGS},
    request::error::RequestError,
};

/// Maximum length of a tag's key, in characters.
const MAX_KEY_CHARS: usize = 128;
/// Maximum length of a tag's value, in characters.
const MAX_VALUE_CHARS: usize = 256;

/// The tags in a request.
///
/// # Errors
/// `ValidationException` for tags that AWS rejects, and for a repeated key.
pub(super) fn requested(request: &Request<'_>) -> Result<BTreeMap<String, String>, AwsError> {
    let tags = request.get("Tags").and_then(Json::as_array);
    let mut requested = BTreeMap::new();
    for tag in tags.into_iter().flatten() {
        let text = |name| tag.get(name).and_then(Json::as_str);
        let (name, value) = (
            text("Key").unwrap_or_default(),
            text("Value").unwrap_or_default(),
        );
        let lengths = (1..=MAX_KEY_CHARS).contains(&name.chars().count())
            && value.chars().count() <= MAX_VALUE_CHARS;
        if !lengths {
            return Err(invalid(
                "One or more parameter values were invalid: A tag's key has 1 to 128 characters and its value 256 at most",
            ));
        }
        if name
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
        {
            return Err(invalid(
                "One or more parameter values were invalid: Tag keys starting with 'aws:' are reserved for system use",
            ));
        }
        // Condition keys ignore the case of tag keys.
        if requested
            .keys()
            .any(|known: &String| known.eq_ignore_ascii_case(name))
        {
            return Err(invalid(
                "One or more parameter values were invalid: Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        requested.insert(name.to_owned(), value.to_owned());
    }
    check_count(&requested)?;
    Ok(requested)
}

/// `ListTagsOfResource`. All tags fit into one page.
pub(super) fn list(
    call: &TableCall<'_>,
    permit: &Permit<AuthorizedTableOperation<'_>>,
) -> Result<String, RequestError> {
    if call.request.get("NextToken").is_some() {
        return Err(invalid("Invalid NextToken: there are no more tags").into());
    }
    let tables = call.usable(permit)?;
    let tags = tables.into_iter().flat_map(|table| &table.tags);
    let tags: Vec<_> = tags
        .map(|(name, value)| json!({ "Key": name, "Value": value }))
        .collect();
    Ok(json!({ "Tags": tags }).to_string())
}

/// `TagResource` and `UntagResource`.
pub(super) async fn change(
    call: &TableCall<'_>,
    permit: &Permit<AuthorizedTableOperation<'_>>,
) -> Result<String, RequestError> {
    let added = requested(call.request)?;
    let removed: Vec<&str> = call
        .request
        .get("TagKeys")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    let adds = call.request.operation() == Operation::TagResource;
    for table in call.usable(permit)? {
        update_record(&call.app.state, table, |record| {
            let mut tags = record.tags.clone();
            if adds {
                tags.retain(|known, _| !added.keys().any(|name| name.eq_ignore_ascii_case(known)));
                tags.extend(added.clone());
            } else {
                tags.retain(|known, _| !removed.contains(&&**known));
            }
            check_count(&tags)?;
            Ok(entity::Table {
                tags,
                ..record.clone()
            })
        })
        .await?;
    }
    // AWS's response has no body.
    Ok(String::new())
}

fn check_count(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    if tags.len() > MAX_TAGS {
        return Err(invalid(
            "One or more parameter values were invalid: Too many tags: a table has 50 at most",
        ));
    }
    Ok(())
}

fn invalid(message: &'static str) -> AwsError {
    AwsError::new(Code::ValidationError, message)
}
