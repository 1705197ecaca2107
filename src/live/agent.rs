//! Owns an agent's shift at a live server: one connection with K chats on it, one `Agent` machine.
//!
//! Law: as for customers, the machine is woken with its due times and told of a frame at the
//! instant it was read. The server is not believed: what it says of chats that are not there, or
//! beyond the limit, is counted and let pass.

use std::collections::HashMap;
use std::rc::Rc;

use tokio::time::Instant;

use super::customer::wait_until;
use super::scene::{Call, Scene};
use super::socket::{Socket, dial};
use crate::center::ChatId;
use crate::center::agent::{Agent, AgentAct, AgentInput, SlotId};
use crate::error::Result;
use crate::measure::clock::Gauge;
use crate::measure::recorder::Recorder;
use crate::measure::tally::Latency;
use crate::scenario::plan::Shift;
use crate::time::Time;
use crate::wire::clean;
use crate::wire::frame::{AgentSide, FromAgent, ToAgent};
use crate::wire::marker::{Direction, Marker};

/// An agent at work.
struct Desk {
    scene: Rc<Scene>,
    shift: Shift,
    agent: Agent,
    socket: Socket<AgentSide>,
    /// The server's numbers of the chats held, with the customers'.
    chats: HashMap<u64, ChatId>,
    wake: Time,
    /// The shift's end as long as it is ahead.
    until: Time,
    late: bool,
}

/// Connects one agent, plays its shift, and logs it out. The scene counts it online once the server
/// has confirmed it.
pub async fn work(scene: Rc<Scene>, shift: Shift) {
    let number = shift.agent;
    let mut socket = match log_in(&scene, number).await {
        Ok(socket) => socket,
        Err(error) => {
            scene.fail(format!("agent {number} is not online: {}", error.plain()));
            return;
        }
    };
    scene.online.set(scene.online.get() + 1);
    let mut call = scene.call.subscribe();
    let gathered = tokio::select! {
        called = call.wait_for(|call| *call != Call::Gather) => called.is_ok(),
        // The server has nothing to say before anybody comes; an end of it is the end.
        heard = socket.next() => matches!(heard, Some(Ok(_))),
    };
    if !gathered {
        scene.fail(format!(
            "the connection of agent {number} was lost before the start"
        ));
        return;
    }
    let mut agent = Agent::new(&scene.plan.agents);
    agent.handle(shift.from, AgentInput::Online, &scene.plan.agents);
    scene.record(shift.from, |recorder, from| {
        recorder.rise(Gauge::Staffed, from);
    });
    let (until, chats) = (shift.until, HashMap::new());
    let wake = Time::NEVER;
    let mut desk = Desk {
        scene,
        shift,
        agent,
        socket,
        chats,
        wake,
        until,
        late: false,
    };
    if let Err(error) = desk.stay().await {
        let words = format!(
            "the connection of agent {number} was lost: {}",
            error.plain()
        );
        desk.scene.fail(words);
    }
    desk.leave().await;
}

async fn log_in(scene: &Scene, agent: u32) -> Result<Socket<AgentSide>> {
    let dialled = Instant::now();
    let mut socket = dial::<AgentSide>(&scene.address, scene.limits).await?;
    let hello = socket.hello().await?;
    let policy = scene.plan.router.policy.name();
    if hello.policy != policy {
        let theirs = clean(&hello.policy);
        scene.remark(format!(
            "the server routes by {theirs}, the scenario by {policy}"
        ));
    }
    let ours = Some(scene.plan.router.queue_limit).filter(|limit| *limit != u32::MAX);
    if hello.queue_limit != ours {
        scene.remark("the server's queue limit is not the scenario's");
    }
    let limit = scene.plan.agents.concurrency;
    socket.send(&FromAgent::Online { agent, limit }).await?;
    loop {
        let heard = socket.next().await;
        let heard = heard.unwrap_or_else(|| {
            Err(crate::error::Error::failed(
                "the server closed the connection",
            ))
        })?;
        match heard {
            ToAgent::Online { .. } => break,
            ToAgent::Error { reason, .. } => {
                let words = format!("the server says {}", clean(&reason));
                return Err(crate::error::Error::failed(words));
            }
            _ => {}
        }
    }
    scene.note(Latency::AgentOnline, dialled.elapsed());
    Ok(socket)
}

