//! Owns `Router`: the queue, who is online with how many slots, and who gets the next chat.
//!
//! Law: nobody holds more slots than its limit, and nobody waits while an agent has room, once
//! `next_assignment` is drained. Simulator and server run this same code; it knows ids and
//! capacities only.

use super::order::RankSet;
use super::rules::RouterRules;
use super::{AgentId, ChatId};

/// What becomes of an offered chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It waits, with so many ahead of it; `next_assignment` may take it at once.
    Accepted {
        /// Chats that waited before this one.
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
    /// Place in the order of last assignment; lower is longer ago.
    rank: u32,
    online: bool,
    assigned_before: bool,
}

/// Queue and routing of one team.
#[derive(Clone, Debug)]
pub struct Router {
    rules: RouterRules,
    queue: Queue,
    desks: Vec<Desk>,
    /// Ranks of the agents with room, by slots held.
    room: Vec<RankSet>,
    by_rank: Vec<AgentId>,
    next_rank: u32,
    /// Agents have come since the ranks were numbered.
    unranked: bool,
}

const LEAST_RANKS: usize = 4_096;

impl Router {
    /// A router without agents, with room for `agents` of them and `waiting` chats before it has
    /// to grow.
    pub fn new(rules: RouterRules, agents: u32, waiting: u32) -> Router {
        Router {
            rules,
            queue: Queue::new(waiting),
            desks: Vec::with_capacity(agents as usize),
            room: Vec::new(),
            by_rank: Vec::new(),
            next_rank: 0,
            unranked: false,
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
                assigned_before: false,
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

    /// Asks for an agent. Afterwards `next_assignment` has to be drained.
    #[inline]
    pub fn offer(&mut self, chat: ChatId) -> Offered {
        let ahead = self.queue.len;
        if ahead >= self.rules.queue_limit && self.lowest().is_none() {
            return Offered::Rejected;
        }
        self.queue.push(chat);
        Offered::Accepted { ahead }
    }

    /// The chat leaves the queue; it must be waiting.
    #[inline]
    pub fn withdraw(&mut self, chat: ChatId) {
        self.queue.remove(chat);
    }

    /// The agent has a slot less in use. Afterwards `next_assignment` has to be drained.
    #[inline]
    pub fn freed(&mut self, agent: AgentId) {
        self.withdraw_room(agent);
        let desk = &mut self.desks[agent.index()];
        assert!(desk.held > 0, "a slot is freed once");
        desk.held -= 1;
        self.show_room(agent);
    }

    /// The next waiting chat and the agent it goes to, while there are both.
    #[inline]
    pub fn next_assignment(&mut self) -> Option<Assignment> {
        if self.queue.len == 0 {
            return None;
        }
        let agent = self.lowest()?;
        let chat = self.queue.pop();
        self.withdraw_room(agent);
        self.rank_last(agent);
        let desk = &mut self.desks[agent.index()];
        desk.held += 1;
        debug_assert!(desk.held <= desk.limit);
        self.show_room(agent);
        Some(Assignment { chat, agent })
    }

    /// How many chats wait.
    #[inline]
    pub fn waiting(&self) -> u32 {
        self.queue.len
    }

    /// The chats that wait, in order.
    pub fn queued(&self) -> impl Iterator<Item = ChatId> + '_ {
        self.queue.iter()
    }

    /// How many slots the agent holds.
    pub fn held(&self, agent: AgentId) -> u32 {
        self.desks.get(agent.index()).map_or(0, |desk| desk.held)
    }

    /// The rules it goes by.
    pub fn rules(&self) -> &RouterRules {
        &self.rules
    }

    /// Fewest slots held; ties: longest since last assigned.
    #[inline]
    fn lowest(&mut self) -> Option<AgentId> {
        if self.unranked {
            self.rank_anew();
        }
        let rank = self.room.iter().find_map(RankSet::first)?;
        Some(self.by_rank[rank as usize])
    }

    #[inline]
    fn withdraw_room(&mut self, agent: AgentId) {
        let desk = &self.desks[agent.index()];
        if let Some(level) = self.room.get_mut(desk.held as usize) {
            level.remove(desk.rank);
        }
    }

    #[inline]
    fn show_room(&mut self, agent: AgentId) {
        let desk = &self.desks[agent.index()];
        if desk.online && desk.held < desk.limit && !self.unranked {
            self.room[desk.held as usize].insert(desk.rank);
        }
    }

    /// The agent becomes the one assigned last.
    #[inline]
    fn rank_last(&mut self, agent: AgentId) {
        self.desks[agent.index()].assigned_before = true;
        if self.next_rank as usize == self.by_rank.len() {
            self.rank_anew();
            self.withdraw_room(agent);
        }
        self.desks[agent.index()].rank = self.next_rank;
        self.by_rank[self.next_rank as usize] = agent;
        self.next_rank += 1;
    }

    /// Numbers the ranks from 0 again, in the same order, and leaves room for new ones.
    #[cold]
    fn rank_anew(&mut self) {
        let capacity = LEAST_RANKS.max(4 * self.desks.len());
        let mut order: Vec<AgentId> = (0..self.desks.len() as u32).map(AgentId).collect();
        order.sort_by_key(|agent| {
            let desk = &self.desks[agent.index()];
            (
                desk.assigned_before,
                if desk.assigned_before {
                    desk.rank
                } else {
                    agent.0
                },
            )
        });
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

const NIL: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
}

/// First in, first out, with removal from the middle: links by chat number.
#[derive(Clone, Debug)]
struct Queue {
    links: Vec<Link>,
    first: u32,
    last: u32,
    len: u32,
}

impl Queue {
    fn new(room: u32) -> Queue {
        let links = Vec::with_capacity(room as usize);
        Queue {
            links,
            first: NIL,
            last: NIL,
            len: 0,
        }
    }

    #[inline]
    fn push(&mut self, ChatId(chat): ChatId) {
        let index = chat as usize;
        if index >= self.links.len() {
            self.links.resize(
                index + 1,
                Link {
                    before: NIL,
                    after: NIL,
                },
            );
        }
        self.links[index] = Link {
            before: self.last,
            after: NIL,
        };
        match self.last {
            NIL => self.first = chat,
            last => self.links[last as usize].after = chat,
        }
        self.last = chat;
        self.len += 1;
    }

    #[inline]
    fn pop(&mut self) -> ChatId {
        let chat = ChatId(self.first);
        self.remove(chat);
        chat
    }

    #[inline]
    fn remove(&mut self, ChatId(chat): ChatId) {
        let Link { before, after } = self.links[chat as usize];
        match before {
            NIL => self.first = after,
            before => self.links[before as usize].after = after,
        }
        match after {
            NIL => self.last = before,
            after => self.links[after as usize].before = before,
        }
        self.len -= 1;
    }

    fn iter(&self) -> impl Iterator<Item = ChatId> + '_ {
        let step = |chat: u32| (chat != NIL).then_some(chat);
        let next = move |chat: &u32| step(self.links[*chat as usize].after);
        std::iter::successors(step(self.first), next).map(ChatId)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::Policy;
    use super::*;

    fn router(queue_limit: u32, agents: u32, limit: u32) -> Router {
        let rules = RouterRules::new(queue_limit, Policy::FewestActive);
        let mut router = Router::new(rules, agents, 16);
        (0..agents).for_each(|agent| router.online(AgentId(agent), limit));
        router
    }

    fn assign(router: &mut Router, chat: u32) -> Option<u32> {
        match router.offer(ChatId(chat)) {
            Offered::Accepted { .. } => router.next_assignment().map(|a| a.agent.0),
            Offered::Rejected => None,
        }
    }

    #[test]
    fn fewest_active_then_longest_since_assigned() {
        let mut router = router(u32::MAX, 3, 2);
        let given: Vec<_> = (0..6).map(|chat| assign(&mut router, chat)).collect();
        assert_eq!(given, [0, 1, 2, 0, 1, 2].map(Some));
        assert_eq!(assign(&mut router, 6), None);
        router.freed(AgentId(2));
        assert_eq!(router.next_assignment().unwrap().agent, AgentId(2));
        // 1 was assigned before 2 and after 0.
        router.freed(AgentId(2));
        router.freed(AgentId(1));
        assert_eq!(assign(&mut router, 7), Some(1));
    }

    #[test]
    fn the_order_survives_renumbering() {
        let mut router = router(u32::MAX, 3, 1);
        for chat in 0..20_000 {
            assert_eq!(assign(&mut router, chat % 4), Some(chat % 3));
            router.freed(AgentId(chat % 3));
        }
    }

    #[test]
    fn the_queue_is_fifo_and_limited() {
        let mut router = router(2, 1, 1);
        assert_eq!(assign(&mut router, 0), Some(0));
        assert_eq!(router.offer(ChatId(1)), Offered::Accepted { ahead: 0 });
        assert_eq!(router.offer(ChatId(2)), Offered::Accepted { ahead: 1 });
        assert_eq!(router.offer(ChatId(3)), Offered::Rejected);
        router.withdraw(ChatId(1));
        assert_eq!(router.offer(ChatId(3)), Offered::Accepted { ahead: 1 });
        assert_eq!(router.queued().collect::<Vec<_>>(), [ChatId(2), ChatId(3)]);
        router.freed(AgentId(0));
        assert_eq!(router.next_assignment().unwrap().chat, ChatId(2));
    }

    #[test]
    fn no_room_to_wait_means_loss() {
        let mut router = router(0, 1, 1);
        assert_eq!(assign(&mut router, 0), Some(0));
        assert_eq!(router.offer(ChatId(1)), Offered::Rejected);
    }

    #[test]
    fn who_leaves_gets_no_chat_and_keeps_its_own() {
        let mut router = router(u32::MAX, 2, 1);
        assert_eq!(assign(&mut router, 0), Some(0));
        router.leaving(AgentId(0));
        router.leaving(AgentId(1));
        assert_eq!(assign(&mut router, 1), None);
        router.freed(AgentId(0));
        assert_eq!(router.next_assignment(), None);
        router.online(AgentId(1), 1);
        assert_eq!(router.next_assignment().unwrap().agent, AgentId(1));
    }
}
