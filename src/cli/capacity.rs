//! `busyhour capacity`: how much of a scenario a chat server holds, and what breaks beyond.

mod player;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::console::Console;
use super::live_args::LiveArgs;
use super::scenario_args::{OutputArgs, ScenarioArgs, change, times};
use super::signals::Stop;
use crate::error::{Error, Exit, Result};
use crate::measure::result::Environment;
use crate::report::figure::{Unit, grouped};
use crate::report::{capacity, file};
use crate::scenario::plan::Plan;
use crate::scenario::read_span;
use crate::study::capacity::bounds::Bounds;
use crate::study::capacity::findings::{End, FORMAT, Findings, Searched, VERSION};
use crate::study::capacity::probe::Probe;
use crate::study::capacity::search::{Next, SEEDS, Search, Trial, Vote};
use crate::study::capacity::sweep::{Point, Sweep, Vary};
use crate::time::Span;
use player::Player;

/// Arguments of `capacity`.
#[derive(Debug, Args)]
pub struct Capacity {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Scenario seconds a wall second: `--set live.speed=X`
    #[arg(long, value_name = "X")]
    speed: Option<f64>,
    /// The first seed; the others follow it: `--set seed=N`
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How long customers come in a probe: `--set calendar.horizon=TIME`
    #[arg(long, value_name = "TIME")]
    length: Option<String>,
    /// Begin with so many times the scenario's customers and agents [default: 1]
    #[arg(long, value_name = "X", value_parser = times, conflicts_with = "vary")]
    from: Option<f64>,
    /// Begin no probe that would not end within this time on the wall
    #[arg(long, value_name = "TIME", value_parser = span)]
    budget: Option<Span>,
    /// The most of the chats that may fail, be cut or be turned away, as 0.01
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "0.01")]
    failures: f64,
    /// The most that the server may add to the mean wait, on the wall
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "500ms")]
    added_wait: Span,
    /// How long the server has after a probe to be as well as before the first, on the wall
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "60s")]
    recovery: Span,
    /// No search: one live run at each value of a key, as in `agents.concurrency=1..8`, `=1..8:2`
    /// or `=1,2,4`
    #[arg(long, value_name = "KEY=VALUES", value_parser = Vary::parse)]
    vary: Option<Vary>,
    /// Where the result file goes (JSON) [default: capacity.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// No report and no progress: the result file and the exit code alone
    #[arg(long)]
    quiet: bool,
    /// No progress on stderr
    #[arg(long)]
    no_progress: bool,
    #[command(flatten)]
    live: LiveArgs,
}

/// A probe that takes longer than this on the wall is worth a warning, in seconds.
const LONG_S: f64 = 600.0;

/// Searches, or sweeps, and reports.
///
/// # Errors
/// The scenario, the target or the machine's limits refuse the first run, the server is not there,
/// or a file cannot be written.
pub fn run(args: &Capacity, console: &Console) -> Result<Exit> {
    let (began, started) = (Instant::now(), jiff::Timestamp::now().to_string());
    let mut plan = match &args.vary {
        Some(vary) => args.varied(vary, *vary.values.first().unwrap_or(&0.0))?,
        None => args.plan(Trial {
            scale: args.from.unwrap_or(1.0),
            seed: 0,
        })?,
    };
    let options = args.live.options()?;
    plan.source.files.extend(args.live.files().cloned());
    let output = args.output();
    output.probe(&plan)?;
    announce(args, &plan, console);
    let player = Player::begin(args, &output, options, console)?;
    let (end, search, sweep) = match &args.vary {
        Some(vary) => {
            let (end, sweep) = sweep(args, vary, &player)?;
            (end, None, Some(sweep))
        }
        None => {
            let (end, searched) = search(args, &plan, &player)?;
            (end, Some(searched), None)
        }
    };
    let mut scenario = player.echo(&plan);
    if let Some((vary, first)) = args
        .vary
        .as_ref()
        .and_then(|v| Some((v, v.values.first()?)))
    {
        // That is the first run's alone.
        scenario
            .overrides
            .retain(|change| *change != vary.change(*first));
    }
    let findings = Findings {
        format: FORMAT.into(),
        version: VERSION,
        busyhour: env!("CARGO_PKG_VERSION").into(),
        scenario,
        end,
        search,
        sweep,
        environment: Environment::of_run(started, began.elapsed().as_secs_f64(), 1),
    };
    conclude(&findings, &output, player.stopped(), console)
}

