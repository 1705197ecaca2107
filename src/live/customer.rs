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
use super::orbit::Caller;
use super::scene::{Call, Scene};
use super::socket::{Socket, dial};
use crate::center::ChatId;
use crate::center::customer::{Customer, CustomerAct, CustomerInput};
use crate::center::fate::Fate;
use crate::center::rules::Again;
use crate::measure::clock::Gauge;
use crate::measure::tally::Latency;
use crate::time::Time;
use crate::wire::frame::{CustomerSide, FromCustomer};
use crate::wire::marker::Direction;

/// A customer with its connection.
struct Visitor<D: Dial> {
    scene: Rc<Scene<D>>,
    caller: Caller,
    chat: ChatId,
    customer: Customer,
    socket: Socket<CustomerSide, D::Stream>,
    /// When the chat was asked for on the connection; none once it is clear that it has to wait.
    opened: Option<Instant>,
    wake: Time,
    /// When the desk sends away who waits; `Time::NEVER` while an agent has the chat.
    closing: Time,
    /// Gone silently.
    ghost: bool,
}

/// What a frame or a wake-up leaves to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Stay,
    Go,
}

/// Plays a customer, who comes at `due`, to the end of its chat.
pub async fn visit<D: Dial>(scene: Rc<Scene<D>>, caller: Caller, due: Time) {
    let chat = scene.offer(caller, due);
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
                send_away(&scene, caller, chat, closing);
            } else {
                // Nobody holds a place for one who never got in.
                leave_queue(&scene, caller, chat, false, wake);
            }
            return;
        }
        _ = call.wait_for(|call| *call == Call::Stop) => {
            scene.end(chat, Fate::OpenAtEnd, scene.now());
            return;
        }
    };
    let Some((socket, opened)) = entered else {
        scene.end(chat, Fate::Failed, scene.now());
        return;
    };
    let mut visitor = Visitor {
        scene,
        caller,
        chat,
        customer,
        socket,
        opened: Some(opened),
        wake,
        closing,
        ghost: false,
    };
    visitor.stay().await;
    let ghosts = &visitor.scene.ghosts;
    ghosts.set(ghosts.get() - u32::from(visitor.ghost));
    visitor.socket.close().await;
}

/// Notes that the customer leaves the queue, whether or not the server has told it that it waits.
fn leave_queue<D>(scene: &Scene<D>, caller: Caller, chat: ChatId, silently: bool, due: Time) {
    scene.on_visit(chat, due, |recorder, visit, due| {
        if !visit.is_delayed() {
            recorder.queued(visit, due);
        }
        recorder.left_queue(visit, silently, due);
    });
    scene.again(caller, Again::Abandoned, due);
}

/// Notes that the desk closes while the customer waits, for the first time or after its chat was
/// handed over.
fn send_away<D>(scene: &Scene<D>, caller: Caller, chat: ChatId, due: Time) {
    let rejected = scene.on_visit(chat, due, |recorder, visit, due| {
        if visit.is_ghost() {
            recorder.ghost_over(visit, due);
        } else if visit.transfers() > 0 {
            recorder.cut(visit, Fate::Dropped, due);
        } else {
            if !visit.is_delayed() {
                recorder.queued(visit, due);
            }
            recorder.rejected(visit, due);
            return true;
        }
        false
    });
    scene.settle(chat, due);
    if rejected {
        scene.again(caller, Again::Rejected, due);
    }
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
    scene.note(Latency::Connect, dialled.elapsed());
    let marker = |sequence| {
        scene
            .marker(caller, Direction::Customer, sequence)
            .to_string()
    };
    let open = FromCustomer::Open {
        marker: marker(0),
        text: Some(marker(1)),
        priority: scene.rules(caller.class).level,
    };
    socket.send(&open).await.ok()?;
    Some((socket, Instant::now()))
}

impl<D: Dial> Visitor<D> {
    async fn stay(&mut self) {
        let mut call = self.scene.call.subscribe();
        loop {
            let next = self.wake.min(self.closing);
            let then = tokio::select! {
                // At the end agents close their chats: those are open at the end all the same.
                biased;
                _ = call.wait_for(|call| call.is_over()) => {
                    self.be_left().await
                }
                heard = self.socket.next() => {
                    let read = self.scene.now();
                    match self.catch_up(read).await {
                        Then::Go => Then::Go,
                        Then::Stay => self.hear(heard, read).await,
                    }
                }
                () = self.scene.wait_until(next) => {
                    self.catch_up(self.scene.now().max(next)).await
                }
            };
            if then == Then::Go {
                return;
            }
        }
    }

    /// Does everything that was due by `now`.
    async fn catch_up(&mut self, now: Time) -> Then {
        while self.wake.min(self.closing) <= now {
            if self.closing <= self.wake {
                let due = self.closing;
                send_away(&self.scene, self.caller, self.chat, due);
                return self.leave(due).await;
            }
            let due = self.wake;
            let rules = self.scene.rules(self.caller.class);
            let act = self.customer.handle(due, CustomerInput::Wake, rules);
            self.wake = self.customer.deadline();
            let then = match act {
                Some(CustomerAct::Send) => self.say(due).await,
                Some(CustomerAct::LeaveQueue { silently }) => {
                    leave_queue(&self.scene, self.caller, self.chat, silently, due);
                    self.depart(silently, due).await
                }
                Some(CustomerAct::LeaveChat { silently }) => {
                    self.scene.on_visit(self.chat, due, |recorder, visit, due| {
                        recorder.left_chat(visit, silently, due);
                    });
                    if !silently {
                        self.scene.settle(self.chat, due);
                    }
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

    async fn say(&mut self, due: Time) -> Then {
        let seq = self.customer.exchange();
        self.scene.on_visit(self.chat, due, |recorder, visit, due| {
            recorder.sent(visit, due);
        });
        let marker = self.scene.marker(self.caller, Direction::Customer, seq);
        let say = FromCustomer::Say {
            seq,
            text: marker.to_string(),
        };
        match self.socket.send(&say).await {
            Ok(()) => {
                self.scene.written(marker, due);
                Then::Stay
            }
            Err(error) => self.broken(error.plain()),
        }
    }

    /// Goes, or stays as one who is gone.
    async fn depart(&mut self, silently: bool, due: Time) -> Then {
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
        let now = self.scene.now();
        self.scene.end(self.chat, Fate::OpenAtEnd, now);
        let holds = self
            .scene
            .on_visit(self.chat, now, |_, visit, _| match visit.agent() {
                _ if visit.is_waiting() => Some(Gauge::Queue),
                agent => agent.map(|_| Gauge::Ghosts),
            });
        if let Some(gauge) = holds.filter(|_| self.ghost) {
            self.scene
                .record(now, |recorder, now| recorder.fall(gauge, now));
        }
        let _ = self.socket.send(&FromCustomer::Leave {}).await;
        Then::Go
    }
}
