//! The customers alone, to a staff that knows neither markers nor this program.

use std::time::Duration;

use busyhour::center::fate::Fate;
use busyhour::measure::cast::Cast;
use busyhour::measure::catalogue::{names, tells_of_agents};
use busyhour::measure::gate::{Gate, Outcome, Relation};
use busyhour::scenario::plan::Plan;
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::Span;
use serde_json::json;
use tokio::time::sleep;

use super::clerk::Clerk;
use super::{EVER, timed};
use crate::stage::{Stage, only};

/// Who comes at these seconds, for two exchanges; the agent of the plan is not played.
fn plan(arrivals: &[f64]) -> Plan {
    let mut plan = timed(arrivals, &[(0, 0.0, EVER)]);
    plan.customers.rules_mut().for_each(|rules| {
        rules.exchanges = CountLaw::constant(2).unwrap();
        rules.think = Law::constant(30.0).unwrap();
    });
    plan.gates = ["wait_s_max", "occupancy_ratio", "over_limit"]
        .map(|measure| Gate {
            implied: false,
            measure: measure.into(),
            relation: Relation::Below,
            bound: 60.0,
        })
        .into();
    plan
}

fn alone(plan: Plan) -> Stage {
    let mut stage = Stage::new(plan, 1);
    stage.options.cast = Cast::Customers;
    stage
}

#[test]
fn what_a_strange_staff_says_answers_what_is_pending() {
    let outcome = alone(plan(&[1.0])).against(|door| async move {
        let mut clerk = Clerk::new(door);
        let _looks_in = clerk.guest().await;
        let (mut customer, _) = clerk.customer().await;
        customer.tell(json!({ "type": "queued", "position": 1 }));
        sleep(Duration::from_secs(5)).await;
        customer.tell(json!({ "type": "assigned", "agent": 77 }));
        sleep(Duration::from_secs(10)).await;
        for text in ["What can I do for you?", "I am here until six."] {
            customer.tell(json!({ "type": "message", "seq": 1, "text": text }));
        }
        let said = customer.hear_of("say").await;
        assert_eq!(said["seq"], 2);
        sleep(Duration::from_secs(20)).await;
        customer.tell(json!({ "type": "message", "seq": 1, "text": "" }));
        std::future::pending::<()>().await;
    });
    let outcome = outcome.unwrap();
    let record = only(&outcome);
    assert_eq!((record.fate, record.replies), (Some(Fate::Handled), 2));
    assert_eq!(record.composed, Span::ENDLESS);
    let result = &outcome.result;
    let near = |name: &str, secs: f64| {
        let value = result.value(name).unwrap();
        assert!((value - secs).abs() < 0.1, "{name}: {value}");
    };
    near("wait_s_max", 5.0);
    near("first_response_s_max", 15.0);
    near("inter_message_s_max", 20.0);
    assert!(result.value("connect_ms_max").is_some());
    assert!(result.value("schedule_lag_ms_max").is_some());
    for name in names().iter().filter(|name| tells_of_agents(name)) {
        let measure = result.measure(name).unwrap();
        assert_eq!((measure.value, measure.samples), (None, 0), "{name}");
    }
    let row = &result.intervals[0];
    assert_eq!((row.active_chats_mean, row.staffed_mean), (None, None));
    assert_eq!((row.occupancy_ratio, row.handle_s_mean), (None, None));
    let outcomes: Vec<Outcome> = result.gates.iter().map(|gate| gate.outcome).collect();
    let unknown = Outcome::NotApplicable;
    assert_eq!(outcomes, [Outcome::Pass, unknown, unknown]);
    let [reason] = &result.verdict.reasons[..] else {
        panic!("{:?}", result.verdict.reasons)
    };
    assert!(reason.ends_with("are not measured"), "{reason}");
}

/// Nothing keeps a run waiting for customers who are gone silently, and whom nobody sees out.
#[test]
fn who_is_gone_silently_holds_no_slot_that_is_known() {
    let mut plan = plan(&[1.0]);
    plan.customers.rules_mut().for_each(|rules| {
        rules.reply_patience = Law::constant(5.0).unwrap();
        rules.silent = 1.0;
    });
    let outcome = alone(plan).against(|door| async move {
        let mut clerk = Clerk::new(door);
        let _looks_in = clerk.guest().await;
        let (customer, _) = clerk.customer().await;
        customer.tell(json!({ "type": "assigned", "agent": 0 }));
        std::future::pending::<()>().await;
        drop(customer);
    });
    let outcome = outcome.unwrap();
    let record = only(&outcome);
    assert_eq!(
        (record.fate, record.silent),
        (Some(Fate::AbandonedChat), true)
    );
    assert_eq!(outcome.result.value("abandoned_silent"), Some(1.0));
    assert_eq!(outcome.result.value("wasted_slot_s"), None);
}

#[test]
fn a_server_that_is_not_there_fails_the_run() {
    let error = alone(plan(&[1.0])).against(|door| async move { drop(door) });
    assert!(error.is_err());
}
