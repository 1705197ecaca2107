//! `busyhour check`: what a plan will do, before anything runs.
//!
//! Law: the figures are the outlook's; here they are worded.

use clap::Args;

use super::console::Console;
use super::room::Room;
use super::scenario_args::ScenarioArgs;
use crate::center::rules::{Attention, ShiftEnd};
use crate::error::{Exit, Result};
use crate::live::Options;
use crate::live::machine;
use crate::live::validity::LagBounds;
use crate::report::figure::{Unit, grouped};
use crate::report::paint::Paint;
use crate::report::terminal::wrapped;
use crate::scenario::outlook::Outlook;
use crate::scenario::plan::{AtClosing, Messages, Plan};
use crate::stats::law::{Law, SizeLaw};
use crate::time::Span;
use crate::wire::{clean, protocols};

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// For a live run at a server that speaks this: a name of `busyhour protocols`, or a file that
    /// declares it
    #[arg(long, value_name = "NAME|FILE")]
    protocol: Option<String>,
}

/// Reads the scenario and tells its outlook.
///
/// # Errors
/// The scenario is refused.
pub fn run(args: &Check, console: &Console) -> Result<Exit> {
    let mut plan = args.scenario.plan(&[])?;
    let protocol = args.protocol.as_deref().map(protocols::open).transpose()?;
    let options = Options {
        protocol: protocol.flatten(),
        ..Options::default()
    };
    options.fit(&mut plan);
    let outlook = Outlook {
        live: options.outlook(&plan),
        ..Outlook::of(&plan)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let room = Room::of(&plan, &outlook, threads).warning();
    let mut page = Page {
        text: String::new(),
        paint: Paint::new(console.colour),
    };
    page.heading(&clean(&plan.name));
    chats(&mut page, &plan, &outlook);
    team(&mut page, &plan, &outlook);
    live(&mut page, &plan, &outlook, options.protocol.is_some());
    gates(&mut page, &plan);
    let warnings: Vec<_> = outlook.warnings.iter().chain(&room).collect();
    if !warnings.is_empty() {
        page.text.push('\n');
    }
    for warning in warnings {
        page.warning(warning, console.width);
    }
    console.tell(&page.text)?;
    Ok(Exit::Fine)
}

/// Headings and aligned lines.
struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    fn heading(&mut self, words: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        self.text
            .push_str(&format!("{gap}{}\n", self.paint.heading(words)));
    }

    fn warning(&mut self, words: &str, width: usize) {
        let label = "warning:";
        for (index, line) in wrapped(words, width.max(40) - label.len() - 1)
            .iter()
            .enumerate()
        {
            let label = if index == 0 {
                self.paint.doubtful(label)
            } else {
                " ".repeat(label.len())
            };
            self.text.push_str(&format!("{label} {line}\n"));
        }
    }

    fn line(&mut self, label: &str, words: impl std::fmt::Display) {
        self.text.push_str(&format!(" {label:<20} {words}\n"));
    }
}

fn count(value: f64) -> String {
    grouped(
        value,
        if value < 99.95 && value.fract() != 0.0 {
            1
        } else {
            0
        },
    )
}

fn span(secs: f64) -> String {
    // Tenths under ten seconds, whole seconds beyond.
    let tenths = if secs < 10.0 { 10.0 } else { 1.0 };
    Span::from_secs_f64((secs * tenths).round() / tenths).to_string()
}

fn chats(page: &mut Page, plan: &Plan, outlook: &Outlook) {
    let start = plan.calendar.start();
    let horizon = plan.outline.horizon.since(plan.begin);
    let zone = start.time_zone().iana_name().unwrap_or_default();
    page.line(
        "from",
        format!("{} {zone}", start.strftime("%a %-d %b %Y %H:%M")),
    );
    let replications = grouped(f64::from(plan.replications), 0);
    let replications = match plan.precision[..] {
        [] => format!("{replications} replications"),
        _ => format!("as many replications as precision takes, at most {replications}"),
    };
    page.line("horizon", format!("{horizon}, {replications}"));
    if let Some(window) = &plan.source.window {
        page.line("window", window);
    }
    if let Some(scaled) = &plan.source.scaled {
        page.line("scaled", scaled);
    }
    page.heading("Chats expected");
    page.line(
        "in all",
        format!(
            "{} of {} customers who come",
            count(outlook.offered),
            count(outlook.arrived)
        ),
    );
    again(page, plan, outlook);
    for day in &outlook.days {
        let date = day.date.strftime("%a %-d %b");
        page.line(&date.to_string(), count(day.offered));
    }
    let peak = &outlook.peak;
    let from = plan.calendar.local(peak.from).strftime("%a %-d %b %H:%M");
    let length = peak.until.since(peak.from);
    page.line(
        "most",
        format!(
            "{} in {length} from {from}, {} an hour",
            count(peak.chats),
            count(peak.per_hour)
        ),
    );
}

