//! Conversations without a socket.

mod hand_over;
mod laws;
mod lost;
mod quiet;
mod said;

use std::collections::HashMap;

use super::*;
use crate::center::rules::Policy;
use crate::wire::PROTOCOL;
use crate::wire::reason::Reason;

/// A desk, and all that it has said.
struct Rig {
    desk: Desk,
    now: Time,
    heard: HashMap<ConnId, Vec<Parcel>>,
}

/// How a desk goes that does not end quiet chats.
fn rules(queue_limit: u32) -> DeskRules {
    DeskRules {
        router: RouterRules::new(queue_limit, Policy::FewestActive),
        inactivity: Span::ENDLESS,
        kept_for: Span::ZERO,
        seed: 1,
        replication: 0,
    }
}

impl Rig {
    fn new(queue_limit: u32) -> Rig {
        Rig::by(rules(queue_limit))
    }

    fn by(rules: DeskRules) -> Rig {
        let hello = Hello {
            protocol: PROTOCOL,
            server: "test".to_owned(),
            policy: "fewest-active".to_owned(),
            queue_limit: Some(rules.router.queue_limit),
            levels: rules.router.levels,
            age_after_ms: None,
            inactivity_ms: None,
            frame_limit: 1024,
            kept_ms: None,
            idle_ms: 1_000,
        };
        Rig {
            desk: Desk::new(rules, hello),
            now: Time::ZERO,
            heard: HashMap::new(),
        }
    }

    /// So many seconds pass; what the desk does by itself meanwhile.
    fn pass(&mut self, secs: u64) -> Out {
        self.now = self.now + Span::from_secs(secs);
        let mut out = Vec::new();
        self.desk.wake(self.now, &mut out);
        out
    }

    fn settle(&mut self) -> Out {
        let mut out = Vec::new();
        self.desk.settle(self.now, &mut out);
        out
    }

    fn input(&mut self, conn: u64, input: Input) -> Out {
        let mut out = Vec::new();
        self.desk.handle(self.now, ConnId(conn), input, &mut out);
        for (conn, parcel) in &out {
            self.heard.entry(*conn).or_default().push(parcel.clone());
        }
        out
    }

    fn customer(&mut self, conn: u64) -> Out {
        self.customer_at(conn, 0)
    }

    fn customer_at(&mut self, conn: u64, priority: u8) -> Out {
        self.input(conn, Input::Joined(Role::Customer));
        let (marker, text) = (format!("c{conn}"), None);
        self.says(
            conn,
            FromCustomer::Open {
                marker,
                text,
                priority,
                ticket: None,
            },
        )
    }

    fn agent(&mut self, conn: u64, agent: u32, limit: u32) -> Out {
        self.input(conn, Input::Joined(Role::Agent));
        self.does(conn, FromAgent::Online { agent, limit })
    }

    fn says(&mut self, conn: u64, frame: FromCustomer) -> Out {
        self.input(conn, Input::Customer(frame))
    }

    fn does(&mut self, conn: u64, frame: FromAgent) -> Out {
        self.input(conn, Input::Agent(frame))
    }
}

fn to_customer(conn: u64, frame: ToCustomer) -> (ConnId, Parcel) {
    (ConnId(conn), Parcel::Customer(frame))
}

fn to_agent(conn: u64, frame: ToAgent) -> (ConnId, Parcel) {
    (ConnId(conn), Parcel::Agent(frame))
}

fn assigned(conn: u64, chat: u64, marker: &str) -> (ConnId, Parcel) {
    let marker = marker.to_owned();
    to_agent(
        conn,
        ToAgent::Assigned {
            chat,
            marker,
            text: None,
            turn: 0,
            answered: 0,
            pending: None,
        },
    )
}

fn freed(conn: u64, chat: u64) -> (ConnId, Parcel) {
    to_agent(conn, ToAgent::Freed { chat })
}

fn refused(conn: u64, reason: Reason, chat: u64) -> Out {
    vec![to_agent(conn, ToAgent::error(reason, Some(chat)))]
}

fn say(seq: u32, text: &str) -> FromCustomer {
    let text = text.to_owned();
    FromCustomer::Say {
        seq,
        text,
        heard: 0,
    }
}

fn message(conn: u64, chat: u64, seq: u32, text: &str) -> (ConnId, Parcel) {
    let text = text.to_owned();
    to_agent(conn, ToAgent::Message { chat, seq, text })
}

fn reply(chat: u64, seq: u32) -> FromAgent {
    let text = String::new();
    FromAgent::Reply { chat, seq, text }
}

fn over(conn: u64, by: Party) -> [(ConnId, Parcel); 2] {
    let end = (ConnId(conn), Parcel::End(Ending::Done));
    [to_customer(conn, ToCustomer::Closed { by }), end]
}

