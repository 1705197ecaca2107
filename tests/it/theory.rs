//! The simulation against exact queueing theory: a little of each case that settles quickly. The
//! whole is `busyhour validate`, which `.ci/run` runs.

use busyhour::simulation::Watch;
use busyhour::study::validate::case::{Case, Size};
use busyhour::study::validate::rule::Verdict;
use busyhour::study::validate::{cases, check, ledger};

#[test]
fn estimates_agree_with_theory() {
    let quick = cases().into_iter().filter(Case::is_quick);
    let play = |case| check(&case, Size::Quick, 2, &Watch::default());
    let checked: Vec<_> = quick.filter_map(play).collect();
    let ledger = ledger(&checked);
    let bad = |verdict| matches!(verdict, Verdict::Far | Verdict::TooFar);
    for case in &checked {
        for held in case.measures.iter().filter(|held| bad(held.verdict)) {
            println!("{}: {held:?}", case.case);
        }
    }
    assert!(ledger.held > 200 && ledger.passed, "{ledger:?}");
}

/// The same seed gives the same estimates, for any number of threads.
#[test]
fn threads_change_no_estimate() {
    let case = cases()
        .into_iter()
        .find(|case| case.name.starts_with("Erlang A"))
        .unwrap();
    let play = |threads| check(&case, Size::Quick, threads, &Watch::default());
    assert_eq!(play(1), play(3));
}
