//! The built-in chat server over real loopback sockets.

mod hostile;
pub mod peer;

use busyhour::scenario::plan::Messages;
use serde_json::json;

use peer::{Peer, server, stopped};

#[tokio::test]
async fn a_whole_conversation() {
    let server = server(10);
    let mut agent = Peer::agent(&server, 3, 1).await;
    let mut customer = Peer::connect(&server, "/customer").await;
    let open = json!({"type": "open", "marker": "bh-1-c0-0-u-0", "text": "¿hola?"});
    customer.say(open).await;
    let assigned = agent.hear().await;
    let expected =
        json!({"type": "assigned", "chat": 1, "marker": "bh-1-c0-0-u-0", "text": "¿hola?"});
    assert_eq!(assigned, expected);
    assert_eq!(
        customer.hear().await,
        json!({"type": "assigned", "agent": 3})
    );
    let text = "first\n\u{1b}[31mline\u{202e} 😀";
    agent
        .say(json!({"type": "reply", "chat": 1, "seq": 1, "text": text}))
        .await;
    let heard = customer.hear().await;
    assert_eq!(
        heard,
        json!({"type": "message", "seq": 1, "text": text}),
        "text is relayed as is"
    );
    customer
        .say(json!({"type": "say", "seq": 2, "text": "thanks"}))
        .await;
    let heard = agent.hear().await;
    assert_eq!(
        heard,
        json!({"type": "message", "chat": 1, "seq": 2, "text": "thanks"})
    );
    agent.say(json!({"type": "close", "chat": 1})).await;
    assert_eq!(
        customer.hear().await,
        json!({"type": "closed", "by": "agent"})
    );
    assert_eq!(customer.hear_end().await, 1000);
    agent.say(json!({"type": "free", "chat": 1})).await;
    agent.freed(1).await;
    agent.say(json!({"type": "offline"})).await;
    assert_eq!(agent.hear().await, json!({"type": "offline"}));
    let stats = stopped(server, [agent, customer]);
    assert_eq!((stats.connections, stats.tally.chats), (2, 1));
    assert_eq!((stats.tally.messages, stats.tally.violations), (3, 0));
}

/// The first message in as many parts and as long as a scenario may ask for, said in the queue: all
/// of it comes with the chat, none too long for a frame, whatever JSON makes of it.
#[tokio::test]
async fn the_longest_messages_are_kept_and_handed_on() {
    let server = server(10);
    let text = "\"".repeat(Messages::MOST_BYTES as usize);
    let mut customer = Peer::connect(&server, "/customer").await;
    let open = json!({"type": "open", "marker": "m".repeat(64), "text": text});
    customer.say(open).await;
    for seq in 2..=Messages::MOST_PARTS {
        let said = json!({"type": "say", "seq": seq, "text": text});
        customer.say(said).await;
    }
    assert_eq!(customer.hear().await["type"], "queued");
    let mut agent = Peer::agent(&server, 0, 1).await;
    let assigned = agent.hear().await;
    assert_eq!(
        (&assigned["type"], &assigned["text"]),
        (&json!("assigned"), &json!(text))
    );
    for seq in 2..=Messages::MOST_PARTS {
        let message = json!({"type": "message", "chat": 1, "seq": seq, "text": text});
        assert_eq!(agent.hear().await, message);
    }
    let stats = stopped(server, [agent, customer]);
    assert_eq!((stats.garbage, stats.tally.violations), (0, 0));
    assert_eq!(stats.tally.messages, u64::from(Messages::MOST_PARTS));
}

#[tokio::test]
async fn the_queue_is_first_come_first_served_up_to_its_limit() {
    let server = server(3);
    let mut waiting = Vec::new();
    for position in 1..=3 {
        let mut customer = Peer::customer(&server, &format!("c{position}")).await;
        let queued = json!({"type": "queued", "position": position});
        assert_eq!(customer.hear().await, queued);
        waiting.push(customer);
    }
    let mut fourth = Peer::customer(&server, "c4").await;
    let rejected = json!({"type": "rejected", "reason": "queue-full"});
    assert_eq!(fourth.hear().await, rejected);
    assert_eq!(fourth.hear_end().await, 1000);
    let mut agent = Peer::agent(&server, 0, 2).await;
    agent.assigned("c1").await;
    agent.assigned("c2").await;
    assert_eq!(waiting[1].hear().await["type"], "assigned");
    waiting.extend([fourth, agent]);
    assert_eq!(stopped(server, waiting).tally.rejected, 1);
}

