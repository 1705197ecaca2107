//! Owns what a customer may say, and what it causes.
//!
//! Law: a customer has one chat, from `open` to the frame that ends it. One connection, one chat,
//! because then the end of either is the end of both.

use super::chats::Stage;
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
            (FromCustomer::Open { .. }, Some(_)) => Some(Reason::AlreadyOpen),
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
                },
                None,
            ) => {
                let id = self.chats.add(from, marker, text, priority, self.now);
                self.open(from, id, out);
                None
            }
            (FromCustomer::Say { .. } | FromCustomer::Leave {}, None) => Some(Reason::NotOpen),
            (FromCustomer::Typing {}, chat) => {
                chat.into_iter()
                    .for_each(|chat| self.customer_types(chat, out));
                None
            }
            (FromCustomer::Say { seq, text }, Some(chat)) => self.say(chat, seq, text, out),
            (FromCustomer::Leave {}, Some(chat)) => {
                self.leave(chat, out);
                self.close(from, Party::Customer, out);
                None
            }
        };
        if let Some(reason) = refused {
            self.tally.violations += 1;
            out.push((from, Parcel::Customer(ToCustomer::error(reason))));
        }
    }

    fn open(&mut self, from: ConnId, id: ChatId, out: &mut Out) {
        self.tally.chats += 1;
        match self.router.offer(id, self.request(id)) {
            Offered::Rejected => {
                self.tally.rejected += 1;
                self.chats.remove(id);
                self.visitors.remove(&from);
                let reason = Reason::QueueFull.code().to_owned();
                out.push((from, Parcel::Customer(ToCustomer::Rejected { reason })));
                out.push((from, Parcel::End(Ending::Done)));
            }
            Offered::Accepted { ahead } => {
                self.visitors.insert(from, Visitor::Customer(Some(id)));
                self.assign(out);
                if let Stage::Waiting(_) = self.chats[id].stage {
                    let position = ahead + 1;
                    out.push((from, Parcel::Customer(ToCustomer::Queued { position })));
                }
            }
        }
    }

    /// A message goes to the agent, or is kept for the agent while the chat waits.
    fn say(&mut self, id: ChatId, seq: u32, text: String, out: &mut Out) -> Option<Reason> {
        let chat = &mut self.chats[id];
        let (number, stage) = (chat.number, chat.stage);
        match stage {
            Stage::Talking { agent, .. } => {
                let said = Said {
                    seq,
                    text: text.clone(),
                };
                chat.keep(said);
                self.tally.messages += chat.hand_on();
                self.chats.unquiet(id);
                let chat = number;
                self.tell(agent, ToAgent::Message { chat, seq, text }, out);
            }
            Stage::Waiting(_) if chat.keep(Said { seq, text }) => {}
            _ => return Some(Reason::NotAssigned),
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

    /// Tells the customer that the chat is over, and ends the connection.
    pub(super) fn close(&mut self, customer: ConnId, by: Party, out: &mut Out) {
        self.visitors.remove(&customer);
        out.push((customer, Parcel::Customer(ToCustomer::Closed { by })));
        out.push((customer, Parcel::End(Ending::Done)));
    }
}
