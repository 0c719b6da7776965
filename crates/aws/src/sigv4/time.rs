//! The two ways in which a request tells its time, and the one in which it is signed.

use jiff::{Timestamp, civil::DateTime, fmt::rfc2822, tz::Offset};

use super::{RequestParts, SignatureError};

/// A time as signatures have it, to the second: `20261124T010203Z`.
pub fn amz_date(time: Timestamp) -> String {
    let t = Offset::UTC.to_datetime(time);
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        t.year(),
        t.month(),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

/// The time of a request: `x-amz-date` if it is present, else `date`, which may be in the HTTP form.
pub(super) fn of_request(parts: &RequestParts<'_>) -> Result<Timestamp, SignatureError> {
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

/// Reads `20261124T010203Z` and nothing else.
fn basic(value: &[u8]) -> Option<Timestamp> {
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

/// Reads `Tue, 24 Nov 2026 01:02:03 GMT`.
fn http(value: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(value)
        .ok()
        .filter(|text| text.len() <= 40)?;
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &[u8])]) -> Result<String, SignatureError> {
        of_request(&RequestParts {
            method: "GET",
            path: "/",
            query: "",
            headers,
        })
        .map(amz_date)
    }

    #[test]
    fn the_header_of_amazon_goes_before_the_one_of_http() {
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
    fn other_ways_to_write_a_time_are_refused() {
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
