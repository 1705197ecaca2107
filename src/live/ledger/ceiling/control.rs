//! Owns `Control`: whether what is said alone is quick while others are late by what they say.
//!
//! Law: only what comes in the same second is compared: then a server that is slow, or a generator
//! that stood still, has both late. And those who are late by their own bytes are not late alike, as
//! those are who wait in one queue.

use super::line::LATE;
use super::{SIDES, Side};
use crate::time::Span;

/// Messages alone that are kept of a second.
const ALONE_MOST: usize = 256;

/// So many of a side tell whether it is quick.
const ALONE_LEAST: u32 = 10;

/// Of what those take who are late, at most so much is quick.
const QUICK: f64 = 0.25;

/// So many of those who are alone must be quick.
const MOSTLY: f64 = 0.9;

/// Who wait in one queue are late by the same, but for so much of it.
const ALIKE: f64 = 0.05;

/// Powers of two, of bytes a second.
const STEPS: usize = 32;

/// Whether what is said alone is quick while others are late.
#[derive(Debug, Default)]
pub(super) struct Control {
    /// The second that is looked at.
    second: u64,
    /// By side, those who were late by what they said.
    late: [Late; 2],
    /// By side, over all seconds: the square of how late they were, and of how unlike that was.
    unlike: [(f64, f64); 2],
    alone: Vec<Alone>,
    /// By the side of who is late, and of who is alone, by how much the latter asks.
    told: [[[Told; STEPS]; 2]; 2],
}

/// Messages that were late: how many, by how many seconds in all, and the sum of the squares.
#[derive(Clone, Copy, Debug, Default)]
struct Late {
    count: u32,
    secs: f64,
    squares: f64,
}

/// A message that was alone.
#[derive(Clone, Copy, Debug)]
struct Alone {
    side: Side,
    step: usize,
    took_s: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Told {
    all: u32,
    quick: u32,
}

impl Control {
    /// What follows is read then.
    pub fn turn_to(&mut self, read: Span) {
        let second = read.0 / Span::from_secs(1).0;
        if second > self.second {
            self.second = second;
            self.settle();
        }
    }

    /// A message of that side was behind others of its own session.
    pub fn behind(&mut self, side: Side, took: Span) {
        if took >= LATE {
            let (late, secs) = (&mut self.late[side as usize], took.as_secs_f64());
            late.count += 1;
            late.secs += secs;
            late.squares += secs * secs;
        }
    }

    /// A message was alone, and its session asks so many bytes a second.
    pub fn alone(&mut self, side: Side, asks: f64, took: Span) {
        if self.alone.len() < ALONE_MOST {
            self.alone.push(Alone {
                side,
                step: (asks.max(1.0).log2() as usize).min(STEPS - 1),
                took_s: took.as_secs_f64(),
            });
        }
    }

    fn settle(&mut self) {
        for side in SIDES.map(|side| side as usize) {
            let late = std::mem::take(&mut self.late[side]);
            if late.count == 0 {
                continue;
            }
            let mean = late.secs / f64::from(late.count);
            for alone in &self.alone {
                let told = &mut self.told[side][alone.side as usize][alone.step];
                told.all += 1;
                told.quick += u32::from(alone.took_s <= mean * QUICK);
            }
            let (square, unlike) = &mut self.unlike[side];
            *square += mean * late.secs;
            *unlike += late.squares - mean * late.secs;
        }
        self.alone.clear();
    }

    /// Whether those of a side who were late in the same second were so by more or less.
    pub fn is_unlike(&self, side: Side) -> bool {
        let (square, unlike) = self.unlike[side as usize];
        unlike > square * ALIKE * ALIKE
    }

    /// Whether those are quick who ask for half of that many bytes a second at most, while sessions of
    /// that side are late: on each side of which enough is known, and on one at least.
    pub fn is_quick(&self, late: Side, rate: f64) -> bool {
        let known = SIDES.into_iter().filter_map(|side| {
            let steps = self.told[late as usize][side as usize].iter().enumerate();
            let asks_most = |step: usize| (step as f64 + 1.0).exp2();
            let few = steps.filter(|(step, _)| asks_most(*step) <= rate / 2.0);
            let told = few.fold(Told::default(), |sum, (_, told)| Told {
                all: sum.all + told.all,
                quick: sum.quick + told.quick,
            });
            let is_quick = f64::from(told.quick) >= MOSTLY * f64::from(told.all);
            (told.all >= ALONE_LEAST).then_some(is_quick)
        });
        let known: Vec<bool> = known.collect();
        !known.is_empty() && known.into_iter().all(|is_quick| is_quick)
    }
}
