//! Owns `Mailbox`: what has come for somebody on the same thread and was not taken yet.
//!
//! Law: what is put first is taken first; whoever waits is woken. One waits for it, in one task.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

/// What has come for somebody and was not taken yet.
#[derive(Debug)]
pub struct Mailbox<T> {
    come: RefCell<VecDeque<T>>,
    waker: RefCell<Option<Waker>>,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Mailbox<T> {
        Mailbox {
            come: RefCell::default(),
            waker: RefCell::new(None),
        }
    }
}

impl<T> Mailbox<T> {
    /// Puts something in.
    pub fn put(&self, what: T) {
        self.come.borrow_mut().push_back(what);
        let waiting = self.waker.take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    /// Takes the next out; who asks is woken when there is one.
    pub fn poll_take(&self, context: &mut Context<'_>) -> Poll<T> {
        if let Some(first) = self.come.borrow_mut().pop_front() {
            return Poll::Ready(first);
        }
        self.waker.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}
