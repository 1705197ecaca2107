//! Owns `[arrivals]`: volume or rate with its factors, or a replay.
//!
//! Law: arrivals are told in one way only; what would contradict it is a problem.

use std::path::Path;

use jiff::tz::TimeZone;

use super::almanac::Almanac;
use super::curve::{Base, Curve, Spread, Weekdays};
use super::days::NAMES;
use super::document::{At, Place};
use super::form::{Choice, Number};
use super::intraday::{Curves, Shape};
use super::names::list;
use super::plan;
use super::problem::Problems;
use super::quantity::{RATE, VOLUME};
use super::replay::{self, Placing, Replay};
use super::section::Section;
use super::surge;
use crate::time::Span;

/// `[arrivals]` as written.
pub struct Arrivals {
    /// Where the section stands.
    pub place: Place,
    /// Volume or rate; `None` for a replay.
    pub base: Option<At<Base>>,
    /// One factor a month.
    pub months: [f64; 12],
    /// Factors of the weekdays.
    pub weekdays: Option<Weekdays>,
    /// The curves of the days.
    pub intraday: Option<Curves>,
    /// How they go from point to point.
    pub shape: Shape,
    /// How days differ by chance.
    pub busyness: Spread,
    /// Rushes.
    pub surges: Vec<surge::Written>,
    /// Recorded arrivals.
    pub replay: Option<Replay>,
    /// A factor on everything.
    pub scale: f64,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The most chats that may be expected of a run: customers are numbered in 32 bits, and busy days
/// bring more than expected.
const MOST_EXPECTED: f64 = 2e9;

const FACTOR: Number = Number::up_to(1e6, "1.2");

/// Reads `[arrivals]`.
pub fn ask(section: &mut Section, folder: &Path) -> Arrivals {
    let base = ask_base(section);
    let months = section.table(
        "month",
        "Factors of the months; a missing one is 1.",
        ask_months,
    );
    let weekdays = section.table("weekday", WEEKDAY, ask_weekdays);
    let intraday = section.table("intraday", INTRADAY, |s| Curves::ask(s, folder));
    let shape = section.or(
        "shape",
        "How the rate goes between the points of `intraday`: level through each bin, or straight \
         from the middle of one bin to the middle of the next.",
        &Choice(&[("steps", Shape::Steps), ("linear", Shape::Linear)]),
        "\"steps\"",
    );
    let busyness = section.table("busyness", "How days differ by chance.", ask_busyness);
    let rushes = "Rushes: the rate is multiplied for a while.";
    let surges = section.tables("surges", rushes, surge::ask);
    let replay = section.table("replay", "Recorded arrivals, in place of a rate.", |s| {
        replay::ask(s, folder)
    });
    let scale = section.or(
        "scale",
        "A factor on all arrivals. A replay is thinned below 1 and copied above.",
        &Number::above_zero(1e4, "1.3"),
        "1.0",
    );
    let replay = replay.and_then(|replay| replay.value);
    forbid_contradictions(section, replay.as_ref());
    let shares = matches!(
        base,
        Some(At {
            value: Base::Volume(_),
            ..
        })
    );
    Arrivals {
        place: section.place(),
        base,
        weekdays: weekdays.and_then(|given| given.value.check(given.place, shares, section)),
        intraday: intraday.and_then(|given| check_shares(given, shares, section)),
        months: months.map_or([1.0; 12], |months| months.value),
        shape: shape.value,
        busyness: busyness.and_then(|b| b.value).unwrap_or_default(),
        surges: surges.map_or(Vec::new(), |list| {
            list.value
                .into_iter()
                .filter_map(|surge| surge.value)
                .collect()
        }),
        replay,
        scale: scale.value,
    }
}

/// One way to say when customers come, and nothing beside a replay that it has in it.
fn forbid_contradictions(section: &mut Section, replay: Option<&Replay>) {
    let one = "`rate = \"1200 per hour\"`, `volume = \"14000 per week\"` or `replay = {...}`";
    section.exactly_one(&["volume", "rate", "replay"], one);
    let curve = ["month", "weekday", "intraday", "shape", "surges"];
    section.excludes(
        "replay",
        &curve,
        "recorded arrivals have their seasons in them",
    );
    if let Some(place) = section
        .key_place("shape")
        .filter(|_| section.key_place("intraday").is_none() && !section.is_unread("shape"))
    {
        let title = "`shape` has no curve to give a shape to";
        let help = "write `intraday` with the curve of a day, or take `shape` out";
        section.problem(
            place,
            title,
            "the rate is level without `intraday`",
            Some(help.into()),
        );
    }
    let fixed = replay.is_some_and(|replay| !replay.resampled());
    if let Some(place) = section.key_place("busyness").filter(|_| fixed) {
        let title = "`busyness` does not go with arrivals that are replayed as they were";
        let help = "take `busyness` out, or write `resample = \"poisson\"` in `replay`";
        let label = "they come alike in all replications";
        section.problem(place, title, label, Some(help.into()));
    }
}

const WEEKDAY: &str = "Weights of the weekdays and of holidays: with `volume` shares of the week, \
                       each to be named; with `rate` factors, a missing one is 1. Without \
                       `holiday` nobody comes on holidays.";

const INTRADAY: &str = "Weights of the hours of the day, by the local clock; outside the bins \
                        nobody comes. Absent: even. Weekdays and holidays may have curves of \
                        their own, as in `intraday.sat = {...}`.";

fn ask_busyness(section: &mut Section) -> Option<Spread> {
    let cv = section.required(
        "cv",
        "Coefficient of variation of a factor, mean 1, drawn for each local date.",
        &Number::up_to(5.0, "0.08"),
    );
    let correlation = section.or(
        "day_correlation",
        "Correlation of the factors of two dates in a row (lag-1 Gaussian copula).",
        &Number {
            least: -1.0,
            most: 1.0,
            least_allowed: true,
            example: "0.6",
        },
        "0.0",
    );
    Some(Spread {
        cv: cv?.value,
        correlation: correlation.value,
    })
}

fn ask_base(section: &mut Section) -> Option<At<Base>> {
    let volume = section.optional(
        "volume",
        "Chats of an ordinary period, at month factor 1; weekday and intraday weights are shares \
         of it.",
        &VOLUME,
    );
    let rate = section.optional(
        "rate",
        "A rate of chats; all factors are used as written.",
        &RATE,
    );
    match (volume, rate) {
        (Some(volume), _) => Some(volume.map(|quantity| Base::Volume(quantity.0))),
        (None, rate) => rate.map(|rate| rate.map(|quantity| Base::Rate(quantity.0))),
    }
}

fn ask_months(section: &mut Section) -> [f64; 12] {
    MONTHS.map(|month| {
        let factor = section.optional(month, "Factor of the month.", &FACTOR);
        factor.map_or(1.0, |factor| factor.value)
    })
}

/// Weekday weights as written; whether they are shares is not known inside their table.
struct Week([Option<f64>; 8]);

fn ask_weekdays(section: &mut Section) -> Week {
    Week(NAMES.map(|day| {
        let weight = section.optional(day, "Weight of the day.", &FACTOR);
        weight.map(|weight| weight.value)
    }))
}

impl Week {
    fn check(&self, place: Place, shares: bool, section: &mut Section) -> Option<Weekdays> {
        let missing: Vec<&str> = (0..7)
            .filter(|day| self.0[*day].is_none())
            .map(|day| NAMES[day])
            .collect();
        if shares && !missing.is_empty() {
            let title = format!(
                "`weekday` does not say what share {} have",
                list(missing.clone())
            );
            let help = format!("write `{} = 0` for a day without chats", missing[0]);
            section.problem(
                place,
                title,
                "with `volume`, all seven days are expected",
                Some(help),
            );
            return None;
        }
        let mut days = [1.0; 7];
        for (day, weight) in days.iter_mut().zip(self.0) {
            *day = weight.unwrap_or(1.0);
        }
        if shares && days.iter().sum::<f64>() <= 0.0 {
            section.problem(
                place,
                "the weights of `weekday` sum to zero",
                "no day has chats",
                None,
            );
            return None;
        }
        Some(Weekdays {
            days,
            holiday: self.0[7].unwrap_or(0.0),
        })
    }
}

fn check_shares(given: At<Option<Curves>>, shares: bool, section: &mut Section) -> Option<Curves> {
    let intraday = given.value?;
    if shares && intraday.least_sum() <= 0.0 {
        let title = "the weights of `intraday` sum to zero";
        section.problem(given.place, title, "no hour has chats", None);
        return None;
    }
    Some(intraday)
}

impl Arrivals {
    /// When chats come; `None` after noting why not.
    pub fn resolve(
        &self,
        almanac: &Almanac,
        seed: u64,
        interval: Span,
        problems: &mut Problems,
    ) -> Option<plan::Arrivals> {
        if let Some(replay) = &self.replay {
            let placing = Placing {
                almanac,
                seed,
                scale: self.scale,
                interval,
            };
            if replay.resampled() {
                let pieces = replay.pieces(&placing, problems)?;
                return self.check(self.busy(pieces), almanac, problems);
            }
            let arrivals = replay.place(&placing, problems)?;
            return Some(plan::Arrivals::Replay(arrivals.into()));
        }
        let surges = self
            .surges
            .iter()
            .map(|surge| surge.resolve(almanac, problems));
        let curve = Curve {
            base: self.base.as_ref()?.value,
            months: self.months,
            weekdays: self.weekdays.clone(),
            intraday: self.intraday.clone(),
            surges: surges.collect(),
            scale: self.scale,
            shape: self.shape,
            busyness: self.busyness,
        };
        self.check(curve.expand(almanac), almanac, problems)
    }

