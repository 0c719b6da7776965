//! The only file that prints.
//!
//! Results go to standard output, everything about them to standard error. Colours are for terminals (`NO_COLOR` and
//! `CLICOLOR` are honoured); a reader that has gone away ends the command quietly.

use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};

use crate::error::CommandError;

/// Something good.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Something bad.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Something to look at.
pub(crate) const STRONG: Style = Style::new().bold();
/// Something that is there for whoever looks for it.
pub(crate) const QUIET: Style = Style::new().dimmed();

/// A line of the result.
pub(crate) fn line(line: impl AsRef<str>) {
    let mut out = anstream::stdout().lock();
    end_quietly(writeln!(out, "{}", line.as_ref()).and_then(|()| out.flush()));
}

/// The result as it is, without a line end of its own.
pub(crate) fn raw(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    end_quietly(out.write_all(bytes).and_then(|()| out.flush()));
}

/// Something about the result.
pub(crate) fn note(note: impl AsRef<str>) {
    let mut err = anstream::stderr().lock();
    // Whoever does not read notes does not miss them.
    let _ = writeln!(err, "{}", note.as_ref());
}

/// Why the command failed.
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

/// A pipe whose reader has gone away, such as `head`, is no failure.
fn end_quietly(written: io::Result<()>) {
    if let Err(error) = written {
        let code = i32::from(error.kind() != io::ErrorKind::BrokenPipe);
        std::process::exit(code);
    }
}
