//! How much memory an item takes when the engine has parsed its text.
//!
//! An item of 400 KB can take 30 MB: a map with one entry is 7 bytes for the service and 450 in
//! memory. The weight follows from the text alone. Its constants are estimates.

/// Bytes of an object beside its text: a value in a list that grows, or a map's table.
const OBJECT_BYTES: usize = 120;
/// Bytes of a string beside its text, for each of its quotation marks.
const QUOTE_BYTES: usize = 20;

/// Bytes of text below which a weight is estimated, without reading the text.
pub(super) const SMALL_TEXT_BYTES: usize = 1 << 10;
/// Most memory for each byte of text.
pub(super) const MAX_WEIGHT_OF_BYTE: usize = 32;

/// The memory of the parsed item, in bytes.
pub(super) fn weight(text: &[u8]) -> usize {
    let (objects, quotes) = count(text);
    text.len() + objects * OBJECT_BYTES + quotes * QUOTE_BYTES
}

/// The numbers of objects and of quotation marks in a text. Those within strings count as well.
pub(super) fn count(text: &[u8]) -> (usize, usize) {
    let of = |byte: u8| {
        // The sums of chunks fit into a byte, so that the loop is vectorized.
        let chunks = text.chunks(255);
        chunks
            .map(|chunk| {
                let count: u8 = chunk.iter().map(|b| u8::from(*b == byte)).sum();
                usize::from(count)
            })
            .sum::<usize>()
    };
    (of(b'{'), of(b'"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_quotation_marks_are_counted() {
        let text = r#"{"a":{"L":[{"S":"{"}]}}"#.repeat(100);
        assert_eq!(count(text.as_bytes()), (400, 800));
        assert_eq!(weight(b""), 0);
    }
}
