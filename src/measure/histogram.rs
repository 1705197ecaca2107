//! Owns `Histogram`: counts of a latency in HdrHistogram's own layout, and its export.
//!
//! Law: three significant digits in microseconds up to a bound that the plan gives; what lies
//! beyond is counted as overflow, never clipped, and exact zeros are counted apart. Recording is
//! one shift and one increment; the `hdrhistogram` crate writes the standard encoding afterwards.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

use crate::time::Span;

/// Sub-buckets of the first bucket: 2,048 keep three significant digits.
pub(super) const SUB_BUCKETS: u64 = 2_048;

/// The place of `value` when each doubling is cut into `half` parts and the first `2 * half`
/// values have places of their own.
#[inline]
fn place(value: u64, half: u64) -> usize {
    let bits = u64::BITS - (value | (2 * half - 1)).leading_zeros();
    let bucket = bits - (2 * half).ilog2();
    (u64::from(bucket) * half + (value >> bucket)) as usize
}

/// The least value of a place, and how many values share it.
pub(super) fn value_at(place: usize, half: u64) -> (u64, u64) {
    let place = place as u64;
    if place < 2 * half {
        return (place, 1);
    }
    let bucket = place / half - 1;
    ((place - bucket * half) << bucket, 1 << bucket)
}

/// Counts of a latency.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    zeros: u64,
    overflow: u64,
    total: u64,
}

impl Histogram {
    /// A histogram for values up to `bound`.
    pub fn new(bound: Span) -> Histogram {
        let places = place(bound.as_micros(), SUB_BUCKETS / 2) + 1;
        Histogram {
            counts: vec![0; places],
            zeros: 0,
            overflow: 0,
            total: 0,
        }
    }

    /// How many values were recorded.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many values lay beyond the bound.
    pub fn overflow(&self) -> u64 {
        self.overflow
    }

    /// Adds the counts of another histogram with the same bound.
    pub fn add(&mut self, other: &Histogram) {
        self.counts
            .iter_mut()
            .zip(&other.counts)
            .for_each(|(mine, theirs)| *mine += theirs);
        self.zeros += other.zeros;
        self.overflow += other.overflow;
        self.total += other.total;
    }

    /// The seconds that a share `p` of values lies at or below; `None` without values.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        quantile(&self.counts, self.zeros, self.total, p)
    }

    /// The standard encoding, V2 with deflate, in base64; values in microseconds, zeros included.
    pub fn encoded(&self) -> String {
        let bound = value_at(self.counts.len().max(2) - 1, SUB_BUCKETS / 2)
            .0
            .max(2);
        let mut standard = hdrhistogram::Histogram::<u64>::new_with_bounds(1, bound, 3)
            .expect("bounds of one and more with three digits are valid");
        standard.saturating_record_n(0, self.zeros);
        for (place, count) in self
            .counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
        {
            standard.saturating_record_n(value_at(place, SUB_BUCKETS / 2).0, *count);
        }
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&standard, &mut bytes)
            .expect("writing to memory does not fail");
        STANDARD.encode(bytes)
    }
}

/// Values in microseconds, each the middle of its place, with their counts, ascending, from the standard encoding in base64; none
/// where it is not that.
pub fn decoded(text: &str) -> Option<Vec<(u64, u64)>> {
    let bytes = STANDARD.decode(text).ok()?;
    let read = Deserializer::new().deserialize::<u64, _>(&mut bytes.as_slice());
    let histogram = read.ok()?;
    let recorded = histogram.iter_recorded();
    let middle = |value| histogram.median_equivalent(value);
    let counts = recorded.map(|step| (middle(step.value_iterated_to()), step.count_at_value()));
    Some(counts.collect())
}

/// How many places are looked at together: few of a replication's places are filled.
const AT_A_TIME: usize = 16;

/// Finds the values at ascending shares, each the middle of its place, as counts pass by.
struct Ranks<const N: usize> {
    /// How many values lie at or below each.
    wanted: [u64; N],
    /// How many of them are found.
    found: usize,
    /// How many values have passed.
    seen: u64,
    /// In seconds; infinite while not found.
    values: [f64; N],
}

impl<const N: usize> Ranks<N> {
    /// The ranks of shares among `total` values, of which `zeros` have passed.
    fn new(shares: [f64; N], zeros: u64, total: u64) -> Ranks<N> {
        let mut ranks = Ranks {
            wanted: shares.map(|share| ((share * total as f64).ceil() as u64).max(1)),
            found: 0,
            seen: 0,
            values: [f64::INFINITY; N],
        };
        ranks.reach(zeros, 0.0);
        ranks
    }

    /// So many more values have passed, the last of them `value`.
    fn reach(&mut self, count: u64, value: f64) {
        self.seen += count;
        while self.found < N && self.seen >= self.wanted[self.found] {
            self.values[self.found] = value;
            self.found += 1;
        }
    }

