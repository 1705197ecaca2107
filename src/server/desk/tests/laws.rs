//! Laws that hold whatever visitors say, as seen by an onlooker who knows the frames alone.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

/// What a visitor does next; numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Customer,
    Agent {
        agent: u32,
        limit: u32,
    },
    Say(usize),
    Typing(usize),
    AgentTyping(usize, u64),
    Leave(usize),
    Reply(usize, u64),
    Close(usize, u64),
    Free(usize, u64),
    HandOver(usize, u64),
    Online {
        conn: usize,
        agent: u32,
        limit: u32,
    },
    Offline(usize),
    Gone(usize),
    /// So many seconds pass.
    Pass(u64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let (conn, chat) = (0..40usize, 0..6u64);
    let deed = prop_oneof![
        4 => Just(Deed::Customer),
        2 => (0..4u32, 0..4u32).prop_map(|(agent, limit)| Deed::Agent { agent, limit }),
        4 => conn.clone().prop_map(Deed::Say),
        1 => conn.clone().prop_map(Deed::Typing),
        1 => (conn.clone(), chat.clone()).prop_map(|(conn, chat)| Deed::AgentTyping(conn, chat)),
        1 => conn.clone().prop_map(Deed::Leave),
        2 => (conn.clone(), chat.clone()).prop_map(|(conn, chat)| Deed::Reply(conn, chat)),
        4 => (conn.clone(), chat.clone()).prop_map(|(conn, chat)| Deed::Close(conn, chat)),
        4 => (conn.clone(), chat.clone()).prop_map(|(conn, chat)| Deed::Free(conn, chat)),
        2 => (conn.clone(), chat).prop_map(|(conn, chat)| Deed::HandOver(conn, chat)),
        1 => (conn.clone(), 0..4u32, 0..4u32)
            .prop_map(|(conn, agent, limit)| Deed::Online { conn, agent, limit }),
        1 => conn.clone().prop_map(Deed::Offline),
        1 => conn.prop_map(Deed::Gone),
        2 => (0..40u64).prop_map(Deed::Pass),
    ];
    proptest::collection::vec(deed, 0..120)
}

/// What an onlooker knows from the frames alone.
#[derive(Default)]
struct Onlooker {
    ended: HashSet<ConnId>,
    /// The chats an agent's connection holds, and its limit.
    agents: HashMap<ConnId, (HashSet<u64>, u32)>,
    /// The agents' connections that have said they finish.
    leaving: HashSet<ConnId>,
    waiting: Vec<ConnId>,
    queue_limit: usize,
    /// Customers whom an agent has.
    talking: HashSet<ConnId>,
    numbers: HashSet<u64>,
    /// Slots freed of which the agent has not heard yet, with the agent's connection.
    freed: HashSet<(ConnId, u64)>,
}

impl Onlooker {
    /// What an input that was followed changes, before it has its answer.
    fn knows(&mut self, conn: ConnId, input: &Input) {
        match input {
            Input::Agent(FromAgent::Free { chat } | FromAgent::HandOver { chat }) => {
                if let Some((held, _)) = self.agents.get_mut(&conn) {
                    held.remove(chat);
                    self.freed.insert((conn, *chat));
                }
            }
            Input::Agent(FromAgent::Offline {}) => {
                self.leaving.insert(conn);
            }
            Input::Gone => {
                self.agents.remove(&conn);
                self.talking.remove(&conn);
                self.waiting.retain(|waiting| *waiting != conn);
            }
            _ => {}
        }
    }

    /// Whether an agent who takes chats holds fewer than it may.
    fn sees_room(&self) -> bool {
        self.agents.keys().any(|conn| self.has_room(*conn))
    }

    /// Whether this agent is one of them.
    fn has_room(&self, conn: ConnId) -> bool {
        let agent = self.agents.get(&conn);
        let room = agent.is_some_and(|(held, limit)| held.len() < *limit as usize);
        room && !self.leaving.contains(&conn)
    }

