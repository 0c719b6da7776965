//! The time that expressions take with an item, bounded before the engine evaluates them.
//!
//! The engine copies an operand's value for every use of it, and sorts sets to compare them. So a
//! short expression can take a minute with a large item. The time is estimated from the number of
//! uses of each path and value, and from the texts of the values that the paths lead to. The rates
//! are upper bounds that were measured with release builds.

use std::{borrow::Cow, collections::HashMap};

use bowline_aws::dynamodb::expression::{Names, Token, is_keyword, tokens};
use bowline_json::{Json, JsonKind, JsonObject};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::weight::count;

/// How long the expressions of one request may take with all its items, in nanoseconds.
pub(super) const MAX_TIME: u64 = 25_000_000;

/// Nanoseconds for an object in a value.
const OBJECT_TIME: u64 = 60;
/// Nanoseconds for a quotation mark in a value.
const QUOTE_TIME: u64 = 25;
/// Nanoseconds for an element of a set of strings or binary values, which is sorted.
const ELEMENT_TIME: u64 = 700;
/// Nanoseconds for an element of a set of numbers, which is normalized and sorted.
const NUMBER_TIME: u64 = 2_500;
/// Nanoseconds for the comparison of an element that an update adds with one of the item's.
const MEMBER_TIME: u64 = 3;
/// Nanoseconds for an element of a list that is moved.
const MOVE_TIME: u64 = 8;
/// Nanoseconds for a byte of any value, at most.
const MAX_BYTE_TIME: u64 = NUMBER_TIME / 4;
/// Bytes that a search compares in a nanosecond.
const COMPARED_BYTES: u64 = 16;

/// What the expressions of a part of a request use.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    /// Paths into the item, each with how often it is used.
    paths: HashMap<Vec<Step>, u64>,
    /// Binary values that are searched for, by path: the summed lengths of their texts.
    searches: HashMap<Vec<Step>, u64>,
    /// Nanoseconds for values of the request.
    fixed: u64,
    /// Elements of sets that an update adds or deletes.
    elements: u64,
    /// How many uses there are.
    total: u64,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Name(String),
    Index(usize),
}

/// The name of a member.
#[derive(Deserialize, PartialEq, Eq, Hash)]
pub(super) struct Key<'t>(#[serde(borrow)] pub(super) Cow<'t, str>);

/// The members of an object, as text.
pub(super) type Members<'t> = HashMap<Key<'t>, &'t RawValue>;

impl Uses {
    /// The uses in a part of a request that has its own expressions and placeholders.
    pub(super) fn of(part: &JsonObject<'_>) -> Self {
        let mut uses = Self::default();
        let object = |name: &str| part.get(name).and_then(Json::as_object);
        let names = object("ExpressionAttributeNames").map(Names::new);
        let names = names.unwrap_or_default();
        let values = object("ExpressionAttributeValues");
        for member in [
            "ConditionExpression",
            "FilterExpression",
            "UpdateExpression",
        ] {
            if let Some(text) = part.get(member).and_then(Json::as_str) {
                uses.add(text, &names, values);
            }
        }
        for member in ["Expected", "QueryFilter", "ScanFilter", "AttributeUpdates"] {
            let conditions = object(member).map(JsonObject::members);
            for condition in conditions.unwrap_or_default() {
                let list = condition.value.get("AttributeValueList");
                let list = list.and_then(Json::as_array).unwrap_or_default();
                let path = vec![Step::Name(condition.name.to_string())];
                let times = 1 + list.len() as u64;
                *uses.paths.entry(path.clone()).or_default() += times;
                uses.total += times;
                for value in list.iter().chain(condition.value.get("Value")) {
                    uses.fixed += 2 * time_of(value);
                    uses.elements += elements(value);
                    if let Some(bytes) = binary_length(value) {
                        *uses.searches.entry(path.clone()).or_default() += bytes;
                    }
                }
            }
        }
        uses
    }

