//! Validation: the simulation against exact theory, so that its figures can be trusted.
//!
//! Law: every estimate comes from a plan played like any other and, where there is such a measure,
//! from the result that users see, with the interval that they see. A case's seed follows from its
//! name, so that one more case moves no other; nothing looks at how far an estimate is off before it
//! is judged.

pub mod case;
mod cases;
pub mod center;
mod figures;
mod observe;
pub mod rule;

use serde::Serialize;

use crate::simulation::Watch;
use case::{Case, Size};
use rule::{Held, Ledger};

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// The case's name.
    pub case: String,
    /// The seed of its draws.
    pub seed: u64,
    /// How often it was played.
    pub replications: u32,
    /// Its measures against theory.
    pub measures: Vec<Held>,
}

/// All cases that this program can play, in order.
pub fn cases() -> Vec<Case> {
    cases::all()
}

/// Plays a case and holds it against theory; `None` when it was stopped.
pub fn check(case: &Case, size: Size, threads: usize, watch: &Watch) -> Option<Checked> {
    let center = case.sized(size);
    let seen = observe::observe(case, &center, threads, watch)?;
    let hold = |(measure, exact): (&String, &f64)| {
        let wanted = rule::wanted(measure, &case.exact)?;
        let wanted = match size {
            Size::Whole => Some(wanted),
            // Short stretches say little of the tail.
            Size::Quick if rule::is_percentile(measure) => return None,
            Size::Quick => None,
        };
        let (seen, replications) = (seen.get(measure), center.replications);
        Some(Held::new(measure, *exact, seen, replications, wanted))
    };
    Some(Checked {
        case: case.name.clone(),
        seed: center.seed,
        replications: center.replications,
        measures: case.exact.iter().filter_map(hold).collect(),
    })
}

/// What all cases together come to.
pub fn ledger(checked: &[Checked]) -> Ledger {
    Ledger::of(checked.iter().flat_map(|case| &case.measures))
}
