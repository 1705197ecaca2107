//! Owns `Outlook`: what a plan will do, told before anything runs.
//!
//! Law: figures only, by formulas that stand beside them, so that a planner can check each by
//! hand. It is a forecast by means, not a simulation: abandonment and chance enter only where a
//! formula says so.

pub mod flow;
pub mod live;
pub mod pace;
pub mod staff;

use super::plan::Plan;
use crate::time::{Span, Time};
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
    /// By local day.
    pub days: Vec<DayOutlook>,
    /// The interval with the most chats offered.
    pub peak: Peak,
    /// What those chats ask of the team.
    pub load: Load,
    /// Who is there.
    pub staff: StaffOutlook,
    /// Chats open at once, waiting or assigned, at the worst time, with room for chance: see
    /// [`Pace::open_chats`].
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
    /// x f(1) + (exchanges - 1) x think + wrap-up.
    pub slots: f64,
    /// Attention: rate x exchanges x reply x f(1).
    pub attention: f64,
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
        let collected = pace.open_chats(plan, &flow, &staff);
        let (least, mean) = staff.while_open(plan);
        let rate = peak.per_hour / 3_600.0;
        let mut outlook = Outlook {
            arrived: flow.arrived(plan.begin, plan.outline.horizon),
            offered: flow.offered(plan.begin, plan.outline.horizon),
            days: days(plan, &flow),
            load: Load {
                slots: rate * pace.holding_alone(),
                attention: rate * pace.attention_alone(),
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
            live: LiveOutlook::of(plan, &pace, peak.per_hour, &collected),
            warnings: Vec::new(),
            peak,
        };
        outlook.warn(plan);
        outlook
    }

    fn warn(&mut self, plan: &Plan) {
        if self.queue >= 1.0 {
            let at = plan.calendar.local(self.queue_at);
            self.warnings.push(format!(
                "more is asked than the team can give: up to {:.0} chats are expected to wait at \
                 once, on {}",
                self.queue,
                at.strftime("%a %Y-%m-%d at %H:%M")
            ));
        }
        if self.staff.least == 0 {
            self.warnings
                .push("the desk is open at times when no agent is there".into());
        }
        if self.offered < self.arrived * 0.9995 {
            self.warnings.push(format!(
                "{:.0} of {:.0} customers meet the closed desk",
                self.arrived - self.offered,
                self.arrived
            ));
        }
        if let Some(sound) = self
            .live
            .sound_speed
            .filter(|sound| plan.live.speed > *sound)
        {
            self.warnings.push(format!(
                "live at speed {} is faster than sound: above {sound:.0} timers and network are \
                 no longer small against what people take",
                plan.live.speed
            ));
        }
    }
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
