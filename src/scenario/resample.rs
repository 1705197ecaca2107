//! Owns the rate of recorded arrivals: what a replay is drawn anew from.
//!
//! Law: each interval keeps the number of chats that were recorded in it as the number expected.

use super::almanac::Almanac;
use super::plan::Piece;
use crate::time::{Span, Time};

/// From an instant on, chats come at such a rate, in chats a nanosecond; ascending.
pub type Steps = Vec<(i64, f64)>;

/// The rate of recorded chats, by the intervals of the run.
pub fn of_chats(chats: impl Iterator<Item = i64>, interval: Span, horizon: Time) -> Steps {
    let within = chats.filter_map(|at| u64::try_from(at).ok());
    let mut counts = vec![0u64; horizon.0.div_ceil(interval.0) as usize];
    for at in within.filter(|at| *at < horizon.0) {
        counts[(at / interval.0) as usize] += 1;
    }
    let step = |(index, count): (usize, &u64)| {
        let from = index as u64 * interval.0;
        let length = (horizon.0 - from).min(interval.0);
        (from as i64, *count as f64 / length as f64)
    };
    counts.iter().enumerate().map(step).collect()
}

/// The rate of counts, each `every` long from its time on; where two overlap they add up.
pub fn of_counts<'a>(counts: impl Iterator<Item = (i64, &'a u32)>, every: Span) -> Steps {
    let ends = |(from, count): (i64, &u32)| {
        let count = i64::from(*count);
        [(from, count), (from + every.0 as i64, -count)]
    };
    let mut changes: Vec<(i64, i64)> = counts.flat_map(ends).collect();
    changes.sort_unstable();
    // In whole chats, so that what has ended leaves nothing behind.
    let (mut sum, mut steps) = (0, Steps::new());
    for change in changes.chunk_by(|a, b| a.0 == b.0) {
        sum += change.iter().map(|(_, count)| count).sum::<i64>();
        steps.push((change[0].0, sum as f64 / every.0 as f64));
    }
    steps
}

/// The pieces of a plan: the steps, scaled, cut at the horizon and where local days begin.
pub fn pieces(steps: &[(i64, f64)], scale: f64, almanac: &Almanac) -> Vec<Piece> {
    let (days, horizon) = (almanac.days(), almanac.horizon.0 as i64);
    let starts = steps.iter().map(|step| step.0);
    let midnights = days.iter().map(|day| day.0 as i64);
    let mut edges: Vec<i64> = starts.chain(midnights).chain([horizon]).collect();
    edges.retain(|edge| (0..=horizon).contains(edge));
    edges.sort_unstable();
    edges.dedup();
    let piece = |ends: &[i64]| {
        let step = steps.partition_point(|step| step.0 <= ends[0]);
        let rate = step.checked_sub(1).map_or(0.0, |step| steps[step].1) * scale;
        Piece {
            until: Time(ends[1] as u64),
            from_rate: rate,
            to_rate: rate,
            day: days.partition_point(|day| day.0 as i64 <= ends[0]).max(1) as u32 - 1,
        }
    };
    edges.windows(2).map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_overlap_add_up_and_leave_nothing_behind() {
        let rows = [(0, 3), (10, 7), (5, 1), (0, 2)];
        let steps = of_counts(rows.iter().map(|(at, count)| (*at, count)), Span(10));
        assert_eq!(steps, [(0, 0.5), (5, 0.6), (10, 0.8), (15, 0.7), (20, 0.0)]);
    }

    #[test]
    fn the_last_interval_may_be_shorter() {
        let steps = of_chats([1, 2, 12, 24, -1, 25].into_iter(), Span(10), Time(25));
        assert_eq!(steps, [(0, 0.2), (10, 0.1), (20, 0.2)]);
    }
}
