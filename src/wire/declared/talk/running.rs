//! Owns `Running`: a script that is under way, and what it waits for.
//!
//! Law: what is done in one chat is done in order; different chats, and what is no chat's, do not
//! wait for each other.

use std::time::Duration;

use super::scene::About;
use crate::wire::declared::Protocol;
use crate::wire::declared::script::Action;
use crate::wire::declared::step::{Step, What};
use crate::wire::frame::Party;
use crate::wire::speaker::ChatNumber;

/// A script that is under way.
pub struct Running {
    /// Which.
    pub task: Task,
    /// What it is about.
    pub about: About,
    /// The number of the step.
    pub step: usize,
    /// When it was asked for.
    pub since: Duration,
    /// What it waits for.
    pub wait: Wait,
    /// What the step expects has come already.
    pub has_come: bool,
    /// How often the server had too much to do for it.
    pub put_off: u8,
    /// Of a message: which of the person's it is.
    pub nth: u32,
}

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// The script of an action.
    Do(Action),
    /// A sign of life, by its number.
    Sign(usize),
    /// What is said first on the connection of a chat.
    Enter,
}

/// What a script waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Its turn.
    Turn,
    /// Its turn after that, since the server had too much to do.
    Later { until: Duration },
    /// The connection of its chat.
    Stream { until: Duration },
    /// The answer to a request.
    Answer { request: u32, until: Duration },
    /// A frame that the step expects.
    Frame { until: Duration },
    /// The acknowledgement of this number.
    Ack { id: u64, until: Duration },
    /// A frame with this value in it, or one that meets the tests.
    Value {
        value: Option<String>,
        until: Duration,
    },
}

/// What is done in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Coming in.
    Entry,
    /// An agent's state.
    State,
    /// A chat.
    Chat(ChatNumber),
}

impl Running {
    /// A script that is to be run.
    pub fn new(task: Task, about: About, since: Duration) -> Running {
        Running {
            task,
            about,
            step: 0,
            since,
            wait: Wait::Turn,
            has_come: false,
            put_off: 0,
            nth: 0,
        }
    }

    /// Its steps.
    pub fn steps<'p>(&self, protocol: &'p Protocol, party: Party) -> &'p [Step] {
        match self.task {
            Task::Do(action) => protocol.script(party, action),
            Task::Enter => protocol.apart.as_ref().map_or(&[], |apart| &apart.connect),
            Task::Sign(number) => std::slice::from_ref(&protocol.keepalives[number].step),
        }
    }

    /// The chat in which it is heard what comes of it: a chat that was only asked for is nobody's.
    pub fn whose(&self) -> Option<ChatNumber> {
        let asks = self.task == Task::Do(Action::Take);
        self.about.chat.filter(|_| !asks)
    }

    /// Whether a no is an answer like another: the chat is not to be had, or gone.
    pub fn may_be_denied(&self) -> bool {
        matches!(self.task, Task::Do(Action::Take | Action::Resume))
    }

    /// In which order it is done; none for at once.
    pub fn lane(&self) -> Option<Lane> {
        let action = match self.task {
            Task::Do(action) => action,
            Task::Enter => return self.about.chat.map(Lane::Chat),
            Task::Sign(_) => return None,
        };
        match action {
            Action::Setup | Action::BeforeConnect | Action::Connect | Action::Resume => {
                Some(Lane::Entry)
            }
            Action::SetLimit | Action::Online | Action::Offline | Action::Bye => Some(Lane::State),
            _ => self.about.chat.map(Lane::Chat),
        }
    }

    /// Whether those behind it need not wait: a message is on its way in the stream, which keeps the
    /// order, and only its acknowledgement is missing.
    pub fn lets_pass(&self, protocol: &Protocol, party: Party) -> bool {
        let steps = self.steps(protocol, party);
        let is_last = self.step + 1 == steps.len();
        let is_request = steps
            .get(self.step)
            .is_some_and(|step| matches!(step.what, What::Request(_)));
        let waits = matches!(self.wait, Wait::Ack { .. } | Wait::Value { .. });
        self.task == Task::Do(Action::Say) && is_last && !is_request && waits
    }

    /// Until when it waits.
    pub fn until(&self) -> Option<Duration> {
        match self.wait {
            Wait::Turn => None,
            Wait::Later { until }
            | Wait::Answer { until, .. }
            | Wait::Frame { until }
            | Wait::Stream { until }
            | Wait::Ack { until, .. }
            | Wait::Value { until, .. } => Some(until),
        }
    }

    /// What it is, for people.
    pub fn name(&self) -> &'static str {
        match self.task {
            Task::Do(action) => action.key(),
            Task::Sign(_) => "keepalive",
            Task::Enter => "chat_connection.connect",
        }
    }

    /// Whether the person cannot come in without it.
    pub fn is_entry(&self) -> bool {
        self.lane() == Some(Lane::Entry)
    }
}