fn team(page: &mut Page, plan: &Plan, outlook: &Outlook) {
    let (load, staff) = (&outlook.load, &outlook.staff);
    page.heading("Load at that time");
    page.line(
        "slots",
        format!(
            "{} erlangs, {} staffed",
            count(load.slots),
            count(load.staffed_slots)
        ),
    );
    if let Some(attention) = load.attention {
        page.line(
            "attention",
            format!(
                "{} erlangs, {} agents staffed",
                count(attention),
                count(load.staffed_agents)
            ),
        );
    }
    page.line(
        "capacity",
        format!("{} chats an hour", count(load.capacity_per_hour)),
    );
    page.line(
        "open chats",
        format!(
            "{} at the worst time, {} of them waiting",
            count(outlook.open_chats),
            count(outlook.queue)
        ),
    );
    page.heading("Agents");
    let each = plan.agents.concurrency;
    page.line(
        "in all",
        format!(
            "{}, {each} chats each at most",
            grouped(f64::from(plan.team), 0)
        ),
    );
    let staffed = if staff.least == staff.greatest {
        format!("{} throughout", staff.least)
    } else {
        let mean = count(staff.mean);
        format!(
            "{} to {}, {mean} on average while open",
            staff.least, staff.greatest
        )
    };
    page.line("staffed", staffed);
    rules(page, plan);
}

/// Those who come again, where anyone may.
fn again(page: &mut Page, plan: &Plan, outlook: &Outlook) {
    if plan
        .customers
        .iter()
        .all(|(_, class)| class.retry.is_empty())
    {
        return;
    }
    let most = outlook
        .again_most
        .map_or(String::new(), |most| format!(", at most {}", count(most)));
    let again = count(outlook.again);
    page.line(
        "again",
        format!("{again} more from those who come again, by means{most}"),
    );
}

/// Who is served first, by whom, and how: what is usual goes without saying.
fn rules(page: &mut Page, plan: &Plan) {
    page.line("routing", plan.router.policy.name());
    if plan.customers.len() > 1 {
        page.line("order", order(plan));
    }
    if plan.at_closing == AtClosing::SentAway {
        page.line("at closing", "those who wait are sent away");
    }
    let attention = match plan.agents.attention {
        Attention::Fifo => "",
        Attention::OldestCustomer => "the customer who came first",
        Attention::Shared => "all pending messages at once",
        Attention::Levels => "chats as a whole (level model)",
    };
    let wrap_up = ["", "wrap-up in its turn"][usize::from(plan.agents.wrap_up_attends)];
    let attends: Vec<&str> = [attention, wrap_up]
        .into_iter()
        .filter(|w| !w.is_empty())
        .collect();
    if !attends.is_empty() {
        page.line("attend to", attends.join("; "));
    }
    let ends = plan.shifts.iter().map(|shift| shift.end);
    match ends.max_by_key(|end| *end as u8).unwrap_or_default() {
        ShiftEnd::Finish => {}
        ShiftEnd::HandOver => page.line("at shift end", "chats go back to the front of the queue"),
        ShiftEnd::Drop => page.line("at shift end", "chats are ended"),
    }
    if plan.agents.inactivity != Span::ENDLESS {
        let words = format!("silent chats are ended after {}", plan.agents.inactivity);
        page.line("inactivity", words);
    }
    if let Some(kept_for) = plan.customers.kept_for() {
        page.line("cuts", cuts(plan, kept_for));
    }
}

/// How long who is cut off is kept, and how often that is not long enough.
fn cuts(plan: &Plan, kept_for: Span) -> String {
    let often = |outlasts: &dyn Fn(&Law) -> f64| {
        plan.customers.mean(|class| {
            let cut = class.disconnect.as_ref();
            cut.map_or(0.0, |cut| outlasts(&cut.away) / cut.every.mean())
        })
    };
    let kept = kept_for.as_secs_f64();
    let lost = often(&|away| away.share_above(kept)) / often(&|_| 1.0);
    format!(
        "chats are kept for {kept_for}, which {} of the times away outlast",
        Unit::Ratio.say(lost)
    )
}

