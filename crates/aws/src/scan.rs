//! Looks for bytes that need care in texts that nearly always have none, such as those of an answer or of a record.

/// Whether any byte is one that `asks` is true for. They are compared many at a time, if `asks` has no branch.
pub fn any(bytes: &[u8], asks: impl Fn(u8) -> bool) -> bool {
    let (chunks, _) = bytes.as_chunks::<16>();
    if chunks.iter().any(|chunk| any_of(chunk, &asks)) {
        return true;
    }
    // What is left is looked at together with bytes before it, so that it is one comparison too.
    if let Some(last) = bytes.last_chunk::<16>() {
        return any_of(last, &asks);
    }
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => any_of(first, &asks) | any_of(last, &asks),
        _ => bytes.iter().any(|byte| asks(*byte)),
    }
}

fn any_of<const N: usize>(bytes: &[u8; N], asks: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(false, |any, byte| any | asks(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_is_found_at_every_place_of_every_length() {
        for length in 0..70 {
            let mut bytes = vec![b'a'; length];
            assert!(!any(&bytes, |byte| byte == b'<'));
            for place in 0..length {
                bytes[place] = b'<';
                assert!(any(&bytes, |byte| byte == b'<'), "{place} of {length}");
                bytes[place] = b'a';
            }
        }
    }
}
