//! A server that fills packets while this machine delays its acknowledgements: the report names it,
//! and the run is valid. It is told by when deliveries end, so no neighbour may hold them up.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use busyhour::live::target::Target;
use busyhour::live::{Options, built_in, load, watch::Watch};
use busyhour::scenario::plan::Arrivals;
use busyhour::server::Server;
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::Time;

use super::timed;

/// How often it is played until the run is VALID.
const TRIES: u32 = 3;

/// Stands in front of a server, and gives every other client its words in two packets, the second
/// of which waits by Nagle's algorithm until the first is acknowledged. Says where it stands.
fn door_to(server: SocketAddr) -> SocketAddr {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = door.local_addr().unwrap();
    thread::spawn(move || {
        for (number, client) in door.incoming().enumerate() {
            let client = client.unwrap();
            let server = TcpStream::connect(server).unwrap();
            server.set_nodelay(true).unwrap();
            let fills_packets = number % 2 == 1;
            client.set_nodelay(!fills_packets).unwrap();
            let (from_client, to_client) = (client.try_clone().unwrap(), client);
            let (from_server, to_server) = (server.try_clone().unwrap(), server);
            thread::spawn(move || hand_on(from_client, to_server, false));
            thread::spawn(move || hand_on(from_server, to_client, fills_packets));
        }
    });
    address
}

/// Hands on what comes, each time in two packets if asked, until either side is gone.
fn hand_on(mut from: TcpStream, mut to: TcpStream, in_two: bool) {
    let mut bytes = [0; 4_096];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        let middle = if in_two { read / 2 } else { read };
        let packets = [&bytes[..middle], &bytes[middle..read]];
        if packets.iter().any(|packet| to.write_all(packet).is_err()) {
            break;
        }
    }
    // The other direction ends with it.
    let _ = to.shutdown(std::net::Shutdown::Both);
}

#[test]
#[ignore = "needs a machine to itself"]
fn a_server_that_fills_packets_is_named() {
    let mut plan = timed(&[0.0], &[(0, 0.0, 1e9)]);
    let constant = |secs: f64| Law::constant(secs).unwrap();
    // The agent is the first client, so every other customer waits for its packets.
    plan.arrivals = Arrivals::Replay(
        (0..10)
            .map(|n| Time::from_secs_f64(0.05 * f64::from(n)))
            .collect(),
    );
    plan.outline.horizon = Time::from_secs_f64(1.0);
    plan.agents.concurrency = 10;
    (plan.agents.reply, plan.agents.wrap_up) = (constant(0.01), constant(0.0));
    plan.customers.rules_mut().for_each(|rules| {
        rules.exchanges = CountLaw::constant(30).unwrap();
        // Who answers so soon has its acknowledgements sent along with its words.
        rules.think = constant(0.01);
    });
    (plan.validity.lag_ms_p99, plan.validity.lag_share) = (10.0, 1e6);
    plan.validity.stood_still_ratio = 1.0;
    let server = Server::spawn_thread(built_in(&plan, "127.0.0.1:0".parse().unwrap())).unwrap();
    let options = Options {
        targets: vec![Target::from(door_to(server.local_addr()))],
        ..Options::default()
    };
    let mut results = (0..TRIES).map(|_| {
        let played = load(&plan, &options, &Watch::default());
        played.unwrap().result
    });
    let valid = results.find(|result| result.verdict.valid == Some(true));
    let result = valid.expect("a machine that is not too busy");
    assert_eq!(result.value("handled"), Some(10.0));
    let named = |reason: &String| reason.contains("TCP_NODELAY at the server");
    let reasons = &result.verdict.reasons;
    assert!(reasons.iter().any(named), "{reasons:?}");
}
