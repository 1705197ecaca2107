//! Owns what an agent makes of chats with strangers.
//!
//! Law: whatever is written in a stranger's message, it is the stranger's.

use super::*;

/// A stranger's chat is the agent's as soon as it is assigned, and nothing in it is ours but what an
/// agent of this run has written.
#[test]
fn a_strangers_chat_is_taken_at_once() {
    let mut agent: Person<AgentSide> =
        Person::at(Dispatch::Server, Audience::All, WrapUp::DelayClose);
    agent.strangers = Some(0x00c0_ffee);
    agent.says(&FromAgent::Online { agent: 3, limit: 2 });
    agent.told(Tidings::Online).heard();
    let assigned = |chat: u64, text: Option<&str>| ToAgent::Assigned {
        chat,
        marker: String::new(),
        text: text.map(str::to_owned),
        turn: 0,
        answered: 0,
        pending: None,
    };
    let said = |chat: u64, text: &str| ToAgent::Message {
        chat,
        seq: 0,
        text: text.to_owned(),
    };
    agent.told(Tidings::Assigned { chat: 1 });
    assert_eq!(agent.heard(), [assigned(1, None)]);
    // One chat alone need not be named.
    agent.told(message(None, "Hello?"));
    assert_eq!(agent.heard(), [said(1, "Hello?")]);
    // What was said just before the assignment comes with it.
    agent.told(message(Some(2), "bh-00c0ffee-c17-0-u-1 mine"));
    assert_eq!(agent.heard(), []);
    agent.told(Tidings::Assigned { chat: 2 });
    assert_eq!(
        agent.heard(),
        [assigned(2, Some("bh-00c0ffee-c17-0-u-1 mine"))]
    );
    agent.told(message(Some(2), "bh-00c0ffee-c196608-0-a-1 our own"));
    agent.told(message(Some(2), "bh-00000000-c5-0-a-1 of somebody else"));
    assert_eq!(
        agent.heard(),
        [said(2, "bh-00000000-c5-0-a-1 of somebody else")]
    );
    // Of which of two chats it is nobody knows.
    agent.told(message(None, "Hello?"));
    assert_eq!(agent.heard(), []);
    // A slot in which the agent wraps up is none: it waits, and may have gone before.
    agent.told(Tidings::Closed { chat: 1 });
    agent.told(Tidings::Assigned { chat: 3 });
    agent.told(Tidings::Assigned { chat: 4 });
    agent.told(Tidings::Closed { chat: 3 });
    assert_eq!(agent.heard(), [ToAgent::Left { chat: 1 }]);
    agent.says(&FromAgent::Free { chat: 1 });
    assert_eq!(
        agent.heard(),
        [ToAgent::Freed { chat: 1 }, assigned(4, None)]
    );
}
