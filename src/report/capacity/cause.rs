//! Words what a probe broke by.
//!
//! Law: what was measured stands beside what it is held to.

use crate::measure::catalogue::find;
use crate::report::figure::{Unit, grouped};
use crate::study::capacity::bounds::Cause;

/// What broke, all of it.
pub fn why(causes: &[Cause]) -> String {
    let words: Vec<String> = causes.iter().map(cause).collect();
    words.join("; ")
}

fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Gate { gate, value } => {
            let unit = Unit::of(&gate.measure);
            let bound = format!("{} {}", gate.relation.symbol(), unit.say_bound(gate.bound));
            let value = match value {
                Some(value) => unit.say_plainly(*value),
                None => "without samples".into(),
            };
            let says = find(&gate.measure).map_or("", |entry| entry.says);
            let says = if gate.bound == 0.0 {
                format!(" ({says})")
            } else {
                String::new()
            };
            format!("{}{says} {value}, not {bound}", gate.measure)
        }
        Cause::Failures {
            ratio,
            turned_away,
            bound,
        } => failures(*ratio, *turned_away, *bound),
        Cause::Silence { offered, predicted } => silence(*offered, *predicted),
        Cause::Abandoned { ratio, bound } => format!(
            "the server made {} of the customers leave, not <= {}",
            Unit::Ratio.say(*ratio),
            Unit::Ratio.say_bound(*bound)
        ),
        Cause::AddedWait { ms, bound } => format!(
            "the server added {} to the mean wait, not <= {}",
            Unit::Millis.say(*ms),
            Unit::Millis.say_bound(*bound)
        ),
        Cause::Run { words } => format!("the run failed: {words}"),
        Cause::Generator { words } => words.clone(),
    }
}

/// How many chats came to nothing, and how.
fn failures(ratio: f64, turned_away: f64, bound: f64) -> String {
    let [ratio, away] = [ratio, turned_away].map(|share| Unit::Ratio.say(share));
    let how = match turned_away > 0.0 {
        false => "failed or were cut".to_string(),
        true => format!("failed, were cut, or were turned away or ended by the server ({away})"),
    };
    let bound = Unit::Ratio.say_bound(bound);
    format!("{ratio} of the chats {how}, not <= {bound}")
}

/// That nobody got an agent, and how many should have.
fn silence(offered: f64, predicted: Option<u64>) -> String {
    let should = predicted.map_or_else(String::new, |count| {
        let count = grouped(count as f64, 0);
        format!("; of the same people, simulated, {count} did")
    });
    let offered = grouped(offered, 0);
    format!("nobody got an agent, of {offered} who asked for one{should}")
}