impl Capacity {
    fn flags(&self, seed: Option<u64>) -> [Option<String>; 3] {
        [
            change("live.speed", self.speed),
            change("seed", seed),
            change("calendar.horizon", self.length.as_ref()),
        ]
    }

    /// The plan of a trial: the seeds follow one another.
    fn plan(&self, trial: Trial) -> Result<Plan> {
        let plan = self.scenario.plan_at(trial.scale, &self.flags(self.seed))?;
        if trial.seed == 0 {
            return Ok(plan);
        }
        let seed = plan.seed.wrapping_add(trial.seed.into());
        self.scenario.plan_at(trial.scale, &self.flags(Some(seed)))
    }

    /// The plan with a key at this value.
    fn varied(&self, vary: &Vary, value: f64) -> Result<Plan> {
        let mut flags = self.flags(self.seed).to_vec();
        flags.push(Some(vary.change(value)));
        self.scenario.plan(&flags)
    }

    fn output(&self) -> OutputArgs {
        let out = self.out.as_deref().unwrap_or(Path::new("capacity.json"));
        OutputArgs {
            out: Some(out.into()),
            records: None,
            quiet: self.quiet,
            no_progress: self.no_progress,
        }
    }
}

/// Says what is to come, before it does.
fn announce(args: &Capacity, plan: &Plan, console: &Console) {
    if args.quiet {
        return;
    }
    let takes = player::takes_s(plan);
    let (what, each) = match &args.vary {
        None => ("a probe", format!("a scale has 2 or {SEEDS}")),
        Some(vary) => ("a run", format!("there are {}", vary.values.len())),
    };
    console.note(&format!(
        "{what} takes about {} on the wall; {each}",
        Unit::Seconds.say(takes)
    ));
    if takes > LONG_S {
        console.note(
            "warning: that is long; --length, --window, --busy-hour and --speed make it shorter",
        );
    }
}

/// Probes until enough is known, or no more can be.
fn search(args: &Capacity, first: &Plan, player: &Player) -> Result<(End, Searched)> {
    let bounds = Bounds::of(first, args.failures, args.added_wait.as_secs_f64() * 1e3);
    let mut search = Search::new(args.from.unwrap_or(1.0));
    let mut probes: Vec<Probe> = Vec::new();
    let end = loop {
        let trial = match search.next() {
            Next::Probe(trial) => trial,
            Next::Found => break End::Done,
            Next::BelowLeast => break End::BelowLeast,
            Next::BeyondMost => break End::BeyondMost,
            Next::Bound => break bound(&probes),
        };
        let plan = match args.plan(trial) {
            Ok(plan) => plan,
            Err(error) if probes.is_empty() => return Err(error),
            // The scenario cannot be made so large, or so small.
            Err(error) => {
                break End::Generator {
                    words: words(&error),
                };
            }
        };
        if let Some(end) = player.ends_before(&plan) {
            break end;
        }
        let label = format!(
            "probe {}, scale {}, seed {}",
            probes.len() + 1,
            trial.scale,
            plan.seed
        );
        let probe = match player.play(&plan, &label) {
            _ if player.stopped().is_some() => break player.stop(),
            Ok(outcome) => Probe::played(trial.scale, &plan, &outcome, &bounds),
            Err(error) if error.exit() == Exit::Refused && probes.is_empty() => return Err(error),
            Err(error) => Probe::failed(trial.scale, &plan, &error),
        };
        player.note(&format!("{label}: {}", capacity::in_a_line(&probe)));
        search.take(trial, probe.vote);
        probes.push(probe);
    };
    Ok((end, Searched::of(&search, bounds, probes)))
}

