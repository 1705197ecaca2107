//! Owns what an agent may say, and what it causes.
//!
//! Law: a slot is held from `assigned` to `free` or `hand-over`, whatever becomes of the customer, and
//! freed once. Only the agent knows when its work after the chat is over. What a free slot brings
//! goes out before it is said that the slot is free.

use super::chats::Stage;
use super::{ConnId, Desk, Out, Parcel, Seat, Visitor};
use crate::center::{AgentId, ChatId};
use crate::wire::frame::{Frame, FromAgent, Party, ToAgent, ToCustomer};
use crate::wire::limits::{AGENTS_MOST, CONCURRENCY_MOST};
use crate::wire::reason::Reason;

impl Desk {
    pub(super) fn agent(
        &mut self,
        from: ConnId,
        agent: Option<AgentId>,
        frame: FromAgent,
        out: &mut Out,
    ) {
        let named = frame.chat();
        if let Err(reason) = self.follow(from, agent, frame, out) {
            self.tally.violations += 1;
            out.push((from, Parcel::Agent(ToAgent::error(reason, named))));
        }
    }

    fn follow(
        &mut self,
        from: ConnId,
        agent: Option<AgentId>,
        frame: FromAgent,
        out: &mut Out,
    ) -> Result<(), Reason> {
        match (frame, agent) {
            (FromAgent::Online { limit, .. }, Some(agent)) => {
                self.return_to_work(agent, limit, out)
            }
            (FromAgent::Online { agent, limit }, None) => self.online(from, agent, limit, out),
            (FromAgent::Typing { chat }, agent) => {
                if let Some(id) = agent.and_then(|agent| self.find(agent, chat).ok()) {
                    self.agent_types(id, out);
                }
                Ok(())
            }
            (_, None) => Err(Reason::NotOnline),
            (FromAgent::Reply { chat, seq, text }, Some(agent)) => {
                let id = self.find(agent, chat)?;
                self.reply(id, seq, text, out)
            }
            (FromAgent::Close { chat }, Some(agent)) => {
                let id = self.find(agent, chat)?;
                self.end(id, out)
            }
            (FromAgent::Free { chat }, Some(agent)) => {
                let id = self.find(agent, chat)?;
                self.free(agent, id, out)
            }
            (FromAgent::HandOver { chat }, Some(agent)) => {
                let id = self.find(agent, chat)?;
                self.hand_over(agent, id, out)
            }
            (FromAgent::Offline {}, Some(agent)) => self.offline(agent, out),
        }
    }

    fn online(
        &mut self,
        from: ConnId,
        agent: u32,
        limit: u32,
        out: &mut Out,
    ) -> Result<(), Reason> {
        if agent >= AGENTS_MOST {
            return Err(Reason::BadAgent);
        }
        if !(1..=CONCURRENCY_MOST).contains(&limit) {
            return Err(Reason::BadLimit);
        }
        let id = AgentId(agent);
        if id.index() >= self.seats.len() {
            self.seats.resize_with(id.index() + 1, Seat::default);
        }
        if self.seats[id.index()].conn.is_some() {
            return Err(Reason::AgentTaken);
        }
        self.seats[id.index()].conn = Some(from);
        self.visitors.insert(from, Visitor::Agent(Some(id)));
        self.router.online(id, limit);
        out.push((from, Parcel::Agent(ToAgent::Online { agent, limit })));
        Ok(())
    }

    /// An agent who was leaving, with chats still, takes new ones again.
    fn return_to_work(&mut self, agent: AgentId, limit: u32, out: &mut Out) -> Result<(), Reason> {
        let seat = &mut self.seats[agent.index()];
        if !seat.leaving {
            return Err(Reason::AlreadyOnline);
        }
        if !(1..=CONCURRENCY_MOST).contains(&limit) {
            return Err(Reason::BadLimit);
        }
        seat.leaving = false;
        self.router.online(agent, limit);
        let online = ToAgent::Online {
            agent: agent.0,
            limit,
        };
        self.tell(agent, online, out);
        Ok(())
    }

    fn reply(&mut self, id: ChatId, seq: u32, text: String, out: &mut Out) -> Result<(), Reason> {
        match self.chats[id].stage {
            Stage::Talking { customer, .. } => {
                self.tally.messages += 1;
                self.chats[id].answer();
                self.chats.quiet(id, self.now + self.inactivity);
                self.hears(customer, ToCustomer::Message { seq, text }, out);
            }
            Stage::Left => self.tally.late += 1,
            Stage::Closed => return Err(Reason::ChatClosed),
            Stage::Waiting(_) => unreachable!("an agent holds no waiting chat"),
        }
        Ok(())
    }

