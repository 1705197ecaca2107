//! Traffic that was made up: what is a ceiling of each session, and what is not.

use super::*;

/// What somebody says.
#[derive(Clone, Copy, Debug)]
struct Said {
    whose: Whose,
    sent: u32,
    bytes: u32,
    /// In seconds.
    at: f64,
}

/// Lots, the same each time.
struct Lots(u64);

impl Lots {
    /// Between 0 and 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.next()).ln()
    }
}

/// A minute of one session, whose messages of 2 kB come by lot, so many a second.
fn says(whose: Whose, a_second: f64, lots: &mut Lots, all: &mut Vec<Said>) {
    let (mut at, mut sent) = (lots.next() / a_second, 0_u32);
    while at < 60.0 {
        let bytes = 2_300;
        sent = sent.wrapping_add(bytes);
        all.push(Said {
            whose,
            sent,
            bytes,
            at,
        });
        at += lots.exponential(1.0 / a_second);
    }
}

/// Six agents who say so much a second each, and sixty customers who say little.
fn center(agents: impl Fn(u32) -> f64) -> Vec<Said> {
    let (mut lots, mut all) = (Lots(7), Vec::new());
    for agent in 0..6 {
        says(Whose::Agent(agent), agents(agent), &mut lots, &mut all);
    }
    for customer in 0..60 {
        says(Whose::Customer(customer, 0), 0.2, &mut lots, &mut all);
    }
    all.sort_by(|one, other| one.at.total_cmp(&other.at));
    all
}

/// When what was said is read, where a server reads what has come of a session, at most so many bytes at
/// once, and then nothing until that is paid for at the session's rate.
fn throttled(all: &[Said], at_once: u32, rate: impl Fn(Whose) -> f64) -> Vec<f64> {
    let mut free: FxHashMap<Whose, (f64, f64, u32)> = FxHashMap::default();
    let mut read = Vec::new();
    for said in all {
        // The turn in which it is read: since when, until when it is paid for, how much it has.
        let (since, until, has) = free.entry(said.whose).or_default();
        let pays = f64::from(said.bytes) / rate(said.whose);
        if said.at < *since && *has + said.bytes <= at_once {
            (*until, *has) = (*until + pays, *has + said.bytes);
        } else {
            *since = said.at.max(*until);
            (*until, *has) = (*since + pays, said.bytes);
        }
        read.push(*since + 0.002);
    }
    read
}

/// When what was said is read, where those of a queue wait for each other; none for none.
fn queued(all: &[Said], each_s: f64, queue: impl Fn(Whose) -> bool) -> Vec<f64> {
    let mut free = 0.0_f64;
    let read = all.iter().map(|said| {
        if !queue(said.whose) {
            return said.at + 0.002;
        }
        free = free.max(said.at) + each_s;
        free
    });
    read.collect()
}

fn wall(secs: f64) -> Span {
    Span::from_secs_f64(secs)
}

/// Notes it all, in the order in which it is read.
fn noted(all: &[Said], read: &[f64]) -> Ceilings {
    let mut posts: Vec<_> = all.iter().zip(read).collect();
    posts.sort_by(|one, other| one.1.total_cmp(other.1));
    let mut ceilings = Ceilings::default();
    for (said, read) in posts {
        ceilings.note(said.whose, said.sent, (wall(said.at), wall(*read)));
    }
    ceilings
}

fn found(all: &[Said], read: &[f64]) -> Vec<Ceiling> {
    noted(all, read).found().collect()
}

#[test]
fn a_limit_of_each_session_is_a_ceiling() {
    // From somewhat more than the limit to twice as much.
    let all = center(|agent| 5.5 + f64::from(agent) / 1.5);
    let read = throttled(&all, 8_192, |_| 10_000.0);
    let [ceiling] = found(&all, &read)[..] else {
        panic!("one side has met it");
    };
    assert_eq!((ceiling.side, ceiling.met, ceiling.of), (Side::Agent, 6, 6));
    let (slowest, fastest) = ceiling.rates;
    assert!(
        slowest > 9_700.0 && fastest < 10_300.0,
        "{slowest} {fastest}"
    );
    let longest = all.iter().zip(&read).map(|(said, read)| read - said.at);
    let longest = longest.fold(0.0, f64::max);
    assert!((ceiling.longest.as_secs_f64() - longest).abs() < 1e-3);
    let words = noted(&all, &read).in_words().unwrap();
    let told = "throttled: 6 of 6 agents' sessions got no more than ";
    assert!(words.starts_with(told), "{words}");
    assert!(words.contains(" kB/s through"), "{words}");
}

