//! What a free slot brings: an agent goes on when the server has said it, or says nothing.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use busyhour::scenario::plan::Plan;
use busyhour::stats::law::Law;
use busyhour::time::Time;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::clerk::{Clerk, Guest};
use super::{EVER, timed};
use crate::stage::Stage;

/// Three who come at 1, 2 and 3 s to an agent of two slots, whose replies take 20 s, twice as long
/// with both slots in use, and who is done with a chat when it has answered.
fn plan() -> Plan {
    let mut plan = timed(&[1.0, 2.0, 3.0], &[(0, 0.0, EVER)]);
    // They are all answered by then.
    plan.outline.horizon = Time::from_secs_f64(90.0);
    (plan.agents.concurrency, plan.outline.concurrency) = (2, 2);
    plan.agents.slow_down = vec![1.0, 2.0];
    plan.agents.wrap_up = Law::constant(0.0).unwrap();
    plan
}

/// What the server says when the first slot is free.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// After so many milliseconds, that it brings the third chat.
    Brings(u64),
    /// After so many milliseconds, that it brings nothing.
    Nothing(u64),
    /// That the frame cannot be followed.
    Refused,
    /// Nothing at all, and so of the others.
    Silent,
}

/// A server with the three customers and their agent.
struct Script {
    agent: Guest,
    customers: Vec<(Guest, String)>,
    answer: Answer,
    frees: u32,
}

impl Script {
    fn assign(&self, chat: usize) {
        let (customer, marker) = &self.customers[chat - 1];
        let assigned = json!({ "type": "assigned", "chat": chat, "marker": marker });
        self.agent.tell(assigned);
        customer.tell(json!({ "type": "assigned", "agent": 0 }));
    }

    fn relay(&self, reply: &Value) {
        let chat = reply["chat"].as_u64().unwrap() as usize;
        let message = json!({ "type": "message", "seq": 1, "text": reply["text"] });
        self.customers[chat - 1].0.tell(message);
    }

    /// The third chat is given out with the first slot or the second.
    async fn freed(&mut self, chat: &Value) {
        self.frees += 1;
        let freed = json!({ "type": "freed", "chat": chat });
        let error = json!({ "type": "error", "reason": "script", "chat": chat });
        match (self.frees, self.answer) {
            (1, Answer::Brings(after)) => {
                sleep(Duration::from_millis(after)).await;
                self.assign(3);
            }
            (1, Answer::Nothing(after)) => sleep(Duration::from_millis(after)).await,
            (1, Answer::Refused) => return self.agent.tell(error),
            (2, Answer::Nothing(_) | Answer::Refused | Answer::Silent) => self.assign(3),
            _ => {}
        }
        if !matches!(self.answer, Answer::Silent) {
            self.agent.tell(freed);
        }
    }
}

/// Plays the plan. Says when the server read the replies, in ms since the first customer came, and
/// what is remarked.
fn replies(answer: Answer) -> (Vec<u128>, Vec<String>) {
    let read = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&read);
    let outcome = Stage::new(plan(), 0).against(move |door| async move {
        let mut clerk = Clerk::new(door);
        let agent = clerk.agent().await;
        let mut script = Script {
            agent,
            customers: vec![clerk.customer().await],
            answer,
            frees: 0,
        };
        let began = Instant::now();
        script.assign(1);
        script.customers.push(clerk.customer().await);
        script.assign(2);
        script.customers.push(clerk.customer().await);
        let queued = json!({ "type": "queued", "position": 1 });
        script.customers[2].0.tell(queued);
        loop {
            let frame = script.agent.hear().await;
            match frame["type"].as_str().unwrap() {
                "reply" => {
                    noted.borrow_mut().push(began.elapsed().as_millis());
                    script.relay(&frame);
                }
                "free" => script.freed(&frame["chat"]).await,
                _ => {}
            }
        }
    });
    let read = read.borrow().clone();
    (read, outcome.unwrap().result.verdict.reasons)
}

#[test]
fn an_agent_goes_on_when_it_is_known_what_a_free_slot_brings() {
    // With the third chat there the second's reply takes 40 s. It begins when that was read.
    let none: [&str; 0] = [];
    for (after, second) in [(0, 60_000), (300, 60_300)] {
        let (read, remarks) = replies(Answer::Brings(after));
        assert_eq!(read, [20_000, second, second + 20_000], "{after}");
        assert_eq!(remarks, none, "{after}");
    }
    // Without it, it begins when the slot was free, however long the server took to say so.
    for after in [0, 300, 900] {
        let (read, remarks) = replies(Answer::Nothing(after));
        assert_eq!(read, [20_000, 40_000, 60_000], "{after}");
        assert_eq!(remarks, none, "{after}");
    }
    let (read, remarks) = replies(Answer::Refused);
    assert_eq!(read, [20_000, 40_000, 60_000]);
    assert_eq!(remarks, ["the server to an agent: script"]);
}

#[test]
fn a_server_that_does_not_say_it_is_waited_for_once() {
    let told = ["the server does not say what a free slot brings"];
    let (read, remarks) = replies(Answer::Silent);
    assert_eq!(read, [20_000, 40_000, 60_000]);
    assert_eq!(remarks, told);
    // One that takes longer is waited for again: a chat that comes late finds the second begun.
    let (read, remarks) = replies(Answer::Brings(1_500));
    assert_eq!(read, [20_000, 40_000, 60_000]);
    assert_eq!(remarks, told);
}
