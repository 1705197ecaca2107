//! Owns a customer's visit to a live server: one connection, one `Customer` machine.
//!
//! Law: the machine is woken with its due time, never the clock's, and everything due before a
//! frame was read happens before the frame. So a late generator shows as lag, not as patience.
//!
//! Who leaves silently says nothing: its connection stays, and what comes on it is read and
//! ignored, until the chat is closed.

mod hearing;

use std::rc::Rc;

use tokio::time::Instant;

use super::dial::Dial;
use super::journal::ChatEvent;
use super::orbit::Caller;
use super::parts::Parts;
use super::scene::{Call, Scene};
use super::socket::{Socket, dial};
use crate::center::customer::{Customer, CustomerAct, CustomerInput};
use crate::center::fate::Fate;
use crate::center::rules::Again;
use crate::measure::tally::Latency;
use crate::time::Time;
use crate::wire::frame::{CustomerSide, FromCustomer};
use crate::wire::marker::Direction;

/// A customer with its connection.
struct Visitor<D: Dial> {
    scene: Rc<Scene<D>>,
    caller: Caller,
    customer: Customer,
    socket: Socket<CustomerSide, D::Stream>,
    /// When the chat was asked for on the connection; none once it is clear that it has to wait.
    opened: Option<Instant>,
    wake: Time,
    /// When it is seen typing next.
    typing: Time,
    /// Of the reply that it waits for.
    parts: Parts,
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
    let wake = customer.deadline();
    let closing = scene.closing_from(due);
    let mut call = scene.call.subscribe();
    let entered = tokio::select! {
        entered = enter(&scene, caller) => entered,
        () = scene.wait_until(wake.min(closing)) => {
            if closing <= wake {
                scene.note_in(caller, closing, ChatEvent::SentAway);
                scene.again(caller, Again::Rejected, closing);
            } else {
                // Nobody holds a place for one who never got in.
                leave_queue(&scene, caller, false, wake);
            }
            return;
        }
        _ = call.wait_for(|call| *call == Call::Stop) => {
            scene.note_in(caller, scene.now(), ChatEvent::LeftOpen);
            return;
        }
    };
    let Some((socket, opened)) = entered else {
        scene.note_in(caller, scene.now(), ChatEvent::Cut(Fate::Failed));
        return;
    };
    let mut visitor = Visitor {
        scene,
        caller,
        customer,
        socket,
        opened: Some(opened),
        wake,
        typing: Time::NEVER,
        parts: Parts::default(),
        closing,
        ghost: false,
        standing: Standing::default(),
    };
    visitor.stay().await;
    let ghosts = &visitor.scene.ghosts;
    ghosts.set(ghosts.get() - u32::from(visitor.ghost));
    visitor.go().await;
}

/// The customer gives up waiting for an agent.
fn leave_queue<D>(scene: &Scene<D>, caller: Caller, silently: bool, due: Time) {
    scene.note_in(caller, due, ChatEvent::LeavesQueue { silently });
    scene.again(caller, Again::Abandoned, due);
}

/// Connects and asks for an agent; none when the customer never got in.
async fn enter<D: Dial>(
    scene: &Scene<D>,
    caller: Caller,
) -> Option<(Socket<CustomerSide, D::Stream>, Instant)> {
    let dialled = Instant::now();
    let greeted = async {
        let mut socket = dial::<CustomerSide, D>(&scene.to, caller.number, scene.limits).await?;
        socket.hello().await?;
        Ok::<_, crate::error::Error>(socket)
    };
    let mut socket = match greeted.await {
        Ok(socket) => socket,
        Err(error) => {
            if error.is_of_this_machine() {
                scene.not_started.set(scene.not_started.get() + 1);
            }
            scene.remark(format!("a customer never got in: {}", error.plain()));
            return None;
        }
    };
    scene.took(Latency::Connect, dialled.elapsed());
    let text = |sequence| scene.text(caller, Direction::Customer, sequence);
    let open = FromCustomer::Open {
        marker: scene.marker(caller, Direction::Customer, 0).to_string(),
        text: Some(text(1)),
        priority: scene.rules(caller.class).level,
        ticket: None,
    };
    socket.send(&open).await.ok()?;
    let opened = Instant::now();
    for seq in scene.plan.messages.sequences(1) {
        if seq > 1 {
            let text = text(seq);
            let say = FromCustomer::Say {
                seq,
                text,
                heard: 0,
            };
            socket.send(&say).await.ok()?;
        }
        scene.handed_in(caller, (Direction::Customer, seq), scene.now());
    }
    Some((socket, opened))
}