    /// Adds an expression. The engine rejects malformed ones.
    fn add(&mut self, text: &str, names: &Names<'_>, values: Option<&JsonObject<'_>>) {
        let all = tokens(text).unwrap_or_default();
        let value = |name: &str| values?.get(name);
        let mut searched: Option<Vec<Step>> = None;
        let mut adds_elements = false;
        let mut at = 0;
        while let Some(token) = all.get(at) {
            at += 1;
            match *token {
                Token::Word(word) if all.get(at) == Some(&Token::Sign('(')) => {
                    searched = (word == "contains").then(Vec::new);
                }
                Token::Word(word) if is_keyword(word) => {
                    adds_elements =
                        word.eq_ignore_ascii_case("ADD") || word.eq_ignore_ascii_case("DELETE");
                }
                Token::Word(word) => {
                    let path = path(word, &all, &mut at, names);
                    self.add_path(path, &mut searched);
                }
                Token::Name(name) => {
                    let path = path(names.resolve(name).unwrap_or(name), &all, &mut at, names);
                    self.add_path(path, &mut searched);
                }
                Token::Value(name) => {
                    self.total += 1;
                    if let Some(value) = value(name) {
                        self.fixed += time_of(value);
                        if adds_elements {
                            self.elements += elements(value);
                        }
                        if let (Some(path), Some(bytes)) = (&searched, binary_length(value)) {
                            *self.searches.entry(path.clone()).or_default() += bytes;
                        }
                    }
                }
                Token::Sign(')') => searched = None,
                Token::Digits(_) | Token::Sign(_) => {}
            }
        }
    }

    fn add_path(&mut self, path: Vec<Step>, searched: &mut Option<Vec<Step>>) {
        self.total += 1;
        match searched {
            // The first argument of `contains`.
            Some(first) if first.is_empty() => first.clone_from(&path),
            // A value of the item is searched for: at most half of the largest item, which takes
            // longest.
            Some(first) => {
                *self.searches.entry(first.clone()).or_default() += 270_000;
            }
            None => {}
        }
        *self.paths.entry(path).or_default() += 1;
    }

