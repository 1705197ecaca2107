//! Owns `Router`: the queue, who is online with how many slots, and who gets the next chat.
//!
//! Law: nobody holds more slots than its limit, and nobody waits while an agent has room, once
//! `next_assignment` is drained. Simulator and server run this same code; it knows ids and
//! capacities only.

mod line;

use super::order::RankSet;
use super::rules::{Policy, Request, RouterRules};
use super::{AgentId, ChatId};
use crate::time::Time;
use line::Lines;

/// What becomes of an offered chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It waits, with so many ahead of it; `next_assignment` may take it at once.
    Accepted {
        /// Chats that waited before this one, of whatever priority.
        ahead: u32,
    },
    /// The queue is full: turned away.
    Rejected,
}

/// A chat given to an agent, who holds one slot more from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The chat.
    pub chat: ChatId,
    /// The agent.
    pub agent: AgentId,
}

#[derive(Clone, Copy, Debug)]
struct Desk {
    held: u32,
    limit: u32,
    /// Place in the order that breaks ties; lower comes first.
    rank: u32,
    online: bool,
    /// Whether the event has happened that the order goes by.
    moved: bool,
}

/// Queue and routing of one team.
#[derive(Clone, Debug)]
pub struct Router {
    rules: RouterRules,
    lines: Lines,
    desks: Vec<Desk>,
    /// Ranks of the agents with room: by slots held where the policy asks for that, else in one.
    room: Vec<RankSet>,
    by_rank: Vec<AgentId>,
    next_rank: u32,
    /// Agents have come since the ranks were numbered.
    unranked: bool,
    /// Round robin: the next agent's turn.
    cursor: u32,
    /// Slots in use, and the most that may be.
    held: u64,
    ceiling: u64,
}

const LEAST_RANKS: usize = 4_096;

impl Router {
    /// A router without agents, with room for `agents` of them and `waiting` chats before it has
    /// to grow.
    pub fn new(rules: RouterRules, agents: u32, waiting: u32) -> Router {
        Router {
            lines: Lines::new(rules.levels, rules.age_after, waiting),
            desks: Vec::with_capacity(agents as usize),
            room: Vec::new(),
            by_rank: Vec::new(),
            next_rank: 0,
            unranked: false,
            cursor: 0,
            held: 0,
            ceiling: u64::MAX,
            rules,
        }
    }

    /// Makes the agent known, away as yet; agents are numbered densely from 0.
    pub fn enrol(&mut self, agent: AgentId, limit: u32) {
        if agent.index() >= self.desks.len() {
            let new = Desk {
                held: 0,
                limit,
                rank: 0,
                online: false,
                moved: false,
            };
            self.desks.resize(agent.index() + 1, new);
            self.unranked = true;
        }
    }

    /// The agent takes chats, at most `limit` at a time.
    pub fn online(&mut self, agent: AgentId, limit: u32) {
        self.enrol(agent, limit);
        self.withdraw_room(agent);
        let desk = &mut self.desks[agent.index()];
        (desk.online, desk.limit) = (true, limit);
        let levels = self.room.len().max(limit as usize);
        self.unranked |= levels > self.room.len();
        self.show_room(agent);
    }

    /// The agent takes no new chats; those it has go on.
    pub fn leaving(&mut self, agent: AgentId) {
        self.withdraw_room(agent);
        self.desks[agent.index()].online = false;
    }

    /// From now on nothing is assigned while so many slots or more are in use by the whole team.
    pub fn set_ceiling(&mut self, slots: u64) {
        self.ceiling = slots;
    }

    /// Asks for an agent. Afterwards `next_assignment` has to be drained.
    #[inline]
    pub fn offer(&mut self, chat: ChatId, request: Request) -> Offered {
        let ahead = self.lines.len();
        if ahead >= self.rules.queue_limit && self.choose(request.lot).is_none() {
            return Offered::Rejected;
        }
        self.lines.join(chat, request);
        Offered::Accepted { ahead }
    }

    /// The chat goes back from its agent to the front of the queue, with its age. Afterwards
    /// `next_assignment` has to be drained.
    pub fn hand_over(&mut self, agent: AgentId, chat: ChatId, request: Request) {
        self.freed(agent);
        self.lines.come_back(chat, request);
    }

    /// The chat leaves the queue; it must be waiting.
    #[inline]
    pub fn withdraw(&mut self, chat: ChatId) {
        self.lines.leave(chat);
    }

    /// Takes the next chat out of the queue without an agent: it is sent away.
    pub fn send_away(&mut self, now: Time) -> Option<ChatId> {
        let chat = self.lines.first(now)?;
        self.lines.leave(chat);
        Some(chat)
    }

    /// The agent has a slot less in use. Afterwards `next_assignment` has to be drained.
    #[inline]
    pub fn freed(&mut self, agent: AgentId) {
        self.withdraw_room(agent);
        if self.rules.policy == Policy::LongestIdle {
            self.rank_last(agent);
        }
        let desk = &mut self.desks[agent.index()];
        assert!(desk.held > 0, "a slot is freed once");
        desk.held -= 1;
        self.held -= 1;
        self.show_room(agent);
    }

    /// Gives a chat to an agent at once, where nobody waits and somebody has room; `None` where it
    /// has to be offered. The same as offering it, but that the queue is not bothered.
    #[inline]
    pub fn assign_at_once(&mut self, chat: ChatId, request: Request) -> Option<Assignment> {
        if self.lines.len() > 0 {
            return None;
        }
        let agent = self.choose(request.lot)?;
        self.give(agent);
        Some(Assignment { chat, agent })
    }

