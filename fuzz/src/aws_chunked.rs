//! Bodies in `aws-chunked` framing: the data and the outcome do not depend on how the bytes arrive,
//! and no more data comes out than was declared.
//!
//! Input: the declared length and the step as one byte each, then the body.

use bowline_aws::chunked::{ChunkedDecoder, ChunkedError, Trailers};

fn decode(body: &[u8], length: u64, step: usize) -> Result<(Vec<u8>, Trailers), ChunkedError> {
    let mut decoder = ChunkedDecoder::unsigned_trailer(length, "x-amz-checksum-crc32, t")?;
    let mut data = Vec::new();
    for mut input in body.chunks(step) {
        while let Some(piece) = decoder.next(&mut input)? {
            data.extend_from_slice(piece);
            assert!(data.len() as u64 <= length);
        }
    }
    Ok((data, decoder.finish()?))
}

/// Decodes the body at once and in steps.
pub fn run(input: &[u8]) {
    let [length, step, body @ ..] = input else {
        return;
    };
    let (length, step) = (*length, *step);
    let at_once = decode(body, length.into(), body.len().max(1));
    assert_eq!(
        decode(body, length.into(), usize::from(step).max(1)),
        at_once
    );
    if let Ok((data, _)) = at_once {
        assert_eq!(data.len(), usize::from(length));
    }
}
