//! Where log lines go: into memory, and from there to stdout by a thread of its own, many in one write. A system call for
//! each line costs more than the request that it tells of.
//!
//! Nothing is dropped: who writes faster than stdout takes waits. A warning goes out at once, everything else within
//! [`LATE`].

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait.
const LATE: Duration = Duration::from_millis(50);
/// How much may wait before writers do.
const FULL: usize = 4 * 1024 * 1024;

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    urgent: bool,
    ended: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// Takes lines; cheap to clone.
#[derive(Clone, Default)]
pub struct Lines(Arc<Shared>);

/// Ends the thread, after everything has been written.
pub struct Guard(Lines, Option<thread::JoinHandle<()>>);

impl Lines {
    /// Starts the thread that writes to `out`.
    pub fn start(out: impl Write + Send + 'static) -> (Self, Guard) {
        let lines = Self::default();
        let thread = thread::Builder::new().name("log".to_owned()).spawn({
            let lines = lines.clone();
            move || lines.carry(out)
        });
        (lines.clone(), Guard(lines, thread.ok()))
    }

    pub fn add(&self, line: &[u8], urgent: bool) {
        let mut state = self.0.state.lock().expect("no holder panics");
        while state.waiting.len() > FULL && !state.ended {
            state = self.0.changed.wait(state).expect("no holder panics");
        }
        state.waiting.extend_from_slice(line);
        if urgent && !state.urgent {
            state.urgent = true;
            self.0.changed.notify_all();
        }
    }

    fn carry(&self, mut out: impl Write) {
        let mut lines = Vec::new();
        loop {
            let state = self.0.state.lock().expect("no holder panics");
            let wait = self.0.changed.wait_timeout_while(state, LATE, |s| !s.urgent && !s.ended);
            let mut state = wait.expect("no holder panics").0;
            std::mem::swap(&mut lines, &mut state.waiting);
            state.urgent = false;
            let ended = state.ended;
            drop(state);
            self.0.changed.notify_all();
            // A log that nobody reads is no reason to stop serving.
            let _ = out.write_all(&lines).and_then(|()| out.flush());
            lines.clear();
            if ended {
                return;
            }
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.state.lock().expect("no holder panics").ended = true;
        self.0.0.changed.notify_all();
        if let Some(thread) = self.1.take() {
            let _ = thread.join();
        }
    }
}

/// One line on its way, as `tracing` writes it.
pub struct Line<'a>(&'a Lines, bool);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.add(line, self.1);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self, true)
    }

    fn make_writer_for(&'a self, of: &Metadata<'_>) -> Line<'a> {
        Line(self, *of.level() <= Level::WARN)
    }
}
