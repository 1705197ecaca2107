//! Owns the rehearsal: one customer and one agent in one chat, for whoever writes a protocol.
//!
//! Law: it goes by the same speakers over the same connections as a run, so that what works here
//! works there. All that passes is told as it passes, clean and without secrets; what does not come
//! within the time ends it, and is told with where to look.

mod heard;
mod player;
mod shown;

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::courier::Courier;
use super::way::Way;
use super::{Options, in_event_loop, run_number, way};
use crate::error::{Error, Result};
use crate::wire::frame::Party;
use crate::wire::marker::{Direction, Marker};
use crate::wire::speaker::{Deed, Dispatch, OWN, Protocol, Who};
use heard::Heard;
use player::Player;

/// How many messages each side says.
const MESSAGES: u32 = 2;

/// Wall time in which what is still under way at the end is heard.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Wall time since the start.
    pub at: Duration,
    /// Whose it is.
    pub who: Party,
    /// What kind of thing.
    pub kind: Kind,
    /// Fit to be shown.
    pub words: String,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The person does something.
    Does,
    /// Something goes out.
    Out,
    /// Something comes in.
    In,
    /// What is made of it.
    Noted,
}

/// What came of it.
#[derive(Debug)]
pub struct Ending {
    /// What happened of what was to happen, in order.
    pub done: Vec<&'static str>,
    /// What did not, after which nothing more was tried.
    pub missed: Option<Missed>,
    /// The matchers that took nothing.
    pub idle: Vec<String>,
    /// How much came that no matcher took.
    pub strays: u32,
    /// Wall time.
    pub took: Duration,
}

/// What did not happen.
#[derive(Debug)]
pub struct Missed {
    /// What.
    pub what: &'static str,
    /// Where to look for why.
    pub look: &'static str,
    /// What went wrong; none where it only did not come in time.
    pub error: Option<Error>,
}

/// What both people have in common.
struct Stage<'t> {
    road: Rc<Road>,
    began: Instant,
    told: RefCell<&'t mut dyn FnMut(Moment)>,
}

/// The way to the server.
struct Road {
    way: Way,
    courier: Courier,
}

/// One chat, as far as it has come.
struct Play<'p, 't> {
    protocol: &'p dyn Protocol,
    customer: Player<'p, 't>,
    agent: Player<'p, 't>,
    within: Duration,
    done: Vec<&'static str>,
}

/// Where to look for a customer's message.
const HEARD_BY_AGENT: &str = "`customer.say`, and `on.message` as the agent hears it";

/// The same of an agent's.
const HEARD_BY_CUSTOMER: &str = "`agent.say`, and `on.message` as the customer hears it";

type Course = std::result::Result<(), Missed>;

/// What is said: with what every format has to escape.
fn text(marker: Marker) -> String {
    format!("{marker} \"so\" & <so> on")
}

/// Plays one customer and one agent through one chat, each step of which may take so long.
///
/// # Errors
/// Refused: there is no target, or one that is not allowed, or the server speaks the built-in
/// protocol.
/// Failed: this machine lacks something. What goes wrong at the server stands in the ending.
pub fn rehearse(
    options: &Options,
    within: Duration,
    told: &mut dyn FnMut(Moment),
) -> Result<Ending> {
    let Some(protocol) = &options.protocol else {
        let words = "the built-in server's own protocol needs no rehearsal";
        return Err(Error::refused(words)
            .with_remedy("its frames are shown by `busyhour load FILE --trace customer:0`"));
    };
    if options.targets.is_empty() {
        return Err(Error::refused("a rehearsal needs a server")
            .with_remedy("name it: --target ws://HOST:PORT"));
    }
    in_event_loop(async {
        let way = way(&options.targets, options).await?;
        let courier = Courier::default();
        let stage = Stage {
            road: Rc::new(Road { way, courier }),
            began: Instant::now(),
            told: RefCell::new(told),
        };
        Ok(on_stage(&stage, protocol, within).await)
    })?
}

