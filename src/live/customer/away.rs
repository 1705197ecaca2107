//! Owns a customer without a connection: one who is not in yet, is cut by plan, or has lost it.
//!
//! Law: patience runs on. What it would say it says when it is back; what was said to it meanwhile it
//! hears then, before anything else.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::enter::{Answer, Entered, enter};
use super::{Then, Visitor};
use crate::center::customer::{CustomerAct, CustomerInput};
use crate::center::fate::Fate;
use crate::center::rules::Again;
use crate::error::{Error, Result};
use crate::live::dial::Dial;
use crate::live::journal::{ChatEvent, Connect, Event};
use crate::live::tries::Tries;
use crate::time::{Span, Time};
use crate::wire::frame::FromCustomer;
use crate::wire::limits::UNHEARD_MOST;
use crate::wire::marker::Direction;

impl<D: Dial> Visitor<D> {
    /// When it is cut by plan, or is back; never without a plan.
    pub(super) fn turn(&self) -> Time {
        let planned = self.planned.as_ref();
        planned.map_or(Time::NEVER, |connection| connection.turn())
    }

    /// Whether its connection is up by plan.
    fn is_up(&self) -> bool {
        let planned = self.planned.as_ref();
        !self.line.lingers && planned.is_none_or(|connection| connection.is_up())
    }

    /// The plan's turn has come.
    pub(super) fn take_turn(&mut self) {
        let rules = self.scene.rules(self.caller.class).disconnect.as_ref();
        if let Some((planned, rules)) = self.planned.as_mut().zip(rules) {
            planned.take_turn(rules);
            let lapses = planned.is_too_late() && self.line.kept.get();
            self.lapses = if lapses {
                planned.kept_until()
            } else {
                Time::NEVER
            };
        }
    }

    /// It has left while it was cut off by plan, and nobody has heard it: what is held for it is held
    /// until the server keeps it no longer.
    fn linger(&mut self, due: Time) -> Then {
        let is_held = self.line.was_in && self.line.kept.get() && !self.is_up();
        let Some(planned) = self.planned.take().filter(|_| is_held) else {
            return Then::Go;
        };
        if !self.ghost {
            self.note(due, ChatEvent::Unheard);
        }
        if planned.kept_until() <= due {
            return Then::Go;
        }
        (self.wake, self.closing) = (Time::NEVER, Time::NEVER);
        self.lapses = planned.kept_until();
        self.line.lingers = true;
        Then::Stay
    }

    /// Whether it has read its reply and is to say something next: that waits for the connection.
    fn is_thinking(&self) -> bool {
        self.customer.exchange() > 0 && !self.customer.is_pending()
    }

    /// Has no connection any more: since then it may not have heard what was said.
    pub(super) fn disconnect(&mut self, at: Time, since: Time) {
        if let Some(session) = self.socket.take() {
            session.lose(&self.scene, self.caller);
        }
        (self.opened, self.said, self.typing) = (None, None, Time::NEVER);
        self.line.is_off = true;
        self.scene.met(self.caller, "no connection any more");
        self.note(at, ChatEvent::Disconnected { since });
    }

    /// Is without a connection until it has one, or goes.
    pub(super) async fn be_away(&mut self) -> Then {
        let scene = Rc::clone(&self.scene);
        let over = scene.is_over();
        tokio::pin!(over);
        let mut tries = Tries::default();
        let mut next = None;
        while self.socket.is_none() {
            if std::mem::take(&mut self.line.was_lost) {
                next = self.next_try(&mut tries);
                if next.is_none() {
                    return self.give_up(&Error::failed("it was lost for too long"));
                }
            }
            let due = self.due_while_away();
            let (up, caller, line) = (self.is_up(), self.caller, &self.line);
            let attempt = async {
                if !up {
                    return std::future::pending().await;
                }
                match next {
                    Some(at) => {
                        sleep_until(at).await;
                        scene.pace.wait().await;
                    }
                    None => scene.pace.take(),
                }
                enter(&scene, caller, line).await
            };
            let then = tokio::select! {
                biased;
                () = &mut over => self.be_left(),
                () = scene.wait_until(due) => {
                    let before = self.turn();
                    let then = self.catch_up_away(scene.now().max(due));
                    if self.turn() != before && before.comes() {
                        next = None;
                    }
                    then
                }
                entered = attempt => {
                    self.note_asked();
                    match entered {
                        Ok(entered) => self.go_in(entered).await,
                        Err(error) => {
                            let now = self.scene.now();
                            self.scene.note(now, Event::Connect(Connect::Out));
                            next = self.next_try(&mut tries).filter(|_| self.may_try(&error));
                            match next {
                                Some(_) => self.stay_out(&error),
                                None => self.give_up(&error),
                            }
                        }
                    }
                }
            };
            if then != Then::Stay {
                return then;
            }
        }
        Then::Stay
    }

