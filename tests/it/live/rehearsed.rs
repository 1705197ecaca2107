//! A rehearsal and a short run at a server on the network where agents take the chats, on one connection
//! and on one for each.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use busyhour::center::fate::Fate;
use busyhour::live::rehearsal::rehearse;
use busyhour::live::target::Target;
use busyhour::live::watch::Watch;
use busyhour::live::{Options, load};
use busyhour::wire::declared::read_text;

use super::counter::{self, Counter, PROTOCOL};
use super::small;

fn plays(protocol: &str, is_apart: bool) {
    let (address, guard) = counter::on_the_network(move || {
        let mut counter = Counter::default();
        counter.is_apart = is_apart;
        counter
    });
    let protocol = read_text("counter.toml", protocol, Path::new("")).unwrap();
    let options = Options {
        targets: vec![Target::from(address)],
        protocol: Some(Arc::new(protocol)),
        records: true,
        ..Options::default()
    };
    let mut told = Vec::new();
    let ending = rehearse(&options, Duration::from_secs(20), &mut |moment| {
        told.push(moment.words);
    });
    let ending = ending.unwrap();
    let told = told.join("\n");
    assert!(ending.missed.is_none(), "{:?}\n{told}", ending.missed);
    assert!(ending.done.contains(&"chat assigned"), "{:?}", ending.done);
    assert_eq!((ending.strays, ending.idle), (0, Vec::new()), "{told}");
    assert_eq!(told.contains("GET /chats/"), is_apart, "{told}");

    let mut plan = small();
    options.fit(&mut plan);
    assert_eq!(options.channels().apart, is_apart);
    let outcome = load(&plan, &options, &Watch::default()).unwrap();
    let fates = outcome.records[0].iter().map(|record| record.fate);
    assert_eq!(fates.collect::<Vec<_>>(), [Some(Fate::Handled); 2]);
    assert_eq!(outcome.result.verdict.reasons, [""; 0]);
    drop(guard);
}

#[test]
fn agents_take_chats_on_the_network() {
    plays(PROTOCOL, false);
}

#[test]
fn agents_have_a_connection_for_each_chat_on_the_network() {
    plays(&counter::apart(), true);
}
