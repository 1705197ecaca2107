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
mod lost;
mod stranger;

use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

use freed::Freed;
use tokio::time::Instant;

use super::attendance::{assigned_offline, refuse};
use super::dial::Dial;
use super::journal::{ChatEvent, Event, Reader};
use super::orbit::Caller;
use super::parts::Parts;
use super::scene::Scene;
use super::session::Session;
use crate::center::ChatId;
use crate::center::agent::{Agent, AgentAct, AgentInput, Deed, SlotId};
use crate::error::{Error, Result};
use crate::scenario::plan::Shift;
use crate::time::{Span, Time};
use crate::wire::frame::{AgentSide, FromAgent, ToAgent};
use crate::wire::marker::Direction;

/// An agent at work.
pub(super) struct Desk<D: Dial> {
    scene: Rc<Scene<D>>,
    agent: Agent,
    socket: Session<AgentSide, D>,
    /// The chats held.
    chats: Vec<Held>,
    /// Chats taken on this connection.
    taken: u32,
    /// Chats handed over, of which frames may still be under way.
    handed_over: HashSet<u64>,
    /// Chats given back as soon as they came: what is said in them is nothing to this agent.
    refused: HashSet<u64>,
    freed: Freed,
    /// When the agent last did something or heard of something.
    last: Time,
    /// When the server last let the agent go on: what was due before and was not done then is not
    /// late by the agent's fault.
    held_up: Time,
    wake: Time,
    /// When it is seen typing next, and in which chat.
    typing: (Time, ChatId),
    /// The reply that the last indicator was for: in which chat, and when it is due.
    typed: Option<(ChatId, Time)>,
    presence: Presence,
    /// The present shift, or the last.
    shift: Shift,
    /// Whether the agent counts as there.
    staffed: bool,
    /// Whether the agent counts as in overtime.
    late: bool,
    /// Whether the server has confirmed that the agent is away.
    away: bool,
    /// For how long the server may say nothing.
    idle: Span,
    /// When it is seen next whether the server gives signs of life.
    check: Time,
    /// Since when nothing was heard, where the connection was lost for that.
    silent_since: Time,
}

