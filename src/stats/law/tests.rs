//! The laws of the laws: means, spreads, quantiles, and what is refused.

use super::*;
use crate::random::{Kind, Population, Purpose};
use crate::time::Span;

/// Mean and standard deviation of `n` draws in seconds.
fn moments(law: &Law, n: u32) -> (f64, f64) {
    let draws = Population::new(7, 0, Kind::Customer).person(1, 0);
    let sample = |i| law.sample(&mut draws.at(Purpose::Think, i)).as_secs_f64();
    let mean = (0..n).map(sample).sum::<f64>() / f64::from(n);
    let square = (0..n).map(|i| (sample(i) - mean).powi(2)).sum::<f64>() / f64::from(n - 1);
    (mean, square.sqrt())
}

/// 10,000 lengths evenly from 0 to 120 s, not in order.
fn recorded() -> Law {
    let secs: Vec<f64> = (0..10_000u32)
        .map(|i| (f64::from(i * 7 % 10_000) + 0.5) * 0.012)
        .collect();
    Law::empirical(&secs).unwrap()
}

fn laws() -> Vec<(Law, f64)> {
    vec![
        (Law::exponential(60.0).unwrap(), 1.0),
        (Law::lognormal(60.0, 0.8).unwrap(), 0.8),
        (Law::gamma(60.0, 0.7).unwrap(), 0.7),
        (Law::gamma(60.0, 1.5).unwrap(), 1.5),
        (Law::weibull(60.0, 0.6).unwrap(), 0.6),
        (Law::weibull(60.0, 1.4).unwrap(), 1.4),
        (Law::uniform_by(60.0, 0.5).unwrap(), 0.5),
        (Law::erlang(4, 60.0).unwrap(), 0.5),
        (Law::hyperexponential(60.0, 2.0).unwrap(), 2.0),
        // Second moment 2 (0.75 x 40^2 + 0.25 x 120^2) = 9600, so cv^2 = 5/3.
        (
            Law::hyperexponential_of(&[(0.75, 40.0), (0.25, 120.0)]).unwrap(),
            (5.0f64 / 3.0).sqrt(),
        ),
        // Variance (20^2 + 40^2 + 120^2 - 20 x 40 - 20 x 120 - 40 x 120) / 18.
        (
            Law::triangular(20.0, 40.0, 120.0).unwrap(),
            (8_400.0f64 / 18.0).sqrt() / 60.0,
        ),
        (recorded(), 1.0 / 3f64.sqrt()),
        (
            Law::lognormal(60.0, 0.8)
                .unwrap()
                .in_grains(Span::from_millis(1)),
            0.8,
        ),
    ]
}

/// 3.9 standard errors (99.99 %) at 100,000 draws; the spread within 3 %.
#[test]
fn draws_have_the_mean_and_the_spread_asked_for() {
    for (law, cv) in laws() {
        assert!((law.mean() - 60.0).abs() < 1e-6, "{law:?}");
        let (mean, spread) = moments(&law, 100_000);
        assert!(
            (mean - 60.0).abs() < 3.9 * 60.0 * cv / 100_000f64.sqrt(),
            "{law:?} {mean}"
        );
        assert!((spread / 60.0 / cv - 1.0).abs() < 0.03, "{law:?} {spread}");
    }
}

/// The share of draws under each quantile, within 3.9 standard errors of a proportion.
#[test]
fn draws_fall_under_their_quantiles() {
    let draws = Population::new(7, 0, Kind::Customer).person(2, 0);
    for (law, _) in laws() {
        for p in [0.1, 0.5, 0.9] {
            let bound = law.quantile(p);
            let under = (0..50_000)
                .filter(|i| law.sample(&mut draws.at(Purpose::Reply, *i)).as_secs_f64() < bound)
                .count() as f64;
            let spread = (50_000.0 * p * (1.0 - p)).sqrt();
            assert!(
                (under - 50_000.0 * p).abs() < 3.9 * spread,
                "{law:?} {p} {under}"
            );
        }
    }
}

