//! Owns the inverse question: the fewest agents that do.

/// More agents than this are not sought.
pub const MOST: u32 = 1_000_000;

/// The least number of agents from `from` on that `does`, given that every greater number does too;
/// `None` when [`MOST`] do not. Gallops, then bisects: the number of trials grows with the logarithm
/// of the answer's distance from `from`.
pub fn fewest(from: u32, does: impl Fn(u32) -> bool) -> Option<u32> {
    let from = from.max(1);
    if does(from) {
        return Some(from);
    }
    let (mut low, mut step) = (from, 1);
    let mut high = loop {
        let next = low.saturating_add(step).min(MOST);
        if next <= low {
            return None;
        }
        if does(next) {
            break next;
        }
        (low, step) = (next, step * 2);
    };
    while high - low > 1 {
        let middle = low.midpoint(high);
        *(if does(middle) { &mut high } else { &mut low }) = middle;
    }
    Some(high)
}