/// A chat that an agent holds.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// The server's number.
    number: u64,
    /// Ours.
    id: ChatId,
    /// Whose it is.
    caller: Caller,
    /// Messages that others have answered before it was handed over.
    answered: u32,
    /// Whether it was ended, by whomever.
    closed: bool,
    /// Of the message that the customer says next.
    parts: Parts,
    /// When the message that is pending was read, whole; none where it came with the chat.
    heard: Option<Instant>,
    /// A stranger's messages without a reply.
    waiting: u32,
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
    /// An agent who has come online for `shift` on this connection, of which a sign of life comes
    /// every `idle` at least.
    pub fn new(
        scene: Rc<Scene<D>>,
        shift: Shift,
        socket: Session<AgentSide, D>,
        idle: Span,
    ) -> Desk<D> {
        let mut agent = Agent::new(&scene.agents);
        agent.handle(shift.from, AgentInput::Online, &scene.agents);
        scene.note(shift.from, Event::Comes { late: false });
        Desk {
            scene,
            agent,
            socket,
            chats: Vec::new(),
            taken: 0,
            handed_over: HashSet::new(),
            refused: HashSet::new(),
            freed: Freed::default(),
            last: shift.from,
            held_up: shift.from,
            wake: Time::NEVER,
            typing: (Time::NEVER, ChatId(0)),
            typed: None,
            presence: Presence::OnShift,
            shift,
            staffed: true,
            late: false,
            away: false,
            idle,
            check: shift.from + idle,
            silent_since: Time::NEVER,
        }
    }

    /// Works until the server has confirmed that the agent is away, or everybody is called home.
    /// A shift of `later` that begins before the last chat of this one is over goes on here.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn stay(&mut self, later: &mut VecDeque<Shift>) -> Result<()> {
        let scene = Rc::clone(&self.scene);
        let over = scene.is_over();
        tokio::pin!(over);
        let (mut place, mut checking) = (scene.place(), scene.place());
        loop {
            let next = self.wake.min(self.turn(later)).min(self.typing.0);
            tokio::select! {
                heard = self.socket.next() => {
                    let read = self.scene.now();
                    self.catch_up(read, later).await?;
                    match heard {
                        Some(frame) => if self.hear(frame?, read).await? { return Ok(()) },
                        None => return Err(Error::failed("the server closed it")),
                    }
                }
                () = scene.wait_in(&mut place, next) => {
                    self.catch_up(self.scene.now().max(next), later).await?;
                }
                () = scene.wait_in(&mut checking, self.check) => {
                    self.catch_up(self.scene.now().max(self.check), later).await?;
                }
                () = self.freed.overdue() => {
                    self.catch_up(self.scene.now(), later).await?;
                    self.go_on().await?;
                }
                () = scene.jumps() => {}
                () = &mut over => return self.close_all().await,
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
        if self.typing.0 <= now {
            self.be_seen_typing().await?;
        }
        if self.check <= now {
            self.check_life(now).await?;
        }
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
            self.scene.note(due, Event::Comes { late: true });
        }
        self.note(due, AgentInput::Leaving(self.shift.end));
        self.socket.act(&FromAgent::Offline {}, due).await?;
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
            self.scene.note(due, Event::Comes { late: false });
        }
        if std::mem::take(&mut self.late) {
            self.scene.note(due, Event::Goes { late: true });
        }
        let (agent, limit) = (shift.agent, self.scene.agents.concurrency);
        self.socket
            .act(&FromAgent::Online { agent, limit }, due)
            .await?;
        self.scene.lagged(due);
        Ok(())
    }

    /// The server does not say what a free slot brings: the agent goes on without.
    async fn go_on(&mut self) -> Result<()> {
        self.scene
            .remark("the server does not say what a free slot brings");
        self.freed.give_up();
        self.held_up = self.scene.now();
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
            self.scene.note(now, Event::Attends(busy));
        }
        self.wake = self.agent.deadline();
        self.begin_typing(now);
        if self.agent.leaves() {
            // The server has still to confirm it: that ends the stay.
            self.off_duty(now);
        }
        Ok(())
    }

    /// The agent may have begun composing another reply: its customer sees it typing in due time.
    fn begin_typing(&mut self, now: Time) {
        let composing = self.agent.composing();
        if composing == self.typed {
            return;
        }
        self.typed = composing;
        let typing = composing.and_then(|(chat, until)| {
            let at = self.scene.plan.messages.typing_at(now, until)?;
            Some((at, chat))
        });
        self.typing = typing.unwrap_or((Time::NEVER, ChatId(0)));
    }

    /// The indicator is not timed: nothing waits for it.
    async fn be_seen_typing(&mut self) -> Result<()> {
        let (due, ours) = std::mem::replace(&mut self.typing, (Time::NEVER, ChatId(0)));
        // Of a chat that is over what is composed is its wrap-up.
        let held = self.held(ours).filter(|held| !held.closed);
        if let Some(&mut Held { number: chat, .. }) = held {
            self.socket.act(&FromAgent::Typing { chat }, due).await?;
        }
        Ok(())
    }

    async fn reply(&mut self, slot: SlotId, ours: ChatId, last: bool, due: Time) -> Result<()> {
        let Some(held) = self.held(ours) else {
            return Ok(());
        };
        let Held { number, caller, .. } = *held;
        held.closed |= last;
        let heard = held.heard.take();
        let reply = self.agent.exchange(slot);
        for seq in self.scene.plan.messages.sequences(reply) {
            let said = FromAgent::Reply {
                chat: number,
                seq,
                text: self.scene.reply(caller, seq, heard),
            };
            self.socket.act(&said, due).await?;
            let which = (Direction::Agent, seq);
            let by = self.socket.origin(self.shift.agent);
            self.scene
                .written_since(caller, which, (due, self.held_up), by);
        }
        self.stranger_hears(slot, ours, last, due);
        if last {
            self.over(ours, due);
            let close = FromAgent::Close { chat: number };
            self.socket.act(&close, due).await?;
        }
        Ok(())
    }

    /// The agent is through with the chat, but for its wrap-up. Where customers know at once, they say
    /// so.
    fn over(&mut self, ours: ChatId, at: Time) {
        if self.scene.plan.outline.cuts {
            self.note_in(ours, at, ChatEvent::Over);
        }
    }

    /// The agent has given so much attention to a reply in this chat.
    fn composed(&mut self, chat: ChatId, attention: Span, now: Time) {
        if attention > Span::ZERO {
            self.note_in(chat, now, ChatEvent::Composed(attention));
        }
    }

    /// The chat is ended before its end.
    async fn close(&mut self, ours: ChatId, due: Time) -> Result<()> {
        if let Some(held) = self.held(ours) {
            held.closed = true;
            let chat = held.number;
            self.note_in(ours, due, ChatEvent::Closes);
            self.tell_of_stranger(ours, due, ChatEvent::ClosedByAgent);
            self.over(ours, due);
            self.socket.act(&FromAgent::Close { chat }, due).await?;
            self.scene.lagged(due.max(self.held_up));
        }
        Ok(())
    }

    /// The chat goes back to the queue, and its slot is free. Its customer hears of it.
    async fn hand_over(&mut self, ours: ChatId, due: Time) -> Result<()> {
        self.tell_of_stranger(ours, due, ChatEvent::ClosedByAgent);
        if let Some(chat) = self.let_go(ours, false, due) {
            self.handed_over.insert(chat);
            self.socket.act(&FromAgent::HandOver { chat }, due).await?;
            self.scene.lagged(due.max(self.held_up));
        }
        Ok(())
    }

    /// Wrap-up is over: the slot is free, here and at the server.
    async fn free(&mut self, ours: ChatId, due: Time) -> Result<()> {
        if let Some(chat) = self.let_go(ours, true, due) {
            self.socket.act(&FromAgent::Free { chat }, due).await?;
            if self.presence != Presence::Leaving {
                self.freed.add(chat);
            }
            self.scene.lagged(due.max(self.held_up));
        }
        Ok(())
    }

    /// The agent has let the chat go; the server's number of it.
    fn let_go(&mut self, ours: ChatId, for_good: bool, due: Time) -> Option<u64> {
        self.scene.note(due, Event::SlotFreed(self.agent.held()));
        let agent = self.shift.agent;
        self.note_in(ours, due, ChatEvent::LetGo { agent, for_good });
        let place = self.chats.iter().position(|held| held.id == ours)?;
        Some(self.chats.swap_remove(place).number)
    }

    /// The shift is over, and the last of its chats.
    fn off_duty(&mut self, now: Time) {
        let staffed = std::mem::take(&mut self.staffed);
        let late = std::mem::take(&mut self.late);
        for (gone, late) in [(staffed, false), (late, true)] {
            if gone {
                self.scene.note(now, Event::Goes { late });
            }
        }
    }

    /// Notes what happens in a chat that is held.
    fn note_in(&mut self, ours: ChatId, at: Time, event: ChatEvent) {
        if let Some(Held { caller, .. }) = self.held(ours).copied() {
            self.scene.note_in(caller, at, event);
        }
    }

    fn held(&mut self, ours: ChatId) -> Option<&mut Held> {
        self.chats.iter_mut().find(|held| held.id == ours)
    }

    async fn refuse(&mut self, chat: u64) -> Result<()> {
        refuse::<D>(&mut self.socket, chat).await
    }

    /// The run is over: every chat still held is closed and its slot freed at the server.
    async fn close_all(&mut self) -> Result<()> {
        let now = self.scene.now();
        for held in std::mem::take(&mut self.chats) {
            if !held.closed {
                self.scene.note_in(held.caller, now, ChatEvent::Closes);
            }
            self.refuse(held.number).await?;
        }
        Ok(())
    }

    /// What the agent has in hand is nobody's any more: chats that are open at the end, or those of
    /// a connection that is lost.
    fn put_down(&mut self, now: Time) {
        let (held, busy) = (self.agent.held(), self.agent.composing().is_some());
        if busy {
            self.scene.note(now, Event::Attends(false));
        }
        let left = (0..held).rev();
        left.for_each(|left| self.scene.note(now, Event::SlotFreed(left)));
    }

    /// Logs out and closes the connection.
    pub async fn leave(&mut self) {
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
        let (scene, agent, away) = (&self.scene, self.shift.agent, self.away);
        let refused = &mut self.refused;
        let strangers = !scene.cast.plays_customers();
        let overheard = |frame| match frame {
            ToAgent::Assigned { chat, marker, .. } => {
                refused.insert(chat);
                if away {
                    assigned_offline(scene, agent, &marker);
                }
            }
            ToAgent::Message { chat, text, .. } if !strangers && !refused.contains(&chat) => {
                if let Some((caller, marker)) = hearing::overheard(scene, agent, &text) {
                    scene.read(caller, marker, Reader::Agent(agent), scene.now());
                }
            }
            _ => {}
        };
        self.socket.close(overheard).await;
    }
}
