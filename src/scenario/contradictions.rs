//! Owns what sections say against each other: what one key asks for and another rules out.
//!
//! Law: a key that could have no effect is refused, because whoever wrote it expects one.

use super::file::Written;
use super::people::LEVEL_MODEL;
use super::plan::AtClosing;
use super::problem::Problems;
use crate::measure::catalogue::{self, Runs};
use crate::time::Span;

/// Notes every contradiction between sections.
pub fn check(written: &Written, problems: &mut Problems) {
    closing(written, problems);
    aging(written, problems);
    again(written, problems);
    short(written, problems);
    uncut(written, problems);
    if written.is_level_model() {
        messages(written, problems);
    }
}

fn closing(written: &Written, problems: &mut Problems) {
    let at_closing = &written.queue.at_closing;
    if at_closing.value == AtClosing::SentAway && written.calendar.opening.is_none() {
        let title = "nobody is sent away at closing time: the desk never closes";
        let help = "write `opening_hours` in [calendar], or take `at_closing` out".to_string();
        problems.add(at_closing.place, title, "no closing time", Some(help));
    }
}

fn aging(written: &Written, problems: &mut Problems) {
    let Some(age_after) = &written.queue.age_after else {
        return;
    };
    if written.customers.are_of_one_level() {
        let title = "`age_after` raises nobody: all customers have the same priority";
        let help = "give a class of customers another `priority`, or take `age_after` out";
        problems.add(age_after.place, title, "one priority", Some(help.into()));
    }
}

/// Who never leaves does not come again for it.
fn again(written: &Written, problems: &mut Problems) {
    for place in written.customers.again_without_leaving() {
        let title = "nobody comes again after leaving: nobody leaves";
        let help = "write `queue_patience` or `reply_patience`, or take `abandoned` out of `retry`";
        problems.add(
            place,
            title,
            "both patiences are `never`",
            Some(help.into()),
        );
    }
}

/// Who never leaves the queue does not leave it early, and without a time nobody does.
fn short(written: &Written, problems: &mut Problems) {
    let Some(short) = &written.run.short_abandon else {
        return;
    };
    if short.value == Span::ZERO {
        let left_out = written
            .asked()
            .filter(|(measure, _)| *measure == "short_abandoned");
        for (_, place) in left_out {
            let title = "`short_abandoned` is always 0: nobody is left out";
            let help =
                "write `short_abandon = \"5s\"` in [run], or take the measure out".to_string();
            problems.add(place, title, "no `short_abandon`", Some(help));
        }
    } else if !written.customers.may_leave_queue() {
        let title = "`short_abandon` leaves nobody out: nobody leaves the queue";
        let help = "write `queue_patience` in [customers], or take `short_abandon` out";
        let label = "`queue_patience` is `never`";
        problems.add(short.place, title, label, Some(help.into()));
    }
}

/// Where nobody is cut nothing can be waited for that cuts bring; a gate on it is one for live runs.
fn uncut(written: &Written, problems: &mut Problems) {
    let waited = written.run.precision.iter().flat_map(|p| &p.bounds);
    for bound in waited.filter(|_| !written.customers.are_cut()) {
        let measure = &bound.value.measure;
        let entry = catalogue::find(measure);
        if entry.is_some_and(|entry| entry.runs == Runs::Cut) {
            let title = format!("nobody is cut: a simulation has no `{measure}`");
            let help = "write `disconnect` in [customers], or take it out".to_string();
            problems.add(bound.place, title, "no `disconnect`", Some(help));
        }
    }
}

/// What the level model has no place for.
fn messages(written: &Written, problems: &mut Problems) {
    for (key, place) in written.customers.of_messages() {
        let title = format!("`{key}` does not go with `level_handle_time`");
        let help = Some(format!("take `{key}` or `level_handle_time` out"));
        problems.add(place, title, LEVEL_MODEL, help);
    }
    for (measure, place) in written.asked() {
        if catalogue::tells_of_messages(measure) {
            let title = format!("this plan cannot have `{measure}`");
            let help = "take it out, or `level_handle_time`".to_string();
            problems.add(place, title, LEVEL_MODEL, Some(help));
        }
    }
}
