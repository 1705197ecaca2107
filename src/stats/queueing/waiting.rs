//! Owns `Waiting`: what becomes of customers who queue, first come first served, for a center that
//! gets free at a constant rate while it is full.
//!
//! Law: two figures of the center are enough, that rate and how likely it is full. So one set of
//! formulas serves plain servers and agents with several chats, with patience of any law.

use super::density::Density;
use super::patience::Patience;
use crate::stats::law::Impossible;

/// What becomes of customers in the queue.
#[derive(Clone, Debug)]
pub struct Waiting {
    arrivals: f64,
    patience: Patience,
    p_wait: f64,
    density: Density,
}

/// The share answered within a time, in the four published forms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServiceLevel {
    /// Answered in time, of all offered.
    pub of_offered: f64,
    /// Answered in time, of all answered.
    pub of_answered: f64,
    /// Answered in time, of all offered but those who left in time.
    pub less_short_abandons: f64,
    /// Answered in time or left in time, of all offered.
    pub with_short_abandons: f64,
}

impl Waiting {
    /// `arrivals` and `release` are rates; `ln_free` is the logarithm of the probability that the
    /// center has room over that of its being full with nobody waiting.
    ///
    /// # Errors
    /// Nobody leaves and no more are served than come: the queue grows without end.
    pub fn new(
        arrivals: f64,
        release: f64,
        patience: Patience,
        ln_free: f64,
    ) -> Result<Waiting, Impossible> {
        // Both are products, whose last digits are not to decide.
        if patience == Patience::Never && release <= arrivals * (1.0 + 1e-12) {
            return Err("the queue grows without end: agents finish no more than come".into());
        }
        let density = Density::new(arrivals, release, patience);
        let ln_full = release.ln() + density.ln_mass();
        Ok(Waiting {
            arrivals,
            patience,
            p_wait: 1.0 / (1.0 + (ln_free - ln_full).exp()),
            density,
        })
    }

    /// The probability that a customer has to wait.
    pub fn p_wait(&self) -> f64 {
        self.p_wait
    }

    /// The mean of `f` of the wait offered, over customers to whom one between `from` and `until`
    /// is offered; the others count as zero.
    fn mean(&self, from: f64, until: f64, f: impl Fn(f64) -> f64) -> f64 {
        self.p_wait * self.density.mean(from, until, f)
    }

    /// The share of customers who leave the queue.
    pub fn p_abandon(&self) -> f64 {
        self.mean(0.0, f64::INFINITY, |v| self.patience.ended(v))
    }

    /// The mean wait of all customers.
    pub fn wait_mean(&self) -> f64 {
        self.mean(0.0, f64::INFINITY, |v| self.patience.mean_up_to(v))
    }

    /// The mean wait of those who are answered.
    pub fn wait_answered_mean(&self) -> f64 {
        let sum = self.mean(0.0, f64::INFINITY, |v| v * self.patience.lasts(v));
        sum / (1.0 - self.p_abandon())
    }

    /// The mean wait of those who leave; `None` where nobody does.
    pub fn wait_abandoned_mean(&self) -> Option<f64> {
        let sum = self.mean(0.0, f64::INFINITY, |v| self.patience.mean_of_ended(v));
        Some(self.p_abandon()).filter(|p| *p > 0.0).map(|p| sum / p)
    }

    /// How many wait, by the clock (Little 1961).
    pub fn queue_mean(&self) -> f64 {
        self.arrivals * self.wait_mean()
    }

    /// The share of customers who wait longer than `t`, whatever becomes of them.
    pub fn p_wait_longer(&self, t: f64) -> f64 {
        self.patience.lasts(t) * self.p_offered_longer(t)
    }

    fn p_offered_longer(&self, t: f64) -> f64 {
        self.mean(t, f64::INFINITY, |_| 1.0)
    }

    /// The share of customers who are answered within `t`.
    fn p_answered_within(&self, t: f64) -> f64 {
        1.0 - self.p_wait + self.mean(0.0, t, |v| self.patience.lasts(v))
    }

    /// The share of customers who leave within `t`.
    fn p_abandon_within(&self, t: f64) -> f64 {
        let overtaken = self.mean(0.0, t, |v| self.patience.ended(v));
        overtaken + self.patience.ended(t) * self.p_offered_longer(t)
    }

    /// The service level within `t`.
    pub fn service_level(&self, t: f64) -> ServiceLevel {
        let (answered, short) = (self.p_answered_within(t), self.p_abandon_within(t));
        ServiceLevel {
            of_offered: answered,
            of_answered: answered / (1.0 - self.p_abandon()),
            less_short_abandons: answered / (1.0 - short),
            with_short_abandons: answered + short,
        }
    }

    /// The wait that a share `p` of those answered does not exceed.
    pub fn wait_quantile(&self, p: f64) -> f64 {
        let wanted = p * (1.0 - self.p_abandon());
        let (mut low, mut high) = (0.0, self.density.end());
        if 1.0 - self.p_wait >= wanted {
            return 0.0;
        }
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            let side = if self.p_answered_within(middle) < wanted {
                &mut low
            } else {
                &mut high
            };
            *side = middle;
        }
        high
    }
}
