//! Owns `Pace`: how often a second people may connect.
//!
//! Law: what the plan says is never delayed: a connect by plan takes its room and goes. Whoever comes
//! back without a plan waits for room, first come, first served.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How often a second people may connect.
#[derive(Debug)]
pub struct Pace {
    /// From one connect to the next; none where they may be as many as they like.
    gap: Option<Duration>,
    /// When there is room for the next.
    next: Cell<Option<Instant>>,
}

impl Pace {
    /// So many a second at most; none for any number.
    pub fn new(a_second: Option<f64>) -> Pace {
        Pace {
            gap: a_second.map(|rate| Duration::from_secs_f64(1.0 / rate)),
            next: Cell::new(None),
        }
    }

    /// Takes room for one; says when there is.
    fn room(&self) -> Option<Instant> {
        let (gap, now) = (self.gap?, Instant::now());
        let at = self.next.get().map_or(now, |next| next.max(now));
        self.next.set(Some(at + gap));
        Some(at)
    }

    /// One connects by plan.
    pub fn take(&self) {
        self.room();
    }

    /// Waits for room. Who gives up waiting leaves it unused.
    pub async fn wait(&self) {
        if let Some(at) = self.room() {
            sleep_until(at).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_comes_back_waits_for_room() {
        let pace = Pace::new(Some(10.0));
        let began = Instant::now();
        let mut came = Vec::new();
        for turn in 0..4 {
            match turn {
                0 | 2 => pace.take(),
                _ => pace.wait().await,
            }
            came.push(began.elapsed().as_millis());
        }
        assert_eq!(came, [0, 100, 100, 300]);
        Pace::new(None).wait().await;
        assert_eq!(began.elapsed().as_millis(), 300);
    }
}
