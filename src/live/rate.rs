//! Owns the check of a run against the rate at which it may connect.
//!
//! Law: what is planned is never delayed, so a plan that connects faster is refused before it begins.
//! Arrivals are those of the replication, each in its second; how often those come back who are cut
//! is expected, since nobody knows who is still there then.

use std::collections::BTreeMap;

use super::Options;
use crate::error::{Error, Result};
use crate::measure::cast::Cast;
use crate::scenario::outlook::Outlook;
use crate::scenario::plan::Plan;
use crate::scenario::stream::ArrivalStream;
use crate::time::Time;

/// Refuses a plan that connects more often in a second on the wall than it may.
///
/// # Errors
/// Refused: it does, or the agents of its first shift cannot all connect before the start.
pub fn check(plan: &Plan, options: &Options) -> Result<()> {
    let Some(rate) = plan.live.max_connect_rate else {
        return Ok(());
    };
    let (replication, cast) = (options.replication, options.cast);
    if cast.plays_agents() {
        check_first_shift(plan, rate)?;
    }
    let returns = Outlook::of(plan).live.played_by(cast).returns.ceil();
    let seconds = planned(plan, replication, cast);
    let peak = seconds.iter().max_by_key(|(_, connects)| **connects);
    let (second, connects) = peak.map_or((0, 0), |(second, connects)| (*second, *connects));
    // Each chat is opened once more by its agent, soon after.
    let apart = if options.channels().apart { 2.0 } else { 1.0 };
    let most = connects as f64 * apart + returns;
    if most <= rate {
        return Ok(());
    }
    let speed = plan.live.speed;
    let at = plan.begin + crate::time::Span::from_secs_f64(second as f64 * speed);
    let at = plan.calendar.label(at);
    let besides = match returns > 0.0 {
        true => format!(", {returns:.0} of them of customers who come back"),
        false => String::new(),
    };
    Err(Error::refused(format!(
        "the plan connects {most:.0} times in the second of the wall clock that begins at \
         {at}{besides}, and {rate} is the most"
    ))
    .with_remedy(
        "raise live.max_connect_rate (--max-connect-rate), lower the speed, or scale the \
                  scenario down",
    ))
}

/// How many connect by plan in each second on the wall, from the start on; where nobody does is left
/// out.
fn planned(plan: &Plan, replication: u32, cast: Cast) -> BTreeMap<u64, u64> {
    let speed = plan.live.speed;
    let second = |at: Time| (at.since(plan.begin).as_secs_f64() / speed) as u64;
    let arrivals = ArrivalStream::new(plan, replication).filter(|due| plan.is_open(*due));
    let arrivals = arrivals.filter(|_| cast.plays_customers());
    let lead = plan.live.connect_lead.scaled(speed);
    let later = plan.shifts.iter().filter(|shift| shift.from > plan.begin);
    let agents = later.map(|shift| shift.from - lead);
    let agents = agents.filter(|_| cast.plays_agents());
    let mut seconds = BTreeMap::new();
    for due in arrivals.chain(agents) {
        *seconds.entry(second(due)).or_insert(0) += 1;
    }
    seconds
}

/// Agents of the first shift connect one after the other, within the deadline of the start.
fn check_first_shift(plan: &Plan, rate: f64) -> Result<()> {
    let is_there = |from: Time, until: Time| from <= plan.begin && until > plan.begin;
    let shifts = plan.shifts.iter();
    let first = shifts.filter(|s| is_there(s.from, s.until)).count() as f64;
    let deadline = plan.live.start_deadline;
    if first / rate <= deadline.as_secs_f64() {
        return Ok(());
    }
    Err(Error::refused(format!(
        "{first} agents cannot connect within {deadline} at {rate} connects a second"
    ))
    .with_remedy("raise live.start_deadline, or live.max_connect_rate"))
}
