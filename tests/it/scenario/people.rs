//! Classes of customers, the queue, agents, laws and precision: what they resolve to and what they
//! contradict.

use std::path::Path;

use busyhour::center::rules::{Attention, Policy, ShiftEnd};
use busyhour::scenario::outlook::Outlook;
use busyhour::scenario::plan::{Arrivals, AtClosing, Plan, Precision};
use busyhour::scenario::read_text;
use busyhour::scenario::stream::ArrivalStream;
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::{Span, Time};

use super::refused;

const HEAD: &str = "[calendar]\nhorizon = \"1h\"\n[arrivals]\nrate = \"60 per hour\"\n";
const AGENTS: &str = "[agents]\nconcurrency = 2\ncount = 5\nreply = \"exponential(mean=30s)\"\n";

const CLASSES: &str = r#"
[customers]
queue_patience = "exponential(mean=2m)"
think = "exponential(mean=40s)"
exchanges = "constant(3)"
silent = 0.5
retry = { abandoned = 0.3, after = "exponential(mean=10m)" }
[customers.private]
share = 6
[customers.business]
share = 3
priority = 20
queue_patience = "never"
reply_patience = "exponential(mean=5m)"
silent = 0
retry = { unresolved = 0.2, rejected = { chance = 1, after = "exponential(mean=2m)" }, after = "exponential(mean=1h)" }
[customers.guests]
share = 1
priority = 5
exchanges = "poisson(mean=4)"
"#;

fn read(text: &str, set: &[&str]) -> Plan {
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    let plan = read_text("test.toml", text, Path::new(""), &set);
    plan.unwrap_or_else(|error| panic!("{error}"))
}

fn secs(span: u64) -> Span {
    Span::from_secs(span)
}

#[test]
fn classes_have_shares_levels_and_what_they_inherit() {
    let plan = read(&format!("{HEAD}{CLASSES}{AGENTS}"), &[]);
    assert_eq!(plan.outline.classes, ["private", "business", "guests"]);
    let shares: Vec<f64> = plan.customers.iter().map(|(share, _)| share).collect();
    for (found, exact) in shares.iter().zip([0.6, 0.3, 0.1]) {
        assert!((found - exact).abs() < 1e-12, "{shares:?}");
    }
    let [private, business, guests] = [0, 1, 2].map(|class| plan.customers.rules(class));
    assert_eq!((private.level, guests.level, business.level), (0, 1, 2));
    assert_eq!(plan.router.levels, 3);
    assert_eq!(private.queue_patience.mean().round(), 120.0);
    assert_eq!(business.queue_patience, Law::Never);
    assert_eq!((private.silent, business.silent), (0.5, 0.0));
    assert_eq!(private.exchanges, CountLaw::Constant(3));
    assert_eq!(guests.exchanges.mean(), 5.0);
    assert_eq!(guests.think, business.think);
    let again = |retry: &Option<busyhour::center::rules::Retry>| {
        let retry = retry.as_ref()?;
        Some((retry.chance, retry.after.mean().round()))
    };
    assert_eq!(again(&private.retry.abandoned), Some((0.3, 600.0)));
    assert_eq!(again(&business.retry.abandoned), None);
    assert_eq!(again(&business.retry.unresolved), Some((0.2, 3_600.0)));
    assert_eq!(again(&business.retry.rejected), Some((1.0, 120.0)));
    // Some are silent: the usual timeout stands.
    assert_eq!(plan.agents.inactivity, secs(300));
}

#[test]
fn one_class_needs_no_table_and_no_share() {
    let plan = read(&format!("{HEAD}{AGENTS}[customers]\nsilent = 0\n"), &[]);
    assert_eq!(plan.outline.classes, ["customers"]);
    assert_eq!((plan.customers.len(), plan.router.levels), (1, 1));
    assert!(plan.customers.rules(0).retry.is_empty());
    assert_eq!(plan.agents.inactivity, Span::ENDLESS);
    let none = ["customers.retry={abandoned=0, rejected=0}"];
    let plan = read(&format!("{HEAD}{AGENTS}"), &none);
    assert!(plan.customers.rules(0).retry.is_empty());
}

