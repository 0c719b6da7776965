//! The reader itself: one pass over the text, a cursor and the bounds.

use std::borrow::Cow;

use super::{Kind, Limits, Member, Number, Object, Problem, Span, Value};

type Fault = (usize, Problem);

/// Objects up to this size are searched for doubled names one by one; larger ones are sorted.
const FEW: usize = 16;

/// Bytes of a text that are looked at together.
const CHUNK: usize = 16;

pub(super) fn read<'a>(text: &'a str, limits: &Limits) -> Result<Value<'a>, Fault> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        limits,
        values: 0,
    };
    reader.space();
    let value = reader.value(0)?;
    reader.space();
    if reader.at < reader.bytes.len() {
        return Err((reader.at, Problem::Trailing));
    }
    Ok(value)
}

struct Reader<'a, 'l> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    limits: &'l Limits,
    values: usize,
}

impl<'a> Reader<'a, '_> {
    fn value(&mut self, depth: usize) -> Result<Value<'a>, Fault> {
        self.values += 1;
        if self.values > self.limits.max_values {
            return Err((self.at, Problem::TooMany(self.limits.max_values)));
        }
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Kind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Kind::Number(self.number()?),
            Some(b't') => self.word("true", Kind::Bool(true))?,
            Some(b'f') => self.word("false", Kind::Bool(false))?,
            Some(b'n') => self.word("null", Kind::Null)?,
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Value {
            span: Span {
                start,
                end: self.at,
            },
            kind,
        })
    }

    fn object(&mut self, depth: usize) -> Result<Kind<'a>, Fault> {
        self.enter(depth)?;
        let mut members: Vec<Member<'a>> = Vec::new();
        self.space();
        if self.eat(b'}') {
            return Ok(Kind::Object(Object(members)));
        }
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
            members.push(Member {
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
        refuse_doubled(&members)?;
        Ok(Kind::Object(Object(members)))
    }

    fn array(&mut self, depth: usize) -> Result<Kind<'a>, Fault> {
        self.enter(depth)?;
        let mut items = Vec::new();
        self.space();
        if self.eat(b']') {
            return Ok(Kind::Array(items));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            if self.eat(b']') {
                return Ok(Kind::Array(items));
            }
            if !self.eat(b',') {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
    }

    fn enter(&mut self, depth: usize) -> Result<(), Fault> {
        if depth >= self.limits.max_depth {
            return Err((self.at, Problem::TooDeep(self.limits.max_depth)));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
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
    fn plain(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        // Whole chunks without an end are passed at once.
        let (chunks, _) = rest.as_chunks::<CHUNK>();
        let passed = chunks.iter().take_while(|chunk| !any_ends(chunk)).count() * CHUNK;
        let tail = rest.get(passed..).unwrap_or_default();
        let length = tail
            .iter()
            .position(|byte| ends(*byte))
            .map(|length| passed + length);
        self.at = length.map_or(self.bytes.len(), |length| start + length);
        match self.peek() {
            Some(b'"' | b'\\') => Ok(self.text.get(start..self.at).unwrap_or_default()),
            Some(_) => Err((self.at, Problem::ControlCharacter)),
            None => Err((self.at, Problem::End)),
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let at = self.at;
        let byte = self.peek().ok_or((at, Problem::End))?;
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
            _ => return Err((at, Problem::BadEscape)),
        })
    }

    fn unicode(&mut self, at: usize) -> Result<char, Fault> {
        let first = self.hex4()?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or((at, Problem::BadEscape));
        }
        if first >= 0xdc00 || !(self.eat(b'\\') && self.eat(b'u')) {
            return Err((at, Problem::LoneSurrogate));
        }
        let second = self.hex4()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err((at, Problem::LoneSurrogate));
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
            .ok_or((at, Problem::BadEscape))
    }

    fn hex4(&mut self) -> Result<u32, Fault> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self
                .peek()
                .and_then(|byte| char::from(byte).to_digit(16))
                .ok_or((self.at, Problem::BadEscape))?;
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Number<'a>, Fault> {
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
            return Err((self.at, Problem::BadNumber));
        }
        Ok(Number(self.text.get(start..self.at).unwrap_or_default()))
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return Err((self.at, Problem::BadNumber));
        }
        Ok(())
    }

    fn word(&mut self, word: &'static str, kind: Kind<'a>) -> Result<Kind<'a>, Fault> {
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

    fn unexpected(&self, expected: &'static str) -> Fault {
        let problem = self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
            .map_or(Problem::End, |found| Problem::Unexpected {
                expected,
                found,
            });
        (self.at, problem)
    }
}

/// Whether a byte ends the plain part of a text.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without a branch, many bytes are compared at a time"
)]
fn ends(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < b' ')
}

fn any_ends(chunk: &[u8; CHUNK]) -> bool {
    chunk.iter().fold(false, |any, byte| any | ends(*byte))
}

fn refuse_doubled(members: &[Member<'_>]) -> Result<(), Fault> {
    let doubled = |member: &Member<'_>| {
        (
            member.name_span.start,
            Problem::Duplicate(member.name.to_string()),
        )
    };
    if members.len() <= FEW {
        for (number, member) in members.iter().enumerate() {
            if members
                .iter()
                .take(number)
                .any(|earlier| earlier.name == member.name)
            {
                return Err(doubled(member));
            }
        }
        return Ok(());
    }
    let mut sorted: Vec<&Member<'_>> = members.iter().collect();
    sorted.sort_by(|a, b| {
        a.name
            .cmp(&b.name)
            .then(a.name_span.start.cmp(&b.name_span.start))
    });
    match sorted
        .windows(2)
        .find(|pair| matches!(pair, [a, b] if a.name == b.name))
    {
        Some([_, later]) => Err(doubled(later)),
        _ => Ok(()),
    }
}
