//! Owns `Room`: whether the chats of a simulation fit into the machine's memory.
//!
//! Law: asked before the run, of the outlook's chats open at the worst time; a run that the system
//! ends for want of memory reports nothing.

use crate::error::{Error, Result};
use crate::measure::record::Record;
use crate::report::figure::grouped;
use crate::scenario::memory;
use crate::scenario::outlook::Outlook;
use crate::scenario::outlook::flow::Flow;
use crate::scenario::plan::Plan;
use crate::simulation::world::World;

/// What a simulation takes, and what there is; in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Chats open at once at the worst time.
    open: f64,
    /// What each of them takes.
    chat: usize,
    /// Rows of a replication that are kept for the records file.
    rows: f64,
    /// Replications that are played at the same time.
    worlds: u32,
    /// None where the system does not say.
    free: Option<u64>,
}

/// What can be done about it.
const REMEDY: &str = "give the queue a limit (`queue.limit`) or customers less patience \
                      (`customers.queue_patience`), let fewer come, or use fewer `--threads`";

impl Room {
    /// The room that a plan with this outlook takes.
    pub fn of(plan: &Plan, outlook: &Outlook, threads: usize) -> Room {
        Room {
            open: outlook.open_chats,
            ..Room::without_chats(plan, threads)
        }
    }

    fn without_chats(plan: &Plan, threads: usize) -> Room {
        Room {
            open: 0.0,
            chat: World::bytes_a_chat(plan),
            rows: 0.0,
            worlds: plan.replications.min(threads as u32).max(1),
            free: memory::available(),
        }
    }

    /// Sees to it that a simulation of the plan fits.
    ///
    /// # Errors
    /// Refused: it does not.
    pub fn check(plan: &Plan, threads: usize, records: bool) -> Result<()> {
        let arrived = Flow::of(plan).arrived(plan.begin, plan.outline.horizon);
        let rows = if records { arrived } else { 0.0 };
        // The outlook is asked only where it matters: no customer has two chats at a time.
        let all = Room {
            open: arrived,
            rows,
            ..Room::without_chats(plan, threads)
        };
        if all.shortage().is_none() {
            return Ok(());
        }
        let room = Room {
            rows,
            ..Room::of(plan, &Outlook::of(plan), threads)
        };
        let remedy = if room.rows > room.open {
            "leave out `--records`, play a `--window` of it, or use fewer `--threads`"
        } else {
            REMEDY
        };
        match room.shortage() {
            Some(words) => Err(Error::refused(words).with_remedy(remedy)),
            None => Ok(()),
        }
    }

    fn need(&self) -> f64 {
        let chats = self.open * self.chat as f64;
        // A list that grows takes up to twice what it holds.
        let rows = self.rows * 2.0 * size_of::<Record>() as f64;
        (chats + rows) * f64::from(self.worlds)
    }

    /// What is wrong, if it does not fit.
    fn shortage(&self) -> Option<String> {
        let free = self.free.filter(|free| self.need() > *free as f64)?;
        let rows = match self.rows {
            0.0 => String::new(),
            rows => format!(" and {} rows to be kept", grouped(rows, 0)),
        };
        let at_once = match self.worlds {
            1 => String::new(),
            worlds => format!(
                " in {} replications at the same time",
                grouped(worlds.into(), 0)
            ),
        };
        Some(format!(
            "too little memory: {} chats are expected to be open at once{rows}, {}{at_once}; {} \
             are free",
            grouped(self.open, 0),
            memory::say(self.need()),
            memory::say(free as f64),
        ))
    }

    /// A warning for who does not run it yet.
    pub fn warning(&self) -> Option<String> {
        let words = self.shortage()?;
        Some(format!("a simulation would be refused, {words}: {REMEDY}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_no_shortage() {
        let room = |open, worlds, free| Room {
            open,
            chat: 240,
            rows: 0.0,
            worlds,
            free,
        };
        assert_eq!(room(1e6, 2, Some(480_000_000)).shortage(), None);
        assert_eq!(room(1e12, 2, None).shortage(), None);
        let words = room(1e6, 3, Some(480_000_000)).shortage().unwrap();
        assert_eq!(
            words,
            "too little memory: 1,000,000 chats are expected to be open at once, 720 MB in 3 \
             replications at the same time; 480 MB are free"
        );
    }
}
