//! Framing, trailers and signatures of chunked bodies, and properties.

use proptest::prelude::*;

use super::*;

const CRC: &str = "x-amz-checksum-crc32";

/// Decodes a body that arrives in pieces of `step` bytes.
fn decode(
    body: &[u8],
    length: u64,
    announced: &str,
    step: usize,
) -> Result<(Vec<u8>, Trailers), ChunkedError> {
    let mut decoder = ChunkedDecoder::unsigned_trailer(length, announced)?;
    let mut data = Vec::new();
    for mut input in body.chunks(step) {
        while let Some(piece) = decoder.next(&mut input)? {
            data.extend_from_slice(piece);
        }
        assert!(input.is_empty(), "all input is read");
    }
    Ok((data, decoder.finish()?))
}

fn rejected(body: &str, length: u64) -> String {
    let errors: Vec<String> = [1, 2, 1000]
        .map(|step| {
            decode(body.as_bytes(), length, CRC, step)
                .unwrap_err()
                .to_string()
        })
        .to_vec();
    assert!(errors.iter().all(|error| *error == errors[0]), "{errors:?}");
    errors[0].clone()
}

fn accepted(body: &str, length: u64) -> String {
    let (data, _) = decode(body.as_bytes(), length, CRC, 1000).unwrap();
    String::from_utf8(data).unwrap()
}

#[test]
fn chunks_and_trailer_are_decoded_however_the_input_is_split() {
    let body = b"3\r\nabc\r\nA\r\n0123\r\n6789\r\n0\r\nX-Amz-Checksum-Crc32: NSRBwg==\r\n\r\n";
    for step in 1..=body.len() {
        let (data, trailers) = decode(body, 13, CRC, step).unwrap();
        assert_eq!(data, b"abc0123\r\n6789");
        assert_eq!(
            trailers.checksum(),
            Some((ChecksumAlgorithm::Crc32, "NSRBwg=="))
        );
    }
}

#[test]
fn an_empty_body_and_an_absent_trailer_are_valid() {
    assert_eq!(accepted("0\r\n\r\n", 0), "");
    assert_eq!(accepted("1\r\nx\r\n0\r\n\r\n", 1), "x");
}

#[test]
fn the_data_has_the_declared_length() {
    assert_eq!(accepted("2\r\nab\r\n0\r\n\r\n", 2), "ab");
    insta::assert_snapshot!(rejected("2\r\nab\r\n0\r\n\r\n", 3), @"the chunks do not amount to `x-amz-decoded-content-length`");
    insta::assert_snapshot!(rejected("2\r\nab\r\n0\r\n\r\n", 1), @"the chunks do not amount to `x-amz-decoded-content-length`");
    insta::assert_snapshot!(rejected("1\r\na\r\nffffffffffffffff\r\n", 2), @"the chunks do not amount to `x-amz-decoded-content-length`");
}

#[test]
fn size_lines_are_plain_hexadecimal() {
    assert_eq!(
        accepted("000000000000000A\r\n0123456789\r\n0\r\n\r\n", 10),
        "0123456789"
    );
    for bad in [
        "",
        "g",
        "-1",
        "+1",
        "0x1",
        " 1",
        "1 ",
        "1;chunk-signature=00",
        "00000000000000001",
    ] {
        assert_eq!(
            rejected(&format!("{bad}\r\na\r\n0\r\n\r\n"), 1),
            "a chunk's size line is malformed",
            "{bad}"
        );
    }
}

#[test]
fn lines_end_with_carriage_return_and_line_feed() {
    insta::assert_snapshot!(rejected("1\na\r\n0\r\n\r\n", 1), @"a chunk's size line is malformed");
    insta::assert_snapshot!(rejected("1\r\na\n0\r\n\r\n", 1), @"a chunk's data does not end where its size says");
    insta::assert_snapshot!(rejected("1\r\nab\r\n0\r\n\r\n", 1), @"a chunk's data does not end where its size says");
    insta::assert_snapshot!(rejected("1\r\na\r\n0\r\n\r\r\n", 1), @"a trailer line is malformed");
}

