//! Owns an agent at work at a live server: one connection with K chats on it, one `Agent` machine.
//!
//! Law: as for customers, the machine is woken with its due times and told of a frame at the
//! instant it was read. The server is not believed: what it says of chats that are not there, or
//! beyond the limit, is counted and let pass.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::customer::wait_until;
use super::scene::{Call, Scene};
use super::socket::Socket;
use crate::center::ChatId;
use crate::center::agent::{Agent, AgentAct, AgentInput, Handover, Reply, SlotId};
use crate::center::customer::Customer;
use crate::center::rules::ShiftEnd;
use crate::error::{Error, Result};
use crate::measure::clock::Gauge;
use crate::scenario::plan::Shift;
use crate::time::Time;
use crate::wire::clean;
use crate::wire::frame::{AgentSide, FromAgent, ToAgent};
use crate::wire::marker::{Direction, Marker};

/// An agent at work.
pub(super) struct Desk {
    scene: Rc<Scene>,
    agent: Agent,
    socket: Socket<AgentSide>,
    /// The server's numbers of the chats held, with the customers'.
    chats: HashMap<u64, ChatId>,
    wake: Time,
    presence: Presence,
    /// Whether the agent counts as in overtime.
    late: bool,
}

/// Where an agent stands with its shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// Takes chats until the shift ends.
    OnShift { until: Time },
    /// Has told the server that it takes no more, and finishes its own.
    Leaving,
    /// Has told the server that it is back, before that had confirmed the leaving.
    ComingBack { until: Time },
}

impl Desk {
    /// An agent who has come online for `shift` on this connection.
    pub fn new(scene: Rc<Scene>, shift: Shift, socket: Socket<AgentSide>) -> Desk {
        let mut agent = Agent::new(&scene.plan.agents);
        agent.handle(shift.from, AgentInput::Online, &scene.plan.agents);
        scene.record(shift.from, |recorder, from| {
            recorder.rise(Gauge::Staffed, from);
        });
        let presence = Presence::OnShift { until: shift.until };
        let (chats, wake, late) = (HashMap::new(), Time::NEVER, false);
        Desk {
            scene,
            agent,
            socket,
            chats,
            wake,
            presence,
            late,
        }
    }

