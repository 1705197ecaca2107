//! What a plan says it will do, worked out by hand.

use std::path::Path;

use busyhour::scenario::outlook::Outlook;
use busyhour::scenario::read_text;

fn outlook(text: &str) -> Outlook {
    let plan = read_text("test.toml", text, Path::new(""), &[]);
    Outlook::of(&plan.unwrap_or_else(|error| panic!("{error}")))
}

const DAY: &str = r#"
[calendar]
start = 2026-11-23
horizon = "1d"
opening_hours = { mon-sun = "08:00-20:00" }
[arrivals]
rate = "60 per hour"
intraday = { every = "1h", weights = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] }
[customers]
think = "constant(40s)"
exchanges = "constant(3)"
[agents]
concurrency = 2
reply = "constant(20s)"
slow_down = 0.5
wrap_up = "constant(60s)"
roster = [
  { days = "mon", shift = "08:00-20:00", agents = 10 },
  { days = "mon", shift = "10:00-14:00", agents = 6 },
]
[live]
speed = 240
connect_lead = "10s"
"#;

#[track_caller]
fn near(found: f64, exact: f64) {
    assert!(
        (found - exact).abs() < 1e-6 * exact.abs().max(1.0),
        "{found} is not {exact}"
    );
}

#[test]
fn a_connection_for_each_chat_is_reckoned_with() {
    let shared = outlook(DAY).live;
    let apart = shared.spoken(1, false, 20);
    assert_eq!((shared.apart, apart.apart), (0, 20));
    assert_eq!(apart.connections, shared.connections + 20);
    assert_eq!(apart.descriptors, shared.descriptors + 20);
    let closed = shared.ports - shared.connections;
    assert_eq!(apart.ports, apart.connections + 2 * closed);
}

#[test]
fn chats_load_and_staff() {
    let outlook = outlook(DAY);
    near(outlook.arrived, 60.0 * 18.0);
    near(outlook.offered, 60.0 * 15.0);
    assert_eq!(outlook.days.len(), 1);
    let peak = outlook.peak;
    assert_eq!((peak.interval, peak.from.0), (20, 36_000_000_000_000));
    near(peak.per_hour, 240.0);
    // 240 an hour x (3 x 20 + 2 x 40 + 60) s, and x 3 x 20 s.
    near(outlook.load.slots, 240.0 / 3_600.0 * 200.0);
    near(outlook.load.attention.unwrap(), 4.0);
    near(outlook.load.staffed_slots, 32.0);
    near(outlook.staff.mean, (10.0 * 12.0 + 6.0 * 4.0) / 12.0);
    assert_eq!((outlook.staff.least, outlook.staff.greatest), (10, 16));
    // With two chats: composing 30 s, away 140 / 3 s. One alone is served 1 / (30 + 46.67) a
    // second and keeps the composer busy 0.3913 of the time; so the second waits.
    let alone = 1.0 / (30.0 + 140.0 / 3.0);
    let two = 2.0 / (30.0 * (1.0 + 30.0 * alone) + 140.0 / 3.0);
    near(outlook.load.capacity_per_hour, 16.0 * two / 3.0 * 3_600.0);
}

#[test]
fn a_live_run_is_told_its_needs() {
    let outlook = outlook(DAY);
    let live = outlook.live;
    near(live.wall_s, 86_400.0 / 240.0);
    // 1 % of composing, 20 s, against 1 ms, or 2.5 ms where timers are coarse.
    let sound = if cfg!(target_os = "linux") {
        200.0
    } else {
        80.0
    };
    near(live.sound_speed.unwrap(), sound);
    assert!(
        outlook
            .warnings
            .iter()
            .any(|warning| warning.contains("at speed 240"))
    );
    assert!(
        outlook
            .warnings
            .iter()
            .any(|w| w.contains("180 of 1080 customers meet the closed"))
    );
    assert_eq!(live.agents, 16);
    // 16 a second on the wall, who wait to be let in for ten seconds.
    assert_eq!(live.stalled, 160);
    assert_eq!(live.connections, live.customers + 16 + 160);
    assert_eq!(live.descriptors, live.connections + 64);
    assert_eq!(live.descriptors_with_server, 2 * live.connections + 64);
    // 240 an hour at speed 240 for a minute: 960, of all 1080.
    assert_eq!(live.ports, live.connections + 960);
    // Who polls beside a stream has two connections, and requests are made on others.
    let spoken = live.spoken(2, true, 0);
    let people = live.connections;
    assert_eq!(spoken.connections, 3 * people + live.customers);
    assert_eq!(spoken.descriptors, spoken.connections + 64);
    assert_eq!(spoken.ports, spoken.connections + 2 * 960);
    assert_eq!(live.spoken(1, false, 0), live);
    // About 13.3 chats open, 3 x 3.65 for chance, at most 32 slots: the slow-down adds to them.
    assert!(
        (24.0..=32.0).contains(&outlook.open_chats),
        "{}",
        outlook.open_chats
    );
    near(outlook.queue, 0.0);
}

