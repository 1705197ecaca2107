//! The formulas against figures computed elsewhere by two methods each, to 8 digits, and at their
//! extremes.

use proptest::prelude::*;
use serde_json::Value;

use super::counts::Counts;
use super::erlang_b;
use super::levels::{Levels, Team};
use super::multi_server::MultiServer;
use super::patience::Patience;
use super::staffing::fewest;
use super::waiting::Waiting;
use super::{priority, saturated, single_server};

/// The figures that the simulation is held against too.
fn figures(family: &str) -> Vec<Value> {
    let text = include_str!("../../study/validate/exact.json");
    let all: Value = serde_json::from_str(text).unwrap();
    all[family].as_array().unwrap().clone()
}

fn number(row: &Value, key: &str) -> f64 {
    row[key]
        .as_f64()
        .unwrap_or_else(|| panic!("{key} of {row}"))
}

fn count(row: &Value, key: &str) -> u32 {
    number(row, key) as u32
}

fn close(got: f64, exact: f64, what: &str) {
    let error = (got - exact).abs() / exact.abs().max(1e-300);
    assert!(got == exact || error < 1e-8, "{what}: {got}, exact {exact}");
}

/// Holds a family's measures in the queue against its row; says which it knew.
fn hold_waiting(waiting: &Waiting, row: &Value) -> usize {
    let mut held = 0;
    for (measure, exact) in row["exact"].as_object().unwrap() {
        let level = |name: &str| {
            let (time, form) = name.split_once('s').unwrap();
            let level = waiting.service_level(time.parse().unwrap());
            match form {
                "" => level.of_offered,
                "_of_answered" => level.of_answered,
                "_less_short_abandons" => level.less_short_abandons,
                _ => level.with_short_abandons,
            }
        };
        let got = match measure.as_str() {
            "delayed_ratio" => waiting.p_wait(),
            "abandoned_queue_ratio" => waiting.p_abandon(),
            "wait_s_mean" => waiting.wait_answered_mean(),
            "wait_all_s_mean" => waiting.wait_mean(),
            "wait_abandoned_s_mean" => waiting.wait_abandoned_mean().unwrap(),
            "queue_mean" => waiting.queue_mean(),
            "wait_s_p50" => waiting.wait_quantile(0.5),
            "wait_s_p90" => waiting.wait_quantile(0.9),
            "wait_s_p95" => waiting.wait_quantile(0.95),
            "wait_s_p99" => waiting.wait_quantile(0.99),
            name => match name.strip_prefix("service_level_") {
                Some(rest) => level(rest),
                None => continue,
            },
        };
        close(got, exact.as_f64().unwrap(), &format!("{measure} of {row}"));
        held += 1;
    }
    held
}

#[test]
fn erlang_b_is_exact() {
    for row in figures("erlang_b") {
        let (load, agents) = (number(&row, "load"), count(&row, "agents"));
        let exact = &row["exact"];
        let blocked = erlang_b::blocked(load, agents);
        close(blocked, number(exact, "rejected_ratio"), "blocked");
        let occupancy = erlang_b::occupancy(load, agents);
        close(occupancy, number(exact, "occupancy_ratio"), "occupancy");
    }
}

fn multi_server(row: &Value, patience: Patience) -> MultiServer {
    let rate = number(row, "per_hour") / 3600.0;
    MultiServer::new(
        rate,
        number(row, "handle_s"),
        count(row, "agents"),
        patience,
    )
    .unwrap()
}

#[test]
fn erlang_c_is_exact() {
    for row in figures("erlang_c") {
        let center = multi_server(&row, Patience::Never);
        assert!(hold_waiting(center.waiting(), &row) >= 8);
        close(
            center.occupancy(),
            number(&row["exact"], "occupancy_ratio"),
            "occupancy",
        );
    }
}

