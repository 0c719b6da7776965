//! Bounds what the log writes, whatever makes it write: a message that repeats is counted, a line
//! has a bounded length, and all lines together have a rate.

use std::{
    collections::HashMap,
    io::{self, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bowline_server::{clock::Clock, config::Rate, token_bucket::TokenBucket};
use tracing::{Metadata, callsite::Identifier};
use tracing_subscriber::fmt::MakeWriter;

/// Most bytes of a line. A longer one is cut.
const MAX_LINE_BYTES: usize = 4 * 1024;
/// How many lines one place in the code writes at once, and per second.
const LINES: Rate = Rate {
    burst: 20,
    per_second: 1,
};
/// How many bytes all lines have at once, and per second.
const BYTES: Rate = Rate {
    burst: 4 * 1024 * 1024,
    per_second: 64 * 1024,
};

/// Makes writers for the lines that fit.
#[derive(Debug)]
pub(super) struct BoundedLog<M> {
    to: M,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// For each place in the code that logs, of which there is a fixed number.
    places: HashMap<Identifier, Place>,
    bytes: TokenBucket,
}

#[derive(Debug)]
struct Place {
    lines: TokenBucket,
    omitted: u64,
}

/// Writes one line, or none.
#[derive(Debug)]
pub(super) struct LineWriter<'l, M> {
    log: &'l BoundedLog<M>,
    admitted: Option<Admitted>,
}

#[derive(Clone, Copy, Debug)]
struct Admitted {
    /// Lines of the same place that were omitted before.
    omitted: u64,
}

impl<M> BoundedLog<M> {
    /// A log to where `to` says.
    pub(super) fn new(to: M, clock: Clock) -> Self {
        Self {
            to,
            clock,
            state: Mutex::new(State {
                places: HashMap::new(),
                bytes: TokenBucket::full(BYTES, clock.now()),
            }),
        }
    }

    fn admit(&self, place: Identifier) -> Option<Admitted> {
        let now = self.clock.now();
        let mut state = self.state();
        let has_bytes = state.bytes.has_any(BYTES, now);
        let place = state.places.entry(place).or_insert_with(|| Place {
            lines: TokenBucket::full(LINES, now),
            omitted: 0,
        });
        if has_bytes && place.lines.has_any(LINES, now) {
            place.lines.take(1);
            let omitted = std::mem::take(&mut place.omitted);
            Some(Admitted { omitted })
        } else {
            place.omitted += 1;
            None
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'l, M: Fn() -> W + 'l, W: Write> MakeWriter<'l> for BoundedLog<M> {
    type Writer = LineWriter<'l, M>;

    fn make_writer(&'l self) -> Self::Writer {
        LineWriter {
            log: self,
            admitted: Some(Admitted { omitted: 0 }),
        }
    }

    fn make_writer_for(&'l self, metadata: &Metadata<'_>) -> Self::Writer {
        LineWriter {
            log: self,
            admitted: self.admit(metadata.callsite()),
        }
    }
}

impl<M: Fn() -> W, W: Write> Write for LineWriter<'_, M> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let Some(Admitted { omitted }) = &mut self.admitted else {
            return Ok(line.len());
        };
        let mut out = Vec::with_capacity(line.len().min(MAX_LINE_BYTES) + 128);
        let omitted = std::mem::take(omitted);
        if omitted > 0 {
            writeln!(
                out,
                "{omitted} more messages like the next one were not logged"
            )?;
        }
        match line.get(..MAX_LINE_BYTES) {
            Some(beginning) if line.len() > MAX_LINE_BYTES => {
                out.extend_from_slice(String::from_utf8_lossy(beginning).as_bytes());
                writeln!(out, "...[{} bytes]", line.len())?;
            }
            _ => out.extend_from_slice(line),
        }
        self.log.state().bytes.take(out.len());
        (self.log.to)().write_all(&out)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

    use super::*;

    /// What is logged goes here.
    #[derive(Clone, Debug, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce()) -> String {
        let written = Written::default();
        let to = written.clone();
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        let layer = tracing_subscriber::fmt::layer()
            .without_time()
            .with_ansi(false)
            .with_target(false)
            .with_writer(BoundedLog::new(move || to.clone(), clock));
        let guard = tracing_subscriber::registry().with(layer).set_default();
        log();
        drop(guard);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_message_that_repeats_is_counted() {
        let text = logged(|| {
            for number in 0..1_000 {
                tracing::warn!("again {number}");
            }
            tracing::warn!("another");
        });
        assert_eq!(text.matches("again").count(), 20);
        assert_eq!(text.matches("another").count(), 1);
    }

    #[test]
    fn a_long_line_is_cut() {
        let text = logged(|| tracing::error!("{}", "é".repeat(100_000)));
        assert!(text.len() < MAX_LINE_BYTES + 64, "{}", text.len());
        assert!(text.ends_with(" bytes]\n"));
    }

    #[test]
    fn omitted_messages_are_counted_before_the_next() {
        let written = Written::default();
        let to = written.clone();
        let log = BoundedLog::new(move || to.clone(), Clock::system());
        let mut writer = LineWriter {
            log: &log,
            admitted: Some(Admitted { omitted: 7 }),
        };
        writer.write_all(b"next\n").unwrap();
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            text,
            "7 more messages like the next one were not logged\nnext\n"
        );
    }
}
