//! One customer's story, simulated and live.

use busyhour::live::{self, watch};
use busyhour::measure::story::{Event, Story};
use busyhour::report::story::render;
use busyhour::scenario::plan::Plan;
use busyhour::simulation::{Options, Watch, simulate};
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::Time;

use crate::plans::Center;

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

/// Rows and stories are of the same notes.
#[test]
fn every_story_agrees_with_its_row() {
    let plan = plan();
    let options = Options {
        threads: 1,
        records: true,
        ..Options::default()
    };
    let outcome = simulate(&plan, &options, &Watch::default());
    for row in &outcome.records[0] {
        let story = simulated(&plan, row.number);
        let when = |wanted: &dyn Fn(&Event) -> bool| {
            let event = story.told().iter().find(|told| wanted(&told.event));
            event.map_or(Time::NEVER, |told| told.at)
        };
        let count = |wanted: &dyn Fn(&Event) -> bool| {
            story
                .told()
                .iter()
                .filter(|told| wanted(&told.event))
                .count() as u32
        };
        assert_eq!(when(&|e| *e == Event::Offered), row.offered);
        assert_eq!(when(&|e| matches!(e, Event::Assigned { .. })), row.assigned);
        assert_eq!(when(&|e| matches!(e, Event::Freed { .. })), row.freed);
        assert_eq!(
            when(&|e| matches!(e, Event::Replied { .. })),
            row.first_reply
        );
        assert_eq!(count(&|e| matches!(e, Event::Sent { .. })), row.messages);
        assert_eq!(count(&|e| matches!(e, Event::Replied { .. })), row.replies);
        let fate = story.told().iter().find_map(|told| match told.event {
            Event::Ended { fate, .. } => Some(fate),
            _ => None,
        });
        assert_eq!(fate, row.fate);
    }
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
