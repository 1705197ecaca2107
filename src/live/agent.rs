//! Owns an agent at work at a live server: one connection with K chats on it, one `Agent` machine.
//!
//! Law: as for customers, the machine is woken with its due times and told of a frame at the
//! instant it was read. The server is not believed: what it says of chats that are not there, or
//! beyond the limit, is counted and let pass.
//!
//! A slot that frees brings a chat before the agent goes on. So an idle composer takes nothing up
//! until the server has said what it brings, and then does so as of the instant of the freeing, or
//! of what was heard since.

mod freed;
mod hearing;

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use freed::Freed;

use super::attendance::refuse;
use super::dial::Dial;
use super::scene::Scene;
use super::socket::Socket;
use crate::center::ChatId;
use crate::center::agent::{Agent, AgentAct, AgentInput, Deed, SlotId};
use crate::error::{Error, Result};
use crate::measure::clock::Gauge;
use crate::measure::recorder::Recorder;
use crate::scenario::plan::Shift;
use crate::time::{Span, Time};
use crate::wire::frame::{AgentSide, FromAgent};
use crate::wire::marker::Direction;

/// An agent at work.
pub(super) struct Desk<D: Dial> {
    scene: Rc<Scene<D>>,
    agent: Agent,
    socket: Socket<AgentSide, D::Stream>,
    /// The server's numbers of the chats held, with ours.
    chats: HashMap<u64, ChatId>,
    /// Chats handed over, of which frames may still be under way.
    handed_over: HashSet<u64>,
    freed: Freed,
    /// When the agent last did something or heard of something.
    last: Time,
    wake: Time,
    presence: Presence,
    /// The present shift, or the last.
    shift: Shift,
    /// Whether the agent counts as there.
    staffed: bool,
    /// Whether the agent counts as in overtime.
    late: bool,
}

/// Where an agent stands with its shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// Takes chats until the shift ends.
    OnShift,
    /// Has told the server that it takes no more.
    Leaving,
    /// Has told the server that it is back, before that had confirmed the leaving.
    ComingBack,
}

