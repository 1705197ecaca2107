//! Owns what is refused where one side alone is played.
//!
//! Law: a run is refused to which nobody would come, or in which nobody could answer; what an option
//! means without the other side is not guessed.

use super::Options;
use crate::error::{Error, Result};
use crate::measure::cast::Cast;
use crate::wire::clean;

impl Options {
    /// Refuses one side alone where there is no server whose people are the other.
    ///
    /// # Errors
    /// Refused: the server is the run's own.
    pub(super) fn check_others(&self) -> Result<()> {
        if !self.targets.is_empty() {
            return Ok(());
        }
        let (words, remedy) = match self.cast {
            Cast::Everybody => return Ok(()),
            Cast::Customers => (
                "the customers alone are to be played, and the built-in server has no staff",
                "give the server whose staff answers them with --target",
            ),
            Cast::Agents => (
                "the agents alone are to be played, and nobody comes to a server of the run's own",
                "give the server to which visitors come with --target",
            ),
        };
        Err(Error::refused(words).with_remedy(remedy))
    }

    /// Refuses what one side alone cannot do.
    ///
    /// # Errors
    /// Refused: this program would give out the chats; or what is asked for is of the other side.
    pub(super) fn check_alone(&self) -> Result<()> {
        if self.cast != Cast::Everybody && self.dispatches() {
            return Err(self.dispatched_here());
        }
        if self.cast != Cast::Agents {
            return Ok(());
        }
        if self.trace.is_some() {
            let words = "a story is a customer's, and the agents alone are to be played";
            return Err(Error::refused(words).with_remedy("leave out --trace"));
        }
        if self.skip_closed {
            let words = "closed hours cannot be jumped over where visitors come when they like";
            return Err(Error::refused(words).with_remedy("leave out --skip-closed"));
        }
        Ok(())
    }

    /// Why one side alone is not played where only people of this program's are given chats.
    fn dispatched_here(&self) -> Error {
        let name = self.protocol.as_ref().map(|known| clean(known.name()));
        let name = name.unwrap_or_default();
        let (who, given, remedy) = match self.cast.plays_agents() {
            false => (
                "customers",
                "to agents of its own",
                "leave out --only customers, or use a protocol whose server gives out the chats",
            ),
            true => (
                "agents",
                "of customers of its own",
                "leave out --only agents, or use a protocol whose server gives out the chats",
            ),
        };
        Error::refused(format!(
            "the {who} alone are to be played, and at a server that speaks `{name}` this program \
             gives out the chats, {given}"
        ))
        .with_remedy(remedy)
    }
}