#[test]
fn laws_go_through_their_two_quantiles() {
    let (a, b) = ((0.5, 40.0), (0.9, 100.0));
    for law in [
        Law::lognormal_through(a, b).unwrap(),
        Law::gamma_through(a, b).unwrap(),
        Law::weibull_through(b, a).unwrap(),
    ] {
        assert!((law.quantile(0.5) - 40.0).abs() < 1e-6, "{law:?}");
        assert!((law.quantile(0.9) - 100.0).abs() < 1e-6, "{law:?}");
    }
    let law = Law::uniform_through((0.25, 10.0), (0.75, 20.0)).unwrap();
    assert!((law.quantile(0.0) - 5.0).abs() < 1e-9 && (law.quantile(1.0) - 25.0).abs() < 1e-9);
    let law = Law::exponential_through((0.5, 40.0)).unwrap();
    assert!((law.quantile(0.5) - 40.0).abs() < 1e-9);
    let law = Law::erlang_through(3, (0.9, 100.0)).unwrap();
    assert!((law.quantile(0.9) - 100.0).abs() < 1e-6, "{law:?}");
}

#[test]
fn impossible_parameters_are_refused() {
    assert!(Law::exponential(0.0).is_err());
    assert!(Law::lognormal(60.0, -1.0).is_err());
    assert!(Law::uniform_by(60.0, 0.6).is_err());
    assert!(Law::uniform(20.0, 10.0).is_err());
    assert!(Law::lognormal_through((0.5, 100.0), (0.9, 40.0)).is_err());
    assert!(Law::uniform_through((0.5, 10.0), (0.9, 100.0)).is_err());
    assert!(Law::erlang(2, 0.0).is_err());
    assert!(Law::hyperexponential(60.0, 1.0).is_err());
    assert!(Law::hyperexponential_of(&[(0.5, 10.0), (0.4, 20.0)]).is_err());
    assert!(Law::hyperexponential_of(&[(f64::NAN, 30.0)]).is_err());
    // From 0 to 100 s, but for the last digit of a difference.
    assert!(Law::uniform_through((0.05, 5.0), (0.95, 95.0)).is_ok());
    assert!(Law::hyperexponential_of(&[(1.0, 10.0), (0.0, 20.0)]).is_err());
    assert!(Law::hyperexponential_of(&[(0.5, 10.0), (0.5, 0.0)]).is_err());
    assert!(Law::hyperexponential_of(&[]).is_err());
    assert!(Law::triangular(20.0, 10.0, 30.0).is_err());
    assert!(Law::triangular(20.0, 20.0, 20.0).is_err());
    assert!(Law::triangular(-1.0, 20.0, 30.0).is_err());
    assert!(Law::empirical(&[]).is_err() && Law::empirical(&[1.0, -1.0]).is_err());
    assert!(Law::empirical(&[f64::NAN]).is_err());
    assert!(CountLaw::one_and_poisson(-1.0).is_err() && CountLaw::one_and_poisson(1e9).is_err());
    assert!(CountLaw::empirical(&[]).is_err() && CountLaw::empirical(&[2, 0]).is_err());
    assert!(CountLaw::geometric(0.5).is_err());
    assert!(CountLaw::constant(0).is_err());
}

/// Mean 5 within 3.9 standard errors; a share of 1/5 has one exchange, likewise.
#[test]
fn geometric_counts_start_at_one() {
    let law = CountLaw::geometric(5.0).unwrap();
    let draws = Population::new(7, 0, Kind::Customer).person(3, 0);
    let counts: Vec<u32> = (0..100_000)
        .map(|i| law.sample(&mut draws.at(Purpose::Exchanges, i)))
        .collect();
    let mean = counts.iter().map(|c| f64::from(*c)).sum::<f64>() / 1e5;
    assert!(
        (mean - 5.0).abs() < 3.9 * 20f64.sqrt() / 1e5f64.sqrt(),
        "{mean}"
    );
    let ones = counts.iter().filter(|c| **c == 1).count() as f64;
    assert!((ones - 2e4).abs() < 3.9 * (1e5f64 * 0.16).sqrt(), "{ones}");
}

