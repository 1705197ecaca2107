//! Owns `GettingIn`: the way from a stream that stands to an address of one's own.
//!
//! Law: one step at a time, each with the same time for its answer; what comes out of turn ends
//! it. Made once and thrown away when the person is in, since most connections are in.

use std::time::Duration;

use super::Resumption;
use super::element::Element;
use super::fault;
use super::management::Management;
use super::namespace::Namespace;
use super::sasl::Login;
use super::settings::Settings;
use super::stanzas;
use crate::error::{Error, Result};
use crate::wire::clean;
use crate::wire::speaker::{ChatNumber, Deed, Effects, Opening, Who};

/// How long a step may take.
const STEP: Duration = Duration::from_secs(30);

/// The most deeds that are kept back.
const DEEDS_MOST: usize = 64;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    Stream,
    Opening,
    Features,
    Login,
    Reopening,
    MoreFeatures,
    Address,
    Counting,
    Resumption,
}

impl Step {
    fn words(self) -> &'static str {
        match self {
            Step::Nothing | Step::Stream => "its WebSocket",
            Step::Opening => "its stream",
            Step::Features => "what it offers",
            Step::Login => "an answer to the login",
            Step::Reopening => "its stream after the login",
            Step::MoreFeatures => "what it offers after the login",
            Step::Address => "an address",
            Step::Counting => "stream management",
            Step::Resumption => "the session that was lost",
        }
    }
}

/// What a person did before it was in.
#[derive(Debug)]
enum Kept {
    Online { limit: u32 },
    Meet { chat: ChatNumber, peer: Box<str> },
    Say { chat: ChatNumber, text: Box<str> },
    Typing { chat: ChatNumber },
    Close { chat: ChatNumber },
    Free { chat: ChatNumber },
}

impl Kept {
    fn of(deed: Deed<'_>) -> Option<Kept> {
        match deed {
            Deed::Online { limit } => Some(Kept::Online { limit }),
            Deed::Meet { chat, peer } => Some(Kept::Meet {
                chat,
                peer: peer.into(),
            }),
            Deed::Say { chat, text } => Some(Kept::Say {
                chat,
                text: text.into(),
            }),
            Deed::Typing { chat } => Some(Kept::Typing { chat }),
            Deed::Close { chat } => Some(Kept::Close { chat }),
            Deed::Free { chat } | Deed::Transfer { chat } => Some(Kept::Free { chat }),
            Deed::Offline | Deed::Open { .. } | Deed::Take | Deed::Bye => None,
        }
    }

    fn deed(&self) -> Deed<'_> {
        match self {
            Kept::Online { limit } => Deed::Online { limit: *limit },
            Kept::Meet { chat, peer } => Deed::Meet { chat: *chat, peer },
            Kept::Say { chat, text } => Deed::Say { chat: *chat, text },
            Kept::Typing { chat } => Deed::Typing { chat: *chat },
            Kept::Close { chat } => Deed::Close { chat: *chat },
            Kept::Free { chat } => Deed::Free { chat: *chat },
        }
    }
}

/// How far a person has come.
#[derive(Debug)]
pub(super) enum Progress {
    /// Not in.
    Waiting,
    /// In, at this address.
    In(Box<str>, Option<Box<Management>>),
    /// In as before, with what the server says of it.
    Resumed(Resumption),
}

/// A person who is getting in.
#[derive(Debug)]
pub(super) struct GettingIn {
    step: Step,
    until: Duration,
    login: Option<Login>,
    address: Option<Box<str>>,
    /// Whether the server can acknowledge and resume, and is to.
    manages: bool,
    /// A session that was lost.
    pub(super) lost: Option<Resumption>,
    kept: Vec<Kept>,
}

impl GettingIn {
    /// One that has not begun.
    pub(super) fn new(lost: Option<Resumption>) -> GettingIn {
        GettingIn {
            step: Step::Nothing,
            until: Duration::MAX,
            login: None,
            address: None,
            manages: false,
            lost,
            kept: Vec::new(),
        }
    }

    /// Asks for a stream.
    pub(super) fn start(&mut self, now: Duration, settings: &Settings, out: &mut Effects) {
        self.go(Step::Stream, now);
        out.opening = Some(Opening {
            path: settings.path.clone(),
            subprotocol: Some("xmpp".to_owned()),
            ..Opening::default()
        });
    }

    /// The stream stands.
    pub(super) fn begin(&mut self, now: Duration, domain: &str, out: &mut Effects) {
        out.sends.push_back(stanzas::open(domain).into());
        self.go(Step::Opening, now);
    }

    /// Whether anything was said on a stream.
    pub(super) fn has_begun(&self) -> bool {
        !matches!(self.step, Step::Nothing | Step::Stream)
    }

    fn go(&mut self, step: Step, now: Duration) {
        self.step = step;
        self.until = now.saturating_add(STEP);
    }

    /// By when the server has to answer.
    pub(super) fn until(&self) -> Option<Duration> {
        (self.step != Step::Nothing).then_some(self.until)
    }

    /// The server is late.
    pub(super) fn late(&self) -> Error {
        let (waits, seconds) = (self.step.words(), STEP.as_secs());
        Error::failed(format!(
            "the server did not give {waits} within {seconds} s"
        ))
    }

    /// Keeps back what the person does.
    ///
    /// # Errors
    /// It is too much.
    pub(super) fn keep(&mut self, deed: Deed<'_>) -> Result<()> {
        let Some(kept) = Kept::of(deed) else {
            return Ok(());
        };
        if self.kept.len() == DEEDS_MOST {
            return Err(Error::failed(
                "too much was done before the server let the person in",
            ));
        }
        self.kept.push(kept);
        Ok(())
    }

