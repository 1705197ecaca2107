//! Words the frames of one customer's story: when each was due or read, when it passed on the wall,
//! how late it was written, and the frame.
//!
//! Law: a frame stands on one line, as it went, so that it can be copied.

use crate::measure::seen::{Passing, Seen};
use crate::time::Span;

/// What the columns are.
pub const LEGEND: &str = "frames: > said, at its due time; < heard, at the time when it was read; \
                          then milliseconds on the wall since the start, and + how late it was \
                          written";

/// The columns of a story's frames.
pub struct Columns {
    wall: usize,
    late: usize,
    who: usize,
}

impl Columns {
    /// Columns in which all of these have room.
    pub fn of(frames: &[Seen]) -> Columns {
        let widest = |text: fn(&Seen) -> String| {
            let widths = frames.iter().map(|seen| text(seen).len());
            widths.max().unwrap_or(0)
        };
        Columns {
            wall: widest(|seen| millis(seen.wall)),
            late: widest(late),
            who: widest(who),
        }
    }

    /// What stands before the frame.
    pub fn lead(&self, seen: &Seen) -> String {
        let (wall, late, who) = (millis(seen.wall), late(seen), who(seen));
        let late_column = match self.late {
            0 => String::new(),
            width => format!("  {late:>width$}"),
        };
        format!(
            "{wall:>0$}{late_column}  {who:<1$} {2} ",
            self.wall,
            self.who,
            seen.passing.sign()
        )
    }
}

/// On whose connection.
fn who(seen: &Seen) -> String {
    match seen.agent {
        None => "customer".into(),
        Some(agent) => format!("agent {agent}"),
    }
}

fn late(seen: &Seen) -> String {
    let late = seen.late.filter(|_| seen.passing == Passing::Said);
    late.map_or_else(String::new, |late| format!("+{}", millis(late)))
}

/// `1204.310`.
fn millis(span: Span) -> String {
    format!("{:.3}", span.0 as f64 * 1e-6)
}
