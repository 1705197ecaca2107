//! Owns a customer's visit to a live server: one connection, one `Customer` machine.
//!
//! Law: the machine is woken with its due time, never the clock's, and everything due before a
//! frame was read happens before the frame. So a late generator shows as lag, not as patience.

use std::rc::Rc;

use tokio::time::{Instant, sleep_until};

use super::scene::{Call, Scene};
use super::socket::{Socket, dial};
use crate::center::customer::{Customer, CustomerAct, CustomerInput};
use crate::center::fate::Fate;
use crate::measure::tally::Latency;
use crate::time::Time;
use crate::wire::clean;
use crate::wire::frame::{CustomerSide, FromCustomer, Party, ToCustomer};
use crate::wire::marker::{Direction, Marker};

/// A customer with its connection.
struct Visitor {
    scene: Rc<Scene>,
    number: u32,
    customer: Customer,
    socket: Socket<CustomerSide>,
    /// When the chat was asked for on the connection; none once it is clear that it has to wait.
    opened: Option<Instant>,
    wake: Time,
}

/// What a frame or a wake-up leaves to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Stay,
    Go,
}

/// Plays customer `number`, who comes at `due`, to the end of its chat.
pub async fn visit(scene: Rc<Scene>, number: u32, due: Time) {
    let draws = scene.people.person(u64::from(number), 0);
    let visit = scene.recorder.borrow_mut().offered(number, 0, 0, due);
    scene.visits.borrow_mut().insert(number, visit);
    scene.lagged(due);
    let mut customer = Customer::new(draws, 0, scene.plan.customers.rules(0));
    // Patience runs from the offer; the answer may be that nobody has to wait.
    let wake = customer
        .handle(due, CustomerInput::Queued, scene.plan.customers.rules(0))
        .wake;
    let mut call = scene.call.subscribe();
    let entered = tokio::select! {
        entered = enter(&scene, number) => entered,
        () = wait_until(&scene, wake) => {
            give_up_queue(&scene, number, wake);
            return;
        }
        _ = call.wait_for(|call| *call == Call::Stop) => {
            scene.end(number, Fate::OpenAtEnd, scene.now());
            return;
        }
    };
    let Some((socket, opened)) = entered else {
        scene.end(number, Fate::Failed, scene.now());
        return;
    };
    let opened = Some(opened);
    let mut visitor = Visitor {
        scene,
        number,
        customer,
        socket,
        opened,
        wake,
    };
    visitor.stay().await;
    visitor.socket.close().await;
}

/// Notes that the customer leaves the queue, whether or not the server has told it that it waits.
fn give_up_queue(scene: &Scene, number: u32, due: Time) {
    scene.on_visit(number, due, |recorder, visit, due| {
        if !visit.is_delayed() {
            recorder.queued(visit, due);
        }
        recorder.left_queue(visit, false, due);
    });
}

