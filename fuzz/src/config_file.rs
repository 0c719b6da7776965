//! `bowline.toml`: any text is parsed or rejected, and an error does not repeat a secret of the
//! file.
//!
//! Input: the text.

// The command has no library, so its parser is compiled here once more.
#[path = "../../crates/bowline/src/config_file.rs"]
#[allow(dead_code, unreachable_pub, reason = "only parsing is tested")]
mod parser;

use parser::ConfigFile;
pub(crate) use parser::{Age, Size};

/// Parses the text.
pub fn run(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    if let Err(error) = text.parse::<ConfigFile>() {
        assert!(!error.to_string().contains("this-secret-is-never-shown"));
    }
}
