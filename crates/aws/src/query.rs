//! Reads requests of the AWS query protocol: form parameters with dotted names, such as `Tags.member.1.Key=team`.
//!
//! The reading is strict, because two readings of one request are how a signed request comes to mean two things: a parameter given
//! twice, or both in the URL and the body, is refused, as are bytes that are not UTF-8, broken percent escapes, and lists with gaps.
//! Sizes are bounded. Every parameter that nobody asked for is reported by [`Params::unconsumed`], so that a caller can refuse what it
//! does not honour instead of dropping it.

use std::sync::atomic::{AtomicBool, Ordering};

mod form;

/// The most bytes that body and query string may have together. A web identity token may have 20,000 characters and a policy
/// document 131,072, percent-encoded up to threefold.
pub const MAX_FORM_BYTES: usize = 512 * 1024;
/// Characters of a value that are shown in an error.
const SHOWN: usize = 256;
/// The most parameters of a request. The largest IAM request, 50 tags and their like, needs about a hundred.
pub const MAX_PARAMETERS: usize = 1_000;
/// The longest name of a parameter.
const MAX_NAME_BYTES: usize = 256;

/// Why a request's parameters cannot be read. Codes and statuses for the client are in [`crate::error`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// More than [`MAX_FORM_BYTES`].
    #[error("the parameters have more than {MAX_FORM_BYTES} bytes")]
    TooLong,
    /// More than [`MAX_PARAMETERS`].
    #[error("the request has more than {MAX_PARAMETERS} parameters")]
    TooMany,
    /// A name is empty or longer than 256 bytes.
    #[error("a parameter name is empty or longer than {MAX_NAME_BYTES} bytes")]
    BadName,
    /// A percent sign without two hexadecimal digits.
    #[error("a percent escape is incomplete")]
    BadEscape,
    /// A name or value is not UTF-8.
    #[error("a parameter is not UTF-8")]
    NotUtf8,
    /// One name, two values.
    #[error("parameter `{0}` is given more than once")]
    Duplicate(String),
    /// A list or map whose indices are not 1, 2, 3 and so on, or that has a value beside its members.
    #[error("the members of `{0}` are not numbered 1, 2, 3 without gaps")]
    BadList(String),
    /// A parameter that has to be a number, `true`, `false` or the like.
    #[error("`{value}` at `{name}` is not {expected}")]
    BadValue {
        /// The parameter's full name.
        name: String,
        /// What it holds.
        value: String,
        /// What it should hold, such as `an integer`.
        expected: &'static str,
    },
}

/// The parameters of one request.
///
/// ```
/// use bowline_aws::query::Params;
///
/// let params = Params::parse(b"Action=TagRole&RoleName=api&Tags.member.1.Key=team&Tags.member.1.Value=a%20b", None)?;
/// let root = params.root();
/// assert_eq!(root.text("RoleName"), Some("api"));
/// let tags = root.list("Tags")?.unwrap_or_default();
/// assert_eq!(tags[0].text("Value"), Some("a b"));
/// assert_eq!(params.unconsumed().collect::<Vec<_>>(), ["Action", "Tags.member.1.Key"]);
/// # Ok::<(), bowline_aws::query::ParamsError>(())
/// ```
#[derive(Debug, Default)]
pub struct Params {
    /// Sorted by name, names unique.
    pairs: Vec<Pair>,
}

#[derive(Debug)]
struct Pair {
    name: String,
    value: String,
    /// Set on reading. Atomic only so that handlers may hold `&Params` across an await.
    consumed: AtomicBool,
}

impl Params {
    /// Reads a form body and the query string of the same request.
    ///
    /// # Errors
    /// What [`ParamsError`] names, but for `BadList` and `BadValue`, which come when a value is asked for.
    pub fn parse(body: &[u8], query: Option<&str>) -> Result<Self, ParamsError> {
        let query = query.unwrap_or_default().as_bytes();
        if body.len().saturating_add(query.len()) > MAX_FORM_BYTES {
            return Err(ParamsError::TooLong);
        }
        let mut pairs: Vec<Pair> = Vec::with_capacity(16);
        for source in [query, body] {
            for field in form::fields(source) {
                if pairs.len() == MAX_PARAMETERS {
                    return Err(ParamsError::TooMany);
                }
                let (name, value) = form::pair(field)?;
                if name.is_empty() || name.len() > MAX_NAME_BYTES {
                    return Err(ParamsError::BadName);
                }
                pairs.push(Pair {
                    name,
                    value,
                    consumed: AtomicBool::new(false),
                });
            }
        }
        pairs.sort_by(|a, b| a.name.cmp(&b.name));
        for two in pairs.windows(2) {
            if let [a, b] = two
                && a.name == b.name
            {
                return Err(ParamsError::Duplicate(a.name.clone()));
            }
        }
        Ok(Self { pairs })
    }

