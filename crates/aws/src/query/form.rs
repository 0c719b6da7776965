//! Decodes the fields of `application/x-www-form-urlencoded`.
//!
//! Unlike the parser of the URL standard, it rejects broken escapes and bytes that are not UTF-8.

use super::error::ParamsError;

/// The fields of a form, without empty ones.
pub(super) fn fields(form: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(form);
    std::iter::from_fn(move || {
        let all = rest?;
        let end = memchr::memchr(b'&', all).unwrap_or(all.len());
        rest = all.get(end + 1..);
        all.get(..end)
    })
    .filter(|field| !field.is_empty())
}

/// Splits a field at its first `=` and decodes both sides; a field without `=` has an empty value.
pub(super) fn pair(field: &[u8]) -> Result<(String, String), ParamsError> {
    let sides = memchr::memchr(b'=', field).and_then(|at| field.split_at_checked(at));
    let (name, value) = sides.unwrap_or((field, b""));
    // The value begins after the `=`.
    Ok((decode(name)?, decode(value.get(1..).unwrap_or_default())?))
}

fn decode(raw: &[u8]) -> Result<String, ParamsError> {
    // Tokens, the longest values, need no decoding.
    if memchr::memchr2(b'+', b'%', raw).is_none() {
        let text = std::str::from_utf8(raw).map_err(|_| ParamsError::NotUtf8)?;
        return Ok(text.to_owned());
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = bytes
                    .next()
                    .and_then(hex_digit)
                    .ok_or(ParamsError::BadEscape)?;
                let low = bytes
                    .next()
                    .and_then(hex_digit)
                    .ok_or(ParamsError::BadEscape)?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(out).map_err(|_| ParamsError::NotUtf8)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}
