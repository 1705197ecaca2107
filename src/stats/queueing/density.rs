//! Owns `Density`: the law of the wait that is offered to those who cannot be served at once.
//!
//! Law: the density is scaled by its greatest value before anything is raised to a power, so that
//! exponents of millions neither overflow nor vanish. It is followed down to e^-45 of its peak, by
//! Gauss-Legendre of 16 nodes on panels.

use super::patience::Patience;

/// Nodes of the positive half and their weights (Abramowitz and Stegun 1964, table 25.4).
const NODES: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_6),
    (0.458_016_777_657_227_4, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_73),
    (0.755_404_408_355_003, 0.124_628_971_255_533_87),
    (0.865_631_202_387_831_7, 0.095_158_511_682_492_78),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_89),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_095),
];

const PANELS: u32 = 32;
/// How far below the peak, in powers of e, the density is followed.
const DEPTH: f64 = 45.0;

/// exp(arrivals x H(v) - release x v) over v > 0, with H(v) the mean of the shorter of patience and
/// v: the density, but for a factor, of the time until an agent would be free, given that none is
/// (Baccelli and Hebuterne 1981; Zeltyn and Mandelbaum 2005, section 3).
#[derive(Clone, Debug)]
pub struct Density {
    arrivals: f64,
    release: f64,
    patience: Patience,
    greatest: f64,
    /// Where integrals are cut, its ends and its peak among them, ascending.
    cuts: Vec<f64>,
    /// Its integral, over its greatest value.
    mass: f64,
}

impl Density {
    /// `release` is the rate at which the full center gets free. It must be greater than that of
    /// arrivals, or patience must end: else there is no such law.
    pub fn new(arrivals: f64, release: f64, patience: Patience) -> Density {
        let peak = if release < arrivals {
            patience.quantile(1.0 - release / arrivals)
        } else {
            0.0
        };
        let mut density = Density {
            arrivals,
            release,
            patience,
            greatest: 0.0,
            cuts: vec![peak],
            mass: 1.0,
        };
        density.greatest = density.exponent(peak);
        density.cut(peak);
        density.mass = density.integral(0.0, f64::INFINITY, |_| 1.0);
        density
    }

    /// Finds the ends and puts the cuts in order.
    fn cut(&mut self, peak: f64) {
        let deep = |x: f64| self.exponent(x) < self.greatest - DEPTH;
        let low = if deep(0.0) {
            edge(peak, 0.0, deep)
        } else {
            0.0
        };
        let mut beyond = 1.0 / self.release;
        while !deep(peak + beyond) {
            beyond *= 2.0;
        }
        let high = edge(peak, peak + beyond, deep);
        let inner = self.patience.cuts().into_iter();
        let inner = inner.filter(|cut| *cut > low && *cut < high);
        self.cuts = [low, peak, high].into_iter().chain(inner).collect();
        self.cuts.sort_by(f64::total_cmp);
    }

    fn exponent(&self, x: f64) -> f64 {
        self.arrivals * self.patience.mean_up_to(x) - self.release * x
    }

    /// The logarithm of the integral.
    pub fn ln_mass(&self) -> f64 {
        self.greatest + self.mass.ln()
    }

    /// Beyond this length there is nothing to speak of.
    pub fn end(&self) -> f64 {
        self.cuts[self.cuts.len() - 1]
    }

    /// The mean of `f`, counted where the wait is between `from` and `until`.
    pub fn mean(&self, from: f64, until: f64, f: impl Fn(f64) -> f64) -> f64 {
        self.integral(from, until, f) / self.mass
    }

    fn integral(&self, from: f64, until: f64, f: impl Fn(f64) -> f64) -> f64 {
        let stretch = |ends: &[f64]| {
            let (low, high) = (ends[0].max(from), ends[1].min(until));
            if low < high {
                self.stretch(low, high, &f)
            } else {
                0.0
            }
        };
        self.cuts.windows(2).map(stretch).sum()
    }

    fn stretch(&self, low: f64, high: f64, f: &impl Fn(f64) -> f64) -> f64 {
        let half = (high - low) / f64::from(2 * PANELS);
        let value = |x: f64| f(x) * (self.exponent(x) - self.greatest).exp();
        let panel = |number: u32| {
            let middle = low + half * f64::from(2 * number + 1);
            let pair = |(node, weight): &(f64, f64)| {
                weight * (value(middle - half * node) + value(middle + half * node))
            };
            NODES.iter().map(pair).sum::<f64>()
        };
        (0..PANELS).map(panel).sum::<f64>() * half
    }
}

/// Where it becomes deep, between `inner` (it is not) and `outer` (it is).
fn edge(mut inner: f64, mut outer: f64, deep: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..60 {
        let middle = f64::midpoint(inner, outer);
        *(if deep(middle) { &mut outer } else { &mut inner }) = middle;
    }
    outer
}
