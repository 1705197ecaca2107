//! `busyhour erlang`: what queueing theory says of a team, without simulating it.
//!
//! Law: the figures are those of `stats::queueing`, under the names of the measures that a
//! simulation would estimate them by; here they are asked for and worded.

mod table;

use clap::{Args, Subcommand};
use indexmap::IndexMap;
use serde_json::json;

use super::console::Console;
use crate::error::{Error, Exit, Result};
use crate::measure::catalogue::{SERVICE_LEVEL_FORMS, service_level_name};
use crate::scenario::{read_rate, read_span};
use crate::stats::law::Impossible;
use crate::stats::queueing::erlang_b;
use crate::stats::queueing::levels::{Levels, Team};
use crate::stats::queueing::multi_server::MultiServer;
use crate::stats::queueing::patience::Patience;
use crate::stats::queueing::staffing::{MOST, fewest};
use crate::stats::queueing::waiting::Waiting;
use crate::time::Span;

/// Arguments of `erlang`.
#[derive(Debug, Args)]
pub struct Erlang {
    #[command(subcommand)]
    formula: Formula,
}

#[derive(Debug, Subcommand)]
enum Formula {
    /// Nobody waits: whoever finds all agents busy is turned away
    B(Loss),
    /// Everybody waits, however long
    C(Queue),
    /// Customers wait as long as their patience lasts
    A(Impatient),
    /// Agents hold several chats and take longer over each, the more they hold
    Chat(Chats),
}

/// What all formulas ask for.
#[derive(Debug, Args)]
struct Common {
    /// How many chats come, as in "100 per hour"
    #[arg(long, value_name = "RATE", value_parser = read_rate, allow_hyphen_values = true)]
    rate: f64,
    /// How many agents; without it, the fewest that reach the target
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MOST as i64))]
    agents: Option<u32>,
    /// One JSON object with all figures
    #[arg(long)]
    json: bool,
}

/// Arguments of Erlang B.
#[derive(Debug, Args)]
struct Loss {
    #[command(flatten)]
    common: Common,
    /// The mean handle time, wrap-up included, as in 3m
    #[arg(long, value_name = "TIME", value_parser = read_span, allow_hyphen_values = true)]
    aht: Span,
    /// The most that may be turned away, as a share
    #[arg(long, value_name = "SHARE", default_value = "0.01", value_parser = share)]
    rejected: f64,
}

/// The service level that is asked for.
#[derive(Debug, Args)]
struct Level {
    /// The time T of the service level
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = read_span)]
    within: Span,
    /// The share of offered chats to answer within that time
    #[arg(long, value_name = "SHARE", default_value = "0.8", value_parser = share)]
    target: f64,
}

/// Arguments of Erlang C.
#[derive(Debug, Args)]
struct Queue {
    #[command(flatten)]
    common: Common,
    /// The mean handle time, wrap-up included, as in 3m
    #[arg(long, value_name = "TIME", value_parser = read_span, allow_hyphen_values = true)]
    aht: Span,
    #[command(flatten)]
    level: Level,
}

/// Arguments of Erlang A.
#[derive(Debug, Args)]
struct Impatient {
    #[command(flatten)]
    queue: Queue,
    /// How long customers are ready to wait on average (exponential), as in 2m
    #[arg(long, value_name = "TIME", value_parser = read_span, allow_hyphen_values = true)]
    patience: Span,
}

/// Arguments of the level model.
#[derive(Debug, Args)]
struct Chats {
    #[command(flatten)]
    common: Common,
    /// The mean handle time of a chat whose agent holds 1, 2, ... of them, as in 400s,480s,580s
    #[arg(long, value_name = "TIMES", value_parser = read_span, value_delimiter = ',')]
    #[arg(required = true)]
    aht: Vec<Span>,
    /// Chats of an agent at most [default: as many as there are handle times]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: Option<u16>,
    /// How long customers are ready to wait on average (exponential) [default: endless]
    #[arg(long, value_name = "TIME", value_parser = read_span, allow_hyphen_values = true)]
    patience: Option<Span>,
    #[command(flatten)]
    level: Level,
}

/// A share between 0 and 1, the ends excluded.
fn share(text: &str) -> std::result::Result<f64, String> {
    let share = text
        .parse::<f64>()
        .ok()
        .filter(|share| *share > 0.0 && *share < 1.0);
    share.ok_or_else(|| "a share between 0 and 1 is expected, as in 0.8".into())
}

/// Figures by measure.
type Figures = IndexMap<String, f64>;

