//! Owns XMPP as a protocol of a run: who gives out chats, and who speaks.
//!
//! Law: the server carries what is said between two addresses and knows no chats, so that this program
//! gives them out.

use std::sync::Arc;
use std::time::Duration;

use super::{Settings, Xmpp};
use crate::scenario::plan::EndsQuiet;
use crate::wire::frame::Party;
use crate::wire::protocols::{Source, XMPP};
use crate::wire::speaker::{
    Audience, Deed, Dispatch, Lost, Manners, Protocol, Speaker, Who, WrapUp,
};

impl Protocol for Settings {
    fn name(&self) -> &str {
        XMPP
    }

    fn manners(&self) -> Manners {
        Manners {
            dispatch: Dispatch::Busyhour,
            audience: Audience::Chat,
            wrap_up: WrapUp::Native,
            ends_quiet: EndsQuiet::Server,
        }
    }

    fn passes_on(&self, _: Party, deed: &Deed<'_>) -> bool {
        self.chat_states || !matches!(deed, Deed::Typing { .. } | Deed::Close { .. })
    }

    fn source(&self) -> Option<Source> {
        Some(Source::Xmpp(self.with_secrets_in_clear()))
    }

    fn resume(self: Arc<Self>, who: Who, lost: Lost, ago: Duration) -> Box<dyn Speaker> {
        match lost {
            Lost::Xmpp(lost) => Box::new(Xmpp::resuming(who, self, *lost, ago)),
            Lost::Declared(_) => self.speaker(who),
        }
    }

    fn speaker(self: Arc<Self>, who: Who) -> Box<dyn Speaker> {
        Box::new(Xmpp::new(who, self))
    }
}
