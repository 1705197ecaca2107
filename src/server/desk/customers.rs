//! Owns what a customer may say, and what it causes.
//!
//! Law: a customer has one chat, from `open` to the frame that ends it. One connection, one chat: the
//! end of either is the end of both, but for who has asked that the chat be kept.

use super::chats::Stage;
use super::lines::Peer;
use super::{ConnId, Desk, Ending, Out, Parcel, Visitor};
use crate::center::ChatId;
use crate::center::router::Offered;
use crate::wire::frame::{FromCustomer, Party, Said, ToAgent, ToCustomer};
use crate::wire::marker;
use crate::wire::reason::Reason;

impl Desk {
    pub(super) fn customer(
        &mut self,
        from: ConnId,
        chat: Option<ChatId>,
        frame: FromCustomer,
        out: &mut Out,
    ) {
        let refused = match (frame, chat) {
            (FromCustomer::Open { .. } | FromCustomer::Resume { .. }, Some(_)) => {
                Some(Reason::AlreadyOpen)
            }
            (FromCustomer::Open { marker, .. }, None) if !marker::is_fit(&marker) => {
                Some(Reason::BadMarker)
            }
            (FromCustomer::Open { priority, .. }, None)
                if priority >= self.router.rules().levels =>
            {
                Some(Reason::BadPriority)
            }
            (
                FromCustomer::Open {
                    marker,
                    text,
                    priority,
                    ticket,
                },
                None,
            ) => match self.peer(from, ticket.as_deref(), text.is_some()) {
                Ok(peer) => {
                    let id = self.chats.add(peer, marker, text, priority, self.now);
                    self.open(from, peer, id, out);
                    None
                }
                Err(reason) => Some(reason),
            },
            (FromCustomer::Resume { ticket, heard }, None) => {
                self.resume(from, &ticket, heard, out);
                None
            }
            (FromCustomer::Say { .. } | FromCustomer::Leave {}, None) => Some(Reason::NotOpen),
            (FromCustomer::Typing {}, chat) => {
                chat.into_iter()
                    .for_each(|chat| self.customer_types(chat, out));
                None
            }
            (FromCustomer::Say { seq, text, heard }, Some(chat)) => {
                self.say(chat, Said { seq, text }, heard, out)
            }
            (FromCustomer::Leave {}, Some(chat)) => {
                self.forget(self.chats[chat].customer());
                self.leave(chat, out);
                self.close(Peer::Conn(from), Party::Customer, out);
                None
            }
        };
        if let Some(reason) = refused {
            self.tally.violations += 1;
            out.push((from, Parcel::Customer(ToCustomer::error(reason))));
        }
    }

    fn open(&mut self, from: ConnId, peer: Peer, id: ChatId, out: &mut Out) {
        self.tally.chats += 1;
        match self.router.offer(id, self.request(id)) {
            Offered::Rejected => {
                self.tally.rejected += 1;
                self.chats.remove(id);
                self.forget(Some(peer));
                self.visitors.remove(&from);
                let reason = Reason::QueueFull.code().to_owned();
                out.push((from, Parcel::Customer(ToCustomer::Rejected { reason })));
                out.push((from, Parcel::End(Ending::Done)));
            }
            Offered::Accepted { ahead } => {
                self.visitors.insert(from, Visitor::Customer(Some(id)));
                if let Peer::Line(line) = peer {
                    self.lines.get(line).chat = Some(id);
                }
                self.assign(out);
                if let Stage::Waiting(_) = self.chats[id].stage {
                    let position = ahead + 1;
                    self.hears(peer, ToCustomer::Queued { position }, out);
                }
            }
        }
    }

    /// A message goes to the agent, or is kept for the agent while the chat waits.
    fn say(&mut self, id: ChatId, said: Said, heard: u32, out: &mut Out) -> Option<Reason> {
        let seq = said.seq;
        let chat = &mut self.chats[id];
        let (number, stage, customer) = (chat.number, chat.stage, chat.customer());
        match stage {
            Stage::Talking { agent, .. } => {
                let text = said.text.clone();
                chat.keep(said);
                self.tally.messages += chat.hand_on();
                self.chats.unquiet(id);
                let chat = number;
                self.tell(agent, ToAgent::Message { chat, seq, text }, out);
            }
            Stage::Waiting(_) if chat.keep(said) => {}
            _ => return Some(Reason::NotAssigned),
        }
        if let Some(Peer::Line(line)) = customer {
            self.lines.heard(line, heard);
            let got = &mut self.lines.get(line).got;
            *got = seq.max(*got);
        }
        None
    }

    /// The customer is seen typing, by an agent who has the chat.
    fn customer_types(&mut self, id: ChatId, out: &mut Out) {
        if let Stage::Talking { agent, .. } = self.chats[id].stage {
            self.tally.typing += 1;
            let chat = self.chats[id].number;
            self.tell(agent, ToAgent::Typing { chat }, out);
        }
    }

    /// The customer has left the queue or the chat, or is as good as gone. Its slot stays held until
    /// the agent frees it.
    pub(super) fn leave(&mut self, id: ChatId, out: &mut Out) {
        match self.chats[id].stage {
            Stage::Waiting(_) => {
                self.router.withdraw(id);
                self.chats.remove(id);
            }
            Stage::Talking { agent, .. } => {
                self.chats.unquiet(id);
                self.chats[id].stage = Stage::Left;
                let chat = self.chats[id].number;
                self.tell(agent, ToAgent::Left { chat }, out);
            }
            Stage::Left | Stage::Closed => unreachable!("a customer is gone once"),
        }
    }
}