#[test]
fn erlang_a_and_other_patience_are_exact() {
    for row in figures("erlang_a") {
        let law = &row["patience"];
        let patience = match law["law"].as_str().unwrap() {
            "exponential" => Patience::exponential(number(law, "mean_s")),
            "uniform" => Patience::uniform(number(law, "high_s")),
            _ => Patience::lognormal(number(law, "mean_s"), number(law, "cv")),
        };
        let center = multi_server(&row, patience.unwrap());
        assert_eq!(hold_waiting(center.waiting(), &row), 14);
        close(
            center.occupancy(),
            number(&row["exact"], "occupancy_ratio"),
            "occupancy",
        );
        let levels = center.waiting().service_level(30.0);
        let longer = center.waiting().p_wait_longer(30.0);
        close(
            levels.with_short_abandons,
            1.0 - longer,
            "those who do not wait longer",
        );
    }
}

#[test]
fn single_servers_and_priorities_are_exact() {
    for row in figures("single_server") {
        let (rate, time) = (number(&row, "per_hour") / 3600.0, number(&row, "handle_s"));
        let wait = single_server::wait(rate, time, number(&row, "cv")).unwrap();
        close(wait, number(&row["exact"], "wait_s_mean"), "wait");
        let stay = single_server::shared_stay(rate, time).unwrap();
        close(stay, number(&row["shared"], "handle_s_mean"), "stay");
    }
    for row in figures("priority") {
        let list = |key: &str| row[key].as_array().unwrap().clone();
        let rates: Vec<f64> = list("per_hour")
            .iter()
            .map(|rate| rate.as_f64().unwrap() / 3600.0)
            .collect();
        let waits = priority::waits(&rates, number(&row, "handle_s"), count(&row, "agents"));
        for (got, exact) in waits.unwrap().into_iter().zip(list("waits_s")) {
            close(got, exact.as_f64().unwrap(), "wait of a class");
        }
    }
}

#[test]
fn the_level_model_is_exact() {
    for row in figures("levels") {
        let times = row["handle_s"].as_array().unwrap();
        let times: Vec<f64> = times.iter().map(|time| time.as_f64().unwrap()).collect();
        let chat_patience = number(&row, "chat_patience_s");
        let team = Team {
            arrivals: number(&row, "per_hour") / 3600.0,
            handle_times: &times,
            agents: count(&row, "agents"),
            patience: Patience::exponential(number(&row, "patience_s")).unwrap(),
            leaving: if chat_patience > 0.0 {
                1.0 / chat_patience
            } else {
                0.0
            },
        };
        let levels = Levels::new(&team).unwrap();
        assert!(levels.is_exact());
        assert_eq!(hold_waiting(levels.waiting(), &row), 5);
        let exact = &row["exact"];
        close(
            levels.active_mean(),
            number(exact, "active_chats_mean"),
            "active",
        );
        close(
            levels.concurrency_busy(),
            number(exact, "concurrency_busy"),
            "concurrency",
        );
        close(
            levels.occupancy(),
            number(exact, "occupancy_ratio"),
            "occupancy",
        );
        close(
            levels.handle_mean(),
            number(exact, "handle_s_mean"),
            "handle time",
        );
        let busy = levels.busy_mean() / f64::from(team.agents);
        close(busy, number(&row, "busy_share"), "busy");
        if chat_patience > 0.0 {
            close(
                levels.p_abandon_chat(),
                number(exact, "abandoned_chat_ratio"),
                "left the chat",
            );
        }
    }
}

/// With one chat each, and with handle times that do not depend on the others, both ways to solve
/// the model are Erlang A.
#[test]
fn the_level_model_of_one_chat_each_is_erlang_a() {
    let patience = Patience::exponential(90.0).unwrap();
    for agents in [40, 30_000] {
        let rate = f64::from(agents) / 310.0;
        let erlang = MultiServer::new(rate, 300.0, agents, patience).unwrap();
        for (handle_times, agents) in [(&[300.0][..], agents), (&[300.0; 2], agents / 2)] {
            let team = Team {
                arrivals: rate,
                handle_times,
                agents,
                patience,
                leaving: 0.0,
            };
            let levels = Levels::new(&team).unwrap();
            assert_eq!(levels.is_exact(), agents <= 40);
            close(
                levels.waiting().p_wait(),
                erlang.waiting().p_wait(),
                "delayed",
            );
            close(levels.occupancy(), erlang.occupancy(), "occupancy");
        }
    }
}