    /// The next waiting chat and the agent it goes to, while there are both.
    #[inline]
    pub fn next_assignment(&mut self, now: Time) -> Option<Assignment> {
        let chat = self.lines.first(now)?;
        let agent = self.choose(self.lines.lot(chat))?;
        self.lines.leave(chat);
        self.give(agent);
        Some(Assignment { chat, agent })
    }

    /// The agent holds a slot more.
    #[inline]
    fn give(&mut self, agent: AgentId) {
        self.withdraw_room(agent);
        match self.rules.policy {
            Policy::FewestActive | Policy::MostActiveFirst => self.rank_last(agent),
            Policy::RoundRobin => self.cursor = agent.0 + 1,
            Policy::LongestIdle | Policy::Random => {}
        }
        let desk = &mut self.desks[agent.index()];
        desk.held += 1;
        self.held += 1;
        debug_assert!(desk.held <= desk.limit);
        self.show_room(agent);
    }

    /// How many chats wait.
    #[inline]
    pub fn waiting(&self) -> u32 {
        self.lines.len()
    }

    /// The chats that wait, by level from the highest, each in order.
    pub fn queued(&self) -> impl Iterator<Item = ChatId> + '_ {
        self.lines.iter()
    }

    /// How many slots the agent holds.
    pub fn held(&self, agent: AgentId) -> u32 {
        self.desks.get(agent.index()).map_or(0, |desk| desk.held)
    }

    /// The rules it goes by.
    pub fn rules(&self) -> &RouterRules {
        &self.rules
    }

    /// The agent with room that the policy prefers.
    #[inline]
    fn choose(&mut self, lot: u32) -> Option<AgentId> {
        if self.unranked {
            self.rank_anew();
        }
        if self.held >= self.ceiling {
            return None;
        }
        let rank = match self.rules.policy {
            Policy::FewestActive | Policy::LongestIdle => {
                self.room.iter().find_map(RankSet::first)?
            }
            Policy::MostActiveFirst => self.room.iter().rev().find_map(RankSet::first)?,
            Policy::RoundRobin => {
                let room = self.room.first()?;
                room.first_from(self.cursor).or_else(|| room.first())?
            }
            Policy::Random => self.room.first()?.any(lot)?,
        };
        Some(self.by_rank[rank as usize])
    }

    /// In which set of `room` an agent with so many slots in use stands.
    #[inline]
    fn shelf(&self, held: u32) -> usize {
        match self.rules.policy {
            Policy::FewestActive | Policy::MostActiveFirst => held as usize,
            Policy::LongestIdle | Policy::RoundRobin | Policy::Random => 0,
        }
    }

    #[inline]
    fn withdraw_room(&mut self, agent: AgentId) {
        let desk = self.desks[agent.index()];
        let shelf = self.shelf(desk.held);
        if let Some(level) = self.room.get_mut(shelf) {
            level.remove(desk.rank);
        }
    }

    #[inline]
    fn show_room(&mut self, agent: AgentId) {
        let desk = self.desks[agent.index()];
        if desk.online && desk.held < desk.limit && !self.unranked {
            let shelf = self.shelf(desk.held);
            self.room[shelf].insert(desk.rank);
        }
    }

    /// The agent becomes the last in the order that breaks ties.
    #[inline]
    fn rank_last(&mut self, agent: AgentId) {
        self.desks[agent.index()].moved = true;
        if self.next_rank as usize >= self.by_rank.len() {
            self.rank_anew();
            self.withdraw_room(agent);
        }
        self.desks[agent.index()].rank = self.next_rank;
        self.by_rank[self.next_rank as usize] = agent;
        self.next_rank += 1;
    }

    /// All agents in the order that breaks ties: who has not moved by index, then by rank.
    fn in_order(&self) -> Vec<AgentId> {
        let agents = (0..self.desks.len() as u32).map(AgentId);
        let unmoved = agents.filter(|agent| !self.desks[agent.index()].moved);
        // An agent stands at all the ranks it ever had; the last one is its own.
        let ranked = self.by_rank.iter().zip(0..self.next_rank);
        let moved = ranked.filter(|(agent, rank)| {
            let desk = self.desks[agent.index()];
            desk.moved && desk.rank == *rank
        });
        unmoved.chain(moved.map(|(agent, _)| *agent)).collect()
    }

    /// Numbers the ranks from 0 again, in the same order, and leaves room for new ones.
    #[cold]
    fn rank_anew(&mut self) {
        let capacity = LEAST_RANKS.max(4 * self.desks.len());
        let order = self.in_order();
        assert_eq!(order.len(), self.desks.len(), "every agent has one place");
        let levels = self
            .desks
            .iter()
            .map(|desk| desk.limit as usize)
            .max()
            .unwrap_or(0);
        if self.by_rank.len() != capacity || self.room.len() < levels {
            self.by_rank = vec![AgentId(u32::MAX); capacity];
            self.room = vec![RankSet::new(capacity); levels];
        }
        self.room.iter_mut().for_each(RankSet::clear);
        self.unranked = false;
        self.next_rank = order.len() as u32;
        for (rank, agent) in order.into_iter().enumerate() {
            self.by_rank[rank] = agent;
            self.desks[agent.index()].rank = rank as u32;
            self.show_room(agent);
        }
    }
}

#[cfg(test)]
mod tests;
