//! Owns `Imp`: who makes a server's mistakes, every so many chances, and counts them.
//!
//! Law: a chat is meddled with once at most, so that no mistake hides another. What is done is
//! counted by the fault that a run has to count, no more and no less.

use std::collections::BTreeMap;

use busyhour::live::journal::{FAULTS, Fault};
use busyhour::server::desk::{ConnId, Input, Out, Parcel, Role};
use busyhour::wire::frame::{FromAgent, FromCustomer, Said, ToAgent, ToCustomer};
use busyhour::wire::marker::{Direction, Marker};

use super::book::{Book, Chat, Seat};
use super::trick::Trick;

/// A number that no chat of the server has.
const NOBODYS: u64 = 1 << 40;

/// Who makes the mistakes.
#[derive(Debug)]
pub struct Imp {
    /// What it does, each at every so many chances; how many there were, and how often it was done.
    tricks: BTreeMap<Trick, (u32, u32, u32)>,
    done: [u64; FAULTS],
    /// The sequence number of the last reply.
    last: u32,
    /// How many parts a message has.
    parts: u32,
    book: Book,
    /// What is said after the next message of that chat and direction.
    kept: Vec<(u64, ConnId, Parcel)>,
    /// What waits for the second part of that chat.
    held_back: Option<(ConnId, Parcel)>,
}

impl Imp {
    /// One who does this, each at every so many chances, in chats of so many exchanges of so many
    /// parts.
    pub fn new(tricks: &[(Trick, u32)], exchanges: u32, parts: u32) -> Imp {
        let tricks = tricks.iter().map(|(trick, every)| (*trick, (*every, 0, 0)));
        Imp {
            tricks: tricks.collect(),
            done: [0; FAULTS],
            last: exchanges * parts,
            parts,
            book: Book::default(),
            kept: Vec::new(),
            held_back: None,
        }
    }

    /// How often a fault was made.
    pub fn done(&self, fault: Fault) -> u64 {
        self.done[fault as usize]
    }

    /// How often each trick was done.
    pub fn tricks(&self) -> Vec<(Trick, u32)> {
        let tricks = self.tricks.iter();
        tricks.map(|(trick, (.., done))| (*trick, *done)).collect()
    }

    /// Whether to do it now, in the chat of that name, which is spoiled by it.
    fn does(&mut self, trick: Trick, name: &str) -> bool {
        let Some((every, chances, done)) = self.tricks.get_mut(&trick) else {
            return false;
        };
        if self.book.spoiled.contains(name) {
            return false;
        }
        *chances += 1;
        if *chances % *every != 0 {
            return false;
        }
        *done += 1;
        // What is to be said again counts when it is.
        let counts = !matches!(trick, Trick::AgainReply | Trick::AgainSaid);
        self.done[trick.fault() as usize] += u64::from(counts);
        self.book.spoiled.insert(name.to_owned());
        true
    }

    /// What the desk hears of what somebody says; `besides` is sent after the desk's answer.
    pub fn hear(&mut self, from: ConnId, input: Input, besides: &mut Out) -> Option<Input> {
        match input {
            Input::Customer(frame) => self.customer_says(from, frame).map(Input::Customer),
            Input::Agent(frame) => self.agent_says(from, frame, besides).map(Input::Agent),
            Input::Gone | Input::Closed => {
                self.book.seats.remove(&from);
                let gone = self.book.chats.values_mut();
                gone.filter(|chat| chat.customer == from)
                    .for_each(|chat| chat.open = false);
                Some(input)
            }
            Input::Joined(role) => {
                if role == Role::Agent {
                    self.book.seats.insert(from, Seat::default());
                }
                Some(input)
            }
        }
    }

    fn customer_says(&mut self, from: ConnId, frame: FromCustomer) -> Option<FromCustomer> {
        if let FromCustomer::Open { marker, .. } = &frame {
            self.book.customers.insert(marker.clone(), from);
        }
        let talks = self.book.chat_of(from).filter(|(_, chat)| chat.open);
        let talks = talks.map(|(number, chat)| (number, chat.name.clone()));
        if let (FromCustomer::Say { .. }, Some((_, name))) = (&frame, &talks)
            && self.does(Trick::LoseSaidEarly, name)
        {
            return None;
        }
        if let (FromCustomer::Leave {}, Some((number, _))) = (&frame, &talks) {
            self.chat(*number).open = false;
        }
        Some(frame)
    }

