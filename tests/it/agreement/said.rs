//! What people say has a size, comes in parts and is typed, and changes nothing of what happens.

use busyhour::center::rules::Policy;
use busyhour::live::Options;
use busyhour::scenario::plan::Messages;
use busyhour::stats::law::{Law, SizeLaw};
use busyhour::time::Span;

use super::cases::{Pace, everything};
use super::exact::{agree, in_grains};
use super::line::played;

#[test]
fn messages_of_any_size_in_parts_are_the_same_chats() {
    let mut plan = everything(Pace(1.0), Policy::FewestActive);
    plan.live.speed = 1.0;
    plan.messages = Messages {
        bytes: Some(SizeLaw::new(Law::lognormal(200.0, 1.0).unwrap(), 8_000)),
        parts: 3,
        typing: Some(Span::from_secs(10)),
        ..Messages::default()
    };
    agree("said", &plan, 2);
    let (outcome, stats, _) = played(&in_grains(&plan, 0), &Options::default());
    let value = |name| outcome.result.value(name).unwrap();
    // Of a chat that is never assigned the first message is handed on to nobody.
    let messages = stats.tally.messages as f64;
    let replies = outcome.result.measures["inter_message_s_mean"].samples as f64;
    assert!(
        messages >= 6.0 * replies,
        "{messages} for {replies} replies"
    );
    assert!(stats.tally.typing as f64 > replies, "{stats:?}");
    let delivered = outcome.result.measures["delivery_ms_p99"].samples as f64;
    assert!(delivered >= 3.0 * replies, "{delivered} for {replies}");
    assert_eq!(value("lost") + value("undelivered"), 0.0);
}
