//! The laws of queue and routing.

use super::*;
use crate::time::Span;

fn asked(secs: u64, level: u8) -> Request {
    Request {
        level,
        offered: at(secs),
        lot: 0,
    }
}

fn at(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

fn router(queue_limit: u32, agents: u32, limit: u32) -> Router {
    router_by(
        RouterRules::new(queue_limit, Policy::FewestActive),
        agents,
        limit,
    )
}

fn router_by(rules: RouterRules, agents: u32, limit: u32) -> Router {
    let mut router = Router::new(rules, agents, 16);
    (0..agents).for_each(|agent| router.online(AgentId(agent), limit));
    router
}

fn assign(router: &mut Router, chat: u32) -> Option<u32> {
    match router.offer(ChatId(chat), asked(0, 0)) {
        Offered::Accepted { .. } => router.next_assignment(at(0)).map(|a| a.agent.0),
        Offered::Rejected => None,
    }
}

#[test]
fn fewest_active_then_longest_since_assigned() {
    let mut router = router(u32::MAX, 3, 2);
    let given: Vec<_> = (0..6).map(|chat| assign(&mut router, chat)).collect();
    assert_eq!(given, [0, 1, 2, 0, 1, 2].map(Some));
    assert_eq!(assign(&mut router, 6), None);
    router.freed(AgentId(2));
    assert_eq!(router.next_assignment(at(0)).unwrap().agent, AgentId(2));
    // 1 was assigned before 2 and after 0.
    router.freed(AgentId(2));
    router.freed(AgentId(1));
    assert_eq!(assign(&mut router, 7), Some(1));
}

#[test]
fn at_once_is_as_by_the_queue() {
    for policy in Policy::ALL {
        let rules = RouterRules::new(u32::MAX, policy);
        let (mut ours, mut theirs) = (router_by(rules.clone(), 5, 2), router_by(rules, 5, 2));
        for chat in 0..400u32 {
            let request = Request {
                lot: chat.wrapping_mul(2_654_435_769),
                ..asked(0, 0)
            };
            theirs.offer(ChatId(chat % 11), request);
            let given = theirs.next_assignment(at(0));
            assert_eq!(
                ours.assign_at_once(ChatId(chat % 11), request),
                given,
                "{policy:?}"
            );
            // Free some slot, now and then.
            if chat % 10 > 3 || given.is_none() {
                let agent = (0..5)
                    .map(AgentId)
                    .find(|agent| ours.held(*agent) > chat % 2);
                let agent = agent.unwrap_or(AgentId(0));
                ours.freed(agent);
                theirs.freed(agent);
            }
            if given.is_none() {
                theirs.withdraw(ChatId(chat % 11));
            }
        }
    }
}

#[test]
fn the_order_survives_renumbering() {
    let mut router = router(u32::MAX, 3, 1);
    for chat in 0..20_000 {
        assert_eq!(assign(&mut router, chat % 4), Some(chat % 3));
        router.freed(AgentId(chat % 3));
    }
}

#[test]
fn the_queue_is_fifo_and_limited() {
    let mut router = router(2, 1, 1);
    assert_eq!(assign(&mut router, 0), Some(0));
    assert_eq!(
        router.offer(ChatId(1), asked(0, 0)),
        Offered::Accepted { ahead: 0 }
    );
    assert_eq!(
        router.offer(ChatId(2), asked(0, 0)),
        Offered::Accepted { ahead: 1 }
    );
    assert_eq!(router.offer(ChatId(3), asked(0, 0)), Offered::Rejected);
    router.withdraw(ChatId(1));
    assert_eq!(
        router.offer(ChatId(3), asked(0, 0)),
        Offered::Accepted { ahead: 1 }
    );
    assert_eq!(router.queued().collect::<Vec<_>>(), [ChatId(2), ChatId(3)]);
    router.freed(AgentId(0));
    assert_eq!(router.next_assignment(at(0)).unwrap().chat, ChatId(2));
}

#[test]
fn no_room_to_wait_means_loss() {
    let mut router = router(0, 1, 1);
    assert_eq!(assign(&mut router, 0), Some(0));
    assert_eq!(router.offer(ChatId(1), asked(0, 0)), Offered::Rejected);
}

#[test]
fn who_leaves_gets_no_chat_and_keeps_its_own() {
    let mut router = router(u32::MAX, 2, 1);
    assert_eq!(assign(&mut router, 0), Some(0));
    router.leaving(AgentId(0));
    router.leaving(AgentId(1));
    assert_eq!(assign(&mut router, 1), None);
    router.freed(AgentId(0));
    assert_eq!(router.next_assignment(at(0)), None);
    router.online(AgentId(1), 1);
    assert_eq!(router.next_assignment(at(0)).unwrap().agent, AgentId(1));
}

/// Chats given one after the other, each agent keeping what it gets.
fn given(policy: Policy, chats: u32) -> Vec<Option<u32>> {
    let mut router = router_by(RouterRules::new(u32::MAX, policy), 3, 2);
    (0..chats).map(|chat| assign(&mut router, chat)).collect()
}

#[test]
fn each_policy_gives_in_its_own_order() {
    assert_eq!(
        given(Policy::MostActiveFirst, 6),
        [0, 0, 1, 1, 2, 2].map(Some)
    );
    assert_eq!(given(Policy::RoundRobin, 6), [0, 1, 2, 0, 1, 2].map(Some));
    // Nobody has freed a slot: the lowest index with room.
    assert_eq!(given(Policy::LongestIdle, 6), [0, 0, 1, 1, 2, 2].map(Some));
}

#[test]
fn longest_idle_goes_by_the_last_slot_freed() {
    let mut router = router_by(RouterRules::new(u32::MAX, Policy::LongestIdle), 3, 1);
    (0..3).for_each(|chat| assert_eq!(assign(&mut router, chat), Some(chat)));
    for agent in [1, 0, 2] {
        router.freed(AgentId(agent));
    }
    assert_eq!(
        [3, 4, 5].map(|chat| assign(&mut router, chat)),
        [1, 0, 2].map(Some)
    );
}

#[test]
fn round_robin_skips_who_has_no_room() {
    let mut router = router_by(RouterRules::new(u32::MAX, Policy::RoundRobin), 3, 1);
    (0..3).for_each(|chat| assert_eq!(assign(&mut router, chat), Some(chat)));
    router.freed(AgentId(1));
    assert_eq!(assign(&mut router, 3), Some(1));
    for agent in [1, 0] {
        router.freed(AgentId(agent));
    }
    assert_eq!(
        [4, 5].map(|chat| assign(&mut router, chat)),
        [0, 1].map(Some)
    );
}

/// 3,000 chats to three agents: each share within 4.5 standard deviations of a third.
#[test]
fn random_routing_is_even_among_those_with_room() {
    let mut router = router_by(RouterRules::new(u32::MAX, Policy::Random), 4, 1);
    router.leaving(AgentId(1));
    let mut counts = [0i32; 4];
    for number in 0..3_000u32 {
        let request = Request {
            lot: number.wrapping_mul(2_654_435_769),
            ..asked(0, 0)
        };
        router.offer(ChatId(0), request);
        let agent = router.next_assignment(at(0)).unwrap().agent;
        counts[agent.index()] += 1;
        router.freed(agent);
    }
    assert_eq!(counts[1], 0);
    for agent in [0, 2, 3] {
        assert!((counts[agent] - 1_000).abs() < 116, "{counts:?}");
    }
}

fn levels(age_after: Span) -> Router {
    let rules = RouterRules {
        levels: 2,
        age_after,
        ..RouterRules::new(u32::MAX, Policy::FewestActive)
    };
    router_by(rules, 1, 1)
}

fn served(router: &mut Router, now: u64) -> Option<u32> {
    router.freed(AgentId(0));
    router.next_assignment(at(now)).map(|a| a.chat.0)
}

#[test]
fn higher_levels_go_first_and_age_raises_by_one() {
    let mut router = levels(Span::from_secs(100));
    assert_eq!(assign(&mut router, 0), Some(0));
    for (chat, secs, level) in [(1, 10, 0), (2, 20, 1), (3, 5, 0), (4, 15, 1)] {
        router.offer(ChatId(chat), asked(secs, level));
    }
    assert_eq!(
        served(&mut router, 30),
        Some(2),
        "the highest level, in order of coming"
    );
    // At 112 chat 1 (offered at 10) has aged to the level of chat 4, and is older.
    assert_eq!(served(&mut router, 112), Some(1));
    // Chat 3 came after 4 in its line, but was offered before it.
    assert_eq!(served(&mut router, 112), Some(3));
    assert_eq!(served(&mut router, 112), Some(4));
    assert_eq!(router.waiting(), 0);
}

#[test]
fn nobody_ages_beyond_the_highest_level() {
    let mut router = levels(Span::from_secs(1));
    assert_eq!(assign(&mut router, 0), Some(0));
    for (chat, secs, level) in [(1, 10, 0), (2, 11, 1), (3, 12, 0), (4, 39, 1), (5, 40, 0)] {
        router.offer(ChatId(chat), asked(secs, level));
    }
    // All but the last have aged, and go in order of their offers.
    let turns = [1, 2, 3, 4, 5].map(|_| served(&mut router, 40).unwrap());
    assert_eq!(turns, [1, 2, 3, 4, 5]);
}

#[test]
fn who_is_handed_over_comes_back_to_the_front_by_age() {
    let rules = RouterRules::new(u32::MAX, Policy::FewestActive);
    let mut router = router_by(rules, 1, 3);
    for chat in 0..3 {
        router.offer(ChatId(chat), asked(u64::from(chat), 0));
        assert!(router.next_assignment(at(2)).is_some());
    }
    router.offer(ChatId(3), asked(3, 0));
    router.leaving(AgentId(0));
    for chat in [1, 2, 0] {
        router.hand_over(AgentId(0), ChatId(chat), asked(chat.into(), 0));
    }
    assert_eq!(
        router.queued().map(|chat| chat.0).collect::<Vec<_>>(),
        [0, 1, 2, 3]
    );
    assert_eq!(router.send_away(at(9)), Some(ChatId(0)));
    router.withdraw(ChatId(1));
    assert_eq!(router.send_away(at(9)), Some(ChatId(2)));
    assert_eq!(router.send_away(at(9)), Some(ChatId(3)));
    assert_eq!(router.send_away(at(9)), None);
}

#[test]
fn nothing_is_assigned_at_the_ceiling() {
    let mut router = router(u32::MAX, 2, 2);
    router.set_ceiling(2);
    let given = [0, 1, 2].map(|chat| assign(&mut router, chat));
    assert_eq!(given, [Some(0), Some(1), None]);
    router.freed(AgentId(1));
    assert_eq!(router.next_assignment(at(0)).unwrap().agent, AgentId(1));
}
