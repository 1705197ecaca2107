//! Connections that are cut by plan: live and simulated customers are cut, come back and find their
//! chats gone at the same instants, and all else is as it is for that.

use busyhour::center::fate::Fate;
use busyhour::center::rules::{DisconnectRules, ShiftEnd};
use busyhour::measure::record::Record;
use busyhour::scenario::plan::{EndsQuiet, Plan};

use super::cases::{Pace, all, customers};
use super::exact::fated;

/// The busy center, where connections are cut every so often for so long, in seconds.
fn cut(pace: Pace, every: f64, away: f64, kept_for: f64) -> Plan {
    let mut plan = pace.busy();
    customers(&mut plan, |rules| {
        rules.disconnect = Some(DisconnectRules {
            every: pace.exponential(every),
            away: pace.exponential(away),
            kept_for: pace.span(kept_for),
        });
    });
    plan.outline.cuts = true;
    plan
}

/// Whether its slot was free before its customer knew that the chat was over.
fn freed_before(record: &&Record) -> bool {
    record.freed.comes() && record.closed.comes() && record.freed < record.closed
}

#[test]
fn who_is_cut_comes_back_or_finds_the_chat_gone() {
    let records = all("cut", 3, |pace| cut(pace, 120.0, 40.0, 60.0));
    let fates = [Fate::Handled, Fate::AbandonedQueue, Fate::AbandonedChat];
    for fate in fates.into_iter().chain([Fate::Broken]) {
        assert!(fated(&records, fate) > 10, "{fate:?}");
    }
    assert!(records.iter().filter(freed_before).count() > 5);
}

#[test]
fn who_is_cut_where_nothing_is_kept_is_broken() {
    let records = all("cut and not kept", 1, |pace| cut(pace, 200.0, 20.0, 0.0));
    assert!(fated(&records, Fate::Broken) > 10);
}

#[test]
fn who_is_cut_and_gone_silently_is_given_up() {
    for ends in [EndsQuiet::Server, EndsQuiet::Agent] {
        let records = all("cut and silent", 1, |pace| {
            let mut plan = cut(pace, 120.0, 40.0, 60.0);
            plan.agents.inactivity = pace.span(90.0);
            customers(&mut plan, |rules| rules.silent = 0.5);
            plan.live.inactivity = ends;
            plan
        });
        let silent = |record: &&Record| record.silent;
        assert!(records.iter().filter(silent).count() > 20, "{ends:?}");
    }
}

#[test]
fn who_is_cut_comes_again_and_closes_itself() {
    all("cut, with retries and closing", 1, |pace| {
        let mut plan = cut(pace, 120.0, 30.0, 60.0);
        customers(&mut plan, |rules| {
            rules.closes = 0.5;
            rules.retry.abandoned = pace.retry(0.5, 200.0);
            rules.retry.unresolved = pace.retry(0.2, 200.0);
        });
        plan
    });
}

#[test]
fn who_is_cut_is_handed_over() {
    let records = all("cut and handed over", 1, |pace| {
        let mut plan = cut(pace, 120.0, 40.0, 60.0);
        let end = ShiftEnd::HandOver;
        plan.shifts = [(0, 0.0, 9.0), (1, 0.0, 14.0), (2, 0.0, 1e6), (0, 16.0, 1e6)]
            .map(|(agent, from, until)| pace.shift(agent, from, until, end))
            .into();
        plan
    });
    let handed_over = |record: &&Record| record.transfers > 0;
    assert!(records.iter().filter(handed_over).count() > 3);
}