    fn next_try(&mut self, tries: &mut Tries) -> Option<Instant> {
        let draws = self.customer.draws();
        let most = Duration::from_nanos(self.scene.plan.live.reconnect_for.0);
        tries.next(draws, &mut self.line.drawn, most)
    }

    /// Whether another try makes sense: one who may have asked for an agent, and is not kept, would
    /// ask twice.
    fn may_try(&self, error: &Error) -> bool {
        let asks_twice = self.line.asked.get() && !self.line.kept.get();
        !error.is_for_good() && !asks_twice
    }

    /// It was not let in and tries again.
    #[cold]
    fn stay_out(&mut self, error: &Error) -> Then {
        let words = format!(
            "a customer was not let in, and tries again: {}",
            error.plain()
        );
        self.scene.remark(words);
        self.scene.met(self.caller, error.plain());
        self.line.due = Time::NEVER;
        Then::Stay
    }

    /// It does not get in, or back in.
    #[cold]
    fn give_up(&mut self, error: &Error) -> Then {
        let now = self.scene.now();
        if error.is_of_this_machine() {
            self.scene.missing_one();
        }
        let (what, fate) = match self.line.was_in {
            true => ("a customer's chat was cut", Fate::Broken),
            false => ("a customer never got in", Fate::Failed),
        };
        self.scene.remark(format!("{what}: {}", error.plain()));
        self.scene.met(self.caller, error.plain());
        self.note(now, ChatEvent::Cut(fate));
        Then::Go
    }

    /// What it may have asked counts as asked, once.
    fn note_asked(&mut self) {
        if !self.line.asked.get() || std::mem::replace(&mut self.line.was_in, true) {
            return;
        }
        let now = self.scene.now();
        for seq in self.scene.plan.messages.sequences(1) {
            let which = (Direction::Customer, seq);
            self.scene.handed_in(self.caller, which, now);
        }
    }

    /// When something is due that does not need a connection.
    fn due_while_away(&self) -> Time {
        let due = self.due_patience().min(self.closing);
        due.min(self.turn()).min(self.lapses)
    }

    fn due_patience(&self) -> Time {
        match self.is_thinking() {
            true => Time::NEVER,
            false => self.wake,
        }
    }

    /// Does what was due by `now`: a return comes before all else of its instant, a cut after it.
    fn catch_up_away(&mut self, now: Time) -> Then {
        loop {
            let (patience, turn) = (self.due_patience(), self.turn());
            let next = patience.min(self.closing);
            let first = next.min(turn).min(self.lapses);
            if first > now || !first.comes() {
                return Then::Stay;
            }
            if self.lapses < next && self.lapses < turn {
                self.note(self.lapses, ChatEvent::Lapsed);
                self.lapses = Time::NEVER;
                if self.line.lingers {
                    return Then::Go;
                }
                continue;
            }
            if turn < next || (turn == next && !self.is_up()) {
                self.take_turn();
                self.line.due = turn;
                let gone = self.is_up() && self.line.was_in && !self.line.kept.get();
                if gone {
                    // Nobody keeps anything for it.
                    self.note(turn, ChatEvent::Cut(Fate::Broken));
                    return Then::Go;
                }
                return Then::Stay;
            }
            let then = match self.closing <= patience {
                true => self.be_closed_upon(self.closing),
                false => self.lose_patience(patience),
            };
            if then == Then::Go {
                return Then::Go;
            }
        }
    }

    /// The desk closes while it waits.
    #[cold]
    fn be_closed_upon(&mut self, due: Time) -> Then {
        // Who is gone already keeps its place as others do.
        if !self.ghost || self.planned.is_none() {
            self.note_sent_away(due);
        }
        self.customer.end();
        self.linger(due)
    }

    /// Gives up; who does so silently may still have a place at the server, or a slot.
    fn lose_patience(&mut self, due: Time) -> Then {
        let rules = self.scene.rules(self.caller.class);
        let act = self.customer.handle(due, CustomerInput::Wake, rules);
        self.wake = self.customer.deadline();
        let silently = match act {
            Some(CustomerAct::LeaveQueue { silently }) => {
                // Nobody holds a place for one who never got in.
                let silently = silently && self.line.was_in;
                self.note(due, ChatEvent::LeavesQueue { silently });
                silently
            }
            Some(CustomerAct::LeaveChat { silently }) => {
                self.note(due, ChatEvent::LeavesChat { silently });
                silently
            }
            _ => return Then::Stay,
        };
        self.scene.again(self.caller, Again::Abandoned, due);
        if !silently {
            return self.linger(due);
        }
        self.haunt();
        Then::Stay
    }

