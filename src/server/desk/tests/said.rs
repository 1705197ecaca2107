//! What is said while nobody is there to read it, and who is seen typing.

use super::*;
use crate::wire::limits::KEPT_MOST;

const KEPT: u32 = KEPT_MOST as u32;

fn open(rig: &mut Rig, conn: u64, text: Option<&str>) {
    rig.input(conn, Input::Joined(Role::Customer));
    let frame = FromCustomer::Open {
        marker: format!("c{conn}"),
        text: text.map(str::to_owned),
        priority: 0,
        ticket: None,
    };
    rig.says(conn, frame);
}

fn refused_to(conn: u64) -> Out {
    vec![to_customer(conn, ToCustomer::error(Reason::NotAssigned))]
}

fn assigned_with(conn: u64, chat: u64, marker: &str, text: &str) -> (ConnId, Parcel) {
    let mut parcel = assigned(conn, chat, marker);
    if let Parcel::Agent(ToAgent::Assigned { text: first, .. }) = &mut parcel.1 {
        *first = Some(text.to_owned());
    }
    parcel
}

#[test]
fn what_is_said_in_the_queue_comes_with_the_chat() {
    let mut rig = Rig::new(10);
    open(&mut rig, 2, Some("hello"));
    open(&mut rig, 3, None);
    assert_eq!(rig.says(2, say(2, "anybody?")), []);
    assert_eq!(rig.says(3, say(1, "hi")), []);
    assert_eq!(rig.says(3, say(2, "there")), []);
    assert_eq!(rig.desk.tally().messages, 0, "nobody has got any");
    let out = rig.agent(1, 0, 2);
    let told = |conn| to_customer(conn, ToCustomer::Assigned { agent: 0 });
    let taken = [
        assigned_with(1, 1, "c2", "hello"),
        message(1, 1, 2, "anybody?"),
        told(2),
        assigned_with(1, 2, "c3", "hi"),
        message(1, 2, 2, "there"),
        told(3),
    ];
    assert_eq!(out[1..], taken);
    assert_eq!(rig.desk.tally().messages, 4);
    // Numbers of another beginning are messages as they are.
    open(&mut rig, 4, None);
    rig.says(4, say(7, "seven"));
    rig.does(1, FromAgent::Close { chat: 1 });
    let out = rig.does(1, FromAgent::Free { chat: 1 });
    assert_eq!(out[..2], [assigned(1, 3, "c4"), message(1, 3, 7, "seven")]);
}

#[test]
fn a_queue_keeps_so_much_and_refuses_the_rest() {
    let mut rig = Rig::new(10);
    open(&mut rig, 2, None);
    for seq in 1..=KEPT {
        assert_eq!(rig.says(2, say(seq, "again")), []);
    }
    assert_eq!(rig.says(2, say(KEPT + 1, "too much")), refused_to(2));
    assert_eq!(rig.agent(1, 0, 1).len(), 1 + KEPT_MOST + 1);
    assert_eq!(rig.desk.tally().messages, u64::from(KEPT));
}

/// Of what an agent has got and not answered the oldest is let go.
#[test]
fn the_next_agent_gets_the_last_that_was_said() {
    let mut rig = Rig::new(10);
    rig.agent(1, 0, 1);
    open(&mut rig, 2, None);
    rig.says(2, say(1, "answered"));
    rig.does(1, reply(1, 1));
    for seq in 2..=KEPT + 3 {
        let out = rig.says(2, say(seq, "more"));
        assert_eq!(out, [message(1, 1, seq, "more")]);
    }
    rig.does(1, FromAgent::Offline {});
    rig.does(1, FromAgent::HandOver { chat: 1 });
    rig.says(2, say(KEPT + 4, "last"));
    let out = rig.agent(3, 1, 1);
    let Parcel::Agent(ToAgent::Assigned { pending, .. }) = &out[1].1 else {
        panic!("{out:?}");
    };
    assert_eq!(pending.as_ref().map(|said| said.seq), Some(5));
    assert_eq!(out[KEPT_MOST], message(3, 1, KEPT + 4, "last"));
    assert_eq!(out.len(), 1 + KEPT_MOST + 1);
    // Each message counts once, however often it is handed on.
    assert_eq!(rig.desk.tally().messages, u64::from(KEPT) + 5);
}

#[test]
fn typing_is_seen_by_who_is_in_the_chat() {
    let mut rig = Rig::by(DeskRules {
        inactivity: Span::from_secs(300),
        ..rules(10)
    });
    let (customer, agent) = (FromCustomer::Typing {}, |chat| FromAgent::Typing { chat });
    rig.agent(1, 0, 1);
    rig.customer(2);
    rig.customer(3);
    let seen = to_agent(1, ToAgent::Typing { chat: 1 });
    assert_eq!(rig.says(2, customer.clone()), [seen]);
    let seen = to_customer(2, ToCustomer::Typing {});
    assert_eq!(rig.does(1, agent(1)), [seen]);
    // It is no message: a quiet customer stays quiet.
    rig.does(1, reply(1, 1));
    let deadline = rig.desk.deadline();
    rig.pass(100);
    rig.says(2, customer.clone());
    assert_eq!(
        (rig.desk.deadline(), rig.desk.tally().typing),
        (deadline, 3)
    );
    // Who waits, a chat of nobody or of somebody else, one that is closed: nobody sees it.
    assert_eq!(rig.says(3, customer.clone()), []);
    assert_eq!(rig.does(1, agent(2)), []);
    assert_eq!(rig.does(1, agent(9)), []);
    rig.does(1, FromAgent::Close { chat: 1 });
    assert_eq!(rig.does(1, agent(1)), []);
    assert_eq!(rig.says(2, customer.clone()), []);
    rig.does(1, FromAgent::Free { chat: 1 });
    rig.says(3, FromCustomer::Leave {});
    assert_eq!(rig.does(1, agent(2)), []);
    // Nor before anybody has asked for anything.
    rig.input(4, Input::Joined(Role::Customer));
    rig.input(5, Input::Joined(Role::Agent));
    assert_eq!(rig.says(4, customer), []);
    assert_eq!(rig.does(5, agent(1)), []);
    let tally = rig.desk.tally();
    assert_eq!((tally.typing, tally.violations), (3, 0));
    assert_eq!(tally.messages, 1);
}
