//! Owns `Chain`: the level model as a Markov chain, solved by iteration.
//!
//! Law: a state is how many agents hold 0, 1, ... chats. The queue is left out: it hangs on the one
//! state in which all slots are taken, so it does not change how the others stand to each other.

use std::collections::HashMap;

use super::{Stage, Team, birth_death};

/// How many agents hold 0, 1, ... chats.
type State = Vec<u32>;

struct Chain {
    /// By chats in progress, ascending.
    states: Vec<State>,
    /// The first state of each number of chats in progress, and the end.
    bounds: Vec<usize>,
    /// The rate at which each state loses a chat.
    finishing: Vec<f64>,
    /// From where, at what rate, for each state.
    sources: Vec<Vec<(usize, f64)>>,
    arrivals: f64,
}

/// Shares change less than this in all: the chain is solved.
const ENOUGH: f64 = 1e-13;
/// Sweeps after which it is left as it is; tens are enough.
const MOST_SWEEPS: usize = 20_000;
/// Shares are kept from vanishing, so that states within a stage can be told apart.
const LEAST: f64 = 1e-280;

/// The stages of the team by chats in progress, exactly.
pub(super) fn solve(team: &Team) -> Vec<Stage> {
    let chain = Chain::new(team);
    let shares = chain.shares();
    let stage = |ends: &[usize]| {
        let range = ends[0]..ends[1];
        let share: f64 = shares[range.clone()].iter().sum();
        let busy = |state: usize| shares[state] * f64::from(team.agents - chain.states[state][0]);
        Stage {
            share,
            busy: range.map(busy).sum::<f64>() / share,
        }
    };
    chain.bounds.windows(2).map(stage).collect()
}

/// All ways to spread `agents` over the levels from `level` on.
fn spread(agents: u32, level: usize, state: &mut State, states: &mut Vec<State>) {
    if level + 1 == state.len() {
        state[level] = agents;
        states.push(state.clone());
        return;
    }
    for here in 0..=agents {
        state[level] = here;
        spread(agents - here, level + 1, state, states);
    }
}

fn chats(state: &State) -> usize {
    let held = state.iter().enumerate();
    held.map(|(level, agents)| level * *agents as usize).sum()
}

impl Chain {
    fn new(team: &Team) -> Chain {
        let levels = team.handle_times.len();
        let mut states = Vec::new();
        spread(team.agents, 0, &mut vec![0; levels + 1], &mut states);
        states.sort_by_cached_key(chats);
        let place: HashMap<State, usize> = states
            .iter()
            .cloned()
            .enumerate()
            .map(|(place, state)| (state, place))
            .collect();
        let mut bounds = vec![0];
        bounds.extend((1..states.len()).filter(|s| chats(&states[*s]) > chats(&states[s - 1])));
        bounds.push(states.len());
        let mut chain = Chain {
            finishing: vec![0.0; states.len()],
            sources: vec![Vec::new(); states.len()],
            bounds,
            arrivals: team.arrivals,
            states,
        };
        for from in 0..chain.states.len() {
            let state = chain.states[from].clone();
            for level in (1..=levels).filter(|level| state[*level] > 0) {
                let rate = f64::from(state[level]) * team.finishing(level);
                chain.finishing[from] += rate;
                chain.sources[place[&moved(&state, level, level - 1)]].push((from, rate));
            }
            if let Some(least) = (0..levels).find(|level| state[*level] > 0) {
                let to = place[&moved(&state, least, least + 1)];
                chain.sources[to].push((from, team.arrivals));
            }
        }
        chain
    }

    /// Iterates aggregation and disaggregation (Koury, McAllister and Stewart 1984): the stages by
    /// chats in progress are a birth-death process, given the states within each; a Gauss-Seidel
    /// sweep mends these.
    fn shares(&self) -> Vec<f64> {
        let mut shares = vec![1.0; self.states.len()];
        for _ in 0..MOST_SWEEPS {
            self.weigh(&mut shares);
            if self.sweep(&mut shares) < ENOUGH {
                break;
            }
        }
        self.weigh(&mut shares);
        shares
    }

    /// Gives each stage the weight that follows from the states within it.
    fn weigh(&self, shares: &mut [f64]) {
        let total = |ends: &[usize]| shares[ends[0]..ends[1]].iter().sum::<f64>();
        let totals: Vec<f64> = self.bounds.windows(2).map(total).collect();
        let finishing = |(ends, total): (&[usize], &f64)| {
            let range = ends[0]..ends[1];
            range.map(|s| shares[s] * self.finishing[s]).sum::<f64>() / total
        };
        let rates = self.bounds.windows(2).zip(&totals).skip(1).map(finishing);
        let weights = birth_death(self.arrivals, rates);
        for ((ends, total), weight) in self.bounds.windows(2).zip(&totals).zip(weights) {
            let factor = weight.max(LEAST) / total;
            shares[ends[0]..ends[1]]
                .iter_mut()
                .for_each(|share| *share *= factor);
        }
    }

    /// Balances each state in turn against its sources; how much changed in all.
    fn sweep(&self, shares: &mut [f64]) -> f64 {
        let full = shares.len() - 1;
        let mut change = 0.0;
        for state in 0..shares.len() {
            let flow: f64 = self.sources[state]
                .iter()
                .map(|(from, rate)| shares[*from] * rate)
                .sum();
            let coming = if state == full { 0.0 } else { self.arrivals };
            let share = flow / (coming + self.finishing[state]);
            change += (share - shares[state]).abs();
            shares[state] = share;
        }
        change
    }
}

/// The state with one agent moved from one level to another.
fn moved(state: &State, from: usize, to: usize) -> State {
    let mut state = state.clone();
    state[from] -= 1;
    state[to] += 1;
    state
}
