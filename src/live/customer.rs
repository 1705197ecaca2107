//! Owns a customer's visit to a live server: one chat, one `Customer` machine, and a connection at a
//! time.
//!
//! Law: the machine is woken with its due time, never the clock's, and everything due before a
//! frame was read happens before the frame. So a late generator shows as lag, not as patience.
//!
//! Who leaves silently says nothing: its connection stays, and what comes on it is read and
//! ignored, until the chat is closed.

mod away;
mod enter;
mod hearing;
mod parting;

use std::rc::Rc;

use tokio::time::Instant;

use enter::Line;
pub(super) use enter::idle;

use super::dial::Dial;
use super::journal::{ChatEvent, Origin};
use super::orbit::Caller;
use super::parts::Parts;
use super::scene::Scene;
use super::session::Session;
use crate::center::connection::Connection;
use crate::center::customer::{Customer, CustomerAct, CustomerInput};
use crate::center::rules::Again;
use crate::time::{Span, Time};
use crate::wire::frame::{CustomerSide, FromCustomer};
use crate::wire::marker::Direction;

/// A customer with its connection.
struct Visitor<D: Dial> {
    scene: Rc<Scene<D>>,
    caller: Caller,
    customer: Customer,
    /// None while it is not in, is cut, or has lost it.
    socket: Option<Session<CustomerSide, D>>,
    line: Line,
    /// When it is cut, and back, by plan.
    planned: Option<Box<Connection>>,
    /// When the server keeps the chat of one who was cut off no longer; never where it is back by then.
    lapses: Time,
    /// For how long the server may say nothing.
    idle: Span,
    /// When it is seen next whether the server gives signs of life.
    check: Time,
    /// When the chat was asked for on the connection; none once it is clear that it has to wait.
    opened: Option<Instant>,
    wake: Time,
    /// When it is seen typing next.
    typing: Time,
    /// Of the reply that it waits for.
    parts: Parts,
    /// When the message that is pending was written, to an agent who had the chat.
    said: Option<Instant>,
    /// When the desk sends away who waits; `Time::NEVER` while an agent has the chat.
    closing: Time,
    /// Gone silently.
    ghost: bool,
    standing: Standing,
}

/// How a chat stands, as its customer has heard.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// Who has it.
    agent: Option<u32>,
    /// An agent had it while the customer was there.
    was_assigned: bool,
    /// It was handed over.
    was_handed_over: bool,
    /// It has ended.
    over: bool,
}

/// What a frame or a wake-up leaves to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Stay,
    /// Tells the server that it leaves, which was due then, and goes.
    Leave(Time),
    Go,
}

/// Plays a customer, who comes at `due`, to the end of its chat.
pub async fn visit<D: Dial>(scene: Rc<Scene<D>>, caller: Caller, due: Time) {
    scene.note_in(caller, due, ChatEvent::Offered);
    scene.lagged(due);
    let draws = scene
        .people
        .person(caller.number.into(), caller.attempt.into());
    let rules = scene.rules(caller.class);
    let mut customer = Customer::new(draws, caller.class, rules);
    // Patience runs from the offer; the answer may be that nobody has to wait.
    customer.handle(due, CustomerInput::Queued, rules);
    let planned = rules.disconnect.as_ref();
    let planned = planned.map(|rules| Box::new(Connection::new(draws, due, rules)));
    let mut visitor = Visitor {
        wake: customer.deadline(),
        closing: scene.closing_from(due),
        scene,
        caller,
        customer,
        socket: None,
        line: Line {
            due,
            ..Line::default()
        },
        planned,
        lapses: Time::NEVER,
        idle: Span::ENDLESS,
        check: Time::NEVER,
        opened: None,
        typing: Time::NEVER,
        parts: Parts::default(),
        said: None,
        ghost: false,
        standing: Standing::default(),
    };
    visitor.stay().await;
    let ghosts = &visitor.scene.ghosts;
    ghosts.set(ghosts.get() - u32::from(visitor.ghost));
    visitor.go().await;
}

impl<D: Dial> Visitor<D> {
    async fn stay(&mut self) {
        loop {
            let then = match self.socket {
                Some(_) => self.talk().await,
                // Boxed: getting in takes much room, and most of the time goes by without.
                None => Box::pin(self.be_away()).await,
            };
            match then {
                Then::Stay => {}
                Then::Leave(due) => return self.leave(due).await,
                Then::Go => return,
            }
        }
    }

    /// Goes on until it is to go, or has no connection any more.
    async fn talk(&mut self) -> Then {
        let scene = Rc::clone(&self.scene);
        let over = scene.is_over();
        tokio::pin!(over);
        let (mut place, mut checking) = (scene.place(), scene.place());
        loop {
            let next = self.wake.min(self.closing).min(self.typing);
            let next = next.min(self.turn());
            let Some(socket) = &mut self.socket else {
                return Then::Stay;
            };
            let then = tokio::select! {
                // At the end agents close their chats: those are open at the end all the same. What
                // is due is done before the socket is looked at: most who are woken are by a timer.
                biased;
                () = &mut over => self.be_left(),
                () = scene.wait_in(&mut place, next) => self.catch_up(next).await,
                // In a place of its own: it comes seldom, and what is next changes all the time.
                () = scene.wait_in(&mut checking, self.check) => {
                    self.catch_up(scene.now().max(self.check)).await
                }
                heard = socket.next() => {
                    let read = self.scene.now();
                    match self.catch_up(read).await {
                        Then::Stay if self.socket.is_some() => self.hear(heard, read),
                        // It was cut before: that it will hear again.
                        then => then,
                    }
                }
            };
            if then != Then::Stay {
                return then;
            }
        }
    }

