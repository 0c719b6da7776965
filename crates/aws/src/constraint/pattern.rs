//! The models' regular expressions as matchers written by hand.
//!
//! There are few, and a regular expression crate without Unicode tables supports neither look-ahead
//! nor `\p{..}` nor `\u10000`. As on AWS, each matches the whole value, and `\w` and `\d` are
//! ASCII. The generator finds a matcher by its text here and refuses a model with a pattern that
//! has none.

/// A regular expression and its matcher.
#[derive(Debug)]
pub(crate) struct Pattern {
    text: &'static str,
    matches: fn(&str) -> bool,
}

impl Pattern {
    const fn new(text: &'static str, matches: fn(&str) -> bool) -> Self {
        Self { text, matches }
    }

    /// The expression as the model has it, for messages.
    pub(crate) const fn text(&self) -> &'static str {
        self.text
    }

    /// Whether the whole value matches.
    pub(crate) fn matches(&self, value: &str) -> bool {
        (self.matches)(value)
    }
}

pub(crate) static NAME: Pattern = Pattern::new(r"[\w+=,.@-]+", |t| some(t, name));
pub(crate) static NAME_OR_EMPTY: Pattern = Pattern::new(r"[\w+=,.@-]*", |t| t.chars().all(name));
pub(crate) static SAML_PROVIDER_NAME: Pattern =
    Pattern::new(r"[\w._-]+", |t| some(t, |c| word(c) || "._-".contains(c)));
pub(crate) static WORD: Pattern = Pattern::new(r"[\w]+", |t| some(t, word));
pub(crate) static WORD_OR_EMPTY: Pattern = Pattern::new(r"[\w]*", |t| t.chars().all(word));
pub(crate) static WORD_DASH: Pattern =
    Pattern::new(r"[\w-]+", |t| some(t, |c| word(c) || c == '-'));
pub(crate) static WORD_DASH_OR_EMPTY: Pattern =
    Pattern::new(r"[\w-]*", |t| t.chars().all(|c| word(c) || c == '-'));
pub(crate) static DIGITS: Pattern = Pattern::new(r"[\d]+", |t| some(t, |c| c.is_ascii_digit()));
pub(crate) static DIGITS_OR_EMPTY: Pattern =
    Pattern::new(r"[\d]*", |t| t.chars().all(|c| c.is_ascii_digit()));
pub(crate) static ACCOUNT_ID: Pattern = Pattern::new(r"\d{12}", |t| {
    t.len() == 12 && some(t, |c| c.is_ascii_digit())
});
pub(crate) static KEY_ID: Pattern = Pattern::new(r"[A-Z0-9]+", |t| {
    some(t, |c| c.is_ascii_uppercase() || c.is_ascii_digit())
});
pub(crate) static ACCOUNT_ALIAS: Pattern =
    Pattern::new(r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", account_alias);
pub(crate) static PROPERTY_KEY: Pattern = Pattern::new(r"^[A-Za-z][A-Za-z0-9/_-]*$", |t| {
    t.starts_with(|c: char| c.is_ascii_alphabetic())
        && t.chars()
            .all(|c| c.is_ascii_alphanumeric() || "/_-".contains(c))
});
pub(crate) static DOCUMENT: Pattern = Pattern::new(r"[\u0009\u000A\u000D\u0020-\u00FF]+", |t| {
    some(t, |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FF}'))
});
pub(crate) static LATIN: Pattern = Pattern::new(r"[\u0020-\u00FF]+", |t| {
    some(t, |c| matches!(c, ' '..='\u{FF}'))
});
pub(crate) static TEXT_OR_EMPTY: Pattern =
    Pattern::new(r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*", |t| {
        t.chars().all(printable_latin)
    });
pub(crate) static TEXT: Pattern =
    Pattern::new(r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]+", |t| {
        some(t, printable_latin)
    });
