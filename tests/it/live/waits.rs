//! The end of a run: what is missing is waited for, and nothing else.

use std::sync::atomic::Ordering;
use std::time::Duration;

use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::Time;
use serde_json::json;
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::clerk::Clerk;
use super::{EVER, timed};
use crate::stage::Stage;

/// One customer, who comes at 1 s on the wall, says its second message at 4 s and leaves at 14 s. The
/// server hands that message on so many seconds after it was said, if ever. Others may come until the
/// horizon. Says how many messages were lost and when the run was over, on the wall.
fn lost(speed: f64, after: Option<f64>, horizon: f64) -> (f64, f64) {
    let mut plan = timed(&[speed], &[(0, 0.0, EVER)]);
    plan.live.speed = speed;
    let constant = |secs: f64| Law::constant(secs * speed).unwrap();
    (plan.agents.reply, plan.agents.wrap_up) = (constant(2.0), constant(0.0));
    plan.outline.horizon = Time::from_secs_f64(horizon * speed);
    plan.customers.rules_mut().for_each(|rules| {
        rules.exchanges = CountLaw::constant(2).unwrap();
        (rules.think, rules.reply_patience) = (constant(1.0), constant(10.0));
    });
    let stage = Stage::new(plan, 0);
    let outcome = stage.against(move |door| async move {
        let mut clerk = Clerk::new(door);
        let mut agent = clerk.agent().await;
        let mut customer = clerk.guest().await;
        let open = customer.hear_of("open").await;
        let (marker, text) = (&open["marker"], &open["text"]);
        agent.tell(json!({ "type": "assigned", "chat": 1, "marker": marker, "text": text }));
        customer.tell(json!({ "type": "assigned", "agent": 0 }));
        let reply = agent.hear_of("reply").await;
        customer.tell(json!({ "type": "message", "seq": 1, "text": reply["text"] }));
        let said = customer.hear_of("say").await;
        let message = json!({ "type": "message", "chat": 1, "seq": 2, "text": said["text"] });
        let agents = agent.ear();
        spawn_local(async move {
            if let Some(secs) = after {
                sleep(Duration::from_secs_f64(secs)).await;
                let _ = agents.send(message);
            }
        });
        customer.hear_of("leave").await;
        customer.tell(json!({ "type": "closed", "by": "customer" }));
        agent.tell(json!({ "type": "left", "chat": 1 }));
        agent.hear_of("free").await;
        agent.tell(json!({ "type": "freed", "chat": 1 }));
        agent.hear_of("offline").await;
        agent.tell(json!({ "type": "offline" }));
        std::future::pending::<()>().await;
    });
    let ended = stage.watch.now.load(Ordering::Relaxed) as f64 / 1e9 / speed;
    let result = outcome.unwrap().result;
    assert_eq!(result.value("undelivered"), Some(0.0));
    (result.value("lost").unwrap(), ended)
}

#[test]
fn what_is_missing_is_waited_for_until_five_seconds_after_the_close() {
    for speed in [1.0, 60.0] {
        for (after, times, over) in [
            // There before the close.
            (Some(9.5), 0.0, 14.0),
            // Three seconds after it.
            (Some(13.0), 0.0, 17.0),
            // Never, or too late.
            (None, 1.0, 19.0),
            (Some(16.0), 1.0, 19.0),
        ] {
            let case = format!("{after:?}, speed {speed}");
            let (times_now, ended) = lost(speed, after, 5.0);
            assert_eq!(times_now, times, "{case}");
            let late = ended - over;
            assert!((0.0..0.7).contains(&late), "{case}: {ended}");
            // It makes no difference to what is lost that the run goes on.
            let (times_now, ended) = lost(speed, after, 40.0);
            assert_eq!(times_now, times, "{case}");
            assert!((40.0..40.7).contains(&ended), "{case}: {ended}");
        }
    }
}