/// What a formula says of each number of agents, and when that is enough.
struct Question<'a> {
    /// What was asked, for people.
    asked: String,
    /// What is enough, for people.
    enough: String,
    /// How it was worked out for a number of agents, for people.
    note: &'a dyn Fn(u32) -> &'static str,
    figures: &'a dyn Fn(u32) -> std::result::Result<Figures, Impossible>,
    does: &'a dyn Fn(&Figures) -> bool,
}

/// Answers by formula.
///
/// # Errors
/// Refused: what was asked cannot be.
pub fn run(args: &Erlang, console: &Console) -> Result<Exit> {
    match &args.formula {
        Formula::B(args) => loss(args, console),
        Formula::C(args) => queue(args, None, console),
        Formula::A(args) => queue(&args.queue, Some(args.patience), console),
        Formula::Chat(args) => chats(args, console),
    }
}

fn loss(args: &Loss, console: &Console) -> Result<Exit> {
    let handle_s = handled_in(args.aht)?;
    let load = args.common.rate * handle_s;
    let figures = |agents| {
        let rejected = erlang_b::blocked(load, agents);
        let occupancy = erlang_b::occupancy(load, agents);
        let named = [("rejected_ratio", rejected), ("occupancy_ratio", occupancy)];
        Ok(named.map(|(name, value)| (name.to_string(), value)).into())
    };
    let question = Question {
        asked: format!(
            "Erlang B: {}, {}",
            coming(&args.common),
            taking(args.aht, load)
        ),
        enough: format!("turn away at most {}", table::per_cent(args.rejected)),
        note: &|_| "Nobody waits: who finds no agent free is turned away.",
        figures: &figures,
        does: &|figures| figures["rejected_ratio"] <= args.rejected,
    };
    answer(&question, &args.common, console)
}

fn queue(args: &Queue, patience: Option<Span>, console: &Console) -> Result<Exit> {
    let (handle_s, rate) = (handled_in(args.aht)?, args.common.rate);
    let law = law(patience)?;
    let figures = |agents| {
        let center = MultiServer::new(rate, handle_s, agents, law)?;
        let mut figures = waiting(center.waiting(), args.level.within);
        figures.insert("occupancy_ratio".into(), center.occupancy());
        Ok(figures)
    };
    let name = if patience.is_some() {
        "Erlang A"
    } else {
        "Erlang C"
    };
    let load = rate * handle_s;
    let question = Question {
        asked: format!(
            "{name}: {}, {}{}",
            coming(&args.common),
            taking(args.aht, load),
            leaving(patience)
        ),
        enough: enough(&args.level),
        note: &|_| match patience {
            None => "Nobody leaves, so the four forms of the service level are one.",
            Some(_) => "",
        },
        figures: &figures,
        does: &|figures| reaches(figures, &args.level),
    };
    answer(&question, &args.common, console)
}

fn chats(args: &Chats, console: &Console) -> Result<Exit> {
    let handle_times = args.aht.iter().map(|time| handled_in(*time));
    let mut handle_times = handle_times.collect::<Result<Vec<f64>>>()?;
    let limit = args.concurrency.map_or(handle_times.len(), usize::from);
    if handle_times.len() == 1 {
        handle_times = vec![handle_times[0]; limit];
    }
    if handle_times.len() != limit {
        let what = format!(
            "{} handle times for a concurrency of {limit}",
            handle_times.len()
        );
        let remedy = "give one time for each number of chats, as in --aht 400s,480s,580s";
        return Err(Error::refused(what).with_remedy(remedy));
    }
    let patience = law(args.patience)?;
    let team = |agents| Team {
        arrivals: args.common.rate,
        handle_times: &handle_times,
        agents,
        patience,
        leaving: 0.0,
    };
    let figures = |agents| Ok(of_levels(&Levels::new(&team(agents))?, args.level.within));
    let times: Vec<String> = args.aht.iter().map(ToString::to_string).collect();
    let question = Question {
        asked: format!(
            "Level model: {}, {limit} chats each at most, handle time {}{}",
            coming(&args.common),
            times.join(", "),
            leaving(args.patience)
        ),
        enough: enough(&args.level),
        note: &|agents| match team(agents).is_solved_exactly() {
            true => "Solved exactly; a new chat goes to an agent with the fewest.",
            false => {
                "Too many states to be solved exactly: loads are taken to differ by one at most."
            }
        },
        figures: &figures,
        does: &|figures| reaches(figures, &args.level),
    };
    answer(&question, &args.common, console)
}

