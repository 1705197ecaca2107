//! Customers who are cut off, worked out by hand; and the share of broken chats, by a formula.

use busyhour::center::rules::DisconnectRules;
use busyhour::measure::story::Event;
use busyhour::scenario::plan::Arrivals;

use super::*;

fn secs(secs: f64) -> Law {
    Law::constant(secs).unwrap()
}

/// One customer, who comes at 0 and has two exchanges, and one agent who takes 40 s for a reply and
/// 20 s to wrap up; the customer thinks for 60 s.
fn one(every: f64, away: f64, kept_for: u64) -> Plan {
    let center = Center {
        agents: 1,
        concurrency: 1,
        reply: secs(40.0),
        think: secs(60.0),
        wrap_up: secs(20.0),
        exchanges: CountLaw::constant(2).unwrap(),
        warm_up_hours: 0.0,
        replications: 1,
        ..Center::default()
    };
    let mut plan = center.plan();
    plan.arrivals = Arrivals::Replay([Time::ZERO].into());
    plan.outline.cuts = true;
    for class in plan.customers.rules_mut() {
        class.disconnect = Some(DisconnectRules {
            every: secs(every),
            away: secs(away),
            kept_for: Span::from_secs(kept_for),
        });
    }
    plan
}

fn at(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

/// The one row: its fate, and in seconds when it was assigned, closed, over and free, and how long
/// its slot was held.
fn played(plan: &Plan) -> (Record, Outcome) {
    let outcome = run(plan, 1);
    assert_eq!(outcome.records[0].len(), 1);
    (outcome.records[0][0], outcome)
}

fn times(record: &Record) -> [Option<u64>; 4] {
    let times = [record.assigned, record.closed, record.over, record.freed];
    times.map(|time| time.comes().then_some(time.0 / 1_000_000_000))
}

/// Cut at 30, back at 55: reads then the reply of 40. Thinks until 115, is cut at 85, back at 110,
/// sends at 115. Cut at 140, back at 165: reads then the last reply, with which the agent has closed
/// the chat at 155.
#[test]
fn what_is_said_meanwhile_is_heard_at_the_return() {
    let (record, outcome) = played(&one(30.0, 25.0, 60));
    assert_eq!(record.fate, Some(Fate::Handled));
    assert_eq!(times(&record), [Some(0), Some(165), Some(155), Some(175)]);
    assert_eq!(record.first_reply, at(55));
    assert_eq!(record.latency_sum, Span::from_secs(55 + 50));
    assert_eq!(record.composed, Span::from_secs(80));
    assert_eq!(record.held, Span::from_secs(175));
    let value = |name: &str| outcome.result.value(name).unwrap();
    assert_eq!((value("reconnects"), value("broken")), (3.0, 0.0));
    assert_eq!(value("wrap_up_s_mean").round(), 20.0);
}

/// Cut at 45 and back at 70: the message that was due at 50 is pending from 70 on.
#[test]
fn what_the_customer_would_have_said_it_says_at_the_return() {
    let mut plan = one(45.0, 25.0, 60);
    plan.customers
        .rules_mut()
        .for_each(|rules| rules.think = secs(10.0));
    let (record, _) = played(&plan);
    assert_eq!(times(&record), [Some(0), Some(110), Some(110), Some(130)]);
    assert_eq!(record.latency_sum, Span::from_secs(40 + 40));
}

/// Cut at 30 and kept until 50: the agent, who has replied at 40, wraps up from 50 to 70. Back at
/// 130, the customer finds the chat gone, unless it has lost patience at 60.
#[test]
fn what_is_kept_no_longer_is_gone() {
    let mut plan = one(30.0, 100.0, 20);
    let (record, outcome) = played(&plan);
    assert_eq!(record.fate, Some(Fate::Broken));
    assert_eq!(times(&record), [Some(0), Some(130), Some(50), Some(70)]);
    assert_eq!((record.messages, record.replies), (1, 0));
    assert_eq!(record.held, Span::from_secs(70));
    assert_eq!(outcome.result.value("broken_ratio"), Some(1.0));
    assert_eq!(outcome.result.value("reconnects"), Some(0.0));
    plan.customers
        .rules_mut()
        .for_each(|rules| rules.reply_patience = secs(60.0));
    let (record, _) = played(&plan);
    assert_eq!(record.fate, Some(Fate::AbandonedChat));
    assert_eq!(times(&record), [Some(0), Some(60), Some(50), Some(70)]);
}

/// Patience ends at 60, while the chat is kept until 80 for one who is cut off: nobody hears it, the
/// slot is held in vain for 20 s, and the customer does not come back.
#[test]
fn who_leaves_while_cut_off_leaves_unheard() {
    let mut plan = one(30.0, 40.0, 50);
    plan.customers
        .rules_mut()
        .for_each(|rules| rules.reply_patience = secs(60.0));
    plan.customers.rules_mut().for_each(|rules| {
        let cut = rules.disconnect.as_mut().unwrap();
        cut.away = secs(1_000.0);
    });
    let (record, outcome) = played(&plan);
    assert_eq!(record.fate, Some(Fate::AbandonedChat));
    assert_eq!(times(&record), [Some(0), Some(60), Some(80), Some(100)]);
    assert!(!record.silent);
    let wasted = outcome.result.value("wasted_slot_s");
    assert_eq!(wasted.map(f64::round), Some(20.0));
    let pending = outcome.result.value("pending_abandoned_s_mean");
    assert_eq!(pending.map(f64::round), Some(60.0));
}

/// The agent comes at 100, when the customer, cut at 90, is away until 120: it hears then that it has
/// an agent, and its wait ends, while the slot is held from 100 on. The reply is there at 140.
#[test]
fn an_agent_may_have_the_chat_before_the_customer_knows() {
    let mut plan = one(90.0, 30.0, 60);
    plan.shifts[0].from = at(100);
    plan.customers
        .rules_mut()
        .for_each(|rules| rules.exchanges = CountLaw::constant(1).unwrap());
    let (record, outcome) = played(&plan);
    assert_eq!(record.fate, Some(Fate::Handled));
    assert_eq!(times(&record), [Some(120), Some(140), Some(140), Some(160)]);
    assert_eq!(record.latency_sum, Span::from_secs(20));
    assert_eq!(record.held, Span::from_secs(60));
    let wait = outcome.result.value("wait_s_mean");
    assert_eq!(wait.map(f64::round), Some(120.0));
    // Who gives up at 110 has left the queue, by what it has heard; the agent, who replies at 140
    // to nobody, has closed the chat with that.
    plan.customers
        .rules_mut()
        .for_each(|rules| rules.queue_patience = secs(110.0));
    let (record, _) = played(&plan);
    assert_eq!(record.fate, Some(Fate::AbandonedQueue));
    assert_eq!(times(&record), [None, Some(110), Some(140), Some(160)]);
    assert_eq!(record.held, Span::from_secs(60));
}

/// The story of one who comes back too late.
#[test]
fn cuts_are_told() {
    let options = Options {
        threads: 1,
        trace: Some(0),
        ..Options::default()
    };
    let plan = one(30.0, 100.0, 20);
    let story = simulate(&plan, &options, &Watch::default()).story.unwrap();
    let told: Vec<_> = story
        .told()
        .iter()
        .map(|told| told.at.0 / 1_000_000_000)
        .collect();
    assert!(told.is_sorted());
    let event = |event: Event| story.told().iter().find(|told| told.event == event);
    assert_eq!(event(Event::CutOff).unwrap().at, at(30));
    assert_eq!(event(Event::Lapsed).unwrap().at, at(50));
    let text = busyhour::report::story::render(&story, None, &plan.calendar, 80, false);
    assert!(
        text.contains("is back after 1 m 40 s and finds the chat gone"),
        "{text}"
    );
    assert!(text.ends_with("fate: broken\n"), "{text}");
}

/// Where every chat takes L and nobody who is cut off comes back in time, a chat is broken if it is
/// cut before L: with a probability of 1 - exp(-L / mean). L is 3 replies of 40 s and two pauses of
/// 60 s; the share of 2,400 chats lies within 3.29 standard deviations of it (99.9 %).
#[test]
fn the_share_of_broken_chats_is_that_of_the_formula() {
    let center = Center {
        per_hour: 600.0,
        hours: 4.0,
        agents: 200,
        concurrency: 1,
        reply: secs(40.0),
        think: secs(60.0),
        exchanges: CountLaw::constant(3).unwrap(),
        warm_up_hours: 0.0,
        replications: 1,
        ..Center::default()
    };
    for (mean, seed) in [(120.0, 1), (600.0, 2), (2_400.0, 3)] {
        let mut plan = Center {
            seed,
            ..center.clone()
        }
        .plan();
        plan.outline.cuts = true;
        for class in plan.customers.rules_mut() {
            class.disconnect = Some(DisconnectRules {
                every: Law::exponential(mean).unwrap(),
                away: secs(61.0),
                kept_for: Span::from_secs(60),
            });
        }
        let result = run(&plan, 1).result;
        let (offered, share) = (
            result.value("offered").unwrap(),
            result.value("broken_ratio").unwrap(),
        );
        assert_eq!(result.value("delayed_ratio"), Some(0.0));
        let exact = 1.0 - (-240.0 / mean).exp();
        let bound = 3.29 * (exact * (1.0 - exact) / offered).sqrt();
        assert!(
            offered > 2_200.0 && (share - exact).abs() < bound,
            "{share} {exact} {bound}"
        );
    }
}