/// Poisson and recorded counts: the mean within 3.9 standard errors, the variance told, and the
/// share of the first count.
#[test]
fn tables_of_counts_have_their_shares() {
    let recorded = CountLaw::empirical(&[3, 1, 1, 7, 3, 1, 2, 1]).unwrap();
    // Squares 9 + 1 + 1 + 49 + 9 + 1 + 4 + 1 = 75 of 8, mean 19/8.
    let exact = 75.0 / 8.0 - (19.0f64 / 8.0).powi(2);
    let draws = Population::new(7, 0, Kind::Customer).person(4, 0);
    for (law, mean, variance, first) in [
        (
            CountLaw::one_and_poisson(4.0).unwrap(),
            5.0,
            4.0,
            (-4f64).exp(),
        ),
        (
            CountLaw::one_and_poisson(0.5).unwrap(),
            1.5,
            0.5,
            (-0.5f64).exp(),
        ),
        (CountLaw::one_and_poisson(1e3).unwrap(), 1_001.0, 1e3, 0.0),
        (recorded, 19.0 / 8.0, exact, 0.5),
    ] {
        assert_eq!(law.mean(), mean);
        assert!((law.variance() / variance - 1.0).abs() < 1e-9, "{law:?}");
        let counts: Vec<u32> = (0..100_000)
            .map(|i| law.sample(&mut draws.at(Purpose::Exchanges, i)))
            .collect();
        let found = counts.iter().map(|c| f64::from(*c)).sum::<f64>() / 1e5;
        assert!(
            (found - mean).abs() < 3.9 * (variance / 1e5).sqrt(),
            "{found}"
        );
        let ones = counts.iter().filter(|c| **c == 1).count() as f64;
        let spread = (1e5 * first * (1.0 - first)).sqrt();
        assert!((ones - 1e5 * first).abs() <= 3.9 * spread, "{ones}");
    }
    assert_eq!(CountLaw::geometric(5.0).unwrap().variance(), 20.0);
    assert_eq!(CountLaw::one_and_poisson(0.0), Ok(CountLaw::Constant(1)));
}

#[test]
fn whole_grains_are_drawn_where_they_are_asked_for() {
    let grain = Span::from_millis(1);
    let draws = Population::new(7, 0, Kind::Customer).person(5, 0);
    for (law, _) in laws() {
        let rounded = law.clone().in_grains(grain);
        for i in 0..100 {
            let [exact, whole] =
                [&law, &rounded].map(|law| law.sample(&mut draws.at(Purpose::Think, i)));
            assert_eq!(whole, exact.in_grains(grain), "{law:?}");
            assert_eq!(whole.0 % grain.0, 0);
        }
    }
    assert_eq!(Law::Never.in_grains(grain), Law::Never);
    let odd = Law::Constant(Span(1_600_000)).in_grains(grain);
    assert_eq!(odd, Law::Constant(Span::from_millis(2)));
    let law = Law::exponential(60.0).unwrap();
    assert_eq!(law.clone().in_grains(Span(1)), law);
}

/// Beyond a quantile lies the rest.
#[test]
fn the_share_above_is_the_quantiles_other_side() {
    for (law, _) in laws() {
        for p in [0.01, 0.5, 0.999] {
            let found = law.share_above(law.quantile(p));
            // The recorded lengths are steps of 1e-4.
            assert!((found - (1.0 - p)).abs() < 1.01e-4, "{law:?} {p} {found}");
        }
    }
    assert!(Law::Constant(Span::from_secs(5)).share_above(5.0) < 1e-8);
    assert!(Law::Constant(Span::from_secs(5)).share_above(4.9) > 1.0 - 1e-8);
}
