//! Finds bytes that need care in texts that nearly always have none: what a writer escapes.

/// Bytes that are compared together.
const CHUNK_BYTES: usize = 16;

/// Whether `needs_care` is true for any byte. Compares many bytes at a time if `needs_care` has
/// no branch.
pub fn contains_any(bytes: &[u8], needs_care: impl Fn(u8) -> bool) -> bool {
    let (chunks, _) = bytes.as_chunks::<CHUNK_BYTES>();
    if chunks.iter().any(|chunk| chunk_has(chunk, &needs_care)) {
        return true;
    }
    // The rest is compared together with bytes before it, so that it is one comparison too.
    if let Some(last) = bytes.last_chunk::<CHUNK_BYTES>() {
        return chunk_has(last, &needs_care);
    }
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => chunk_has(first, &needs_care) | chunk_has(last, &needs_care),
        _ => bytes.iter().any(|byte| needs_care(*byte)),
    }
}

/// How many bytes precede the first one for which `needs_care` is true; all of them if there is
/// none.
pub(crate) fn count_before(bytes: &[u8], needs_care: impl Fn(u8) -> bool) -> usize {
    let (chunks, _) = bytes.as_chunks::<CHUNK_BYTES>();
    let plain = chunks
        .iter()
        .take_while(|chunk| !chunk_has(chunk, &needs_care));
    let skipped = plain.count() * CHUNK_BYTES;
    let rest = bytes.get(skipped..).unwrap_or_default();
    let first = rest.iter().position(|byte| needs_care(*byte));
    first.map_or(bytes.len(), |at| skipped + at)
}

fn chunk_has<const N: usize>(bytes: &[u8; N], needs_care: impl Fn(u8) -> bool) -> bool {
    bytes
        .iter()
        .fold(false, |any, byte| any | needs_care(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_is_found_at_every_position_of_every_length() {
        for length in 0..70 {
            let mut bytes = vec![b'a'; length];
            assert!(!contains_any(&bytes, |byte| byte == b'<'));
            assert_eq!(count_before(&bytes, |byte| byte == b'<'), length);
            for at in 0..length {
                bytes[at] = b'<';
                assert!(
                    contains_any(&bytes, |byte| byte == b'<'),
                    "{at} of {length}"
                );
                assert_eq!(count_before(&bytes, |byte| byte == b'<'), at);
                bytes[at] = b'a';
            }
        }
    }
}