#[test]
fn classes_are_changed_from_the_command_line() {
    let text = format!("{HEAD}{CLASSES}{AGENTS}");
    let set = [
        "customers.private.share=0.5",
        "customers.business.share=0.5",
        "customers.business.retry.rejected.chance=0.25",
        "customers.guests=",
        "customers.vip={share=1, priority=9, silent=1}",
        "agents.inactivity=90s",
    ];
    let plan = read(&text, &set);
    assert_eq!(plan.outline.classes, ["private", "business", "vip"]);
    assert_eq!(plan.customers.share(0), 0.25);
    let business = plan.customers.rules(1);
    assert_eq!(business.retry.rejected.as_ref().unwrap().chance, 0.25);
    assert_eq!(plan.customers.rules(2).silent, 1.0);
    assert_eq!(plan.agents.inactivity, secs(90));
}

#[test]
fn queue_and_agents_have_their_rules() {
    let text = format!(
        "{HEAD}{CLASSES}[queue]\nlimit = 7\nage_after = \"4m\"\nat_closing = \"sent-away\"\n
        [agents]\nconcurrency = 2\nroster = [{{ days = \"mon\", shift = \"00:00-12:00\", agents = 3 }}]
        reply = \"exponential(mean=30s)\"\nshift_end = \"hand-over\"\nattention = \"shared\"
        wrap_up = \"constant(20s)\"\nwrap_up_holds = \"attention\"\nrouting = \"most-active-first\"
        closes = {{ customer = 0.3 }}\n"
    );
    let set = ["calendar.opening_hours={mon=\"00:00-18:00\"}"];
    let plan = read(&text, &set);
    assert_eq!(
        (plan.router.queue_limit, plan.router.age_after),
        (7, secs(240))
    );
    assert_eq!(plan.at_closing, AtClosing::SentAway);
    assert_eq!(plan.router.policy, Policy::MostActiveFirst);
    assert_eq!(plan.agents.attention, Attention::Shared);
    assert!(plan.agents.wrap_up_attends);
    assert!(
        plan.shifts
            .iter()
            .all(|shift| shift.end == ShiftEnd::HandOver)
    );
    assert!(plan.customers.iter().all(|(_, class)| class.closes == 0.3));
    for policy in Policy::ALL {
        let routing = format!("agents.routing={}", policy.name());
        assert_eq!(read(&text, &[set[0], &routing]).router.policy, policy);
    }
    for attention in [
        Attention::Fifo,
        Attention::OldestCustomer,
        Attention::Shared,
    ] {
        let key = format!("agents.attention={}", attention.name());
        assert_eq!(read(&text, &[set[0], &key]).agents.attention, attention);
    }
    let closes = |who: &str| {
        let key = format!("agents.closes={who}");
        read(&text, &[set[0], &key]).customers.rules(0).closes
    };
    assert_eq!((closes("agent"), closes("customer")), (0.0, 1.0));
    let drop = read(&text, &[set[0], "agents.shift_end=drop"]);
    assert!(drop.shifts.iter().all(|shift| shift.end == ShiftEnd::Drop));
}

const LEVELS: &str = "[calendar]\nhorizon = \"1h\"\n[arrivals]\nrate = \"60 per hour\"
[customers]\nqueue_patience = \"exponential(mean=2m)\"
[agents]\nconcurrency = 3\ncount = 5\nlevel_handle_time = [\"400s\", \"8m\", \"600s\"]\n";

#[test]
fn the_level_model_is_one_piece_of_work_with_factors() {
    let plan = read(LEVELS, &[]);
    let agents = &plan.agents;
    assert_eq!(agents.attention, Attention::Levels);
    assert!(matches!(agents.reply, Law::Exponential { .. }));
    let times = [1, 2, 3].map(|held| (agents.reply.mean() * agents.slowed(held)).round());
    assert_eq!(times, [400.0, 480.0, 600.0]);
    assert_eq!(agents.wrap_up, Law::Constant(Span::ZERO));
    assert!(!plan.outline.messages);
    let class = plan.customers.rules(0);
    assert_eq!(
        (&class.exchanges, &class.think),
        (&CountLaw::Constant(1), &Law::Constant(Span::ZERO))
    );
    // Three chats at a rate of 1/600 each, of five agents.
    let outlook = Outlook::of(&plan);
    assert!((outlook.load.capacity_per_hour - 5.0 * 3.0 * 6.0).abs() < 1e-9);
    assert!((outlook.load.slots - 400.0 / 60.0).abs() < 1e-9);
    assert_eq!(outlook.load.attention, None);
}

#[test]
fn precision_is_a_share_or_in_the_measures_unit() {
    let text = format!(
        "{HEAD}{AGENTS}[run]\nprecision = {{ wait_s_mean = \"2%\", abandoned_ratio = 0.005,
        service_level_45s = \"0.5 %\", inter_message_s_p90 = {{ relative = \"2%\", absolute = 0.5 }},
        at_most = 640 }}\n"
    );
    let plan = read(&text, &[]);
    let bound = |measure: &str, relative, absolute| Precision {
        measure: measure.into(),
        relative,
        absolute,
    };
    let wanted = [
        bound("wait_s_mean", 0.02, 0.0),
        bound("abandoned_ratio", 0.0, 0.005),
        bound("service_level_45s", 0.005, 0.0),
        bound("inter_message_s_p90", 0.02, 0.5),
    ];
    assert_eq!(plan.precision, wanted);
    assert_eq!(plan.replications, 640);
    // What precision waits for is measured.
    assert_eq!(plan.outline.service_levels, [secs(30), secs(45)]);
    let usual = read(&text, &["run.precision.at_most="]);
    assert_eq!(usual.replications, 10_000);
    assert!(read(&text, &["run.precision="]).precision.is_empty());
}

#[test]
fn a_plan_in_whole_millis_draws_nothing_finer() {
    let text = format!("{HEAD}{CLASSES}{AGENTS}");
    let exact = read(&text, &[]);
    let mut plan = exact.clone();
    plan.in_whole_millis();
    let millis = Span::from_millis(1);
    assert_eq!((plan.grain, plan.agents.grain), (millis, millis));
    let rounded = |law: &Law| {
        *law == law.clone().in_grains(Span(1)) && !matches!(law, Law::Exponential { .. })
    };
    for (_, class) in plan.customers.iter() {
        assert!(
            [&class.queue_patience, &class.reply_patience, &class.think]
                .into_iter()
                .all(rounded)
        );
        let retry = &class.retry;
        let causes = [&retry.abandoned, &retry.rejected, &retry.unresolved];
        assert!(
            causes
                .into_iter()
                .flatten()
                .all(|cause| rounded(&cause.after))
        );
    }
    assert!(rounded(&plan.agents.reply));
    assert_eq!(plan.customers.rules(1).queue_patience, Law::Never);
    let fine: Vec<Time> = ArrivalStream::new(&exact, 3).collect();
    let whole: Vec<Time> = ArrivalStream::new(&plan, 3).collect();
    assert!(whole.len() > 30 && whole.is_sorted());
    for (fine, whole) in fine.iter().zip(&whole) {
        assert_eq!(whole.0, fine.0 / 1_000_000 * 1_000_000);
    }
    // Two on one grain stay two.
    plan.arrivals = Arrivals::Replay([Time(5_100_000), Time(5_900_000)].into());
    let both: Vec<Time> = ArrivalStream::new(&plan, 0).collect();
    assert_eq!(both, [Time(5_000_000), Time(5_000_000)]);
}

/// A folder with a recorded column; a scenario whose thinking it is.
fn recorded(csv: &str, law: &str) -> Result<Plan, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("recorded.csv"), csv).unwrap();
    let text = format!("{HEAD}{AGENTS}[customers]\n{law}\n");
    let plan = read_text("test.toml", &text, folder.path(), &[]);
    let shown = |error: busyhour::error::Error| {
        assert_eq!(error.exit().code(), 2);
        error
            .message(false)
            .replace(&folder.path().display().to_string(), "FOLDER")
    };
    plan.map_err(shown)
}