/// The generator is the bound: by what the last probe says.
fn bound(probes: &[Probe]) -> End {
    let last = probes.iter().rfind(|probe| probe.vote == Vote::Bound);
    let causes = last.map(|probe| capacity::why(&probe.causes));
    End::Generator {
        words: causes.unwrap_or_default(),
    }
}

/// One live run a value.
fn sweep(args: &Capacity, vary: &Vary, player: &Player) -> Result<(End, Sweep)> {
    let plans = vary.values.iter().map(|value| args.varied(vary, *value));
    // What cannot be read is refused before anything runs.
    let plans = plans.collect::<Result<Vec<Plan>>>()?;
    let mut points = Vec::new();
    let mut end = End::Done;
    for (value, plan) in vary.values.iter().zip(&plans) {
        if let Some(early) = player.ends_before(plan) {
            end = early;
            break;
        }
        let label = format!(
            "{} of {}, {}",
            points.len() + 1,
            plans.len(),
            vary.change(*value)
        );
        let point = match player.play(plan, &label) {
            _ if player.stopped().is_some() => {
                end = player.stop();
                break;
            }
            Ok(outcome) => Point::played(*value, plan, &outcome),
            Err(error) if error.exit() == Exit::Refused && points.is_empty() => return Err(error),
            // What was played before is kept, and another value may have room.
            Err(error) if is_short(&error) => Point::not_played(*value, plan, words(&error)),
            Err(error) => Point::failed(*value, plan, words(&error)),
        };
        points.push(point);
    }
    let key = vary.key.clone();
    Ok((end, Sweep { key, points }))
}

/// Whether it is this machine, or the scenario, that has no room for a run.
fn is_short(error: &Error) -> bool {
    error.exit() == Exit::Refused || error.is_of_this_machine()
}

/// An error in one line.
fn words(error: &Error) -> String {
    error.plain().lines().next().unwrap_or_default().to_string()
}

/// Writes the file and tells the report: the report is told even where the file cannot be written.
fn conclude(
    findings: &Findings,
    output: &OutputArgs,
    stopped: Option<Stop>,
    console: &Console,
) -> Result<Exit> {
    let written = file::write_json(output.out(), findings);
    let told = match output.quiet {
        true => Ok(()),
        false => {
            let report = capacity::render(findings, console.width, console.colour);
            let file = match &written {
                Ok(()) => format!("result: {}\n", output.out().display()),
                Err(_) => String::new(),
            };
            let took = Unit::Seconds.say(findings.environment.duration_s);
            console.tell(&format!("{report}\n{file}took: {took}\n"))
        }
    };
    match (written.and(told), stopped) {
        (done, None) => done.map(|()| exit(findings)),
        (done, Some(stop)) => {
            done.unwrap_or_else(|error| console.complain(&error));
            Ok(stop.exit())
        }
    }
}

fn exit(findings: &Findings) -> Exit {
    let searched = findings.search.as_ref();
    let holds = searched.is_none_or(|found| found.holds.is_some());
    let unknown = searched.is_some_and(|found| !holds && found.breaks.is_none());
    let sweep = findings.sweep.as_ref();
    let empty = sweep.is_some_and(|sweep| sweep.points.is_empty());
    let points = findings.sweep.iter().flat_map(|sweep| &sweep.points);
    let mut verdicts = points.map(|point| &point.verdict);
    match &findings.end {
        End::NotRecovered { .. } => Exit::Failed,
        End::Generator { .. } if unknown || empty => Exit::Invalid,
        _ if empty => Exit::Failed,
        _ if !holds || verdicts.clone().any(|verdict| verdict.failed.is_some()) => Exit::Failed,
        _ if verdicts.any(|verdict| verdict.valid == Some(false)) => Exit::Invalid,
        _ => Exit::Fine,
    }
}

fn span(text: &str) -> std::result::Result<Span, String> {
    read_span(text).and_then(|span| match span {
        Span::ZERO => Err("a length of time above zero is expected".into()),
        span => Ok(span),
    })
}

fn share(text: &str) -> std::result::Result<f64, String> {
    let share = text
        .parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("a share from 0 to {} is expected", grouped(1.0, 0)))
}
