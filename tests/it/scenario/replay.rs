//! Recorded arrivals: formats, zones, scaling, placing.

use std::path::Path;

use busyhour::error::Error;
use busyhour::scenario::plan::{Arrivals, Plan};
use busyhour::scenario::read_text;
use busyhour::time::{Span, Time};

use super::PEOPLE;

/// Reads a scenario that replays a CSV, with `extra` in `[arrivals]`.
fn replay(csv: &str, replay: &str, extra: &str) -> Result<Plan, Error> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data.csv"), csv).unwrap();
    let text = format!(
        "[calendar]\ntime_zone = \"America/New_York\"\nstart = 2026-11-23T09:00:00\nhorizon = \"2h\"
         [arrivals]\nreplay = {{ file = \"data.csv\", {replay} }}\n{extra}\n{PEOPLE}"
    );
    let error = |error: Error| {
        let shown = error
            .message(false)
            .replace(&folder.path().display().to_string(), "FOLDER");
        Error::refused(shown).with_styled(String::new())
    };
    read_text("test.toml", &text, folder.path(), &[]).map_err(error)
}

/// Seconds after the start.
fn seconds(plan: &Plan) -> Vec<f64> {
    match &plan.arrivals {
        Arrivals::Replay(times) => times.iter().map(|at| at.0 as f64 / 1e9).collect(),
        Arrivals::Rate(_) => panic!("a replay is expected"),
    }
}

#[test]
fn many_ways_to_write_a_time_are_understood() {
    let csv = "id,at\n1,2026-11-23T09:00:10Z\n2,2026-11-23 09:00:20\n3,2026-11-23T09:01\n\
               4,2026-11-23 09:00:30.5+01:00\n5,1795442440\n6,2026-11-23\n7,2026-11-23T11:00:00\n";
    let plan = replay(csv, "time = \"at\"", "").unwrap();
    assert_eq!(seconds(&plan), [10.0, 20.0, 30.5, 40.0, 60.0]);
    assert_eq!(plan.arrivals.expected(), 5.0);
}

#[test]
fn offsets_count_where_they_are_asked_for() {
    let csv = "at\n2026-11-23T14:00:10Z\n2026-11-23T09:00:20\n2026-11-23T09:00:30Z\n";
    let plan = replay(csv, "time = \"at\", zone = \"as-written\"", "").unwrap();
    assert_eq!(seconds(&plan), [10.0, 20.0]);
}

#[test]
fn counts_fall_anywhere_in_their_interval() {
    let csv =
        "Start,Calls\n2026-11-23T09:00:00Z,3\n2026-11-23T09:05:00Z,0\n2026-11-23T09:10:00Z,2\n";
    let plan = replay(
        csv,
        "time = \"Start\", count = \"Calls\", every = \"5m\"",
        "",
    )
    .unwrap();
    let times = seconds(&plan);
    assert_eq!(times.len(), 5);
    assert!(times.is_sorted());
    assert!(times[2] < 300.0 && times[3] >= 600.0 && times[4] < 900.0);
}

fn many(n: usize) -> String {
    let row = |i| format!("2026-11-23T09:{:02}:{:02}\n", i % 3_600 / 60, i % 60);
    format!("at\n{}", (0..n).map(row).collect::<String>())
}

/// 3,600 rows thinned to a third: within 3.9 standard deviations (99.99 %) of 1,200, all at times
/// of the data, and a part of what half of them would be.
#[test]
fn scaling_down_keeps_a_part_of_the_rows() {
    let kept = |scale: &str| seconds(&replay(&many(3_600), "time = \"at\"", scale).unwrap());
    let (third, half) = (kept("scale = 0.3333"), kept("scale = 0.5"));
    let spread = (3_600.0f64 * (1.0 / 3.0) * (2.0 / 3.0)).sqrt();
    assert!(
        (third.len() as f64 - 1_200.0).abs() < 3.9 * spread,
        "{}",
        third.len()
    );
    assert!(
        third
            .iter()
            .all(|at| at.fract() == 0.0 && half.contains(at))
    );
    assert_eq!(third, kept("scale = 0.3333"));
}

/// 3,600 rows times 2.5: every row itself, one copy, and a half of a second; copies stay in their
/// interval of the run.
#[test]
fn scaling_up_keeps_every_row_and_adds_copies_nearby() {
    let csv = many(1_800);
    let plan = replay(&csv, "time = \"at\"", "scale = 2.5").unwrap();
    let times = seconds(&plan);
    let spread = (1_800.0f64 * 0.25).sqrt();
    assert!(
        (times.len() as f64 - 4_500.0).abs() < 3.9 * spread,
        "{}",
        times.len()
    );
    let whole = times.iter().filter(|at| at.fract() == 0.0).count();
    assert!((1_800..1_810).contains(&whole), "{whole}");
    assert!(
        times.iter().all(|at| *at < 1_800.0),
        "an interval is 30 minutes"
    );
}

#[test]
fn the_seed_moves_counts_and_the_same_seed_does_not() {
    let csv = "t,n\n2026-11-23T09:00:00,50\n";
    let counts = "time = \"t\", count = \"n\", every = \"1h\"";
    let first = seconds(&replay(csv, counts, "").unwrap());
    assert_eq!(first, seconds(&replay(csv, counts, "").unwrap()));
    let half = seconds(&replay(csv, counts, "scale = 0.5").unwrap());
    assert!(half.len() < 50 && half.iter().all(|at| first.contains(at)));
}

#[test]
fn cells_that_straddle_the_horizon_are_cut() {
    let csv = "t,n\n2026-11-23T08:30:00,1000\n2026-11-23T10:30:00,1000\n";
    let plan = replay(csv, "time = \"t\", count = \"n\", every = \"1h\"", "").unwrap();
    let times = seconds(&plan);
    let inside = |at: &&f64| **at < 1_800.0 || **at >= 5_400.0;
    assert_eq!(times.iter().filter(inside).count(), times.len());
    let spread = (2_000.0f64 * 0.25).sqrt();
    assert!(
        (times.len() as f64 - 1_000.0).abs() < 3.9 * spread,
        "{}",
        times.len()
    );
    assert!(Time::from_secs_f64(times[times.len() - 1]) < Time::ZERO + Span::from_secs(7_200));
}

#[test]
fn garbage_in_a_row_is_shown_with_its_line() {
    let csv = "id,at,n\n1,2026-11-23T09:00:00,1\n2,2026-11-23T09:05:00,2\n3,2026-11-23T09:10:00,3\n\
               4,2026-11-23T09:15:00,4\n5,2026-11-23T09:20:00,5\n6,yesterday,6\n7,2026-11-23T09:30:00,seven\n8\n";
    let counts = "time = \"at\", count = \"n\", every = \"5m\"";
    let error = replay(csv, counts, "").unwrap_err();
    insta::assert_snapshot!(error.message(false));
}

/// The clocks of New York go from 02:00 to 03:00 on 8 March 2026 and back on 1 November.
fn replay_at(start: &str, csv: &str, how: &str) -> Result<Plan, Error> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data.csv"), csv).unwrap();
    let text = format!(
        "[calendar]\ntime_zone = \"America/New_York\"\nstart = {start}\nhorizon = \"1d\"
[arrivals]\nreplay = {{ file = \"data.csv\", {how} }}\n{PEOPLE}"
    );
    read_text("test.toml", &text, folder.path(), &[]).map_err(|error| {
        let folder = folder.path().display().to_string();
        Error::refused(error.message(false).replace(&folder, "FOLDER")).with_styled(String::new())
    })
}

/// 01:30 comes 90 and 150 minutes after midnight: the first, unless the offset is the second's; a
/// `Z` says nothing.
#[test]
fn a_time_that_comes_twice_is_the_first_or_what_its_offset_says() {
    let csv = "at\n2026-11-01T01:30:01\n2026-11-01T01:30:02Z\n2026-11-01T01:30:03-04:00\n\
               2026-11-01T01:30:04-05:00\n2026-11-01T01:30:05+01:00\n2026-11-01T02:00:06\n";
    let plan = replay_at("2026-11-01", csv, "time = \"at\"").unwrap();
    let after = |minutes: f64, seconds: f64| minutes * 60.0 + seconds;
    let exact = [
        after(90.0, 1.0),
        after(90.0, 2.0),
        after(90.0, 3.0),
        after(90.0, 5.0),
        after(150.0, 4.0),
        after(180.0, 6.0),
    ];
    assert_eq!(seconds(&plan), exact);
}

/// A row that matters stands at a time that never was: counts of zero and rows of other days do
/// not matter, and offsets that count are no local times.
#[test]
fn a_row_at_a_time_that_is_skipped_is_shown_with_its_line() {
    let csv = "at,n\n2026-03-08T01:59:00-05:00,1\n2026-03-08T02:00:00-05:00,0\n\
               2026-03-08T02:15:00-05:00,3\n2026-03-08T03:00:00-04:00,1\n";
    let counts = "time = \"at\", count = \"n\", every = \"1m\"";
    let error = replay_at("2026-03-08", csv, counts).unwrap_err();
    insta::assert_snapshot!(error.message(false));
    let resampled = format!("{counts}, resample = \"poisson\"");
    assert!(replay_at("2026-03-08", csv, &resampled).is_err());
    let zoned = format!("{counts}, zone = \"as-written\"");
    let plan = replay_at("2026-03-08", csv, &zoned).unwrap();
    // 02:15 at -05:00 is 03:15 by the clock, 135 minutes after midnight.
    let times = seconds(&plan);
    assert_eq!(times.len(), 5);
    assert!(times[2] >= 8_100.0 && times[4] < 8_160.0, "{times:?}");
    assert_eq!(
        replay_at(
            "2026-03-07",
            "at\n2026-03-07T01:00\n2026-03-08T02:15\n",
            "time = \"at\""
        )
        .unwrap()
        .arrivals
        .expected(),
        1.0
    );
}

/// Resampled, each interval expects what was recorded in it; an interval across the horizon counts
/// for the part within.
#[test]
fn a_resampled_replay_expects_what_was_recorded() {
    let csv = "t,n\n2026-11-23T08:30:00,60\n2026-11-23T09:30:00,7\n2026-11-23T10:30:00,100\n";
    let counts = "time = \"t\", count = \"n\", every = \"1h\", resample = \"poisson\"";
    let plan = replay(csv, counts, "scale = 2").unwrap();
    assert!((plan.arrivals.expected() - 2.0 * (30.0 + 7.0 + 50.0)).abs() < 1e-6);
    // Two hours by the interval of half an hour: 1, 0, 0 and 2.
    let csv = "t\n2026-11-23T09:10:00\n2026-11-23T10:40:00\n2026-11-23T10:59:00\n";
    let plan = replay(csv, "time = \"t\", resample = \"poisson\"", "").unwrap();
    let flow = busyhour::scenario::outlook::flow::Flow::of(&plan);
    let half = |n: u64| flow.arrived(Time::ZERO, Time::ZERO + Span::from_secs(1_800) * n);
    let sums = [1, 2, 3, 4].map(half);
    for (found, exact) in sums.into_iter().zip([1.0, 1.0, 1.0, 3.0]) {
        assert!((found - exact).abs() < 1e-9, "{sums:?}");
    }
    let busy = "busyness = { cv = 0.1 }";
    replay(csv, "time = \"t\", resample = \"poisson\"", busy).unwrap();
    let error = replay(csv, "time = \"t\"", busy).unwrap_err();
    assert!(
        error.message(false).contains("`busyness` does not go with"),
        "{error}"
    );
}

#[test]
fn a_missing_file_or_column_is_named() {
    let error = replay("a,Time,b\n", "time = \"time\"", "")
        .unwrap_err()
        .message(false);
    assert!(error.contains("data.csv has no column `time`"), "{error}");
    assert!(error.contains("did you mean `Time`?"), "{error}");
    let error = replay("at\n", "time = \"at\"", "")
        .unwrap_err()
        .message(false);
    assert!(error.contains("FOLDER/data.csv has no rows"), "{error}");
    let missing = super::refused(
        &format!(
            "[calendar]\nhorizon = \"1h\"\n[arrivals.replay]\nfile = \"calls.csv\"\ntime = \"at\"\n{PEOPLE}"
        ),
        &[],
    );
    assert!(
        missing.contains("cannot read no-such-folder/calls.csv: no such file"),
        "{missing}"
    );
    assert!(missing.contains("test.toml:4:8"), "{missing}");
}

#[test]
fn an_empty_file_and_a_count_too_large_are_told_as_such() {
    let error = replay("", "time = \"at\"", "").unwrap_err().to_string();
    assert!(error.contains("data.csv is empty"), "{error}");
    assert!(!error.contains("the header is"), "{error}");
    let csv = "at,n\n2026-11-23T09:00:00,99999999999999\n";
    let counts = "time = \"at\", count = \"n\", every = \"5m\"";
    let error = replay(csv, counts, "").unwrap_err().to_string();
    assert!(error.contains("too large: at most 4294967295"), "{error}");
}

#[test]
fn data_of_another_time_is_refused_with_its_own() {
    let csv = "at\n2003-03-03T07:00:00Z\n2003-10-24T21:00:00Z\n";
    let error = replay(csv, "time = \"at\"", "").unwrap_err().message(false);
    assert!(
        error.contains("its rows go from 2003-03-03 07:00:00 to 2003-10-24 21:00:00"),
        "{error}"
    );
    assert!(
        error.contains("from 2026-11-23 09:00:00 to 2026-11-23 11:00:00"),
        "{error}"
    );
}

/// A count is one cell: what it would take is known before anything is placed.
#[test]
fn more_chats_than_memory_holds_are_refused_with_their_size() {
    let csv = "t,n\n2026-11-23T09:00:00,4000000000\n";
    let counts = "time = \"t\", count = \"n\", every = \"1h\"";
    let error = replay(csv, counts, "scale = 10").unwrap_err();
    assert_eq!(error.exit().code(), 2);
    let message = error.message(false);
    assert!(
        message.contains("has 4000000000 chats within the scenario's time, too many to replay"),
        "{message}"
    );
    assert!(message.contains("640.0 GB"), "{message}");
    assert!(
        message.contains("make `horizon` shorter or `scale` less"),
        "{message}"
    );
    let elsewhen = csv.replace("09:00:00", "19:00:00");
    let error = replay(&elsewhen, counts, "").unwrap_err().message(false);
    assert!(error.contains("has no chat within"), "{error}");
}

/// A path on the command line counts from the working directory, not from the scenario's folder.
#[test]
fn a_file_named_on_the_command_line_is_found_from_here() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data.csv");
    std::fs::write(&data, "at\n2026-01-05T00:00:01\n").unwrap();
    let text = format!("[calendar]\nhorizon = \"1h\"\n[arrivals.replay]\ntime = \"at\"\n{PEOPLE}");
    let set = [format!("arrivals.replay.file={}", data.display())];
    let plan = read_text("test.toml", &text, Path::new("elsewhere"), &set).unwrap();
    assert_eq!(seconds(&plan), [1.0]);
}
