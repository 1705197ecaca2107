//! One customer's story, simulated and live, and its frames.

use std::collections::BTreeSet;

use busyhour::center::fate::Fate;
use busyhour::center::rules::{Retry, ShiftEnd};
use busyhour::live::{self, watch};
use busyhour::measure::record::Record;
use busyhour::measure::seen::Passing;
use busyhour::measure::story::{Event, Story};
use busyhour::report::story::render;
use busyhour::scenario::plan::{Plan, Shift};
use busyhour::simulation::{Options, Watch, simulate};
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::{Span, Time};

use crate::plans::Center;
use crate::stage::Stage;

/// One agent who holds one chat, for whom some wait and whom some leave.
fn plan() -> Plan {
    let center = Center {
        per_hour: 60.0,
        hours: 1.0,
        warm_up_hours: 0.5,
        exchanges: CountLaw::geometric(2.0).unwrap(),
        think: Law::exponential(20.0).unwrap(),
        wrap_up: Law::constant(10.0).unwrap(),
        queue_patience: Law::exponential(90.0).unwrap(),
        reply_patience: Law::exponential(120.0).unwrap(),
        replications: 1,
        seed: 8,
        ..Center::default()
    };
    center.plan()
}

fn simulated(plan: &Plan, customer: u32) -> Story {
    let options = Options {
        threads: 1,
        trace: Some(customer),
        ..Options::default()
    };
    let outcome = simulate(plan, &options, &Watch::default());
    outcome.story.expect("a story was asked for")
}

fn told(story: &Story) -> String {
    render(story, None, &plan().calendar, 80, false)
}

#[test]
fn the_stories_of_some_customers() {
    let stories: Vec<String> = [0, 1, 2, 6]
        .iter()
        .map(|who| told(&simulated(&plan(), *who)))
        .collect();
    insta::assert_snapshot!(stories.join("\n"));
}

/// The same with two agents of whom one's shift ends by hand-over, and customers of whom some leave
/// silently and some come again.
fn eventful() -> Plan {
    let mut plan = plan();
    plan.outline.warm_up = Time::ZERO;
    plan.team = 2;
    let shift = |agent, from, until, end| Shift {
        agent,
        from,
        until,
        end,
    };
    let minute = |n: u64| Time::ZERO + Span::from_secs(60 * n);
    plan.shifts = vec![
        shift(0, Time::ZERO, minute(20), ShiftEnd::HandOver),
        shift(1, Time::ZERO, minute(45), ShiftEnd::Drop),
        shift(0, minute(30), Time::NEVER, ShiftEnd::Finish),
    ];
    plan.agents.inactivity = Span::from_secs(60);
    let again = Retry {
        chance: 0.5,
        after: Law::exponential(200.0).unwrap(),
    };
    for rules in plan.customers.rules_mut() {
        rules.silent = 0.5;
        rules.retry.abandoned = Some(again.clone());
        rules.retry.unresolved = Some(again.clone());
    }
    plan
}

/// Rows and stories are of the same notes.
#[test]
fn every_story_agrees_with_its_rows() {
    let plan = eventful();
    let options = Options {
        threads: 1,
        records: true,
        ..Options::default()
    };
    let rows = &simulate(&plan, &options, &Watch::default()).records[0];
    for row in rows {
        let story = simulated(&plan, row.number);
        let own = || {
            story
                .told()
                .iter()
                .filter(|told| told.attempt == row.attempt)
        };
        let when = |wanted: &dyn Fn(&Event) -> bool| {
            let event = own().find(|told| wanted(&told.event));
            event.map_or(Time::NEVER, |told| told.at)
        };
        let count =
            |wanted: &dyn Fn(&Event) -> bool| own().filter(|told| wanted(&told.event)).count();
        assert_eq!(when(&|e| *e == Event::Offered), row.offered);
        assert_eq!(when(&|e| matches!(e, Event::Freed { .. })), row.freed);
        assert_eq!(
            when(&|e| matches!(e, Event::Replied { .. })),
            row.first_reply
        );
        let assigned = when(&|e| matches!(e, Event::Assigned { .. }));
        let is_ghost = row.silent && row.messages == 0;
        assert_eq!(assigned, if is_ghost { assigned } else { row.assigned });
        assert_eq!(
            count(&|e| matches!(e, Event::Sent { .. })),
            row.messages as usize
        );
        assert_eq!(
            count(&|e| matches!(e, Event::Replied { .. })),
            row.replies as usize
        );
        assert_eq!(
            count(&|e| *e == Event::HandedOver),
            usize::from(row.transfers)
        );
        let ended = own().find_map(|told| match told.event {
            Event::Ended { fate, silent } => Some((fate, silent)),
            _ => None,
        });
        assert_eq!(ended, row.fate.map(|fate| (fate, row.silent)));
    }
    let any = |wanted: &dyn Fn(&Record) -> bool| assert!(rows.iter().any(wanted));
    any(&|row| row.silent && row.messages == 0);
    any(&|row| row.silent && row.messages > 0);
    any(&|row| row.attempt > 0);
    any(&|row| row.transfers > 0);
    any(&|row| row.fate == Some(Fate::Dropped));
}

