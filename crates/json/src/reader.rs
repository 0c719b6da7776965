//! The reader: one pass over the text, a cursor and the bounds.

use std::borrow::Cow;

use crate::{
    error::{JsonError, JsonProblem},
    scan,
    value::{Json, JsonKind, JsonMember, JsonNumber, JsonObject, Span},
    writer::needs_escape,
};

/// The limits of a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonLimits {
    /// The most bytes of the text.
    pub max_bytes: usize,
    /// The most arrays and objects inside each other.
    pub max_depth: usize,
    /// The most values, nested ones included.
    pub max_values: usize,
}

/// A problem and the byte at which it was found.
type Failure = (usize, JsonProblem);

/// The most members of an object whose names are compared pair by pair; of larger objects the
/// names are sorted.
const MAX_MEMBERS_UNSORTED: usize = 16;

/// Reads a text that is one value.
///
/// ```
/// use bowline_json::{JsonLimits, parse};
///
/// let limits = JsonLimits { max_bytes: 1_000, max_depth: 8, max_values: 100 };
/// let error = parse(b"{\"a\": 1,\n \"a\": 2}", &limits).unwrap_err();
/// assert_eq!(error.to_string(), "line 2, column 2: member `a` is given twice; keep one of them");
/// ```
///
/// # Errors
/// [`JsonError`], with line and column.
pub fn parse<'a>(text: &'a [u8], limits: &JsonLimits) -> Result<Json<'a>, JsonError> {
    let at = |offset: usize, problem: JsonProblem| JsonError::at(text, offset, problem);
    if text.len() > limits.max_bytes {
        return Err(at(0, JsonProblem::TooLong(limits.max_bytes)));
    }
    let valid =
        std::str::from_utf8(text).map_err(|error| at(error.valid_up_to(), JsonProblem::NotUtf8))?;
    read(valid, limits).map_err(|(offset, problem)| at(offset, problem))
}

fn read<'a>(text: &'a str, limits: &JsonLimits) -> Result<Json<'a>, Failure> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        limits,
        values: 0,
        open_members: Vec::new(),
        open_items: Vec::new(),
    };
    reader.space();
    let value = reader.value(0)?;
    reader.space();
    if reader.at < reader.bytes.len() {
        return Err((reader.at, JsonProblem::Trailing));
    }
    Ok(value)
}

struct Reader<'a, 'l> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    limits: &'l JsonLimits,
    values: usize,
    /// The members and items of objects and arrays that are not closed yet. Each object and array
    /// takes its own when it is closed, in one allocation.
    open_members: Vec<JsonMember<'a>>,
    open_items: Vec<Json<'a>>,
}