    /// The agent is seen typing, by a customer who is still there.
    fn agent_types(&mut self, id: ChatId, out: &mut Out) {
        if let Stage::Talking { customer, .. } = self.chats[id].stage {
            let seen = self.hears(customer, ToCustomer::Typing {}, out);
            self.tally.typing += u64::from(seen);
        }
    }

    fn end(&mut self, id: ChatId, out: &mut Out) -> Result<(), Reason> {
        match self.chats[id].stage {
            Stage::Talking { customer, .. } => {
                self.chats.unquiet(id);
                self.chats[id].stage = Stage::Closed;
                self.close(customer, Party::Agent, out);
            }
            // The customer's leaving and the agent's close have crossed.
            Stage::Left => self.chats[id].stage = Stage::Closed,
            Stage::Closed => return Err(Reason::ChatClosed),
            Stage::Waiting(_) => unreachable!("an agent holds no waiting chat"),
        }
        Ok(())
    }

    fn free(&mut self, agent: AgentId, id: ChatId, out: &mut Out) -> Result<(), Reason> {
        if let Stage::Talking { .. } = self.chats[id].stage {
            return Err(Reason::ChatOpen);
        }
        let number = self.chats[id].number;
        self.chats.remove(id);
        self.router.freed(agent);
        self.unseat(agent, (id, number), out);
        Ok(())
    }

    /// The chat goes back to the front of the queue and its customer waits again. Where the
    /// customer has left meanwhile, all that is left of the chat is its slot.
    fn hand_over(&mut self, agent: AgentId, id: ChatId, out: &mut Out) -> Result<(), Reason> {
        let customer = match self.chats[id].stage {
            Stage::Talking { customer, .. } => customer,
            Stage::Left => return self.free(agent, id, out),
            Stage::Closed => return Err(Reason::ChatClosed),
            Stage::Waiting(_) => unreachable!("an agent holds no waiting chat"),
        };
        self.chats.unquiet(id);
        let chat = &mut self.chats[id];
        let number = chat.number;
        chat.stage = Stage::Waiting(customer);
        chat.turn = chat.turn.saturating_add(1);
        self.tally.handed_over += 1;
        self.router.hand_over(agent, id, self.request(id));
        let before = self.router.queued().take_while(|chat| *chat != id).count();
        let position = before as u32 + 1;
        self.hears(customer, ToCustomer::Queued { position }, out);
        self.unseat(agent, (id, number), out);
        Ok(())
    }

    /// The agent does not hold the chat any more, and may go if it was the last after the shift:
    /// nothing comes of a slot that is freed then.
    fn unseat(&mut self, agent: AgentId, (id, chat): (ChatId, u64), out: &mut Out) {
        let seat = &mut self.seats[agent.index()];
        seat.chats.retain(|held| *held != id);
        if !seat.leaving {
            self.freed.push((agent, chat));
            return;
        }
        let done = seat.chats.is_empty();
        self.tell(agent, ToAgent::Freed { chat }, out);
        if done {
            self.rise(agent, out);
        }
    }

    fn offline(&mut self, agent: AgentId, out: &mut Out) -> Result<(), Reason> {
        let seat = &mut self.seats[agent.index()];
        if seat.leaving {
            return Err(Reason::AlreadyLeaving);
        }
        seat.leaving = true;
        let done = seat.chats.is_empty();
        self.router.leaving(agent);
        if done {
            self.rise(agent, out);
        }
        Ok(())
    }

    /// The agent who was leaving has no chats any more: it is away, and told so.
    fn rise(&mut self, agent: AgentId, out: &mut Out) {
        self.tell(agent, ToAgent::Offline {}, out);
        let seat = std::mem::take(&mut self.seats[agent.index()]);
        if let Some(conn) = seat.conn {
            self.visitors.insert(conn, Visitor::Agent(None));
        }
    }

    /// The agent's connection is lost: its chats are over, its slots free.
    pub(super) fn vanish(&mut self, agent: AgentId, out: &mut Out) {
        self.router.leaving(agent);
        let seat = std::mem::take(&mut self.seats[agent.index()]);
        for id in seat.chats {
            if let Stage::Talking { customer, .. } = self.chats[id].stage {
                self.close(customer, Party::Server, out);
            }
            self.chats.remove(id);
            self.router.freed(agent);
        }
    }

    /// The chat of that number, if the agent holds it.
    fn find(&self, agent: AgentId, number: u64) -> Result<ChatId, Reason> {
        let held = &self.seats[agent.index()].chats;
        let found = held.iter().find(|id| self.chats[**id].number == number);
        found.copied().ok_or(Reason::NotYourChat)
    }
}
