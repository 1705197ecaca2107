//! Owns `Line` and `Flow`: the bytes of one session over time, while it had something under way.
//!
//! Law: a line is a straight one or it tells no rate; what is kept are sums, whatever their number.

use crate::time::Span;

/// Messages that a line must have.
const MESSAGES_LEAST: u32 = 10;

/// Wall seconds that it must last: some servers read much at once and then rest, so that a short one
/// has few steps.
const LASTS_S: f64 = 4.0;

/// What its messages take on average, at the least: less is no delay of note.
pub(super) const LATE: Span = Span::from_millis(250);

/// How much of the spread of its bytes must be by the time that went by.
const STRAIGHT: f64 = 0.95;

/// Bytes of a session that have come, by when: as long as it had something under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// From where bytes and time are counted: the last message before it.
    sent: u32,
    read: Span,
    pub messages: u32,
    /// What all its messages took, in seconds.
    took_s: f64,
    longest: Span,
    /// Seconds from its start to its last message.
    lasts_s: f64,
    /// Sums of seconds and bytes, their squares and products.
    secs: f64,
    bytes: f64,
    secs_secs: f64,
    secs_bytes: f64,
    bytes_bytes: f64,
}

impl Line {
    /// A line that begins behind a message with which so much had been sent, and which was read then.
    pub fn from(sent: u32, read: Span) -> Line {
        Line {
            sent,
            read,
            ..Line::default()
        }
    }

    /// A message has come, which was written behind others.
    pub fn add(&mut self, sent: u32, written: Span, read: Span) {
        let took = Span(read.0.saturating_sub(written.0));
        let secs = Span(read.0.saturating_sub(self.read.0)).as_secs_f64();
        let bytes = f64::from(sent.wrapping_sub(self.sent));
        self.messages += 1;
        self.took_s += took.as_secs_f64();
        self.longest = self.longest.max(took);
        self.lasts_s = self.lasts_s.max(secs);
        self.secs += secs;
        self.bytes += bytes;
        self.secs_secs += secs * secs;
        self.secs_bytes += secs * bytes;
        self.bytes_bytes += bytes * bytes;
    }

    /// What it adds to its session's flow.
    pub fn end(&self, flow: &mut Flow) {
        let count = f64::from(self.messages);
        let is_late = self.took_s >= count * LATE.as_secs_f64();
        if self.messages < MESSAGES_LEAST || self.lasts_s < LASTS_S || !is_late {
            return;
        }
        // Where the line begins is a point of it.
        let count = count + 1.0;
        let by_time = self.secs_secs - self.secs * self.secs / count;
        let by_bytes = self.bytes_bytes - self.bytes * self.bytes / count;
        let by_both = self.secs_bytes - self.secs * self.bytes / count;
        if by_both <= 0.0 || by_both * by_both < STRAIGHT * by_time * by_bytes {
            flow.crooked_s += self.lasts_s;
            return;
        }
        flow.flat_s += self.lasts_s;
        flow.bytes += by_both / by_time * self.lasts_s;
        flow.messages += self.messages;
        flow.longest = flow.longest.max(self.longest);
    }
}

/// What went through a session while it was late by what it said.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Flow {
    /// Seconds for which its bytes lay on straight lines.
    pub flat_s: f64,
    /// Bytes in that time.
    bytes: f64,
    /// Seconds for which they did not.
    pub crooked_s: f64,
    /// Messages on straight lines.
    pub messages: u32,
    /// The longest that one of them took.
    pub longest: Span,
}

impl Flow {
    /// Bytes a second; none where there is no straight line.
    pub fn rate(&self) -> Option<f64> {
        (self.flat_s > 0.0).then(|| self.bytes / self.flat_s)
    }

    /// Whether the session was ever late by what it said.
    pub fn is_late(&self) -> bool {
        self.flat_s + self.crooked_s > 0.0
    }
}
