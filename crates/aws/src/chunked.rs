//! Decodes the `aws-chunked` framing of a body as the bytes arrive.
//!
//! A body has chunks of `size in hexadecimal, CRLF, data, CRLF`, a chunk of size 0, trailer lines
//! `name:value`, and an empty line. In the signed forms a size line continues with
//! `;chunk-signature=` and 64 digits, and the trailer ends with a signature of its own.
//!
//! The decoder guarantees: the data has exactly `x-amz-decoded-content-length` bytes; the trailers
//! are those that `x-amz-trailer` announced, without duplicates; every chunk and trailer of a
//! signed form has a valid signature; nothing follows the end. It buffers at most one line and the
//! trailer.
//!
//! The caller must not use the data before [`ChunkedDecoder::finish`]: the length is known only at
//! the end, and the signature of a chunk is verified after its data was returned.

use std::fmt;

use aws_lc_rs::digest;

use crate::{checksum::ChecksumAlgorithm, hex, sigv4::ChunkChain};

/// The most digits of a size: 16 hexadecimal digits exceed any body.
const MAX_SIZE_DIGITS: usize = 16;
/// The text between a size and its signature.
const CHUNK_SIGNATURE: &[u8] = b";chunk-signature=";
/// The trailer whose value signs the other trailers.
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";
/// The most bytes of a trailer line.
const MAX_TRAILER_LINE_BYTES: usize = 512;
/// The most bytes of the name of a trailer.
const MAX_NAME_BYTES: usize = 64;
/// The most names in `x-amz-trailer`.
const MAX_ANNOUNCED_TRAILERS: usize = 8;

/// Why a chunked body is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChunkedError {
    /// `x-amz-trailer` has too many names, or an invalid one.
    #[error("header `x-amz-trailer` cannot be read")]
    BadAnnouncement,
    /// A malformed size line.
    #[error("a chunk's size line is malformed")]
    BadSize,
    /// Data without a CRLF after it.
    #[error("a chunk's data does not end where its size says")]
    BadBoundary,
    /// A trailer line without colon, too long, or with control characters.
    #[error("a trailer line is malformed")]
    BadTrailer,
    /// A trailer that `x-amz-trailer` does not announce.
    #[error("trailer `{0}` was not announced in `x-amz-trailer`")]
    UnannouncedTrailer(String),
    /// A duplicate trailer.
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
    /// A missing or wrong signature of a chunk or trailer.
    #[error("the signature of a chunk or of the trailer does not match")]
    Signature,
}

/// A decoder of one chunked body.
///
/// ```
/// use bowline_aws::chunked::ChunkedDecoder;
///
/// let mut decoder = ChunkedDecoder::unsigned_trailer(5, "x-amz-checksum-crc32")?;
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
pub struct ChunkedDecoder {
    framing: Framing,
    state: DecoderState,
    /// The bytes of the declared length that no size line has announced yet.
    undeclared: u64,
    announced: Vec<String>,
    trailers: Trailers,
    /// The current line, without its end.
    line: Vec<u8>,
}

/// The content of a size line after the size.
#[derive(Debug)]
enum Framing {
    /// No signature.
    Unsigned,
    /// The signature of the chunk.
    Signed(Box<Signatures>),
}

/// The state of the signatures of a body.
struct Signatures {
    chain: ChunkChain,
    /// The hash of the current chunk so far, and the signature that its size line claims.
    data: digest::Context,
    claimed: [u8; 32],
    /// The lines of the trailer, in the form that is signed.
    lines: Vec<u8>,
    /// Whether the signature of the trailer is still missing.
    trailer_unsigned: bool,
}

impl fmt::Debug for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signatures(..)")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DecoderState {
    Size,
    Data { left: u64 },
    DataEnd,
    Trailer,
    Done,
}

/// The trailers of a body, names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trailers(Vec<(String, String)>);

impl Trailers {
    /// The value of a trailer by its lower-case name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// The checksum of the body, if the trailers have one with a supported algorithm.
    pub fn checksum(&self) -> Option<(ChecksumAlgorithm, &str)> {
        self.0.iter().find_map(|(name, value)| {
            ChecksumAlgorithm::from_header(name).map(|algorithm| (algorithm, value.as_str()))
        })
    }

    /// Names and values, in the order received.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl ChunkedDecoder {
    /// Decodes `STREAMING-UNSIGNED-PAYLOAD-TRAILER`. `decoded_length` is
    /// `x-amz-decoded-content-length`, `announced` the value of `x-amz-trailer`, empty if there is
    /// none.
    ///
    /// # Errors
    /// [`ChunkedError::BadAnnouncement`].
    pub fn unsigned_trailer(decoded_length: u64, announced: &str) -> Result<Self, ChunkedError> {
        Self::new(Framing::Unsigned, decoded_length, announced)
    }