/// The first whose story has each of these.
#[test]
fn stories_of_those_who_leave_silently_come_again_and_are_handed_over() {
    let plan = eventful();
    let story = |wanted: &dyn Fn(&Event) -> bool| {
        let mut stories = (0..60).map(|who| simulated(&plan, who));
        let has = |story: &Story| story.told().iter().any(|told| wanted(&told.event));
        stories
            .find(|story| story.attempts() > 1 && has(story))
            .map(|story| told(&story))
    };
    let stories = [
        story(&|event| *event == Event::HandedOver),
        story(&|event| *event == Event::GivenUp),
    ];
    let stories: Vec<String> = stories.into_iter().flatten().collect();
    insta::assert_snapshot!(stories.join("\n"));
}

#[test]
fn a_story_changes_no_figure() {
    let plan = plan();
    let plain = simulate(&plan, &Options::default(), &Watch::default()).result;
    let options = Options {
        trace: Some(2),
        ..Options::default()
    };
    let traced = simulate(&plan, &options, &Watch::default()).result;
    assert_eq!(plain.measures, traced.measures);
}

#[test]
fn a_live_run_tells_a_story_too() {
    let mut plan = plan();
    plan.live.speed = 1_800.0;
    let options = live::Options {
        trace: Some(0),
        ..live::Options::default()
    };
    let outcome = live::load(&plan, &options, &watch::Watch::default());
    let story = outcome.expect("the built-in server starts").story.unwrap();
    assert_eq!(story.told()[0].at, simulated(&plan, 0).told()[0].at);
    let ended = |event: &Event| matches!(event, Event::Ended { .. });
    assert_eq!(
        story
            .told()
            .iter()
            .filter(|told| ended(&told.event))
            .count(),
        1
    );
}

/// The story of a live run on a paused clock, where a frame takes 10 ms; the run's number in markers
/// is another each time.
fn staged(plan: &Plan, customer: u32) -> Story {
    let mut stage = Stage::new(plan.clone(), 10);
    stage.options.trace = Some(customer);
    let outcome = stage.built_in(|_| {});
    outcome.story.expect("a story was asked for")
}

/// The text with the run's number in markers made the same in every run.
fn without_run(text: &str) -> String {
    let mut parts = text.split("bh-");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + "bh-00c0ffee" + &part[8..])
}

#[test]
fn frames_are_told_with_due_written_and_read_times() {
    let mut plan = plan();
    plan.live.speed = 10.0;
    let story = staged(&plan, 1);
    let text = render(&story, None, &plan.calendar, 100, false);
    insta::assert_snapshot!(without_run(&text));
}

/// A chat that is handed over is on the connections of two agents.
#[test]
fn frames_are_told_of_every_attempt_and_every_agent() {
    let plan = eventful();
    let options = Options {
        threads: 1,
        records: true,
        ..Options::default()
    };
    let rows = &simulate(&plan, &options, &Watch::default()).records[0];
    let agents_of = |who: &u32| {
        let story = simulated(&plan, *who);
        let told = story.told().iter().filter_map(|told| match told.event {
            Event::Assigned { agent } => Some(agent),
            _ => None,
        });
        told.collect::<BTreeSet<u32>>().len()
    };
    let handed_over = (0..60).find(|who| agents_of(who) > 1).unwrap();
    let again = rows.iter().find(|row| row.attempt > 0).unwrap();
    let story = staged(&plan, handed_over);
    let agents = story.seen().iter().filter_map(|seen| seen.agent);
    let agents: BTreeSet<u32> = agents.collect();
    assert!(agents.len() > 1, "{agents:?}");
    let story = staged(&plan, again.number);
    let opened = |attempt: u32| {
        let mut own = story.seen().iter().filter(|seen| seen.attempt == attempt);
        own.any(|seen| seen.passing == Passing::Said && seen.text.contains("\"type\":\"open\""))
    };
    assert!(opened(0) && opened(1), "{:?}", story.seen());
    for seen in story.seen() {
        // On a clock that stands meanwhile, people are woken within its millisecond.
        let most = Span::from_millis(1);
        assert!(seen.late.is_none_or(|late| late <= most), "{seen:?}");
        assert!(seen.passed >= seen.at, "{seen:?}");
    }
}
