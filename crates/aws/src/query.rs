//! Parses requests of the AWS query protocol: form parameters with dotted names, such as
//! `Tags.member.1.Key=team`.
//!
//! Parsing is strict, so that a signed request never has two meanings: it rejects parameters that
//! are repeated or in both URL and body, bytes that are not UTF-8, broken percent escapes, and
//! lists with gaps. Sizes are limited. [`Params::unconsumed`] lists the parameters that the caller
//! did not read, so that it can reject what it does not support instead of ignoring it.

use std::sync::atomic::{AtomicBool, Ordering};

mod error;
mod form;

use error::MAX_NAME_BYTES;
pub use error::{MAX_FORM_BYTES, MAX_PARAMETERS, ParamsError};

/// The most characters of a value that an error shows.
const MAX_SHOWN_CHARS: usize = 256;

/// The parameters of one request.
///
/// ```
/// use bowline_aws::query::Params;
///
/// let body = b"Action=TagRole&RoleName=api&Tags.member.1.Key=team&Tags.member.1.Value=a%20b";
/// let params = Params::parse(body, None)?;
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
    /// Set when the value is read. Atomic only so that handlers can keep `&Params` across an await.
    consumed: AtomicBool,
}

impl Params {
    /// Parses the form body and the query string of a request.
    ///
    /// # Errors
    /// [`ParamsError`], except `BadList` and `BadValue`, which occur when a value is read.
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

    /// The top level of the parameters.
    pub fn root(&self) -> Scope<'_> {
        Scope {
            params: self,
            path: String::new(),
        }
    }

    /// The value of a parameter by its full name. Marks it as consumed.
    pub fn get(&self, name: &str) -> Option<&str> {
        let pair = self
            .pairs
            .binary_search_by(|pair| pair.name.as_str().cmp(name))
            .ok()
            .and_then(|i| self.pairs.get(i))?;
        pair.consumed.store(true, Ordering::Relaxed);
        Some(&pair.value)
    }

    /// The names of the parameters that were not read, in order, including `Action` and `Version`.
    pub fn unconsumed(&self) -> impl Iterator<Item = &str> {
        self.pairs
            .iter()
            .filter(|pair| !pair.consumed.load(Ordering::Relaxed))
            .map(|pair| pair.name.as_str())
    }

    /// All names and values, in the order of names. Does not mark them as consumed.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|pair| (pair.name.as_str(), pair.value.as_str()))
    }

    /// Whether there are no parameters.
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

/// One level of the dotted names: the whole request, a structure, or a member of a list.
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

    /// The text at this level, as in the members of a list of texts.
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
    /// [`ParamsError::BadValue`] for anything else.
    pub fn timestamp(&self, name: &str) -> Result<Option<jiff::Timestamp>, ParamsError> {
        self.parsed(name, "a timestamp", |text| text.parse().ok())
    }

    /// A structure; `None` if none of its members is present.
    pub fn structure(&self, name: &str) -> Option<Self> {
        let path = self.name_of(name);
        let prefix = format!("{path}.");
        let present = self.params.under(&prefix).next().is_some();
        present.then_some(Self {
            params: self.params,
            path,
        })
    }

    /// The members of a list, in order; `None` if the request has none. `Name=` alone is an empty
    /// list, as the SDKs write it.
    ///
    /// # Errors
    /// [`ParamsError::BadList`] if the numbers have gaps or the name itself has a value.
    pub fn list(&self, name: &str) -> Result<Option<Vec<Self>>, ParamsError> {
        self.numbered(name, "member")
    }

    /// The entries of a map in the order of their numbers, as (key, level of the value).
    ///
    /// # Errors
    /// [`ParamsError::BadList`] as for lists, for an entry without a key, or for a duplicate key.
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
            value: text.chars().take(MAX_SHOWN_CHARS).collect(),
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
            // Sorted, unique and from 1, so the last equals the length if and only if there is no
            // gap.
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

/// Parses an index of a list: 1 or more, without leading zeros.
pub fn list_index(text: &str) -> Option<usize> {
    let plain =
        !text.is_empty() && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
