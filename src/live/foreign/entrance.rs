//! Owns how a person gets in at a foreign server: what goes before, the stream, the connect script.
//!
//! Law: whoever is not in within the time is not let in; where a dispatcher of ours gives out the chats,
//! it is told of nobody who is not in at the server.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::lost::{Kept, Rest};
use super::{Foreign, Part, Persona};
use crate::error::{Error, Result};
use crate::live::beside::dial;
use crate::live::courier::Answers;
use crate::live::dial::{Dial, unreachable, would_start_one};
use crate::live::inbox::Inbox;
use crate::live::life::Life;
use crate::live::scene::Scene;
use crate::live::switchboard::Post;
use crate::live::tap::Tap;
use crate::wire::frame::{Hello, Party};
use crate::wire::speaker::{Dispatch, Effects, Opening, Speaker, Who};
use crate::wire::{PROTOCOL, clean};

/// Wall milliseconds without a sign of life after which a server is asked for one.
const IDLE_MS: u64 = 60_000;

/// Wall time that a server has to say what somebody has missed.
const MISSED: Duration = Duration::from_secs(2);

impl<S: Part, D: Dial> Foreign<S, D> {
    /// Brings somebody in who speaks so.
    ///
    /// # Errors
    /// Failed (exit 3): nobody answers, not within the time, or not in the protocol; with what is left of
    /// the connection before, for the next try.
    pub async fn enter(
        scene: &Rc<Scene<D>>,
        who: Who,
        (speaker, lost): (Box<dyn Speaker>, Option<Rest<S>>),
        tap: Option<Box<Tap>>,
    ) -> std::result::Result<Box<Foreign<S, D>>, (Error, Option<Kept<S>>)> {
        let (persona, line, heard, before) = match lost {
            Some(rest) => (rest.persona, rest.line, rest.heard, Some(rest.address)),
            None => Default::default(),
        };
        let manners = scene.abroad.manners;
        let mut foreign = Box::new(Foreign {
            scene: Rc::clone(scene),
            who,
            speaker,
            persona,
            before,
            manners,
            ws: None,
            inbox: Inbox::behind(0),
            streams: None,
            is_unwritten: false,
            effects: Effects::default(),
            heard,
            line,
            answers: Rc::new(Answers::default()),
            unanswered: 0,
            polls: None,
            own: Rc::default(),
            address: None,
            born: Instant::now(),
            alarm: None,
            waits: None,
            life: Life::Heard,
            broken: None,
            is_ponged: false,
            is_over: false,
            sent: 0,
            tap,
        });
        let limit = scene.limits.connect;
        let late = |_| {
            let within = format!("nobody is let in within {limit:?}");
            unreachable(scene.to.target(who.number), &within)
        };
        let entered = timeout(limit, foreign.get_in()).await;
        let entered = entered.map_err(late).and_then(|entered| entered);
        match entered {
            Ok(()) => Ok(foreign),
            Err(error) => Err((foreign.advised(error), foreign.keep())),
        }
    }

    /// An error on the way in, with what can be done about it.
    #[cold]
    fn advised(&self, error: Error) -> Error {
        if error.remedy().is_some() && !would_start_one(&error) {
            return error;
        }
        let protocol = self.scene.abroad.protocol.as_ref();
        let name = protocol.map_or(String::new(), |protocol| clean(protocol.name()));
        let target = self.scene.to.target(self.who.number);
        error.with_remedy(format!(
            "see whether a server that speaks `{name}` is up at {target}; --protocol names another \
             protocol"
        ))
    }

    async fn get_in(&mut self) -> Result<()> {
        let now = self.born.elapsed();
        self.speaker.start(now, &mut self.effects)?;
        let opening = self.prepare().await?;
        self.open(&opening).await?;
        let now = self.born.elapsed();
        self.speaker.begin(now, &mut self.effects)?;
        self.settle()?;
        self.send()?;
        self.flush().await?;
        self.until(|person| person.address.is_some()).await
    }

    /// Takes in what comes until something is so.
    pub(super) async fn until(&mut self, is_so: impl Fn(&Foreign<S, D>) -> bool) -> Result<()> {
        poll_fn(|context| {
            while !is_so(self) {
                if self.is_over {
                    let words = "the server ended the connection before anybody was let in";
                    return Poll::Ready(Err(Error::failed(words)));
                }
                match self.step(context) {
                    Ok(true) => {}
                    Ok(false) => return Poll::Pending,
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// What was said to somebody who was cut off comes first of all: before the answer to a ping.
    async fn hear_what_was_missed(&mut self) -> Result<()> {
        if self.ws.is_none() {
            return Ok(());
        }
        self.ping().await?;
        let answered = self.until(|person| person.is_ponged);
        // A server that answers none is taken for done.
        timeout(MISSED, answered).await.unwrap_or(Ok(()))
    }

    /// What goes before the stream: until that is asked for.
    async fn prepare(&mut self) -> Result<Opening> {
        loop {
            self.settle()?;
            if let Some(opening) = self.effects.opening.take() {
                return Ok(opening);
            }
            self.send()?;
            let (request, answer) = poll_fn(|context| self.answers.poll_take(context)).await;
            self.answered(request, answer)?;
        }
    }

    async fn open(&mut self, opening: &Opening) -> Result<()> {
        let (scene, whose) = (Rc::clone(&self.scene), (self.who.party, self.who.number));
        if opening.by_requests {
            return self.own.open(&scene.to, whose.1).await;
        }
        let (ws, inbox) = dial(&scene.to, whose, opening, self.tap.as_deref()).await?;
        self.inbox = inbox;
        self.ws = Some(Box::new(ws));
        Ok(())
    }

    /// What the dispatcher of ours says of itself; or, of a server that says nothing of the kind, that it
    /// goes by the scenario's rules.
    ///
    /// # Errors
    /// Failed (exit 3): the connection is lost meanwhile.
    pub async fn hello(&mut self) -> Result<Hello> {
        let kept_ms = self.speaker.kept_for();
        let kept_ms = kept_ms.map(|kept| kept.as_millis() as u64);
        let usual = || Hello {
            protocol: PROTOCOL,
            idle_ms: IDLE_MS,
            kept_ms,
            ..self.scene.usual_hello()
        };
        if self.before.is_some() {
            let hello = usual();
            let is_kept = self.address == self.before && self.speaker.goes_on();
            self.persona.is_back(is_kept, self.speaker.unsaid());
            if is_kept {
                self.hear_what_was_missed().await?;
            }
            self.before = None;
            return Ok(hello);
        }
        if self.manners.dispatch != Dispatch::Busyhour {
            return Ok(usual());
        }
        let mut line = self.scene.abroad.switchboard.line();
        let address = self.address.clone().unwrap_or_default();
        line.post(match self.who.party {
            Party::Agent => Post::Agent { address },
            _ => Post::Customer { address },
        });
        self.line = Some(line);
        let ended = || Error::failed("the connection was lost before there was a dispatcher");
        loop {
            let heard = self.next().await.ok_or_else(ended)??;
            if let Some(hello) = S::hello(heard) {
                return Ok(Hello {
                    idle_ms: IDLE_MS,
                    kept_ms,
                    ..hello
                });
            }
        }
    }
}
