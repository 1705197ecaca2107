//! Owns the check that the desk opens, and that somebody is there while it is open and customers
//! come.
//!
//! Law: only a stretch in which customers are expected counts, but every such stretch does.

use super::document::Place;
use super::hours::joined;
use super::outlook::flow::Flow;
use super::plan::{Arrivals, Period, Plan};
use super::problem::Problems;
use crate::time::{Span, Time};

/// Fewer chats than this are nobody: what is left of sums that cancel.
const NOBODY: f64 = 1e-6;

/// Notes a desk that never opens, or else when nobody is there although it is open and customers
/// are expected: where opening hours and staff are written, if they are.
pub fn check(plan: &Plan, opening: Option<Place>, staff: Option<Place>, problems: &mut Problems) {
    let opens = |period: &Period| period.from < plan.outline.horizon;
    match (opening, staff) {
        (Some(place), _) if !plan.open.iter().any(opens) => {
            let title = "the desk is never open: nobody is ever served";
            let label = "no hours fall within the horizon";
            let help = "name other days or hours, or take `opening_hours` out: then it is always \
                        open";
            problems.add(place, title, label, Some(help.into()));
        }
        (_, Some(place)) => check_staff(plan, place, problems),
        (_, None) => {}
    }
}

fn check_staff(plan: &Plan, place: Place, problems: &mut Problems) {
    let flow = Flow::of(plan);
    let horizon = Period {
        from: Time::ZERO,
        until: plan.outline.horizon,
    };
    let open = common(&plan.open, &[horizon]);
    let asked = common(&open, &coming(plan));
    let mut alone = common(&asked, &gaps(&presence(plan)));
    alone.retain(|period| flow.arrived(period.from, period.until) > NOBODY);
    let Some(first) = alone.first() else {
        return;
    };
    let length = |period: &Period| period.until.since(period.from);
    let all = alone
        .iter()
        .map(length)
        .fold(Span::ZERO, |sum, length| sum + length);
    let label = format!("first {}, {all} in all", words(plan, first));
    let help = "add agents for these times, or close the desk by `calendar.opening_hours`; a \
                roster covers holidays only where `days` names `holiday`";
    problems.add(
        place,
        "nobody is there while the desk is open and customers come",
        label,
        Some(help.into()),
    );
}

/// `from Sat 2026-11-28 14:00 to 16:00`.
fn words(plan: &Plan, period: &Period) -> String {
    let [from, until] = [period.from, period.until].map(|at| plan.calendar.local(at));
    let until = match from.date() == until.date() {
        true => until.strftime("%H:%M"),
        false => until.strftime("%a %Y-%m-%d %H:%M"),
    };
    format!("from {} to {until}", from.strftime("%a %Y-%m-%d %H:%M"))
}

/// When customers may come: where the rate is not zero; throughout under a replay.
fn coming(plan: &Plan) -> Vec<Period> {
    let Arrivals::Rate(curve) = &plan.arrivals else {
        return vec![Period {
            from: Time::ZERO,
            until: plan.outline.horizon,
        }];
    };
    let starts = std::iter::once(Time::ZERO).chain(curve.pieces.iter().map(|piece| piece.until));
    let pieces = starts.zip(&curve.pieces);
    let some = pieces.filter(|(_, piece)| piece.from_rate > 0.0 || piece.to_rate > 0.0);
    joined(some.map(|(from, piece)| Period {
        from,
        until: piece.until,
    }))
}

/// When at least one agent is there.
fn presence(plan: &Plan) -> Vec<Period> {
    let counts = &plan.headcounts;
    let ends = counts
        .iter()
        .skip(1)
        .map(|count| count.at)
        .chain([Time::NEVER]);
    let counted = counts
        .iter()
        .zip(ends)
        .filter(|(count, _)| count.agents > 0);
    let counted = counted.map(|(count, until)| Period {
        from: count.at,
        until,
    });
    let shifts = plan.shifts.iter().map(|shift| Period {
        from: shift.from,
        until: shift.until,
    });
    joined(counted.chain(shifts))
}

/// The time between periods, before the first and after the last.
fn gaps(periods: &[Period]) -> Vec<Period> {
    let starts = std::iter::once(Time::ZERO).chain(periods.iter().map(|period| period.until));
    let ends = periods
        .iter()
        .map(|period| period.from)
        .chain([Time::NEVER]);
    let gaps = starts.zip(ends).map(|(from, until)| Period { from, until });
    gaps.filter(|gap| gap.from < gap.until).collect()
}

/// The time that lies in both of two rows of disjoint, ascending periods.
fn common(one: &[Period], other: &[Period]) -> Vec<Period> {
    let (mut all, mut next) = (Vec::new(), 0);
    for period in one {
        while other.get(next).is_some_and(|o| o.until <= period.from) {
            next += 1;
        }
        let overlapping = other[next..].iter().take_while(|o| o.from < period.until);
        all.extend(overlapping.map(|o| Period {
            from: period.from.max(o.from),
            until: period.until.min(o.until),
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn periods(ends: &[(u64, u64)]) -> Vec<Period> {
        let period = |&(from, until): &(u64, u64)| Period {
            from: Time(from),
            until: Time(until),
        };
        ends.iter().map(period).collect()
    }

    #[test]
    fn time_in_common_and_between() {
        let (one, other) = (
            periods(&[(0, 10), (20, 30), (40, 50)]),
            periods(&[(5, 25), (26, 60)]),
        );
        assert_eq!(
            common(&one, &other),
            periods(&[(5, 10), (20, 25), (26, 30), (40, 50)])
        );
        let never = Time::NEVER.0;
        assert_eq!(gaps(&other), periods(&[(0, 5), (25, 26), (60, never)]));
        assert_eq!(gaps(&periods(&[(0, never)])), []);
        assert_eq!(
            joined(periods(&[(0, 5), (5, 8), (7, 9), (12, 13)]).into_iter()),
            periods(&[(0, 9), (12, 13)])
        );
    }
}