#[tokio::test]
async fn an_agent_never_holds_more_than_its_limit() {
    let server = server(10);
    let mut agent = Peer::agent(&server, 0, 2).await;
    let mut customers = Vec::new();
    for number in 0..5 {
        customers.push(Peer::customer(&server, &format!("c{number}")).await);
        let heard = customers[number].hear().await;
        let expected = if number < 2 { "assigned" } else { "queued" };
        assert_eq!(heard["type"], expected);
    }
    let mut held = vec![agent.assigned("c0").await, agent.assigned("c1").await];
    for number in 2..5 {
        let chat = held.remove(0);
        agent.say(json!({"type": "close", "chat": chat})).await;
        // Wrap-up holds the slot: nothing is assigned before it is over, so the next frame that
        // comes answers the next that is said.
        agent
            .say(json!({"type": "reply", "chat": chat, "seq": 9, "text": ""}))
            .await;
        let error = json!({"type": "error", "reason": "chat-closed", "chat": chat});
        assert_eq!(agent.hear().await, error);
        agent.say(json!({"type": "free", "chat": chat})).await;
        held.push(agent.assigned(&format!("c{number}")).await);
        agent.freed(chat).await;
    }
}

#[tokio::test]
async fn chats_go_to_the_agent_with_the_fewest() {
    let server = server(10);
    let mut first = Peer::agent(&server, 0, 3).await;
    let mut second = Peer::agent(&server, 1, 3).await;
    let (mut agents, mut customers) = (Vec::new(), Vec::new());
    for number in 0..4 {
        let mut customer = Peer::customer(&server, &format!("c{number}")).await;
        agents.push(customer.hear().await["agent"].as_u64().unwrap());
        customers.push(customer);
    }
    assert_eq!(agents, [0, 1, 0, 1]);
    first.assigned("c0").await;
    let freed = first.assigned("c2").await;
    second.assigned("c1").await;
    first.say(json!({"type": "close", "chat": freed})).await;
    first.say(json!({"type": "free", "chat": freed})).await;
    let mut customer = Peer::customer(&server, "c5").await;
    assert_eq!(customer.hear().await["agent"], 0);
}

#[tokio::test]
async fn customers_vanish_from_queue_and_chat() {
    let server = server(10);
    let mut agent = Peer::agent(&server, 0, 1).await;
    let mut talking = Peer::customer(&server, "c0").await;
    talking.hear().await;
    let chat = agent.assigned("c0").await;
    let mut waiting = Peer::customer(&server, "c1").await;
    assert_eq!(waiting.hear().await["position"], 1);
    let mut last = Peer::customer(&server, "c2").await;
    assert_eq!(last.hear().await["position"], 2);
    // Without a close frame, as when a train enters a tunnel.
    drop(waiting);
    drop(talking);
    assert_eq!(agent.hear().await, json!({"type": "left", "chat": chat}));
    // The slot stays held: the reply that crossed is no error, and nothing is assigned.
    agent
        .say(json!({"type": "reply", "chat": chat, "seq": 1, "text": "still there?"}))
        .await;
    agent.say(json!({"type": "close", "chat": 99})).await;
    assert_eq!(agent.hear().await["reason"], "not-your-chat");
    agent.say(json!({"type": "free", "chat": chat})).await;
    agent.assigned("c2").await;
    agent.freed(chat).await;
    assert_eq!(last.hear().await["type"], "assigned");
    last.say(json!({"type": "leave"})).await;
    assert_eq!(
        last.hear().await,
        json!({"type": "closed", "by": "customer"})
    );
    assert_eq!(last.hear_end().await, 1000);
    assert_eq!(agent.hear().await["type"], "left");
}

#[tokio::test]
async fn an_agent_who_vanishes_takes_its_chats_along() {
    let server = server(10);
    let agent = Peer::agent(&server, 0, 1).await;
    let mut talking = Peer::customer(&server, "c0").await;
    talking.hear().await;
    let mut waiting = Peer::customer(&server, "c1").await;
    waiting.hear().await;
    drop(agent);
    assert_eq!(
        talking.hear().await,
        json!({"type": "closed", "by": "server"})
    );
    assert_eq!(talking.hear_end().await, 1000);
    // Who waits, waits on, and gets the agent when it is back.
    let mut back = Peer::agent(&server, 0, 1).await;
    back.assigned("c1").await;
    assert_eq!(
        waiting.hear().await,
        json!({"type": "assigned", "agent": 0})
    );
}

#[tokio::test]
async fn an_agent_who_leaves_finishes_its_chats() {
    let server = server(10);
    let mut agent = Peer::agent(&server, 0, 2).await;
    let mut talking = Peer::customer(&server, "c0").await;
    talking.hear().await;
    let chat = agent.assigned("c0").await;
    agent.say(json!({"type": "offline"})).await;
    let mut waiting = Peer::customer(&server, "c1").await;
    assert_eq!(waiting.hear().await["type"], "queued");
    agent
        .say(json!({"type": "reply", "chat": chat, "seq": 1, "text": "one more thing"}))
        .await;
    assert_eq!(talking.hear().await["type"], "message");
    agent.say(json!({"type": "close", "chat": chat})).await;
    assert_eq!(talking.hear().await["type"], "closed");
    agent.say(json!({"type": "free", "chat": chat})).await;
    agent.freed(chat).await;
    assert_eq!(agent.hear().await, json!({"type": "offline"}));
    // The next shift, on the same connection.
    agent
        .say(json!({"type": "online", "agent": 0, "limit": 1}))
        .await;
    assert_eq!(agent.hear().await["type"], "online");
    agent.assigned("c1").await;
}