    /// Does everything that was due by `now`.
    async fn catch_up(&mut self, now: Time) -> Then {
        if self.typing <= now {
            let then = self.be_seen_typing().await;
            if then != Then::Stay {
                return then;
            }
        }
        if self.check <= now {
            let then = self.check_life(now).await;
            if then != Then::Stay {
                return then;
            }
        }
        while self.socket.is_some() && self.wake.min(self.closing).min(self.turn()) <= now {
            // Of what is due at one instant a cut comes last.
            if self.turn() < self.wake.min(self.closing) {
                self.disconnect(self.turn(), self.turn());
                self.take_turn();
                return Then::Stay;
            }
            if self.closing <= self.wake {
                return self.be_sent_away(self.closing);
            }
            let due = self.wake;
            let rules = self.scene.rules(self.caller.class);
            let act = self.customer.handle(due, CustomerInput::Wake, rules);
            self.wake = self.customer.deadline();
            let then = match act {
                Some(CustomerAct::Send) => self.say(due).await,
                Some(CustomerAct::LeaveQueue { silently }) => {
                    self.note(due, ChatEvent::LeavesQueue { silently });
                    self.depart(silently, due)
                }
                Some(CustomerAct::LeaveChat { silently }) => {
                    self.note(due, ChatEvent::LeavesChat { silently });
                    self.depart(silently, due)
                }
                Some(CustomerAct::Done { .. } | CustomerAct::Come) | None => Then::Stay,
            };
            if then != Then::Stay {
                return then;
            }
        }
        Then::Stay
    }

    /// The indicator is not timed: nothing waits for it.
    async fn be_seen_typing(&mut self) -> Then {
        let due = std::mem::replace(&mut self.typing, Time::NEVER);
        match self.send(&FromCustomer::Typing {}, due).await {
            Ok(()) => Then::Stay,
            Err(error) => self.lose(&error),
        }
    }

    async fn say(&mut self, due: Time) -> Then {
        self.typing = Time::NEVER;
        self.note(due, ChatEvent::Says);
        let (mut lost, mut written) = (None, None);
        for seq in self.scene.plan.messages.sequences(self.customer.exchange()) {
            let text = self.scene.text(self.caller, Direction::Customer, seq);
            let heard = if self.line.kept.get() {
                self.line.heard
            } else {
                0
            };
            let which = (Direction::Customer, seq);
            let said = FromCustomer::Say { seq, text, heard };
            if lost.is_none()
                && let Err(error) = self.send(&said, due).await
            {
                lost = Some(error);
            }
            self.scene.reuse(said.into_text());
            match lost {
                None => {
                    let by = self.origin();
                    written = Some(self.scene.written(self.caller, which, due, by));
                }
                // It counts as said, and is said again.
                Some(_) => self.scene.handed_in(self.caller, which, due),
            }
        }
        match lost {
            None => {
                self.said = written.filter(|_| self.standing.agent.is_some());
                Then::Stay
            }
            Some(error) => self.lose(&error),
        }
    }

    fn origin(&self) -> Origin {
        let socket = self.socket.as_ref();
        socket.map_or(Origin::default(), |socket| {
            socket.origin(self.caller.number)
        })
    }

    /// The desk closes while the customer waits, for the first time or after its chat was handed
    /// over.
    fn be_sent_away(&mut self, due: Time) -> Then {
        self.note_sent_away(due);
        Then::Leave(due)
    }

    fn note_sent_away(&mut self, due: Time) {
        self.note(due, ChatEvent::SentAway);
        if !self.ghost && !self.standing.was_handed_over {
            self.scene.again(self.caller, Again::Rejected, due);
        }
    }

    /// Goes, or stays as one who is gone.
    fn depart(&mut self, silently: bool, due: Time) -> Then {
        self.scene.again(self.caller, Again::Abandoned, due);
        self.standing.over = true;
        if !silently {
            return Then::Leave(due);
        }
        self.haunt();
        Then::Stay
    }

    /// Is gone, and nobody knows.
    fn haunt(&mut self) {
        (self.standing.over, self.ghost) = (true, true);
        self.scene.ghosts.set(self.scene.ghosts.get() + 1);
    }

    /// Tells the server that it leaves, which was due at `due`, if at any time. The connection is given
    /// up whether or not that still gets through.
    async fn leave(&mut self, due: Time) {
        let told = self.send(&FromCustomer::Leave {}, due).await;
        if told.is_ok() && due.comes() {
            self.scene.lagged(due);
        }
    }

    /// The run is over and the chat is not.
    fn be_left(&mut self) -> Then {
        self.note(self.scene.now(), ChatEvent::LeftOpen);
        Then::Leave(Time::NEVER)
    }

    fn note(&self, at: Time, event: ChatEvent) {
        self.scene.note_in(self.caller, at, event);
    }
}
