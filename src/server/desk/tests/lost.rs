//! Connections that are lost, and chats that go on on others.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::wire::limits::UNHEARD_MOST;

const KEPT_S: u64 = 60;

fn rig() -> Rig {
    Rig::by(DeskRules {
        kept_for: Span::from_secs(KEPT_S),
        ..rules(10)
    })
}

fn ticket(chat: u64) -> String {
    format!("ticket-number-{chat:04}")
}

/// A chat that is kept begins on a connection, with a first message.
fn open(rig: &mut Rig, conn: u64, chat: u64) -> Out {
    rig.input(conn, Input::Joined(Role::Customer));
    let (marker, text) = (format!("c{chat}"), Some("first".to_owned()));
    let (priority, ticket) = (0, Some(ticket(chat)));
    rig.says(
        conn,
        FromCustomer::Open {
            marker,
            text,
            priority,
            ticket,
        },
    )
}

fn resume(rig: &mut Rig, conn: u64, chat: u64, heard: u32) -> Out {
    rig.input(conn, Input::Joined(Role::Customer));
    let ticket = ticket(chat);
    rig.says(conn, FromCustomer::Resume { ticket, heard })
}

fn resumed(conn: u64, got: u32, missed: u32) -> (ConnId, Parcel) {
    to_customer(conn, ToCustomer::Resumed { got, missed })
}

fn gone(conn: u64) -> Out {
    vec![to_customer(conn, ToCustomer::Gone {})]
}

#[test]
fn who_is_back_in_time_misses_nothing() {
    let mut rig = rig();
    rig.agent(1, 0, 1);
    open(&mut rig, 2, 2);
    assert_eq!(rig.input(2, Input::Gone), [], "nobody notices");
    rig.does(1, reply(1, 1));
    rig.does(1, FromAgent::Typing { chat: 1 });
    assert_eq!(rig.desk.tally().typing, 0);
    rig.pass(KEPT_S - 1);
    let (seq, text) = (1, String::new());
    let told = [
        resumed(3, 1, 1),
        to_customer(3, ToCustomer::Message { seq, text }),
    ];
    assert_eq!(resume(&mut rig, 3, 2, 1), told);
    let said = rig.says(3, say(2, "so"));
    assert_eq!(said, [message(1, 1, 2, "so")]);
    // The chat goes on for as long as it likes.
    assert_eq!(rig.pass(10 * KEPT_S), []);
    assert_eq!(
        rig.does(1, FromAgent::Close { chat: 1 }),
        over(3, Party::Agent)
    );
}

#[test]
fn who_is_not_has_left() {
    let mut rig = rig();
    rig.agent(1, 0, 1);
    open(&mut rig, 2, 2);
    open(&mut rig, 3, 3);
    rig.input(2, Input::Gone);
    rig.pass(10);
    rig.input(3, Input::Gone);
    assert_eq!(rig.desk.deadline(), Time::ZERO + Span::from_secs(KEPT_S));
    assert_eq!(rig.desk.waiting(), 1, "it keeps its place in the queue");
    let left = rig.pass(KEPT_S - 10);
    assert_eq!(left, [to_agent(1, ToAgent::Left { chat: 1 })]);
    assert_eq!(resume(&mut rig, 4, 2, 1), gone(4));
    rig.pass(10);
    assert_eq!((rig.desk.waiting(), rig.desk.lines.len()), (0, 0));
    assert_eq!((rig.desk.tally().lapsed, rig.desk.held(0)), (2, 1));
    // Who hears that nothing is left may ask anew, on the same connection.
    let (marker, text) = ("c2".to_owned(), None);
    let (priority, ticket) = (0, Some(ticket(2)));
    let again = FromCustomer::Open {
        marker,
        text,
        priority,
        ticket,
    };
    let queued = to_customer(4, ToCustomer::Queued { position: 1 });
    assert_eq!(rig.says(4, again), [queued]);
}

#[test]
fn the_end_of_a_chat_is_told_to_who_is_back() {
    let mut rig = rig();
    rig.agent(1, 0, 1);
    open(&mut rig, 2, 2);
    rig.input(2, Input::Gone);
    rig.does(1, FromAgent::Close { chat: 1 });
    rig.does(1, FromAgent::Free { chat: 1 });
    rig.pass(KEPT_S - 1);
    let by = Party::Agent;
    let told = |conn| {
        vec![
            resumed(conn, 1, 1),
            to_customer(conn, ToCustomer::Closed { by }),
            (ConnId(conn), Parcel::End(Ending::Done)),
        ]
    };
    // And told again where that was lost as well.
    assert_eq!(resume(&mut rig, 3, 2, 1), told(3));
    assert_eq!(resume(&mut rig, 4, 2, 1), told(4));
    rig.pass(1);
    assert_eq!(resume(&mut rig, 5, 2, 1), gone(5));
    assert_eq!(rig.desk.lines.len(), 0);
}

