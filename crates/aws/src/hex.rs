//! Lower-case hexadecimal, the only form that signatures use, by `base16ct`.

/// The bytes as lower-case digits.
pub(crate) fn encode(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// Parses a SHA-256 or HMAC-SHA-256 value of exactly 64 lower-case digits.
pub(crate) fn decode32(text: &[u8]) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    // A shorter text decodes into a part of `out`.
    let decoded = base16ct::lower::decode(text, &mut out).ok()?;
    (decoded.len() == 32).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_lower_case_digits_are_32_bytes() {
        let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 8 + 7).unwrap());
        let text = encode(&bytes);
        assert_eq!(decode32(text.as_bytes()), Some(bytes));
        for bad in [
            "",
            text.get(1..).unwrap(),
            text.get(2..).unwrap(),
            &format!("{text}00"),
            &text.to_uppercase(),
            &text.replace('f', "g"),
            &text.replace('f', "/"),
            &text.replace('f', ":"),
        ] {
            assert_eq!(decode32(bad.as_bytes()), None, "{bad}");
        }
    }
}