/// The approximation is close to the chain where both can be solved: 30 agents, 3 chats.
#[test]
fn balanced_loads_are_a_good_approximation() {
    let team = |agents| Team {
        arrivals: f64::from(agents) * 0.0045,
        handle_times: &[400.0, 480.0, 580.0],
        agents,
        patience: Patience::exponential(180.0).unwrap(),
        leaving: 0.0,
    };
    let (exact, near) = (
        Levels::new(&team(46)).unwrap(),
        Levels::new(&team(50)).unwrap(),
    );
    assert!(exact.is_exact() && !near.is_exact());
    assert!((exact.handle_mean() / near.handle_mean() - 1.0).abs() < 0.02);
    assert!(near.waiting().p_wait() < exact.waiting().p_wait());
}

#[test]
fn saturated_agents_are_exact() {
    for row in figures("saturated") {
        let part = |key| number(&row, key);
        let (reply, think, wrap_up) = (part("reply_s"), part("think_s"), part("wrap_up_s"));
        let concurrency = count(&row, "concurrency");
        let found = saturated::saturated(concurrency, reply, think, part("exchanges"), wrap_up);
        let exact = &row["exact"];
        close(
            found.utilisation,
            number(exact, "utilisation_ratio"),
            "utilisation",
        );
        close(
            found.chats * 3600.0,
            number(exact, "chats_per_agent_hour"),
            "chats",
        );
        close(
            found.latency,
            number(exact, "inter_message_s_mean"),
            "latency",
        );
    }
}

#[test]
fn counts_under_a_random_rate_are_exact() {
    for row in figures("counts") {
        let (mean, exact) = (number(&row, "mean"), &row["exact"]);
        let counts = Counts::new(mean, number(&row, "busyness_cv")).unwrap();
        close(counts.variance(), number(exact, "variance"), "variance");
        let above = counts.more_than((1.2 * mean).round() as u64);
        close(above, number(exact, "above_1_2_mean"), "above");
        for (p, count) in row["quantiles"].as_object().unwrap() {
            assert_eq!(
                Some(counts.quantile(p.parse().unwrap())),
                count.as_u64(),
                "{row}"
            );
        }
    }
}

/// Agents for 80 % in 20 s, with endless patience and with two minutes of it.
#[test]
fn the_fewest_agents_are_found() {
    for row in figures("staffing") {
        let rate = number(&row, "per_hour") / 3600.0;
        let staff = |patience| {
            let does = |agents| {
                let center = MultiServer::new(rate, number(&row, "handle_s"), agents, patience);
                center.is_ok_and(|c| c.waiting().service_level(20.0).of_offered >= 0.8)
            };
            fewest(1, does).unwrap()
        };
        assert_eq!(staff(Patience::Never), count(&row, "erlang_c"));
        assert_eq!(
            staff(Patience::exponential(120.0).unwrap()),
            count(&row, "erlang_a")
        );
    }
    assert_eq!(fewest(5, |n| n >= 5), Some(5));
    assert_eq!(fewest(1, |n| n >= 999_999), Some(999_999));
    assert_eq!(fewest(1, |_| false), None);
}

#[test]
fn what_cannot_be_is_an_error_in_words() {
    let says = |result: Result<MultiServer, String>| result.unwrap_err();
    let never = Patience::Never;
    assert!(says(MultiServer::new(1.0, 10.0, 10, never)).contains("grows without end"));
    assert!(says(MultiServer::new(1.0, 0.0, 10, never)).contains("handle time"));
    assert!(says(MultiServer::new(-1.0, 1.0, 10, never)).contains("arrivals"));
    assert!(says(MultiServer::new(1.0, 1.0, 0, never)).contains("agents"));
    assert!(Patience::exponential(f64::NAN).is_err() && Patience::uniform(0.0).is_err());
    assert!(single_server::wait(1.0, 1.0, 1.0).is_err());
    assert!(priority::waits(&[1.0, 1.0], 1.0, 2).is_err());
    assert!(Counts::new(0.0, 0.1).is_err() && Counts::new(1.0, -0.1).is_err());
}

