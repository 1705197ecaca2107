//! Owns `[pacing]`: how often a connection may do something.
//!
//! Law: what comes too soon waits for its turn; nothing is dropped.

use std::time::Duration;

use super::script::{ACTIONS, Action};
use crate::scenario::form::Phrase;
use crate::scenario::names::did_you_mean;
use crate::scenario::problem::Fault;
use crate::scenario::quantity;
use crate::scenario::section::Section;

/// All that a connection does.
const TOTAL: &str = "total";

const PACED: Phrase<Option<Action>> = Phrase {
    parse: paced,
    says: "an action, or `total`",
    example: "say",
    pattern: "^[a-z_]+$",
};

fn paced(text: &str) -> Result<Option<Action>, Fault> {
    if text == TOTAL {
        return Ok(None);
    }
    let found = ACTIONS.iter().find(|(_, key, _)| *key == text);
    found.map(|(action, ..)| Some(*action)).ok_or_else(|| {
        let known = ACTIONS.iter().map(|(_, key, _)| *key).chain([TOTAL]);
        let fault = Fault::new(0..text.len(), "no such action");
        fault.with_help(did_you_mean(text, known.collect::<Vec<_>>()))
    })
}

const RATE: Phrase<Duration> = Phrase {
    parse: rate,
    says: "a rate",
    example: "5 per second",
    pattern: quantity::RATE.pattern,
};

fn rate(text: &str) -> Result<Duration, Fault> {
    let rate = (quantity::RATE.parse)(text)?.0;
    if rate <= 0.0 {
        let fault = Fault::new(0..text.len(), "some rate above zero is expected");
        return Err(fault.with_help("write for example `5 per second`"));
    }
    Ok(Duration::from_secs_f64((1.0 / rate).min(86_400.0)))
}

/// Asks for `[pacing]`: for each the least time between two.
pub fn ask(section: &mut Section) -> Vec<(Option<Action>, Duration)> {
    let pacing = section.map(
        "pacing",
        "How often a connection may do something, at most: by action, or `total` for all of them.",
        &PACED,
        &RATE,
    );
    let pacing = pacing.map_or(Vec::new(), |pacing| pacing.value);
    let rate = |(action, rate): (_, crate::scenario::document::At<Duration>)| {
        let action: crate::scenario::document::At<Option<Action>> = action;
        (action.value, rate.value)
    };
    pacing.into_iter().map(rate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_time_between_two() {
        assert_eq!(rate("5 per second"), Ok(Duration::from_millis(200)));
        assert!(rate("0 per second").is_err());
        assert_eq!(paced("total"), Ok(None));
        assert_eq!(paced("say"), Ok(Some(Action::Say)));
        assert!(paced("shout").is_err());
    }
}
