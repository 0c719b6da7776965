#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bowline_fuzz::aws_chunked::run(input));
