//! Owns `Xmpp`: a person's side of a conversation over XMPP in a WebSocket (RFC 7395).
//!
//! Law: one text is one element, both ways. It is small once the person is in, since there are tens
//! of thousands; and dispatch is not its business, since XMPP has none.
//!
//! ```text
//!  open -> features -> login -> open -> features -> address -> stream management -> Ready
//!                                                `-> a lost session, if it is there still -'
//! ```

mod element;
mod fault;
pub mod file;
mod getting_in;
mod management;
mod namespace;
mod sasl;
mod scram;
mod server;
mod settings;
mod shelf;
mod stanzas;
mod talk;
mod write;

pub use settings::{Account, InClear, Settings};

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::secret::Mask;
use crate::wire::speaker::{Answer, Deed, Effects, Lost, Speaker, Tidings, Who};
use element::{Element, Malformed};
use getting_in::{GettingIn, Progress};
use management::Session;
use namespace::Namespace;
use talk::Talk;

/// How long the server may take to give a sign of life.
const PONG: Duration = Duration::from_secs(30);

/// A person who speaks XMPP: a customer without a name, or an agent with an account.
#[derive(Debug)]
pub struct Xmpp {
    who: Who,
    settings: Arc<Settings>,
    phase: Phase,
    talk: Talk,
    /// When something last came.
    heard: Duration,
    /// When the server was asked for a sign of life, while it has given none.
    asked: Option<Duration>,
    /// How old a resumed session was when this began: its times go on.
    age: Duration,
}

#[derive(Debug)]
enum Phase {
    GettingIn(Box<GettingIn>),
    In,
    Over,
}

/// What is left of a connection that was lost, for another that goes on with it.
#[derive(Debug)]
pub struct Resumption {
    talk: Talk,
    /// How old the session is.
    age: Duration,
}

impl Resumption {
    /// How long the server keeps the session, where it says so.
    pub fn kept_for(&self) -> Option<Duration> {
        self.talk.management.as_ref()?.session()?.kept_for()
    }

    /// Where the server would rather have the session resumed, as it says it.
    pub fn location(&self) -> Option<&str> {
        self.talk
            .management
            .as_ref()?
            .session()?
            .location
            .as_deref()
    }

    /// The session, and how many stanzas of it have come.
    fn session(&self) -> Option<(&Session, u32)> {
        let management = self.talk.management.as_ref()?;
        Some((management.session()?, management.heard()))
    }

    /// The server has taken so many; `now` is the time of the connection that goes on with it.
    fn acknowledged(&mut self, now: Duration, counted: &Element, out: &mut Effects) -> Result<()> {
        self.talk
            .acknowledged(self.age.saturating_add(now), counted, out)
    }

    /// The person has got a new address.
    fn has_moved(&mut self) {
        self.talk.has_moved(None);
    }
}

impl Xmpp {
    /// A person who is to get in.
    pub fn new(who: Who, settings: Arc<Settings>) -> Xmpp {
        Xmpp::with(who, settings, None)
    }

    /// A person who is to get in and goes on with a session that was lost so long ago. Where the
    /// server has not kept it, [`Tidings::Ready`] tells a new address, and what the server had not
    /// acknowledged is lost.
    pub fn resuming(
        who: Who,
        settings: Arc<Settings>,
        mut lost: Resumption,
        ago: Duration,
    ) -> Xmpp {
        lost.age = lost.age.saturating_add(ago);
        Xmpp::with(who, settings, Some(lost))
    }

    fn with(who: Who, settings: Arc<Settings>, lost: Option<Resumption>) -> Xmpp {
        Xmpp {
            who,
            settings,
            age: lost.as_ref().map_or(Duration::ZERO, |lost| lost.age),
            phase: Phase::GettingIn(Box::new(GettingIn::new(lost))),
            talk: Talk::default(),
            heard: Duration::ZERO,
            asked: None,
        }
    }

    /// What is left, once the connection is lost at `now`; none where the server would not resume
    /// it. Nothing is to be said or heard after that.
    pub fn resumption(&mut self, now: Duration) -> Option<Resumption> {
        let age = self.age.saturating_add(now);
        let lost = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::GettingIn(getting_in) => getting_in.lost.map(|lost| Resumption { age, ..lost }),
            Phase::In => Some(Resumption {
                talk: std::mem::take(&mut self.talk),
                age,
            }),
            Phase::Over => None,
        };
        lost.filter(|lost| lost.session().is_some())
    }

    /// The time of the session.
    fn clock(&self, now: Duration) -> Duration {
        self.age.saturating_add(now)
    }

    /// The end of the stream, if that is what was heard.
    fn ends(&mut self, heard: &Element) -> Option<Error> {
        let error = match (heard.namespace, &*heard.name) {
            (Namespace::Framing, "close") => fault::closed(heard, self.who, &self.settings),
            (Namespace::Streams, "error") => fault::stream(heard, self.who, &self.settings),
            _ => return None,
        };
        self.phase = Phase::Over;
        Some(error)
    }

    /// How far the person has come, once something was heard on the way.
    fn advance(&mut self, now: Duration, progress: Progress, out: &mut Effects) {
        let (address, is_resumed) = match progress {
            Progress::Waiting => return,
            Progress::In(address, management) => {
                if let Phase::GettingIn(getting_in) = &mut self.phase
                    && let Some(lost) = getting_in.lost.take()
                {
                    self.talk = lost.talk;
                }
                self.talk.has_moved(management);
                (address, false)
            }
            Progress::Resumed(lost) => {
                let address = lost.session().map(|(session, _)| session.address.clone());
                self.talk = lost.talk;
                (address.unwrap_or_default(), true)
            }
        };
        let phase = std::mem::replace(&mut self.phase, Phase::In);
        let address = address.into();
        out.tidings.push_back(Tidings::Ready { address });
        if is_resumed {
            self.talk.repeat(out);
        }
        if let Phase::GettingIn(getting_in) = phase {
            for deed in getting_in.kept() {
                self.talk.act(self.clock(now), deed, &self.settings, out);
            }
        }
    }
}

