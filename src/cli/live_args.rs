//! Owns `LiveArgs`: how a plan is played live, whoever asks for it, and what shows of it.
//!
//! Law: there is one way of starting a live run: room is made for what it needs on this machine,
//! then it is played.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use clap::Args;

use super::access_args::AccessArgs;
use super::progress::Line;
use crate::error::{Error, Result};
use crate::live::Options;
use crate::live::machine::{MARGIN, descriptors_allowed, make_room_for_descriptors};
use crate::live::watch::Watch;
use crate::live::workers::{WORKERS_MOST, Workers};
use crate::measure::cast::Cast;
use crate::report::figure::{Unit, grouped};
use crate::scenario::plan::Plan;
use crate::time::Time;
use crate::wire::protocols;

/// How a plan is played live.
#[derive(Debug, Args)]
pub struct LiveArgs {
    /// Processes over which customers and agents are spread [default: as many as the descriptors
    /// ask for]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(WORKERS_MOST)))]
    workers: Option<u32>,
    /// What the server speaks: a name of `busyhour protocols`, or a file that declares it [default:
    /// the built-in server's protocol]
    #[arg(
        long,
        value_name = "NAME|FILE",
        requires = "targets",
        help_heading = "Server"
    )]
    protocol: Option<String>,
    #[command(flatten)]
    access: AccessArgs,
}

impl LiveArgs {
    /// How any plan is played by these arguments.
    ///
    /// # Errors
    /// Those of `AccessArgs::options`; refused: there is no such protocol, or its file is wrong.
    pub fn options(&self) -> Result<Options> {
        let protocol = self.protocol.as_deref().map(protocols::open).transpose()?;
        Ok(Options {
            protocol: protocol.flatten(),
            ..self.access.options()?
        })
    }

    /// The files that it reads.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.access.files()
    }

    /// The same options with the processes over which this plan is spread; room is made for what
    /// this one needs.
    ///
    /// # Errors
    /// Refused: the machine has too few descriptors. Failed: the program's own file is not found.
    pub fn spread(&self, plan: &Plan, options: Options) -> Result<Options> {
        let workers = self.workers(plan, &options)?;
        Ok(Options { workers, ..options })
    }

    /// Over how many processes the run is spread, none for this one alone; room is made for what
    /// this one needs.
    fn workers(&self, plan: &Plan, options: &Options) -> Result<Option<Workers>> {
        let outlook = options.outlook(plan);
        let allowed = descriptors_allowed().unwrap_or(u64::MAX);
        let (slice, targeted) = (options.slice(), !options.targets.is_empty());
        let connections = slice.share(outlook.connections);
        let alone = slice.share(match targeted {
            true => outlook.descriptors,
            false => outlook.descriptors_with_server,
        });
        let count = self.workers.unwrap_or_else(|| {
            let needed = Workers::needed(connections, allowed);
            let fits = alone <= allowed;
            if fits { 1 } else { needed.min(WORKERS_MOST) }
        });
        // The built-in server alone may be what fits beside no customers.
        let apart = count > 1 || (self.workers.is_none() && alone > allowed);
        if !apart {
            make_room_for_descriptors(alone)?;
            return Ok(None);
        }
        if options.skip_closed {
            return Err(Error::refused(
                "closed hours can be jumped over in one process only: each has a clock of its own",
            )
            .with_remedy("leave out --skip-closed, or say --workers 1"));
        }
        make_room_for_descriptors(
            MARGIN
                + 4 * u64::from(count)
                + match targeted {
                    true => 0,
                    false => connections,
                },
        )?;
        let program = std::env::current_exe();
        let program = program.map_err(|error| {
            Error::failed(format!("cannot find the program's own file: {error}"))
        })?;
        Ok(Some(Workers {
            program,
            count,
            connections,
        }))
    }
}

/// What a run shows of itself while it goes; what one side knows where it is played.
pub fn line(plan: &Plan, watch: &Arc<Watch>, cast: Cast) -> impl Fn() -> Line + Send + 'static {
    let (calendar, begin) = (plan.calendar.clone(), plan.begin);
    let length = plan.outline.horizon.since(begin).as_secs_f64();
    let watch = watch.clone();
    move || {
        let now = Time(watch.now.load(Ordering::Relaxed));
        let clock = calendar.local(now).strftime("%a %H:%M:%S").to_string();
        Line {
            done: now.since(begin).as_secs_f64() / length,
            text: words(&watch, &clock, cast),
        }
    }
}

/// The live line; what one side knows where it is played.
fn words(watch: &Watch, clock: &str, cast: Cast) -> String {
    let count = |of: &AtomicU32| grouped(f64::from(of.load(Ordering::Relaxed)), 0);
    let online = count(&watch.agents);
    if !watch.started.load(Ordering::Relaxed) {
        return match cast.plays_agents() {
            true => format!("{online} agents online, waiting for the rest"),
            false => "looking in at the server".into(),
        };
    }
    let lag = Unit::Millis.say(watch.lag_us.load(Ordering::Relaxed) as f64 / 1e3);
    let busy = match cast.plays_agents() {
        true => format!(
            "{} open, {}/{online} busy, ",
            count(&watch.open),
            count(&watch.busy)
        ),
        false => String::new(),
    };
    let arrived = count(&watch.arrived);
    let came = match cast.plays_customers() {
        true => format!("{arrived} arrived, {} waiting", count(&watch.queue)),
        false => format!("{arrived} taken"),
    };
    format!("{clock}  {came}, {busy}lag {lag}")
}
