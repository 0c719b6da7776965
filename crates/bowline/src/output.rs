//! The only file that prints.
//!
//! Results go to standard output, notes and errors to standard error. Colours are for terminals
//! (`NO_COLOR` and `CLICOLOR` are honoured). A closed pipe ends the command without an error.

use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};

use crate::error::CommandError;

/// The format of a command's result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For scripts
    Json,
}

/// A success.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// A failure.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// An important part.
pub(crate) const STRONG: Style = Style::new().bold();
/// A less important part.
pub(crate) const QUIET: Style = Style::new().dimmed();

/// Prints a line of the result.
pub(crate) fn line(line: impl AsRef<str>) {
    let mut out = anstream::stdout().lock();
    end_unless_written(writeln!(out, "{}", line.as_ref()).and_then(|()| out.flush()));
}

/// Prints the result as it is, without a line end.
pub(crate) fn raw(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    end_unless_written(out.write_all(bytes).and_then(|()| out.flush()));
}

/// Prints a note about the result.
pub(crate) fn note(note: impl AsRef<str>) {
    let mut err = anstream::stderr().lock();
    // A command does not fail because standard error is closed.
    let _ = writeln!(err, "{}", note.as_ref());
}

/// Prints what should be looked at, although the command goes on.
pub(crate) fn warning(warning: impl AsRef<str>) {
    note(format!("{STRONG}warning:{STRONG:#} {}", warning.as_ref()));
}

/// Prints why the command failed.
pub(crate) fn error(error: &CommandError) {
    let mut causes = error.error.chain();
    if let Some(fact) = causes.next() {
        note(format!("{BAD}error:{BAD:#} {fact}"));
    }
    for cause in causes {
        note(format!("{STRONG}caused by:{STRONG:#} {cause}"));
    }
    if let Some(hint) = &error.hint {
        note(format!("\n{STRONG}hint:{STRONG:#} {hint}"));
    }
}

/// Ends the process if the result was not written: without an error if the reader, such as `head`,
/// has closed the pipe.
fn end_unless_written(written: io::Result<()>) {
    if let Err(error) = written {
        let code = i32::from(error.kind() != io::ErrorKind::BrokenPipe);
        std::process::exit(code);
    }
}
