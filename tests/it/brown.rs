//! Owns the test of Brown et al. (2005) that arrivals are Poisson: L. Brown, N. Gans, A. Mandelbaum,
//! A. Sakov, H. Shen, S. Zeltyn and L. Zhao, "Statistical analysis of a telephone call center",
//! Journal of the American Statistical Association 100, 36-50, section 4.1
//! (doi:10.1198/016214504000001808).
//!
//! Any list of instants will do, simulated or recorded, in any unit of time.

use busyhour::scenario::outlook::flow::Flow;
use busyhour::scenario::plan::Plan;
use busyhour::time::Time;

/// Within each block, from an edge to the next, arrivals T1 < ... < TJ after its start give
///
/// R_j = (J + 1 - j) (-ln ((L - T_j) / (L - T_(j-1)))), T_0 = 0, L the block's length,
///
/// which are independent standard exponentials if the rate is level in the block, whatever it is.
pub fn block_gaps(arrivals: &[f64], edges: &[f64]) -> Vec<f64> {
    let mut gaps = Vec::with_capacity(arrivals.len());
    for ends in edges.windows(2) {
        let [from, until] = [0, 1].map(|end| arrivals.partition_point(|at| *at < ends[end]));
        let (count, mut left) = (until - from, ends[1] - ends[0]);
        for (index, at) in arrivals[from..until].iter().enumerate() {
            let rest = ends[1] - at;
            gaps.push((count - index) as f64 * (left / rest).ln());
            left = rest;
        }
    }
    gaps
}

/// The probability that standard exponentials lie at least so far from their distribution function
/// as these gaps do, by Kolmogorov and Smirnov with Stephens' (1970) correction.
pub fn exponential_p(gaps: &[f64]) -> f64 {
    let mut gaps = gaps.to_vec();
    gaps.sort_by(f64::total_cmp);
    let n = gaps.len() as f64;
    let distance = gaps.iter().enumerate().map(|(index, gap)| {
        let (exact, index) = (1.0 - (-gap).exp(), index as f64);
        (exact - index / n).max((index + 1.0) / n - exact)
    });
    let distance = distance.fold(0.0, f64::max);
    let scaled = (n.sqrt() + 0.12 + 0.11 / n.sqrt()) * distance;
    let term = |k: i32| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * (-2.0 * f64::from(k * k) * scaled * scaled).exp()
    };
    if scaled < 0.2 {
        return 1.0;
    }
    (1..100).map(term).sum::<f64>().clamp(0.0, 1.0)
}

/// Arrivals by the clock that ticks once for each customer whom the plan expects: by it they come at
/// rate 1, but for the days' busyness.
pub fn by_expectation(plan: &Plan, arrivals: &[Time]) -> Vec<f64> {
    let flow = Flow::of(plan);
    arrivals
        .iter()
        .map(|at| flow.arrived(Time::ZERO, *at))
        .collect()
}

/// The plan's intervals by the same clock, cut where days begin: within each the rate is level,
/// busyness or not.
pub fn blocks(plan: &Plan) -> Vec<f64> {
    let outline = &plan.outline;
    let starts = (0..outline.intervals()).map(|index| outline.interval_start(index));
    let edges = starts
        .chain(outline.days.iter().copied())
        .chain([outline.horizon]);
    let mut edges: Vec<Time> = edges.collect();
    edges.sort_unstable();
    edges.dedup();
    by_expectation(plan, &edges)
}

/// The test's p value for arrivals of a plan.
pub fn p_value(plan: &Plan, arrivals: &[Time]) -> f64 {
    exponential_p(&block_gaps(&by_expectation(plan, arrivals), &blocks(plan)))
}
