//! Owns `Plan`: a scenario resolved to rules, numbers and limits.
//!
//! Law: after this nothing of the text is needed: no names to look up, no time zone, no file. All
//! instants count from the scenario's start.

mod messages;
mod texts;

use std::fmt::{self, Write};
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::window::Window;
use crate::center::rules::{AgentRules, CustomerClasses, RouterRules, ShiftEnd};
use crate::measure::gate::{Gate, Judge};
use crate::measure::outline::Outline;
use crate::measure::result::ScenarioEcho;
use crate::stats::law::Law;
use crate::time::{Span, Time};

pub use messages::Messages;
pub use texts::Texts;

/// A scenario resolved to numbers.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario's name.
    pub name: String,
    /// Where the text came from and what was changed on the command line.
    pub source: Source,
    /// The seed of all draws.
    pub seed: u64,
    /// From instants to local dates and times, for people to read.
    pub calendar: Calendar,
    /// Warm-up, horizon, intervals, days, service levels.
    pub outline: Outline,
    /// When play begins: the scenario's start, or the start of a window less its warm-up. Nobody
    /// who came before is there then, but customers keep their numbers and their times.
    pub begin: Time,
    /// After the horizon the run drains no longer than this.
    pub drain_limit: Span,
    /// How many replications a simulation makes, at least 1; at most, when there is a `precision`.
    pub replications: u32,
    /// The first replication of a simulation.
    pub first_replication: u32,
    /// When a simulation may stop before `replications`.
    pub precision: Vec<Precision>,
    /// When chats come.
    pub arrivals: Arrivals,
    /// When the desk is open: ascending, disjoint; one period of the whole time when always open.
    pub open: Vec<Period>,
    /// What becomes of the queue when the desk closes.
    pub at_closing: AtClosing,
    /// How customers behave, by class; their names stand in the outline.
    pub customers: CustomerClasses,
    /// How agents work.
    pub agents: AgentRules,
    /// How chats are given out.
    pub router: RouterRules,
    /// How many agents there are: they are numbered from 0.
    pub team: u32,
    /// Who is there when, by start, then agent; one shift for each agent, without end, when the
    /// scenario only counts them; none when it counts them over time.
    pub shifts: Vec<Shift>,
    /// How many agents there are over time, ascending, from the start on; empty where `shifts` say
    /// who is there.
    pub headcounts: Vec<Headcount>,
    /// What the messages of a live run are like.
    pub messages: Messages,
    /// How a live run goes.
    pub live: Live,
    /// What a live run must keep to be valid.
    pub validity: Validity,
    /// What the run has to fulfil.
    pub gates: Vec<Gate>,
    /// What stands in the scenario and has no effect, a sentence each, for people to read.
    pub remarks: Vec<String>,
    /// How gates treat the interval of a simulated measure.
    pub judge: Judge,
    /// The grain of arrivals, rounded down to it: `Span(1)` but for tests, see
    /// [`Plan::in_whole_millis`].
    pub grain: Span,
    /// How late people do what is due, in scenario time, as those of a live run are; none but where
    /// such a run is to be explained. Simulated only.
    pub lag: Option<Law>,
    /// Which of several centers of their own is played, and of how many; none where there is one.
    /// Simulated only.
    pub center: Option<(u32, u32)>,
}

/// The text of a scenario and where it came from; goes into the result file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Source {
    /// The file's name as it was given.
    pub file: String,
    /// The text as it was read.
    pub text: String,
    /// The changes made on the command line, `path=value`, in order.
    pub overrides: Vec<String>,
    /// What was scaled, in words; absent where nothing was.
    pub scaled: Option<String>,
    /// The window that is played, in words; absent for all of it.
    pub window: Option<String>,
    /// The same as it was asked for.
    pub narrowed: Option<Window>,
    /// The files that it reads: no output may go there.
    pub files: Vec<PathBuf>,
}

/// A stretch of time: from inclusive, until exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First instant.
    pub from: Time,
    /// First instant after.
    pub until: Time,
}

/// One agent's presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Who.
    pub agent: u32,
    /// From when; a shift that began before the scenario is cut at the start.
    pub from: Time,
    /// Until when; `Time::NEVER` for always.
    pub until: Time,
    /// What becomes of the agent's chats then.
    pub end: ShiftEnd,
}

/// What becomes of the queue when the desk closes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtClosing {
    /// Who waits is served.
    #[default]
    Served,
    /// Who waits is turned away.
    SentAway,
}