impl<'a> Reader<'a, '_> {
    fn value(&mut self, depth: usize) -> Result<Json<'a>, Failure> {
        self.values += 1;
        if self.values > self.limits.max_values {
            return Err((self.at, JsonProblem::TooMany(self.limits.max_values)));
        }
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => JsonKind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => JsonKind::Number(self.number()?),
            Some(b't') => self.word("true", JsonKind::Bool(true))?,
            Some(b'f') => self.word("false", JsonKind::Bool(false))?,
            Some(b'n') => self.word("null", JsonKind::Null)?,
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Json {
            span: Span {
                start,
                end: self.at,
            },
            kind,
        })
    }

    fn object(&mut self, depth: usize) -> Result<JsonKind<'a>, Failure> {
        self.enter(depth)?;
        self.space();
        if self.eat(b'}') {
            return Ok(JsonKind::Object(JsonObject::default()));
        }
        let first = self.open_members.len();
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a member's name"));
            }
            let name = self.string()?;
            let name_span = Span {
                start,
                end: self.at,
            };
            self.space();
            if !self.eat(b':') {
                return Err(self.unexpected("`:`"));
            }
            self.space();
            let value = self.value(depth + 1)?;
            self.open_members.push(JsonMember {
                name,
                name_span,
                value,
            });
            self.space();
            if self.eat(b'}') {
                break;
            }
            if !self.eat(b',') {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
        let members: Vec<_> = self.open_members.drain(first..).collect();
        reject_duplicates(&members)?;
        Ok(JsonKind::Object(JsonObject(members)))
    }

    fn array(&mut self, depth: usize) -> Result<JsonKind<'a>, Failure> {
        self.enter(depth)?;
        self.space();
        if self.eat(b']') {
            return Ok(JsonKind::Array(Vec::new()));
        }
        let first = self.open_items.len();
        loop {
            self.space();
            let item = self.value(depth + 1)?;
            self.open_items.push(item);
            self.space();
            if self.eat(b']') {
                return Ok(JsonKind::Array(self.open_items.drain(first..).collect()));
            }
            if !self.eat(b',') {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
    }

    fn enter(&mut self, depth: usize) -> Result<(), Failure> {
        if depth >= self.limits.max_depth {
            return Err((self.at, JsonProblem::TooDeep(self.limits.max_depth)));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Failure> {
        self.at += 1;
        let start = self.at;
        let plain = self.plain()?;
        if self.eat(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        self.at = start + plain.len();
        loop {
            if self.eat(b'"') {
                return Ok(Cow::Owned(text));
            }
            if self.eat(b'\\') {
                text.push(self.escape()?);
            } else {
                text.push_str(self.plain()?);
            }
        }
    }

    /// Everything up to the next quote or backslash.
    fn plain(&mut self) -> Result<&'a str, Failure> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        self.at = start + scan::count_before(rest, needs_escape);
        match self.peek() {
            Some(b'"' | b'\\') => Ok(self.text.get(start..self.at).unwrap_or_default()),
            Some(_) => Err((self.at, JsonProblem::ControlCharacter)),
            None => Err((self.at, JsonProblem::End)),
        }
    }

    fn escape(&mut self) -> Result<char, Failure> {
        let at = self.at;
        let byte = self.peek().ok_or((at, JsonProblem::End))?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(at),
            _ => return Err((at, JsonProblem::BadEscape)),
        })
    }

    fn unicode(&mut self, at: usize) -> Result<char, Failure> {
        let first = self.hex4()?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or((at, JsonProblem::BadEscape));
        }
        if first >= 0xdc00 || !(self.eat(b'\\') && self.eat(b'u')) {
            return Err((at, JsonProblem::LoneSurrogate));
        }
        let second = self.hex4()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err((at, JsonProblem::LoneSurrogate));
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
            .ok_or((at, JsonProblem::BadEscape))
    }

    fn hex4(&mut self) -> Result<u32, Failure> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self
                .peek()
                .and_then(|byte| char::from(byte).to_digit(16))
                .ok_or((self.at, JsonProblem::BadEscape))?;
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<JsonNumber<'a>, Failure> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err((self.at, JsonProblem::BadNumber));
        }
        Ok(JsonNumber(
            self.text.get(start..self.at).unwrap_or_default(),
        ))
    }

    fn digits(&mut self) -> Result<(), Failure> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return Err((self.at, JsonProblem::BadNumber));
        }
        Ok(())
    }

    fn word(&mut self, word: &'static str, kind: JsonKind<'a>) -> Result<JsonKind<'a>, Failure> {
        if !self
            .text
            .get(self.at..)
            .unwrap_or_default()
            .starts_with(word)
        {
            return Err(self.unexpected("a value"));
        }
        self.at += word.len();
        Ok(kind)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.at += 1;
        }
        there
    }

    fn unexpected(&self, expected: &'static str) -> Failure {
        let problem = self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
            .map_or(JsonProblem::End, |found| JsonProblem::Unexpected {
                expected,
                found,
            });
        (self.at, problem)
    }
}

fn reject_duplicates(members: &[JsonMember<'_>]) -> Result<(), Failure> {
    let duplicate = |member: &JsonMember<'_>| {
        (
            member.name_span.start,
            JsonProblem::Duplicate(member.name.to_string()),
        )
    };
    if members.len() <= MAX_MEMBERS_UNSORTED {
        for (number, member) in members.iter().enumerate() {
            if members
                .iter()
                .take(number)
                .any(|earlier| earlier.name == member.name)
            {
                return Err(duplicate(member));
            }
        }
        return Ok(());
    }
    let mut sorted: Vec<&JsonMember<'_>> = members.iter().collect();
    sorted.sort_by(|a, b| {
        a.name
            .cmp(&b.name)
            .then(a.name_span.start.cmp(&b.name_span.start))
    });
    match sorted
        .windows(2)
        .find(|pair| matches!(pair, [a, b] if a.name == b.name))
    {
        Some([_, later]) => Err(duplicate(later)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
