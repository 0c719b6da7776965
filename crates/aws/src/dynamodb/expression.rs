//! Which attributes an expression names, and which value a key condition requires.
//!
//! This is a tokenizer and no parser: the store parses expressions, and rejects malformed ones. The
//! functions here overlook no attribute, whatever the grammar is, and return `None` if they cannot
//! be sure ("Expressions in DynamoDB", Amazon `DynamoDB` Developer Guide).

use std::collections::HashMap;

use bowline_json::JsonObject;

pub(super) mod limits;

/// `ExpressionAttributeNames`, by placeholder: a request may have as many as fit into its body.
#[derive(Debug, Default)]
pub struct Names<'n>(HashMap<&'n str, &'n str>);

/// A word or a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'e> {
    /// A bare word: an attribute, a function or a keyword.
    Word(&'e str),
    /// `#name`, with the `#`.
    Name(&'e str),
    /// `:value`, with the `:`.
    Value(&'e str),
    /// Digits, as in `[0]`.
    Digits(&'e str),
    /// Anything else.
    Sign(char),
}

/// Maximum length of an expression ("Quotas in Amazon `DynamoDB`", expression parameters).
const MAX_BYTES: usize = 4 * 1024;

/// The keywords of the grammar. An attribute with such a name needs a placeholder.
const KEYWORDS: [&str; 9] = [
    "ADD", "AND", "BETWEEN", "DELETE", "IN", "NOT", "OR", "REMOVE", "SET",
];

impl<'n> Names<'n> {
    /// Reads the member `ExpressionAttributeNames`.
    pub fn new(placeholders: &'n JsonObject<'_>) -> Self {
        let members = placeholders.members().iter();
        Self(
            members
                .filter_map(|member| Some((&*member.name, member.value.as_str()?)))
                .collect(),
        )
    }

    /// The attribute that a placeholder such as `#name` stands for.
    pub fn resolve(&self, name: &str) -> Option<&'n str> {
        self.0.get(name).copied()
    }
}

/// The top-level attributes that an expression names: of a path, its first element. `None` if they
/// cannot be determined.
pub(super) fn attributes(expression: &str, names: &Names<'_>) -> Option<Vec<String>> {
    let all = tokens(expression)?;
    let mut found = Vec::new();
    for (at, token) in all.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| all.get(at));
        let after = all.get(at + 1);
        if before == Some(&Token::Sign('.')) {
            continue;
        }
        match token {
            Token::Word(word) if !is_keyword(word) && after != Some(&Token::Sign('(')) => {
                found.push((*word).to_owned());
            }
            Token::Name(name) => found.push(names.resolve(name)?.to_owned()),
            Token::Word(_) | Token::Value(_) | Token::Digits(_) | Token::Sign(_) => {}
        }
    }
    Some(found)
}

/// The placeholder of the one value that a key condition requires an attribute to equal. `None` if
/// the condition names the attribute more than once, compares it in another way, or combines its
/// parts with anything but `AND`.
pub(super) fn equal_to<'e>(
    expression: &'e str,
    attribute: &str,
    names: &Names<'_>,
) -> Option<&'e str> {
    let all = tokens(expression)?;
    let mut found = None;
    for (at, token) in all.iter().enumerate() {
        let is_attribute = match token {
            Token::Word(word)
                if word.eq_ignore_ascii_case("OR") || word.eq_ignore_ascii_case("NOT") =>
            {
                return None;
            }
            Token::Word(word) => *word == attribute,
            Token::Name(name) => names.resolve(name)? == attribute,
            Token::Value(_) | Token::Digits(_) | Token::Sign(_) => false,
        };
        if !is_attribute {
            continue;
        }
        let begins = match at.checked_sub(1).and_then(|at| all.get(at)) {
            None | Some(Token::Sign('(')) => true,
            Some(Token::Word(word)) => word.eq_ignore_ascii_case("AND"),
            Some(_) => false,
        };
        let rest = all.get(at + 1..).unwrap_or_default();
        let (true, None, [Token::Sign('='), Token::Value(value), rest @ ..]) =
            (begins, found, rest)
        else {
            return None;
        };
        let ends = match rest.first() {
            None | Some(Token::Sign(')')) => true,
            Some(Token::Word(word)) => word.eq_ignore_ascii_case("AND"),
            Some(_) => false,
        };
        if !ends {
            return None;
        }
        found = Some(*value);
    }
    found
}

