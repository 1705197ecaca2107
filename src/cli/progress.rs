//! Owns `Progress`: what a run shows of itself while it goes.
//!
//! Law: the run only counts; one thread of its own looks at the counts and words them. Without a
//! terminal there are plain lines, few enough for a log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console::Console;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Not at all.
    No,
    /// One line that moves.
    Moving,
    /// A line now and then.
    Lines,
}

/// What stands on the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// How much is done, 0 to 1.
    pub done: f64,
    /// The words beside the bar.
    pub text: String,
}

const TICK: Duration = Duration::from_millis(125);
const LINE_EVERY: Duration = Duration::from_secs(10);
const BAR_STEPS: u64 = 1_000;

/// The thread that shows progress.
#[derive(Debug)]
pub struct Progress {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows what `line` says, given the time since the start.
    pub fn start(
        shown: Shown,
        console: &Console,
        line: impl Fn(Duration) -> Line + Send + 'static,
    ) -> Progress {
        let over = Arc::new(AtomicBool::new(false));
        let (seen, console) = (over.clone(), *console);
        let thread = match shown {
            Shown::No => None,
            Shown::Moving => Some(thread::spawn(move || moving(&seen, line))),
            Shown::Lines => Some(thread::spawn(move || lines(&seen, &console, line))),
        };
        Progress { over, thread }
    }

    /// Ends it and clears the line.
    pub fn finish(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A progress thread that panicked costs the run nothing.
            let _ = thread.join();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

fn moving(over: &AtomicBool, line: impl Fn(Duration) -> Line) {
    let began = Instant::now();
    let bar = ProgressBar::with_draw_target(Some(BAR_STEPS), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:10.cyan/dim} {wide_msg}");
    bar.set_style(
        style
            .expect("the template is well formed")
            .progress_chars("━━─"),
    );
    while !over.load(Ordering::Relaxed) {
        let line = line(began.elapsed());
        bar.set_position((line.done.clamp(0.0, 1.0) * BAR_STEPS as f64) as u64);
        bar.set_message(line.text);
        thread::park_timeout(TICK);
    }
    bar.finish_and_clear();
}

fn lines(over: &AtomicBool, console: &Console, line: impl Fn(Duration) -> Line) {
    let began = Instant::now();
    let mut last = began;
    while !over.load(Ordering::Relaxed) {
        if last.elapsed() >= LINE_EVERY {
            last = Instant::now();
            let Line { done, text } = line(began.elapsed());
            console.note(&format!("{:3.0} %  {text}", done.clamp(0.0, 1.0) * 100.0));
        }
        thread::park_timeout(TICK);
    }
}
