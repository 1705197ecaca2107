//! Who leaves the queue early is left out of live and simulated figures alike.

use busyhour::live::Options;
use busyhour::measure::catalogue::find;
use busyhour::measure::result::RunKind;
use busyhour::time::Span;

use super::exact::in_grains;
use super::line::played;
use super::{plan, restless, simulated};

#[test]
fn live_and_simulated_leave_the_same_out() {
    let mut plan = restless(plan(3, 6, 0.5, 1.0));
    plan.outline.short_abandon = Span::from_secs(20);
    let plan = in_grains(&plan, 0);
    let (simulated, (live, _, _)) = (simulated(&plan), played(&plan, &Options::default()));
    assert!(simulated.value("short_abandoned") > Some(5.0));
    assert!(simulated.value("abandoned_queue") > Some(5.0));
    for (name, measure) in &simulated.measures {
        assert!(find(name).is_some_and(|entry| entry.applies_to(RunKind::Load, false)));
        let (ours, theirs) = (measure.value, live.result.value(name));
        let near = |(ours, theirs): (f64, f64)| (ours - theirs).abs() <= 1e-9 * ours.abs();
        assert!(
            ours.zip(theirs).map_or(ours == theirs, near),
            "{name}: {ours:?} {theirs:?}"
        );
        assert_eq!(
            measure.samples, live.result.measures[name].samples,
            "{name}"
        );
    }
}
