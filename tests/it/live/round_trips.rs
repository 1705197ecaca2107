//! The round trip of a message and its reply: what is under way, without what the agent holds.

use busyhour::stats::law::CountLaw;

use super::{EVER, timed};
use crate::stage::Stage;

/// Frames take 7 ms each way, so that a message and its reply are under way for 28 ms, whatever the
/// agent takes in between and in however many parts they come.
#[test]
fn a_round_trip_is_four_ways_and_no_hold() {
    for (parts, speed) in [(1, 1.0), (3, 1.0), (1, 60.0)] {
        let arrivals: Vec<f64> = (0..6).map(|n| speed * (1.0 + 2.0 * f64::from(n))).collect();
        let mut plan = timed(&arrivals, &[(0, 0.0, EVER)]);
        plan.live.speed = speed;
        plan.outline.horizon = busyhour::time::Time::from_secs_f64(1_800.0 * speed);
        plan.messages.parts = parts;
        plan.customers.rules_mut().for_each(|rules| {
            rules.exchanges = CountLaw::constant(4).unwrap();
        });
        let result = Stage::new(plan, 7).built_in(|_| {}).result;
        let trips = result.measure("round_trip_ms_mean").unwrap();
        // The first message waits for its agent, and so tells nothing.
        let case = format!("{parts} parts at speed {speed}: {trips:?}");
        assert_eq!(trips.samples, 6 * 3, "{case}");
        assert!((trips.value.unwrap() - 28.0).abs() < 1e-6, "{case}");
        let longest = result.value("round_trip_ms_max").unwrap();
        assert!((longest - 28.0).abs() < 1e-6, "{case}: {longest}");
        assert_eq!(result.value("handled"), Some(6.0), "{case}");
    }
}