impl Speaker for Xmpp {
    fn start(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        // Found out before there is a connection.
        self.settings.whose(self.who.party, self.who.number)?;
        if let Phase::GettingIn(getting_in) = &mut self.phase {
            getting_in.start(now, &self.settings, out);
        }
        Ok(())
    }

    fn begin(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        if let Phase::GettingIn(getting_in) = &mut self.phase {
            getting_in.begin(now, self.settings.domain(self.who.party), out);
        }
        Ok(())
    }

    fn hear(&mut self, now: Duration, text: &str, out: &mut Effects) -> Result<()> {
        if matches!(self.phase, Phase::Over) {
            out.note(|| "heard something after the end".to_owned());
            return Ok(());
        }
        (self.heard, self.asked) = (now, None);
        let heard = Element::read(text)
            .map_err(|Malformed(why)| Error::failed(format!("the server's is no XMPP: {why}")))?;
        if let Some(error) = self.ends(&heard) {
            return Err(error);
        }
        match &mut self.phase {
            Phase::GettingIn(getting_in) => {
                let progress = getting_in.hear(now, &heard, self.who, &self.settings, out)?;
                self.advance(now, progress, out);
                Ok(())
            }
            _ => self.talk.hear(self.clock(now), &heard, &self.settings, out),
        }
    }

    fn answered(
        &mut self,
        _now: Duration,
        _request: u32,
        _answer: Result<Answer>,
        out: &mut Effects,
    ) -> Result<()> {
        out.note(|| "an answer came, and XMPP asks nothing over HTTP".to_owned());
        Ok(())
    }

    fn act(&mut self, now: Duration, deed: Deed<'_>, out: &mut Effects) -> Result<()> {
        if deed == Deed::Bye {
            let says = match &self.phase {
                Phase::GettingIn(getting_in) => getting_in.has_begun(),
                Phase::In => true,
                Phase::Over => false,
            };
            if says {
                out.sends.push_back(stanzas::close().into());
            }
            self.phase = Phase::Over;
            return Ok(());
        }
        match &mut self.phase {
            Phase::GettingIn(getting_in) => getting_in.keep(deed),
            Phase::In => {
                let now = self.clock(now);
                self.talk.act(now, deed, &self.settings, out);
                Ok(())
            }
            Phase::Over => Ok(()),
        }
    }

    fn wake(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Ok(());
        }
        match &self.phase {
            Phase::GettingIn(getting_in) => return Err(getting_in.late()),
            Phase::In if self.asked.is_some() => {
                let seconds = PONG.as_secs();
                let what = format!("the server gave no sign of life within {seconds} s");
                return Err(Error::failed(what));
            }
            _ => {}
        }
        let settings = Arc::clone(&self.settings);
        self.talk.ping(settings.domain(self.who.party), out);
        self.asked = Some(now);
        Ok(())
    }

    fn kept_for(&self) -> Option<Duration> {
        // Whom the server knows by no name it does not know again.
        let is_named = self.settings.is_named(self.who.party);
        let management = self.talk.management.as_ref().filter(|_| is_named);
        management?.session()?.kept_for()
    }

    fn lose(&mut self, now: Duration) -> Option<Lost> {
        self.resumption(now).map(|lost| Lost::Xmpp(Box::new(lost)))
    }

    fn mask(&self) -> Mask {
        self.settings.mask(self.who.party, self.who.number)
    }

    fn deadline(&self) -> Option<Duration> {
        match (&self.phase, self.asked, self.settings.ping_s) {
            (Phase::GettingIn(getting_in), ..) => getting_in.until(),
            (Phase::In, Some(asked), _) => Some(asked.saturating_add(PONG)),
            (Phase::In, None, 0) | (Phase::Over, ..) => None,
            (Phase::In, None, seconds) => {
                let silence = Duration::from_secs(u64::from(seconds));
                Some(self.heard.saturating_add(silence))
            }
        }
    }
}

#[cfg(test)]
mod tests;