async fn on_stage(stage: &Stage<'_>, protocol: &Arc<dyn Protocol>, within: Duration) -> Ending {
    let run = run_number();
    let player = |party| {
        let who = Who {
            party,
            number: 0,
            attempt: 0,
            connection: 0,
            run,
        };
        Player::new(stage, who, Arc::clone(protocol).speaker(who))
    };
    let mut play = Play {
        protocol: &**protocol,
        customer: player(Party::Customer),
        agent: player(Party::Agent),
        within,
        done: Vec::new(),
    };
    let missed = play.play().await.err();
    play.part(missed.is_none()).await;
    let (customer, agent) = (play.customer.matched(), play.agent.matched());
    let names = protocol.matchers().iter().enumerate();
    let took = |at: usize| [customer, agent].iter().any(|own| own.get(at) > Some(&0));
    Ending {
        done: play.done,
        missed,
        idle: names
            .filter(|(at, _)| !took(*at))
            .map(|(_, name)| name.clone())
            .collect(),
        strays: play.customer.strays() + play.agent.strays(),
        took: stage.began.elapsed(),
    }
}

impl<'p, 't> Play<'p, 't> {
    async fn play(&mut self) -> Course {
        self.enter(Party::Agent).await?;
        let limit = 1;
        self.does(
            Party::Agent,
            Deed::Online { limit },
            "takes chats, one at a time",
        )?;
        let look = "`agent.online`, its answer, and `on.online` if the file has it";
        self.until("agent online", look, |play| play.agent.heard().is_online)
            .await?;
        self.enter(Party::Customer).await?;
        self.meet().await?;
        self.say(Party::Customer, 1).await?;
        self.typing(Party::Agent).await?;
        self.say(Party::Agent, 1).await?;
        self.typing(Party::Customer).await?;
        self.say(Party::Customer, MESSAGES).await?;
        self.say(Party::Agent, MESSAGES).await?;
        self.close().await
    }

    async fn enter(&mut self, party: Party) -> Course {
        let (within, look) = (
            self.within,
            "`setup`, `before_connect`, `[transport]`, `connect` and `on.ready`",
        );
        let what = match party {
            Party::Agent => "agent in",
            _ => "customer in",
        };
        let missed = |error| Missed { what, look, error };
        let player = self.player(party);
        match timeout(within, player.enter()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(missed(Some(error))),
            Err(_) => return Err(missed(None)),
        }
        self.until(what, look, |play| play.heard(party).address.is_some())
            .await
    }

    /// The chat gets its two sides: by the server, or by us where it only carries what is said.
    async fn meet(&mut self) -> Course {
        let (customer, agent) = (Party::Customer, Party::Agent);
        self.does(customer, Deed::Open { priority: 0 }, "asks for an agent")?;
        if self.protocol.manners().dispatch == Dispatch::Pull {
            let look = "`customer.open`, and `on.queued` as the agent hears it";
            self.until("agent told that a chat waits", look, |play| {
                play.agent.heard().waits
            })
            .await?;
            self.does(agent, Deed::Take, "takes the next chat")?;
        }
        if self.protocol.manners().dispatch != Dispatch::Busyhour {
            let look = "`customer.open`, its answer, and `on.assigned`, which both sides need; an \
                        agent of somebody else's may have got the chat";
            return self
                .until("chat assigned", look, |play| {
                    play.customer.heard().chat.is_some() && play.agent.heard().chat.is_some()
                })
                .await;
        }
        for (who, other, chat) in [(agent, customer, 1), (customer, agent, OWN)] {
            let peer = self.heard(other).address.clone().unwrap_or_default();
            let words = "is given the chat by this program";
            self.does(who, Deed::Meet { chat, peer: &peer }, words)?;
            self.player(who).meets(chat);
        }
        self.done.push("chat given out here");
        Ok(())
    }