    /// Surges that do not touch the horizon: a shorter one may be played at times, so that they are
    /// no error.
    pub fn remarks(&self, almanac: &Almanac) -> Vec<String> {
        let surges = self.surges.iter();
        surges.filter_map(|surge| surge.outside(almanac)).collect()
    }

    /// Checks the times that are named, where it is not known when the scenario plays.
    pub fn check_times(&self, zone: &TimeZone, problems: &mut Problems) {
        for surge in &self.surges {
            surge.instant(zone, problems);
        }
    }

    /// Pieces with the days' busyness.
    fn busy(&self, pieces: Vec<plan::Piece>) -> plan::RateCurve {
        plan::RateCurve {
            pieces,
            busyness_cv: self.busyness.cv,
            day_correlation: self.busyness.correlation,
        }
    }

    /// A rate by which somebody comes, but not too many.
    fn check(
        &self,
        curve: plan::RateCurve,
        almanac: &Almanac,
        problems: &mut Problems,
    ) -> Option<plan::Arrivals> {
        let arrivals = plan::Arrivals::Rate(curve);
        let expected = arrivals.expected();
        if expected > MOST_EXPECTED {
            let title = format!("{expected:.0} chats are expected: too many for one run");
            let help = "ask for less, make `horizon` shorter, or split it into several runs";
            let place = self.base.as_ref().map_or(self.place, |base| base.place);
            problems.add(place, title, "at most two billion", Some(help.into()));
        }
        if expected <= 0.0 && almanac.knows_holidays {
            let help = "the factors of month, weekday and intraday are zero for all of it";
            let title = "no chat is expected between start and horizon";
            problems.add(self.place, title, "nobody comes", Some(help.into()));
        }
        Some(arrivals)
    }
}
