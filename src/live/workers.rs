//! Owns `Workers`: the processes over which a live run is spread.
//!
//! Law: how many there are changes nothing of what is played, and nothing of what is counted. A
//! process holds so many descriptors and no more, and one event loop is the work of one processor.

use std::path::PathBuf;

use tokio::sync::mpsc::unbounded_channel;

use super::Options;
use super::coordinator::{Coordinator, Course, Hand};
use super::ledger::Ledger;
use super::machine::MARGIN;
use super::pipe::Setup;
use super::process;
use super::watch::Watch;
use super::way::Way;
use crate::error::Result;
use crate::scenario::plan::Plan;

/// The most worker processes of a run.
pub const WORKERS_MOST: u32 = 64;

/// The processes over which a live run is spread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workers {
    /// The program's own file.
    pub program: PathBuf,
    /// How many, at least one.
    pub count: u32,
    /// Connections of the whole run at once, at most.
    pub connections: u64,
}

impl Workers {
    /// How many processes it takes to hold so many connections, where each may have so many
    /// descriptors open.
    pub fn needed(connections: u64, descriptors: u64) -> u32 {
        let room = descriptors.saturating_sub(MARGIN).max(1);
        u32::try_from(connections.div_ceil(room)).unwrap_or(u32::MAX)
    }

    /// Descriptors that each needs at once.
    pub fn descriptors(&self) -> u64 {
        // Parts are by number, so that they are alike but for chance.
        let share = self.connections.div_ceil(self.count.into());
        share + MARGIN
    }

    /// Plays the plan's people in these processes, posted to the ledger.
    ///
    /// # Errors
    /// Failed (exit 3): a process cannot be started, or the agents of the first shift are not online
    /// in time.
    pub async fn play(
        &self,
        plan: &Plan,
        options: &Options,
        way: &Way,
        watch: &Watch,
        ledger: &mut Ledger,
    ) -> Result<Course> {
        let (news, heard) = unbounded_channel();
        let fingerprint = plan.fingerprint();
        let mut hands = Vec::new();
        for index in 0..self.count {
            let setup = Setup {
                version: env!("CARGO_PKG_VERSION").into(),
                source: plan.source.clone(),
                fingerprint,
                run: ledger.run(),
                slice: options.slice().part(index, self.count),
                replication: options.replication,
                way: way.with_secrets_in_clear(),
                trace: options.trace,
                cast: options.cast,
                protocol: options.protocol.as_ref().and_then(|known| known.source()),
                descriptors: self.descriptors(),
            };
            let to = (index as usize, news.clone());
            let (process, orders) = process::start(&self.program, setup, to)?;
            hands.push(Hand::new(orders, Some(process)));
        }
        drop(news);
        Coordinator::new((plan, options), ledger, watch, hands)
            .run(heard)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_as_the_descriptors_ask_for() {
        for (connections, needed) in [(0, 0), (1, 1), (936, 1), (937, 2), (50_000, 54)] {
            assert_eq!(Workers::needed(connections, 1_000), needed, "{connections}");
        }
        assert_eq!(Workers::needed(50_500, 20_000), 3);
        let workers = Workers {
            program: PathBuf::new(),
            count: 3,
            connections: 50_500,
        };
        assert!(workers.descriptors() < 20_000);
    }
}
