//! Owns `Levels`: agents with several chats each, who take longer over a chat the more they hold.
//!
//! Law: a team is solved exactly, as a Markov chain, while the chain is small; a larger one by an
//! approximation, and the figures say which.

mod chain;

use super::patience::{Patience, positive};
use super::waiting::Waiting;
use crate::stats::law::Impossible;

/// Chains of up to so many states are solved exactly.
pub const MOST_STATES: u64 = 20_000;

/// More slots than this are not looked at.
const MOST_SLOTS: u64 = 50_000_000;

/// A team of agents with several chats each: the level model. An agent with k chats finishes them
/// at total rate k / `handle_times[k - 1]`; a new chat goes to an agent with the fewest.
#[derive(Clone, Debug)]
pub struct Team<'a> {
    /// The rate at which chats come.
    pub arrivals: f64,
    /// The mean handle time of a chat whose agent holds 1, 2, ... of them; as many as the
    /// concurrency limit.
    pub handle_times: &'a [f64],
    /// How many agents.
    pub agents: u32,
    /// How long customers wait in the queue.
    pub patience: Patience,
    /// The rate at which a customer leaves during the chat; zero for never.
    pub leaving: f64,
}

/// What theory says of a [`Team`].
#[derive(Clone, Debug)]
pub struct Levels {
    waiting: Waiting,
    exact: bool,
    /// Chats in progress, by the clock.
    active: f64,
    /// Agents with at least one chat, by the clock.
    busy: f64,
    arrivals: f64,
    leaving: f64,
    slots: f64,
}

/// The center with a number of chats in progress.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stage {
    /// Its probability, while nobody waits.
    share: f64,
    /// Agents with at least one chat, on average.
    busy: f64,
}

impl Team<'_> {
    fn check(&self) -> Result<(), Impossible> {
        positive("rate of arrivals", self.arrivals)?;
        positive("number of agents", f64::from(self.agents))?;
        positive("number of handle times", self.handle_times.len() as f64)?;
        for time in self.handle_times {
            positive("mean handle time", *time)?;
        }
        if self.leaving < 0.0 || !self.leaving.is_finite() {
            return Err("the rate of leaving must be zero or more".into());
        }
        if self.slots() > MOST_SLOTS {
            return Err(format!("more than {MOST_SLOTS} slots are too many"));
        }
        Ok(())
    }

    fn slots(&self) -> u64 {
        u64::from(self.agents) * self.handle_times.len() as u64
    }

    /// The rate at which an agent with `chats` gets rid of one.
    fn finishing(&self, chats: usize) -> f64 {
        let one = |time: f64| chats as f64 * (1.0 / time + self.leaving);
        chats
            .checked_sub(1)
            .map_or(0.0, |level| one(self.handle_times[level]))
    }

    /// Whether the chain is small enough to be solved; else loads are taken to differ by one chat at
    /// most.
    pub fn is_solved_exactly(&self) -> bool {
        // A state holds a number for each level.
        let levels = self.handle_times.len() as u64;
        self.states() <= MOST_STATES && self.states().saturating_mul(levels) <= 20 * MOST_STATES
    }

    /// How many states the chain has: ways to spread the agents over the levels.
    fn states(&self) -> u64 {
        let levels = self.handle_times.len() as u64;
        let mut states = 1u64;
        for level in 1..=levels {
            states = states.saturating_mul(u64::from(self.agents) + level) / level;
            if states > MOST_STATES {
                break;
            }
        }
        states
    }

    /// The center by chats in progress, loads differing by one at most.
    fn balanced(&self) -> Vec<Stage> {
        let agents = u64::from(self.agents);
        let finishing = |chats: u64| {
            let (level, more) = ((chats / agents) as usize, chats % agents);
            let above = if more > 0 {
                self.finishing(level + 1)
            } else {
                0.0
            };
            more as f64 * above + (agents - more) as f64 * self.finishing(level)
        };
        let rates = (1..=self.slots()).map(finishing);
        let shares = birth_death(self.arrivals, rates);
        let stage = |(chats, share): (usize, f64)| Stage {
            share,
            busy: (chats as f64).min(agents as f64),
        };
        shares.into_iter().enumerate().map(stage).collect()
    }
}

impl Levels {
    /// Solves the model.
    ///
    /// # Errors
    /// A rate or a time that is not above zero, no agents, endless patience with more chats than
    /// the agents can finish, or more slots than are looked at.
    pub fn new(team: &Team) -> Result<Levels, Impossible> {
        team.check()?;
        let exact = team.is_solved_exactly();
        let stages = if exact {
            chain::solve(team)
        } else {
            team.balanced()
        };
        let (full, room) = stages.split_last().expect("there is a stage without chats");
        let free: f64 = room.iter().map(|stage| stage.share).sum();
        let (agents, slots) = (f64::from(team.agents), team.slots() as f64);
        let release = agents * team.finishing(team.handle_times.len());
        let ln_free = free.ln() - full.share.ln();
        let waiting = Waiting::new(team.arrivals, release, team.patience, ln_free)
            .map_err(|why| format!("{why}; {} agents are too few", team.agents))?;
        // The stages with room weigh what the full ones, the queue included, leave.
        let scale = (1.0 - waiting.p_wait()) / free;
        let over = |figure: &dyn Fn(usize, &Stage) -> f64| {
            let parts = room.iter().enumerate();
            parts
                .map(|(chats, stage)| stage.share * figure(chats, stage))
                .sum::<f64>()
                * scale
        };
        Ok(Levels {
            active: over(&|chats, _| chats as f64) + waiting.p_wait() * slots,
            busy: over(&|_, stage| stage.busy) + waiting.p_wait() * agents,
            waiting,
            exact,
            arrivals: team.arrivals,
            leaving: team.leaving,
            slots,
        })
    }

    /// What becomes of customers in the queue.
    pub fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Whether it is exact.
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    /// Chats in progress, by the clock.
    pub fn active_mean(&self) -> f64 {
        self.active
    }

    /// Agents with at least one chat, by the clock.
    pub fn busy_mean(&self) -> f64 {
        self.busy
    }

    /// Chats of an agent who has any.
    pub fn concurrency_busy(&self) -> f64 {
        self.active / self.busy
    }

    /// Slots in use, of all slots.
    pub fn occupancy(&self) -> f64 {
        self.active / self.slots
    }

    /// The mean time from assignment to the end (Little 1961).
    pub fn handle_mean(&self) -> f64 {
        self.active / (self.arrivals * (1.0 - self.waiting.p_abandon()))
    }

    /// The share of customers who leave during the chat, of those assigned.
    pub fn p_abandon_chat(&self) -> f64 {
        self.leaving * self.handle_mean()
    }
}

/// The shares of 0, 1, 2, ... in a birth-death process with one rate of births and the given rates
/// of deaths, by logarithms.
fn birth_death(births: f64, deaths: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut logs = vec![0.0];
    let mut last = 0.0;
    for rate in deaths {
        last += (births / rate).ln();
        logs.push(last);
    }
    let greatest = logs.iter().copied().fold(f64::MIN, f64::max);
    let mut total = 0.0;
    for log in &mut logs {
        *log = (*log - greatest).exp();
        total += *log;
    }
    logs.iter_mut().for_each(|share| *share /= total);
    logs
}