    fn agent_says(
        &mut self,
        from: ConnId,
        frame: FromAgent,
        besides: &mut Out,
    ) -> Option<FromAgent> {
        let mut frame = frame;
        let tells = |frame| (from, Parcel::Agent(frame));
        match &mut frame {
            FromAgent::Online { agent, limit } => {
                let seat = self.book.seats.get_mut(&from).unwrap();
                (seat.number, seat.limit, seat.leaving) = (*agent, *limit, false);
                if let Some((every, ..)) = self.tricks.get(&Trick::OverLimit) {
                    *limit += u32::from(agent.is_multiple_of(*every));
                }
            }
            FromAgent::Offline {} => self.book.seats.get_mut(&from).unwrap().leaving = true,
            FromAgent::Free { chat } | FromAgent::HandOver { chat } => {
                if self.book.chats.contains_key(chat) && *chat < NOBODYS {
                    self.book.seats.get_mut(&from).unwrap().held -= 1;
                }
                if self.book.shadows.get(chat) == Some(&from) {
                    self.book.shadows.remove(chat);
                    besides.push(tells(ToAgent::Freed { chat: *chat }));
                    return None;
                }
            }
            FromAgent::Close { chat } => {
                if self.book.shadows.get(chat) == Some(&from) {
                    return None;
                }
                if let Some(closed) = self.book.chats.get_mut(chat) {
                    closed.open = false;
                    besides.extend(self.once_more(Trick::AgainClosed, *chat, from));
                }
            }
            FromAgent::Reply { chat, .. } | FromAgent::Typing { chat } => {
                if self.book.shadows.get(chat) == Some(&from) {
                    return None;
                }
            }
        }
        Some(frame)
    }

    /// The customer's last message of the chat, to be said to this agent again.
    fn once_more(&mut self, trick: Trick, chat: u64, to: ConnId) -> Option<(ConnId, Parcel)> {
        let Chat { said, name, .. } = self.book.chats.get(&chat)?.clone();
        let Said { seq, text } = said?;
        let message = ToAgent::Message { chat, seq, text };
        self.does(trick, &name)
            .then_some((to, Parcel::Agent(message)))
    }

    fn chat(&mut self, number: u64) -> &mut Chat {
        self.book.chats.get_mut(&number).unwrap()
    }

    /// What becomes of a parcel.
    pub fn pass(&mut self, to: ConnId, parcel: Parcel, out: &mut Out) {
        match parcel {
            Parcel::Customer(frame) => self.customer_hears(to, frame, out),
            Parcel::Agent(frame) => self.agent_hears(to, frame, out),
            Parcel::End(_) => out.push((to, parcel)),
        }
    }

    fn customer_hears(&mut self, to: ConnId, frame: ToCustomer, out: &mut Out) {
        let chat = self.book.chat_of(to).map(|(number, _)| number);
        if let (ToCustomer::Closed { .. }, Some(chat)) = (&frame, chat) {
            self.chat(chat).open = false;
        }
        match (frame, chat) {
            (ToCustomer::Message { seq, text }, Some(chat)) => {
                self.reply(to, chat, &Said { seq, text }, out);
            }
            (frame, _) => out.push((to, Parcel::Customer(frame))),
        }
    }

