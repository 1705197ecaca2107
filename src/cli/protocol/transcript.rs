//! Owns the transcript of `busyhour protocol try`: a line for all that passes, and the verdict.
//!
//! Law: one frame, one line, cut at the width of the terminal unless all of it is asked for: what is
//! to be read is the course of a chat.

use crate::cli::console::Console;
use crate::error::Result;
use crate::live::rehearsal::{Ending, Kind, Missed, Moment};
use crate::report::paint::Paint;
use crate::report::terminal::wrapped;
use crate::wire::frame::Party;

/// The transcript, as far as it has come.
pub struct Transcript<'c> {
    console: &'c Console,
    paint: Paint,
    full: bool,
    /// What went wrong with stdout.
    told: Result<()>,
}

impl<'c> Transcript<'c> {
    /// Of which nothing is told yet.
    pub fn new(console: &'c Console, full: bool) -> Transcript<'c> {
        let paint = Paint::new(console.colour);
        let told = Ok(());
        Transcript {
            console,
            paint,
            full,
            told,
        }
    }

    /// Tells what has passed.
    pub fn tell(&mut self, moment: &Moment) {
        if self.told.is_ok() {
            self.told = self.console.tell(&self.line(moment));
        }
    }

    /// Whether all of it could be told.
    ///
    /// # Errors
    /// Failed: stdout cannot be written.
    pub fn finish(&mut self) -> Result<()> {
        std::mem::replace(&mut self.told, Ok(()))
    }

    fn line(&self, moment: &Moment) -> String {
        let who = match moment.who {
            Party::Agent => "agent",
            _ => "customer",
        };
        let mark = match moment.kind {
            Kind::Does => "*",
            Kind::Out => ">",
            Kind::In => "<",
            Kind::Noted => " ",
        };
        let ms = moment.at.as_secs_f64() * 1e3;
        let line = format!("{ms:>8.1}  {who:<8} {mark} {}", moment.words);
        let line = match self.full {
            true => line,
            false => cut(line, self.console.width),
        };
        let line = match moment.kind {
            Kind::Does => self.paint.heading(&line),
            Kind::In => self.paint.bar(&line),
            Kind::Noted => self.paint.faint(&line),
            Kind::Out => line,
        };
        line + "\n"
    }

    /// What came of it.
    pub fn verdict(&self, ending: &Ending) -> String {
        let took = ending.took.as_secs_f64();
        let done = match ending.done.as_slice() {
            [] => "nothing".to_owned(),
            done => done.join(", "),
        };
        let mut text = match &ending.missed {
            None => format!("\n{}  in {took:.2} s\n", self.paint.good("WORKS")),
            Some(missed) => self.failure(missed, took),
        };
        self.add(&mut text, &format!("what worked: {done}"));
        if let Some(missed) = &ending.missed {
            self.add(&mut text, &format!("where to look: {}", missed.look));
        }
        if ending.strays > 0 {
            self.add(
                &mut text,
                &format!(
                    "{} of what came was taken by no matcher: see the lines above, and say \
                     `ignored` of what does not matter",
                    ending.strays
                ),
            );
        }
        if !ending.idle.is_empty() {
            let idle = ending.idle.join(", ");
            self.add(&mut text, &format!("matchers that took nothing: {idle}"));
        }
        text
    }

    fn failure(&self, missed: &Missed, took: f64) -> String {
        let bad = self.paint.bad("FAILED");
        let why = match missed.error {
            Some(_) => "",
            None => ", not within the time",
        };
        let what = missed.what;
        format!("\n{bad}  after {took:.2} s; what did not happen: {what}{why}\n")
    }

    fn add(&self, text: &mut String, words: &str) {
        for (index, line) in wrapped(words, self.console.width.max(40) - 4)
            .iter()
            .enumerate()
        {
            text.push_str(if index == 0 { "  " } else { "    " });
            text.push_str(line);
            text.push('\n');
        }
    }
}

/// A line of at most so many columns, with an ellipsis for the rest.
fn cut(line: String, width: usize) -> String {
    match line.char_indices().nth(width) {
        None => line,
        Some(_) => {
            let kept = line.chars().take(width.saturating_sub(1));
            kept.chain(['…']).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_only_where_it_is_too_long() {
        assert_eq!(cut("äbc".into(), 3), "äbc");
        assert_eq!(cut("äbcd".into(), 3), "äb…");
        assert_eq!(cut("ab".into(), 0), "…");
    }
}
