//! Owns `Alarm`: how the people of a live run wait for their due instants.
//!
//! Law: nobody is woken before the due instant. A live run over sockets has the fine alarm, since
//! what wakes people late lengthens all that they do; a run on tokio's clock, which a test may
//! pause, has the coarse one.

#[cfg(target_os = "linux")]
mod bell;

use tokio::time::{Instant, sleep_until};

use crate::error::Result;

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

    /// A place for somebody to wait in, for one due instant after the other.
    pub fn place(&self) -> Place {
        match &self.0 {
            Grain::Coarse => Place(Kind::Coarse),
            #[cfg(target_os = "linux")]
            Grain::Fine(bell) => Place(Kind::Fine(bell.place())),
        }
    }
}

/// Where somebody waits: one task, for one instant at a time.
#[derive(Debug)]
pub struct Place(Kind);

#[derive(Debug)]
enum Kind {
    Coarse,
    #[cfg(target_os = "linux")]
    Fine(bell::Place),
}

impl Place {
    /// Waits until `due`; for ever where that never comes. Cancel-safe: who waits on for the same
    /// instant keeps the place.
    pub async fn wait_until(&mut self, due: Option<Instant>) {
        let Some(due) = due else {
            self.leave();
            return std::future::pending().await;
        };
        match &mut self.0 {
            Kind::Coarse => sleep_until(due).await,
            #[cfg(target_os = "linux")]
            Kind::Fine(place) => place.wait_until(due).await,
        }
    }

    fn leave(&mut self) {
        match &mut self.0 {
            Kind::Coarse => {}
            #[cfg(target_os = "linux")]
            Kind::Fine(place) => place.leave(),
        }
    }
}
