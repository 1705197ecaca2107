//! Chats that go back from their agent to the queue.

use super::*;
use crate::wire::frame::Said;

fn back(conn: u64, position: u32) -> Out {
    vec![to_customer(conn, ToCustomer::Queued { position })]
}

fn assigned_again(
    conn: u64,
    chat: u64,
    marker: &str,
    (turn, answered): (u8, u32),
    pending: Option<(u32, &str)>,
) -> (ConnId, Parcel) {
    to_agent(
        conn,
        ToAgent::Assigned {
            chat,
            marker: marker.to_owned(),
            text: None,
            turn,
            answered,
            pending: pending.map(|(seq, text)| Said {
                seq,
                text: text.to_owned(),
            }),
        },
    )
}

#[test]
fn a_chat_goes_back_with_what_was_said() {
    let mut rig = Rig::new(10);
    rig.agent(1, 0, 2);
    rig.customer(2);
    rig.customer(3);
    rig.customer(4);
    rig.says(2, say(1, "hello"));
    rig.does(1, reply(1, 1));
    rig.says(2, say(2, "and then?"));
    rig.says(3, say(1, "hello"));
    rig.does(1, reply(2, 1));
    assert_eq!(rig.does(1, FromAgent::Offline {}), []);
    // Both go before who waited, the older one first; nothing is given out between.
    let first = rig.does(1, FromAgent::HandOver { chat: 2 });
    assert_eq!(first, [back(3, 1), vec![freed(1, 2)]].concat());
    let last = rig.does(1, FromAgent::HandOver { chat: 1 });
    let away = to_agent(1, ToAgent::Offline {});
    assert_eq!(last, [back(2, 1), vec![freed(1, 1), away]].concat());
    assert_eq!((rig.desk.held(0), rig.desk.waiting()), (0, 3));
    // What is said meanwhile is kept for the next agent.
    assert_eq!(rig.says(3, say(2, "still there?")), []);
    assert_eq!(rig.says(3, say(3, "hello?")), []);
    let out = rig.agent(5, 1, 3);
    let told = |conn| to_customer(conn, ToCustomer::Assigned { agent: 1 });
    let taken = [
        assigned_again(5, 1, "c2", (1, 1), Some((2, "and then?"))),
        told(2),
        assigned_again(5, 2, "c3", (1, 1), Some((2, "still there?"))),
        message(5, 2, 3, "hello?"),
        told(3),
        assigned(5, 3, "c4"),
        told(4),
    ];
    assert_eq!(out[1..], taken);
    assert_eq!(rig.desk.tally().handed_over, 2);
}

#[test]
fn chats_handed_over_in_a_row_are_given_out_together() {
    let mut rig = Rig::new(10);
    rig.agent(1, 0, 2);
    rig.customer(2);
    rig.customer(3);
    rig.agent(4, 1, 1);
    rig.does(1, FromAgent::Offline {});
    // The agent has room for one: the older gets it, though handed over later.
    rig.does(1, FromAgent::HandOver { chat: 2 });
    rig.does(1, FromAgent::HandOver { chat: 1 });
    let out = rig.settle();
    assert_eq!(out[0], assigned_again(4, 1, "c2", (1, 0), None));
    assert_eq!(rig.desk.waiting(), 1);
    assert_eq!(rig.settle(), []);
    // Whatever else comes settles as well.
    let mut rig = Rig::new(10);
    rig.agent(1, 0, 1);
    rig.customer(2);
    rig.agent(3, 1, 1);
    rig.does(1, FromAgent::Offline {});
    rig.does(1, FromAgent::HandOver { chat: 1 });
    let out = rig.customer(4);
    assert_eq!(out, [to_customer(4, ToCustomer::Queued { position: 1 })]);
    assert!(rig.heard[&ConnId(2)].contains(&Parcel::Customer(ToCustomer::Queued { position: 1 })));
}

/// An agent whose shift goes on hears of its free slots when all that they bring is said.
#[test]
fn who_hands_over_and_stays_may_get_the_chat_back() {
    let mut rig = Rig::new(10);
    rig.agent(1, 0, 2);
    rig.customer(2);
    rig.customer(3);
    assert_eq!(rig.does(1, FromAgent::HandOver { chat: 2 }), back(3, 1));
    assert_eq!(rig.does(1, FromAgent::HandOver { chat: 1 }), back(2, 1));
    let told = |conn| to_customer(conn, ToCustomer::Assigned { agent: 0 });
    let out = [
        assigned_again(1, 1, "c2", (1, 0), None),
        told(2),
        assigned_again(1, 2, "c3", (1, 0), None),
        told(3),
        freed(1, 2),
        freed(1, 1),
    ];
    assert_eq!(rig.settle(), out);
    // Where the server stops before, nobody hears more.
    rig.does(1, FromAgent::HandOver { chat: 1 });
    rig.desk.stop(&mut Vec::new());
    assert_eq!(rig.settle(), []);
}

#[test]
fn the_timeout_of_a_quiet_customer_starts_anew_at_the_next_agent() {
    let mut rig = Rig::by(DeskRules {
        inactivity: Span::from_secs(300),
        ..rules(10)
    });
    rig.agent(1, 0, 1);
    rig.customer(2);
    rig.does(1, reply(1, 1));
    rig.does(1, FromAgent::Offline {});
    rig.does(1, FromAgent::HandOver { chat: 1 });
    assert_eq!(rig.desk.deadline(), Time::NEVER);
    rig.pass(1_000);
    rig.agent(3, 1, 1);
    assert_eq!(
        rig.desk.deadline(),
        Time::ZERO + Span::from_secs(1_300),
        "nobody's turn but the customer's"
    );
}

#[test]
fn a_hand_over_that_cannot_be_is_refused_or_frees() {
    let mut rig = Rig::new(10);
    rig.agent(1, 0, 3);
    (2..=4).for_each(|conn| drop(rig.customer(conn)));
    rig.does(1, FromAgent::Close { chat: 1 });
    let hand_over = |chat| FromAgent::HandOver { chat };
    assert_eq!(rig.does(1, hand_over(1)), refused(1, Reason::ChatClosed, 1));
    assert_eq!(
        rig.does(1, hand_over(9)),
        refused(1, Reason::NotYourChat, 9)
    );
    // The customer's leaving has crossed it: only the slot is left.
    rig.says(3, FromCustomer::Leave {});
    assert_eq!(rig.does(1, hand_over(2)), []);
    assert_eq!(rig.settle(), [freed(1, 2)]);
    assert_eq!(rig.desk.held(0), 2);
    // Who leaves while it waits again is out of the queue.
    rig.does(1, FromAgent::Offline {});
    let last = rig.does(1, hand_over(3));
    assert_eq!(last, [back(4, 1), vec![freed(1, 3)]].concat());
    assert_eq!(
        rig.says(4, FromCustomer::Leave {}),
        over(4, Party::Customer)
    );
    assert_eq!((rig.desk.waiting(), rig.desk.held(0)), (0, 1));
}
