//! Owns `Outlook`: what a plan will do, told before anything runs.
//!
//! Law: figures only, by formulas that stand beside them, so that a planner can check each by
//! hand. It is a forecast by means, not a simulation: abandonment and chance enter only where a
//! formula says so.

pub mod backlog;
pub mod flow;
pub mod live;
mod orbit;
pub mod pace;
pub mod staff;
mod warnings;

use super::plan::{AtClosing, Plan};
use crate::stats::law::Law;
use crate::time::{Span, Time};
use backlog::Backlog;
use flow::Flow;
use live::LiveOutlook;
use pace::Pace;
use staff::Staff;

/// What a plan will do.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// Customers expected to come before the horizon.
    pub arrived: f64,
    /// Those of them who come while the desk is open; the others meet the closed desk.
    pub offered: f64,
    /// Chats of customers who come again before the horizon, by the means alone: no less than that,
    /// since by chance some give up where the means say nobody waits.
    pub again: f64,
    /// The most that may come again, if each chat ended in the way that most come again from; none
    /// where all might come for ever.
    pub again_most: Option<f64>,
    /// By local day.
    pub days: Vec<DayOutlook>,
    /// The interval with the most chats offered.
    pub peak: Peak,
    /// What those chats ask of the team.
    pub load: Load,
    /// Who is there.
    pub staff: StaffOutlook,
    /// Chats open at once, waiting or assigned, at the worst time, with room for chance: see
    /// [`Backlog::collect`].
    pub open_chats: f64,
    /// Most chats waiting at once by the means alone: zero where the slots are enough on average,
    /// though by chance some may wait.
    pub queue: f64,
    /// When those are waiting.
    pub queue_at: Time,
    /// A live run of the plan.
    pub live: LiveOutlook,
    /// What the reader should know, a sentence each.
    pub warnings: Vec<String>,
}

/// One local day.
#[derive(Clone, Debug, PartialEq)]
pub struct DayOutlook {
    /// The local date.
    pub date: jiff::civil::Date,
    /// Its weekday.
    pub weekday: jiff::civil::Weekday,
    /// Customers expected to come.
    pub arrived: f64,
    /// Chats expected to be offered: arrivals while the desk is open.
    pub offered: f64,
}

/// The interval with the most chats offered; the first of several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Its number.
    pub interval: usize,
    /// When it starts.
    pub from: Time,
    /// When it ends.
    pub until: Time,
    /// Chats offered in it.
    pub chats: f64,
    /// The same as a rate.
    pub per_hour: f64,
}

/// What the peak interval asks of the team, in erlangs, and what the team has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Slots: rate x mean holding time of a chat whose agent has no other: exchanges x reply
    /// x f(1) + (exchanges - 1) x think + wrap-up. The rate is that of all chats, with those of
    /// customers who come again.
    pub slots: f64,
    /// Attention: rate x (exchanges x reply x f(1), and wrap-up where it takes attention); none in
    /// the level model.
    pub attention: Option<f64>,
    /// Slots staffed then: agents x K.
    pub staffed_slots: f64,
    /// Agents staffed then, each of whom composes one reply at a time.
    pub staffed_agents: f64,
    /// Chats an hour that those agents can handle at most, with all slots in use: see
    /// [`Pace::chats_per_second`].
    pub capacity_per_hour: f64,
}

/// How many agents are there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StaffOutlook {
    /// Fewest while the desk is open.
    pub least: u32,
    /// Most within the horizon.
    pub greatest: u32,
    /// Mean over the time that the desk is open.
    pub mean: f64,
    /// Mean over the peak interval.
    pub at_peak: f64,
}