/// A mean handle time in seconds.
fn handled_in(time: Span) -> Result<f64> {
    match time {
        Span::ZERO => Err(Error::refused("the mean handle time must be above zero")),
        time => Ok(time.as_secs_f64()),
    }
}

fn law(patience: Option<Span>) -> Result<Patience> {
    let law = patience.map(|mean| Patience::exponential(mean.as_secs_f64()));
    law.unwrap_or(Ok(Patience::Never)).map_err(Error::refused)
}

/// The figures of those who wait.
fn waiting(waiting: &Waiting, within: Span) -> Figures {
    let level = waiting.service_level(within.as_secs_f64());
    let levels = [
        level.of_offered,
        level.of_answered,
        level.less_short_abandons,
        level.with_short_abandons,
    ];
    let mut figures = Figures::new();
    let mut put = |name: &str, value: f64| figures.insert(name.to_string(), value);
    for (form, value) in SERVICE_LEVEL_FORMS.into_iter().zip(levels) {
        put(&service_level_name(within, form), value);
    }
    put("delayed_ratio", waiting.p_wait());
    put("abandoned_queue_ratio", waiting.p_abandon());
    put("wait_all_s_mean", waiting.wait_mean());
    put("wait_s_mean", waiting.wait_answered_mean());
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)] {
        put(&format!("wait_s_{name}"), waiting.wait_quantile(share));
    }
    if let Some(mean) = waiting.wait_abandoned_mean() {
        put("wait_abandoned_s_mean", mean);
    }
    put("queue_mean", waiting.queue_mean());
    figures
}

fn of_levels(levels: &Levels, within: Span) -> Figures {
    let mut figures = waiting(levels.waiting(), within);
    let named = [
        ("occupancy_ratio", levels.occupancy()),
        ("active_chats_mean", levels.active_mean()),
        ("concurrency_busy", levels.concurrency_busy()),
        ("handle_s_mean", levels.handle_mean()),
    ];
    figures.extend(named.map(|(name, value)| (name.to_string(), value)));
    figures
}

fn reaches(figures: &Figures, level: &Level) -> bool {
    figures[&service_level_name(level.within, "")] >= level.target
}

fn enough(level: &Level) -> String {
    format!(
        "answer {} within {}",
        table::per_cent(level.target),
        level.within
    )
}

fn coming(common: &Common) -> String {
    format!("{} chats an hour", table::plain(common.rate * 3600.0))
}

fn taking(handle: Span, load: f64) -> String {
    format!("handle time {handle}, {} erlangs", table::plain(load))
}

fn leaving(patience: Option<Span>) -> String {
    patience.map_or_else(
        || ", endless patience".into(),
        |mean| format!(", patience {mean}"),
    )
}

/// Looks at the number asked for, or the fewest that do, and two to either side.
fn answer(question: &Question, common: &Common, console: &Console) -> Result<Exit> {
    let does = |agents| (question.figures)(agents).is_ok_and(|figures| (question.does)(&figures));
    let agents = match common.agents {
        Some(agents) => agents,
        None => fewest(1, does).ok_or_else(|| {
            let why = (question.figures)(1).err().unwrap_or_default();
            let what = format!("no team of up to {MOST} agents can {}", question.enough);
            Error::refused(if why.is_empty() {
                what
            } else {
                format!("{what}: {why}")
            })
        })?,
    };
    let around = agents.saturating_sub(2).max(1)..=agents.saturating_add(2).min(MOST);
    let row = |agents| (agents, (question.figures)(agents));
    let rows: Vec<_> = around.map(row).collect();
    if let Some((_, Err(why))) = rows.iter().find(|row| row.0 == agents) {
        let remedy = "ask for more agents, or leave --agents out to be told how many do";
        return Err(Error::refused(why.clone()).with_remedy(remedy));
    }
    if common.json {
        let of_row = |(agents, figures): &(u32, std::result::Result<Figures, Impossible>)| {
            figures
                .as_ref()
                .ok()
                .map(|figures| json!({ "agents": agents, "measures": figures }))
        };
        let rows: Vec<_> = rows.iter().filter_map(of_row).collect();
        let answer = json!({
            "asked": question.asked,
            "note": (question.note)(agents),
            "agents": agents,
            "rows": rows,
        });
        console.tell(&format!("{answer:#}\n"))?;
        return Ok(Exit::Fine);
    }
    let found = common.agents.is_none();
    console.tell(&table::render(question, agents, found, &rows, console))?;
    Ok(Exit::Fine)
}
