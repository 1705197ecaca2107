//! Owns `Case`: a center and what theory says of it.

use indexmap::IndexMap;

use super::center::Center;

/// A center and what theory says of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Says which; the seed follows from it.
    pub name: String,
    /// The center. Its seed, length and replications are set when it is played.
    pub center: Center,
    /// Measures with their exact values, in the measures' units.
    pub exact: IndexMap<String, f64>,
    /// How the measures are seen.
    pub see: See,
    /// How much it has to be played.
    pub takes: Takes,
}

/// How a case's measures are seen.
#[derive(Clone, Debug, PartialEq)]
pub enum See {
    /// In the result, by name.
    Result,
    /// Chats in progress at instants, from the rows of customers: at `hours` after the start of
    /// each `period` (in hours) from the first measured one on.
    Present {
        /// Hours after a period's start, as the measures name them.
        hours: Vec<f64>,
        /// A period's length.
        period: f64,
        /// The first period that is seen, from 0, and the end.
        seen: (u32, u32),
    },
    /// Customers who come in each day of 24 hours, of mean `mean`.
    Daily {
        /// The mean.
        mean: f64,
        /// How many days a replication has.
        days: u32,
    },
}

/// How much a case has to be played, to be known to its precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Takes {
    /// Long stretches of time with so many million chats in all.
    Stretches {
        /// Millions of chats that are measured.
        millions: f64,
        /// How many stretches.
        replications: u32,
    },
    /// So many replications of the center as it is.
    Replications(u32),
}

/// The stretches of a case, unless it says otherwise: a standard error of so many has a tail close
/// to the normal law's.
pub const STRETCHES: u32 = 100;

/// How much of the cases is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// As much as the precision takes.
    Whole,
    /// A little: the rule is held, the precision not, and cases that take long to settle are left
    /// out.
    Quick,
}

/// The share of its replications that a quick case plays.
const QUICK_REPLICATIONS: f64 = 0.02;
/// The share of its stretches that a quick case plays, and the most chats, in millions.
const QUICK: (f64, f64) = (0.1, 0.5);
/// A case with a warm-up of more chats than this is not quick.
const LONG_WARM_UP: f64 = 3_000.0;
/// The fewest replications of a quick case that has no stretches.
const FEWEST: u32 = 100;

impl Case {
    /// Whether it is among the quick ones.
    pub fn is_quick(&self) -> bool {
        self.center.warm_up_hours * self.center.per_hour <= LONG_WARM_UP
    }

    /// The center as it is played.
    pub fn sized(&self, size: Size) -> Center {
        let mut center = self.center.clone();
        center.seed = seed(&self.name);
        match self.takes {
            Takes::Stretches {
                millions,
                replications,
            } => {
                let millions = match size {
                    Size::Whole => millions,
                    Size::Quick => (millions * QUICK.0).min(QUICK.1),
                };
                center.replications = replications;
                let chats = millions * 1e6 / f64::from(replications);
                center.hours = center.warm_up_hours + chats / center.per_hour;
            }
            Takes::Replications(replications) => {
                let share = if size == Size::Whole {
                    1.0
                } else {
                    QUICK_REPLICATIONS
                };
                let some = (f64::from(replications) * share) as u32;
                center.replications = some.max(FEWEST.min(replications));
            }
        }
        center.interval_hours = center.hours;
        center
    }

    /// Chats that it takes, warm-up included.
    pub fn chats(&self, size: Size) -> f64 {
        let center = self.sized(size);
        let once = match center.rates.last() {
            None => center.hours * center.per_hour,
            Some(_) => center.plan().arrivals.expected(),
        };
        once * f64::from(center.replications)
    }
}

/// A number that depends on the name alone (FNV-1a).
fn seed(name: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}
