//! AWS's messages for broken constraints (IAM and STS, "Common errors": `ValidationError`).

use super::rule::Rule;

/// Characters of a value that a message repeats at most.
const MAX_SHOWN_CHARS: usize = 256;

/// The failures of a text, in AWS's order.
pub(super) fn of_text(rule: &Rule, path: &str, text: &str, out: &mut Vec<String>) {
    let shown = shown(rule, text);
    let length = count(text.chars().count());
    of_size(rule, path, &shown, length, out, |bound, n| {
        format!("Member must have length {bound} than or equal to {n}")
    });
    if let Some(pattern) = rule.pattern
        && !pattern.matches(text)
    {
        out.push(failed(
            path,
            &shown,
            &format!(
                "Member must satisfy regular expression pattern: {}",
                pattern.text()
            ),
        ));
    }
    if !rule.values.is_empty() && !rule.values.contains(&text) {
        out.push(failed(
            path,
            &shown,
            &format!(
                "Member must satisfy enum value set: [{}]",
                rule.values.join(", ")
            ),
        ));
    }
}

/// The failures of a number.
pub(super) fn of_number(rule: &Rule, path: &str, number: i64, out: &mut Vec<String>) {
    of_size(
        rule,
        path,
        &format!("'{number}'"),
        number,
        out,
        |bound, n| format!("Member must have value {bound} than or equal to {n}"),
    );
}

/// The failures of a list's or map's number of members. AWS repeats the members; these messages do
/// not.
pub(super) fn of_length(rule: &Rule, path: &str, length: usize, out: &mut Vec<String>) {
    of_size(rule, path, "'[..]'", count(length), out, |bound, n| {
        format!("Member must have length {bound} than or equal to {n}")
    });
}

/// The failure of a required member that is absent.
pub(super) fn of_absence(path: &str) -> String {
    failed(path, "null", "Member must not be null")
}

/// A parameter's name as AWS's messages write it: `Tags.member.1.Key` is `tags.1.member.key`.
pub(super) fn path(name: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut parts = name.split('.').peekable();
    while let Some(part) = parts.next() {
        let number = (matches!(part, "member" | "entry"))
            .then(|| parts.next_if(|next| next.bytes().all(|b| b.is_ascii_digit())))
            .flatten();
        if let Some(number) = number {
            out.push(number.to_owned());
        }
        let mut chars = part.chars();
        out.extend(
            chars
                .next()
                .map(|first| format!("{}{}", first.to_ascii_lowercase(), chars.as_str())),
        );
    }
    out.join(".")
}

fn of_size(
    rule: &Rule,
    path: &str,
    shown: &str,
    size: i64,
    out: &mut Vec<String>,
    words: impl Fn(&str, i64) -> String,
) {
    if let Some(most) = rule.most.filter(|most| size > *most) {
        out.push(failed(path, shown, &words("less", most)));
    }
    if let Some(least) = rule.least.filter(|least| size < *least) {
        out.push(failed(path, shown, &words("greater", least)));
    }
}

fn failed(path: &str, shown: &str, constraint: &str) -> String {
    format!("Value {shown} at '{path}' failed to satisfy constraint: {constraint}")
}

fn shown(rule: &Rule, text: &str) -> String {
    if rule.sensitive {
        return "'***'".to_owned();
    }
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("'{}...'", text.get(..end).unwrap_or_default()),
        None => format!("'{text}'"),
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