/// From an instant on there are so many agents, whoever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headcount {
    /// From when.
    pub at: Time,
    /// How many.
    pub agents: u32,
}

/// How well a measure has to be known before a simulation may stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Precision {
    /// The measure, by its name in the catalogue.
    pub measure: String,
    /// The half-width of its 95 % interval is at most this share of its value,
    pub relative: f64,
    /// or at most this, in the measure's unit.
    pub absolute: f64,
}

/// When chats come.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// A Poisson process of varying rate.
    Rate(RateCurve),
    /// Recorded arrivals, ascending; the same in every replication.
    Replay(Arc<[Time]>),
}

/// The expected rate of arrivals over the horizon.
#[derive(Clone, Debug, PartialEq)]
pub struct RateCurve {
    /// Ascending, without gaps, from the start to the horizon or, in a window, beyond it.
    pub pieces: Vec<Piece>,
    /// Coefficient of variation of the factor (Gamma, mean 1) that each local date is given anew
    /// in each replication; zero for none.
    pub busyness_cv: f64,
    /// Correlation of the factors of two dates in a row (of the normal scores, lag 1), within -1..1.
    pub day_correlation: f64,
}

/// A stretch of time over which the rate goes linearly from one value to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// First instant after the piece.
    pub until: Time,
    /// Chats a nanosecond at its start.
    pub from_rate: f64,
    /// Chats a nanosecond at its end.
    pub to_rate: f64,
    /// The local date it belongs to, as an index into the outline's days.
    pub day: u32,
}

impl Arrivals {
    /// The greatest expected rate, in chats a nanosecond; of a replay, that of its fullest minute.
    pub fn peak(&self) -> f64 {
        const MINUTE: u64 = 60_000_000_000;
        match self {
            Arrivals::Rate(curve) => curve
                .pieces
                .iter()
                .map(|p| p.from_rate.max(p.to_rate))
                .fold(0.0, f64::max),
            Arrivals::Replay(times) => {
                let minutes = times.chunk_by(|a, b| a.0 / MINUTE == b.0 / MINUTE);
                minutes.map(<[Time]>::len).max().unwrap_or(0) as f64 / MINUTE as f64
            }
        }
    }

    /// Chats expected from the scenario's start on, before its horizon; a window has fewer.
    pub fn expected(&self) -> f64 {
        match self {
            Arrivals::Rate(curve) => {
                let from = std::iter::once(0).chain(curve.pieces.iter().map(|p| p.until.0));
                let area = |(from, p): (u64, &Piece)| {
                    (p.until.0 - from) as f64 * (p.from_rate + p.to_rate) / 2.0
                };
                from.zip(&curve.pieces).map(area).sum()
            }
            Arrivals::Replay(times) => times.len() as f64,
        }
    }
}

/// How a live run goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// Scenario seconds a wall second, more than zero.
    pub speed: f64,
    /// Wall time by which agents of later shifts connect before their shift.
    pub connect_lead: Span,
    /// Wall time that a staged stop may take.
    pub closing_deadline: Span,
    /// Wall time within which every agent of the first shift must be online.
    pub start_deadline: Span,
    /// Who ends a chat whose customer is quiet for too long.
    pub inactivity: EndsQuiet,
    /// Wall time for which somebody tries to get in, or back in; zero for not at all.
    pub reconnect_for: Span,
    /// The most connects a second, over the whole run; none for any number.
    pub max_connect_rate: Option<f64>,
    /// The share of connects and connections that may fail.
    pub breaker_share: f64,
    /// Wall time for which more may fail before the run is stopped; zero for ever.
    pub breaker_after: Span,
}

/// Who ends a chat whose customer is quiet for too long, in a live run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndsQuiet {
    /// The server, by a timeout of its own.
    #[default]
    Server,
    /// The agent, who closes the chat.
    Agent,
}

/// What a live run must keep to be valid.
#[derive(Clone, Debug, PartialEq)]
pub struct Validity {
    /// The most that the 99th percentile of the schedule lag may be, in wall milliseconds.
    pub lag_ms_p99: f64,
    /// Where deliveries are slow it may be more: this share of their 99th percentile.
    pub lag_of_delivery: f64,
    /// The most that it may be as a share of the median human time at the run's speed.
    pub lag_share: f64,
    /// The most of its time for which an event loop of the generator may stand still, a tenth of a
    /// second or more at a time.
    pub stood_still_ratio: f64,
}

