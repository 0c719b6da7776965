#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bowline_fuzz::pattern_match::run(input));
