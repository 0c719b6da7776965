//! How deep an expression nests and how much it does, counted before anybody parses it.
//!
//! The store's parser calls itself for every parenthesis and every `NOT`, on a stack that ends. So this reads each character, whether the
//! expression is one or not, and says no before the store is asked.

use std::collections::HashMap;

use super::{Names, Token, is_keyword, tokens};
use crate::error::{AwsError, Code};

/// Most operators of an expression, or operators and functions of an update ("Quotas in Amazon `DynamoDB`", operators and operands).
const MAX_OPERATORS: usize = 300;
/// Most parentheses that are open at once. AWS has no bound of its own for this: it refuses parentheses within parentheses that do
/// nothing, and each of the others takes an operator.
const MAX_DEPTH: usize = 100;

/// How often an update may take the value of one attribute. The store copies it each time, before it looks at the size of what comes of it.
const MAX_COPIES: usize = 20;

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

/// Checks how often an update takes the value of each attribute.
///
/// # Errors
/// `ValidationException`.
pub(in crate::dynamodb) fn check_copies(update: &str, names: &Names<'_>) -> Result<(), AwsError> {
    // What is no expression the store refuses.
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
            Token::Word(_) | Token::Value(_) | Token::Digits | Token::Sign(_) => continue,
        };
        if !is_value || before == Some(&Token::Sign('.')) {
            continue;
        }
        let count = copies.entry(attribute).or_default();
        *count += 1;
        if *count > MAX_COPIES {
            let message = format!(
                "Invalid UpdateExpression: The expression takes the value of an attribute more than {MAX_COPIES} times"
            );
            return Err(AwsError::new(Code::ValidationError, message));
        }
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
    use bowline_json::JsonLimits;

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

    #[test]
    fn an_update_takes_the_value_of_one_attribute_so_often_and_no_more() {
        let object = bowline_json::parse(
            br##"{"#b": "big", "#c": "big", "#other": "small"}"##,
            &JsonLimits {
                max_bytes: 1_000,
                max_depth: 4,
                max_values: 10,
            },
        );
        let object = object.unwrap();
        let names = Names::new(object.as_object().unwrap());
        let good = |update: &str| check_copies(update, &names).is_ok();
        let set = |value: &str, times: usize| {
            let all: Vec<_> = (0..times).map(|n| format!("z{n} = {value}")).collect();
            format!("SET {}", all.join(", "))
        };
        for value in ["big", "#b", "#b[3].x", "list_append(big, :v)"] {
            assert!(good(&set(value, 20)), "{value}");
            assert!(!good(&set(value, 21)), "{value}");
        }
        let mixed = format!(
            "{}, {}",
            set("#b", 11),
            set("#c", 11).replace("SET ", "").replace('z', "y")
        );
        assert!(!good(&mixed), "two names of one attribute");
        let nested = format!(
            "SET z = {}big{}",
            "list_append(big, ".repeat(21),
            ")".repeat(21)
        );
        assert!(!good(&nested));
        // Many attributes, each by its own value, and none by that of another.
        let counters: Vec<_> = (0..150)
            .map(|n| format!("c{n} = if_not_exists(c{n}, :z) + :n"))
            .collect();
        assert!(good(&format!("SET {}", counters.join(", "))));
        assert!(good(&set(":v", 200)));
        let removed: Vec<_> = (0..100).map(|n| format!("big[{n}]")).collect();
        assert!(good(&format!("REMOVE {}", removed.join(", "))));
    }
}
