//! Words one customer's story: every event with its local time and the time since the offer, and
//! between them, of a live run, the frames.
//!
//! Law: nothing is told that was not noted; what follows from two events (how long a message was
//! pending, when the customer comes again) is their distance.

mod frames;

use super::figure::Unit;
use super::paint::Paint;
use super::terminal::wrapped;
use crate::center::fate::Fate;
use crate::measure::seen::{Passing, Seen};
use crate::measure::story::{Event, Story, Told};
use crate::scenario::calendar::Calendar;
use crate::time::{Span, Time};
use frames::{Columns, LEGEND};

/// Columns for words, at least, however narrow the terminal is.
const LEAST_WORDS: usize = 20;

/// The story, or one attempt of it, `width` columns wide, with the fate on the last line.
pub fn render(
    story: &Story,
    attempt: Option<u32>,
    calendar: &Calendar,
    width: usize,
    colour: bool,
) -> String {
    let paint = Paint::new(colour);
    let mut out = String::new();
    for number in 0..story.attempts() {
        if attempt.is_none_or(|attempt| attempt == number) {
            let chapter = Chapter::of(story, number);
            out.push_str(&chapter.render(calendar, width, paint));
            out.push('\n');
        }
    }
    if !story.seen().is_empty() {
        let lines = wrapped(LEGEND, width.saturating_sub(1));
        lines.iter().for_each(|line| {
            out.push_str(&format!(" {}\n", paint.faint(line)));
        });
        out.push('\n');
    }
    out + &fates(story, attempt) + "\n"
}

/// `fate: handled`, or those of all attempts in order.
fn fates(story: &Story, attempt: Option<u32>) -> String {
    let wanted = |told: &&Told| attempt.is_none_or(|attempt| told.attempt == attempt);
    let fate = |told: &Told| match told.event {
        Event::Ended { fate, silent: true } => Some(format!("{}, silently", fate.name())),
        Event::Ended { fate, .. } => Some(fate.name().to_string()),
        Event::ClosedDesk => Some("closed".to_string()),
        _ => None,
    };
    let fates: Vec<String> = story
        .told()
        .iter()
        .filter(wanted)
        .filter_map(fate)
        .collect();
    match fates.as_slice() {
        [] => "fate: none yet".into(),
        [fate] => format!("fate: {fate}"),
        several => format!("fates: {}", several.join("; then ")),
    }
}

/// One attempt.
struct Chapter {
    number: u32,
    told: Vec<Told>,
    /// In the order in which they passed.
    seen: Vec<Seen>,
    offered: Time,
    /// When the customer comes again.
    again: Option<Time>,
}

impl Chapter {
    fn of(story: &Story, number: u32) -> Chapter {
        let of_attempt = |number: u32| story.told().iter().filter(move |t| t.attempt == number);
        let offered = |number| of_attempt(number).map(|told| told.at).next();
        Chapter {
            number,
            told: of_attempt(number).copied().collect(),
            seen: {
                let seen = story.seen().iter().filter(|s| s.attempt == number);
                seen.cloned().collect()
            },
            offered: offered(number).unwrap_or(Time::ZERO),
            again: offered(number + 1),
        }
    }

    /// The date, and a line an event or frame. What was heard at the instant of an event led to it,
    /// what was said then follows from it.
    fn render(&self, calendar: &Calendar, width: usize, paint: Paint) -> String {
        let date = calendar.local(self.offered).strftime("%a %-d %b %Y");
        let heading = format!(" Attempt {}, {date}", self.number);
        let mut out = format!("{}\n", paint.heading(&heading));
        let times = self.told.iter().map(|told| told.at);
        let times = times.chain(self.seen.iter().map(|seen| seen.at));
        let widest = times.map(|at| self.since(at).len()).max().unwrap_or(0);
        let stamp = |at: Time| {
            let time = calendar.local(at).strftime("%H:%M:%S%.3f");
            format!(" {time}  {:>widest$}  ", self.since(at))
        };
        let columns = Columns::of(&self.seen);
        let mut seen = self.seen.iter().peekable();
        for (index, told) in self.told.iter().enumerate() {
            let before = |seen: &&Seen| match seen.passing {
                Passing::Heard => seen.passed <= told.at,
                Passing::Said | Passing::Met => seen.passed < told.at,
            };
            while let Some(seen) = seen.next_if(before) {
                out.push_str(&frame(&stamp(seen.at), &columns, seen, paint));
            }
            out.push_str(&self.event(&stamp(told.at), index, width, paint));
        }
        seen.for_each(|seen| out.push_str(&frame(&stamp(seen.at), &columns, seen, paint)));
        out
    }

