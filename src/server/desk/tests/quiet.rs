//! Chats whose customers say nothing; priorities, ages and lots.

use super::*;

fn by_timeout(secs: u64) -> Rig {
    Rig::by(DeskRules {
        inactivity: Span::from_secs(secs),
        ..rules(10)
    })
}

fn at(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

fn reply(rig: &mut Rig, chat: u64) {
    let (seq, text) = (1, String::new());
    rig.does(1, FromAgent::Reply { chat, seq, text });
}

#[test]
fn a_quiet_customer_is_given_up() {
    let mut rig = by_timeout(300);
    rig.agent(1, 0, 1);
    rig.customer(2);
    assert_eq!(
        rig.desk.deadline(),
        Time::NEVER,
        "the agent has not answered"
    );
    rig.pass(1_000);
    reply(&mut rig, 1);
    assert_eq!(rig.desk.deadline(), at(1_300));
    assert_eq!(rig.pass(299), []);
    // A message starts it anew, once it has its reply.
    let (seq, text) = (2, String::new());
    rig.says(
        2,
        FromCustomer::Say {
            seq,
            text,
            heard: 0,
        },
    );
    assert_eq!(rig.desk.deadline(), Time::NEVER);
    rig.pass(10);
    reply(&mut rig, 1);
    let ended = rig.pass(300);
    assert_eq!(ended[0], to_agent(1, ToAgent::Left { chat: 1 }));
    assert_eq!(ended[1..], over(2, Party::Server));
    // The slot stays held until the agent frees it.
    assert_eq!((rig.desk.held(0), rig.desk.deadline()), (1, Time::NEVER));
    assert_eq!(rig.does(1, FromAgent::Free { chat: 1 }), [freed(1, 1)]);
    assert_eq!((rig.desk.held(0), rig.desk.tally().quiet), (0, 1));
}

#[test]
fn whatever_ends_a_chat_ends_its_timeout() {
    for end in 0..4 {
        let mut rig = by_timeout(300);
        rig.agent(1, 0, 1);
        rig.customer(2);
        reply(&mut rig, 1);
        assert_eq!(rig.desk.deadline(), at(300));
        match end {
            0 => rig.does(1, FromAgent::Close { chat: 1 }),
            1 => rig.says(2, FromCustomer::Leave {}),
            2 => rig.input(2, Input::Gone),
            _ => rig.input(1, Input::Gone),
        };
        assert_eq!(rig.desk.deadline(), Time::NEVER, "{end}");
        assert_eq!(rig.pass(300), [], "{end}");
    }
    let mut rig = by_timeout(300);
    rig.agent(1, 0, 1);
    rig.customer(2);
    reply(&mut rig, 1);
    rig.desk.stop(&mut Vec::new());
    assert_eq!((rig.desk.deadline(), rig.pass(300)), (Time::NEVER, vec![]));
}

/// The customers in the order in which an agent with one slot gets them.
fn order(rig: &mut Rig) -> Vec<u64> {
    let mut order = Vec::new();
    let mut out = rig.agent(1, 0, 1);
    while let [
        ..,
        (_, Parcel::Agent(ToAgent::Assigned { chat, .. })),
        (customer, _),
    ] = &out[..]
    {
        order.push(customer.0);
        let chat = *chat;
        rig.does(1, FromAgent::Close { chat });
        out = rig.does(1, FromAgent::Free { chat });
        assert_eq!(out.pop(), Some(freed(1, chat)));
    }
    order
}

#[test]
fn priority_goes_first_and_age_raises_it() {
    let mut levels = rules(10);
    (levels.router.levels, levels.router.age_after) = (3, Span::from_secs(60));
    let mut rig = Rig::by(levels.clone());
    for (conn, priority) in [(2, 0), (3, 2), (4, 1)] {
        rig.customer_at(conn, priority);
    }
    assert_eq!(order(&mut rig), [3, 4, 2]);
    // After a minute the first has the second's level, and is older.
    let mut rig = Rig::by(levels);
    rig.customer_at(2, 0);
    rig.pass(30);
    rig.customer_at(3, 1);
    rig.pass(30);
    rig.customer_at(4, 1);
    assert_eq!(order(&mut rig), [2, 3, 4]);
}

#[test]
fn random_routing_is_drawn_from_the_seed() {
    let given = |seed| {
        let mut random = rules(10);
        (random.router.policy, random.seed) = (Policy::Random, seed);
        let mut rig = Rig::by(random);
        (0..4).for_each(|agent| drop(rig.agent(agent, agent as u32, 8)));
        let agent = |conn| match &rig.customer(conn)[1].1 {
            Parcel::Customer(ToCustomer::Assigned { agent }) => *agent,
            other => panic!("{other:?}"),
        };
        (10..30).map(agent).collect::<Vec<u32>>()
    };
    assert_eq!(given(1), given(1));
    assert_ne!(given(1), given(2));
    assert!((0..4).all(|agent| given(1).contains(&agent)));
}

/// Whoever is a run's goes by its own draws, in whatever order it comes.
#[test]
fn random_routing_of_a_run_is_drawn_by_its_customers() {
    let given = |replication, customers: &[u32]| {
        let mut random = rules(10);
        (random.router.policy, random.replication) = (Policy::Random, replication);
        let mut rig = Rig::by(random);
        (0..4).for_each(|agent| drop(rig.agent(agent, agent as u32, 30)));
        let agent = |number: &u32| {
            let conn = 10 + u64::from(*number);
            rig.input(conn, Input::Joined(Role::Customer));
            let (marker, text) = (format!("bh-00c0ffee-c{number}-0-u-0"), None);
            let (priority, people) = (0, Population::new(1, replication, Kind::Customer));
            let out = rig.says(
                conn,
                FromCustomer::Open {
                    marker,
                    text,
                    priority,
                    ticket: None,
                },
            );
            let told = to_customer(conn, ToCustomer::Assigned { agent: 0 });
            let lot = people.person((*number).into(), 0).at(Purpose::Routing, 0);
            // Four have room: the lot's first quarter is the first's.
            assert_eq!(out[1] == told, lot.lot() < 1 << 30, "{number}");
            out[1].1.clone()
        };
        customers.iter().map(agent).collect::<Vec<Parcel>>()
    };
    let mut customers: Vec<u32> = (0..20).collect();
    let forward = given(0, &customers);
    assert_ne!(given(1, &customers), forward);
    customers.reverse();
    let mut backward = given(0, &customers);
    backward.reverse();
    assert_eq!(backward, forward);
}
