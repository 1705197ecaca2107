//! Owns `Spoken`: one of the servers with the protocol that is spoken there, and a run at it.
//!
//! Law: what is asserted of a run at somebody else's server are counts and fates; how long that takes
//! on a busy machine is nobody's promise. A run that hangs fails its test.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use busyhour::center::fate::Fate;
use busyhour::error::Result;
use busyhour::live::target::Target;
use busyhour::live::watch::Watch;
use busyhour::live::{Options, Outcome, load};
use busyhour::measure::result::RunResult;
use busyhour::scenario::plan::Plan;
use busyhour::scenario::read_text;
use busyhour::wire::protocols;

use crate::servers::{Prosody, Server, hexlet, prosody, socketio, synapse};

/// More than any of these runs takes, with its drain, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(75);

/// Four minutes at forty times the speed. Customers wait, give up in the queue and in the chat, some without
/// a word; agents wrap up; two of them go half way. What is said is in three parts, of up to 2 kB.
///
/// It is the same at every server: nobody comes and goes at one instant, of whom a server may see either
/// first; and a reply takes no longer beside other chats, or it would matter which of those that are assigned
/// at one instant has its message first.
pub const SCENARIO: &str = r#"
name = "A few busy minutes"
seed = 7

[calendar]
time_zone = "Europe/Madrid"
start = 2026-11-23T09:00:00
horizon = "4m"

[arrivals]
rate = "900 per hour"

[customers]
queue_patience = "exponential(mean=80s)"
reply_patience = "lognormal(mean=60s, cv=0.6)"
think = "lognormal(mean=15s, cv=0.5)"
exchanges = "geometric(mean=2)"
silent = 0.4

[agents]
concurrency = 3
reply = "lognormal(mean=12s, cv=0.6)"
wrap_up = "exponential(mean=12s)"
inactivity = "50s"
roster = [
  { days = "mon-fri", shift = "09:00-09:20", agents = 2 },
  { days = "mon-fri", shift = "09:00-09:02", agents = 2 },
  { days = "mon-fri", shift = "09:01-09:20", agents = 1 },
]

[run]
drain_limit = "8m"

[messages]
bytes = "uniform(low=30, high=2000)"
parts = 3
typing = "5s"

[live]
speed = 40

# This machine may be busy with other things: what is looked at is the server.
[validity]
lag_ms_p99 = 5000
lag_share = 1
stood_still_ratio = 1
"#;

/// What is said of a generator that had too little of the machine; no fault of the server or of a
/// protocol.
const BUSY: [&str; 2] = ["schedule lag p99 is", "an event loop of the generator"];

/// A server with the protocol that is spoken there.
#[derive(Clone, Copy)]
pub struct Spoken {
    /// By which `--protocol` knows it.
    pub protocol: &'static str,
    start: fn() -> Option<Server>,
    /// Whether this program gives out the chats.
    pub dispatches: bool,
    /// Changes to the scenario, as `--set` takes them.
    pub changes: &'static [&'static str],
}

/// Prosody.
pub const XMPP: Spoken = Spoken {
    protocol: "xmpp",
    start: || prosody(Prosody::default()),
    dispatches: true,
    changes: &["agents.shift_end=hand-over"],
};

/// The Socket.IO server of our own, which knows no handing over.
pub const SOCKETIO: Spoken = Spoken {
    protocol: "socketio",
    start: socketio,
    dispatches: false,
    changes: &["agents.shift_end=finish"],
};

/// `@hexlet/chat-server`. A reply is a request over HTTP, and so is each part: an agent who hands over
/// and goes takes with it those that were not made yet.
pub const HEXLET: Spoken = Spoken {
    protocol: "hexlet",
    start: hexlet,
    dispatches: true,
    changes: &["agents.shift_end=finish"],
};

/// Synapse. It takes half of a core for who comes and what is said at this speed.
pub const MATRIX: Spoken = Spoken {
    protocol: "matrix",
    start: synapse,
    dispatches: true,
    changes: &["agents.shift_end=hand-over", "live.speed=12"],
};

impl Spoken {
    /// Starts the server; none where it is not installed.
    pub fn start(&self) -> Option<Server> {
        (self.start)()
    }

    /// How it is played.
    pub fn options(&self, server: &Server) -> Options {
        Options {
            targets: vec![Target::from(server.address())],
            protocol: protocols::open(self.protocol).unwrap(),
            records: true,
            ..Options::default()
        }
    }

    /// What is played there.
    pub fn plan(&self, options: &Options) -> Plan {
        self.changed(options, &[])
    }

    /// The same with these changes.
    pub fn changed(&self, options: &Options, more: &[&str]) -> Plan {
        let changes = self.changes.iter().chain(more);
        let changes: Vec<String> = changes.map(|&change| change.into()).collect();
        let mut plan = read_text("busy", SCENARIO, Path::new(""), &changes).unwrap();
        options.fit(&mut plan);
        plan
    }

    /// Plays the scenario at the server; `meanwhile` goes on beside it.
    pub fn play(&self, server: &mut Server, meanwhile: impl FnOnce(&mut Server)) -> Outcome {
        let options = self.options(server);
        let plan = self.plan(&options);
        let run = Run::start(plan, options);
        meanwhile(server);
        run.wait().expect("the run starts")
    }
}

/// A run that goes on beside its test.
pub struct Run(Receiver<Result<Outcome>>);

impl Run {
    /// Starts it.
    pub fn start(plan: Plan, options: Options) -> Run {
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let outcome = load(&plan, &options, &Watch::default());
            // Nobody listens any more to one who is too late.
            let _ = tell.send(outcome);
        });
        Run(told)
    }

    /// What comes of it, which is not waited for for ever.
    pub fn wait(self) -> Result<Outcome> {
        let outcome = self.0.recv_timeout(PATIENCE);
        outcome.expect("it comes to an end, and has not panicked")
    }
}

/// Every chat that was offered has one fate.
pub fn add_up(result: &RunResult) {
    let fates = Fate::ALL.map(|fate| count(result, fate.name()));
    assert_eq!(
        count(result, "offered"),
        fates.iter().sum::<u64>(),
        "{fates:?}"
    );
}

/// What is said of a run, but for how busy the machine was.
pub fn reasons(result: &RunResult) -> Vec<&str> {
    let reasons = result.verdict.reasons.iter().map(String::as_str);
    reasons
        .filter(|reason| !BUSY.iter().any(|words| reason.starts_with(words)))
        .collect()
}

/// Nothing has broken the run; it is not valid at most because the machine was busy.
pub fn sound(result: &RunResult) {
    let verdict = &result.verdict;
    assert_eq!(verdict.failed, None, "{verdict:#?}");
    let busy = reasons(result).len() < verdict.reasons.len();
    assert_eq!(verdict.valid, Some(!busy), "{verdict:#?}");
    assert_eq!(count_if_any(result, "not_started"), 0);
}

fn count_if_any(result: &RunResult, name: &str) -> u64 {
    result.value(name).unwrap_or_default() as u64
}

/// A measure that is a count.
pub fn count(result: &RunResult, name: &str) -> u64 {
    let value = result.value(name);
    value.unwrap_or_else(|| panic!("{name} is not measured")) as u64
}

/// Of how many samples a measure is.
pub fn samples(result: &RunResult, name: &str) -> u64 {
    result.measures[name].samples
}