    /// The time since the offer.
    fn since(&self, at: Time) -> String {
        Unit::Seconds.say(at.since(self.offered).as_secs_f64())
    }

    /// The lines of an event behind its times.
    fn event(&self, times: &str, index: usize, width: usize, paint: Paint) -> String {
        let room = width.saturating_sub(times.len()).max(LEAST_WORDS);
        let mut out = String::new();
        for (number, line) in wrapped(&self.words(index), room).iter().enumerate() {
            let before = match number {
                0 => times.to_owned(),
                _ => " ".repeat(times.len()),
            };
            let line = match self.told[index].event {
                Event::Ended {
                    fate: Fate::Handled,
                    ..
                } => paint.good(line),
                Event::Ended { .. } => paint.doubtful(line),
                _ => line.clone(),
            };
            out.push_str(&format!("{}{line}\n", paint.faint(&before)));
        }
        out
    }

    /// What happened, in words.
    fn words(&self, index: usize) -> String {
        let Told { at, event, .. } = self.told[index];
        match event {
            Event::ClosedDesk => "comes while the desk is closed, and goes away".into(),
            Event::Offered => "asks for an agent".into(),
            Event::Queued { before: 0 } => "waits: no agent has room, nobody else waits".into(),
            Event::Queued { before: 1 } => "waits: no agent has room, 1 waits already".into(),
            Event::Queued { before } => format!("waits: no agent has room, {before} wait already"),
            Event::Assigned { agent } if self.has_left(index) => {
                format!("assigned to agent {agent}, who finds nobody")
            }
            Event::Assigned { agent } => match at.since(self.asked(index)) {
                Span::ZERO => format!("assigned to agent {agent} at once"),
                wait => format!("assigned to agent {agent} after {}", say(wait)),
            },
            Event::CutOff => "the connection is cut".into(),
            Event::CameBack => format!("is back after {}", say(at.since(self.cut_off(index)))),
            Event::Lapsed => "the server keeps the chat no longer".into(),
            Event::HandedOver => "the agent's shift is over: back to the front of the queue".into(),
            Event::Sent { message: 1 } => "message 1 is pending".into(),
            Event::Sent { message } => format!("sends message {message}"),
            Event::Replied {
                reply,
                latency,
                composed,
            } => format!(
                "reply {reply} after {} (composed {})",
                say(latency),
                say(composed)
            ),
            Event::Unread => "a reply that nobody reads".into(),
            Event::GivenUp => "nobody is there: the chat is closed".into(),
            Event::Ended { fate, silent } => self.end(index, fate, silent),
            Event::Freed { handle, wrap_up } => format!(
                "slot free: handle {}, wrap-up {}",
                say(handle),
                say(wrap_up)
            ),
        }
    }

    fn end(&self, index: usize, fate: Fate, silent: bool) -> String {
        let at = self.told[index].at;
        let how = if silent { "leaves silently" } else { "leaves" };
        let end = match fate {
            Fate::Handled => "the chat gets to its end".to_string(),
            Fate::AbandonedQueue => format!(
                "loses patience after {} in the queue and {how}",
                say(at.since(self.offered))
            ),
            Fate::AbandonedChat => format!(
                "loses patience after {} without a reply and {how}",
                say(at.since(self.pending(index)))
            ),
            Fate::Rejected => "is turned away".to_string(),
            Fate::Dropped => "the chat is ended before its end".to_string(),
            Fate::OpenAtEnd => "the run is over, and the chat is open".to_string(),
            Fate::Failed => "never gets in".to_string(),
            Fate::Broken if self.has_been_cut(index) => format!(
                "is back after {} and finds the chat gone",
                say(at.since(self.cut_off(index)))
            ),
            Fate::Broken => "the connection is cut".to_string(),
        };
        match self.again {
            None => end,
            Some(again) => format!(
                "{end}; comes again in {} (attempt {})",
                say(again.since(at)),
                self.number + 1
            ),
        }
    }

    fn before(&self, index: usize) -> impl Iterator<Item = &Told> {
        self.told[..index].iter().rev()
    }

    fn has_left(&self, index: usize) -> bool {
        self.before(index)
            .any(|told| matches!(told.event, Event::Ended { .. }))
    }