#[test]
fn who_leaves_in_due_form_does_not_come_back() {
    for leaves in [
        Input::Closed,
        Input::Customer(FromCustomer::Leave {}),
        Input::Gone,
    ] {
        let mut rig = rig();
        rig.agent(1, 0, 1);
        open(&mut rig, 2, 2);
        let kept = leaves == Input::Gone;
        let out = rig.input(2, leaves);
        assert_eq!(out.is_empty(), kept);
        let back = resume(&mut rig, 3, 2, 0);
        assert_eq!(back == gone(3), !kept);
    }
    // And where nothing is kept, a ticket is of no use.
    let mut rig = Rig::new(10);
    rig.agent(1, 0, 1);
    open(&mut rig, 2, 2);
    let left = rig.input(2, Input::Gone);
    assert_eq!(left, [to_agent(1, ToAgent::Left { chat: 1 })]);
    assert_eq!(resume(&mut rig, 3, 2, 0), gone(3));
}

#[test]
fn the_last_connection_is_the_customers() {
    let mut rig = rig();
    rig.agent(1, 0, 1);
    open(&mut rig, 2, 2);
    let replaced = (ConnId(2), Parcel::End(Ending::Replaced));
    assert_eq!(resume(&mut rig, 3, 2, 1), [replaced, resumed(3, 1, 0)]);
    // What still comes on the old one is let pass.
    assert_eq!(rig.says(2, say(2, "old")), []);
    assert_eq!(rig.input(2, Input::Gone), []);
    assert_eq!(rig.says(3, say(2, "new")), [message(1, 1, 2, "new")]);
    let again = rig.says(
        3,
        FromCustomer::Resume {
            ticket: ticket(2),
            heard: 0,
        },
    );
    let words = ToCustomer::error(Reason::AlreadyOpen);
    assert_eq!(again, [to_customer(3, words)]);
}

#[test]
fn a_ticket_is_long_and_of_one_chat() {
    let mut rig = rig();
    open(&mut rig, 2, 2);
    let bad = |conn| to_customer(conn, ToCustomer::error(Reason::BadTicket));
    assert_eq!(open(&mut rig, 3, 2), [bad(3)]);
    for ticket in ["short", "white space and more", &"x".repeat(65)] {
        let (marker, text) = ("c3".to_owned(), None);
        let (priority, ticket) = (0, Some(ticket.to_owned()));
        let open = FromCustomer::Open {
            marker,
            text,
            priority,
            ticket,
        };
        assert_eq!(rig.says(3, open), [bad(3)]);
    }
    assert_eq!(rig.desk.tally().chats, 1);
}

#[test]
fn more_than_is_kept_cannot_be_missed() {
    let mut rig = rig();
    rig.agent(1, 0, 1);
    open(&mut rig, 2, 2);
    rig.input(2, Input::Gone);
    let most = UNHEARD_MOST as u32;
    (0..most).for_each(|seq| drop(rig.does(1, reply(1, seq))));
    assert_eq!(resume(&mut rig, 3, 2, 1)[0], resumed(3, 1, most));
    rig.input(3, Input::Gone);
    rig.does(1, reply(1, most));
    let out = resume(&mut rig, 4, 2, 1);
    assert_eq!(out[0], to_agent(1, ToAgent::Left { chat: 1 }));
    assert_eq!(out[1..], gone(4));
}

/// What happens next; numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug)]
enum Deed {
    /// The customer says its next message.
    Say,
    /// The agent replies.
    Reply,
    /// So many frames on their way to the server come.
    ToServer(usize),
    /// So many frames on their way to the customer come.
    ToCustomer(usize),
    /// The connection is lost with all that is on its way to the customer, and so much of what is on
    /// its way to the server.
    Cut(usize),
    /// The customer comes back.
    Back,
    /// The agent hands the chat over, and takes it again.
    HandOver,
    Pass(u64),
}

/// A customer with its ends of the connection.
#[derive(Default)]
struct Caller {
    conn: u64,
    up: bool,
    said: u32,
    heard: u32,
    messages: Vec<u32>,
    to_server: VecDeque<FromCustomer>,
    to_customer: VecDeque<ToCustomer>,
    resumes: bool,
    is_over: bool,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => Just(Deed::Say),
        4 => Just(Deed::Reply),
        4 => (1..4usize).prop_map(Deed::ToServer),
        4 => (1..4usize).prop_map(Deed::ToCustomer),
        3 => (0..4usize).prop_map(Deed::Cut),
        4 => Just(Deed::Back),
        1 => Just(Deed::HandOver),
        1 => (0..KEPT_S / 20).prop_map(Deed::Pass),
    ];
    proptest::collection::vec(deed, 0..150)
}

impl Caller {
    fn connect(&mut self, rig: &mut Rig, first: FromCustomer) {
        (self.conn, self.up) = (self.conn + 1, true);
        rig.input(100 + self.conn, Input::Joined(Role::Customer));
        self.to_server.push_back(first);
    }

    fn resume(&mut self, rig: &mut Rig) {
        self.resumes = true;
        let (ticket, heard) = (ticket(0), self.heard);
        self.connect(rig, FromCustomer::Resume { ticket, heard });
        self.arrive(rig, 1);
    }