    /// The counts of places from `first` on pass by.
    #[inline]
    fn pass<C: Copy + Into<u64>>(&mut self, counts: &[C], first: usize) {
        let sum: u64 = counts.iter().map(|count| (*count).into()).sum();
        if self.found == N || self.seen + sum < self.wanted[self.found] {
            self.seen += sum;
            return;
        }
        for (count, place) in counts.iter().zip(first..) {
            let (low, width) = value_at(place, SUB_BUCKETS / 2);
            self.reach((*count).into(), (low as f64 + width as f64 / 2.0) * 1e-6);
        }
    }

    /// The values; `None` where there were none to pass.
    fn values(&self, total: u64) -> Option<[f64; N]> {
        (total > 0).then_some(self.values)
    }
}

/// The seconds that a share `p` of values lies at or below.
fn quantile<C: Copy + Into<u64>>(counts: &[C], zeros: u64, total: u64, p: f64) -> Option<f64> {
    let mut ranks = Ranks::new([p], zeros, total);
    let together = counts.chunks(AT_A_TIME).enumerate();
    together.for_each(|(number, counts)| ranks.pass(counts, number * AT_A_TIME));
    ranks.values(total).map(|[value]| value)
}

/// The parts of `AT_A_TIME` places whose bits are set, in order.
fn parts(touched: &[u64]) -> impl Iterator<Item = usize> + '_ {
    touched.iter().enumerate().flat_map(|(word, bits)| {
        let mut bits = *bits;
        std::iter::from_fn(move || {
            let part = (bits != 0).then(|| word * 64 + bits.trailing_zeros() as usize);
            bits &= bits.wrapping_sub(1);
            part
        })
    })
}

/// The places of a part, of so many in all.
fn part_of(part: usize, places: usize) -> std::ops::Range<usize> {
    part * AT_A_TIME..((part + 1) * AT_A_TIME).min(places)
}

/// The shares whose quantiles a series has, as in `catalogue::STATISTICS`.
pub const SHARES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// A latency with its place among those of a histogram, found once for all that count it.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The latency.
    pub span: Span,
    /// Its place; microseconds.
    pub(super) place: usize,
}

impl Reading {
    /// The reading of a latency.
    #[inline]
    pub fn of(span: Span) -> Reading {
        Reading {
            span,
            place: place(span.as_micros(), SUB_BUCKETS / 2),
        }
    }
}

/// A latency within one replication: counts, sum and greatest value.
#[derive(Clone, Debug)]
pub struct Series {
    counts: Vec<u32>,
    /// A bit for each `AT_A_TIME` places: whether one of them has a count.
    touched: Vec<u64>,
    zeros: u64,
    overflow: u64,
    moments: Moments,
}

/// Count, sum and greatest value of a latency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many values.
    pub count: u64,
    /// Their sum in nanoseconds.
    pub sum: u128,
    /// The greatest.
    pub max: Span,
}

impl Moments {
    /// Counts one value.
    #[inline]
    pub fn record(&mut self, value: Span) {
        self.count += 1;
        self.sum += u128::from(value.0);
        self.max = self.max.max(value);
    }

    /// Adds the values of another.
    pub fn add(&mut self, other: &Moments) {
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// The sum in seconds.
    pub fn seconds(&self) -> f64 {
        self.sum as f64 * 1e-9
    }

    /// The mean in seconds; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.seconds() / self.count as f64)
    }
}

/// What one replication says of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// Count, sum and greatest value.
    pub moments: Moments,
    /// The quantiles at `SHARES` in seconds; `None` without values.
    pub quantiles: Option<[f64; 4]>,
}

impl Series {
    /// A series for values up to `bound`.
    pub fn new(bound: Span) -> Series {
        let places = place(bound.as_micros(), SUB_BUCKETS / 2) + 1;
        Series {
            counts: vec![0; places],
            touched: vec![0; places / AT_A_TIME / 64 + 1],
            zeros: 0,
            overflow: 0,
            moments: Moments::default(),
        }
    }

    /// Counts one value.
    #[inline]
    pub fn record(&mut self, value: Span) {
        self.moments.record(value);
        self.count(Reading::of(value));
    }

    /// Counts one value whose moments are kept elsewhere: `add_moments` brings them in.
    #[inline]
    pub fn count(&mut self, reading: Reading) {
        if reading.span == Span::ZERO {
            self.zeros += 1;
            return;
        }
        let place = reading.place;
        match self.counts.get_mut(place) {
            Some(count) => {
                *count += 1;
                let part = place / AT_A_TIME;
                self.touched[part / 64] |= 1 << (part % 64);
            }
            None => self.overflow += 1,
        }
    }

    /// Brings in the moments of values that were only counted.
    pub fn add_moments(&mut self, moments: &Moments) {
        self.moments.add(moments);
    }

