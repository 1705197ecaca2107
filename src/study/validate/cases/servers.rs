//! Agents with one chat of one exchange each: the classical queues.

use super::super::case::Case;
use super::super::center::{Center, constant, exponential};
use super::super::figures::{Exact, Figures, Patience, Priority, Servers, SingleServer};
use super::{case, times};
use crate::center::rules::{Attention, Retries, Retry};
use crate::stats::law::Law;

pub(super) fn all(figures: &Figures) -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(erlang_b(figures));
    cases.extend(figures.erlang_c.iter().map(erlang_c));
    cases.extend(figures.erlang_a.iter().map(erlang_a));
    cases.extend(figures.single_server.iter().flat_map(single_server));
    cases.extend(figures.single_server.iter().flat_map(shared));
    cases.push(constant_service(figures));
    cases.extend(figures.priority.iter().map(priority));
    cases.extend(retrial(figures));
    cases
}

/// M/M/c/c (Erlang 1917).
fn erlang_b(figures: &Figures) -> Vec<Case> {
    let loss = |row: &super::super::figures::Loss| {
        let center = Center {
            per_hour: row.load * 20.0,
            agents: row.agents,
            reply: exponential(180.0),
            queue_limit: 0,
            ..Center::default()
        };
        let name = format!("Erlang B, {:.1} erlangs, {} agents", row.load, row.agents);
        case(name, center, &row.exact, row.millions)
    };
    figures.erlang_b.iter().map(loss).collect()
}

/// Ten times as long as the queue of M/M/c remembers, 1 / (sqrt(c mu) - sqrt(lambda))^2, in hours.
fn settled(per_hour: f64, handle_s: f64, agents: u32) -> f64 {
    let load = per_hour * handle_s / 3600.0;
    let gap = f64::from(agents).sqrt() - load.sqrt();
    10.0 * handle_s / 3600.0 / (gap * gap)
}

/// M/M/c (Erlang 1917).
fn erlang_c(row: &Servers) -> Case {
    let center = Center {
        per_hour: row.per_hour,
        warm_up_hours: settled(row.per_hour, row.handle_s, row.agents),
        agents: row.agents,
        reply: exponential(row.handle_s),
        service_levels: times(&row.exact),
        ..Center::default()
    };
    let name = format!("Erlang C, {} an hour, {} agents", row.per_hour, row.agents);
    case(name, center, &row.exact, row.millions)
}

/// M/M/c+G (Palm 1957; Zeltyn and Mandelbaum 2005).
fn erlang_a(row: &Servers) -> Case {
    let (law, queue_patience) = match row.patience {
        Some(Patience::Exponential { mean_s }) => {
            (format!("patience {mean_s} s"), exponential(mean_s))
        }
        Some(Patience::Uniform { high_s }) => {
            let law = Law::uniform(0.0, high_s).expect("the longest is above zero");
            (format!("patience even up to {high_s} s"), law)
        }
        Some(Patience::LogNormal { mean_s, cv }) => (
            format!("patience lognormal {mean_s} s"),
            lognormal(mean_s, cv),
        ),
        None => ("endless patience".into(), Law::Never),
    };
    let center = Center {
        per_hour: row.per_hour,
        agents: row.agents,
        reply: exponential(row.handle_s),
        queue_patience,
        service_levels: times(&row.exact),
        ..Center::default()
    };
    let family = match row.patience {
        Some(Patience::Exponential { .. }) => "Erlang A",
        _ => "M/M/n+G",
    };
    let name = format!(
        "{family}, {} an hour, {} agents, {law}",
        row.per_hour, row.agents
    );
    case(name, center, &row.exact, row.millions)
}

fn lognormal(mean: f64, cv: f64) -> Law {
    Law::lognormal(mean, cv).expect("mean and cv are above zero")
}

fn gamma(mean: f64, cv: f64) -> Law {
    Law::gamma(mean, cv).expect("mean and cv are above zero")
}