    /// Is cut, comes back and hears all that there is.
    fn come_back(&mut self, rig: &mut Rig) {
        self.cut(rig, 0);
        self.resume(rig);
        self.hear(usize::MAX);
    }

    /// What is on its way to the server comes, and what it causes is on its way.
    fn arrive(&mut self, rig: &mut Rig, frames: usize) {
        for _ in 0..frames {
            let Some(frame) = self.to_server.pop_front() else {
                return;
            };
            let out = rig.says(100 + self.conn, frame);
            self.take(out);
        }
    }

    fn take(&mut self, out: Out) {
        let own = ConnId(100 + self.conn);
        for (conn, parcel) in out {
            if let Parcel::Customer(frame) = parcel
                && conn == own
                && self.up
            {
                self.to_customer.push_back(frame);
            }
        }
    }

    fn hear(&mut self, frames: usize) {
        for _ in 0..frames {
            let Some(frame) = self.to_customer.pop_front() else {
                return;
            };
            self.heard += u32::from(frame.is_counted());
            match frame {
                ToCustomer::Message { seq, .. } => self.messages.push(seq),
                ToCustomer::Resumed { got, .. } => {
                    self.resumes = false;
                    for seq in got + 1..=self.said {
                        self.say(seq);
                    }
                }
                ToCustomer::Closed { .. } => self.is_over = true,
                ToCustomer::Gone {} => panic!("the chat is kept"),
                ToCustomer::Error { reason } => panic!("{reason}"),
                _ => {}
            }
        }
    }

    fn say(&mut self, seq: u32) {
        let (text, heard) = (String::new(), self.heard);
        let say = FromCustomer::Say { seq, text, heard };
        self.to_server.push_back(say);
    }

    fn cut(&mut self, rig: &mut Rig, arriving: usize) {
        self.arrive(rig, arriving);
        self.to_server.clear();
        self.to_customer.clear();
        if std::mem::take(&mut self.up) {
            let out = rig.input(100 + self.conn, Input::Gone);
            assert_eq!(out, [], "nobody notices");
        }
    }
}

/// Messages of the customer that have come to its agent, as it hears of them.
fn come_to_agent(rig: &Rig, conn: u64) -> Vec<u32> {
    let heard = rig.heard[&ConnId(conn)].iter();
    let messages = heard.filter_map(|parcel| match parcel {
        Parcel::Agent(ToAgent::Message { seq, .. }) => Some(*seq),
        _ => None,
    });
    messages.collect()
}

proptest! {
    /// Whenever a connection is lost, and however often: each message comes once and in order, both
    /// ways, the chat stands where it stood, and its end is heard.
    #[test]
    fn nothing_is_lost_or_doubled(deeds in deeds()) {
        let mut rig = rig();
        rig.agent(1, 0, 1);
        let mut caller = Caller::default();
        let (marker, priority) = ("c".to_owned(), 0);
        let open = FromCustomer::Open { marker, text: None, priority, ticket: Some(ticket(0)) };
        caller.connect(&mut rig, open);
        caller.arrive(&mut rig, 1);
        let (mut replies, mut turns) = (0, 0);
        for deed in deeds {
            match deed {
                Deed::Say => {
                    caller.said += 1;
                    if caller.up && !caller.resumes {
                        caller.say(caller.said);
                    }
                }
                Deed::Reply => {
                    replies += 1;
                    let out = rig.does(1, reply(1, replies));
                    caller.take(out);
                }
                Deed::ToServer(frames) => caller.arrive(&mut rig, frames),
                Deed::ToCustomer(frames) => caller.hear(frames),
                Deed::Cut(arriving) => caller.cut(&mut rig, arriving),
                Deed::Back if !caller.up => caller.resume(&mut rig),
                Deed::Back => {}
                Deed::HandOver => {
                    // Told again to the next, what waits would look as if it were doubled.
                    replies += 1;
                    let mut out = rig.does(1, reply(1, replies));
                    out.extend(rig.does(1, FromAgent::HandOver { chat: 1 }));
                    out.extend(rig.settle());
                    caller.take(out);
                    turns += 1;
                }
                Deed::Pass(secs) => prop_assert_eq!(rig.pass(secs), []),
            }
            // As many as may be missed are kept: more is another test's.
            let missed = 1 + replies + 2 * turns - caller.heard;
            if missed as usize > UNHEARD_MOST - 4 {
                caller.come_back(&mut rig);
            }
        }
        caller.come_back(&mut rig);
        caller.arrive(&mut rig, usize::MAX);
        prop_assert_eq!(come_to_agent(&rig, 1), (1..=caller.said).collect::<Vec<u32>>());
        caller.cut(&mut rig, 0);
        let out = rig.does(1, FromAgent::Close { chat: 1 });
        prop_assert_eq!(out, []);
        caller.come_back(&mut rig);
        prop_assert!(caller.is_over);
        prop_assert_eq!(&caller.messages, &(1..=replies).collect::<Vec<u32>>());
        rig.does(1, FromAgent::Free { chat: 1 });
        rig.pass(KEPT_S);
        prop_assert_eq!((rig.desk.chats.len(), rig.desk.lines.len(), rig.desk.held(0)), (0, 0, 0));
    }
}