    /// Whether no item whose text has so many bytes takes a considerable part of the time.
    pub(super) fn is_cheap(&self, length: usize) -> bool {
        let most = self.total * length as u64 * MAX_BYTE_TIME + self.fixed;
        most < MAX_TIME / 10 && self.searches.is_empty() && self.elements == 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The time for an item with this text, in nanoseconds.
    pub(super) fn cost(&self, text: &[u8]) -> u64 {
        if self.is_empty() {
            return 0;
        }
        let length = text.len() as u64;
        // Most items are small.
        let most = self.total * length * MAX_BYTE_TIME;
        if most < MAX_TIME / 1_000 && self.searches.is_empty() && self.elements == 0 {
            return self.fixed + most;
        }
        let paths: Vec<_> = self
            .paths
            .iter()
            .map(|(path, times)| (&**path, *times))
            .collect();
        let searches: Vec<_> = self
            .searches
            .iter()
            .map(|(path, bytes)| (&**path, *bytes))
            .collect();
        let elements = self.elements;
        let of_paths = visit(text, true, &paths, &mut |value, times| {
            let (_, quotes) = count(value);
            let members = elements * MEMBER_TIME * (quotes as u64) / 2;
            times * (value_time(value) + members)
        });
        let of_searches = visit(text, true, &searches, &mut |value, bytes| {
            if value.starts_with(b"{\"B\":") {
                let length = value.len() as u64;
                // The search ends where the rest is shorter.
                length.saturating_sub(bytes.min(length / 2)) * bytes / COMPARED_BYTES
            } else {
                0
            }
        });
        self.fixed + of_paths + of_searches
    }
}

/// Sums what `of` returns for the texts of the values that the paths lead to, each with its number.
/// `is_item` says that the text is an item, and no value.
fn visit(
    text: &[u8],
    is_item: bool,
    paths: &[(&[Step], u64)],
    of: &mut impl FnMut(&[u8], u64) -> u64,
) -> u64 {
    let mut sum = 0;
    let ending: u64 = paths
        .iter()
        .filter(|(path, _)| path.is_empty())
        .map(|(_, times)| *times)
        .sum();
    if ending > 0 {
        sum += of(text, ending);
    }
    let mut below: HashMap<&Step, Vec<(&[Step], u64)>> = HashMap::new();
    for (path, times) in paths {
        if let Some((first, rest)) = path.split_first() {
            below.entry(first).or_default().push((rest, *times));
        }
    }
    if below.is_empty() {
        return sum;
    }
    if is_item {
        let members: Members<'_> = serde_json::from_slice(text).unwrap_or_default();
        for (step, rest) in below {
            if let Step::Name(name) = step
                && let Some(value) = members.get(&Key(name.into()))
            {
                sum += visit(value.get().as_bytes(), false, &rest, of);
            }
        }
        return sum;
    }
    let mut value: Members<'_> = serde_json::from_slice(text).unwrap_or_default();
    if let Some(map) = value.remove(&Key("M".into())) {
        let longer = paths.iter().filter(|(path, _)| !path.is_empty());
        let longer: Vec<_> = longer.copied().collect();
        sum += visit(map.get().as_bytes(), true, &longer, of);
    } else if let Some(list) = value.remove(&Key("L".into())) {
        let list: Vec<&RawValue> = serde_json::from_str(list.get()).unwrap_or_default();
        for (step, rest) in below {
            let Step::Index(index) = step else {
                continue;
            };
            // An update that removes an element moves those after it.
            sum += (list.len() * rest.len()) as u64 * MOVE_TIME;
            if let Some(value) = list.get(*index) {
                sum += visit(value.get().as_bytes(), false, &rest, of);
            }
        }
    }
    sum
}

/// The path that begins with this attribute. `at` is the token after it, and becomes the one after
/// the path.
fn path(first: &str, all: &[Token<'_>], at: &mut usize, names: &Names<'_>) -> Vec<Step> {
    let mut path = vec![Step::Name(first.to_owned())];
    loop {
        match all.get(*at..).unwrap_or_default() {
            [Token::Sign('.'), Token::Word(name), ..] => {
                path.push(Step::Name((*name).to_owned()));
                *at += 2;
            }
            [Token::Sign('.'), Token::Name(name), ..] => {
                let name = names.resolve(name).unwrap_or(name);
                path.push(Step::Name(name.to_owned()));
                *at += 2;
            }
            [
                Token::Sign('['),
                Token::Digits(digits),
                Token::Sign(']'),
                ..,
            ] => {
                path.push(Step::Index(digits.parse().unwrap_or(usize::MAX)));
                *at += 3;
            }
            _ => return path,
        }
    }
}

/// The time to copy and compare a value with this text.
fn value_time(text: &[u8]) -> u64 {
    let (objects, quotes) = count(text);
    let (objects, quotes) = (objects as u64, quotes as u64);
    let has = |kind: &[u8]| memchr::memmem::find(text, kind).is_some();
    let elements = if has(b"{\"NS\":") {
        quotes / 2 * NUMBER_TIME
    } else if has(b"{\"SS\":") || has(b"{\"BS\":") {
        quotes / 2 * ELEMENT_TIME
    } else {
        0
    };
    text.len() as u64 + objects * OBJECT_TIME + quotes * QUOTE_TIME + elements
}

/// The time to copy and compare a value of the request.
fn time_of(value: &Json<'_>) -> u64 {
    match &value.kind {
        JsonKind::String(text) => text.len() as u64 + 2 * QUOTE_TIME,
        JsonKind::Array(items) => items.iter().map(time_of).sum(),
        JsonKind::Object(object) => {
            let members = object.members().iter();
            let of_members = members.map(|member| {
                let length = member.value.as_array().map_or(0, <[_]>::len) as u64;
                let elements = match &*member.name {
                    "NS" => length * NUMBER_TIME,
                    "SS" | "BS" => length * ELEMENT_TIME,
                    _ => 0,
                };
                time_of(&member.value) + elements + 2 * QUOTE_TIME
            });
            OBJECT_TIME + of_members.sum::<u64>()
        }
        JsonKind::Null | JsonKind::Bool(_) | JsonKind::Number(_) => OBJECT_TIME,
    }
}

/// The number of elements of a set.
fn elements(value: &Json<'_>) -> u64 {
    let kinds = ["SS", "NS", "BS"].iter();
    let sets = kinds.filter_map(|kind| value.get(kind)?.as_array());
    sets.map(|set| set.len() as u64).sum()
}

/// The length of the text of a binary value.
fn binary_length(value: &Json<'_>) -> Option<u64> {
    Some(value.get("B")?.as_str()?.len() as u64)
}

#[cfg(test)]
mod tests;