/// Whether a word is a keyword of the grammar.
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS
        .iter()
        .any(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// Splits an expression. `None` if it has a character that no expression has, or is longer than
/// the service allows.
pub fn tokens(expression: &str) -> Option<Vec<Token<'_>>> {
    if expression.len() > MAX_BYTES {
        return None;
    }
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let sign = usize::from(matches!(first, '#' | ':'));
        let word = rest.get(sign..)?;
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let end = sign + end.unwrap_or(word.len());
        let (token, length) = match first {
            c if c.is_ascii_whitespace() => {
                rest = rest.get(1..)?;
                continue;
            }
            '#' if end > 1 => (Token::Name(rest.get(..end)?), end),
            ':' if end > 1 => (Token::Value(rest.get(..end)?), end),
            '0'..='9' => (Token::Digits(rest.get(..end)?), end),
            c if c.is_ascii_alphabetic() || c == '_' => (Token::Word(rest.get(..end)?), end),
            '<' | '>' | '=' | '+' | '-' | '(' | ')' | '[' | ']' | '.' | ',' => {
                (Token::Sign(first), 1)
            }
            _ => return None,
        };
        found.push(token);
        rest = rest.get(length..)?;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use bowline_json::JsonLimits;

    use super::*;

    const LIMITS: JsonLimits = JsonLimits {
        max_bytes: 1_000,
        max_depth: 4,
        max_values: 100,
    };
    const NAMES: &[u8] = br##"{"#p": "pk", "#s": "secret", "#d": "a.b", "#n": 1}"##;

    fn named(expression: &str) -> Option<String> {
        let names = bowline_json::parse(NAMES, &LIMITS).unwrap();
        attributes(expression, &Names::new(names.as_object().unwrap())).map(|found| found.join(" "))
    }

    fn required_value(expression: &str) -> Option<String> {
        let names = bowline_json::parse(NAMES, &LIMITS).unwrap();
        equal_to(expression, "pk", &Names::new(names.as_object().unwrap())).map(str::to_owned)
    }

    #[test]
    fn the_attribute_of_a_path_is_its_first_element() {
        let of = |expression| named(expression).unwrap();
        insta::assert_snapshot!(of("a, b[0].c, #s.d.#p , #d"), @"a b secret a.b");
        insta::assert_snapshot!(of("attribute_exists(a) AND NOT size ( b ) > :v or c between :x and :y"), @"a b c");
        insta::assert_snapshot!(of("SET a=if_not_exists(b,:v)+:w,c[1]=:x REMOVE #s ADD d :one delete e :two"), @"a b c secret d e");
        insta::assert_snapshot!(of("a IN (:x, #s)"), @"a secret");
    }

    #[test]
    fn an_expression_that_cannot_be_read_has_unknown_attributes() {
        for expression in ["#x", "#n", "a # b", "a \u{a0}b", "\"a\"", "a; b", "#"] {
            assert_eq!(named(expression), None, "{expression}");
        }
        assert_eq!(attributes("#p", &Names::default()), None);
    }

    #[test]
    fn a_key_condition_requires_one_value_of_the_partition_key() {
        for expression in [
            "pk = :v",
            "#p=:v",
            "(pk = :v)",
            "pk = :v AND sk > :x",
            "begins_with(sk, :x) and (#p = :v)",
            "sk BETWEEN :a AND :b AND pk = :v",
        ] {
            assert_eq!(
                required_value(expression).as_deref(),
                Some(":v"),
                "{expression}"
            );
        }
        for unsure in [
            "sk = :v",
            "pk > :v",
            "pk = :v AND pk = :w",
            "pk = :v AND #p = :w",
            "pk = :v OR sk = :w",
            "NOT pk = :v",
            ":v = pk",
            "sk BETWEEN :a AND pk = :v",
            "pk.a = :v",
            "a.pk = :v",
            "pk = :v + :w",
            "pk = :v.a",
            "pk = sk",
            "pk = :v AND #x = :w",
        ] {
            let found = required_value(unsure);
            // The store rejects the one that is accepted here: its `BETWEEN` lacks a second value.
            assert!(
                found.is_none() || unsure.starts_with("sk BETWEEN"),
                "{unsure}"
            );
        }
    }
}
