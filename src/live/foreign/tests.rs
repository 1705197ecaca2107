//! What frames come to at a foreign server, and back, without a connection.

mod strangers;

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::around::Around;
use super::{Part, Persona};
use crate::error::Result;
use crate::live::switchboard::{Delivery, Line, Post, Switchboard};
use crate::live::worker::News;
use crate::scenario::plan::EndsQuiet;
use crate::wire::frame::{AgentSide, CustomerSide, Frame, FromAgent, FromCustomer, Party};
use crate::wire::frame::{ToAgent, ToCustomer};
use crate::wire::speaker::{
    Answer, Audience, ChatNumber, Deed, Dispatch, Effects, Manners, Speaker, Tidings, WrapUp,
};

/// Takes down what is done.
#[derive(Debug, Default)]
struct Clerk(Vec<String>);

impl Speaker for Clerk {
    fn start(&mut self, _: Duration, _: &mut Effects) -> Result<()> {
        Ok(())
    }

    fn begin(&mut self, _: Duration, _: &mut Effects) -> Result<()> {
        Ok(())
    }

    fn hear(&mut self, _: Duration, _: &str, _: &mut Effects) -> Result<()> {
        Ok(())
    }

    fn answered(&mut self, _: Duration, _: u32, _: Result<Answer>, _: &mut Effects) -> Result<()> {
        Ok(())
    }

    fn act(&mut self, _: Duration, deed: Deed<'_>, _: &mut Effects) -> Result<()> {
        self.0.push(match deed {
            Deed::Say { chat, text } => format!("say {chat} {text}"),
            Deed::Meet { chat, peer } => format!("meet {chat} {peer}"),
            Deed::Close { chat } => format!("close {chat}"),
            Deed::Free { chat } => format!("free {chat}"),
            Deed::Online { limit } => format!("online {limit}"),
            Deed::Open { priority } => format!("open {priority}"),
            other => format!("{other:?}").to_lowercase(),
        });
        Ok(())
    }

    fn wake(&mut self, _: Duration, _: &mut Effects) -> Result<()> {
        Ok(())
    }

    fn deadline(&self) -> Option<Duration> {
        None
    }
}

/// A person whose session is played.
struct Person<S: Part> {
    persona: S::Persona,
    clerk: Clerk,
    heard: VecDeque<S::Hears>,
    manners: Manners,
    /// Where the other side is strangers', the run's number.
    strangers: Option<u32>,
    line: Option<Line>,
    posts: UnboundedReceiver<(usize, News)>,
    waits: bool,
}

impl<S: Part> Person<S> {
    fn at(dispatch: Dispatch, audience: Audience, wrap_up: WrapUp) -> Person<S> {
        let (outlet, posts) = unbounded_channel();
        let switchboard = Rc::new(Switchboard::default());
        switchboard.connect((0, outlet));
        Person {
            persona: S::Persona::default(),
            clerk: Clerk::default(),
            heard: VecDeque::new(),
            manners: Manners {
                dispatch,
                audience,
                wrap_up,
                ends_quiet: EndsQuiet::Agent,
            },
            line: (dispatch == Dispatch::Busyhour).then(|| switchboard.line()),
            posts,
            strangers: None,
            waits: false,
        }
    }