    fn reply(&mut self, to: ConnId, chat: u64, said: &Said, out: &mut Out) {
        let name = self.book.chats[&chat].name.clone();
        let (seq, is_last) = (said.seq, said.seq == self.last);
        let message = |seq, text| Parcel::Customer(ToCustomer::Message { seq, text });
        let parcel = message(seq, said.text.clone());
        let foreign = message(seq, other_run(&said.text));
        if is_last && self.does(Trick::LoseLast, &name) {
            return;
        }
        if seq + self.parts <= self.last && self.does(Trick::LoseReply, &name) {
            return;
        }
        if self.swaps(Trick::SwapReply, seq, &name, (to, parcel.clone()), out) {
            return;
        }
        if let Some(other) = self.book.other_customer(to)
            && seq + self.parts <= self.last
            && self.does(Trick::WrongCustomer, &name)
        {
            out.push((other, parcel));
            return;
        }
        if self.does(Trick::ForeignReply, &name) {
            out.push((to, foreign));
        }
        if self.does(Trick::Unmarked, &name) {
            out.push((to, message(seq, "How may I help?".to_owned())));
        }
        out.push((to, parcel.clone()));
        let twice = if is_last {
            Trick::TwiceLast
        } else {
            Trick::TwiceReply
        };
        if self.does(twice, &name) {
            out.push((to, parcel.clone()));
        }
        self.say_kept(chat, to, out);
        if !is_last && self.does(Trick::AgainReply, &name) {
            self.kept.push((chat, to, parcel));
        }
    }

    /// What was kept of the chat is said now, after the next.
    fn say_kept(&mut self, chat: u64, to: ConnId, out: &mut Out) {
        let next = |kept: &(u64, ConnId, Parcel)| (kept.0, kept.1) == (chat, to);
        if let Some(place) = self.kept.iter().position(next) {
            let (_, to, parcel) = self.kept.swap_remove(place);
            out.push((to, parcel));
            self.done[Fault::Duplicated as usize] += 1;
        }
    }

    /// Whether it is held back, or was let out together with what was: the second part comes first.
    fn swaps(
        &mut self,
        trick: Trick,
        seq: u32,
        name: &str,
        parcel: (ConnId, Parcel),
        out: &mut Out,
    ) -> bool {
        if let Some(first) = self.held_back.take_if(|held| held.0 == parcel.0) {
            out.extend([parcel, first]);
            return true;
        }
        let first = self.parts == 2 && seq % 2 == 1 && self.held_back.is_none();
        if first && self.does(trick, name) {
            self.held_back = Some(parcel);
            return true;
        }
        false
    }

    fn agent_hears(&mut self, to: ConnId, frame: ToAgent, out: &mut Out) {
        let passed = |frame: ToAgent| (to, Parcel::Agent(frame));
        match frame {
            ToAgent::Hello(_) => {
                out.push(passed(frame));
                self.give_away(Trick::TooEarly, to, out);
            }
            ToAgent::Online { agent, .. } => {
                let seat = self.book.seats.get_mut(&to).unwrap();
                seat.online = true;
                let limit = seat.limit;
                out.push(passed(ToAgent::Online { agent, limit }));
            }
            ToAgent::Offline {} => {
                self.book.seats.get_mut(&to).unwrap().online = false;
                out.push(passed(frame));
                self.give_away(Trick::Away, to, out);
            }
            ToAgent::Left { chat } => {
                self.chat(chat).open = false;
                out.push(passed(frame));
                out.extend(self.once_more(Trick::AgainLeft, chat, to));
            }
            ToAgent::Freed { chat } => {
                out.push(passed(frame));
                out.extend(self.once_more(Trick::AgainFreed, chat, to));
                if let Some(shadow) = self.book.shadows.get(&chat) {
                    out.push((*shadow, Parcel::Agent(ToAgent::Left { chat })));
                }
            }
            ToAgent::Assigned { .. } => self.assigned(to, frame, out),
            ToAgent::Message { chat, seq, text } => self.said(to, chat, Said { seq, text }, out),
            ToAgent::Typing { .. } | ToAgent::Error { .. } => out.push(passed(frame)),
        }
    }

    /// Gives a chat to an agent who is not online: one that another has.
    fn give_away(&mut self, trick: Trick, to: ConnId, out: &mut Out) {
        let chats = self.book.chats.iter();
        let mut open =
            chats.filter(|(_, chat)| chat.open && !self.book.spoiled.contains(&chat.name));
        let Some((_, Chat { name, .. })) = open.next() else {
            return;
        };
        let name = name.clone();
        if self.does(trick, &name) {
            let marker = Marker::parse(&name).unwrap();
            let text = marker.at(Direction::Customer, 1).to_string();
            let chat = NOBODYS;
            out.push((to, assigned(chat, name, Some(text))));
            let text = marker.at(Direction::Customer, 2).to_string();
            let message = ToAgent::Message { chat, seq: 2, text };
            out.push((to, Parcel::Agent(message)));
        }
    }