#[test]
fn a_whole_conversation() {
    let mut rig = Rig::new(10);
    let (agent, limit, chat, seq) = (7, 1, 1, 1);
    let online = to_agent(1, ToAgent::Online { agent, limit });
    assert_eq!(rig.agent(1, agent, limit), [online]);
    let taken = rig.customer(2);
    let told = to_customer(2, ToCustomer::Assigned { agent });
    assert_eq!(taken, [assigned(1, chat, "c2"), told]);
    let text = "my parcel is lost".to_owned();
    let said = rig.says(
        2,
        FromCustomer::Say {
            seq,
            text: text.clone(),
            heard: 0,
        },
    );
    assert_eq!(said, [to_agent(1, ToAgent::Message { chat, seq, text })]);
    let text = "which one?".to_owned();
    let reply = rig.does(
        1,
        FromAgent::Reply {
            chat,
            seq,
            text: text.clone(),
        },
    );
    assert_eq!(reply, [to_customer(2, ToCustomer::Message { seq, text })]);
    assert_eq!(
        rig.does(1, FromAgent::Free { chat }),
        refused(1, Reason::ChatOpen, chat)
    );
    let closed = rig.does(1, FromAgent::Close { chat });
    assert_eq!(closed, over(2, Party::Agent));
    // The slot is held until wrap-up is over.
    let waiting = rig.customer(3);
    assert_eq!(
        waiting,
        [to_customer(3, ToCustomer::Queued { position: 1 })]
    );
    assert_eq!(
        rig.does(1, FromAgent::Close { chat }),
        refused(1, Reason::ChatClosed, chat)
    );
    let next = rig.does(1, FromAgent::Free { chat });
    let told = to_customer(3, ToCustomer::Assigned { agent });
    assert_eq!(next, [assigned(1, 2, "c3"), told, freed(1, chat)]);
    assert_eq!(
        rig.does(1, FromAgent::Free { chat }),
        refused(1, Reason::NotYourChat, chat)
    );
    let tally = rig.desk.tally();
    assert_eq!((tally.chats, tally.assigned, tally.messages), (2, 2, 2));
    assert_eq!(tally.violations, 3);
}

#[test]
fn the_first_message_is_handed_over_with_the_chat() {
    let mut rig = Rig::new(10);
    rig.input(1, Input::Joined(Role::Customer));
    let text = Some("hello".to_owned());
    let marker = "m-1".to_owned();
    rig.says(
        1,
        FromCustomer::Open {
            marker: marker.clone(),
            text: text.clone(),
            priority: 0,
            ticket: None,
        },
    );
    let out = rig.agent(2, 0, 1);
    let assigned = ToAgent::Assigned {
        chat: 1,
        marker,
        text,
        turn: 0,
        answered: 0,
        pending: None,
    };
    assert_eq!(out[1], to_agent(2, assigned));
}

#[test]
fn a_customer_who_goes_frees_its_place_at_once_and_its_slot_later() {
    let mut rig = Rig::new(2);
    rig.agent(1, 0, 1);
    (2..=5).for_each(|conn| drop(rig.customer(conn)));
    let reason = Reason::QueueFull.code().to_owned();
    assert_eq!(
        rig.heard[&ConnId(5)][1..],
        [
            Parcel::Customer(ToCustomer::Rejected { reason }),
            Parcel::End(Ending::Done)
        ]
    );
    // Gone without a word while it waits: the place is free.
    assert_eq!(rig.input(3, Input::Gone), []);
    let queued = rig.customer(6);
    assert_eq!(queued, [to_customer(6, ToCustomer::Queued { position: 2 })]);
    // Gone from the chat: the agent is told, and frees the slot when its wrap-up is over.
    let left = rig.input(2, Input::Gone);
    assert_eq!(left, [to_agent(1, ToAgent::Left { chat: 1 })]);
    assert_eq!(rig.desk.held(0), 1);
    // The reply and the close have crossed with the leaving.
    let text = "still there?".to_owned();
    assert_eq!(
        rig.does(
            1,
            FromAgent::Reply {
                chat: 1,
                seq: 1,
                text
            }
        ),
        []
    );
    assert_eq!(rig.does(1, FromAgent::Close { chat: 1 }), []);
    let next = rig.does(1, FromAgent::Free { chat: 1 });
    assert_eq!(next[0], assigned(1, 3, "c4"));
    assert_eq!(rig.desk.tally().late, 1);
}

#[test]
fn a_customer_who_says_so_is_answered() {
    let mut rig = Rig::new(10);
    rig.customer(1);
    assert_eq!(
        rig.says(1, FromCustomer::Leave {}),
        over(1, Party::Customer)
    );
    assert_eq!(rig.says(1, FromCustomer::Leave {}), []);
    rig.agent(2, 0, 1);
    rig.customer(3);
    let out = rig.says(3, FromCustomer::Leave {});
    assert_eq!(out[0], to_agent(2, ToAgent::Left { chat: 2 }));
    assert_eq!(out[1..], over(3, Party::Customer));
}

#[test]
fn an_agent_who_vanishes_takes_its_chats_along() {
    let mut rig = Rig::new(10);
    rig.agent(1, 0, 2);
    (2..=4).for_each(|conn| drop(rig.customer(conn)));
    rig.does(1, FromAgent::Close { chat: 1 });
    assert_eq!(rig.input(1, Input::Gone), over(3, Party::Server));
    assert_eq!((rig.desk.held(0), rig.desk.waiting()), (0, 1));
    // It comes back on another connection, and takes who waits.
    let back = rig.agent(5, 0, 2);
    assert_eq!(back[1], assigned(5, 3, "c4"));
}

