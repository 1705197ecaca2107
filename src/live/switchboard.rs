//! Owns the `Switchboard`: how the people of a worker reach the dispatcher of their run, and hear of it.
//!
//! Law: what one line says comes in the order in which it was said, and so does what it hears. A line
//! that is dropped is told of as lost, so that whatever becomes of its person, nobody waits for it.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;

use super::mailbox::Mailbox;
use super::worker::News;

/// What somebody posts to the dispatcher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// On which line of the worker.
    pub line: u64,
    /// What.
    pub what: Post,
}

/// What can be posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Post {
    /// A customer has come in at the server, where it is reached at this address.
    Customer {
        /// Empty where the protocol knows no addresses.
        address: String,
    },
    /// An agent has.
    Agent {
        /// As for a customer.
        address: String,
    },
    /// A frame of the built-in protocol, as text. Of what goes over the server it has the marker alone.
    Says(String),
    /// The person has gone in due form.
    Leaves,
    /// The connection is lost.
    Lost,
}

/// What the dispatcher tells somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// On which line of the worker.
    pub line: u64,
    /// A frame of the built-in protocol, as text; none at the end.
    pub frame: Option<String>,
    /// With a chat that is assigned: where the other side is reached.
    pub peer: Option<String>,
    /// It is a message that was said to another agent: the server does not bring it to this one.
    pub carried: bool,
}

/// Where a worker's news go, under its number.
pub type Outlet = (usize, UnboundedSender<(usize, News)>);

/// The lines of a worker.
#[derive(Debug, Default)]
pub struct Switchboard {
    given: Cell<u64>,
    lines: RefCell<FxHashMap<u64, Weak<Mailbox<Delivery>>>>,
    /// Where posts go, under the worker's number.
    outlet: RefCell<Option<Outlet>>,
}

/// Somebody's line to the dispatcher.
#[derive(Debug)]
pub struct Line {
    number: u64,
    switchboard: Rc<Switchboard>,
    mailbox: Rc<Mailbox<Delivery>>,
    is_over: bool,
}

impl Switchboard {
    /// Posts go there from now on.
    pub fn connect(&self, outlet: Outlet) {
        self.outlet.replace(Some(outlet));
    }

    /// A new line.
    pub fn line(self: &Rc<Self>) -> Line {
        let number = self.given.get();
        self.given.set(number + 1);
        let mailbox = Rc::new(Mailbox::default());
        let mut lines = self.lines.borrow_mut();
        lines.insert(number, Rc::downgrade(&mailbox));
        Line {
            number,
            switchboard: Rc::clone(self),
            mailbox,
            is_over: false,
        }
    }

    /// Hands out what has come; what comes for a line that is no more is let pass.
    pub fn deliver(&self, delivery: Delivery) {
        let line = self.lines.borrow().get(&delivery.line).cloned();
        if let Some(mailbox) = line.and_then(|line| line.upgrade()) {
            mailbox.put(delivery);
        }
    }

    fn post(&self, posted: Posted) {
        if let Some((worker, outlet)) = &*self.outlet.borrow() {
            // Without a coordinator the run is over.
            let _ = outlet.send((*worker, News::Posted(posted)));
        }
    }
}

impl Line {
    /// Posts something.
    pub fn post(&mut self, what: Post) {
        self.is_over |= matches!(what, Post::Leaves | Post::Lost);
        let line = self.number;
        self.switchboard.post(Posted { line, what });
    }

    /// The next that has come; who asks is woken when there is one.
    pub fn poll_next(&self, context: &mut Context<'_>) -> Poll<Delivery> {
        self.mailbox.poll_take(context)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.switchboard.lines.borrow_mut().remove(&self.number);
        if !self.is_over {
            self.post(Post::Lost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::sync::mpsc::unbounded_channel;

    fn delivery(line: u64, words: &str) -> Delivery {
        let frame = Some(words.to_owned());
        Delivery {
            line,
            frame,
            peer: None,
            carried: false,
        }
    }

    #[tokio::test]
    async fn each_line_hears_its_own_in_order_and_tells_of_its_end_once() {
        let (outlet, mut posts) = unbounded_channel();
        let switchboard = Rc::new(Switchboard::default());
        switchboard.connect((3, outlet));
        let (mut first, second) = (switchboard.line(), switchboard.line());
        let words = ["a", "b"].map(|words| delivery(1, words));
        let others = [delivery(0, "c"), delivery(9, "nobody's")];
        let all = words.into_iter().chain(others);
        all.for_each(|delivery| switchboard.deliver(delivery));
        for words in ["a", "b"] {
            let heard = poll_fn(|context| second.poll_next(context)).await;
            assert_eq!(heard.frame.as_deref(), Some(words));
        }
        first.post(Post::Leaves);
        drop((first, second));
        let ends = [(0, Post::Leaves), (1, Post::Lost)];
        for (line, what) in ends {
            let Some((3, News::Posted(posted))) = posts.recv().await else {
                panic!("it is posted");
            };
            assert_eq!(posted, Posted { line, what });
        }
        assert!(posts.is_empty());
    }
}