#[test]
fn recorded_times_and_counts_are_read_from_their_column() {
    let csv = "id,took,messages\n1,30,4\n2,1m30s,1\n3,45.5,1\n4,0,2\n";
    let law = "queue_patience = \"empirical(file=recorded.csv, column=took)\"
        exchanges = \"empirical(column=messages, file=recorded.csv)\"\nthink = \"constant(1s)\"";
    let plan = recorded(csv, law).unwrap();
    let class = plan.customers.rules(0);
    assert_eq!(
        class.queue_patience,
        Law::empirical(&[30.0, 90.0, 45.5, 0.0]).unwrap()
    );
    assert_eq!(class.exchanges, CountLaw::empirical(&[4, 1, 1, 2]).unwrap());
    assert_eq!(class.exchanges.mean(), 2.0);
}

#[test]
fn what_is_wrong_with_a_recorded_column_is_shown() {
    let law = "think = \"empirical(file=recorded.csv, column=took)\"";
    let wrong = recorded("took\n30\n-4\nsoon\n45s\n", law).unwrap_err();
    insta::assert_snapshot!(wrong);
    let says = |csv: &str, law: &str, what: &str| {
        let message = recorded(csv, law).unwrap_err();
        assert!(message.contains(what), "{what} is not in\n{message}");
    };
    says("tok\n30\n", law, "did you mean `tok`?");
    says("took\n", law, "has no rows");
    let counts = "exchanges = \"empirical(file=recorded.csv, column=took)\"";
    says("took\n0\n", counts, "a whole number from 1 to 100000");
    let missing = "think = \"empirical(file=other.csv, column=took)\"";
    says("took\n1\n", missing, "cannot read FOLDER/other.csv");
}

