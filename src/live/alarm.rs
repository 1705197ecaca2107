//! Owns `Alarm`: how the people of a live run wait for their due instants.
//!
//! Law: nobody is woken before the due instant. A live run over sockets has the fine alarm, since
//! what wakes people late lengthens all that they do; a run on tokio's clock, which a test may
//! pause, has the coarse one.

#[cfg(target_os = "linux")]
mod bell;

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::Result;
use crate::time::Time;

/// Wakes people at their due instants.
#[derive(Debug)]
pub struct Alarm(Grain);

#[derive(Debug)]
enum Grain {
    Coarse,
    #[cfg(target_os = "linux")]
    Fine(bell::Bell),
}

impl Alarm {
    /// By tokio's clock and timers, which are up to two milliseconds late.
    pub fn coarse() -> Alarm {
        Alarm(Grain::Coarse)
    }

    /// By a timer of the system's own, late by some tens of microseconds; by up to two milliseconds
    /// where more than five hundred a second are due. To be called within an event loop of one
    /// thread, and for that alone.
    ///
    /// # Errors
    /// Failed (exit 3): the system has none to give.
    #[cfg(target_os = "linux")]
    pub fn fine() -> Result<Alarm> {
        let bell = bell::Bell::hung().map_err(|error| {
            let words = crate::error::in_words(&error);
            crate::error::Error::failed(format!("cannot have a timer: {words}"))
        })?;
        Ok(Alarm(Grain::Fine(bell)))
    }

    /// The coarse one: a finer one is known for Linux only.
    ///
    /// # Errors
    /// None.
    #[cfg(not(target_os = "linux"))]
    pub fn fine() -> Result<Alarm> {
        Ok(Alarm::coarse())
    }

    /// A place for somebody to wait in, for one moment after the other.
    pub fn place(&self) -> Place {
        match &self.0 {
            Grain::Coarse => Place(Kind::Coarse(None)),
            #[cfg(target_os = "linux")]
            Grain::Fine(bell) => Place(Kind::Fine(bell.place())),
        }
    }
}

/// A time of the scenario's clock, which has jumped so often: it falls on one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When, by that clock.
    pub time: Time,
    /// How often it has jumped.
    pub jumps: u32,
}

impl Moment {
    /// One that never comes.
    #[cfg(target_os = "linux")]
    const NEVER: Moment = Moment {
        time: Time::NEVER,
        jumps: 0,
    };

    fn comes(self) -> bool {
        self.time.comes()
    }
}

/// Where somebody waits: one task, for one moment at a time.
#[derive(Debug)]
pub struct Place(Kind);

#[derive(Debug)]
enum Kind {
    Coarse(Option<(Moment, Pin<Box<Sleep>>)>),
    #[cfg(target_os = "linux")]
    Fine(bell::Place),
}

impl Place {
    /// Ready at the moment, never where it never comes; `instant` tells on what instant it falls, and
    /// is asked when somebody begins to wait for it. Who asks for another moment no longer waits for
    /// this one.
    pub fn poll(
        &mut self,
        moment: Moment,
        instant: impl Fn() -> Instant,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        match &mut self.0 {
            Kind::Coarse(waits) => {
                let waits_on = waits.take().filter(|(asked, _)| *asked == moment);
                if !moment.comes() {
                    return Poll::Pending;
                }
                let sleep = waits_on.map(|(_, sleep)| sleep);
                let mut sleep = sleep.unwrap_or_else(|| Box::pin(sleep_until(instant())));
                if sleep.deadline() <= Instant::now() {
                    return Poll::Ready(());
                }
                let polled = sleep.as_mut().poll(context);
                *waits = Some((moment, sleep));
                polled
            }
            #[cfg(target_os = "linux")]
            Kind::Fine(place) => place.poll(moment, instant, context),
        }
    }
}