    /// It has a connection.
    async fn go_in(&mut self, entered: Entered<D>) -> Then {
        let Entered {
            socket,
            idle,
            answer,
        } = entered;
        let now = self.scene.now();
        self.idle = idle;
        self.check = now + idle;
        let is_back = !matches!(answer, Answer::Gone);
        if is_back && std::mem::take(&mut self.line.is_off) {
            self.note(now, ChatEvent::Back);
            self.scene.note(now, Event::Connect(Connect::Back));
        }
        match answer {
            Answer::Asked(at) => {
                self.socket = Some(socket);
                self.opened = Some(at);
                Then::Stay
            }
            Answer::Gone => {
                if self.planned.is_none() {
                    self.scene
                        .remark("a customer came back and its chat was gone");
                }
                self.note(now, ChatEvent::Cut(Fate::Broken));
                self.customer.end();
                self.socket = Some(socket);
                Then::Go
            }
            Answer::Resumed { got, missed } => {
                self.socket = Some(socket);
                self.catch_up_on(got, missed).await
            }
        }
    }

    /// Says again what was lost on the way, and hears what it has missed.
    async fn catch_up_on(&mut self, got: u32, missed: u32) -> Then {
        for seq in got.saturating_add(1)..=self.said_to() {
            let text = self.scene.text(self.caller, Direction::Customer, seq);
            let heard = self.line.heard;
            let say = FromCustomer::Say { seq, text, heard };
            self.note(self.scene.now(), ChatEvent::SentAgain(seq));
            if let Err(error) = self.send(&say, Time::NEVER).await {
                return self.lose(&error);
            }
        }
        if missed as usize > UNHEARD_MOST {
            let words = "the server says that more was missed than it can have kept";
            return self.lose(&Error::failed(words).for_good());
        }
        let limit = Instant::now() + self.scene.limits.connect;
        for _ in 0..missed {
            let Some(socket) = &mut self.socket else {
                return Then::Stay;
            };
            let Ok(heard) = timeout_at(limit, socket.next()).await else {
                return self.lose(&Error::failed("the server does not say what was missed"));
            };
            self.line.is_late = true;
            let then = self.hear(heard, self.scene.now());
            self.line.is_late = false;
            if then != Then::Stay {
                return then;
            }
        }
        if self.is_thinking() {
            // What was due meanwhile is due now.
            self.wake = self.wake.max(self.scene.now());
        }
        Then::Stay
    }

    /// The highest number of the messages that it has said, by parts.
    fn said_to(&self) -> u32 {
        let messages = &self.scene.plan.messages;
        let sequences = messages.sequences(self.customer.exchange().max(1));
        sequences.last().unwrap_or(0)
    }

    /// Sends a frame that was due then, if at all, where there is a connection.
    pub(super) async fn send(&mut self, frame: &FromCustomer, due: Time) -> Result<()> {
        match &mut self.socket {
            Some(socket) => socket.act(frame, due).await,
            None => Ok(()),
        }
    }

    /// The connection is lost without a plan: it is to come back where its chat is kept.
    #[cold]
    pub(super) fn lose(&mut self, error: &Error) -> Then {
        let now = self.scene.now();
        self.lose_since(error, now)
    }

    #[cold]
    fn lose_since(&mut self, error: &Error, since: Time) -> Then {
        let now = self.scene.now();
        self.scene.note(now, Event::Connect(Connect::Lost));
        self.scene.met(self.caller, error.plain());
        self.line.due = Time::NEVER;
        if error.is_for_good() || !self.line.kept.get() {
            let words = format!("a customer's chat was cut: {}", error.plain());
            self.scene.remark(words);
            self.note(now, ChatEvent::Cut(Fate::Broken));
            return Then::Go;
        }
        let words = format!("a customer's connection was lost: {}", error.plain());
        self.scene.remark(words);
        self.disconnect(now, since);
        self.line.was_lost = true;
        Then::Stay
    }

    /// Sees whether the server still gives signs of life, from time to time.
    pub(super) async fn check_life(&mut self, now: Time) -> Then {
        self.check = now + self.idle;
        let Some(socket) = &mut self.socket else {
            return Then::Stay;
        };
        if socket.is_alive().await {
            return Then::Stay;
        }
        let silent = Span(self.idle.0.saturating_mul(3));
        self.lose_since(
            &Error::failed("the server gives no sign of life"),
            now - silent,
        )
    }
}
