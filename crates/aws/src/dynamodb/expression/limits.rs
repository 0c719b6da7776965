//! How deep an expression nests and how much it does, counted before anybody parses it.
//!
//! The store's parser calls itself for every parenthesis and every `NOT`, on a stack that ends. So this reads each character, whether the
//! expression is one or not, and says no before the store is asked.

use crate::error::{AwsError, Code};

/// Most operators of an expression, or operators and functions of an update ("Quotas in Amazon `DynamoDB`", operators and operands).
const MAX_OPERATORS: usize = 300;
/// Most parentheses that are open at once. AWS has no bound of its own for this: it refuses parentheses within parentheses that do
/// nothing, and each of the others takes an operator.
const MAX_DEPTH: usize = 100;

/// The words that are operators. `BETWEEN` has an `AND`, which counts for both.
const OPERATORS: [&str; 4] = ["AND", "IN", "NOT", "OR"];

/// Checks what a member such as `FilterExpression` holds.
///
/// # Errors
/// `ValidationException`.
pub(in crate::dynamodb) fn check(member: &str, expression: &str) -> Result<(), AwsError> {
    let is_update = member == "UpdateExpression";
    let (mut depth, mut operators) = (0_usize, 0_usize);
    let mut rest = expression;
    let mut before = "";
    while let Some((token, after)) = next(rest) {
        let is_operator = match token {
            "(" => {
                depth += 1;
                // The function that it belongs to.
                is_update && before.starts_with(|c: char| c.is_ascii_alphabetic())
            }
            ")" => {
                depth = depth.saturating_sub(1);
                false
            }
            "+" | "-" => true,
            // `=` assigns in an update.
            "<" => !is_update,
            ">" => !is_update && before != "<",
            "=" => !is_update && before != "<" && before != ">",
            // `#and` is a name, and `:and` a value.
            word => before != "#" && before != ":" && is_operator(word),
        };
        operators += usize::from(is_operator);
        let problem = if operators > MAX_OPERATORS {
            format!("The expression contains too many operators; operator count: {operators}")
        } else if depth > MAX_DEPTH {
            format!("The expression has more than {MAX_DEPTH} parentheses within each other")
        } else {
            (before, rest) = (token, after);
            continue;
        };
        let message = format!("Invalid {member}: {problem}");
        return Err(AwsError::new(Code::ValidationError, message));
    }
    Ok(())
}

fn is_operator(word: &str) -> bool {
    OPERATORS
        .iter()
        .any(|operator| word.eq_ignore_ascii_case(operator))
}

/// A whole word or one other character, and what stands after it.
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

    fn told(member: &str, expression: &str) -> String {
        match check(member, expression) {
            Ok(()) => "good".to_owned(),
            Err(error) => error.message().to_owned(),
        }
    }

    #[test]
    fn parentheses_are_bounded_whether_they_close_or_not() {
        let nested = |levels: usize| format!("{}a = :v{}", "(".repeat(levels), ")".repeat(levels));
        assert_eq!(told("FilterExpression", &nested(100)), "good");
        insta::assert_snapshot!(told("FilterExpression", &nested(101)), @"Invalid FilterExpression: The expression has more than 100 parentheses within each other");
        assert_eq!(told("FilterExpression", &"()".repeat(2000)), "good");
        for garbage in ["(", "((\u{a0}", "NOT (", "@(", "\u{131}("] {
            assert_ne!(
                told("KeyConditionExpression", &garbage.repeat(2000)),
                "good"
            );
        }
        let update = format!("SET a = {}", "if_not_exists(a, ".repeat(200));
        insta::assert_snapshot!(told("UpdateExpression", &update), @"Invalid UpdateExpression: The expression has more than 100 parentheses within each other");
    }

    #[test]
    fn operators_are_counted_as_the_grammar_has_them() {
        let many = |part: &str, times: usize| told("ConditionExpression", &part.repeat(times));
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
    fn an_update_may_set_many_attributes_and_calculate_little() {
        let update = |part: &str, times: usize| told("UpdateExpression", &part.repeat(times));
        assert_eq!(update("a=:v,", 800), "good");
        for one in ["a+", "a-", "list_append(a)"] {
            assert_eq!(update(one, 300), "good", "{one}");
            assert_ne!(update(one, 301), "good", "{one}");
        }
    }
}