    fn around(&mut self, act: impl FnOnce(&mut S::Persona, &mut Around<'_, S>) -> Result<()>) {
        let mut around = Around {
            strangers: self.strangers,
            speaker: &mut self.clerk,
            now: Duration::ZERO,
            effects: &mut Effects::default(),
            line: self.line.as_mut(),
            manners: self.manners,
            heard: &mut self.heard,
            waits: &mut self.waits,
        };
        act(&mut self.persona, &mut around).expect("the clerk takes everything down");
    }

    fn says(&mut self, frame: &S::Says) -> &mut Person<S> {
        self.around(|persona, around| persona.says(frame, around));
        self
    }

    fn told(&mut self, tidings: Tidings) -> &mut Person<S> {
        self.around(|persona, around| persona.told(tidings, around));
        self
    }

    fn delivered(&mut self, frame: &impl Frame, peer: Option<&str>) -> &mut Person<S> {
        let delivery = Delivery {
            line: 0,
            frame: Some(frame.encode().to_string()),
            peer: peer.map(str::to_owned),
            carried: false,
        };
        self.around(|persona, around| persona.delivered(delivery, around));
        self
    }

    /// What was done since this was last asked.
    fn did(&mut self) -> Vec<String> {
        std::mem::take(&mut self.clerk.0)
    }

    /// What was heard since this was last asked.
    fn heard(&mut self) -> Vec<S::Hears> {
        self.heard.drain(..).collect()
    }

    /// What was posted since this was last asked.
    fn posted(&mut self) -> Vec<String> {
        let posts = std::iter::from_fn(|| self.posts.try_recv().ok());
        let texts = posts.map(|(_, news)| match news {
            News::Posted(posted) => match posted.what {
                Post::Says(text) => text,
                other => format!("{other:?}"),
            },
            other => panic!("{other:?}"),
        });
        texts.collect()
    }
}

const CHAT: &str = "bh-00c0ffee-c17-0-u-0";

fn message(chat: Option<ChatNumber>, text: &str) -> Tidings {
    Tidings::Message {
        chat,
        text: text.into(),
        server_ms: None,
    }
}

fn open() -> FromCustomer {
    FromCustomer::Open {
        marker: CHAT.into(),
        text: Some("bh-00c0ffee-c17-0-u-1 hello".into()),
        priority: 0,
        ticket: None,
    }
}

#[test]
fn a_customer_is_heard_once_an_agent_has_the_chat() {
    let mut customer: Person<CustomerSide> =
        Person::at(Dispatch::Server, Audience::Chat, WrapUp::DelayClose);
    customer.says(&open()).says(&FromCustomer::Typing {});
    assert_eq!(customer.did(), ["open 0"]);
    for position in [Some(3), Some(2)] {
        customer.told(Tidings::Queued { position });
    }
    customer.told(Tidings::Assigned { chat: 0 });
    assert_eq!(customer.did(), ["say 0 bh-00c0ffee-c17-0-u-1 hello"]);
    let heard = customer.heard();
    assert_eq!(heard.len(), 2, "another place is no news: {heard:?}");
    assert_eq!(heard[0], ToCustomer::Queued { position: 3 });
    // One's own words come back from some servers.
    customer.told(message(Some(0), "bh-00c0ffee-c17-0-u-1 hello"));
    assert_eq!(customer.heard(), []);
    customer.told(message(Some(0), "bh-00c0ffee-c17-0-a-1 yes"));
    assert!(matches!(
        customer.heard()[..],
        [ToCustomer::Message { seq: 1, .. }]
    ));
    assert!(!customer.persona.is_over());
    customer.told(Tidings::Closed { chat: 0 });
    let by = Party::Agent;
    assert_eq!(customer.heard(), [ToCustomer::Closed { by }]);
    assert!(customer.persona.is_over());
}

#[test]
fn a_close_waits_for_the_reply_that_was_said_before_it() {
    let mut customer: Person<CustomerSide> =
        Person::at(Dispatch::Busyhour, Audience::All, WrapUp::Native);
    customer.says(&open());
    // The dispatcher hears of the chat, and of no text.
    let posted = customer.posted();
    assert!(
        posted[0].contains(CHAT) && !posted[0].contains("hello"),
        "{posted:?}"
    );
    customer.delivered(&ToCustomer::Assigned { agent: 4 }, Some("ann"));
    assert_eq!(
        customer.did(),
        ["open 0", "meet 0 ann", "say 0 bh-00c0ffee-c17-0-u-1 hello"]
    );
    assert_eq!(
        customer.posted(),
        [r#"{"type":"say","seq":1,"text":"bh-00c0ffee-c17-0-u-1","heard":1}"#]
    );
    let (seq, text) = (1, "bh-00c0ffee-c17-0-a-1".to_owned());
    let by = Party::Agent;
    customer.heard();
    customer.delivered(&ToCustomer::Message { seq, text }, None);
    customer.delivered(&ToCustomer::Closed { by }, None);
    assert_eq!((customer.heard(), customer.waits), (vec![], true));
    // What is said to others is nothing to it.
    customer.told(message(None, "bh-00c0ffee-c18-0-a-1 no"));
    assert_eq!(customer.heard(), []);
    customer.told(message(None, "bh-00c0ffee-c17-0-a-1 yes"));
    let heard = customer.heard();
    assert!(matches!(heard[0], ToCustomer::Message { .. }), "{heard:?}");
    assert_eq!(heard[1], ToCustomer::Closed { by });
}

#[test]
fn what_does_not_come_is_waited_for_in_vain_for_a_while() {
    let mut customer: Person<CustomerSide> =
        Person::at(Dispatch::Busyhour, Audience::Chat, WrapUp::Native);
    customer.says(&open());
    customer.delivered(&ToCustomer::Assigned { agent: 4 }, Some("ann"));
    let (seq, text) = (1, "bh-00c0ffee-c17-0-a-1".to_owned());
    customer.delivered(&ToCustomer::Message { seq, text }, None);
    let by = Party::Agent;
    customer.delivered(&ToCustomer::Closed { by }, None);
    customer.heard();
    customer.around(Persona::gives_up_waiting);
    assert_eq!(customer.heard(), [ToCustomer::Closed { by }]);
}

fn agent(wrap_up: WrapUp, limit: u32) -> Person<AgentSide> {
    let mut agent: Person<AgentSide> = Person::at(Dispatch::Server, Audience::Chat, wrap_up);
    agent.says(&FromAgent::Online { agent: 3, limit });
    agent.told(Tidings::Online);
    assert_eq!(agent.heard(), [ToAgent::Online { agent: 3, limit }]);
    agent.did();
    agent
}

/// The chats that are assigned, by number.
fn assigned(heard: &[ToAgent]) -> Vec<u64> {
    let assigned = heard.iter().filter_map(|frame| match frame {
        ToAgent::Assigned { chat, .. } => Some(*chat),
        _ => None,
    });
    assigned.collect()
}

fn begins(agent: &mut Person<AgentSide>, chat: u64) {
    agent.told(Tidings::Assigned { chat });
    agent.told(message(
        Some(chat),
        &format!("bh-00c0ffee-c{chat}-0-u-1 hello"),
    ));
}

#[test]
fn a_chat_is_the_agents_from_its_first_message_on() {
    let mut agent = agent(WrapUp::DelayClose, 2);
    agent.told(Tidings::Assigned { chat: 17 });
    assert_eq!(agent.heard(), []);
    agent.told(message(Some(17), "bh-00c0ffee-c17-0-u-1 hello"));
    let heard = agent.heard();
    let [ToAgent::Assigned { marker, text, .. }] = &heard[..] else {
        panic!("{heard:?}");
    };
    assert_eq!(marker, CHAT);
    assert_eq!(text.as_deref(), Some("bh-00c0ffee-c17-0-u-1 hello"));
    agent.told(Tidings::Assigned { chat: 18 });
    agent.told(Tidings::Closed { chat: 18 });
    assert_eq!(agent.heard(), [], "who has said nothing was never there");
}

#[test]
fn a_close_is_delayed_to_the_end_of_the_wrap_up() {
    let mut agent = agent(WrapUp::DelayClose, 1);
    begins(&mut agent, 1);
    agent.says(&FromAgent::Close { chat: 1 });
    assert_eq!(agent.did(), Vec::<String>::new());
    agent.heard();
    // One too many, while the server takes the first for open.
    begins(&mut agent, 2);
    assert_eq!(assigned(&agent.heard()), [2]);
    agent.says(&FromAgent::Free { chat: 1 });
    assert_eq!(agent.did(), ["close 1", "free 1"]);
    assert_eq!(agent.heard(), [ToAgent::Freed { chat: 1 }]);
}

#[test]
fn who_wraps_up_unknown_to_the_server_takes_the_next_when_that_is_done() {
    let mut agent = agent(WrapUp::DelayClose, 1);
    begins(&mut agent, 1);
    agent.told(Tidings::Closed { chat: 1 });
    let heard = agent.heard();
    assert_eq!(heard.last(), Some(&ToAgent::Left { chat: 1 }));
    begins(&mut agent, 2);
    assert_eq!(agent.heard(), []);
    agent.says(&FromAgent::Free { chat: 1 });
    assert_eq!(assigned(&agent.heard()), [2]);
    agent.says(&FromAgent::Offline {});
    agent.told(Tidings::Closed { chat: 2 });
    agent.heard();
    agent.says(&FromAgent::Free { chat: 2 });
    assert_eq!(
        agent.heard(),
        [ToAgent::Freed { chat: 2 }, ToAgent::Offline {}]
    );
}

#[test]
fn who_is_to_be_away_while_wrapping_up_says_so() {
    let mut agent = agent(WrapUp::StatusAway, 2);
    for chat in [1, 2] {
        begins(&mut agent, chat);
    }
    agent.says(&FromAgent::Close { chat: 1 });
    agent.says(&FromAgent::Close { chat: 2 });
    assert_eq!(agent.did(), ["close 1", "offline", "close 2"]);
    agent.says(&FromAgent::Free { chat: 1 });
    assert_eq!(agent.did(), ["free 1"]);
    agent.says(&FromAgent::Free { chat: 2 });
    assert_eq!(agent.did(), ["free 2", "online 2"]);
    agent.heard();
    agent.told(Tidings::Online);
    assert_eq!(agent.heard(), []);
}

#[test]
fn what_overtakes_the_news_of_a_chat_is_kept_for_it() {
    let mut agent: Person<AgentSide> =
        Person::at(Dispatch::Busyhour, Audience::All, WrapUp::Native);
    agent.told(message(None, "bh-00c0ffee-c17-0-u-1 hello"));
    agent.told(message(None, "bh-00c0ffee-c18-0-u-1 to another"));
    assert_eq!(agent.heard(), []);
    let news = ToAgent::Assigned {
        chat: 9,
        marker: CHAT.into(),
        text: None,
        turn: 0,
        answered: 0,
        pending: None,
    };
    agent.delivered(&news, Some("bob"));
    assert_eq!(agent.did(), ["meet 9 bob"]);
    let heard = agent.heard();
    let [
        ToAgent::Assigned { chat: 9, .. },
        ToAgent::Message {
            chat: 9, seq: 1, ..
        },
    ] = &heard[..]
    else {
        panic!("{heard:?}");
    };
    // Many who are nobody's do not fill the memory.
    for number in 0..1_000 {
        agent.told(message(None, &format!("bh-00c0ffee-c{number}-1-u-1 x")));
    }
    assert_eq!(agent.persona.strangers(), 64);
}

#[test]
fn the_dispatcher_hears_of_a_reply_by_its_name() {
    let mut agent: Person<AgentSide> =
        Person::at(Dispatch::Busyhour, Audience::Chat, WrapUp::Native);
    let (chat, seq) = (9, 1);
    let text = "bh-00c0ffee-c17-0-a-1-h52 It comes".to_owned();
    agent.says(&FromAgent::Reply { chat, seq, text });
    assert_eq!(agent.did(), ["say 9 bh-00c0ffee-c17-0-a-1-h52 It comes"]);
    assert_eq!(
        agent.posted(),
        [r#"{"type":"reply","chat":9,"seq":1,"text":"bh-00c0ffee-c17-0-a-1-h52"}"#]
    );
}

/// What was on its way when the agent was through with a chat is heard, and not kept for the next.
#[test]
fn what_crosses_the_end_of_a_chat_is_heard() {
    let mut agent: Person<AgentSide> =
        Person::at(Dispatch::Server, Audience::Chat, WrapUp::DelayClose);
    agent.says(&FromAgent::Online { agent: 3, limit: 2 });
    agent.told(Tidings::Online);
    agent.told(Tidings::Assigned { chat: 1 });
    agent.told(message(Some(1), "bh-00c0ffee-c17-0-u-1 Hello"));
    agent.heard();
    agent.says(&FromAgent::Close { chat: 1 });
    agent.says(&FromAgent::Free { chat: 1 });
    assert_eq!(agent.heard(), [ToAgent::Freed { chat: 1 }]);
    agent.told(message(Some(1), "bh-00c0ffee-c17-0-u-2 Still there?"));
    let late = ToAgent::Message {
        chat: 1,
        seq: 2,
        text: "bh-00c0ffee-c17-0-u-2 Still there?".into(),
    };
    assert_eq!(agent.heard(), [late]);
    assert_eq!(agent.persona.strangers(), 0);
}

#[test]
fn who_takes_chats_asks_for_no_more_than_it_has_room_for() {
    let mut agent: Person<AgentSide> = Person::at(Dispatch::Pull, Audience::Chat, WrapUp::Native);
    agent.told(Tidings::Queued { position: Some(9) });
    agent.says(&FromAgent::Online { agent: 3, limit: 2 });
    assert_eq!(agent.did(), ["online 2"], "not before it is there");
    agent.told(Tidings::Online);
    assert_eq!(agent.did(), ["take"]);
    agent.told(Tidings::Queued { position: Some(8) });
    assert_eq!(agent.did(), [""; 0], "one is asked for");
    begins(&mut agent, 1);
    assert_eq!(agent.did(), ["take"]);
    begins(&mut agent, 2);
    assert_eq!(agent.did(), [""; 0], "it has no room");
    agent.says(&FromAgent::Close { chat: 1 });
    assert_eq!(agent.did(), ["close 1"], "it still works on it");
    agent.says(&FromAgent::Free { chat: 1 });
    assert_eq!(agent.did(), ["free 1", "take"]);
    agent.told(Tidings::Untaken { more: false });
    assert_eq!(agent.did(), [""; 0], "none waits, for all it knows");
    agent.told(Tidings::Queued { position: None });
    assert_eq!(agent.did(), ["take"]);
    // Who goes waits for what it has asked for.
    agent.told(Tidings::Closed { chat: 2 });
    agent.says(&FromAgent::Free { chat: 2 });
    agent.says(&FromAgent::Offline {});
    agent.heard();
    agent.told(Tidings::Untaken { more: true });
    assert_eq!(agent.heard(), [ToAgent::Offline {}]);
    assert_eq!(agent.did(), ["free 2", "offline"]);
}
