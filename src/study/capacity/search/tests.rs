//! Searches of servers that are made up: sharp, noisy, bound by the generator.

use proptest::prelude::*;

use super::*;

/// Plays a search to its end against a server, and says how many probes it took.
fn play(search: &mut Search, server: impl Fn(Trial) -> Vote) -> (Next, usize) {
    for probes in 0..1_000 {
        match search.next() {
            Next::Probe(trial) => search.take(trial, server(trial)),
            end => return (end, probes),
        }
    }
    panic!("the search does not end: {search:?}");
}

/// A server that holds up to a scale.
fn sharp(limit: f64) -> impl Fn(Trial) -> Vote {
    move |trial| match trial.scale <= limit {
        true => Vote::Held,
        false => Vote::Broke,
    }
}

fn ends(search: &Search) -> (f64, f64) {
    let Bracket { holds, breaks } = search.bracket();
    (holds.unwrap(), breaks.unwrap())
}

/// The scales in the order in which they were asked for.
fn asked(search: &Search) -> Vec<f64> {
    search.votes.iter().map(|(trial, _)| trial.scale).collect()
}

#[test]
fn it_doubles_and_then_cuts_in_the_middle() {
    let mut search = Search::new(1.0);
    let (end, probes) = play(&mut search, sharp(5.0));
    assert_eq!(end, Next::Found);
    let twice = |scales: &[f64]| scales.iter().flat_map(|s| [*s, *s]).collect::<Vec<_>>();
    let scales = twice(&[1.0, 2.0, 4.0, 8.0, 5.657, 4.757, 5.188, 4.968]);
    assert_eq!(asked(&search), scales);
    assert_eq!(probes, 16);
    assert_eq!(ends(&search), (4.968, 5.188));
}

