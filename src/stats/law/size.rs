//! Owns `SizeLaw`: the distribution of a number of bytes.
//!
//! Law: a draw takes what a draw of a time takes, since it is one: a law of times in which a second
//! stands for a byte. So whatever can be said of times can be said of sizes, without a second set
//! of formulas.

use super::Law;
use crate::random::Stream;

/// The distribution of a number of bytes, cut at a greatest one.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeLaw {
    /// A second stands for a byte.
    law: Law,
    most: u32,
}

impl SizeLaw {
    /// The sizes whose law is `law` with a byte for each second; what is larger than `most` is
    /// `most`.
    pub fn new(law: Law, most: u32) -> SizeLaw {
        SizeLaw { law, most }
    }

    /// One draw, in whole bytes, the nearest.
    pub fn sample(&self, stream: &mut Stream) -> u32 {
        let bytes = self.law.sample(stream).as_secs_f64().round();
        (bytes as u32).min(self.most)
    }

    /// The most that is drawn, in bytes.
    pub fn greatest(&self) -> u32 {
        (self.law.longest().round() as u32).min(self.most)
    }

    /// The mean in bytes, before anything is cut.
    pub fn mean(&self) -> f64 {
        self.law.mean()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Kind, Population, Purpose};

    #[test]
    fn sizes_are_whole_bytes_around_their_mean_and_cut() {
        let law = SizeLaw::new(Law::lognormal(120.0, 1.0).unwrap(), 400);
        let people = Population::new(7, 0, Kind::Customer);
        let sizes = (0..20_000).map(|number| {
            let draws = people.person(number, 0);
            law.sample(&mut draws.at(Purpose::Bytes, 1))
        });
        let sizes: Vec<u32> = sizes.collect();
        assert_eq!(sizes.iter().max(), Some(&400));
        let sum: u32 = sizes.iter().sum();
        let mean = f64::from(sum) / sizes.len() as f64;
        // The tail beyond 400 bytes is cut: 3 % of a lognormal with this mean and cv.
        assert!((105.0..120.0).contains(&mean), "{mean}");
        assert_eq!((law.mean().round(), law.greatest()), (120.0, 400));
        let half = SizeLaw::new(Law::constant(99.5).unwrap(), 400);
        let draws = people.person(0, 0);
        assert_eq!(half.sample(&mut draws.at(Purpose::Bytes, 1)), 100);
        assert_eq!(half.greatest(), 100);
    }
}
