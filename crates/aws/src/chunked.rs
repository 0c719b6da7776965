//! Takes the `aws-chunked` framing off a body, as the bytes arrive.
//!
//! A body is chunks of `size in hexadecimal, CRLF, data, CRLF`, a chunk of size 0, trailer lines `name:value`, and an empty line. This
//! version reads the form without signatures (`STREAMING-UNSIGNED-PAYLOAD-TRAILER`); the signed forms add an extension to the size line
//! and join beside it. Promised: data amounts to exactly `x-amz-decoded-content-length`; trailers are those that
//! `x-amz-trailer` announced, once each; nothing follows the end; no more than one line is ever buffered.
//!
//! The data is to be believed only after [`Decoder::finish`]: until then the sender may still turn out to have lied about the length.

use crate::checksum::Algorithm;

/// The longest size line: 16 hexadecimal digits reach further than any body.
const MAX_SIZE_DIGITS: usize = 16;
/// The longest trailer line.
const MAX_TRAILER_LINE: usize = 512;
/// The most names that `x-amz-trailer` may announce.
const MAX_ANNOUNCED: usize = 8;

/// Why a chunked body is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChunkedError {
    /// `x-amz-trailer` names too much, or something that is no header name.
    #[error("header `x-amz-trailer` cannot be read")]
    BadAnnouncement,
    /// A size line that is no hexadecimal number.
    #[error("a chunk's size line is malformed")]
    BadSize,
    /// Data without CRLF behind it.
    #[error("a chunk's data does not end where its size says")]
    BadBoundary,
    /// A trailer line without colon, too long, or with control characters.
    #[error("a trailer line is malformed")]
    BadTrailer,
    /// A trailer that nobody announced.
    #[error("trailer `{0}` was not announced in `x-amz-trailer`")]
    UnannouncedTrailer(String),
    /// A trailer that comes twice.
    #[error("trailer `{0}` is given more than once")]
    DuplicateTrailer(String),
    /// More or less data than declared.
    #[error("the chunks do not amount to `x-amz-decoded-content-length`")]
    Length,
    /// Bytes after the end.
    #[error("bytes follow the end of the body")]
    Excess,
    /// The body ends too early.
    #[error("the body ends before its last chunk and trailer")]
    Incomplete,
}

/// A chunked body being read.
///
/// ```
/// use bowline_aws::chunked::Decoder;
///
/// let mut decoder = Decoder::unsigned_trailer(5, "x-amz-checksum-crc32")?;
/// let mut input: &[u8] = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
/// let mut data = Vec::new();
/// while let Some(piece) = decoder.next(&mut input)? {
///     data.extend_from_slice(piece);
/// }
/// assert_eq!(data, b"hello");
/// assert_eq!(decoder.finish()?.get("x-amz-checksum-crc32"), Some("NhCmhg=="));
/// # Ok::<(), bowline_aws::chunked::ChunkedError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    framing: Framing,
    state: State,
    /// Data that is declared and has not been announced by a size line yet.
    undeclared: u64,
    announced: Vec<String>,
    trailers: Trailers,
    /// The line being read, without its end.
    line: Vec<u8>,
}

/// What stands on a size line beside the size.
#[derive(Debug, Clone, Copy)]
enum Framing {
    /// Nothing.
    Unsigned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size,
    Data { left: u64 },
    DataEnd,
    Trailer,
    Done,
}

/// The trailer lines of a body, names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trailers(Vec<(String, String)>);

impl Trailers {
    /// The value of a trailer; the name in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// The checksum that came with the body, if it is one that is computed here. It may legally be absent.
    pub fn checksum(&self) -> Option<(Algorithm, &str)> {
        self.0.iter().find_map(|(name, value)| {
            Algorithm::from_header(name).map(|algorithm| (algorithm, value.as_str()))
        })
    }

    /// Names and values in the order received.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Decoder {
    /// Reads `STREAMING-UNSIGNED-PAYLOAD-TRAILER`: `decoded_length` is `x-amz-decoded-content-length`, `announced` the value of
    /// `x-amz-trailer`, empty if there is none.
    ///
    /// # Errors
    /// [`ChunkedError::BadAnnouncement`].
    pub fn unsigned_trailer(decoded_length: u64, announced: &str) -> Result<Self, ChunkedError> {
        Ok(Self {
            framing: Framing::Unsigned,
            state: State::Size,
            undeclared: decoded_length,
            announced: announcement(announced)?,
            trailers: Trailers::default(),
            line: Vec::new(),
        })
    }

