//! Owns `Orbit`: those who will come again, by means.
//!
//! Law: of each cause a share comes again, at a rate of one over the mean delay; the classes count
//! by their shares of the customers, whichever of them a cause strikes more often.

use crate::center::rules::{Again, CustomerClasses};

/// Those who will come again, by cause.
pub struct Orbit {
    abandoned: Waiting,
    rejected: Waiting,
    unresolved: Waiting,
}

/// Those who will come again for one cause.
struct Waiting {
    /// The share of those it strikes.
    chance: f64,
    /// Mean delay in seconds.
    after: f64,
    /// How many there are.
    there: f64,
}

impl Waiting {
    fn of(customers: &CustomerClasses, why: Again) -> Waiting {
        let mean = |of: &dyn Fn(f64, f64) -> f64| {
            customers.mean(|class| {
                let retry = class.retry.of(why);
                retry.map_or(0.0, |retry| of(retry.chance, retry.after.mean()))
            })
        };
        let chance = mean(&|chance, _| chance);
        let delay = mean(&|chance, after| chance * after);
        Waiting {
            chance,
            after: if chance > 0.0 { delay / chance } else { 1.0 },
            there: 0.0,
        }
    }

    fn come(&mut self, length: f64) -> f64 {
        let come = self.there * -(-length / self.after).exp_m1();
        self.there -= come;
        come
    }

    fn join(&mut self, chats: f64) {
        self.there += self.chance * chats;
    }
}

impl Orbit {
    /// Nobody yet.
    pub fn of(customers: &CustomerClasses) -> Orbit {
        Orbit {
            abandoned: Waiting::of(customers, Again::Abandoned),
            rejected: Waiting::of(customers, Again::Rejected),
            unresolved: Waiting::of(customers, Again::Unresolved),
        }
    }

    /// How many come again over so many seconds.
    pub fn come(&mut self, length: f64) -> f64 {
        let all = [
            &mut self.abandoned,
            &mut self.rejected,
            &mut self.unresolved,
        ];
        all.into_iter().map(|waiting| waiting.come(length)).sum()
    }

    /// So many chats have been left, turned away and handled.
    pub fn join(&mut self, abandoned: f64, rejected: f64, handled: f64) {
        self.abandoned.join(abandoned);
        self.rejected.join(rejected);
        self.unresolved.join(handled);
    }
}