    fn sees(&mut self, out: &Out) {
        for (conn, parcel) in out {
            assert!(!self.ended.contains(conn), "nothing follows the end");
            match parcel {
                Parcel::End(_) => {
                    self.ended.insert(*conn);
                }
                Parcel::Agent(ToAgent::Online { limit, .. }) => {
                    // Who was leaving and comes back has the chats still.
                    self.agents.entry(*conn).or_default().1 = *limit;
                    self.leaving.remove(conn);
                }
                Parcel::Agent(ToAgent::Assigned { chat, turn, .. }) => {
                    let new = self.numbers.insert(*chat);
                    assert_eq!(new, *turn == 0, "a number is used once");
                    let (held, limit) = self.agents.get_mut(conn).expect("online");
                    held.insert(*chat);
                    assert!(held.len() <= *limit as usize, "K is exceeded");
                }
                Parcel::Agent(ToAgent::Freed { chat }) => {
                    assert!(self.freed.remove(&(*conn, *chat)), "it is said once");
                    let waits = self.waiting.is_empty() || !self.has_room(*conn);
                    assert!(waits, "who waits is given out before");
                }
                Parcel::Agent(ToAgent::Offline {}) => {
                    let (held, _) = self.agents.remove(conn).expect("online");
                    self.leaving.remove(conn);
                    assert!(held.is_empty(), "an agent finishes first");
                }
                Parcel::Customer(ToCustomer::Queued { position }) => {
                    let place = *position as usize - 1;
                    let back = self.talking.remove(conn);
                    assert!(back || place == self.waiting.len(), "who is new comes last");
                    assert!(back || place < self.queue_limit, "the queue is full");
                    self.waiting.insert(place, *conn);
                }
                Parcel::Customer(ToCustomer::Assigned { .. }) => {
                    self.talking.insert(*conn);
                    if let Some(place) = self.waiting.iter().position(|c| c == conn) {
                        assert_eq!(place, 0, "first come, first served");
                        self.waiting.remove(0);
                    }
                }
                Parcel::Customer(ToCustomer::Closed { .. }) => {
                    self.talking.remove(conn);
                    self.waiting.retain(|c| c != conn);
                }
                Parcel::Customer(ToCustomer::Typing {} | ToCustomer::Message { .. }) => {
                    assert!(self.talking.contains(conn), "both are in the chat");
                }
                Parcel::Agent(ToAgent::Typing { chat } | ToAgent::Message { chat, .. }) => {
                    assert!(self.agents[conn].0.contains(chat), "both are in the chat");
                }
                Parcel::Customer(_) | Parcel::Agent(_) => {}
            }
        }
    }
}

fn input_of(deed: Deed, next: u64, onlooker: &Onlooker) -> (u64, Input) {
    let text = String::new;
    let pick = |conn: usize| conn as u64 % next.max(1);
    // Mostly a chat that the agent holds, else a number at random.
    let held = |conn: usize, chat: u64| {
        let agent = onlooker.agents.get(&ConnId(pick(conn)));
        let mut held: Vec<u64> = agent.iter().flat_map(|(held, _)| held).copied().collect();
        held.sort_unstable();
        let place = (chat as usize).checked_rem(held.len()).filter(|_| chat > 0);
        place.map_or(chat, |place| held[place])
    };
    let customer = |conn, frame| (pick(conn), Input::Customer(frame));
    let agent = |conn, frame| (pick(conn), Input::Agent(frame));
    match deed {
        Deed::Customer => (next, Input::Joined(Role::Customer)),
        Deed::Agent { .. } => (next, Input::Joined(Role::Agent)),
        Deed::Say(conn) => customer(
            conn,
            FromCustomer::Say {
                seq: 1,
                text: text(),
                heard: 0,
            },
        ),
        Deed::Typing(conn) => customer(conn, FromCustomer::Typing {}),
        Deed::AgentTyping(conn, chat) => agent(
            conn,
            FromAgent::Typing {
                chat: held(conn, chat),
            },
        ),
        Deed::Leave(conn) => customer(conn, FromCustomer::Leave {}),
        Deed::Reply(conn, chat) => {
            let chat = held(conn, chat);
            agent(
                conn,
                FromAgent::Reply {
                    chat,
                    seq: 1,
                    text: text(),
                },
            )
        }
        Deed::Close(conn, chat) => agent(
            conn,
            FromAgent::Close {
                chat: held(conn, chat),
            },
        ),
        Deed::Free(conn, chat) => agent(
            conn,
            FromAgent::Free {
                chat: held(conn, chat),
            },
        ),
        Deed::HandOver(conn, chat) => agent(
            conn,
            FromAgent::HandOver {
                chat: held(conn, chat),
            },
        ),
        Deed::Online {
            conn,
            agent: number,
            limit,
        } => agent(
            conn,
            FromAgent::Online {
                agent: number,
                limit,
            },
        ),
        Deed::Offline(conn) => agent(conn, FromAgent::Offline {}),
        Deed::Gone(conn) => (pick(conn), Input::Gone),
        Deed::Pass(_) => unreachable!("time is no input"),
    }
}