    /// Decodes `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`, which has no trailer.
    ///
    /// # Errors
    /// [`ChunkedError::BadAnnouncement`] if a trailer is announced.
    pub fn signed(
        decoded_length: u64,
        announced: &str,
        chain: ChunkChain,
    ) -> Result<Self, ChunkedError> {
        if !announced.is_empty() {
            return Err(ChunkedError::BadAnnouncement);
        }
        Self::new(Framing::signed(chain, false), decoded_length, announced)
    }

    /// Decodes `STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER`.
    ///
    /// # Errors
    /// [`ChunkedError::BadAnnouncement`].
    pub fn signed_trailer(
        decoded_length: u64,
        announced: &str,
        chain: ChunkChain,
    ) -> Result<Self, ChunkedError> {
        Self::new(Framing::signed(chain, true), decoded_length, announced)
    }

    fn new(framing: Framing, decoded_length: u64, announced: &str) -> Result<Self, ChunkedError> {
        Ok(Self {
            framing,
            state: DecoderState::Size,
            undeclared: decoded_length,
            announced: announcement(announced)?,
            trailers: Trailers::default(),
            line: Vec::new(),
        })
    }

    /// Returns the next piece of data in `input` and advances `input` past it. `None` requests more
    /// input.
    ///
    /// # Errors
    /// The first violation. The decoder must not be used after an error.
    pub fn next<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<&'i [u8]>, ChunkedError> {
        loop {
            match self.state {
                DecoderState::Data { left } => {
                    let take = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                    let (data, rest) = input.split_at(take);
                    *input = rest;
                    let left = left.saturating_sub(take as u64);
                    self.state = if left == 0 {
                        DecoderState::DataEnd
                    } else {
                        DecoderState::Data { left }
                    };
                    if let Framing::Signed(signatures) = &mut self.framing {
                        signatures.data.update(data);
                    }
                    if !data.is_empty() {
                        return Ok(Some(data));
                    }
                    if input.is_empty() {
                        return Ok(None);
                    }
                }
                DecoderState::Done if input.is_empty() => return Ok(None),
                DecoderState::Done => return Err(ChunkedError::Excess),
                DecoderState::Size | DecoderState::DataEnd | DecoderState::Trailer => {
                    if !self.read_line(input)? {
                        return Ok(None);
                    }
                    let line = std::mem::take(&mut self.line);
                    self.state = self.state_after(&line)?;
                }
            }
        }
    }

    /// Whether the decoder has reached the end of the body.
    pub fn is_done(&self) -> bool {
        self.state == DecoderState::Done
    }

    /// The trailers of the complete body.
    ///
    /// # Errors
    /// [`ChunkedError::Incomplete`] before its end.
    pub fn finish(self) -> Result<Trailers, ChunkedError> {
        if self.is_done() {
            Ok(self.trailers)
        } else {
            Err(ChunkedError::Incomplete)
        }
    }

    /// Moves a line from `input` to `line`, without its CRLF. Returns whether the line is complete.
    fn read_line(&mut self, input: &mut &[u8]) -> Result<bool, ChunkedError> {
        let (max_bytes, error) = match self.state {
            DecoderState::DataEnd => (0, ChunkedError::BadBoundary),
            DecoderState::Trailer => (MAX_TRAILER_LINE_BYTES, ChunkedError::BadTrailer),
            DecoderState::Size | DecoderState::Data { .. } | DecoderState::Done => {
                let max_bytes = match self.framing {
                    Framing::Unsigned => MAX_SIZE_DIGITS,
                    Framing::Signed(_) => MAX_SIZE_DIGITS + CHUNK_SIGNATURE.len() + 64,
                };
                (max_bytes, ChunkedError::BadSize)
            }
        };
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            match (byte, self.line.last()) {
                (b'\n', Some(b'\r')) => {
                    self.line.pop();
                    return Ok(true);
                }
                // A carriage return begins the end of the line, so a line feed must follow it.
                (b'\n', _) | (_, Some(b'\r')) => return Err(error),
                (b'\r', _) => self.line.push(byte),
                _ if self.line.len() >= max_bytes => return Err(error),
                _ => self.line.push(byte),
            }
        }
        Ok(false)
    }

    /// The state after a complete line.
    fn state_after(&mut self, line: &[u8]) -> Result<DecoderState, ChunkedError> {
        match self.state {
            DecoderState::Size => {
                let size = match &mut self.framing {
                    Framing::Unsigned => hexadecimal(line),
                    Framing::Signed(signatures) => signatures.begin(line),
                }
                .ok_or(ChunkedError::BadSize)?;
                self.undeclared = self
                    .undeclared
                    .checked_sub(size)
                    .ok_or(ChunkedError::Length)?;
                match (size, self.undeclared) {
                    (0, 0) => {
                        self.end_chunk()?;
                        Ok(DecoderState::Trailer)
                    }
                    (0, _) => Err(ChunkedError::Length),
                    (left, _) => Ok(DecoderState::Data { left }),
                }
            }
            DecoderState::DataEnd => {
                self.end_chunk()?;
                Ok(DecoderState::Size)
            }
            DecoderState::Trailer if line.is_empty() => match &self.framing {
                Framing::Signed(signatures) if signatures.trailer_unsigned => {
                    Err(ChunkedError::Signature)
                }
                Framing::Signed(_) | Framing::Unsigned => Ok(DecoderState::Done),
            },
            DecoderState::Trailer => {
                self.trailer(line)?;
                Ok(DecoderState::Trailer)
            }
            DecoderState::Data { .. } | DecoderState::Done => Ok(self.state),
        }
    }

    /// Verifies the signature of the complete chunk, if it has one.
    fn end_chunk(&mut self) -> Result<(), ChunkedError> {
        match &mut self.framing {
            Framing::Unsigned => Ok(()),
            Framing::Signed(signatures) => signatures.end(),
        }
    }

    fn trailer(&mut self, line: &[u8]) -> Result<(), ChunkedError> {
        let text = std::str::from_utf8(line).map_err(|_| ChunkedError::BadTrailer)?;
        let (name, value) = text.split_once(':').ok_or(ChunkedError::BadTrailer)?;
        let (name, value) = (name.to_ascii_lowercase(), value.trim_matches([' ', '\t']));
        if !is_name(&name) || !value.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            return Err(ChunkedError::BadTrailer);
        }
        if let Framing::Signed(signatures) = &mut self.framing {
            if name == TRAILER_SIGNATURE {
                return signatures.end_trailer(value);
            }
            // The signature of the trailer does not cover lines after it.
            if !signatures.trailer_unsigned {
                return Err(ChunkedError::BadTrailer);
            }
            signatures
                .lines
                .extend([&name, ":", value, "\n"].map(str::as_bytes).concat());
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

impl Framing {
    /// The framing of a signed body. `has_trailer`: whether a signed trailer must follow.
    fn signed(chain: ChunkChain, has_trailer: bool) -> Self {
        Self::Signed(Box::new(Signatures {
            chain,
            data: digest::Context::new(&digest::SHA256),
            claimed: [0; 32],
            lines: Vec::new(),
            trailer_unsigned: has_trailer,
        }))
    }
}

impl Signatures {
    /// Begins a chunk. Returns the size in its size line; `None` if the line is malformed.
    fn begin(&mut self, line: &[u8]) -> Option<u64> {
        let end = line.iter().position(|byte| *byte == b';')?;
        let (size, signature) = line.split_at_checked(end)?;
        self.claimed = hex::decode32(signature.strip_prefix(CHUNK_SIGNATURE)?)?;
        self.data = digest::Context::new(&digest::SHA256);
        hexadecimal(size)
    }

    fn end(&mut self) -> Result<(), ChunkedError> {
        let hash = self.data.clone().finish();
        let verified = self.chain.verify_chunk(&hash, &self.claimed);
        verified.map_err(|_| ChunkedError::Signature)
    }

    fn end_trailer(&mut self, claimed: &str) -> Result<(), ChunkedError> {
        let claimed = hex::decode32(claimed.as_bytes()).filter(|_| self.trailer_unsigned);
        let claimed = claimed.ok_or(ChunkedError::BadTrailer)?;
        let verified = self.chain.verify_trailer(&self.lines, &claimed);
        verified.map_err(|_| ChunkedError::Signature)?;
        self.trailer_unsigned = false;
        Ok(())
    }
}

/// Parses the names in a value of `x-amz-trailer` into lower case.
fn announcement(value: &str) -> Result<Vec<String>, ChunkedError> {
    let names: Vec<String> = value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    if names.len() <= MAX_ANNOUNCED_TRAILERS && names.iter().all(|name| is_name(name)) {
        Ok(names)
    } else {
        Err(ChunkedError::BadAnnouncement)
    }
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len())
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
