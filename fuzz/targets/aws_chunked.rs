//! The aws-chunked framing: a body gives the same data and verdict however its bytes arrive, and never more than was declared.
#![no_main]

use bowline_aws::chunked::{ChunkedError, ChunkedDecoder, Trailers};
use libfuzzer_sys::fuzz_target;

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

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (length, step, body) = input;
    let at_once = decode(body, length.into(), body.len().max(1));
    assert_eq!(
        decode(body, length.into(), usize::from(step).max(1)),
        at_once
    );
    if let Ok((data, _)) = at_once {
        assert_eq!(data.len(), usize::from(length));
    }
});