    /// Works until the server has confirmed that the agent is away, or everybody is called home.
    /// A shift of `later` that begins before the last chat of this one is over goes on here.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn stay(&mut self, later: &mut VecDeque<Shift>) -> Result<()> {
        let mut call = self.scene.call.subscribe();
        loop {
            let next = self.wake.min(self.turn(later));
            tokio::select! {
                heard = self.socket.next() => {
                    let read = self.scene.now();
                    self.catch_up(read, later).await?;
                    match heard {
                        Some(frame) => if self.hear(frame?, read).await? { return Ok(()) },
                        None => return Err(Error::failed("the server closed it")),
                    }
                }
                () = wait_until(&self.scene, next) => {
                    self.catch_up(self.scene.now(), later).await?;
                }
                called = call.wait_for(|call| matches!(call, Call::GoHome | Call::Stop)) => {
                    let stopped = called.is_ok_and(|call| *call == Call::Stop);
                    if stopped {
                        self.close_all().await?;
                    }
                    return Ok(());
                }
            }
        }
    }

    /// When the shift ends, or the next one starts.
    fn turn(&self, later: &VecDeque<Shift>) -> Time {
        match self.presence {
            Presence::OnShift { until } | Presence::ComingBack { until } => until,
            Presence::Leaving => later.front().map_or(Time::NEVER, |shift| shift.from),
        }
    }

    /// Does everything that was due by `now`, in order.
    async fn catch_up(&mut self, now: Time, later: &mut VecDeque<Shift>) -> Result<()> {
        loop {
            let turn = self.turn(later);
            let due = self.wake.min(turn);
            if due > now {
                return Ok(());
            }
            if turn <= due {
                match self.presence {
                    Presence::Leaving => self.come_back(due, later).await?,
                    Presence::OnShift { .. } | Presence::ComingBack { .. } => {
                        self.end_shift(due).await?;
                    }
                }
            }
            self.drain(due).await?;
        }
    }

    /// The shift is over: no new chats, the own ones are finished.
    async fn end_shift(&mut self, due: Time) -> Result<()> {
        self.presence = Presence::Leaving;
        self.agent.handle(
            due,
            AgentInput::Leaving(ShiftEnd::Finish),
            &self.scene.plan.agents,
        );
        if self.agent.held() > 0 {
            self.late = true;
            self.scene.record(due, |recorder, due| {
                recorder.rise(Gauge::Overtime, due);
            });
        }
        self.socket.send(&FromAgent::Offline {}).await?;
        self.scene.lagged(due);
        Ok(())
    }

    /// The next shift starts before the last chat of the one before is over.
    async fn come_back(&mut self, due: Time, later: &mut VecDeque<Shift>) -> Result<()> {
        let Some(shift) = later.pop_front() else {
            return Ok(());
        };
        self.presence = Presence::ComingBack { until: shift.until };
        let rules = &self.scene.plan.agents;
        self.agent.handle(due, AgentInput::Online, rules);
        if std::mem::take(&mut self.late) {
            self.scene.record(due, |recorder, due| {
                recorder.fall(Gauge::Overtime, due);
            });
        }
        let (agent, limit) = (shift.agent, rules.concurrency);
        self.socket
            .send(&FromAgent::Online { agent, limit })
            .await?;
        self.scene.lagged(due);
        Ok(())
    }

    /// Carries out all that the agent does at `now`.
    async fn drain(&mut self, now: Time) -> Result<()> {
        loop {
            let step = self.agent.next(now, &self.scene.plan.agents);
            match step.act {
                Some(AgentAct::Reply(reply)) => self.reply(reply, now).await?,
                Some(AgentAct::Freed { chat, .. }) => self.free(chat, now).await?,
                // The server confirms when the last slot is free: that ends the stay.
                Some(_) => {}
                None => {
                    if let Some(busy) = self.agent.turned() {
                        self.scene
                            .record(now, |recorder, now| recorder.attends(busy, now));
                    }
                    self.wake = step.wake;
                    return Ok(());
                }
            }
        }
    }

    async fn reply(&mut self, reply: Reply, due: Time) -> Result<()> {
        let Reply {
            slot,
            chat: customer,
            last,
            composed,
        } = reply;
        self.scene.on_visit(customer.0, due, |recorder, visit, _| {
            recorder.composed(visit, composed);
        });
        let Some(chat) = self.number_of(customer) else {
            return Ok(());
        };
        let seq = self.agent.exchange(slot);
        let marker = self.scene.marker(customer.0, Direction::Agent, seq);
        self.socket
            .send(&FromAgent::Reply {
                chat,
                seq,
                text: marker.to_string(),
            })
            .await?;
        self.scene.written(marker, due);
        if last {
            self.socket.send(&FromAgent::Close { chat }).await?;
        }
        Ok(())
    }

    /// Wrap-up is over: the slot is free, here and at the server.
    async fn free(&mut self, customer: ChatId, due: Time) -> Result<()> {
        let held = self.agent.held();
        self.scene
            .on_visit(customer.0, due, |recorder, visit, due| {
                recorder.slot_freed(held, due);
                // The assignment may have crossed the customer's leaving of the queue.
                if visit.assigned().comes() {
                    recorder.handled(visit, due);
                    self.scene.freed.borrow_mut().insert(customer.0, due);
                }
            });
        if let Some(chat) = self.number_of(customer) {
            self.chats.remove(&chat);
            self.socket.send(&FromAgent::Free { chat }).await?;
            self.scene.lagged(due);
        }
        Ok(())
    }

    fn number_of(&self, customer: ChatId) -> Option<u64> {
        self.chats
            .iter()
            .find(|(_, held)| **held == customer)
            .map(|(chat, _)| *chat)
    }

    /// Takes a frame that was read at `now`; true when the server has confirmed the log-out.
    async fn hear(&mut self, frame: ToAgent, now: Time) -> Result<bool> {
        match frame {
            ToAgent::Assigned { chat, marker, .. } => self.take(chat, &marker, now).await?,
            ToAgent::Message { chat, text, .. } => {
                if let Some(slot) = self.slot_of(chat) {
                    if let Some(marker) = Marker::of(&text) {
                        self.scene.read(marker);
                    }
                    self.agent
                        .handle(now, AgentInput::Message(slot), &self.scene.plan.agents);
                }
            }
            ToAgent::Left { chat } => self.left(chat, now),
            ToAgent::Offline {} => return Ok(self.presence == Presence::Leaving),
            ToAgent::Error { reason, .. } => {
                self.scene
                    .remark(format!("the server to an agent: {}", clean(&reason)));
            }
            ToAgent::Online { .. } => {
                if let Presence::ComingBack { until } = self.presence {
                    self.presence = Presence::OnShift { until };
                }
            }
            ToAgent::Hello(_) => {}
        }
        self.drain(now).await?;
        Ok(false)
    }

    fn slot_of(&self, chat: u64) -> Option<SlotId> {
        let slot = self
            .chats
            .get(&chat)
            .and_then(|customer| self.agent.slot_of(*customer));
        if slot.is_none() {
            self.scene
                .remark("the server spoke to an agent of a chat that the agent does not have");
        }
        slot
    }

    /// A chat is assigned: the customer's draws tell how long it is and what its replies take.
    async fn take(&mut self, chat: u64, marker: &str, now: Time) -> Result<()> {
        let ours = Marker::parse(marker).filter(|marker| marker.run == self.scene.run);
        let Some(marker) = ours else {
            self.scene
                .remark("the server assigned a chat that is not of this run");
            return self.refuse(chat).await;
        };
        let customer = ChatId(marker.customer);
        if self.agent.held() >= self.scene.plan.agents.concurrency {
            self.scene.over_limit.set(self.scene.over_limit.get() + 1);
            return self.refuse(chat).await;
        }
        if self.agent.slot_of(customer).is_some() {
            self.scene.remark("the server assigned a chat twice");
            return Ok(());
        }
        let draws = self
            .scene
            .people
            .person(u64::from(marker.customer), marker.attempt);
        let rules = self.scene.plan.customers.rules(0);
        let exchanges = Customer::new(draws, 0, rules).closed_after(rules);
        let input = AgentInput::Assigned(Handover::of_new(customer, draws, exchanges, chat));
        self.agent.handle(now, input, &self.scene.plan.agents);
        self.chats.insert(chat, customer);
        let held = self.agent.held();
        self.scene
            .record(now, |recorder, now| recorder.slot_taken(held, now));
        Ok(())
    }

    /// Ends a chat that this agent cannot take, so that its customer does not wait in vain.
    async fn refuse(&mut self, chat: u64) -> Result<()> {
        self.socket.send(&FromAgent::Close { chat }).await?;
        self.socket.send(&FromAgent::Free { chat }).await
    }

    /// The customer has left: composing for it stops at once and wrap-up starts.
    fn left(&mut self, chat: u64, now: Time) {
        let Some(slot) = self.slot_of(chat) else {
            return;
        };
        let spent = self.agent.attended(slot, now);
        if let Some(customer) = self.chats.get(&chat) {
            self.scene.on_visit(customer.0, now, |recorder, visit, _| {
                recorder.composed(visit, spent);
            });
        }
        self.agent
            .handle(now, AgentInput::Left(slot), &self.scene.plan.agents);
    }

    /// The run is given up: every chat held is closed and its slot freed at the server.
    async fn close_all(&mut self) -> Result<()> {
        for chat in std::mem::take(&mut self.chats).into_keys() {
            self.refuse(chat).await?;
        }
        Ok(())
    }

    /// Logs out and closes the connection.
    pub async fn leave(mut self) {
        let now = self.scene.now();
        let late = self.late;
        self.scene.record(now, |recorder, now| {
            recorder.fall(Gauge::Staffed, now);
            if late {
                recorder.fall(Gauge::Overtime, now);
            }
        });
        self.scene
            .online
            .set(self.scene.online.get().saturating_sub(1));
        if self.presence != Presence::Leaving {
            // The server is told; whether it still listens makes no difference now.
            let _ = self.socket.send(&FromAgent::Offline {}).await;
        }
        self.socket.close().await;
    }
}