#[test]
fn who_is_quick_meets_none() {
    let all = center(|_| 8.0);
    let read: Vec<f64> = all.iter().map(|said| said.at + 0.002).collect();
    assert_eq!(found(&all, &read), []);
    // Far away is no ceiling either.
    let read: Vec<f64> = all.iter().map(|said| said.at + 0.6).collect();
    assert_eq!(found(&all, &read), []);
    assert_eq!(Ceilings::default().in_words(), None);
}

#[test]
fn a_server_that_is_slow_for_all_is_none() {
    // All agents say as much, and so all get as much through.
    let all = center(|_| 8.0);
    let read = queued(&all, 1.0 / 45.0, |_| true);
    assert!(read.last().unwrap() - all.last().unwrap().at > 5.0);
    assert_eq!(found(&all, &read), []);
}

#[test]
fn a_queue_of_the_agents_alone_gives_each_by_what_it_says() {
    let all = center(|agent| 5.5 + f64::from(agent) / 1.5);
    let is_agent = |whose: Whose| whose.side() == Side::Agent;
    let read = queued(&all, 1.0 / 30.0, is_agent);
    assert!(read.iter().copied().fold(0.0, f64::max) > 65.0);
    assert_eq!(found(&all, &read), []);
}

#[test]
fn those_who_wait_in_one_queue_are_late_alike() {
    let all = center(|_| 8.0);
    let is_agent = |whose: Whose| whose.side() == Side::Agent;
    let read = queued(&all, 1.0 / 30.0, is_agent);
    assert_eq!(found(&all, &read), []);
}

#[test]
fn an_agent_who_says_little_and_is_late_with_the_others_shows_a_queue() {
    let (mut lots, mut all) = (Lots(5), center(|_| 8.0));
    for agent in 6..46 {
        says(Whose::Agent(agent), 0.1, &mut lots, &mut all);
    }
    all.sort_by(|one, other| one.at.total_cmp(&other.at));
    let is_agent = |whose: Whose| whose.side() == Side::Agent;
    let read = queued(&all, 1.0 / 30.0, is_agent);
    let ceilings = noted(&all, &read);
    assert!(!ceilings.control.is_quick(Side::Agent, 10_000.0));
    assert_eq!(ceilings.found().count(), 0);
}

#[test]
fn a_limit_that_is_hardly_met_is_not_told() {
    let all = center(|_| 1.5);
    let read = throttled(&all, 0, |_| 10_000.0);
    assert!(
        all.iter()
            .zip(&read)
            .any(|(said, read)| read - said.at > 0.5)
    );
    assert_eq!(found(&all, &read), []);
}

#[test]
fn a_rate_that_changes_is_no_ceiling() {
    let all = center(|_| 8.0);
    // Half a minute of plenty, and then of little.
    let plenty = throttled(&all, 0, |_| 12_000.0);
    let bent = |read: &f64| {
        if *read > 30.0 {
            30.0 + (read - 30.0) * 8.0
        } else {
            *read
        }
    };
    let read = all
        .iter()
        .zip(&plenty)
        .map(|(said, read)| match said.whose {
            Whose::Agent(_) => bent(read),
            Whose::Customer(..) => said.at + 0.002,
        });
    assert_eq!(found(&all, &read.collect::<Vec<_>>()), []);
}

#[test]
fn what_bursts_is_late_for_a_moment_and_no_more() {
    let mut all = center(|_| 2.0);
    for said in &mut all {
        // Ten seconds' worth at once.
        if said.whose.side() == Side::Agent {
            said.at = (said.at / 10.0).floor() * 10.0;
        }
    }
    all.sort_by(|one, other| one.at.total_cmp(&other.at));
    let read = throttled(&all, 0, |_| 30_000.0);
    let late = all.iter().zip(&read).map(|(said, read)| read - said.at);
    assert!(late.fold(0.0, f64::max) > 1.0);
    assert_eq!(found(&all, &read), []);
}

