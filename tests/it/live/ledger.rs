//! What entries come to, where no server of a test goes as wrong as this.

use busyhour::live::journal::{ChatEvent, Entry, Event, Fault, Message, Reader};
use busyhour::live::ledger::Ledger;
use busyhour::live::orbit::Caller;
use busyhour::time::Time;
use busyhour::wire::marker::{Direction, Marker};

use crate::plans::Center;

const RUN: u32 = 0x00c0_ffee;

const CALLER: Caller = Caller {
    number: 7,
    attempt: 0,
    class: 0,
};

/// Who says what, and its number.
type Said = (Direction, u32);

const ASKS: Direction = Direction::Customer;

fn chat(secs: f64, event: ChatEvent) -> Entry {
    Entry {
        at: Time::from_secs_f64(secs),
        event: Event::Chat(CALLER, event),
    }
}

fn sent(secs: f64, (direction, sequence): Said) -> Entry {
    let message = Message::untimed(direction, sequence);
    chat(secs, ChatEvent::Sent(message))
}

fn read(secs: f64, (direction, sequence): Said, reader: Reader) -> Entry {
    let message = Message::untimed(direction, sequence);
    chat(secs, ChatEvent::Read(message, reader))
}

fn fault(secs: f64, fault: Fault, run: u32, (direction, sequence): Said) -> Entry {
    let marker = Marker {
        run,
        customer: CALLER.number,
        attempt: CALLER.attempt.into(),
        direction,
        sequence,
    };
    Entry {
        at: Time::from_secs_f64(secs),
        event: Event::Fault(fault, Reader::Agent(0), Some(marker)),
    }
}

fn let_go(secs: f64, agent: u32, for_good: bool) -> Entry {
    chat(secs, ChatEvent::LetGo { agent, for_good })
}

fn leaves(secs: f64) -> Entry {
    chat(secs, ChatEvent::LeavesChat { silently: false })
}

/// What these come to, after a chat was offered with its first message and an agent is said to
/// have it: how often each fault was counted, but for those that were not, and what was undelivered.
fn found(entries: &[Entry]) -> Found {
    counted(entries, |_| {})
}

/// How often each fault was counted, and what was undelivered.
type Found = (Vec<(Fault, u64)>, u64);

/// The same in a ledger that is made ready before.
fn counted(entries: &[Entry], ready: impl FnOnce(&mut Ledger)) -> Found {
    let mut plan = Center::default().plan();
    plan.live.speed = 1.0;
    let mut ledger = Ledger::new(&plan, RUN, true);
    ready(&mut ledger);
    let began = [chat(1.0, ChatEvent::Offered), sent(1.0, (ASKS, 1))];
    let assigned = [chat(1.1, ChatEvent::Assigned(0))];
    ledger.take(&mut [&began[..], &assigned, entries].concat());
    let (_, records) = ledger.finish(Time::from_secs_f64(1_000.0), false);
    assert!(records.len() == 1 && records[0].fate.is_some());
    let integrity = ledger.integrity();
    let counts = Fault::ALL.map(|fault| (fault, integrity.count(fault)));
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    (counts.collect(), integrity.undelivered())
}

/// Agent 0 has the chat, hands it over at 10 s, and agent 1 has it from 11 s on.
fn handed_over() -> [Entry; 6] {
    [
        chat(1.1, ChatEvent::Taken(0)),
        read(1.1, (ASKS, 1), Reader::Agent(0)),
        let_go(10.0, 0, false),
        chat(10.1, ChatEvent::Queued),
        chat(11.0, ChatEvent::Taken(1)),
        chat(11.0, ChatEvent::Assigned(1)),
    ]
}

#[test]
fn what_crosses_a_hand_over_is_told_from_what_goes_astray() {
    let end = [leaves(30.0), let_go(31.0, 1, true)];
    for (said, faults) in [(10.9, vec![]), (11.1, vec![(Fault::Misdelivered, 1)])] {
        let next = [
            sent(said, (ASKS, 2)),
            read(11.2, (ASKS, 2), Reader::Agent(0)),
            read(11.3, (ASKS, 2), Reader::Agent(1)),
        ];
        let entries = [&handed_over()[..], &next, &end].concat();
        assert_eq!(found(&entries), (faults, 0), "{said}");
    }
}

#[test]
fn what_the_next_agent_is_told_twice_or_not_at_all_is_counted() {
    let end = [leaves(30.0), let_go(31.0, 1, true)];
    let again = [1, 1].map(|seq| read(11.1, (ASKS, seq), Reader::Agent(1)));
    let entries = [&handed_over()[..], &again, &end].concat();
    assert_eq!(found(&entries), (vec![(Fault::Duplicated, 1)], 0));
    // Said while it waited.
    let entries = [&handed_over()[..], &[sent(10.5, (ASKS, 2))], &end].concat();
    assert_eq!(found(&entries), (vec![(Fault::Lost, 1)], 0));
}

#[test]
fn a_chat_that_no_agent_gets_has_lost_what_was_said() {
    assert_eq!(found(&[leaves(20.0)]), (vec![(Fault::Lost, 1)], 0));
    // It may have crossed the leaving.
    assert_eq!(found(&[leaves(4.0)]), (vec![], 1));
    // An agent has got it, and has no room.
    let over = fault(1.2, Fault::OverLimit, RUN, (ASKS, 0));
    let entries = [over, leaves(20.0)];
    assert_eq!(found(&entries), (vec![(Fault::OverLimit, 1)], 0));
}