/// The classes from the first served to the last, with their shares.
fn order(plan: &Plan) -> String {
    let names = plan.outline.classes.iter().map(|name| clean(name));
    let classes: Vec<_> = plan.customers.iter().zip(names).collect();
    let level = |level: u8| {
        let there = classes
            .iter()
            .filter(|((_, class), _)| class.level == level);
        let named = there.map(|((share, _), name)| format!("{name} ({})", Unit::Ratio.say(*share)));
        named.collect::<Vec<_>>().join(", ")
    };
    let levels = (0..plan.router.levels).rev().map(level);
    let order = levels.collect::<Vec<_>>().join(" before ");
    match plan.router.age_after {
        Span::ENDLESS => order,
        after => format!("{order}; one up after waiting {after}"),
    }
}

/// What a live run asks of the machine; `abroad` at a server that is not the built-in one.
fn live(page: &mut Page, plan: &Plan, outlook: &Outlook, abroad: bool) {
    let live = &outlook.live;
    page.heading(&format!("Live, at speed {}", live.speed));
    page.line(
        "takes",
        format!(
            "{}, and about {} for the last chats",
            span(live.wall_s),
            span(live.drain_s)
        ),
    );
    let sound = live
        .sound_speed
        .map_or_else(|| "any".into(), |speed| grouped(speed.floor(), 0));
    page.line("highest sound speed", sound);
    let whole = |number: u64| grouped(number as f64, 0);
    let each = match live.own {
        0 | 1 => String::new(),
        own => format!(", {own} each"),
    };
    let requests = match live.shared {
        0 => String::new(),
        shared => format!("; up to {} for requests", whole(shared)),
    };
    let apart = match live.apart {
        0 => String::new(),
        apart => format!("; up to {} of agents for their chats", whole(apart)),
    };
    page.line(
        "connections",
        format!(
            "{}: {} customers, {} agents, {} more if the server stands still{each}{requests}{apart}",
            whole(live.connections),
            whole(live.customers),
            whole(live.agents),
            whole(live.stalled)
        ),
    );
    let allowed = machine::descriptors_allowed().map_or_else(String::new, |limit| {
        format!("; this machine allows {}", whole(limit))
    });
    let descriptors = match abroad {
        true => format!("{}{allowed}", whole(live.descriptors)),
        false => format!(
            "{} with the built-in server, {} without{allowed}",
            whole(live.descriptors_with_server),
            whole(live.descriptors)
        ),
    };
    page.line("descriptors", descriptors);
    page.line("ports", whole(live.ports));
    if let Some(words) = messages(&plan.messages) {
        page.line("messages", words);
    }
    page.line(
        "valid up to",
        format!(
            "a schedule lag p99 of {}",
            Unit::Millis.say(LagBounds::of(plan, None).least())
        ),
    );
}

/// What messages are like, where they are more than markers.
fn messages(messages: &Messages) -> Option<String> {
    let texts = messages.texts.as_ref();
    let of = |law: Option<&SizeLaw>| match (law, texts) {
        (Some(law), _) => Some(format!("{} bytes on average", count(law.mean().round()))),
        (None, Some(texts)) => Some(format!("lines of {} bytes", count(texts.mean().round()))),
        (None, None) => None,
    };
    let asked = of(messages.bytes.as_ref());
    let answered = of(messages.reply_bytes.as_ref()).filter(|words| Some(words) != asked.as_ref());
    let parts = (messages.parts > 1).then(|| format!("in {} parts", messages.parts));
    let typing = messages
        .typing
        .map(|ahead| format!("typing from {ahead} before"));
    let words = [
        asked,
        answered.map(|words| format!("replies {words}")),
        parts,
        typing,
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn gates(page: &mut Page, plan: &Plan) {
    page.heading("Gates");
    if plan.gates.is_empty() {
        page.line("none", "");
    }
    for gate in &plan.gates {
        let bound = Unit::of(&gate.measure).say_bound(gate.bound);
        page.line(&gate.measure, format!("{} {bound}", gate.relation.symbol()));
    }
}
