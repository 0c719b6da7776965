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
    let mut decoder = Decoder::unsigned_trailer(length, announced)?;
    let mut data = Vec::new();
    for mut input in body.chunks(step) {
        while let Some(piece) = decoder.next(&mut input)? {
            data.extend_from_slice(piece);
        }
        assert!(input.is_empty(), "all input is read");
    }
    Ok((data, decoder.finish()?))
}

fn refused(body: &str, length: u64) -> String {
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
fn chunks_and_trailer_are_read_whatever_the_boundaries_of_arrival() {
    let body = b"3\r\nabc\r\nA\r\n0123\r\n6789\r\n0\r\nX-Amz-Checksum-Crc32: NSRBwg==\r\n\r\n";
    for step in 1..=body.len() {
        let (data, trailers) = decode(body, 13, CRC, step).unwrap();
        assert_eq!(data, b"abc0123\r\n6789");
        assert_eq!(trailers.checksum(), Some((Algorithm::Crc32, "NSRBwg==")));
    }
}

#[test]
fn an_empty_body_and_an_absent_trailer_are_legal() {
    assert_eq!(accepted("0\r\n\r\n", 0), "");
    assert_eq!(accepted("1\r\nx\r\n0\r\n\r\n", 1), "x");
}

#[test]
fn the_data_amounts_to_the_declared_length() {
    assert_eq!(accepted("2\r\nab\r\n0\r\n\r\n", 2), "ab");
    insta::assert_snapshot!(refused("2\r\nab\r\n0\r\n\r\n", 3), @"the chunks do not amount to `x-amz-decoded-content-length`");
    insta::assert_snapshot!(refused("2\r\nab\r\n0\r\n\r\n", 1), @"the chunks do not amount to `x-amz-decoded-content-length`");
    insta::assert_snapshot!(refused("1\r\na\r\nffffffffffffffff\r\n", 2), @"the chunks do not amount to `x-amz-decoded-content-length`");
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
            refused(&format!("{bad}\r\na\r\n0\r\n\r\n"), 1),
            "a chunk's size line is malformed",
            "{bad}"
        );
    }
}

#[test]
fn lines_end_with_both_characters() {
    insta::assert_snapshot!(refused("1\na\r\n0\r\n\r\n", 1), @"a chunk's size line is malformed");
    insta::assert_snapshot!(refused("1\r\na\n0\r\n\r\n", 1), @"a chunk's data does not end where its size says");
    insta::assert_snapshot!(refused("1\r\nab\r\n0\r\n\r\n", 1), @"a chunk's data does not end where its size says");
    insta::assert_snapshot!(refused("1\r\na\r\n0\r\n\r\r\n", 1), @"a trailer line is malformed");
}

#[test]
fn trailers_are_those_announced_once_each() {
    insta::assert_snapshot!(refused("0\r\nx-amz-meta-a:1\r\n\r\n", 0), @"trailer `x-amz-meta-a` was not announced in `x-amz-trailer`");
    insta::assert_snapshot!(refused("0\r\nx-amz-checksum-crc32:a\r\nx-amz-checksum-crc32:b\r\n\r\n", 0), @"trailer `x-amz-checksum-crc32` is given more than once");
    insta::assert_snapshot!(refused("0\r\nx-amz-checksum-crc32\r\n\r\n", 0), @"a trailer line is malformed");
    insta::assert_snapshot!(refused("0\r\nx-amz-checksum-crc32:\u{7}\r\n\r\n", 0), @"a trailer line is malformed");
    insta::assert_snapshot!(refused("0\r\n:a\r\n\r\n", 0), @"a trailer line is malformed");
    insta::assert_snapshot!(refused(&format!("0\r\n{}\r\n", "x".repeat(600)), 0), @"a trailer line is malformed");
}

#[test]
fn nothing_follows_the_end_and_nothing_lacks_before_it() {
    insta::assert_snapshot!(refused("0\r\n\r\n0\r\n\r\n", 0), @"bytes follow the end of the body");
    insta::assert_snapshot!(refused("1\r\na\r\n0\r\n\r\nGET / HTTP/1.1", 1), @"bytes follow the end of the body");
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
            refused(cut, 1),
            "the body ends before its last chunk and trailer",
            "{cut:?}"
        );
    }
}

#[test]
fn an_announcement_is_a_short_list_of_names() {
    assert!(Decoder::unsigned_trailer(0, "X-Amz-Checksum-Crc32 , x-amz-trailer-signature").is_ok());
    assert!(Decoder::unsigned_trailer(0, "").is_ok());
    for bad in ["a b", "a:b", "a\u{e9}", &"a,".repeat(9)] {
        assert_eq!(
            Decoder::unsigned_trailer(0, bad).unwrap_err(),
            ChunkedError::BadAnnouncement,
            "{bad}"
        );
    }
}

proptest! {
    #[test]
    fn what_a_client_frames_comes_out(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..50), 0..6), step in 1usize..64) {
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
    fn arrival_does_not_change_the_verdict(body in "[0-3a\r\n:;x]{0,40}", length in 0u64..5, step in 1usize..10) {
        let at_once = decode(body.as_bytes(), length, "x", body.len().max(1));
        prop_assert_eq!(decode(body.as_bytes(), length, "x", step), at_once);
    }
}
