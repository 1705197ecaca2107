//! Figures by class of customers.

use busyhour::center::rules::{CustomerClasses, CustomerRules, Retry};
use busyhour::measure::result::RunResult;
use busyhour::scenario::plan::Plan;
use busyhour::simulation::{Options, Watch, simulate};
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::Span;

use crate::plans::Center;

/// Two classes at a center where some wait, leave, are turned away and come again.
fn plan() -> Plan {
    let center = Center {
        per_hour: 120.0,
        hours: 8.0,
        agents: 2,
        concurrency: 2,
        queue_limit: 6,
        replications: 6,
        ..Center::default()
    };
    let rules = |patience: f64, exchanges: u32| CustomerRules {
        silent: 0.3,
        ..CustomerRules::new(
            Law::exponential(patience).unwrap(),
            Law::exponential(300.0).unwrap(),
            Law::exponential(20.0).unwrap(),
            CountLaw::constant(exchanges).unwrap(),
        )
    };
    let (mut private, business) = (rules(60.0, 1), rules(300.0, 3));
    private.retry.abandoned = Some(Retry {
        chance: 0.5,
        after: Law::exponential(600.0).unwrap(),
    });
    let mut plan = center.plan();
    plan.customers = CustomerClasses::new(vec![(3.0, private), (1.0, business)]);
    plan.outline.classes = vec!["private".into(), "business".into()];
    plan.agents.inactivity = Span::from_secs(120);
    plan.outline.short_abandon = Span::from_secs(10);
    plan
}

fn run(plan: &Plan) -> RunResult {
    simulate(plan, &Options::default(), &Watch::default()).result
}

#[test]
fn the_classes_together_are_the_whole() {
    let result = run(&plan());
    let names: Vec<&str> = result
        .classes
        .iter()
        .map(|class| class.name.as_str())
        .collect();
    assert_eq!(names, ["private", "business"]);
    let value = |class: usize, name: &str| result.classes[class].measures[name].value.unwrap();
    let counts = [
        "offered",
        "retried",
        "handled",
        "abandoned_queue",
        "abandoned_chat",
        "abandoned_silent",
        "short_abandoned",
        "rejected",
        "dropped",
        "open_at_end",
    ];
    for name in counts {
        let (sum, whole) = (value(0, name) + value(1, name), result.value(name).unwrap());
        assert!((sum - whole).abs() < 1e-9, "{name}: {sum} {whole}");
    }
    let means = [
        "abandoned_ratio",
        "service_level_30s",
        "wait_s_mean",
        "wait_all_s_mean",
        "first_response_s_mean",
        "inter_message_s_mean",
        "handle_s_mean",
    ];
    for name in means {
        let class = |class: usize| result.classes[class].measures[name];
        let weighed = |class: usize| value(class, name) * samples(&result, class, name);
        let all = class(0).samples + class(1).samples;
        assert_eq!(all, result.measures[name].samples, "{name}");
        let mean = (weighed(0) + weighed(1)) / all as f64;
        let whole = result.value(name).unwrap();
        assert!((mean / whole - 1.0).abs() < 1e-9, "{name}: {mean} {whole}");
        assert!(class(0).half_width() > Some(0.0), "{name}");
    }
    for rare in ["retried", "abandoned_silent", "short_abandoned", "rejected"] {
        assert!(value(0, rare) > 0.0, "{rare}");
    }
    assert!(value(0, "handle_s_mean") < value(1, "handle_s_mean"));
}

fn samples(result: &RunResult, class: usize, name: &str) -> f64 {
    result.classes[class].measures[name].samples as f64
}

#[test]
fn to_tell_classes_apart_changes_no_other_figure() {
    let mut together = plan();
    together.outline.classes = vec!["all".into()];
    let (apart, together) = (run(&plan()), run(&together));
    assert!(together.classes.is_empty());
    assert_eq!(apart.measures, together.measures);
    assert_eq!(apart.intervals, together.intervals);
}
