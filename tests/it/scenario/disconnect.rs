//! `disconnect`: what it resolves to, what classes inherit of it, and what it contradicts.

use std::path::Path;

use busyhour::center::rules::DisconnectRules;
use busyhour::scenario::plan::Plan;
use busyhour::scenario::read_text;
use busyhour::stats::law::Law;
use busyhour::time::Span;

use super::refused;

const HEAD: &str = "[calendar]\nhorizon = \"1h\"\n[arrivals]\nrate = \"60 per hour\"\n";
const AGENTS: &str = "[agents]\nconcurrency = 1\ncount = 5\n";
const REPLY: &str = "reply = \"exponential(mean=30s)\"\n";
const CUT: &str = "disconnect = { every = \"exponential(mean=20m)\", away = \"constant(15s)\" }";

fn read(customers: &str, set: &[&str]) -> Plan {
    let text = format!("{HEAD}{AGENTS}{REPLY}[customers]\n{customers}\n");
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    let plan = read_text("test.toml", &text, Path::new(""), &set);
    plan.unwrap_or_else(|error| panic!("{error}"))
}

fn rules(plan: &Plan, class: u8) -> Option<&DisconnectRules> {
    plan.customers.rules(class).disconnect.as_ref()
}

#[test]
fn nobody_is_cut_unless_it_is_written() {
    let plan = read("", &[]);
    assert_eq!((rules(&plan, 0), plan.customers.kept_for()), (None, None));
    let plan = read(CUT, &[]);
    let cut = rules(&plan, 0).unwrap();
    assert_eq!(cut.every.mean().round(), 1_200.0);
    assert_eq!(cut.away, Law::constant(15.0).unwrap());
    assert_eq!(cut.kept_for, Span::from_secs(60));
    let kept = read(CUT, &["customers.disconnect.kept_for=0s"]);
    assert_eq!(kept.customers.kept_for(), Some(Span::ZERO));
}

#[test]
fn a_class_has_cuts_of_its_own_or_none() {
    let classes = format!(
        "{CUT}\n[customers.phones]\nshare = 1\n[customers.trains]\nshare = 1\n
        disconnect = {{ every = \"constant(3m)\", away = \"constant(2m)\" }}
        [customers.desks]\nshare = 1\n
        disconnect = {{ every = \"never\", away = \"constant(2m)\", kept_for = \"5s\" }}\n"
    );
    let plan = read(&classes, &[]);
    assert_eq!(plan.outline.classes, ["phones", "trains", "desks"]);
    let every = |class| rules(&plan, class).map(|cut| cut.every.mean().round());
    assert_eq!([0, 1, 2].map(every), [Some(1_200.0), Some(180.0), None]);
    assert_eq!(plan.customers.kept_for(), Some(Span::from_secs(60)));
}

#[test]
fn whole_millis_are_drawn_of_cuts_too() {
    let mut plan = read(CUT, &[]);
    plan.in_whole_millis();
    let cut = rules(&plan, 0).unwrap();
    assert!(!matches!(cut.every, Law::Exponential { .. }));
}

#[test]
fn what_cannot_be_is_refused_and_says_why() {
    let says = |customers: &str, set: &[&str], what: &str| {
        let text = format!("{HEAD}{AGENTS}{REPLY}[customers]\n{customers}\n");
        let message = refused(&text, set);
        assert!(message.contains(what), "{what} is not in\n{message}");
    };
    let all = "customers.disconnect.every=constant(0s)";
    says(CUT, &[all], "connections are cut all the time");
    let ever = "customers.disconnect.away=never";
    says(CUT, &[ever], "who is cut never comes back");
    let missing = "customers.disconnect.away=";
    says(CUT, &[missing], "`disconnect` has no `away`");
    says(
        "",
        &["run.precision={ broken_ratio = 0.01 }"],
        "nobody is cut: a simulation has no `broken_ratio`",
    );
    let classes = format!(
        "{CUT}\n[customers.phones]\nshare = 1\n[customers.trains]\nshare = 1\n
        disconnect = {{ every = \"constant(3m)\", away = \"constant(2m)\", kept_for = \"2m\" }}\n"
    );
    says(&classes, &[], "classes are kept for different times");
    let levels = format!("{HEAD}{AGENTS}level_handle_time = [\"5m\"]\n[customers]\n{CUT}\n");
    let message = refused(&levels, &[]);
    assert!(
        message.contains("`disconnect` does not go with `level_handle_time`"),
        "{message}"
    );
}
