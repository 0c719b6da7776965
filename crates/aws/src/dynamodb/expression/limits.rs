//! How many operators an expression has, counted before it is parsed.
//!
//! Every character is read, whether the text is an expression or not. Stores have limits of their
//! own, such as how deep an expression nests.

use crate::error::{AwsError, Code};

/// Maximum number of operators of an expression, or operators and functions of an update ("Quotas
/// in Amazon `DynamoDB`", operators and operands).
const MAX_OPERATORS: usize = 300;
/// The words that are operators. `BETWEEN` has an `AND`, which counts for both.
const OPERATORS: [&str; 4] = ["AND", "IN", "NOT", "OR"];

/// Checks the expression of a member such as `FilterExpression`.
///
/// # Errors
/// `ValidationException`.
pub(in crate::dynamodb) fn check(member: &str, expression: &str) -> Result<(), AwsError> {
    let is_update = member == "UpdateExpression";
    let mut operators = 0_usize;
    let mut rest = expression;
    let mut before = "";
    while let Some((token, after)) = next(rest) {
        let is_operator = match token {
            // A function.
            "(" => is_update && before.starts_with(|c: char| c.is_ascii_alphabetic()),
            "+" | "-" => true,
            // `=` assigns in an update.
            "<" => !is_update,
            ">" => !is_update && before != "<",
            "=" => !is_update && before != "<" && before != ">",
            // `#and` is a name, and `:and` a value.
            word => before != "#" && before != ":" && is_operator(word),
        };
        operators += usize::from(is_operator);
        if operators > MAX_OPERATORS {
            let message = format!(
                "Invalid {member}: The expression contains too many operators; operator count: {operators}"
            );
            return Err(AwsError::new(Code::ValidationError, message));
        }
        (before, rest) = (token, after);
    }
    Ok(())
}

fn is_operator(word: &str) -> bool {
    OPERATORS
        .iter()
        .any(|operator| word.eq_ignore_ascii_case(operator))
}

/// Splits off a word or one other character.
fn next(text: &str) -> Option<(&str, &str)> {
    let first = text.chars().next()?;
    let of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = if of_word(first) {
        text.find(|c| !of_word(c)).unwrap_or(text.len())
    } else {
        first.len_utf8()
    };
    text.split_at_checked(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(member: &str, expression: &str) -> String {
        match check(member, expression) {
            Ok(()) => "good".to_owned(),
            Err(error) => error.message().to_owned(),
        }
    }

    #[test]
    fn operators_are_counted_as_in_the_grammar() {
        let many = |part: &str, times: usize| checked("ConditionExpression", &part.repeat(times));
        for one in [
            "NOT ",
            "not\n",
            "= ",
            "<> ",
            "<= ",
            ">= ",
            "a<b ",
            "BETWEEN :a AND :b ",
            "in ",
            "OR#or ",
        ] {
            assert_eq!(many(one, 300), "good", "{one}");
            assert_eq!(
                many(one, 301),
                "Invalid ConditionExpression: The expression contains too many operators; operator count: 301",
                "{one}"
            );
        }
        for none in ["#not ", ":or ", "nota ", "a_and ", "size(a) ", ", "] {
            assert_eq!(many(none, 500), "good", "{none}");
        }
    }

    #[test]
    fn an_update_may_set_many_attributes_and_calculate_few() {
        let update = |part: &str, times: usize| checked("UpdateExpression", &part.repeat(times));
        assert_eq!(update("a=:v,", 800), "good");
        for one in ["a+", "a-", "list_append(a)"] {
            assert_eq!(update(one, 300), "good", "{one}");
            assert_ne!(update(one, 301), "good", "{one}");
        }
    }
}
