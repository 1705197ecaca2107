//! Owns `Curve`: volume or rate with its seasons, resolved to the pieces of a plan.
//!
//! Law: the curve goes by the local clock. Breakpoints are made in absolute time (each civil edge
//! at both its offsets, and the changes of the clock), and the clock is read inside each piece; so
//! a skipped hour is lost and a repeated one repeats without a special case.

use jiff::civil::Date;

use super::almanac::Almanac;
use super::clock::DAY;
use super::days::DayKind;
use super::intraday::{Curves, Shape};
use super::plan::{Piece, RateCurve};
use super::surge::Surge;
use crate::time::{Span, Time};

/// What the factors multiply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Base {
    /// Chats a second on the average of an ordinary week: weekday and intraday weights are shares.
    Volume(f64),
    /// Chats a second: all factors are used as written.
    Rate(f64),
}

/// Factors of the weekdays, Monday first.
#[derive(Clone, Debug, PartialEq)]
pub struct Weekdays {
    /// One a weekday.
    pub days: [f64; 7],
    /// That of holidays; nobody comes where it is zero.
    pub holiday: f64,
}

/// When customers come.
#[derive(Clone, Debug)]
pub struct Curve {
    /// What the factors multiply.
    pub base: Base,
    /// One a month, January first.
    pub months: [f64; 12],
    /// `None`: every day is like another, holidays too.
    pub weekdays: Option<Weekdays>,
    /// `None`: evenly over the local day.
    pub intraday: Option<Curves>,
    /// How the curve of the day goes from point to point.
    pub shape: Shape,
    /// Rushes.
    pub surges: Vec<Surge>,
    /// A factor on everything.
    pub scale: f64,
    /// How days differ by chance.
    pub busyness: Spread,
}

/// How days differ by chance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// Coefficient of variation of a day's factor.
    pub cv: f64,
    /// Correlation of the normal scores of two dates in a row.
    pub correlation: f64,
}

/// Ramps and slopes multiply to a parabola: it is cut into straight pieces this long.
const CUT: i64 = 60_000_000_000;

impl Curve {
    /// The rate over the almanac's stretch of time.
    pub fn expand(&self, almanac: &Almanac) -> RateCurve {
        let days = almanac.days();
        let edges = self.edges(almanac);
        let mut pieces: Vec<Piece> = Vec::with_capacity(edges.len());
        for ends in edges.windows(2) {
            let (from, until) = (ends[0], ends[1]);
            let day = days.partition_point(|day| day.0 as i64 <= from).max(1) as u32 - 1;
            let rates = self.rates(almanac, from, until);
            let from_rate = rates[0] / 1e9 * self.surged(from, from, until);
            let to_rate = rates[1] / 1e9 * self.surged(until, from, until);
            let piece = Piece {
                until: Time(until as u64),
                from_rate,
                to_rate,
                day,
            };
            match pieces.last_mut() {
                Some(last) if continues(last, &piece) => last.until = piece.until,
                _ => pieces.push(piece),
            }
        }
        RateCurve {
            pieces,
            busyness_cv: self.busyness.cv,
            day_correlation: self.busyness.correlation,
        }
    }

    /// All instants at which the rate may change its course, the start and the horizon included.
    fn edges(&self, almanac: &Almanac) -> Vec<i64> {
        let horizon = almanac.horizon.0 as i64;
        let mut edges = vec![0, horizon];
        edges.extend(almanac.clock_changes(almanac.horizon));
        for date in almanac.dates(almanac.horizon) {
            let curve = self.intraday.as_ref().map(|all| all.of(almanac.kind(date)));
            let bins = curve.into_iter().flat_map(|curve| curve.edges(self.shape));
            for edge in bins.chain([Span::ZERO]) {
                let since = jiff::SignedDuration::from_nanos(edge.0 as i64);
                let local = date.at(0, 0, 0, 0).saturating_add(since);
                let (first, second) = almanac.instants(local);
                edges.push(first);
                edges.extend(second);
            }
        }
        edges.extend(self.surges.iter().flat_map(Surge::edges));
        order(&mut edges, horizon);
        let cuts: Vec<i64> = edges
            .windows(2)
            .flat_map(|ends| self.cuts(ends[0], ends[1]))
            .collect();
        edges.extend(cuts);
        order(&mut edges, horizon);
        edges
    }

    /// Where a stretch has to be cut because several surges ramp in it, or one on a slope.
    fn cuts(&self, from: i64, until: i64) -> impl Iterator<Item = i64> {
        let middle = (from + until) as f64 / 2.0;
        let ramps = self.surges.iter().filter(|surge| surge.ramps(middle));
        let sloping = self.intraday.is_some() && self.shape == Shape::Linear;
        let bent = ramps.count() + usize::from(sloping) > 1;
        let cuts = if bent { (until - from) / CUT } else { 0 };
        (1..=cuts).map(move |cut| from + cut * CUT)
    }

    /// Chats a second without surges, at the two ends of a stretch without an edge inside: within
    /// it the clock goes on, whatever it shows after its end.
    fn rates(&self, almanac: &Almanac, from: i64, until: i64) -> [f64; 2] {
        let local = almanac.local(from);
        let since = local.time().duration_since(jiff::civil::Time::midnight());
        let (second, length) = (since.as_secs_f64(), (until - from) as f64 / 1e9);
        let (date, kind) = (local.date(), almanac.kind(local.date()));
        let day = self.scale * self.day_rate(date, kind);
        let factors = self.hour_factors(kind, second, second + length);
        factors.map(|factor| day * factor)
    }

    /// Chats a second on the average of a day.
    fn day_rate(&self, date: Date, kind: DayKind) -> f64 {
        let month = self.months[date.month() as usize - 1];
        let weekday = self
            .weekdays
            .as_ref()
            .map_or(1.0, |weekdays| weekdays.factor(kind));
        match self.base {
            Base::Rate(rate) => rate * month * weekday,
            Base::Volume(rate) => {
                let sum = self
                    .weekdays
                    .as_ref()
                    .map_or(7.0, |weekdays| weekdays.days.iter().sum());
                rate * month * weekday * 7.0 / sum
            }
        }
    }

    /// How much more chats come than on the day's average, at the ends of a stretch of the day.
    fn hour_factors(&self, kind: DayKind, from: f64, until: f64) -> [f64; 2] {
        let Some(curves) = &self.intraday else {
            return [1.0; 2];
        };
        let intraday = curves.of(kind);
        let weights = intraday.weights(self.shape, from, until);
        match self.base {
            Base::Rate(_) => weights,
            Base::Volume(_) => weights
                .map(|weight| weight / intraday.sum() * f64::from(DAY) / f64::from(intraday.every)),
        }
    }

    /// The product of the surges at `at`, within the stretch from `from` to `until`.
    fn surged(&self, at: i64, from: i64, until: i64) -> f64 {
        let middle = (from + until) as f64 / 2.0;
        self.surges
            .iter()
            .map(|surge| surge.factor(at as f64, middle))
            .product()
    }
}

impl Weekdays {
    fn factor(&self, kind: DayKind) -> f64 {
        self.days.get(kind.0).copied().unwrap_or(self.holiday)
    }
}

fn order(edges: &mut Vec<i64>, horizon: i64) {
    edges.retain(|edge| (0..=horizon).contains(edge));
    edges.sort_unstable();
    edges.dedup();
}

/// Whether a flat piece goes on as it was.
fn continues(last: &Piece, piece: &Piece) -> bool {
    let flat = |piece: &Piece| piece.from_rate == piece.to_rate;
    flat(last) && flat(piece) && last.from_rate == piece.from_rate && last.day == piece.day
}