    async fn say(&mut self, by: Party, sequence: u32) -> Course {
        let (other, direction) = match by {
            Party::Customer => (Party::Agent, Direction::Customer),
            _ => (Party::Customer, Direction::Agent),
        };
        let (what, look) = match (by, sequence) {
            (Party::Customer, 1) => ("customer's message heard", HEARD_BY_AGENT),
            (Party::Customer, _) => ("customer's second heard", HEARD_BY_AGENT),
            (_, 1) => ("agent's message heard", HEARD_BY_CUSTOMER),
            _ => ("agent's second heard", HEARD_BY_CUSTOMER),
        };
        let marker = Marker {
            run: self.customer.who().run,
            customer: 0,
            attempt: 0,
            direction,
            sequence,
        };
        let text = text(marker);
        let chat = self.heard(by).chat.unwrap_or(OWN);
        let words = format!("says message {sequence}");
        self.does(by, Deed::Say { chat, text: &text }, &words)?;
        self.until(what, look, |play| play.heard(other).has_come(sequence))
            .await
    }

    async fn typing(&mut self, by: Party) -> Course {
        let (what, other) = match by {
            Party::Agent => ("agent's typing seen", Party::Customer),
            _ => ("customer's typing seen", Party::Agent),
        };
        let deed = Deed::Typing {
            chat: self.heard(by).chat.unwrap_or(OWN),
        };
        if !self.protocol.passes_on(by, &deed) {
            return self.does(by, deed, "types, of which the other side is told nothing");
        }
        self.does(by, deed, "types")?;
        let look = "`typing` of the side that types, and `on.typing`";
        self.until(what, look, |play| play.heard(other).typing)
            .await
    }

    async fn close(&mut self) -> Course {
        let chat = self.agent.heard().chat.unwrap_or(OWN);
        let deed = Deed::Close { chat };
        let is_told = self.protocol.passes_on(Party::Agent, &deed);
        if is_told {
            self.does(Party::Agent, deed, "ends the chat")?;
            let look = "`agent.close`, and `on.closed`";
            self.until("end of the chat heard", look, |play| {
                play.customer.heard().is_over
            })
            .await?;
        } else {
            let words = "ends the chat, of which the other side is told nothing";
            self.does(Party::Agent, deed, words)?;
        }
        self.does(Party::Agent, Deed::Free { chat }, "has wrapped up")?;
        self.does(Party::Agent, Deed::Offline, "takes no more chats")
    }

    /// Both go.
    async fn part(&mut self, in_peace: bool) {
        if in_peace {
            // What comes of the last deeds.
            let _ = timeout(LAST_WORDS, self.listen(|_| false)).await;
        }
        self.customer.leave().await;
        self.agent.leave().await;
    }

    /// Somebody does something.
    fn does(&mut self, who: Party, deed: Deed<'_>, words: &str) -> Course {
        self.player(who).act(deed, words).map_err(|error| Missed {
            what: "what the person does is said",
            look: "the script of that name",
            error: Some(error),
        })
    }

    /// Listens until this is so.
    async fn until(
        &mut self,
        what: &'static str,
        look: &'static str,
        is_so: impl Fn(&Self) -> bool,
    ) -> Course {
        let heard = timeout(self.within, self.listen(is_so)).await;
        let missed = |error| Missed { what, look, error };
        match heard {
            Ok(Ok(())) => self.done.push(what),
            Ok(Err(error)) => return Err(missed(Some(error))),
            Err(_) => return Err(missed(None)),
        }
        Ok(())
    }

    async fn listen(&mut self, is_so: impl Fn(&Self) -> bool) -> Result<()> {
        poll_fn(|context| {
            loop {
                if is_so(self) {
                    return Poll::Ready(Ok(()));
                }
                let both = [self.customer.poll(context), self.agent.poll(context)];
                if both.iter().all(Poll::is_pending) {
                    return Poll::Pending;
                }
                for came in both {
                    if let Poll::Ready(Err(error)) = came {
                        return Poll::Ready(Err(error));
                    }
                }
            }
        })
        .await
    }

    fn player(&mut self, who: Party) -> &mut Player<'p, 't> {
        match who {
            Party::Agent => &mut self.agent,
            _ => &mut self.customer,
        }
    }

    fn heard(&self, who: Party) -> &Heard {
        match who {
            Party::Agent => self.agent.heard(),
            _ => self.customer.heard(),
        }
    }
}