/// The laws of service with this mean and coefficient of variation.
fn laws(mean: f64, cv: f64) -> Vec<(&'static str, Law)> {
    if cv == 0.0 {
        return vec![("constant", constant(mean))];
    }
    let several = [
        ("gamma", gamma(mean, cv)),
        ("lognormal", lognormal(mean, cv)),
    ];
    let one = (cv == 1.0).then(|| ("exponential", exponential(mean)));
    one.into_iter().chain(several).collect()
}

/// One agent whose customers all wait (or share) at 0.8 erlangs. Ten times what M/M/1 remembers,
/// longer for wider laws.
fn single(row: &SingleServer, reply: Law) -> Center {
    Center {
        per_hour: row.per_hour,
        warm_up_hours: settled(row.per_hour, row.handle_s, 1) * (1.0 + row.cv * row.cv) / 2.0,
        reply,
        ..Center::default()
    }
}

/// M/G/1 (Pollaczek 1930, Khinchine 1932).
fn single_server(row: &SingleServer) -> Vec<Case> {
    let of_law = |(law, reply): (&str, Law)| {
        let name = format!("M/G/1, {law} {} s, cv {}", row.handle_s, row.cv);
        case(name, single(row, reply), &row.exact, row.millions)
    };
    laws(row.handle_s, row.cv).into_iter().map(of_law).collect()
}

/// M/G/1 with processor sharing (Sakata, Noguchi and Oizumi 1971): a hundred and fifty chats at
/// once come about in one of 10^15 arrivals.
fn shared(row: &SingleServer) -> Vec<Case> {
    let of_law = |(law, reply): (&str, Law)| {
        let center = Center {
            concurrency: 150,
            attention: Attention::Shared,
            ..single(row, reply)
        };
        let name = format!("processor sharing, {law} {} s, cv {}", row.handle_s, row.cv);
        case(name, center, &row.shared, row.shared_millions)
    };
    laws(row.handle_s, row.cv).into_iter().map(of_law).collect()
}

/// M/D/1: the whole law of the wait (Erlang 1909).
fn constant_service(figures: &Figures) -> Case {
    let row = &figures.constant_service;
    let center = Center {
        per_hour: row.per_hour,
        warm_up_hours: settled(row.per_hour, row.handle_s, 1),
        reply: constant(row.handle_s),
        service_levels: times(&row.exact),
        ..Center::default()
    };
    case(
        "M/D/1, the law of the wait".into(),
        center,
        &row.exact,
        row.millions,
    )
}

/// M/M/c with priorities, nobody interrupted (Cobham 1954; Kella and Yechiali 1985).
fn priority(row: &Priority) -> Case {
    let per_hour = row.per_hour.iter().sum();
    let center = Center {
        per_hour,
        warm_up_hours: settled(per_hour, row.handle_s, row.agents),
        agents: row.agents,
        reply: exponential(row.handle_s),
        classes: row.per_hour.clone(),
        ..Center::default()
    };
    let of_class =
        |(number, wait): (usize, &f64)| (format!("class {}: wait_s_mean", number + 1), *wait);
    let by_class = row.waits_s.iter().enumerate().map(of_class);
    let exact: Exact = row.exact.clone().into_iter().chain(by_class).collect();
    let classes = row.per_hour.len();
    let name = format!(
        "{classes} priorities, {per_hour} an hour, {} agents",
        row.agents
    );
    case(name, center, &exact, row.millions)
}

/// M/M/1 without a queue whose rejected come again, each on its own (Falin and Templeton 1997).
fn retrial(figures: &Figures) -> Vec<Case> {
    let of_row = |row: &super::super::figures::Retrial| {
        let again = Retry {
            chance: 1.0,
            after: exponential(row.away_s),
        };
        let center = Center {
            per_hour: row.per_hour,
            warm_up_hours: 20.0,
            reply: exponential(row.handle_s),
            queue_limit: 0,
            retry: Retries {
                rejected: Some(again),
                ..Retries::default()
            },
            ..Center::default()
        };
        let name = format!("retrial queue, {} an hour", row.per_hour);
        case(name, center, &row.exact, row.millions)
    };
    figures.retrial.iter().map(of_row).collect()
}
