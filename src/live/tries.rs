//! Owns `Tries`: when somebody who is not let in, or has lost its connection, tries once more.
//!
//! Law: by an exponential back-off with jitter, drawn by who tries, on the wall; and not for ever.
//! Without the jitter all who were cut at once would come back at once, again and again.

use std::time::Duration;

use tokio::time::Instant;

use crate::random::{Draws, Purpose};

/// The first pause, in seconds.
const FIRST_S: f64 = 0.5;

/// The longest pause, in seconds.
const LONGEST_S: f64 = 8.0;

/// The tries of somebody to get in, or back in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tries {
    /// Since when it is out.
    since: Option<Instant>,
    /// How many pauses it has made.
    made: u32,
}

impl Tries {
    /// When the next try is due, from now: after min(0.5 s x 2^k, 8 s) x (0.5 to 1), by the draws, and
    /// by how often they were asked before. None where that is longer than `most` from the first time.
    pub fn next(&mut self, draws: Draws, drawn: &mut u32, most: Duration) -> Option<Instant> {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        let pause = (FIRST_S * f64::from(self.made).exp2()).min(LONGEST_S);
        let jitter = 0.5 + 0.5 * draws.at(Purpose::BackOff, *drawn).unit();
        self.made += 1;
        *drawn = drawn.wrapping_add(1);
        let next = now + Duration::from_secs_f64(pause * jitter);
        (next <= since + most).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Kind, Population};

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_with_jitter_and_come_to_an_end() {
        let draws = |number| Population::new(1, 0, Kind::Customer).person(number, 0);
        let most = Duration::from_secs(30);
        let mut pauses = Vec::new();
        let (mut tries, mut drawn) = (Tries::default(), 0);
        let began = Instant::now();
        while let Some(next) = tries.next(draws(3), &mut drawn, most) {
            pauses.push((next - Instant::now()).as_secs_f64());
            tokio::time::sleep_until(next).await;
        }
        assert!(began.elapsed() <= most && began.elapsed() > most - Duration::from_secs(8));
        for (k, pause) in pauses.iter().enumerate() {
            let full = (0.5 * (k as f64).exp2()).min(8.0);
            assert!((0.5 * full..=full).contains(pause), "{k}: {pause}");
        }
        let other = |number| {
            let next = Tries::default().next(draws(number), &mut 0, most);
            next.unwrap() - Instant::now()
        };
        assert_eq!(other(4), other(4));
        assert_ne!(other(4), other(5));
        let none = Tries::default().next(draws(3), &mut 0, Duration::ZERO);
        assert_eq!(none, None);
    }
}
