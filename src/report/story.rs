//! Words one customer's story: every event with its local time and the time since the offer.
//!
//! Law: nothing is told that was not noted; what follows from two events (how long a message was
//! pending, when the customer comes again) is their distance.

use super::figure::Unit;
use super::paint::Paint;
use super::terminal::wrapped;
use crate::center::fate::Fate;
use crate::measure::story::{Event, Story, Told};
use crate::scenario::calendar::Calendar;
use crate::time::{Span, Time};

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
            offered: offered(number).unwrap_or(Time::ZERO),
            again: offered(number + 1),
        }
    }

    /// The date, and a line an event.
    fn render(&self, calendar: &Calendar, width: usize, paint: Paint) -> String {
        let date = calendar.local(self.offered).strftime("%a %-d %b %Y");
        let heading = format!(" Attempt {}, {date}", self.number);
        let mut out = format!("{}\n", paint.heading(&heading));
        let since = |told: &Told| {
            let seconds = told.at.since(self.offered).as_secs_f64();
            Unit::Seconds.say(seconds)
        };
        let widest = self.told.iter().map(|told| since(told).len()).max();
        let widest = widest.unwrap_or(0);
        for (index, told) in self.told.iter().enumerate() {
            let time = calendar.local(told.at).strftime("%H:%M:%S%.3f");
            let times = format!(" {time}  {:>widest$}  ", since(told));
            for (number, line) in wrapped(&self.words(index), width - times.len())
                .iter()
                .enumerate()
            {
                let before = if number == 0 {
                    times.clone()
                } else {
                    " ".repeat(times.len())
                };
                let line = match told.event {
                    Event::Ended {
                        fate: Fate::Handled,
                        ..
                    } => paint.good(line),
                    Event::Ended { .. } => paint.doubtful(line),
                    _ => line.clone(),
                };
                out.push_str(&format!("{}{line}\n", paint.faint(&before)));
            }
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
            Event::Assigned { agent } => format!(
                "assigned to agent {agent} after {}",
                say(at.since(self.asked(index)))
            ),
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

fn say(span: Span) -> String {
    Unit::Seconds.say(span.as_secs_f64())
}