    /// What was kept back, in order.
    pub(super) fn kept(&self) -> impl Iterator<Item = Deed<'_>> {
        self.kept.iter().map(Kept::deed)
    }

    /// The server said something.
    ///
    /// # Errors
    /// It does not let the person in, or says what is not its turn to say.
    pub(super) fn hear(
        &mut self,
        now: Duration,
        heard: &Element,
        who: Who,
        settings: &Settings,
        out: &mut Effects,
    ) -> Result<Progress> {
        match (self.step, heard.namespace, &*heard.name) {
            (Step::Opening, Namespace::Framing, "open") => self.go(Step::Features, now),
            (Step::Features, Namespace::Streams, "features") => {
                let (login, line) = Login::begin(heard, who, settings)?;
                self.login = Some(login);
                out.sends.push_back(line.into());
                self.go(Step::Login, now);
            }
            (Step::Login, Namespace::Sasl, _) => self.log_in(now, heard, who, settings, out)?,
            (Step::Reopening, Namespace::Framing, "open") => self.go(Step::MoreFeatures, now),
            (Step::MoreFeatures, Namespace::Streams, "features") => {
                self.manages = settings.stream_management
                    && heard.child("sm", Namespace::Management).is_some();
                self.resume_or_bind(now, out);
            }
            (Step::Address, Namespace::Client, "iq")
                if heard.attribute("id") == Some(stanzas::BIND_ID) =>
            {
                return self.bound(now, heard, out);
            }
            (Step::Counting, Namespace::Management, _) => return self.counts(heard, out),
            (Step::Resumption, Namespace::Management, _) => return self.resumed(now, heard, out),
            // Nobody knows us yet, so that it is nothing that somebody waits for.
            (_, Namespace::Client, name) => {
                out.note(|| format!("heard {} before the person was in", clean(name)));
            }
            (step, _, name) => {
                let (waits, name) = (step.words(), clean(name));
                let what = format!("the server said '{name}' where {waits} was due");
                return Err(Error::failed(what));
            }
        }
        Ok(Progress::Waiting)
    }

    fn log_in(
        &mut self,
        now: Duration,
        heard: &Element,
        who: Who,
        settings: &Settings,
        out: &mut Effects,
    ) -> Result<()> {
        let login = self.login.as_mut().expect("the step is taken with a login");
        match &*heard.name {
            "challenge" => {
                let answer = login.challenged(heard)?;
                out.sends.push_back(answer.into());
            }
            "success" => {
                login.succeeded(heard)?;
                self.login = None;
                let domain = settings.domain(who.party);
                out.sends.push_back(stanzas::open(domain).into());
                self.go(Step::Reopening, now);
            }
            _ => return Err(fault::login(heard, who, settings)),
        }
        Ok(())
    }

    fn resume_or_bind(&mut self, now: Duration, out: &mut Effects) {
        let lost = self.lost.as_ref().filter(|_| self.manages);
        if let Some((session, heard)) = lost.and_then(Resumption::session) {
            out.sends
                .push_back(stanzas::resume(&session.id, heard).into());
            self.go(Step::Resumption, now);
            return;
        }
        out.sends.push_back(stanzas::bind().into());
        self.go(Step::Address, now);
    }

    fn bound(&mut self, now: Duration, heard: &Element, out: &mut Effects) -> Result<Progress> {
        if heard.attribute("type") != Some("result") {
            return Err(fault::binding(heard));
        }
        let bind = heard.child("bind", Namespace::Bind);
        let address = bind.and_then(|bind| bind.child("jid", Namespace::Bind));
        let address = address.map_or("", |address| address.text.trim());
        if address.is_empty() || address.len() > stanzas::ADDRESS_MOST {
            return Err(Error::failed("the server gave an address that is none"));
        }
        let address: Box<str> = address.into();
        if !self.manages {
            return Ok(Progress::In(address, None));
        }
        self.address = Some(address);
        out.sends.push_back(stanzas::enable().into());
        self.go(Step::Counting, now);
        Ok(Progress::Waiting)
    }

    fn counts(&mut self, heard: &Element, out: &mut Effects) -> Result<Progress> {
        let address = self
            .address
            .take()
            .expect("the step is taken with an address");
        let management = match &*heard.name {
            "enabled" => Some(Box::new(Management::begin(heard, &address))),
            "failed" => {
                out.note(|| "the server does not acknowledge".to_owned());
                None
            }
            name => {
                let name = clean(name);
                let what = format!("the server said '{name}' where stream management was due");
                return Err(Error::failed(what));
            }
        };
        Ok(Progress::In(address, management))
    }

    fn resumed(&mut self, now: Duration, heard: &Element, out: &mut Effects) -> Result<Progress> {
        let lost = self
            .lost
            .as_mut()
            .expect("the step is taken with what was lost");
        match &*heard.name {
            "resumed" => {
                lost.acknowledged(now, heard, out)?;
                let lost = self.lost.take().expect("it was there");
                Ok(Progress::Resumed(lost))
            }
            "failed" => {
                // What it has taken of us until then may be said all the same.
                if heard.attribute("h").is_some() {
                    lost.acknowledged(now, heard, out)?;
                }
                out.note(|| "the server has not kept the session".to_owned());
                lost.has_moved();
                out.sends.push_back(stanzas::bind().into());
                self.go(Step::Address, now);
                Ok(Progress::Waiting)
            }
            name => {
                let name = clean(name);
                let what = format!("the server said '{name}' where the lost session was due");
                Err(Error::failed(what))
            }
        }
    }
}

#[cfg(test)]
mod tests;