impl Outlook {
    /// The outlook of a plan.
    pub fn of(plan: &Plan) -> Outlook {
        let (flow, staff, pace) = (Flow::of(plan), Staff::of(plan), Pace::of(plan));
        let peak = peak(plan, &flow);
        let at_peak = staff.mean(peak.from, peak.until);
        let backlog = Backlog::of(plan, &pace);
        let collected = backlog.collect(&flow, &staff, (peak.from, peak.until));
        let (least, mean) = staff.while_open(plan);
        let length = peak.until.since(peak.from).as_secs_f64();
        let rate = (peak.chats + collected.again_then) / length;
        let offered = flow.offered(plan.begin, plan.outline.horizon);
        let attends = plan.outline.messages;
        let mut outlook = Outlook {
            arrived: flow.arrived(plan.begin, plan.outline.horizon),
            offered,
            again: collected.again,
            again_most: again_most(plan).map(|each| each * offered),
            days: days(plan, &flow),
            load: Load {
                slots: rate * pace.holding_alone,
                attention: attends.then_some(rate * pace.attention_alone),
                staffed_slots: at_peak * f64::from(plan.agents.concurrency),
                staffed_agents: at_peak,
                capacity_per_hour: at_peak * pace.chats_per_second() * 3_600.0,
            },
            staff: StaffOutlook {
                least,
                greatest: staff.greatest(plan.outline.horizon),
                mean,
                at_peak,
            },
            open_chats: collected.open,
            queue: collected.queue,
            queue_at: collected.queue_at,
            live: LiveOutlook::of(plan, &pace, rate * 3_600.0, &collected),
            warnings: Vec::new(),
            peak,
        };
        outlook.warnings = warnings::of(&outlook, plan);
        outlook
    }
}

/// How often a customer may come again on average at most; `None` without a bound.
fn again_most(plan: &Plan) -> Option<f64> {
    let turned_away = plan.router.queue_limit < u32::MAX || plan.at_closing == AtClosing::SentAway;
    let most = plan.customers.mean(|class| {
        let patient = class.queue_patience == Law::Never && class.reply_patience == Law::Never;
        let retry = &class.retry;
        let causes = [
            (retry.abandoned.as_ref(), !patient),
            (retry.rejected.as_ref(), turned_away),
            (retry.unresolved.as_ref(), true),
        ];
        let possible = causes.into_iter().filter(|cause| cause.1);
        let chances = possible.filter_map(|cause| Some(cause.0?.chance));
        let chance = chances.fold(0.0, f64::max);
        chance / (1.0 - chance)
    });
    most.is_finite().then_some(most)
}

fn peak(plan: &Plan, flow: &Flow) -> Peak {
    let outline = &plan.outline;
    let ends = |interval: usize| {
        let from = outline.interval_start(interval);
        let until = (from + outline.interval).min(outline.horizon);
        (from.max(plan.begin), until)
    };
    let chats = |interval: &usize| flow.offered(ends(*interval).0, ends(*interval).1);
    // The last interval may be shorter: it is the chats that are compared, as planners count them.
    let first = outline.interval_of(plan.begin);
    let best = (first..outline.intervals()).map(|i| (i, chats(&i)));
    let best = best.reduce(|best, next| {
        if next.1 > best.1 * (1.0 + 1e-9) {
            next
        } else {
            best
        }
    });
    let (interval, chats) = best.unwrap_or((first, 0.0));
    let (from, until) = ends(interval);
    let length: Span = until.since(from);
    Peak {
        interval,
        from,
        until,
        chats,
        per_hour: chats / length.as_secs_f64() * 3_600.0,
    }
}

fn days(plan: &Plan, flow: &Flow) -> Vec<DayOutlook> {
    let starts = &plan.outline.days;
    let ends = starts.iter().skip(1).copied().chain([plan.outline.horizon]);
    let day = |(from, until): (&Time, Time)| {
        let date = plan.calendar.local(*from).date();
        DayOutlook {
            date,
            weekday: date.weekday(),
            arrived: flow.arrived(plan.begin.max(*from), until),
            offered: flow.offered(plan.begin.max(*from), until),
        }
    };
    let days = starts.iter().zip(ends);
    days.filter(|(_, until)| *until > plan.begin)
        .map(day)
        .collect()
}