    fn assigned(&mut self, to: ConnId, frame: ToAgent, out: &mut Out) {
        let ToAgent::Assigned {
            chat,
            marker,
            text,
            turn,
            answered,
            pending,
        } = frame
        else {
            unreachable!("the caller has looked");
        };
        let loses_all = text.is_some() && self.does(Trick::LoseAssignment, &marker);
        let seat = self.book.seats.get_mut(&to).unwrap();
        seat.held += u32::from(!loses_all);
        let over = seat.held > seat.limit;
        if over {
            self.done[Fault::OverLimit as usize] += 1;
            self.book.spoiled.insert(marker.clone());
        } else if self.book.shadows.contains_key(&chat) {
            // Handed over by the one, and the other has still work with it.
            self.done[Fault::AssignedTwice as usize] += 1;
        }
        let said = text.clone().map(|text| Said { seq: 1, text });
        let known = Chat {
            name: marker.clone(),
            customer: self.book.customers[&marker],
            agent: to,
            said: pending.clone().or(said),
            open: !over,
        };
        self.book.chats.insert(chat, known);
        if loses_all {
            return;
        }
        let loses = text.is_some() && self.does(Trick::LoseFirst, &marker);
        let told = ToAgent::Assigned {
            chat,
            marker: marker.clone(),
            text: text.filter(|_| !loses),
            turn,
            answered,
            pending,
        };
        let told = Parcel::Agent(told);
        if self.does(Trick::ForeignChat, &marker) {
            out.push((to, assigned(NOBODYS, other_run(&marker), None)));
        }
        out.push((to, told.clone()));
        if self.does(Trick::OneAgentTwice, &marker) {
            out.push((to, told.clone()));
        }
        if let Some(other) = self.book.agent_with_room(to)
            && self.does(Trick::TwoAgents, &marker)
        {
            self.book.seats.get_mut(&other).unwrap().held += 1;
            self.book.shadows.insert(chat, other);
            out.push((other, told));
        }
    }

    fn said(&mut self, to: ConnId, chat: u64, said: Said, out: &mut Out) {
        let name = self.book.chats[&chat].name.clone();
        let Said { seq, text } = said.clone();
        let message = |chat, text| Parcel::Agent(ToAgent::Message { chat, seq, text });
        let parcel = message(chat, text.clone());
        if self.does(Trick::LoseSaid, &name)
            || self.swaps(Trick::SwapSaid, seq, &name, (to, parcel.clone()), out)
        {
            return;
        }
        if let Some(other) = self.book.other_agent(to)
            && self.does(Trick::WrongAgent, &name)
        {
            out.push((other, parcel));
            return;
        }
        if let Some(other) = self.book.other_chat(chat)
            && self.does(Trick::WrongChat, &name)
        {
            out.push((to, message(other, text)));
            return;
        }
        if self.does(Trick::NoChat, &name) {
            out.push((to, message(NOBODYS, text)));
            return;
        }
        if self.does(Trick::Echo, &name) {
            let customer = self.book.chats[&chat].customer;
            let echo = ToCustomer::Message { seq, text };
            out.push((customer, Parcel::Customer(echo)));
            return;
        }
        if self.does(Trick::ForeignSaid, &name) {
            out.push((to, message(chat, other_run(&text))));
        }
        self.chat(chat).said = Some(said);
        out.push((to, parcel.clone()));
        if self.does(Trick::TwiceSaid, &name) {
            out.push((to, parcel.clone()));
        }
        self.say_kept(chat, to, out);
        if seq + self.parts <= self.last && self.does(Trick::AgainSaid, &name) {
            self.kept.push((chat, to, parcel));
        }
    }
}

fn assigned(chat: u64, marker: String, text: Option<String>) -> Parcel {
    Parcel::Agent(ToAgent::Assigned {
        chat,
        marker,
        text,
        turn: 0,
        answered: 0,
        pending: None,
    })
}

/// The same marker, of another run.
fn other_run(text: &str) -> String {
    let marker = Marker::of(text).unwrap();
    let run = marker.run ^ 1;
    Marker { run, ..marker }.to_string()
}