#[test]
fn of_two_who_have_a_chat_the_last_counts() {
    let entries = [
        chat(1.1, ChatEvent::Taken(0)),
        read(1.1, (ASKS, 1), Reader::Agent(0)),
        chat(1.1, ChatEvent::Taken(1)),
        read(1.1, (ASKS, 1), Reader::Agent(1)),
        let_go(5.0, 1, false),
        sent(20.0, (ASKS, 2)),
        leaves(40.0),
        let_go(41.0, 0, true),
    ];
    let faults = vec![(Fault::Lost, 1), (Fault::AssignedTwice, 1)];
    assert_eq!(found(&entries), (faults, 0));
}

#[test]
fn what_is_of_another_run_leaves_ours_alone() {
    let customer = Reader::Customer(CALLER.number, CALLER.attempt);
    let reply = (Direction::Agent, 1);
    let foreign = fault(5.1, Fault::Foreign, RUN + 1, reply);
    let entries = [
        chat(1.1, ChatEvent::Taken(0)),
        read(1.1, (ASKS, 1), Reader::Agent(0)),
        sent(5.0, reply),
        foreign,
        leaves(40.0),
        let_go(41.0, 0, true),
    ];
    let faults = vec![(Fault::Lost, 1), (Fault::Foreign, 1)];
    assert_eq!(found(&entries), (faults, 0));
    let mut entries = entries.to_vec();
    entries.insert(4, read(5.2, reply, customer));
    assert_eq!(found(&entries), (vec![(Fault::Foreign, 1)], 0));
}

/// Five seconds from the end of the chat; then it makes no difference that it comes after all.
#[test]
fn what_comes_long_after_the_end_is_lost() {
    for (comes, faults) in [(44.9, vec![]), (45.1, vec![(Fault::Lost, 1)])] {
        let entries = [
            chat(1.1, ChatEvent::Taken(0)),
            read(1.1, (ASKS, 1), Reader::Agent(0)),
            sent(20.0, (ASKS, 2)),
            leaves(40.0),
            let_go(41.0, 0, true),
            read(comes, (ASKS, 2), Reader::Agent(0)),
        ];
        assert_eq!(found(&entries), (faults, 0), "{comes}");
    }
}

/// A chat that agent 0 hands over and agent 1 has a millisecond later, by their clocks ahead so many
/// seconds each; a second message crosses the hand-over.
fn handed_over_by(ahead: [f64; 2]) -> Vec<Entry> {
    let [one, other] = ahead;
    vec![
        chat(1.1 + one, ChatEvent::Taken(0)),
        read(1.1 + one, (ASKS, 1), Reader::Agent(0)),
        sent(9.999, (ASKS, 2)),
        let_go(10.0 + one, 0, false),
        read(10.0005 + one, (ASKS, 2), Reader::Agent(0)),
        chat(10.001 + other, ChatEvent::Taken(1)),
        read(10.001 + other, (ASKS, 2), Reader::Agent(1)),
        chat(10.002, ChatEvent::Queued),
        chat(10.003, ChatEvent::Assigned(1)),
        sent(12.0 + other, (Direction::Agent, 1)),
        read(12.001, (Direction::Agent, 1), Reader::Customer(7, 0)),
        leaves(30.0),
        let_go(31.0 + other, 1, true),
    ]
}

#[test]
fn clocks_that_are_apart_make_no_fault() {
    let bears = Ledger::bear_skew;
    let shifts = [-0.5, -0.15, -0.05, 0.0, 0.05, 0.5];
    for ahead in shifts
        .into_iter()
        .flat_map(|one| shifts.map(|other| [one, other]))
    {
        let entries = handed_over_by(ahead);
        assert_eq!(counted(&entries, bears), (vec![], 0), "{ahead:?}");
    }
    assert_eq!(found(&handed_over_by([0.0, 0.0])), (vec![], 0));
    // One process has one clock, and knows better.
    let twice = (Fault::AssignedTwice, 1);
    assert!(found(&handed_over_by([0.05, 0.0])).0.contains(&twice));
    // Nor are clocks as far apart as that.
    let far = counted(&handed_over_by([3.0, 0.0]), bears);
    assert!(far.0.contains(&twice), "{far:?}");
}

#[test]
fn what_comes_twice_or_late_is_so_by_any_clock() {
    let reply = |sequence| (Direction::Agent, sequence);
    for ahead in [-0.05, 0.05] {
        let said = [1, 2].map(|sequence| sent(5.0 + ahead, reply(sequence)));
        let heard = [2, 1, 1].map(|seq| read(5.01, reply(seq), Reader::Customer(7, 0)));
        let taken = [
            chat(1.1 + ahead, ChatEvent::Taken(0)),
            read(1.1 + ahead, (ASKS, 1), Reader::Agent(0)),
        ];
        let end = [leaves(30.0), let_go(31.0 + ahead, 0, true)];
        let entries = [&taken[..], &said, &heard, &end].concat();
        let faults = vec![(Fault::Duplicated, 1), (Fault::Reordered, 1)];
        assert_eq!(counted(&entries, Ledger::bear_skew), (faults, 0), "{ahead}");
    }
}