impl<D: Dial> Desk<D> {
    /// An agent who has come online for `shift` on this connection.
    pub fn new(scene: Rc<Scene<D>>, shift: Shift, socket: Socket<AgentSide, D::Stream>) -> Desk<D> {
        let mut agent = Agent::new(&scene.agents);
        agent.handle(shift.from, AgentInput::Online, &scene.agents);
        scene.record(shift.from, |recorder, from| {
            recorder.rise(Gauge::Staffed, from);
        });
        Desk {
            scene,
            agent,
            socket,
            chats: HashMap::new(),
            handed_over: HashSet::new(),
            freed: Freed::default(),
            last: shift.from,
            wake: Time::NEVER,
            presence: Presence::OnShift,
            shift,
            staffed: true,
            late: false,
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
                () = self.scene.wait_until(next) => {
                    self.catch_up(self.scene.now().max(next), later).await?;
                }
                () = self.freed.overdue() => {
                    self.catch_up(self.scene.now(), later).await?;
                    self.go_on().await?;
                }
                () = self.scene.jumps() => {}
                _ = call.wait_for(|call| call.is_over()) => return self.close_all().await,
            }
        }
    }

    /// When the shift ends, or the next one starts.
    fn turn(&self, later: &VecDeque<Shift>) -> Time {
        match self.presence {
            Presence::OnShift | Presence::ComingBack => self.shift.until,
            Presence::Leaving => later.front().map_or(Time::NEVER, |shift| shift.from),
        }
    }

    /// Does everything that was due by `now`, in order.
    async fn catch_up(&mut self, now: Time, later: &mut VecDeque<Shift>) -> Result<()> {
        loop {
            let turn = self.turn(later);
            let due = self.wake.min(turn);
            if due > now || !due.comes() {
                return Ok(());
            }
            if turn <= due {
                match self.presence {
                    Presence::Leaving => self.come_back(due, later).await?,
                    Presence::OnShift | Presence::ComingBack => self.end_shift(due).await?,
                }
            }
            self.drain(due).await?;
        }
    }

    /// The shift is over: no new chats; what becomes of the own ones is the shift's to say.
    async fn end_shift(&mut self, due: Time) -> Result<()> {
        self.presence = Presence::Leaving;
        if self.agent.held() > 0 {
            self.late = true;
            self.record(due, |recorder, due| recorder.rise(Gauge::Overtime, due));
        }
        self.note(due, AgentInput::Leaving(self.shift.end));
        self.socket.send(&FromAgent::Offline {}).await?;
        self.scene.lagged(due);
        Ok(())
    }

    /// The next shift starts before the last chat of the one before is over, or the server has said
    /// that it is.
    async fn come_back(&mut self, due: Time, later: &mut VecDeque<Shift>) -> Result<()> {
        let Some(shift) = later.pop_front() else {
            return Ok(());
        };
        (self.presence, self.shift) = (Presence::ComingBack, shift);
        self.note(due, AgentInput::Online);
        if !std::mem::replace(&mut self.staffed, true) {
            self.record(due, |recorder, due| recorder.rise(Gauge::Staffed, due));
        }
        if std::mem::take(&mut self.late) {
            self.record(due, |recorder, due| recorder.fall(Gauge::Overtime, due));
        }
        let (agent, limit) = (shift.agent, self.scene.agents.concurrency);
        self.socket
            .send(&FromAgent::Online { agent, limit })
            .await?;
        self.scene.lagged(due);
        Ok(())
    }

    /// The server does not say what a free slot brings: the agent goes on without.
    async fn go_on(&mut self) -> Result<()> {
        self.scene
            .remark("the server does not say what a free slot brings");
        self.freed.give_up();
        self.drain(self.last).await
    }

    /// The agent hears of something.
    fn note(&mut self, now: Time, input: AgentInput) {
        self.last = now;
        self.agent.handle(now, input, &self.scene.agents);
    }

    /// What the agent does next at `now`. Nothing is taken up before it is known what a free slot
    /// brings.
    fn next_act(&mut self, now: Time) -> Option<AgentAct> {
        if self.freed.is_awaited() && self.agent.would_pick(now) {
            return None;
        }
        let act = self.agent.next(now, &self.scene.agents)?;
        self.last = now;
        Some(act)
    }

    /// Carries out all that the agent does at `now`.
    async fn drain(&mut self, now: Time) -> Result<()> {
        while let Some(act) = self.next_act(now) {
            let AgentAct { slot, chat, .. } = act;
            self.composed(chat, act.composed, now);
            match act.deed {
                Deed::Reply { last } => self.reply(slot, chat, last, now).await?,
                Deed::Free => self.free(chat, now).await?,
                Deed::Expire | Deed::Drop => self.close(chat, now).await?,
                Deed::HandOver => self.hand_over(chat, now).await?,
            }
        }
        if let Some(busy) = self.agent.turned() {
            self.record(now, |recorder, now| recorder.attends(busy, now));
        }
        self.wake = self.agent.deadline();
        if self.agent.leaves() {
            // The server has still to confirm it: that ends the stay.
            self.off_duty(now);
        }
        Ok(())
    }

    async fn reply(&mut self, slot: SlotId, ours: ChatId, last: bool, due: Time) -> Result<()> {
        let Some(chat) = self.number_of(ours) else {
            return Ok(());
        };
        let seq = self.agent.exchange(slot);
        let caller = self.scene.ledger.borrow().caller(ours);
        let marker = self.scene.marker(caller, Direction::Agent, seq);
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

    /// The agent has given so much attention to a reply in this chat.
    fn composed(&self, chat: ChatId, attention: Span, now: Time) {
        if attention == Span::ZERO {
            return;
        }
        self.scene.on_visit(chat, now, |recorder, visit, _| {
            recorder.composed(visit, attention);
        });
    }

    /// The chat is ended before its end.
    async fn close(&mut self, ours: ChatId, due: Time) -> Result<()> {
        if let Some(chat) = self.number_of(ours) {
            self.socket.send(&FromAgent::Close { chat }).await?;
            self.scene.lagged(due);
        }
        Ok(())
    }

    /// The chat goes back to the queue, and its slot is free. Its customer hears of it.
    async fn hand_over(&mut self, ours: ChatId, due: Time) -> Result<()> {
        let held = self.agent.held();
        self.record(due, |recorder, due| recorder.slot_freed(held, due));
        self.scene.let_go(ours, false, due);
        if let Some(chat) = self.number_of(ours) {
            self.chats.remove(&chat);
            self.handed_over.insert(chat);
            self.socket.send(&FromAgent::HandOver { chat }).await?;
            self.scene.lagged(due);
        }
        Ok(())
    }

    /// Wrap-up is over: the slot is free, here and at the server.
    async fn free(&mut self, ours: ChatId, due: Time) -> Result<()> {
        let held = self.agent.held();
        self.record(due, |recorder, due| recorder.slot_freed(held, due));
        self.scene.let_go(ours, true, due);
        if let Some(chat) = self.number_of(ours) {
            self.chats.remove(&chat);
            self.socket.send(&FromAgent::Free { chat }).await?;
            if self.presence != Presence::Leaving {
                self.freed.add(chat);
            }
            self.scene.lagged(due);
        }
        Ok(())
    }

    /// The shift is over, and the last of its chats.
    fn off_duty(&mut self, now: Time) {
        let staffed = std::mem::take(&mut self.staffed);
        let late = std::mem::take(&mut self.late);
        self.record(now, |recorder, now| {
            if staffed {
                recorder.fall(Gauge::Staffed, now);
            }
            if late {
                recorder.fall(Gauge::Overtime, now);
            }
        });
    }

    fn record(&self, now: Time, note: impl FnOnce(&mut Recorder, Time)) {
        self.scene.record(now, note);
    }

    fn number_of(&self, ours: ChatId) -> Option<u64> {
        self.chats
            .iter()
            .find(|(_, held)| **held == ours)
            .map(|(chat, _)| *chat)
    }

    async fn refuse(&mut self, chat: u64) -> Result<()> {
        refuse::<D>(&mut self.socket, chat).await
    }

    /// The run is over: every chat still held is closed and its slot freed at the server.
    async fn close_all(&mut self) -> Result<()> {
        for chat in std::mem::take(&mut self.chats).into_keys() {
            self.refuse(chat).await?;
        }
        Ok(())
    }

    /// What the agent has in hand is nobody's any more: chats that are open at the end, or those of
    /// a connection that is lost.
    fn put_down(&mut self, now: Time) {
        let (held, busy) = (self.agent.held(), self.agent.composing().is_some());
        self.record(now, |recorder, now| {
            if busy {
                recorder.attends(false, now);
            }
            (0..held)
                .rev()
                .for_each(|left| recorder.slot_freed(left, now));
        });
    }

    /// Logs out and closes the connection.
    pub async fn leave(mut self) {
        let now = self.scene.now();
        self.put_down(now);
        self.off_duty(now);
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