pub(crate) static ASCII: Pattern = Pattern::new(r"[ -~]+", |t| some(t, |c| matches!(c, ' '..='~')));
pub(crate) static CHANNEL: Pattern = Pattern::new(r"^[a-zA-Z0-9:_.-]+$", |t| {
    some(t, |c| c.is_ascii_alphanumeric() || ":_.-".contains(c))
});
pub(crate) static OWNER_ID: Pattern = Pattern::new(r"^[a-zA-Z0-9:/+=,.@_-]+$", |t| {
    some(t, |c| c.is_ascii_alphanumeric() || ":/+=,.@_-".contains(c))
});
pub(crate) static ORGANIZATION_PATH: Pattern = Pattern::new(
    r"^o-[0-9a-z]{10,32}\/r-[0-9a-z]{4,32}[0-9a-z-\/]*",
    organization_path,
);
pub(crate) static ORGANIZATION_POLICY: Pattern = Pattern::new(r"^p-[0-9a-zA-Z_]{8,128}$", |t| {
    t.strip_prefix("p-")
        .is_some_and(|id| (8..=128).contains(&id.len()) && id.chars().all(word))
});
pub(crate) static PATH_PREFIX: Pattern = Pattern::new(r"\u002F[\u0021-\u007F]*", |t| {
    t.starts_with('/') && t.chars().all(|c| matches!(c, '!'..='\u{7F}'))
});
pub(crate) static PATH: Pattern = Pattern::new(r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)", path);
pub(crate) static POLICY_PATH: Pattern = Pattern::new(r"((/[A-Za-z0-9\.,\+@=_-]+)*)/", |t| {
    t == "/"
        || t.strip_prefix('/')
            .and_then(|t| t.strip_suffix('/'))
            .is_some_and(|t| t.split('/').all(|part| some(part, name)))
});
pub(crate) static VERSION_ID: Pattern = Pattern::new(r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?", version_id);
pub(crate) static REDIRECT_URL: Pattern = Pattern::new(
    r"^http(s?)://[a-zA-Z0-9._/-]*(\?[a-zA-Z0-9._=&-]*)?(#[a-zA-Z0-9._/-]*)?$",
    redirect_url,
);
pub(crate) static SERIAL_NUMBER: Pattern = Pattern::new(r"[\w+=/:,.@-]+", |t| {
    some(t, |c| name(c) || "/:".contains(c))
});
pub(crate) static SERIAL_NUMBER_OR_EMPTY: Pattern = Pattern::new(r"[\w+=/:,.@-]*", |t| {
    t.chars().all(|c| name(c) || "/:".contains(c))
});
pub(crate) static EXTERNAL_ID: Pattern = Pattern::new(r"[\w+=,.@:\/-]*", |t| {
    t.chars().all(|c| name(c) || "/:".contains(c))
});
pub(crate) static TAG_KEY: Pattern = Pattern::new(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", |t| some(t, tag));
pub(crate) static TAG_VALUE: Pattern =
    Pattern::new(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", |t| t.chars().all(tag));
pub(crate) static XML_TEXT: Pattern = Pattern::new(
    r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
    |t| {
        some(
            t,
            |c| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{FFFD}' | '\u{10000}'..),
        )
    },
);

/// One or more characters, all of one class.
fn some(text: &str, class: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(class)
}

fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn name(c: char) -> bool {
    word(c) || "+=,.@-".contains(c)
}

fn printable_latin(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{A1}'..='\u{FF}')
}

/// `\p{L}` is taken as Unicode's `Alphabetic`, which has a few more combining vowel signs. Nothing
/// depends on refusing them.
fn tag(c: char) -> bool {
    let separator = matches!(
        c,
        ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    );
    separator || c.is_alphabetic() || c.is_numeric() || "_.:/=+-@".contains(c)
}

fn account_alias(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (3..=63).contains(&text.len())
        && text.chars().all(|c| plain(c) || c == '-')
        && text.starts_with(plain)
        && text.ends_with(plain)
        && !text.contains("--")
}

fn path(text: &str) -> bool {
    text == "/"
        || text
            .strip_prefix('/')
            .and_then(|text| text.strip_suffix('/'))
            .is_some_and(|inner| some(inner, |c| matches!(c, '!'..='~')))
}

fn version_id(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else {
        return false;
    };
    let (number, suffix) = rest.split_once('.').unwrap_or((rest, ""));
    number.starts_with(|c| matches!(c, '1'..='9'))
        && number.bytes().all(|b| b.is_ascii_digit())
        && suffix
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn organization_path(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let Some((organization, rest)) = text
        .strip_prefix("o-")
        .and_then(|text| text.split_once("/r-"))
    else {
        return false;
    };
    (10..=32).contains(&organization.len())
        && organization.chars().all(plain)
        && rest.chars().take_while(|c| plain(*c)).count() >= 4
        && rest.chars().all(|c| plain(c) || "-/".contains(c))
}

fn redirect_url(text: &str) -> bool {
    let of = |text: &str, more: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let Some(rest) = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"))
    else {
        return false;
    };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    of(address, "._/-") && of(query, "._=&-") && of(fragment, "._/-")
}