/// A quarter of those handled comes again, without end: 60 an hour become 80.
#[test]
fn those_who_come_again_add_to_the_load() {
    let base = "
        [calendar]\nhorizon = \"48h\"\n[arrivals]\nrate = \"60 per hour\"
        [customers]\nretry = { unresolved = 0.25, after = \"exponential(mean=10m)\" }
        [agents]\nconcurrency = 2\ncount = 4\nreply = \"exponential(mean=1m)\"\n";
    let outlook = outlook(base);
    near(outlook.offered, 60.0 * 48.0);
    // The first returns take ten minutes and a chat.
    let again = outlook.again / outlook.offered;
    assert!((0.32..1.0 / 3.0).contains(&again), "{again}");
    near(outlook.again_most.unwrap(), outlook.offered / 3.0);
    near(outlook.peak.per_hour, 60.0);
}

/// Wrap-up that takes attention is served by the same composer: 50 s of it a chat, thinking
/// elsewhere, as if it were one longer visit.
#[test]
fn wrap_up_as_attention_adds_to_attention() {
    let base = "
        [calendar]\nhorizon = \"1h\"\n[arrivals]\nrate = \"60 per hour\"
        [customers]\nthink = \"exponential(mean=40s)\"\nexchanges = \"constant(2)\"
        [agents]\nconcurrency = 2\ncount = 3\nreply = \"exponential(mean=10s)\"
        wrap_up = \"exponential(mean=30s)\"\n";
    let beside = outlook(base);
    near(beside.load.attention.unwrap(), 20.0 / 60.0);
    let taking = outlook(&format!("{base}wrap_up_holds = \"attention\"\n"));
    near(taking.load.attention.unwrap(), 50.0 / 60.0);
    near(taking.load.slots, beside.load.slots);
    // Two chats, 50 s at the composer and 40 s away: the second finds it busy 5/9 of the time.
    let two = 2.0 / (50.0 * (1.0 + 5.0 / 9.0) + 40.0);
    near(taking.load.capacity_per_hour, 3.0 * two * 3_600.0);
    assert!(taking.load.capacity_per_hour < beside.load.capacity_per_hour);
}

#[test]
fn an_overload_collects_a_queue_up_to_its_limit() {
    let base = "
        [calendar]\nhorizon = \"2h\"\n[arrivals]\nrate = \"120 per hour\"
        [agents]\nconcurrency = 1\ncount = 1\nreply = \"exponential(mean=1m)\"\n";
    // 120 an hour come, 60 are handled: after two hours 120 wait, but for the first minutes.
    let all = outlook(base);
    assert!((118.0..=121.0).contains(&all.queue), "{}", all.queue);
    assert!(all.warnings[0].contains("more is asked than the team can give"));
    let limited = outlook(&format!("{base}[queue]\nlimit = 20"));
    near(limited.queue, 20.0);
    near(limited.open_chats, 21.0);
    // Patience of ten minutes balances an excess of one a minute at ten.
    let patient = outlook(&format!(
        "{base}[customers]\nqueue_patience = \"exponential(mean=10m)\""
    ));
    assert!((9.9..=10.1).contains(&patient.queue), "{}", patient.queue);
}
