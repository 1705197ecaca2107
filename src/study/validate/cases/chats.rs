//! Agents with several chats of several exchanges: the chat model and the level model.

use super::super::case::{Case, Takes};
use super::super::center::{Center, exponential};
use super::super::figures::{Chats, Figures, Levels, Saturated};
use super::{case, times};
use crate::stats::law::{CountLaw, Law};

pub(super) fn all(figures: &Figures) -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(figures.chats.iter().map(chats));
    cases.extend(figures.saturated.iter().map(saturated));
    cases.push(alone(figures));
    cases.extend(figures.levels.iter().map(levels));
    cases
}

/// Zero is for endless.
fn patience(mean: f64) -> Law {
    if mean == 0.0 {
        Law::Never
    } else {
        exponential(mean)
    }
}

fn geometric(mean: f64) -> CountLaw {
    CountLaw::geometric(mean).expect("a chat has at least one exchange")
}

/// The chat model with every time exponential, solved as a Markov chain.
fn chats(row: &Chats) -> Case {
    let center = Center {
        per_hour: row.per_hour,
        warm_up_hours: 10.0,
        agents: row.agents,
        concurrency: row.concurrency,
        reply: exponential(row.reply_s),
        slow_down: row.slow_down,
        think: exponential(row.think_s),
        exchanges: geometric(row.exchanges),
        wrap_up: exponential(row.wrap_up_s),
        queue_patience: patience(row.queue_patience_s),
        reply_patience: patience(row.reply_patience_s),
        service_levels: times(&row.exact),
        ..Center::default()
    };
    let mut name = format!(
        "chats, {} agents of {}, {} exchanges, {} an hour",
        row.agents, row.concurrency, row.exchanges, row.per_hour
    );
    if row.reply_patience_s > 0.0 {
        name += &format!(", reply patience {} s", row.reply_patience_s);
    }
    if row.slow_down > 0.0 {
        name += &format!(", slow-down {}", row.slow_down);
    }
    case(name, center, &row.exact, row.millions)
}

/// One agent whose queue never empties: a finite-source queue (Palm 1943). Of 22 an hour and more
/// that are more than the agent can take, each waits for three hours, so 66 wait; none would be six
/// standard deviations away. Few long stretches, since at the end of each
/// the queue does empty.
fn saturated(row: &Saturated) -> Case {
    let center = Center {
        per_hour: 40.0,
        warm_up_hours: 10.0,
        concurrency: row.concurrency,
        reply: exponential(row.reply_s),
        think: exponential(row.think_s),
        exchanges: geometric(row.exchanges),
        wrap_up: exponential(row.wrap_up_s),
        queue_patience: exponential(10_800.0),
        ..Center::default()
    };
    let name = format!(
        "saturated agent of {}, wrap-up {} s",
        row.concurrency, row.wrap_up_s
    );
    Case {
        takes: Takes::Stretches {
            millions: row.millions,
            replications: 30,
        },
        ..case(name, center, &row.exact, row.millions)
    }
}

/// The reference model when each chat has an agent of its own: nobody waits, nobody shares. A
/// hundred chats an hour keep 13 agents busy; 60 are never all taken.
fn alone(figures: &Figures) -> Case {
    let lognormal = |mean, cv| Law::lognormal(mean, cv).expect("mean and cv are above zero");
    let center = Center {
        per_hour: 100.0,
        agents: 60,
        reply: lognormal(40.0, 0.8),
        think: lognormal(60.0, 1.0),
        exchanges: geometric(5.0),
        wrap_up: exponential(30.0),
        queue_patience: exponential(180.0),
        reply_patience: lognormal(400.0, 0.6),
        ..Center::default()
    };
    let reference = &figures.reference;
    case(
        "reference model, an agent a chat".into(),
        center,
        &reference.alone,
        reference.millions,
    )
}

/// The level model, solved as a Markov chain. Its chats have one exchange, so that reply patience is
/// patience over the whole chat.
fn levels(row: &Levels) -> Case {
    let center = Center {
        per_hour: row.per_hour,
        warm_up_hours: 10.0,
        agents: row.agents,
        levels: row.handle_s.clone(),
        queue_patience: exponential(row.patience_s),
        reply_patience: patience(row.chat_patience_s),
        service_levels: times(&row.exact),
        ..Center::default()
    };
    let mut name = format!(
        "level model, {} agents of {}, {} an hour",
        row.agents,
        row.handle_s.len(),
        row.per_hour
    );
    if row.chat_patience_s > 0.0 {
        name += &format!(", patience {} s", row.chat_patience_s);
    }
    case(name, center, &row.exact, row.millions)
}