const WRONG: &str = r#"
[calendar]
horizon = "1h"
[arrivals]
rate = "60 per hour"
[customers]
share = 1
exchanges = "poisson(mean=-4)"
silent = 0.5
quue_patience = "never"
retry = { abandoned = 0.3, unresolved = 1, after = "never" }
[customers.private]
share = 0
retry = { rejected = { chance = 0.5 }, abandoned = 2 }
[customers."key accounts"]
share = 1
[customers.business]
think = "hyperexponential(mean=60s, cv=0.5)"
[queue]
age_after = "5m"
at_closing = "sent-away"
[agents]
concurrency = 3
count = 4
shift_end = "drop"
reply = "triangular(low=10s, mode=5s, high=60s)"
level_handle_time = ["400s", "0s"]
attention = "lifo"
closes = { customers = 0.4 }
inactivity = "0s"
routing = "fewest-activ"
wrap_up = "erlang(shape=0, mean=30s)"
[run]
replications = 10
precision = { wait_s_mean = "2", wait_s_p96 = "2%", wait_s_max = "2%", delivery_ms_p99 = 5, queue_max = {}, at_most = 5 }
[gate]
abandond_ratio = "< 0.05"
inter_message_s_p90 = "< 60"
"#;

#[test]
fn everything_wrong_with_people_comes_at_once() {
    insta::assert_snapshot!(refused(WRONG, &[]));
}

