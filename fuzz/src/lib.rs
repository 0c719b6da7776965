//! The fuzz targets as plain functions of bytes: libFuzzer calls them, and so does the test that
//! replays the corpus.
//!
//! A function that returns has passed. Bytes that are not an input of the target are ignored.

// What the parser of the configuration uses, which is compiled here once more.
#[path = "../../crates/bowline/src/audit_settings.rs"]
#[allow(dead_code, unreachable_pub, reason = "only parsing is tested")]
mod audit_settings;
#[path = "../../crates/bowline/src/examples.rs"]
#[allow(dead_code, unreachable_pub, reason = "only parsing is tested")]
mod examples;
#[path = "../../crates/bowline/src/limit_settings.rs"]
#[allow(dead_code, unreachable_pub, reason = "only parsing is tested")]
mod limit_settings;
#[path = "../../crates/bowline/src/nearest.rs"]
#[allow(dead_code, unreachable_pub, reason = "only parsing is tested")]
mod nearest;

/// Declares the targets, and a list of all of them.
macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*

        /// Every target by its name, which is also the name of its corpus folder.
        pub const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $name::run)),*];
    };
}

targets![
    aws_chunked,
    config_file,
    dynamodb_request,
    jws,
    page_token,
    pattern_match,
    policy_parse,
    query_params,
    record,
    s3_headers,
    s3_target,
    session_token,
    sigv4_authorization,
];

/// The first `N - 1` lines of the input, and all that follows them.
fn lines<const N: usize>(input: &[u8]) -> Option<[&str; N]> {
    let text = str::from_utf8(input).ok()?;
    let lines: Vec<_> = text.splitn(N, '\n').collect();
    lines.try_into().ok()
}

/// The first `N` lines of the input, and all that follows them, which need not be text.
fn lines_and_body<const N: usize>(input: &[u8]) -> Option<([&str; N], &[u8])> {
    let mut rest = input;
    let mut lines = [""; N];
    for line in &mut lines {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        *line = str::from_utf8(&rest[..end]).ok()?;
        rest = &rest[end + 1..];
    }
    Some((lines, rest))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::TARGETS;

    #[test]
    fn every_input_of_the_corpus_passes() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        for (name, run) in TARGETS {
            let inputs = fs::read_dir(corpus.join(name)).expect("a corpus");
            let mut count = 0;
            for input in inputs {
                let path = input.expect("an input").path();
                run(&fs::read(&path).expect("its bytes"));
                count += 1;
            }
            assert!(count > 0, "no input for {name}");
        }
    }

    #[test]
    fn every_target_has_a_binary() {
        let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("targets");
        let manifest = include_str!("../Cargo.toml");
        for (name, _) in TARGETS {
            assert!(targets.join(format!("{name}.rs")).exists(), "{name}");
            assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{name}");
        }
    }
}