impl Plan {
    /// What the result file says of the scenario.
    pub fn echo(&self) -> ScenarioEcho {
        ScenarioEcho {
            name: self.name.clone(),
            file: self.source.file.clone(),
            text: self.source.text.clone(),
            overrides: self.source.overrides.clone(),
            seed: self.seed,
            start: self.calendar.start().to_string(),
            horizon_s: self.outline.horizon.as_secs_f64(),
            warm_up_s: self.outline.warm_up.as_secs_f64(),
            short_abandon_s: self.outline.short_abandon.as_secs_f64(),
            interval_s: self.outline.interval.as_secs_f64(),
            agents: self.team,
            concurrency: self.agents.concurrency,
            replications: self.replications,
            scaled: self.source.scaled.clone(),
            window: self.source.window.clone(),
            ..ScenarioEcho::default()
        }
    }

    /// Rounds whatever is drawn to whole milliseconds, so that a clock of that grain plays the very
    /// same plan: arrivals down, so that they stay within the horizon (two may fall together),
    /// everything else to the nearest.
    pub fn in_whole_millis(&mut self) {
        let grain = Span::from_millis(1);
        let round = |law: &mut Law| *law = mem::replace(law, Law::Never).in_grains(grain);
        for class in self.customers.rules_mut() {
            let retry = &mut class.retry;
            let causes = [
                &mut retry.abandoned,
                &mut retry.rejected,
                &mut retry.unresolved,
            ];
            let after = causes.into_iter().flatten().map(|cause| &mut cause.after);
            let cut = class.disconnect.as_mut();
            let cut = cut.map(|cut| [&mut cut.every, &mut cut.away]);
            let own = [
                &mut class.queue_patience,
                &mut class.reply_patience,
                &mut class.think,
            ];
            let others = after.chain(cut.into_iter().flatten());
            own.into_iter().chain(others).for_each(round);
        }
        round(&mut self.agents.reply);
        round(&mut self.agents.wrap_up);
        self.agents.grain = grain;
        self.grain = grain;
    }

    /// A number that two plans share if they are the same to the last digit, wherever they were
    /// read from: of all that is played, and nothing of its source.
    pub fn fingerprint(&self) -> u64 {
        let bare = Plan {
            source: Source::default(),
            ..self.clone()
        };
        let mut print = Fingerprint::default();
        write!(print, "{bare:?}").expect("nothing fails in adding up");
        print.0
    }

    /// Of so many centers of their own, the one of this index alone: its part of the people, who keep
    /// their numbers, are those whose number leaves that rest.
    pub fn narrow_to(&mut self, index: u32, of: u32) {
        self.center = Some((index, of));
        self.shifts.retain(|shift| shift.agent % of == index);
    }

    /// Whether the customer of this number comes to the center that is played.
    pub fn comes_here(&self, number: u32) -> bool {
        self.center.is_none_or(|(index, of)| number % of == index)
    }

    /// The latest instant at which anything can happen.
    pub fn end(&self) -> Time {
        self.outline.horizon + self.drain_limit
    }

    /// After how long the server is expected to end a quiet chat in a live run; endless for never.
    pub fn server_inactivity(&self) -> Span {
        match self.live.inactivity {
            EndsQuiet::Server => self.agents.inactivity,
            EndsQuiet::Agent => Span::ENDLESS,
        }
    }

    /// After how long agents end a quiet chat in a live run; endless for never.
    pub fn agents_inactivity(&self) -> Span {
        match self.live.inactivity {
            EndsQuiet::Server => Span::ENDLESS,
            EndsQuiet::Agent => self.agents.inactivity,
        }
    }

    /// Whether the desk is open.
    pub fn is_open(&self, instant: Time) -> bool {
        let next = self.open.partition_point(|period| period.until <= instant);
        self.open
            .get(next)
            .is_some_and(|period| period.from <= instant)
    }

    /// The median of the times that people take over one act (thinking, composing), in scenario
    /// seconds: what the schedule lag of a live run is held against.
    pub fn median_human_time(&self) -> f64 {
        let several = self
            .customers
            .iter()
            .filter(|(_, class)| class.exchanges.mean() > 1.0);
        let thinking = several.map(|(_, class)| class.think.quantile(0.5));
        let times = std::iter::once(self.agents.reply.quantile(0.5)).chain(thinking);
        let real = times.filter(|secs| *secs > 0.0);
        real.fold(f64::INFINITY, f64::min)
    }
}

/// The hash FNV-1a of 64 bits of what is written to it (Fowler, Noll and Vo 1991).
struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Fingerprint {
        Fingerprint(0xcbf2_9ce4_8422_2325)
    }
}

impl Write for Fingerprint {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}