#[test]
fn contradictions_between_sections_are_named() {
    let says = |text: &str, set: &[&str], what: &str| {
        let message = refused(text, set);
        assert!(message.contains(what), "{what} is not in\n{message}");
    };
    let classes = &format!("{HEAD}{CLASSES}{AGENTS}");
    says(
        classes,
        &[
            "customers.business.silent=1",
            "customers.business.reply_patience=never",
        ],
        "nobody abandons, silently or not",
    );
    says(
        classes,
        &["customers.retry.after="],
        "after how long they come again",
    );
    says(
        classes,
        &["customers.retry.after=constant(0s)"],
        "no time to come again after",
    );
    says(
        classes,
        &["customers.share=1"],
        "`share` is that of one class",
    );
    says(
        classes,
        &["customers.guests.share="],
        "[customers.guests] has no `share`",
    );
    says(classes, &["customers.think="], "`think` is missing");
    says(classes, &["customers.think=never"], "thinks for ever");
    says(
        classes,
        &["queue.at_closing=sent-away"],
        "the desk never closes",
    );
    says(
        classes,
        &["agents.shift_end=finish"],
        "`shift_end` does not go with `count`",
    );
    let one = &format!("{HEAD}{AGENTS}");
    says(
        one,
        &["queue.age_after=5m"],
        "all customers have the same priority",
    );
    says(
        one,
        &["run.precision={at_most=100}"],
        "`precision` names no measure",
    );
    says(
        one,
        &["run.precision.wait_s_p95=2%", "run.replications=5"],
        "`replications` does not go with `precision`",
    );
    says(
        one,
        &["agents.reply="],
        "[agents] needs one of `reply`, `level_handle_time`",
    );
    let levels = |set: &str, what: &str| says(LEVELS, &[set], what);
    levels("agents.concurrency=4", "`level_handle_time` has 3 times");
    levels(
        "agents.wrap_up=constant(3s)",
        "`wrap_up` does not go with `level_handle_time`",
    );
    levels(
        "agents.reply=constant(3s)",
        "takes one of `reply`, `level_handle_time`, not several",
    );
    levels(
        "customers.think=constant(3s)",
        "`think` does not go with `level_handle_time`",
    );
    levels(
        "customers.silent=0.3",
        "`silent` does not go with `level_handle_time`",
    );
    levels(
        "gate.first_response_s_p90=\"< 5\"",
        "this plan cannot have `first_response_s_p90`",
    );
    levels(
        "run.precision.unanswered_ratio=0.1",
        "this plan cannot have `unanswered_ratio`",
    );
    read(
        LEVELS,
        &["gate.wait_s_p95=\"< 5\"", "gate.abandoned_ratio=\"< 0.5\""],
    );
}

#[test]
fn too_many_chats_are_refused_with_what_to_do() {
    let year = "[calendar]\nhorizon = \"365d\"\n[arrivals]\nrate = \"1000 per second\"\n";
    let message = refused(&format!("{year}{AGENTS}"), &[]);
    assert!(
        message.contains("31536000000 chats are expected: too many"),
        "{message}"
    );
    assert!(message.contains("at most two billion"), "{message}");
    assert!(message.contains("make `horizon` shorter"), "{message}");
    let week = ["arrivals.rate=", "arrivals.volume=300000000000 per year"];
    refused(&format!("{year}{AGENTS}"), &week);
}

/// The timeout that ends silent chats also ends those of slow thinkers.
#[test]
fn a_timeout_that_loses_living_customers_is_warned_of() {
    let warned = |inactivity: &str| {
        let set = format!("agents.inactivity={inactivity}");
        let plan = read(&format!("{HEAD}{CLASSES}{AGENTS}"), &[&set]);
        let warnings = Outlook::of(&plan).warnings;
        warnings
            .into_iter()
            .find(|warning| warning.contains("inactivity"))
    };
    // exp(-160 / 40) of exponential pauses of 40 s, and exp(-400 / 40).
    let share = (-4f64).exp() * 100.0;
    assert!(
        warned("160s")
            .unwrap()
            .starts_with(&format!("{share:.1} % of the pauses"))
    );
    assert_eq!(warned("400s"), None);
}