impl Desk {
    async fn stay(&mut self) -> Result<()> {
        let mut call = self.scene.call.subscribe();
        loop {
            let next = self.wake.min(self.until);
            tokio::select! {
                heard = self.socket.next() => {
                    let read = self.scene.now();
                    self.catch_up(read).await?;
                    match heard {
                        Some(frame) => if self.hear(frame?, read).await? { return Ok(()) },
                        None => return Err(crate::error::Error::failed("the server closed it")),
                    }
                }
                () = wait_until(&self.scene, next) => self.catch_up(self.scene.now()).await?,
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

    /// Does everything that was due by `now`, in order.
    async fn catch_up(&mut self, now: Time) -> Result<()> {
        loop {
            let due = self.wake.min(self.until);
            if due > now {
                return Ok(());
            }
            if self.until <= due {
                self.end_shift(due).await?;
            }
            self.drain(due).await?;
        }
    }

    /// The shift is over: no new chats, the own ones are finished.
    async fn end_shift(&mut self, due: Time) -> Result<()> {
        self.until = Time::NEVER;
        self.agent
            .handle(due, AgentInput::Leaving, &self.scene.plan.agents);
        if self.agent.held() > 0 {
            self.late = true;
            self.scene
                .record(due, |recorder, due| recorder.rise(Gauge::Overtime, due));
        }
        self.socket.send(&FromAgent::Offline {}).await?;
        self.scene.lagged(due);
        Ok(())
    }

    /// Carries out all that the agent does at `now`.
    async fn drain(&mut self, now: Time) -> Result<()> {
        loop {
            let since = self.agent.composing_since();
            let step = self.agent.next(now, &self.scene.plan.agents);
            match step.act {
                Some(AgentAct::Reply { slot, chat, last }) => {
                    self.reply(slot, chat, last, since, now).await?;
                }
                Some(AgentAct::Freed { chat, .. }) => self.free(chat, now).await?,
                Some(AgentAct::Composing { .. }) => {
                    self.scene.record(now, Recorder::composing);
                }
                // The server confirms when the last slot is free: that ends the stay.
                Some(AgentAct::Offline) => {}
                None => {
                    self.wake = step.wake;
                    return Ok(());
                }
            }
        }
    }

    async fn reply(
        &mut self,
        slot: SlotId,
        customer: ChatId,
        last: bool,
        since: Time,
        due: Time,
    ) -> Result<()> {
        self.scene
            .on_visit(customer.0, due, |recorder, visit, due| {
                recorder.composed(visit, since, due);
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
            ToAgent::Offline {} => return Ok(self.until != self.shift.until),
            ToAgent::Error { reason, .. } => {
                self.scene
                    .remark(format!("the server to an agent: {}", clean(&reason)));
            }
            ToAgent::Hello(_) | ToAgent::Online { .. } => {}
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
        let exchanges = self.scene.plan.customers.exchanges(draws);
        let input = AgentInput::Assigned {
            chat: customer,
            draws,
            exchanges,
        };
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
        let composing = self
            .agent
            .composing()
            .filter(|(c, ..)| self.chats.get(&chat) == Some(c));
        if let Some((customer, since, _)) = composing {
            self.scene
                .on_visit(customer.0, now, |recorder, visit, now| {
                    recorder.composed(visit, since, now);
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
    async fn leave(mut self) {
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
        if self.until.comes() || !self.shift.until.comes() {
            // The server is told; whether it still listens makes no difference now.
            let _ = self.socket.send(&FromAgent::Offline {}).await;
        }
        self.socket.close().await;
    }
}