#[test]
fn a_few_messages_tell_nothing() {
    let mut all = center(|_| 8.0);
    all.retain(|said| said.whose.side() == Side::Customer || said.at < 1.0);
    let read = throttled(&all, 0, |_| 2_000.0);
    let late = |whose| {
        let mut each = all.iter().zip(&read);
        each.any(|(said, read)| said.whose == whose && read - said.at > 1.0)
    };
    assert!(late(Whose::Agent(0)) && !late(Whose::Customer(0, 0)));
    assert_eq!(found(&all, &read), []);
}

#[test]
fn some_sessions_may_be_free_of_it() {
    let all = center(|_| 8.0);
    let is_free = |whose| matches!(whose, Whose::Agent(agent) if agent >= 4);
    let read = throttled(
        &all,
        8_192,
        |whose| if is_free(whose) { 1e9 } else { 10_000.0 },
    );
    let [ceiling] = found(&all, &read)[..] else {
        panic!("one side has met it");
    };
    assert_eq!((ceiling.met, ceiling.of), (4, 6));
}

#[test]
fn where_each_has_another_limit_it_is_not_told_as_one() {
    let all = center(|_| 8.0);
    let rate = |whose| match whose {
        Whose::Agent(agent) => 6_000.0 + 2_000.0 * f64::from(agent),
        Whose::Customer(..) => 1e9,
    };
    assert_eq!(found(&all, &throttled(&all, 8_192, rate)), []);
}

#[test]
fn a_generator_that_stood_still_is_none() {
    let all = center(|_| 8.0);
    let stands = |at: f64| (20.0..30.0).contains(&at);
    let read: Vec<f64> = all.iter().map(|said| said.at + 0.002).collect();
    let read: Vec<f64> = read
        .iter()
        .map(|at| if stands(*at) { 30.0 } else { *at })
        .collect();
    assert_eq!(found(&all, &read), []);
}

#[test]
fn a_throttle_at_a_slow_server_is_left_to_whoever_looks_after_it() {
    let all = center(|_| 8.0);
    let slow = queued(&all, 1.0 / 45.0, |_| true);
    let throttled = throttled(&all, 8_192, |_| 10_000.0);
    let read: Vec<f64> = slow
        .iter()
        .zip(&throttled)
        .map(|(a, b)| a.max(*b))
        .collect();
    assert_eq!(found(&all, &read), []);
}

#[test]
fn connections_that_are_lost_and_counts_that_begin_again_make_no_difference() {
    let mut all = center(|_| 8.0);
    for said in &mut all {
        let begins = match said.whose {
            // As if four billion bytes had gone before.
            Whose::Agent(0..3) => u32::MAX - 100_000,
            Whose::Agent(_) if said.at > 30.0 => 0_u32.wrapping_sub(30 * 8 * 2_300),
            _ => 0,
        };
        said.sent = said.sent.wrapping_add(begins);
    }
    let read = throttled(&all, 8_192, |_| 10_000.0);
    let [ceiling] = found(&all, &read)[..] else {
        panic!("one side has met it");
    };
    assert_eq!((ceiling.met, ceiling.of), (6, 6));
    assert!(ceiling.rates.0 > 9_700.0 && ceiling.rates.1 < 10_300.0);
}

#[test]
fn customers_that_are_gone_are_remembered() {
    let (mut lots, mut all) = (Lots(3), Vec::new());
    for customer in 0..40 {
        let a_second = if customer < 10 { 3.0 } else { 0.1 };
        says(Whose::Customer(customer, 1), a_second, &mut lots, &mut all);
    }
    all.sort_by(|one, other| one.at.total_cmp(&other.at));
    let read = throttled(&all, 8_192, |_| 5_000.0);
    let mut ceilings = noted(&all, &read);
    let before: Vec<Ceiling> = ceilings.found().collect();
    assert_eq!((before[0].side, before[0].met), (Side::Customer, 10));
    (0..40).for_each(|customer| ceilings.forget(customer, 1));
    assert!(ceilings.lanes.is_empty());
    assert_eq!(ceilings.found().collect::<Vec<_>>(), before);
    // Who was never there, or is forgotten already, is nothing.
    ceilings.forget(0, 1);
    assert_eq!(ceilings.found().collect::<Vec<_>>(), before);
}

#[test]
fn a_figure_has_two_or_three_digits() {
    let figures = [0.05, 0.25, 9.84, 12.26, 123.4].map(figure);
    assert_eq!(figures, ["0.050", "0.25", "9.8", "12.3", "123"]);
}