#[test]
fn it_halves_where_the_first_breaks() {
    let mut search = Search::new(1.0);
    assert_eq!(play(&mut search, sharp(0.2)).0, Next::Found);
    assert_eq!(
        asked(&search)[..8],
        [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    );
    let (holds, breaks) = ends(&search);
    assert!(holds <= 0.2 && 0.2 < breaks && breaks / holds <= PRECISION);
}

#[test]
fn a_server_that_never_holds_or_always_does_ends_it() {
    let mut search = Search::new(3.0);
    assert_eq!(play(&mut search, |_| Vote::Broke).0, Next::BelowLeast);
    assert_eq!(search.bracket().holds, None);
    let mut search = Search::new(3.0);
    assert_eq!(play(&mut search, |_| Vote::Held).0, Next::BeyondMost);
    assert_eq!(search.bracket().breaks, None);
}

/// What held before stands; what broke before stands, too.
#[test]
fn the_generators_bound_ends_it_at_once() {
    let bound_from = |bound: f64, limit: f64| {
        move |trial: Trial| match trial.scale >= bound {
            true => Vote::Bound,
            false => sharp(limit)(trial),
        }
    };
    let mut search = Search::new(1.0);
    let (end, probes) = play(&mut search, bound_from(8.0, 100.0));
    assert_eq!((end, probes), (Next::Bound, 7));
    assert_eq!(
        search.bracket(),
        Bracket {
            holds: Some(4.0),
            breaks: None
        }
    );
    let mut search = Search::new(1.0);
    assert_eq!(play(&mut search, bound_from(1.0, 100.0)).0, Next::Bound);
    assert_eq!(search.bracket(), Bracket::default());
}

#[test]
fn the_third_seed_decides_where_two_disagree() {
    let votes = |third: Vote| {
        move |trial: Trial| match (trial.scale == 1.0, trial.seed) {
            (true, 0) => Vote::Held,
            (true, 1) | (false, _) => Vote::Broke,
            (true, _) => third,
        }
    };
    for (third, next) in [(Vote::Held, 2.0), (Vote::Broke, 0.5)] {
        let mut search = Search::new(1.0);
        for seed in 0..3 {
            let trial = Trial { scale: 1.0, seed };
            assert_eq!(search.next(), Next::Probe(trial));
            search.take(trial, votes(third)(trial));
        }
        assert_eq!(search.decided(1.0), Some(third));
        assert_eq!(
            search.next(),
            Next::Probe(Trial {
                scale: next,
                seed: 0
            })
        );
        let pair = Contradiction {
            broke: 1.0,
            held: 1.0,
        };
        assert_eq!(search.contradictions(), [pair]);
    }
}

/// A single seed that breaks at a scale decides nothing there, and contradicts those that hold at
/// greater ones.
#[test]
fn a_greater_scale_that_holds_is_a_contradiction() {
    let mut search = Search::new(1.0);
    let odd = |trial: Trial| match (trial.scale, trial.seed) {
        (2.0, 0) => Vote::Broke,
        _ => sharp(5.0)(trial),
    };
    assert_eq!(play(&mut search, odd).0, Next::Found);
    let pairs = search.contradictions();
    let told: Vec<_> = pairs.iter().map(|pair| (pair.broke, pair.held)).collect();
    assert_eq!(told, [(2.0, 2.0), (2.0, 4.0), (2.0, 4.757), (2.0, 4.968)]);
    let mut sound = Search::new(1.0);
    play(&mut sound, sharp(5.0));
    assert_eq!(sound.contradictions(), []);
}

proptest! {
    /// Wherever a server's limit lies, it is found within five per cent, in about as many steps as
    /// the bracket takes halvings.
    #[test]
    fn a_sharp_limit_is_found(from in 0.01f64..100.0, times in 0.002f64..1e5) {
        let limit = from * times;
        let mut search = Search::new(from);
        let (end, probes) = play(&mut search, sharp(limit));
        prop_assert_eq!(end, Next::Found);
        let (holds, breaks) = ends(&search);
        prop_assert!(holds <= limit && limit < breaks && breaks / holds <= PRECISION);
        let steps = times.log2().abs().ceil() as usize + 2 + 4;
        prop_assert!(probes <= 2 * steps, "{} for {}", probes, steps);
        prop_assert_eq!(search.contradictions(), vec![]);
    }

    /// A server that now and then breaks below its limit, or holds above it, within some per cent of
    /// it: the search ends, and both ends lie no farther off than the noise reaches.
    #[test]
    fn a_noisy_limit_is_found_within_its_noise(
        times in 0.01f64..1e3,
        noise in 0.0f64..0.3,
        lots in prop::collection::vec(-1.0f64..1.0, 200),
    ) {
        let next = std::cell::Cell::new(0);
        let noisy = |trial: Trial| {
            next.set(next.get() + 1);
            let lot = lots[next.get() % lots.len()];
            sharp(times * (1.0 + noise * lot))(trial)
        };
        let mut search = Search::new(1.0);
        let (end, _) = play(&mut search, noisy);
        prop_assert_eq!(end, Next::Found);
        let (holds, breaks) = ends(&search);
        prop_assert!(holds < breaks && breaks / holds <= PRECISION);
        prop_assert!(holds <= times * (1.0 + noise), "{} {}", holds, times);
        prop_assert!(breaks >= times * (1.0 - noise), "{} {}", breaks, times);
    }

    /// Whatever the verdicts, each scale has two seeds at least and three at most, the third only
    /// where the first two disagree, and the search ends.
    #[test]
    fn two_of_three_seeds_decide_whatever_they_say(lots in prop::collection::vec(any::<bool>(), 64)) {
        let next = std::cell::Cell::new(0);
        let wild = |_| {
            next.set(next.get() + 1);
            match lots[next.get() % lots.len()] {
                true => Vote::Held,
                false => Vote::Broke,
            }
        };
        let mut search = Search::new(1.0);
        play(&mut search, wild);
        for scale in search.scales() {
            let votes: Vec<Vote> = search.at(scale).collect();
            let agree = votes[0] == votes[1];
            prop_assert_eq!(votes.len(), if agree { 2 } else { 3 });
            let seeds = search.votes.iter().filter(|(t, _)| t.scale == scale);
            let seeds: Vec<u32> = seeds.map(|(trial, _)| trial.seed).collect();
            prop_assert_eq!(seeds, (0..votes.len() as u32).collect::<Vec<_>>());
            let pair = Contradiction { broke: scale, held: scale };
            prop_assert_eq!(search.contradictions().contains(&pair), !agree);
        }
    }
}