    fn has_been_cut(&self, index: usize) -> bool {
        self.before(index).any(|told| told.event == Event::CutOff)
    }

    /// When the connection was last cut.
    fn cut_off(&self, index: usize) -> Time {
        let cut = |told: &&Told| told.event == Event::CutOff;
        self.before(index)
            .find(cut)
            .map_or(self.offered, |told| told.at)
    }

    /// Since when an agent is asked for.
    fn asked(&self, index: usize) -> Time {
        let asked = |told: &&Told| matches!(told.event, Event::Offered | Event::HandedOver);
        self.before(index)
            .find(asked)
            .map_or(self.offered, |told| told.at)
    }

    /// Since when a message is pending.
    fn pending(&self, index: usize) -> Time {
        let sent = |told: &&Told| matches!(told.event, Event::Sent { .. });
        self.before(index)
            .find(sent)
            .map_or(self.offered, |told| told.at)
    }
}

/// The line of a frame behind its times.
fn frame(times: &str, columns: &Columns, seen: &Seen, paint: Paint) -> String {
    let before = format!("{times}{}", columns.lead(seen));
    format!("{}{}\n", paint.faint(&before), seen.text)
}

fn say(span: Span) -> String {
    Unit::Seconds.say(span.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    /// One who leaves the queue silently, comes again, is handed over and dropped.
    fn story() -> Story {
        let events = [
            (60, 0, Event::Offered),
            (60, 0, Event::Queued { before: 2 }),
            (100, 0, left(Fate::AbandonedQueue, true)),
            (150, 0, Event::Assigned { agent: 4 }),
            (400, 1, Event::Offered),
            (400, 1, Event::Assigned { agent: 1 }),
            (400, 1, Event::Sent { message: 1 }),
            (420, 1, Event::HandedOver),
            (430, 0, freed(280, 0)),
            (450, 1, Event::Assigned { agent: 2 }),
            (500, 1, left(Fate::Dropped, false)),
        ];
        let mut story = Story::of(7);
        for (secs, attempt, event) in events {
            story.tell(attempt, at(secs), event);
        }
        story
    }

    fn left(fate: Fate, silent: bool) -> Event {
        Event::Ended { fate, silent }
    }

    fn freed(handle: u64, wrap_up: u64) -> Event {
        let (handle, wrap_up) = (Span::from_secs(handle), Span::from_secs(wrap_up));
        Event::Freed { handle, wrap_up }
    }

    #[test]
    fn attempts_are_told_one_after_the_other() {
        let calendar = Calendar::new("2026-11-23T23:58:00[Europe/Madrid]".parse().unwrap());
        let text = render(&story(), None, &calendar, 100, false);
        let expected = [
            " Attempt 0, Mon 23 Nov 2026",
            " 23:59:00.000       0 s  asks for an agent",
            " 23:59:00.000       0 s  waits: no agent has room, 2 wait already",
            " 23:59:40.000    40.0 s  loses patience after 40.0 s in the queue and leaves silently; \
             comes again",
            "                         in 5 m 00 s (attempt 1)",
            " 00:00:30.000  1 m 30 s  assigned to agent 4, who finds nobody",
            " 00:05:10.000  6 m 10 s  slot free: handle 4 m 40 s, wrap-up 0 s",
            "",
            " Attempt 1, Tue 24 Nov 2026",
            " 00:04:40.000       0 s  asks for an agent",
            " 00:04:40.000       0 s  assigned to agent 1 at once",
            " 00:04:40.000       0 s  message 1 is pending",
            " 00:05:00.000    20.0 s  the agent's shift is over: back to the front of the queue",
            " 00:05:30.000    50.0 s  assigned to agent 2 after 30.0 s",
            " 00:06:20.000  1 m 40 s  the chat is ended before its end",
            "",
            "fates: abandoned_queue, silently; then dropped",
            "",
        ];
        assert_eq!(text, expected.join("\n"));
    }

    #[test]
    fn an_attempt_is_told_alone() {
        let calendar = Calendar::new("2026-11-23T00:00:00[UTC]".parse().unwrap());
        let text = render(&story(), Some(1), &calendar, 100, false);
        assert!(
            text.starts_with(" Attempt 1,") && text.ends_with("\nfate: dropped\n"),
            "{text}"
        );
        let coloured = render(&story(), Some(1), &calendar, 100, true);
        assert!(coloured.contains("\u{1b}["));
    }
}