    /// The parameters at the top.
    pub fn root(&self) -> Scope<'_> {
        Scope {
            params: self,
            path: String::new(),
        }
    }

    /// The value of a parameter by its full name; marks it as consumed.
    pub fn get(&self, name: &str) -> Option<&str> {
        let pair = self
            .pairs
            .binary_search_by(|pair| pair.name.as_str().cmp(name))
            .ok()
            .and_then(|i| self.pairs.get(i))?;
        pair.consumed.store(true, Ordering::Relaxed);
        Some(&pair.value)
    }

    /// The names that nobody has read, in order. `Action` and `Version` are among them until they are read.
    pub fn unconsumed(&self) -> impl Iterator<Item = &str> {
        self.pairs
            .iter()
            .filter(|pair| !pair.consumed.load(Ordering::Relaxed))
            .map(|pair| pair.name.as_str())
    }

    /// All names and values, in order of name, for records of what was asked. Marks nothing as consumed.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|pair| (pair.name.as_str(), pair.value.as_str()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The pairs whose name begins with `prefix`.
    fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Pair> {
        let start = self
            .pairs
            .partition_point(|pair| pair.name.as_str() < prefix);
        self.pairs
            .iter()
            .skip(start)
            .take_while(move |pair| pair.name.starts_with(prefix))
    }
}

/// One level of the dotted names: the whole request, a structure, or one member of a list.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    params: &'a Params,
    /// The dotted name of this level without a final dot; empty at the top.
    path: String,
}

impl<'a> Scope<'a> {
    /// The full dotted name of this level, such as `Tags.member.1`; empty at the top.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The full dotted name of a member of this level.
    pub fn name_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// The text at this very level: what a list of texts has in each of its members.
    pub fn value(&self) -> Option<&'a str> {
        self.params.get(&self.path)
    }

    /// The text of a member.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        if self.path.is_empty() {
            self.params.get(name)
        } else {
            self.params.get(&self.name_of(name))
        }
    }

    /// The number of a member.
    ///
    /// # Errors
    /// [`ParamsError::BadValue`] unless it is a decimal number that fits 64 bits.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, ParamsError> {
        self.parsed(name, "an integer", |text| text.parse().ok())
    }

    /// The truth value of a member.
    ///
    /// # Errors
    /// [`ParamsError::BadValue`] unless it is `true` or `false`.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, ParamsError> {
        self.parsed(name, "`true` or `false`", |text| text.parse().ok())
    }

    /// The time of a member, `2026-11-24T01:02:03Z` with optional fractions.
    ///
    /// # Errors
    /// [`ParamsError::BadValue`] when it is anything else.
    pub fn timestamp(&self, name: &str) -> Result<Option<jiff::Timestamp>, ParamsError> {
        self.parsed(name, "a timestamp", |text| text.parse().ok())
    }

    /// A structure, if any of its members is present.
    pub fn structure(&self, name: &str) -> Option<Self> {
        let path = self.name_of(name);
        let prefix = format!("{path}.");
        let present = self.params.under(&prefix).next().is_some();
        present.then_some(Self {
            params: self.params,
            path,
        })
    }

    /// The members of a list in order, absent if the request names none; `Name=` alone is an empty list, as the SDKs write it.
    ///
    /// # Errors
    /// [`ParamsError::BadList`] when the numbers have gaps, or the name has a value of its own.
    pub fn list(&self, name: &str) -> Result<Option<Vec<Self>>, ParamsError> {
        self.numbered(name, "member")
    }

    /// The entries of a map in order of their numbers, as (key, level of the value).
    ///
    /// # Errors
    /// [`ParamsError::BadList`] as for lists, when an entry has no key, or when a key comes twice.
    pub fn map(&self, name: &str) -> Result<Option<Vec<(&'a str, Self)>>, ParamsError> {
        let Some(entries) = self.numbered(name, "entry")? else {
            return Ok(None);
        };
        let bad = || ParamsError::BadList(self.name_of(name));
        let mut out: Vec<(&'a str, Self)> = Vec::with_capacity(entries.len());
        for entry in entries {
            let key = entry.text("key").ok_or_else(bad)?;
            if out.iter().any(|(seen, _)| *seen == key) {
                return Err(bad());
            }
            out.push((
                key,
                Self {
                    params: entry.params,
                    path: entry.name_of("value"),
                },
            ));
        }
        Ok(Some(out))
    }

    fn parsed<T>(
        &self,
        name: &str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ParamsError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        parse(text).map(Some).ok_or_else(|| ParamsError::BadValue {
            name: self.name_of(name),
            value: text.chars().take(SHOWN).collect(),
            expected,
        })
    }

    fn numbered(&self, name: &str, word: &str) -> Result<Option<Vec<Self>>, ParamsError> {
        let path = self.name_of(name);
        let own = self.params.get(&path);
        let prefix = format!("{path}.{word}.");
        let mut numbers: Vec<usize> = Vec::new();
        for pair in self.params.under(&prefix) {
            let tail = pair.name.get(prefix.len()..).unwrap_or_default();
            let number = tail
                .split('.')
                .next()
                .and_then(list_index)
                .ok_or_else(|| ParamsError::BadList(path.clone()))?;
            numbers.push(number);
        }
        numbers.sort_unstable();
        numbers.dedup();
        match (own, numbers.last()) {
            (None, None) => Ok(None),
            (Some(""), None) => Ok(Some(Vec::new())),
            // Sorted, unique and from 1, so the last equals the length exactly when there is no gap.
            (None, Some(last)) if *last == numbers.len() => Ok(Some(
                numbers
                    .into_iter()
                    .map(|n| Self {
                        params: self.params,
                        path: format!("{prefix}{n}"),
                    })
                    .collect(),
            )),
            (Some(_), _) | (None, Some(_)) => Err(ParamsError::BadList(path)),
        }
    }
}

/// An index of a list: 1 or more, written without leading zeros.
pub fn list_index(text: &str) -> Option<usize> {
    let plain =
        !text.is_empty() && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