#[test]
fn only_announced_trailers_without_duplicates_are_accepted() {
    insta::assert_snapshot!(rejected("0\r\nx-amz-meta-a:1\r\n\r\n", 0), @"trailer `x-amz-meta-a` was not announced in `x-amz-trailer`");
    insta::assert_snapshot!(rejected("0\r\nx-amz-checksum-crc32:a\r\nx-amz-checksum-crc32:b\r\n\r\n", 0), @"trailer `x-amz-checksum-crc32` is given more than once");
    insta::assert_snapshot!(rejected("0\r\nx-amz-checksum-crc32\r\n\r\n", 0), @"a trailer line is malformed");
    insta::assert_snapshot!(rejected("0\r\nx-amz-checksum-crc32:\u{7}\r\n\r\n", 0), @"a trailer line is malformed");
    insta::assert_snapshot!(rejected("0\r\n:a\r\n\r\n", 0), @"a trailer line is malformed");
    insta::assert_snapshot!(rejected(&format!("0\r\n{}\r\n", "x".repeat(600)), 0), @"a trailer line is malformed");
}

#[test]
fn excess_bytes_and_an_early_end_are_rejected() {
    insta::assert_snapshot!(rejected("0\r\n\r\n0\r\n\r\n", 0), @"bytes follow the end of the body");
    insta::assert_snapshot!(rejected("1\r\na\r\n0\r\n\r\nGET / HTTP/1.1", 1), @"bytes follow the end of the body");
    for cut in [
        "",
        "1",
        "1\r\n",
        "1\r\na",
        "1\r\na\r\n",
        "1\r\na\r\n0\r\n",
        "1\r\na\r\n0\r\n\r",
    ] {
        assert_eq!(
            rejected(cut, 1),
            "the body ends before its last chunk and trailer",
            "{cut:?}"
        );
    }
}

#[test]
fn an_announcement_is_a_short_list_of_names() {
    assert!(
        ChunkedDecoder::unsigned_trailer(0, "X-Amz-Checksum-Crc32 , x-amz-trailer-signature")
            .is_ok()
    );
    assert!(ChunkedDecoder::unsigned_trailer(0, "").is_ok());
    for bad in ["a b", "a:b", "a\u{e9}", &"a,".repeat(9)] {
        assert_eq!(
            ChunkedDecoder::unsigned_trailer(0, bad).unwrap_err(),
            ChunkedError::BadAnnouncement,
            "{bad}"
        );
    }
}

proptest! {
    #[test]
    fn the_data_that_a_client_frames_is_decoded(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..50), 0..6), step in 1usize..64) {
        let mut body = Vec::new();
        for chunk in &chunks {
            body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            body.extend_from_slice(chunk);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"0\r\n\r\n");
        let data = chunks.concat();
        let (read, _) = decode(&body, data.len() as u64, "", step).unwrap();
        prop_assert_eq!(read, data);
    }

    #[test]
    fn splitting_the_input_does_not_change_the_result(body in "[0-3a\r\n:;x]{0,40}", length in 0u64..5, step in 1usize..10) {
        let at_once = decode(body.as_bytes(), length, "x", body.len().max(1));
        prop_assert_eq!(decode(body.as_bytes(), length, "x", step), at_once);
    }
}

/// Where a chain begins: any signature of a request will do.
const SEED: &str = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";

fn chain() -> ChunkChain {
    ChunkChain::of_the_examples(SEED)
}

/// Chunks as their signer sends them, with the last and empty one.
fn signed_chunks(signer: &mut ChunkChain, chunks: &[&str]) -> String {
    let line = |chunk: &&str| {
        let signature = signer.sign_chunk(chunk.as_bytes());
        let end = if chunk.is_empty() { "" } else { "\r\n" };
        format!(
            "{:x};chunk-signature={signature}\r\n{chunk}{end}",
            chunk.len()
        )
    };
    chunks.iter().chain([&""]).map(line).collect()
}

/// Such a body with a signed trailer.
fn signed_body(chunks: &[&str], trailer: &str) -> String {
    let mut signer = chain();
    let body = signed_chunks(&mut signer, chunks);
    let signature = signer.sign_trailer(&format!("{trailer}\n"));
    format!("{body}{trailer}\r\nx-amz-trailer-signature:{signature}\r\n\r\n")
}

