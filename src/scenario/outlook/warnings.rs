//! Owns the warnings of an outlook: what its reader should know before a run, a sentence each.
//!
//! Law: a warning is no error: the plan can be run, and will do what it says.

use super::Outlook;
use crate::scenario::plan::{AtClosing, Period, Plan};
use crate::time::Span;

/// The share of the pauses of living customers that may outlast the inactivity timeout.
const LOST_PAUSES: f64 = 0.001;

/// The warnings for a plan with such an outlook.
pub fn of(outlook: &Outlook, plan: &Plan) -> Vec<String> {
    let all = [
        overload(outlook, plan),
        nobody_there(outlook, plan),
        closed_desk(outlook),
        lost_pauses(plan),
        never_rejected(plan),
        faster_than_sound(outlook, plan),
    ];
    let remarks = plan.remarks.iter().cloned();
    all.into_iter().flatten().chain(remarks).collect()
}

fn overload(outlook: &Outlook, plan: &Plan) -> Option<String> {
    let at = plan.calendar.local(outlook.queue_at);
    (outlook.queue >= 1.0).then(|| {
        format!(
            "more is asked than the team can give: up to {:.0} chats are expected to wait at \
             once, on {}",
            outlook.queue,
            at.strftime("%a %Y-%m-%d at %H:%M")
        )
    })
}

fn nobody_there(outlook: &Outlook, plan: &Plan) -> Option<String> {
    let opens =
        |period: &Period| period.from.max(plan.begin) < period.until.min(plan.outline.horizon);
    let alone = outlook.staff.least == 0 && plan.open.iter().any(opens);
    alone.then(|| "the desk is open at times when no agent is there".into())
}

/// A live server may turn customers away by rules of its own.
fn never_rejected(plan: &Plan) -> Option<String> {
    let limited = plan.router.queue_limit < u32::MAX || plan.at_closing == AtClosing::SentAway;
    let mut classes = plan.customers.iter().map(|(_, class)| class);
    (!limited && classes.any(|class| class.retry.rejected.is_some())).then(|| {
        "`retry.rejected` moves nobody: without `queue.limit` or `at_closing = \"sent-away\"` \
         nobody is turned away, but by a live server's own rules"
            .into()
    })
}

fn closed_desk(outlook: &Outlook) -> Option<String> {
    (outlook.offered < outlook.arrived * 0.9995).then(|| {
        format!(
            "{:.0} of {:.0} customers meet the closed desk",
            outlook.arrived - outlook.offered,
            outlook.arrived
        )
    })
}

/// The timeout does not know a customer who thinks from one who has gone.
fn lost_pauses(plan: &Plan) -> Option<String> {
    let inactivity = plan.agents.inactivity;
    if inactivity == Span::ENDLESS {
        return None;
    }
    let pauses = |weight: &dyn Fn(&crate::stats::law::Law) -> f64| {
        plan.customers
            .mean(|class| match class.exchanges.mean() - 1.0 {
                pauses if pauses > 0.0 => pauses * weight(&class.think),
                _ => 0.0,
            })
    };
    let lost = pauses(&|think| think.share_above(inactivity.as_secs_f64())) / pauses(&|_| 1.0);
    (lost > LOST_PAUSES).then(|| {
        format!(
            "{:.1} % of the pauses of customers who are still there last longer than `inactivity`, \
             {inactivity}: their chats are dropped",
            lost * 100.0
        )
    })
}

fn faster_than_sound(outlook: &Outlook, plan: &Plan) -> Option<String> {
    let sound = outlook.live.sound_speed?;
    (plan.outline.messages && plan.live.speed > sound).then(|| {
        format!(
            "live at speed {} is faster than sound: above {sound:.0} timers and network are \
             no longer small against what people take",
            plan.live.speed
        )
    })
}
