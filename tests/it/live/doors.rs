//! Several doors: each person goes through the one of its number.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use busyhour::live::target::Target;
use busyhour::live::{Options, built_in, load, watch::Watch};
use busyhour::server::{Handle, Server};
use busyhour::time::Time;

use super::{EVER, timed};

/// Two centers of their own, two agents each.
fn centers(plan: &busyhour::scenario::plan::Plan) -> [Handle; 2] {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    [0, 1].map(|_| Server::spawn_thread(built_in(plan, listen)).unwrap())
}

#[test]
fn centers_of_their_own_have_their_part_of_the_people() {
    let arrivals: Vec<f64> = (0..9).map(|n| 1.0 + 20.0 * f64::from(n)).collect();
    let shifts = [0, 1, 2, 3].map(|agent| (agent, 0.0, EVER));
    let mut plan = timed(&arrivals, &shifts);
    // Nobody comes after the last of them.
    plan.outline.horizon = Time::from_secs_f64(170.0);
    plan.live.speed = 200.0;
    plan.validity.lag_ms_p99 = 10_000.0;
    (plan.validity.lag_share, plan.validity.stood_still_ratio) = (1e6, 1.0);
    let servers = centers(&plan);
    let options = Options {
        targets: servers.each_ref().map(|s| s.local_addr().into()).to_vec(),
        separate: true,
        sources: vec![IpAddr::from([127, 0, 0, 77])],
        records: true,
        ..Options::default()
    };
    let outcome = load(&plan, &options, &Watch::default()).unwrap();
    let verdict = &outcome.result.verdict;
    assert_eq!(
        (verdict.valid, &verdict.failed),
        (Some(true), &None),
        "{verdict:?}"
    );
    assert_eq!(outcome.result.value("handled"), Some(9.0));
    let [even, odd] = servers.map(Handle::stop);
    assert_eq!((even.tally.chats, odd.tally.chats), (5, 4));
    for record in &outcome.records[0] {
        assert_eq!(record.agent % 2, record.number % 2, "{record:?}");
    }
    let told = outcome.result.scenario.target.unwrap();
    assert_eq!(told.matches("ws://127.0.0.1:").count(), 2, "{told}");
}

#[test]
fn more_centers_than_agents_are_refused() {
    let plan = timed(&[1.0], &[(0, 0.0, EVER)]);
    let target = |port| Target::from(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let options = Options {
        targets: vec![target(1), target(2)],
        separate: true,
        ..Options::default()
    };
    let refused = load(&plan, &options, &Watch::default()).unwrap_err();
    assert!(refused.plain().contains("2 centers"), "{refused}");
}
