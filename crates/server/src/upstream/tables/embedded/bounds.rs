//! Bounds of requests that protect the engine.
//!
//! The engine's parser recurses for every parenthesis, and the engine does some work again and
//! again for parts of one request. The service has no such limits, so clients see these only if
//! they try. The limits of the service itself are checked when a request is read.

use std::collections::HashMap;

use bowline_aws::{
    dynamodb::{
        Operation, Request,
        expression::{Names, Token, is_keyword, tokens},
    },
    error::{AwsError, Code},
};
use bowline_json::{Json, JsonObject};

/// Maximum number of parentheses that are open at once. AWS rejects redundant parentheses instead,
/// and each of the others takes an operator.
const MAX_PARENTHESIS_DEPTH: usize = 100;
/// How often an update may read one attribute: the engine copies it each time, before it checks the
/// size of the result.
const MAX_ATTRIBUTE_COPIES: usize = 20;
/// Maximum number of names in `AttributesToGet`: the engine compares each with each.
const MAX_ATTRIBUTES_TO_GET: usize = 256;
/// Maximum number of elements of the sets that the updates of a request add to or delete from: the
/// engine searches the item's set for each.
const MAX_SET_ELEMENTS: usize = 1_000;

/// Checks a request.
///
/// # Errors
/// `ValidationException`.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other operations have none of these"
)]
pub(super) fn check(request: &Request<'_>) -> Result<(), AwsError> {
    check_attributes_to_get(request.get("AttributesToGet"))?;
    match request.operation() {
        Operation::BatchGetItem => {
            let tables = request.get("RequestItems").and_then(Json::as_object);
            for table in tables.map(JsonObject::members).unwrap_or_default() {
                check_attributes_to_get(table.value.get("AttributesToGet"))?;
            }
        }
        Operation::TransactWriteItems => {
            let items = request.get("TransactItems").and_then(Json::as_array);
            let items = items.unwrap_or_default().iter();
            let updates = items.filter_map(|item| item.get("Update"));
            let counts = updates.map(|update| changed_elements(|name| update.get(name)));
            check_set_elements(counts.sum())?;
        }
        Operation::UpdateItem => {
            check_set_elements(changed_elements(|name| request.get(name)))?;
        }
        _ => {}
    }
    for expression in request.expressions() {
        check_depth(expression.member, expression.text)?;
        if expression.member == "UpdateExpression" {
            check_copies(expression.text, &expression.names())?;
        }
    }
    Ok(())
}

fn check_attributes_to_get(names: Option<&Json<'_>>) -> Result<(), AwsError> {
    match names.and_then(Json::as_array).map(<[_]>::len) {
        Some(length) if length > MAX_ATTRIBUTES_TO_GET => {
            let problem = format!(
                "Value at 'attributesToGet' failed to satisfy constraint: Member must have length less than or equal to {MAX_ATTRIBUTES_TO_GET}"
            );
            Err(AwsError::validation(&[problem]))
        }
        Some(_) | None => Ok(()),
    }
}

/// Counts every parenthesis, whether the text is an expression or not.
fn check_depth(member: &str, expression: &str) -> Result<(), AwsError> {
    let mut depth = 0_usize;
    for byte in expression.bytes() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_PARENTHESIS_DEPTH {
            return Err(invalid(&format!(
                "Invalid {member}: The expression has more than {MAX_PARENTHESIS_DEPTH} parentheses within each other"
            )));
        }
    }
    Ok(())
}

/// Checks how often an update reads each attribute.
fn check_copies(update: &str, names: &Names<'_>) -> Result<(), AwsError> {
    // The engine rejects malformed expressions.
    let all = tokens(update).unwrap_or_default();
    let mut copies: HashMap<&str, usize> = HashMap::new();
    let mut is_value = false;
    let mut depth = 0_usize;
    for (at, token) in all.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| all.get(at));
        let attribute = match *token {
            Token::Sign('=') => {
                is_value = true;
                continue;
            }
            Token::Sign('(') => {
                depth += 1;
                continue;
            }
            Token::Sign(')') => {
                depth = depth.saturating_sub(1);
                continue;
            }
            Token::Sign(',') if depth == 0 => {
                is_value = false;
                continue;
            }
            Token::Word(word) if is_keyword(word) => {
                is_value = false;
                continue;
            }
            Token::Word(word) if all.get(at + 1) != Some(&Token::Sign('(')) => word,
            Token::Name(name) => names.resolve(name).unwrap_or(name),
            Token::Word(_) | Token::Value(_) | Token::Digits(_) | Token::Sign(_) => continue,
        };
        if !is_value || before == Some(&Token::Sign('.')) {
            continue;
        }
        let count = copies.entry(attribute).or_default();
        *count += 1;
        if *count > MAX_ATTRIBUTE_COPIES {
            return Err(invalid(&format!(
                "Invalid UpdateExpression: The expression takes the value of an attribute more than {MAX_ATTRIBUTE_COPIES} times"
            )));
        }
    }
    Ok(())
}

/// The number of elements of the sets that an update adds to or deletes from. `member` finds the
/// update's members.
fn changed_elements<'v, 'j: 'v>(member: impl Fn(&str) -> Option<&'v Json<'j>>) -> usize {
    let elements = |value: &Json<'_>| -> usize {
        let sets = ["SS", "NS", "BS"].iter();
        sets.filter_map(|kind| value.get(kind)?.as_array())
            .map(<[_]>::len)
            .sum()
    };
    let members = |name| {
        let object = member(name).and_then(Json::as_object);
        object.map(JsonObject::members).unwrap_or_default().iter()
    };
    let expression = member("UpdateExpression").and_then(Json::as_str);
    let changes_sets = expression.is_some_and(|text| {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .any(|word| word.eq_ignore_ascii_case("ADD") || word.eq_ignore_ascii_case("DELETE"))
    });
    let by_expression: usize = if changes_sets {
        let values = members("ExpressionAttributeValues");
        values.map(|value| elements(&value.value)).sum()
    } else {
        0
    };
    let by_attribute_updates: usize = members("AttributeUpdates")
        .filter(|update| update.value.get("Action").and_then(Json::as_str) != Some("PUT"))
        .filter_map(|update| update.value.get("Value"))
        .map(elements)
        .sum();
    by_expression + by_attribute_updates
}

fn check_set_elements(count: usize) -> Result<(), AwsError> {
    if count > MAX_SET_ELEMENTS {
        return Err(invalid(&format!(
            "One or more parameter values were invalid: Too many elements of sets to add or delete: a request has {MAX_SET_ELEMENTS} at most"
        )));
    }
    Ok(())
}

fn invalid(message: &str) -> AwsError {
    AwsError::new(Code::ValidationError, message.to_owned())
}

#[cfg(test)]
mod tests;