proptest! {
    #[test]
    fn whatever_is_said_the_laws_hold(
        deeds in deeds(),
        queue_limit in 0..6u32,
        inactivity in prop_oneof![Just(Span::ENDLESS), Just(Span::from_secs(30))],
    ) {
        let mut rig = Rig::by(DeskRules { inactivity, ..rules(queue_limit) });
        let queue_limit = queue_limit as usize;
        let (mut onlooker, mut next) = (Onlooker { queue_limit, ..Onlooker::default() }, 0);
        for deed in deeds {
            if let Deed::Pass(secs) = deed {
                onlooker.sees(&rig.pass(secs));
                prop_assert!(rig.desk.deadline() > rig.now);
                continue;
            }
            let follow = match deed {
                Deed::Customer => {
                    let (marker, text, priority) = (format!("c{next}"), None, 0);
                    Some(Input::Customer(FromCustomer::Open { marker, text, priority, ticket: None }))
                }
                Deed::Agent { agent, limit } => {
                    Some(Input::Agent(FromAgent::Online { agent, limit }))
                }
                _ => None,
            };
            let (conn, input) = input_of(deed, next, &onlooker);
            let mut out = Vec::new();
            let before = rig.desk.tally().violations;
            rig.desk.handle(rig.now, ConnId(conn), input.clone(), &mut out);
            if rig.desk.tally().violations == before {
                onlooker.knows(ConnId(conn), &input);
            }
            onlooker.sees(&out);
            if let Some(follow) = follow {
                let mut out = Vec::new();
                rig.desk.handle(rig.now, ConnId(conn), follow, &mut out);
                onlooker.sees(&out);
                next += 1;
            }
            onlooker.sees(&rig.settle());
            prop_assert!(onlooker.freed.is_empty());
            prop_assert_eq!(rig.desk.waiting() as usize, onlooker.waiting.len());
            prop_assert!(onlooker.waiting.is_empty() || !onlooker.sees_room());
        }
        (0..next).for_each(|conn| {
            rig.input(conn, Input::Gone);
        });
        prop_assert_eq!((rig.desk.chats.len(), rig.desk.waiting()), (0, 0));
        prop_assert!((0..4).all(|agent| rig.desk.held(agent) == 0));
        prop_assert_eq!(rig.desk.deadline(), Time::NEVER);
    }

    /// Chats that are kept end, too, and the limits hold: as the agents see it.
    #[test]
    fn whatever_is_kept_ends(deeds in deeds(), kept_s in 1..60u64) {
        let kept_for = Span::from_secs(kept_s);
        let mut rig = Rig::by(DeskRules { kept_for, ..rules(3) });
        let (mut onlooker, mut next) = (Onlooker::default(), 0);
        let to_agents = |mut out: Out| {
            out.retain(|(_, parcel)| matches!(parcel, Parcel::Agent(_)));
            out
        };
        for deed in deeds {
            let follow = match deed {
                Deed::Pass(secs) => {
                    onlooker.sees(&to_agents(rig.pass(secs)));
                    prop_assert!(rig.desk.deadline() > rig.now);
                    continue;
                }
                // Somebody new, or somebody from before.
                Deed::Customer if next % 3 == 2 => {
                    let (ticket, heard) = (format!("ticket-number-{:04}", next * 7 % next), 0);
                    Some(Input::Customer(FromCustomer::Resume { ticket, heard }))
                }
                Deed::Customer => {
                    let (marker, ticket) = (format!("c{next}"), format!("ticket-number-{next:04}"));
                    let (text, priority, ticket) = (None, 0, Some(ticket));
                    let open = FromCustomer::Open { marker, text, priority, ticket };
                    Some(Input::Customer(open))
                }
                Deed::Agent { agent, limit } => {
                    Some(Input::Agent(FromAgent::Online { agent, limit }))
                }
                _ => None,
            };
            let (conn, input) = input_of(deed, next, &onlooker);
            let before = rig.desk.tally().violations;
            let out = rig.input(conn, input.clone());
            if rig.desk.tally().violations == before {
                onlooker.knows(ConnId(conn), &input);
            }
            onlooker.sees(&to_agents(out));
            if let Some(follow) = follow {
                onlooker.sees(&to_agents(rig.input(conn, follow)));
                next += 1;
            }
            onlooker.sees(&to_agents(rig.settle()));
        }
        (0..next).for_each(|conn| {
            rig.input(conn, Input::Gone);
        });
        rig.pass(kept_s);
        let left = (rig.desk.chats.len(), rig.desk.lines.len(), rig.desk.waiting());
        prop_assert_eq!(left, (0, 0, 0));
        prop_assert!((0..4).all(|agent| rig.desk.held(agent) == 0));
        prop_assert_eq!(rig.desk.deadline(), Time::NEVER);
    }
}