#[test]
fn an_agent_who_leaves_finishes_first() {
    let mut rig = Rig::new(10);
    rig.agent(1, 0, 2);
    rig.customer(2);
    assert_eq!(rig.does(1, FromAgent::Offline {}), []);
    let queued = rig.customer(3);
    assert_eq!(queued, [to_customer(3, ToCustomer::Queued { position: 1 })]);
    rig.does(1, FromAgent::Close { chat: 1 });
    let twice = rig.does(1, FromAgent::Offline {});
    let words = ToAgent::error(Reason::AlreadyLeaving, None);
    assert_eq!(twice, [to_agent(1, words)]);
    let away = rig.does(1, FromAgent::Free { chat: 1 });
    assert_eq!(away, [freed(1, 1), to_agent(1, ToAgent::Offline {})]);
    // The next shift on the same connection.
    let (agent, limit) = (0, 1);
    let back = rig.does(1, FromAgent::Online { agent, limit });
    assert_eq!(back[1], assigned(1, 2, "c3"));
}

#[test]
fn an_agent_who_is_leaving_may_come_back() {
    let mut rig = Rig::new(10);
    rig.agent(1, 0, 2);
    rig.customer(2);
    let (agent, limit) = (0, 2);
    let online = FromAgent::Online { agent, limit };
    let words = ToAgent::error(Reason::AlreadyOnline, None);
    assert_eq!(rig.does(1, online.clone()), [to_agent(1, words)]);
    rig.does(1, FromAgent::Offline {});
    rig.customer(3);
    let back = rig.does(1, online);
    assert_eq!(back[0], to_agent(1, ToAgent::Online { agent, limit }));
    assert_eq!(back[1], assigned(1, 2, "c3"));
}

#[test]
fn what_cannot_be_followed_is_refused_with_its_reason() {
    let mut rig = Rig::new(10);
    rig.input(1, Input::Joined(Role::Customer));
    let open = |marker: &str| FromCustomer::Open {
        marker: marker.to_owned(),
        text: None,
        priority: 0,
        ticket: None,
    };
    let high = FromCustomer::Open {
        marker: "m".to_owned(),
        text: None,
        priority: 1,
        ticket: None,
    };
    let long = "x".repeat(65);
    for (frame, reason) in [
        (FromCustomer::Leave {}, Reason::NotOpen),
        (open("white space"), Reason::BadMarker),
        (open(""), Reason::BadMarker),
        (open(&long), Reason::BadMarker),
        (high, Reason::BadPriority),
    ] {
        assert_eq!(
            rig.says(1, frame),
            [to_customer(1, ToCustomer::error(reason))]
        );
    }
    assert_eq!(
        rig.says(1, say(1, "early")),
        [to_customer(1, ToCustomer::error(Reason::NotOpen))]
    );
    rig.says(1, open("fine"));
    let again = rig.says(1, open("fine"));
    assert_eq!(
        again,
        [to_customer(1, ToCustomer::error(Reason::AlreadyOpen))]
    );
    rig.input(2, Input::Joined(Role::Agent));
    rig.agent(3, 0, 1);
    for (agent, limit, reason) in [
        (u32::MAX, 1, Reason::BadAgent),
        (1, 0, Reason::BadLimit),
        (1, u32::MAX, Reason::BadLimit),
        (0, 1, Reason::AgentTaken),
    ] {
        let out = rig.does(2, FromAgent::Online { agent, limit });
        assert_eq!(out, [to_agent(2, ToAgent::error(reason, None))]);
    }
    // Another agent's chat.
    assert_eq!(
        rig.does(2, FromAgent::Close { chat: 1 }),
        refused(2, Reason::NotOnline, 1)
    );
    rig.does(2, FromAgent::Online { agent: 1, limit: 1 });
    assert_eq!(
        rig.does(2, FromAgent::Close { chat: 1 }),
        refused(2, Reason::NotYourChat, 1)
    );
    // A frame of the other side's cannot come, but if it did, nothing happens.
    assert_eq!(rig.says(2, FromCustomer::Leave {}), []);
}

#[test]
fn stopping_ends_all() {
    let mut rig = Rig::new(10);
    rig.agent(1, 0, 1);
    rig.customer(2);
    rig.customer(3);
    rig.input(4, Input::Joined(Role::Customer));
    let mut out = Vec::new();
    rig.desk.stop(&mut out);
    let ends = out
        .iter()
        .filter(|(_, p)| *p == Parcel::End(Ending::Stopping));
    assert_eq!(ends.count(), 4);
    let by = Party::Server;
    let told = to_customer(2, ToCustomer::Closed { by });
    assert_eq!(out.iter().filter(|sent| **sent == told).count(), 1);
    let late = rig.input(5, Input::Joined(Role::Agent));
    assert_eq!(late, [(ConnId(5), Parcel::End(Ending::Stopping))]);
    assert_eq!(rig.input(2, Input::Gone), []);
}