    /// Adds the values of another series with the same bound.
    pub fn absorb(&mut self, other: &Series) {
        for part in parts(&other.touched) {
            let places = part_of(part, self.counts.len());
            let others = &other.counts[places.clone()];
            for (count, other) in self.counts[places].iter_mut().zip(others) {
                *count += other;
            }
        }
        let both = self.touched.iter_mut().zip(&other.touched);
        both.for_each(|(mine, theirs)| *mine |= theirs);
        self.zeros += other.zeros;
        self.overflow += other.overflow;
        self.moments.add(&other.moments);
    }

    /// The seconds that a share `p` of values lies at or below; `None` without values.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        let total = self.moments.count;
        let mut ranks = Ranks::new([p], self.zeros, total);
        for part in parts(&self.touched) {
            let places = part_of(part, self.counts.len());
            ranks.pass(&self.counts[places.clone()], places.start);
        }
        ranks.values(total).map(|[value]| value)
    }

    /// How many values are from `least` to below `most`.
    pub fn count_within(&self, least: Span, most: Span) -> u64 {
        let place = |span: Span| Reading::of(span).place.min(self.counts.len());
        let within = &self.counts[place(least)..place(most)];
        let zeros = if least == Span::ZERO { self.zeros } else { 0 };
        zeros + within.iter().map(|count| u64::from(*count)).sum::<u64>()
    }

    /// Moves everything into the pool and says what this replication found.
    pub fn drain_into(&mut self, pool: &mut Histogram) -> Summary {
        let total = self.moments.count;
        let mut ranks = Ranks::new(SHARES, self.zeros, total);
        for part in parts(&self.touched) {
            let places = part_of(part, self.counts.len());
            let pooled = &mut pool.counts[places.clone()];
            let counts = &mut self.counts[places.clone()];
            ranks.pass(counts, places.start);
            for (count, pooled) in counts.iter_mut().zip(pooled) {
                *pooled += u64::from(std::mem::take(count));
            }
        }
        self.touched.fill(0);
        pool.zeros += std::mem::take(&mut self.zeros);
        pool.overflow += std::mem::take(&mut self.overflow);
        pool.total += total;
        Summary {
            moments: std::mem::take(&mut self.moments),
            quantiles: ranks.values(total),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUND: Span = Span::from_secs(100_000);

    #[test]
    fn places_are_dense_and_ascend() {
        for half in [32, 1_024] {
            let mut last = None;
            for value in (0..100_000).chain((100_000..50_000_000).step_by(997)) {
                let here = place(value, half);
                let (low, width) = value_at(here, half);
                assert!((low..low + width).contains(&value), "{value}");
                assert!(last.is_none_or(|last| here == last || here == last + 1 || value > 99_999));
                last = Some(here);
            }
        }
    }

    proptest! {
        /// Pooled quantiles and the exported encoding agree with the hdrhistogram crate, within
        /// three digits.
        #[test]
        fn agrees_with_hdrhistogram(
            values in prop::collection::vec(prop_oneof![Just(0u64), 1u64..10_000_000_000], 1..300),
        ) {
            let mut standard = hdrhistogram::Histogram::<u64>::new(3).unwrap();
            let (mut series, mut pool) = (Series::new(BOUND), Histogram::new(BOUND));
            for micros in &values {
                standard.record(*micros).unwrap();
                series.record(Span(micros * 1_000));
            }
            let so_far = SHARES.map(|p| series.quantile(p).unwrap());
            let summary = series.drain_into(&mut pool);
            prop_assert_eq!(summary.moments.count, values.len() as u64);
            prop_assert_eq!(summary.quantiles, Some(so_far));
            let bytes = STANDARD.decode(pool.encoded()).unwrap();
            let read: hdrhistogram::Histogram<u64> =
                Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
            prop_assert_eq!(read.len(), values.len() as u64);
            let counts = decoded(&pool.encoded()).unwrap();
            prop_assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), read.len());
            prop_assert!(counts.is_sorted());
            for (index, p) in SHARES.into_iter().enumerate() {
                let (ours, theirs) = (pool.quantile(p).unwrap(), standard.value_at_quantile(p));
                prop_assert!((ours * 1e6 - theirs as f64).abs() <= 1.0 + theirs as f64 * 1e-3);
                prop_assert_eq!(ours, summary.quantiles.unwrap()[index]);
                prop_assert_eq!(read.value_at_quantile(p), theirs);
            }
        }
    }

    #[test]
    fn what_lies_beyond_is_told() {
        let (mut series, bound) = (Series::new(Span::from_secs(1)), Span::from_secs(1));
        let mut pool = Histogram::new(bound);
        series.record(Span::from_secs(5));
        series.record(Span::from_millis(1));
        series.drain_into(&mut pool);
        assert_eq!((pool.total(), pool.overflow()), (2, 1));
        assert_eq!(pool.quantile(0.9), Some(f64::INFINITY));
    }
}