/// Reads `abc` and `0123` in signed chunks with a trailer, or what was made of them, whatever the
/// boundaries of arrival.
fn read_signed(body: &str) -> Result<String, String> {
    let read = |step| {
        let mut decoder = ChunkedDecoder::signed_trailer(7, CRC, chain())?;
        let mut data = Vec::new();
        for mut input in body.as_bytes().chunks(step) {
            while let Some(piece) = decoder.next(&mut input)? {
                data.extend_from_slice(piece);
            }
        }
        let trailers = decoder.finish()?;
        let data = String::from_utf8(data).unwrap();
        Ok(format!("{data} {}", trailers.get(CRC).unwrap_or("none")))
    };
    let outcomes =
        [1, 2, 7, 100_000].map(|step| read(step).map_err(|error: ChunkedError| error.to_string()));
    assert!(outcomes.iter().all(|o| *o == outcomes[0]), "{outcomes:?}");
    outcomes[0].clone()
}

#[test]
fn signed_chunks_and_their_trailer_are_decoded() {
    let body = signed_body(&["abc", "0123"], "x-amz-checksum-crc32:NSRBwg==");
    assert_eq!(read_signed(&body).as_deref(), Ok("abc0123 NSRBwg=="));
    let spaced = body.replace("x-amz-checksum-crc32:", "X-Amz-Checksum-Crc32: ");
    assert_eq!(read_signed(&spaced).as_deref(), Ok("abc0123 NSRBwg=="));
}

#[test]
fn a_change_of_signed_chunks_is_rejected() {
    let trailer = "x-amz-checksum-crc32:NSRBwg==";
    let body = signed_body(&["abc", "0123"], trailer);
    read_signed(&body).unwrap();
    let rejected = |changed: String| {
        assert_ne!(changed, body);
        read_signed(&changed).unwrap_err()
    };
    let mismatch = "the signature of a chunk or of the trailer does not match";
    assert_eq!(rejected(body.replace("abc", "abd")), mismatch);
    assert_eq!(rejected(body.replace("0123", "0124")), mismatch);
    assert_eq!(rejected(body.replace("NSRBwg==", "NSRBwh==")), mismatch);
    // Chunks in another order, of other sizes, or one of another body.
    assert_eq!(rejected(signed_body(&["0123"], trailer)), {
        "the chunks do not amount to `x-amz-decoded-content-length`"
    });
    let (first, rest) = body.split_at(body.find("4;").unwrap());
    let (second, last) = rest.split_at(rest.find("0;chunk").unwrap());
    assert_eq!(rejected(format!("{second}{first}{last}")), mismatch);
    // A trailer whose signature is missing, too early, or duplicated.
    let (unsigned, _) = body.split_once("x-amz-trailer-signature").unwrap();
    assert_eq!(rejected(format!("{unsigned}\r\n")), mismatch);
    let early = body
        .replace(&format!("{trailer}\r\n"), "")
        .replace("\r\n\r\n", &format!("\r\n{trailer}\r\n\r\n"));
    assert_eq!(rejected(early), mismatch);
    let late = body.replace("\r\n\r\n", &format!("\r\n{trailer}\r\n\r\n"));
    assert_eq!(rejected(late), "a trailer line is malformed");
    // A chunk without a signature, or with half of one.
    let (line, rest) = body.split_once("\r\n").unwrap();
    let (size, signature) = line.split_once(';').unwrap();
    let bare = format!("{size}\r\n{rest}");
    assert_eq!(rejected(bare), "a chunk's size line is malformed");
    let half = signature.strip_suffix(|_| true).unwrap();
    let half = format!("{size};{half}\r\n{rest}");
    assert_eq!(rejected(half), "a chunk's size line is malformed");
}

#[test]
fn signed_chunks_without_a_trailer_have_none() {
    let mut body = signed_chunks(&mut chain(), &["abc", "0123"]);
    body.push_str("\r\n");
    let mut decoder = ChunkedDecoder::signed(7, "", chain()).unwrap();
    let (mut input, mut data) = (body.as_bytes(), Vec::new());
    while let Some(piece) = decoder.next(&mut input).unwrap() {
        data.extend_from_slice(piece);
    }
    assert_eq!(data, b"abc0123");
    assert_eq!(decoder.finish().unwrap(), Trailers::default());
    // A trailer that is not signed cannot be announced.
    let announced = ChunkedDecoder::signed(7, CRC, chain()).unwrap_err();
    assert_eq!(announced, ChunkedError::BadAnnouncement);
}