impl<D: Dial> Visitor<D> {
    async fn stay(&mut self) {
        let scene = Rc::clone(&self.scene);
        let over = scene.is_over();
        tokio::pin!(over);
        loop {
            let next = self.wake.min(self.closing).min(self.typing);
            let then = tokio::select! {
                // At the end agents close their chats: those are open at the end all the same. What
                // is due is done before the socket is looked at: most who are woken are by a timer.
                biased;
                () = &mut over => self.be_left().await,
                () = scene.wait_until(next) => {
                    self.catch_up(scene.now().max(next)).await
                }
                heard = self.socket.next() => {
                    let read = self.scene.now();
                    match self.catch_up(read).await {
                        Then::Go => Then::Go,
                        Then::Stay => self.hear(heard, read).await,
                    }
                }
            };
            if then == Then::Go {
                return;
            }
        }
    }

    /// Does everything that was due by `now`.
    async fn catch_up(&mut self, now: Time) -> Then {
        if self.typing <= now && self.be_seen_typing().await == Then::Go {
            return Then::Go;
        }
        while self.wake.min(self.closing) <= now {
            if self.closing <= self.wake {
                return self.be_sent_away(self.closing).await;
            }
            let due = self.wake;
            let rules = self.scene.rules(self.caller.class);
            let act = self.customer.handle(due, CustomerInput::Wake, rules);
            self.wake = self.customer.deadline();
            let then = match act {
                Some(CustomerAct::Send) => self.say(due).await,
                Some(CustomerAct::LeaveQueue { silently }) => {
                    leave_queue(&self.scene, self.caller, silently, due);
                    self.depart(silently, due).await
                }
                Some(CustomerAct::LeaveChat { silently }) => {
                    self.note(due, ChatEvent::LeavesChat { silently });
                    self.scene.again(self.caller, Again::Abandoned, due);
                    self.depart(silently, due).await
                }
                Some(CustomerAct::Done { .. } | CustomerAct::Come) | None => Then::Stay,
            };
            if then == Then::Go {
                return Then::Go;
            }
        }
        Then::Stay
    }

    /// The indicator is not timed: nothing waits for it.
    async fn be_seen_typing(&mut self) -> Then {
        self.typing = Time::NEVER;
        match self.socket.send(&FromCustomer::Typing {}).await {
            Ok(()) => Then::Stay,
            Err(error) => self.broken(error.plain()),
        }
    }

    async fn say(&mut self, due: Time) -> Then {
        self.typing = Time::NEVER;
        self.note(due, ChatEvent::Says);
        for seq in self.scene.plan.messages.sequences(self.customer.exchange()) {
            let text = self.scene.text(self.caller, Direction::Customer, seq);
            let say = FromCustomer::Say {
                seq,
                text,
                heard: 0,
            };
            if let Err(error) = self.socket.send(&say).await {
                return self.broken(error.plain());
            }
            let which = (Direction::Customer, seq);
            self.scene.written(self.caller, which, due);
        }
        Then::Stay
    }

    /// The desk closes while the customer waits, for the first time or after its chat was handed
    /// over.
    async fn be_sent_away(&mut self, due: Time) -> Then {
        self.note(due, ChatEvent::SentAway);
        if !self.ghost && !self.standing.was_handed_over {
            self.scene.again(self.caller, Again::Rejected, due);
        }
        self.leave(due).await
    }

    /// Goes, or stays as one who is gone.
    async fn depart(&mut self, silently: bool, due: Time) -> Then {
        self.standing.over = true;
        if !silently {
            return self.leave(due).await;
        }
        self.ghost = true;
        self.scene.ghosts.set(self.scene.ghosts.get() + 1);
        Then::Stay
    }

    /// Tells the server that it leaves, which was due at `due`.
    async fn leave(&mut self, due: Time) -> Then {
        if self.socket.send(&FromCustomer::Leave {}).await.is_ok() {
            self.scene.lagged(due);
        }
        Then::Go
    }

    /// The run is over and the chat is not. The connection is given up whether or not its leaving
    /// still gets through.
    async fn be_left(&mut self) -> Then {
        self.note(self.scene.now(), ChatEvent::LeftOpen);
        let _ = self.socket.send(&FromCustomer::Leave {}).await;
        Then::Go
    }

    /// Closes the connection; what still comes on it is taken note of, no more.
    async fn go(self) {
        let Visitor {
            scene,
            caller,
            socket,
            ..
        } = self;
        socket
            .close(|frame| hearing::overhear(&scene, caller, &frame))
            .await;
    }

    fn note(&self, at: Time, event: ChatEvent) {
        self.scene.note_in(self.caller, at, event);
    }
}