/// All figures of a center, for checks of sanity.
fn shares(center: &MultiServer) -> [f64; 8] {
    let waiting = center.waiting();
    let level = waiting.service_level(20.0);
    [
        waiting.p_wait(),
        waiting.p_abandon(),
        center.occupancy(),
        waiting.p_wait_longer(20.0),
        level.of_offered,
        level.of_answered,
        level.less_short_abandons,
        level.with_short_abandons,
    ]
}

#[test]
fn extremes_stay_finite() {
    let patiences = [1.0, 120.0, 1e6].map(|mean| Patience::exponential(mean).unwrap());
    let loads = [1e-9, 0.5, 1.0, 300.0, 99_900.0, 100_000.0, 200_000.0];
    for patience in patiences.into_iter().chain([Patience::Never]) {
        for (load, agents) in loads.into_iter().flat_map(|l| [1, 100_000].map(|n| (l, n))) {
            let Ok(center) = MultiServer::new(load / 300.0, 300.0, agents, patience) else {
                assert!(patience == Patience::Never && load >= f64::from(agents));
                continue;
            };
            let waiting = center.waiting();
            for share in shares(&center) {
                assert!(
                    (-1e-9..=1.0 + 1e-9).contains(&share),
                    "{load} {agents} {patience:?}"
                );
            }
            for figure in [
                waiting.wait_mean(),
                waiting.wait_answered_mean(),
                waiting.queue_mean(),
                waiting.wait_quantile(0.99),
                waiting.wait_abandoned_mean().unwrap_or(0.0),
            ] {
                assert!(
                    figure.is_finite() && figure >= 0.0,
                    "{load} {agents} {patience:?}"
                );
            }
        }
    }
}

/// As many leave as theory must say, whatever the size: theta x queue = arrivals x abandoned.
#[test]
fn who_leaves_is_who_waits_too_long() {
    for (load, agents, mean) in [(99_900.0, 100_000, 1e6), (150.0, 100, 60.0), (0.1, 1, 1.0)] {
        let patience = Patience::exponential(mean).unwrap();
        let center = MultiServer::new(load / 300.0, 300.0, agents, patience).unwrap();
        let waiting = center.waiting();
        let left = waiting.p_abandon() * load / 300.0;
        assert!((waiting.queue_mean() / mean / left - 1.0).abs() < 1e-9);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// More agents, or less patience, means fewer who wait; shares stay shares; and quantiles
    /// invert the service level.
    #[test]
    fn more_agents_never_hurt(
        load in 0.01..500.0f64,
        spare in -0.5..0.5f64,
        mean in 1.0..10_000.0f64,
    ) {
        let agents = ((load * (1.0 + spare)) as u32).max(1);
        let center = |agents, mean| {
            let patience = Patience::exponential(mean).unwrap();
            MultiServer::new(load / 300.0, 300.0, agents, patience).unwrap()
        };
        let (few, more) = (center(agents, mean), center(agents + 1, mean));
        let patient = center(agents, 2.0 * mean);
        let slack = 1.0 + 1e-9;
        prop_assert!(more.waiting().p_wait() <= few.waiting().p_wait() * slack);
        prop_assert!(more.waiting().p_abandon() <= few.waiting().p_abandon() * slack);
        prop_assert!(more.waiting().wait_mean() <= few.waiting().wait_mean() * slack);
        prop_assert!(patient.waiting().p_wait() * slack >= few.waiting().p_wait());
        prop_assert!(patient.waiting().p_abandon() <= few.waiting().p_abandon() * slack);
        for share in shares(&few) {
            prop_assert!((-1e-9..=1.0 + 1e-9).contains(&share));
        }
        let p90 = few.waiting().wait_quantile(0.9);
        let within = few.waiting().service_level(p90).of_answered;
        prop_assert!(within >= 0.9 - 1e-9 && (p90 == 0.0 || within < 0.9 + 1e-9));
    }
}
