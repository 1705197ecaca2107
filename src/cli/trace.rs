//! Owns `Trace`: whose story is told, as `--trace customer:17` asks for it.
//!
//! Law: whether that customer comes at all is known before the run, from the plan's arrivals.

use std::str::FromStr;

use super::console::Console;
use crate::error::{Error, Result};
use crate::measure::story::Story;
use crate::report::figure::grouped;
use crate::report::story;
use crate::scenario::plan::Plan;
use crate::scenario::stream::ArrivalStream;

/// Whose story is told, and of which attempt alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The customer's number, by arrival.
    pub customer: u32,
    /// The attempt; all where none is named.
    attempt: Option<u32>,
}

impl FromStr for Trace {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Trace, Self::Err> {
        const EXPECTED: &str =
            "`customer:17`, or `customer:17.2` for its attempt 2, is expected (the first is 0)";
        let who = text.strip_prefix("customer:").ok_or(EXPECTED)?;
        let (customer, attempt) = match who.split_once('.') {
            Some((customer, attempt)) => (customer, Some(attempt)),
            None => (who, None),
        };
        let number = |digits: &str| digits.parse::<u32>().map_err(|_| EXPECTED);
        Ok(Trace {
            customer: number(customer)?,
            attempt: attempt.map(number).transpose()?,
        })
    }
}

impl Trace {
    /// Sees that the customer comes in this replication.
    ///
    /// # Errors
    /// Refused: fewer customers come.
    pub fn check(self, plan: &Plan, replication: u32) -> Result<()> {
        let stream = ArrivalStream::new(plan, replication);
        let first = stream.first_number();
        let came = stream.count();
        let behind = u64::from(first) + came as u64;
        if (u64::from(first)..behind).contains(&self.customer.into()) {
            return Ok(());
        }
        let who = match came {
            0 => "nobody comes".to_string(),
            came => format!(
                "{} come, customer:{first} to customer:{}",
                grouped(came as f64, 0),
                behind - 1
            ),
        };
        Err(Error::refused(format!(
            "there is no customer {} in replication {replication}: {who}",
            self.customer
        ))
        .with_remedy("customers are numbered by their arrival, from 0 at the scenario's start"))
    }

    /// Tells the story.
    ///
    /// # Errors
    /// Refused: the customer had no such attempt. Failed: stdout cannot be written.
    pub fn tell(self, told: &Story, plan: &Plan, console: &Console) -> Result<()> {
        let attempts = told.attempts();
        if let Some(attempt) = self.attempt.filter(|attempt| *attempt >= attempts) {
            let customer = self.customer;
            return Err(
                Error::refused(format!("customer {customer} had no attempt {attempt}"))
                    .with_remedy(match attempts {
                        0 | 1 => format!("it came once: --trace customer:{customer}"),
                        several => {
                            format!("it came {several} times: attempts 0 to {}", several - 1)
                        }
                    }),
            );
        }
        let heading = format!("Customer {}\n\n", self.customer);
        let (width, colour) = (console.width, console.colour);
        let text = story::render(told, self.attempt, &plan.calendar, width, colour);
        console.tell(&(heading + &text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_named_with_or_without_an_attempt() {
        let all = Trace {
            customer: 17,
            attempt: None,
        };
        let third = Trace {
            customer: 17,
            attempt: Some(2),
        };
        assert_eq!("customer:17".parse(), Ok(all));
        assert_eq!("customer:17.2".parse(), Ok(third));
        for wrong in [
            "17",
            "customer:",
            "customer:x",
            "customer:1.",
            "agent:3",
            "customer:-1",
        ] {
            assert!(wrong.parse::<Trace>().is_err(), "{wrong}");
        }
    }
}
