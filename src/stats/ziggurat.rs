//! Owns the standard normal and the standard exponential draw.
//!
//! Law: bit for bit what `rand_distr` draws from the same stream. Its ziggurat (Marsaglia and Tsang
//! 2000) ends in the first step nearly always; that step stands here, short enough to be part of
//! whoever draws, and the rest is left to the library, from the same start.

mod edges;

use rand::Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};

use crate::random::Stream;
use edges::{EXPONENTIAL, NORMAL};

/// A standard normal draw.
#[inline(always)]
pub fn normal(stream: &mut Stream) -> f64 {
    let mut ahead = stream.clone();
    let word = ahead.next_u64();
    let (layer, edges) = ((word & 0xFF) as usize, &NORMAL);
    let x = (f64::from_bits(word >> 12 | 0x4000_0000_0000_0000) - 3.0) * edges[layer];
    if x.abs() < edges[layer + 1] {
        *stream = ahead;
        return x;
    }
    normal_seldom(stream)
}

/// A standard exponential draw.
#[inline(always)]
pub fn exponential(stream: &mut Stream) -> f64 {
    let mut ahead = stream.clone();
    let word = ahead.next_u64();
    let (layer, edges) = ((word & 0xFF) as usize, &EXPONENTIAL);
    let unit = f64::from_bits(word >> 12 | 0x3FF0_0000_0000_0000) - (1.0 - f64::EPSILON / 2.0);
    let x = unit * edges[layer];
    if x < edges[layer + 1] {
        *stream = ahead;
        return x;
    }
    exponential_seldom(stream)
}

#[cold]
fn normal_seldom(stream: &mut Stream) -> f64 {
    StandardNormal.sample(stream)
}

#[cold]
fn exponential_seldom(stream: &mut Stream) -> f64 {
    Exp1.sample(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Kind, Population, Purpose};

    /// 200,000 draws, some 3,000 of which do not end in the first step, and what the stream gives
    /// after each.
    #[test]
    fn draws_what_the_library_draws() {
        let people = Population::new(7, 0, Kind::Customer);
        let same = |ours: fn(&mut Stream) -> f64, theirs: fn(&mut Stream) -> f64| {
            for number in 0..100_000 {
                let mut mine = people.person(number, 0).at(Purpose::Think, 0);
                let mut standard = mine.clone();
                assert_eq!(ours(&mut mine), theirs(&mut standard), "{number}");
                assert_eq!(mine.next_u64(), standard.next_u64());
            }
        };
        same(normal, |stream| StandardNormal.sample(stream));
        same(exponential, |stream| Exp1.sample(stream));
    }

    #[test]
    fn edges_are_the_librarys() {
        // A word of zeros draws minus one edge; a quarter of it lies within the layer.
        let normal = |layer| -4.0 * sample(&StandardNormal, 3 << 61 | layer);
        // A word of zeros draws the least share of an edge, 2^-53 of it.
        let exponential = |layer| (1u64 << 53) as f64 * sample(&Exp1, layer);
        for layer in 0..256 {
            assert_eq!(NORMAL[layer], normal(layer as u64), "{layer}");
            assert_eq!(EXPONENTIAL[layer], exponential(layer as u64), "{layer}");
        }
        assert_eq!((NORMAL[1], NORMAL[256]), (3.654_152_885_361_009, 0.0));
        assert_eq!(
            (EXPONENTIAL[1], EXPONENTIAL[256]),
            (7.697_117_470_131_05, 0.0)
        );
    }

    /// What the library draws from a word; asked for more, it is told to take what it has.
    fn sample(law: &impl Distribution<f64>, word: u64) -> f64 {
        law.sample(&mut Given(Some(word)))
    }

    /// A generator that gives one word and then none but ones.
    struct Given(Option<u64>);

    impl rand::TryRng for Given {
        type Error = std::convert::Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            self.try_next_u64().map(|word| (word >> 32) as u32)
        }

        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(self.0.take().unwrap_or(u64::MAX))
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
            bytes.fill(u8::MAX);
            Ok(())
        }
    }
}
