//! The time of a request: two formats in its headers, one in its signature.
//!
//! jiff writes the format of signatures, `20261124T010203Z`, as its ISO format without separators.
//! Parsing that format stays here: jiff's parser accepts more, such as a second of 60.

use jiff::{
    Timestamp,
    civil::DateTime,
    fmt::{rfc2822, temporal::DateTimePrinter},
    tz::Offset,
};

use super::{error::SignatureError, request_parts::RequestParts};

/// A time in the format of signatures, to the second: `20261124T010203Z`.
pub fn amz_date(time: Timestamp) -> String {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
    let mut text = PRINTER.timestamp_to_string(&time);
    text.retain(|c| !matches!(c, '-' | ':'));
    text
}

/// The time of a request: `x-amz-date` if present, else `date`, which can have the format of HTTP.
pub(super) fn request_time(parts: &RequestParts<'_>) -> Result<Timestamp, SignatureError> {
    if let Some(value) = parts.single_header("x-amz-date")? {
        return basic(value).ok_or(SignatureError::DateMalformed);
    }
    let value = parts
        .single_header("date")?
        .ok_or(SignatureError::DateMissing)?;
    basic(value)
        .or_else(|| http(value))
        .ok_or(SignatureError::DateMalformed)
}

/// Parses `20261124T010203Z` and nothing else.
pub(super) fn basic(value: &[u8]) -> Option<Timestamp> {
    let &[
        y1,
        y2,
        y3,
        y4,
        m1,
        m2,
        d1,
        d2,
        b'T',
        h1,
        h2,
        i1,
        i2,
        s1,
        s2,
        b'Z',
    ] = value
    else {
        return None;
    };
    let two =
        |high: u8, low: u8| -> Option<i8> { i8::try_from(digit(high)? * 10 + digit(low)?).ok() };
    let year = i16::from(two(y1, y2)?) * 100 + i16::from(two(y3, y4)?);
    let at = DateTime::new(
        year,
        two(m1, m2)?,
        two(d1, d2)?,
        two(h1, h2)?,
        two(i1, i2)?,
        two(s1, s2)?,
        0,
    )
    .ok()?;
    Offset::UTC.to_timestamp(at).ok()
}

/// The most bytes of a date in the format of HTTP.
const MAX_HTTP_DATE_BYTES: usize = 40;

/// Parses `Tue, 24 Nov 2026 01:02:03 GMT`.
fn http(value: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(value)
        .ok()
        .filter(|text| text.len() <= MAX_HTTP_DATE_BYTES)?;
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &[u8])]) -> Result<String, SignatureError> {
        request_time(&RequestParts {
            method: "GET",
            path: "/",
            query: "",
            headers,
        })
        .map(amz_date)
    }

    #[test]
    fn x_amz_date_takes_precedence_over_date() {
        let both: &[(&str, &[u8])] = &[
            ("Date", b"Tue, 24 Nov 2026 01:02:03 GMT"),
            ("X-Amz-Date", b"20261124T040506Z"),
        ];
        assert_eq!(read(both).unwrap(), "20261124T040506Z");
        assert_eq!(read(&both[..1]).unwrap(), "20261124T010203Z");
        assert_eq!(
            read(&[("date", b"20261124T040506Z")]).unwrap(),
            "20261124T040506Z"
        );
    }

    #[test]
    fn other_date_formats_are_rejected() {
        for bad in [
            "2026-11-24T01:02:03Z",
            "20261124T010203",
            "20261324T010203Z",
            "20261124T250203Z",
            "20261124t010203z",
            "+0261124T010203Z",
            "",
        ] {
            assert_eq!(
                read(&[("x-amz-date", bad.as_bytes())]),
                Err(SignatureError::DateMalformed),
                "{bad}"
            );
        }
        assert_eq!(read(&[]), Err(SignatureError::DateMissing));
        assert_eq!(
            read(&[
                ("x-amz-date", b"20261124T010203Z"),
                ("X-Amz-Date", b"20261124T010203Z")
            ]),
            Err(SignatureError::DuplicateHeader("x-amz-date"))
        );
    }
}
