//! Owns `Lines`: who waits, in a line for each level of priority.
//!
//! Law: a line is in order of coming, but that who comes back stands at its front, by age. Joining
//! and leaving, from the middle too, take constant time: links by chat number.

use crate::center::ChatId;
use crate::center::rules::Request;
use crate::time::{Span, Time};

const NIL: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Link {
    offered: Time,
    before: u32,
    after: u32,
    lot: u32,
    level: u8,
    /// Came back from an agent.
    returned: bool,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    first: u32,
    last: u32,
}

/// Who waits, in a line for each level of priority.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    links: Vec<Link>,
    /// From the lowest level.
    lines: Vec<Line>,
    len: u32,
    age_after: Span,
}

impl Lines {
    /// Empty lines, with room for so many chats before they have to grow.
    pub fn new(levels: u8, age_after: Span, room: u32) -> Lines {
        let empty = Line {
            first: NIL,
            last: NIL,
        };
        Lines {
            links: Vec::with_capacity(room as usize),
            lines: vec![empty; usize::from(levels.max(1))],
            len: 0,
            age_after,
        }
    }

    /// How many wait.
    #[inline]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// The chat's lot.
    #[inline]
    pub fn lot(&self, chat: ChatId) -> u32 {
        self.links[chat.index()].lot
    }

    /// Joins the end of its line.
    #[inline]
    pub fn join(&mut self, chat: ChatId, request: Request) {
        let last = self.lines[usize::from(request.level)].last;
        self.insert(chat, request, last, NIL, false);
    }

    /// Joins the front of its line, behind those who came back before and are older.
    pub fn come_back(&mut self, chat: ChatId, request: Request) {
        let (mut before, mut after) = (NIL, self.lines[usize::from(request.level)].first);
        while let Some(link) = self.links.get(after as usize) {
            if !link.returned || (link.offered, after) > (request.offered, chat.0) {
                break;
            }
            (before, after) = (after, link.after);
        }
        self.insert(chat, request, before, after, true);
    }

    #[inline]
    fn insert(&mut self, chat: ChatId, request: Request, before: u32, after: u32, returned: bool) {
        let link = Link {
            offered: request.offered,
            before,
            after,
            lot: request.lot,
            level: request.level,
            returned,
        };
        if chat.index() >= self.links.len() {
            self.links.resize(chat.index() + 1, link);
        }
        self.links[chat.index()] = link;
        let line = &mut self.lines[usize::from(request.level)];
        match before {
            NIL => line.first = chat.0,
            before => self.links[before as usize].after = chat.0,
        }
        match after {
            NIL => line.last = chat.0,
            after => self.links[after as usize].before = chat.0,
        }
        self.len += 1;
    }

    /// Takes a chat out of its line; it must be waiting.
    #[inline]
    pub fn leave(&mut self, chat: ChatId) {
        let Link {
            before,
            after,
            level,
            ..
        } = self.links[chat.index()];
        let line = &mut self.lines[usize::from(level)];
        match before {
            NIL => line.first = after,
            before => self.links[before as usize].after = after,
        }
        match after {
            NIL => line.last = before,
            after => self.links[after as usize].before = before,
        }
        self.len -= 1;
    }

    /// Whose turn it is: the highest level first, where age raises by one, though never above the
    /// highest; in a level the one offered first. The first of a line is its oldest, so that only
    /// the firsts need a look.
    #[inline]
    pub fn first(&self, now: Time) -> Option<ChatId> {
        if self.len == 0 {
            return None;
        }
        if let [line] = self.lines[..] {
            return Some(ChatId(line.first));
        }
        let highest = self.lines.len() as u16 - 1;
        let firsts = self.lines.iter().filter(|line| line.first != NIL);
        let turn = |line: &&Line| {
            let link = &self.links[line.first as usize];
            let aged = now.since(link.offered) >= self.age_after;
            let level = highest.min(u16::from(link.level) + u16::from(aged));
            (std::cmp::Reverse(level), link.offered, line.first)
        };
        firsts.min_by_key(turn).map(|line| ChatId(line.first))
    }

    /// All who wait, by level from the highest, each in order.
    pub fn iter(&self) -> impl Iterator<Item = ChatId> + '_ {
        self.lines.iter().rev().flat_map(move |line| {
            let link = |chat: u32| (chat != NIL).then_some(chat);
            let next = move |chat: &u32| link(self.links[*chat as usize].after);
            std::iter::successors(link(line.first), next).map(ChatId)
        })
    }
}