    /// The next piece of data in `input`, which moves past what was read. `None` asks for more input.
    ///
    /// # Errors
    /// The first violation. A decoder that has refused is not to be used again.
    pub fn next<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<&'i [u8]>, ChunkedError> {
        loop {
            match self.state {
                State::Data { left } => {
                    let take = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                    let (data, rest) = input.split_at(take);
                    *input = rest;
                    let left = left.saturating_sub(take as u64);
                    self.state = if left == 0 {
                        State::DataEnd
                    } else {
                        State::Data { left }
                    };
                    if !data.is_empty() {
                        return Ok(Some(data));
                    }
                    if input.is_empty() {
                        return Ok(None);
                    }
                }
                State::Done if input.is_empty() => return Ok(None),
                State::Done => return Err(ChunkedError::Excess),
                State::Size | State::DataEnd | State::Trailer => {
                    if !self.read_line(input)? {
                        return Ok(None);
                    }
                    let line = std::mem::take(&mut self.line);
                    self.state = self.after(&line)?;
                }
            }
        }
    }

    /// Whether the end of the body has been read.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// The trailers of a body that has ended as it must.
    ///
    /// # Errors
    /// [`ChunkedError::Incomplete`].
    pub fn finish(self) -> Result<Trailers, ChunkedError> {
        if self.is_done() {
            Ok(self.trailers)
        } else {
            Err(ChunkedError::Incomplete)
        }
    }

    /// Moves bytes up to and with a CRLF from `input`, keeping those before it in `line`. False if the line goes on.
    fn read_line(&mut self, input: &mut &[u8]) -> Result<bool, ChunkedError> {
        let (most, error) = match self.state {
            State::DataEnd => (0, ChunkedError::BadBoundary),
            State::Trailer => (MAX_TRAILER_LINE, ChunkedError::BadTrailer),
            State::Size | State::Data { .. } | State::Done => {
                (MAX_SIZE_DIGITS, ChunkedError::BadSize)
            }
        };
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            match (byte, self.line.last()) {
                (b'\n', Some(b'\r')) => {
                    self.line.pop();
                    return Ok(true);
                }
                // A carriage return is the start of the end, and an end has no other.
                (b'\n', _) | (_, Some(b'\r')) => return Err(error),
                (b'\r', _) => self.line.push(byte),
                _ if self.line.len() >= most => return Err(error),
                _ => self.line.push(byte),
            }
        }
        Ok(false)
    }

    /// The state after a complete line.
    fn after(&mut self, line: &[u8]) -> Result<State, ChunkedError> {
        match self.state {
            State::Size => {
                let size = match self.framing {
                    Framing::Unsigned => hexadecimal(line).ok_or(ChunkedError::BadSize)?,
                };
                self.undeclared = self
                    .undeclared
                    .checked_sub(size)
                    .ok_or(ChunkedError::Length)?;
                match (size, self.undeclared) {
                    (0, 0) => Ok(State::Trailer),
                    (0, _) => Err(ChunkedError::Length),
                    (left, _) => Ok(State::Data { left }),
                }
            }
            State::DataEnd => Ok(State::Size),
            State::Trailer if line.is_empty() => Ok(State::Done),
            State::Trailer => {
                self.trailer(line)?;
                Ok(State::Trailer)
            }
            State::Data { .. } | State::Done => Ok(self.state),
        }
    }

    fn trailer(&mut self, line: &[u8]) -> Result<(), ChunkedError> {
        let text = std::str::from_utf8(line).map_err(|_| ChunkedError::BadTrailer)?;
        let (name, value) = text.split_once(':').ok_or(ChunkedError::BadTrailer)?;
        let (name, value) = (name.to_ascii_lowercase(), value.trim_matches([' ', '\t']));
        if !is_name(&name) || !value.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            return Err(ChunkedError::BadTrailer);
        }
        if !self.announced.contains(&name) {
            return Err(ChunkedError::UnannouncedTrailer(name));
        }
        if self.trailers.get(&name).is_some() {
            return Err(ChunkedError::DuplicateTrailer(name));
        }
        self.trailers.0.push((name, value.to_owned()));
        Ok(())
    }
}

/// The names in a value of `x-amz-trailer`, in lower case.
fn announcement(value: &str) -> Result<Vec<String>, ChunkedError> {
    let names: Vec<String> = value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    if names.len() <= MAX_ANNOUNCED && names.iter().all(|name| is_name(name)) {
        Ok(names)
    } else {
        Err(ChunkedError::BadAnnouncement)
    }
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn hexadecimal(line: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(line)
        .ok()
        .filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u64::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests;
