//! Owns `Lane`: the messages of one session as they come, one behind the other.
//!
//! Law: a message is behind its own where its session had another under way when it was written. Most
//! sessions never have, and take little room.

use super::line::{Flow, Line};
use crate::time::Span;

/// The messages of a session as they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    last: Option<Last>,
    /// What had been sent before the first of those that came one behind the other.
    before: u32,
    behind: Option<Box<Behind>>,
}

/// The message that has come last.
#[derive(Clone, Copy, Debug)]
struct Last {
    sent: u32,
    written: Span,
    read: Span,
}

/// What was behind others.
#[derive(Clone, Debug, Default)]
struct Behind {
    /// Since the session last had nothing under way.
    line: Line,
    /// All before that.
    flow: Flow,
}

/// How a message came, by what its session had under way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Passage {
    /// Behind others of its own.
    Behind,
    /// With nothing of its own before it: what its session had said last was read so long before that
    /// this many bytes a second would have been enough for it.
    Alone { asks: f64 },
    /// The first of a connection, or one that was overtaken.
    Untold,
}

impl Lane {
    /// A message has come, with which the session had sent so much.
    pub fn pass(&mut self, sent: u32, written: Span, read: Span) -> Passage {
        let next = Last {
            sent,
            written,
            read,
        };
        let Some(last) = self.last else {
            self.begin(next);
            return Passage::Untold;
        };
        let is_further = sent.wrapping_sub(last.sent) as i32 > 0;
        if !is_further {
            // On another connection it is counted from the start.
            if written > last.written {
                self.end_line();
                self.begin(next);
            }
            return Passage::Untold;
        }
        self.last = Some(Last {
            read: read.max(last.read),
            ..next
        });
        if written < last.read {
            let behind = self.behind.get_or_insert_default();
            if behind.line.messages == 0 {
                behind.line = Line::from(last.sent, last.read);
            }
            behind.line.add(sent, written, read);
            return Passage::Behind;
        }
        self.end_line();
        let said = f64::from(last.sent.wrapping_sub(self.before));
        self.before = last.sent;
        let rest = Span(written.0 - last.read.0).as_secs_f64();
        Passage::Alone { asks: said / rest }
    }

    fn begin(&mut self, first: Last) {
        self.last = Some(first);
        self.before = 0;
    }

    fn end_line(&mut self) {
        if let Some(behind) = &mut self.behind {
            let Behind { line, flow } = &mut **behind;
            std::mem::take(line).end(flow);
        }
    }

    /// What went through it while it was late by what it said.
    pub fn flow(&self) -> Flow {
        let behind = self.behind.as_deref();
        behind.map_or_else(Flow::default, |Behind { line, flow }| {
            let mut flow = *flow;
            line.end(&mut flow);
            flow
        })
    }
}
