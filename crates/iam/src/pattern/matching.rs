//! Matches texts with wildcards. Linear in the pattern times the text, so that no pattern can make
//! a decision slow.

use std::borrow::Cow;

/// The colons of an ARN before its resource.
pub(super) const ARN_COLONS: usize = 5;

/// One step of a resolved pattern.
#[derive(Clone, Debug)]
pub(crate) enum Step<'a> {
    Text(Cow<'a, str>),
    Star,
    Any,
}

/// Whether two characters count as the same.
pub(super) type Same = fn(char, char) -> bool;

impl Step<'_> {
    pub(super) fn borrowed(&self) -> Step<'_> {
        match self {
            Self::Text(text) => Step::Text(Cow::Borrowed(text)),
            Self::Star => Step::Star,
            Self::Any => Step::Any,
        }
    }
}

/// Whether steps match a text. After a mismatch the last star takes one character more.
pub(super) fn glob_text<'s>(
    step: impl Fn(usize) -> Option<Step<'s>>,
    text: &str,
    same: Same,
) -> bool {
    let (mut at, mut rest) = (0, text);
    let mut star: Option<(usize, &str)> = None;
    loop {
        let after = match step(at) {
            Some(Step::Star) => {
                at += 1;
                if step(at).is_none() {
                    return true;
                }
                star = Some((at, rest));
                continue;
            }
            Some(Step::Text(literal)) => without_prefix(rest, &literal, same),
            Some(Step::Any) => without_first(rest),
            None if rest.is_empty() => return true,
            None => None,
        };
        if let Some(after) = after {
            (at, rest) = (at + 1, after);
            continue;
        }
        let Some((after_star, skipped)) = star else {
            return false;
        };
        let Some(skipped) = without_first(skipped) else {
            return false;
        };
        star = Some((after_star, skipped));
        (at, rest) = (after_star, skipped);
    }
}

fn without_first(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    chars.next().map(|_| chars.as_str())
}

fn without_prefix<'t>(text: &'t str, prefix: &str, same: Same) -> Option<&'t str> {
    let mut chars = text.chars();
    for expected in prefix.chars() {
        if !same(expected, chars.next()?) {
            return None;
        }
    }
    Some(chars.as_str())
}

/// Whether an ASCII pattern with `*` and `?` matches an ASCII text.
pub(crate) fn glob(pattern: &[u8], text: &[u8], same: impl Fn(u8, u8) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(expected), Some(byte)) if *expected == b'?' || same(*expected, *byte) => {
                p += 1;
                t += 1;
            }
            (None, None) => return true,
            _ => match star {
                Some((star_p, star_t)) if star_t < text.len() => {
                    star = Some((star_p, star_t + 1));
                    (p, t) = (star_p + 1, star_t + 1);
                }
                _ => return false,
            },
        }
    }
}
