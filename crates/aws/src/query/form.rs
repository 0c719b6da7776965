//! One `name=value` field of `application/x-www-form-urlencoded`, decoded without guessing.
//!
//! Unlike the URL standard's reader it does not pass broken escapes or bytes that are not UTF-8.

use super::ParamsError;

/// Splits a field at its first `=` and decodes both sides; a field without `=` has an empty value.
pub(super) fn pair(field: &[u8]) -> Result<(String, String), ParamsError> {
    let mut sides = field.splitn(2, |b| *b == b'=');
    let name = decode(sides.next().unwrap_or_default())?;
    let value = decode(sides.next().unwrap_or_default())?;
    Ok((name, value))
}

fn decode(raw: &[u8]) -> Result<String, ParamsError> {
    // Tokens, the longest values, have nothing to decode.
    if !raw.iter().any(|byte| matches!(byte, b'+' | b'%')) {
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