/// Connects and asks for an agent; none when the customer never got in.
async fn enter(scene: &Scene, number: u32) -> Option<(Socket<CustomerSide>, Instant)> {
    let dialled = Instant::now();
    let greeted = async {
        let mut socket = dial::<CustomerSide>(&scene.address, scene.limits).await?;
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
    let marker = scene.marker(number, Direction::Customer, 1);
    let open = FromCustomer::Open {
        marker: scene.marker(number, Direction::Customer, 0).to_string(),
        text: Some(marker.to_string()),
    };
    socket.send(&open).await.ok()?;
    Some((socket, Instant::now()))
}

/// Waits until a scenario time; for ever when it does not come.
pub(super) async fn wait_until(scene: &Scene, time: Time) {
    if time.comes() {
        sleep_until(scene.instant(time)).await;
    } else {
        std::future::pending::<()>().await;
    }
}

impl Visitor {
    async fn stay(&mut self) {
        let mut call = self.scene.call.subscribe();
        loop {
            let then = tokio::select! {
                heard = self.socket.next() => {
                    let read = self.scene.now();
                    match self.catch_up(read).await {
                        Then::Go => Then::Go,
                        Then::Stay => self.hear(heard, read).await,
                    }
                }
                () = wait_until(&self.scene, self.wake) => self.catch_up(self.scene.now()).await,
                _ = call.wait_for(|call| *call == Call::Stop) => {
                    self.scene.end(self.number, Fate::OpenAtEnd, self.scene.now());
                    // The connection is given up whether or not this still gets through.
                    let _ = self.socket.send(&FromCustomer::Leave {}).await;
                    Then::Go
                }
            };
            if then == Then::Go {
                return;
            }
        }
    }

    /// Does everything that was due by `now`.
    async fn catch_up(&mut self, now: Time) -> Then {
        while self.wake <= now {
            let due = self.wake;
            let rules = self.scene.plan.customers.rules(0);
            let step = self.customer.handle(due, CustomerInput::Wake, rules);
            self.wake = step.wake;
            let done = match step.act {
                Some(CustomerAct::Send) => self.say(due).await,
                Some(CustomerAct::LeaveQueue { .. }) => self.leave(Fate::AbandonedQueue, due).await,
                Some(CustomerAct::LeaveChat { .. }) => self.leave(Fate::AbandonedChat, due).await,
                Some(CustomerAct::Done { .. } | CustomerAct::Come) | None => Then::Stay,
            };
            if done == Then::Go {
                return Then::Go;
            }
        }
        Then::Stay
    }

    async fn say(&mut self, due: Time) -> Then {
        let seq = self.customer.exchange();
        self.scene
            .on_visit(self.number, due, |recorder, visit, due| {
                recorder.sent(visit, due);
            });
        let marker = self.scene.marker(self.number, Direction::Customer, seq);
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

    async fn leave(&mut self, fate: Fate, due: Time) -> Then {
        if fate == Fate::AbandonedQueue {
            give_up_queue(&self.scene, self.number, due);
        } else {
            self.scene
                .on_visit(self.number, due, |recorder, visit, due| {
                    recorder.left_chat(visit, false, due);
                });
        }
        if self.socket.send(&FromCustomer::Leave {}).await.is_ok() {
            self.scene.lagged(due);
        }
        Then::Go
    }

    async fn hear(&mut self, heard: Option<crate::error::Result<ToCustomer>>, now: Time) -> Then {
        match heard {
            Some(Ok(frame)) => self.take(frame, now),
            Some(Err(error)) => self.broken(error.plain()),
            None => self.broken("the server closed the connection"),
        }
    }

    fn take(&mut self, frame: ToCustomer, now: Time) -> Then {
        match frame {
            ToCustomer::Queued { .. } => {
                self.opened = None;
                self.scene
                    .on_visit(self.number, now, |recorder, visit, now| {
                        if !visit.is_delayed() && !visit.assigned().comes() {
                            recorder.queued(visit, now);
                        }
                    });
            }
            ToCustomer::Assigned { agent } => self.assigned(agent, now),
            ToCustomer::Message { text, .. } => return self.reply(&text, now),
            ToCustomer::Rejected { .. } => {
                self.customer.end();
                self.scene
                    .on_visit(self.number, now, |recorder, visit, now| {
                        recorder.rejected(visit, now);
                    });
                return Then::Go;
            }
            ToCustomer::Closed {
                by: by @ (Party::Agent | Party::Server),
            } => {
                return self.broken(&format!("the chat was closed by the {}", by.name()));
            }
            ToCustomer::Error { reason } => {
                self.scene
                    .remark(format!("the server to a customer: {}", clean(&reason)));
            }
            ToCustomer::Closed {
                by: Party::Customer,
            }
            | ToCustomer::Hello(_) => {}
        }
        Then::Stay
    }

    fn assigned(&mut self, agent: u32, now: Time) {
        if self.customer.exchange() > 0 {
            self.scene.remark("the server assigned a chat twice");
            return;
        }
        if let Some(opened) = self.opened.take() {
            self.scene.note(Latency::Assignment, opened.elapsed());
        }
        self.scene
            .on_visit(self.number, now, |recorder, visit, now| {
                recorder.assigned(visit, agent, now);
            });
        let rules = self.scene.plan.customers.rules(0);
        self.wake = self
            .customer
            .handle(now, CustomerInput::Assigned, rules)
            .wake;
    }

    /// A reply counts when it answers the message that is pending.
    fn reply(&mut self, text: &str, now: Time) -> Then {
        let expected = self
            .scene
            .marker(self.number, Direction::Agent, self.customer.exchange());
        if Marker::of(text) != Some(expected) || !self.customer.is_pending() {
            self.scene
                .remark("a customer got a message that answers nothing");
            return Then::Stay;
        }
        self.scene.read(expected);
        let step = self.customer.handle(
            now,
            CustomerInput::Reply,
            self.scene.plan.customers.rules(0),
        );
        self.wake = step.wake;
        let done = matches!(step.act, Some(CustomerAct::Done { .. }));
        self.scene
            .on_visit(self.number, now, |recorder, visit, now| {
                recorder.replied(visit, now);
                if done {
                    recorder.ended(visit, Fate::Handled, now);
                }
            });
        if done { Then::Go } else { Then::Stay }
    }

    fn broken(&mut self, words: &str) -> Then {
        self.scene
            .remark(format!("a customer's chat was cut: {words}"));
        self.scene.end(self.number, Fate::Broken, self.scene.now());
        Then::Go
    }
}
