//! All cases, family by family.
//!
//! Law: a case says which center has the law, and no more; the figures are read, not worked out.

mod arrivals;
mod chats;
mod servers;

use super::case::{Case, STRETCHES, See, Takes};
use super::center::Center;
use super::figures::{Exact, figures};

/// All cases.
pub(super) fn all() -> Vec<Case> {
    let figures = figures();
    let families = [
        servers::all(&figures),
        chats::all(&figures),
        arrivals::all(&figures),
    ];
    families.into_iter().flatten().collect()
}

/// A case seen in the result.
fn case(name: String, center: Center, exact: &Exact, millions: f64) -> Case {
    Case {
        name,
        center,
        exact: exact.clone(),
        see: See::Result,
        takes: Takes::Stretches {
            millions,
            replications: STRETCHES,
        },
    }
}

/// Each T of the service levels among the measures, in seconds.
fn times(exact: &Exact) -> Vec<f64> {
    let time = |name: &String| {
        let rest = name.strip_prefix("service_level_")?;
        rest.split_once('s')?.0.parse().ok()
    };
    let mut times: Vec<f64> = exact.keys().filter_map(time).collect();
    times.dedup();
    times
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::measure::catalogue;

    #[test]
    fn cases_have_names_of_their_own_and_know_their_measures() {
        let cases = all();
        let names: HashSet<&String> = cases.iter().map(|case| &case.name).collect();
        assert_eq!(names.len(), cases.len());
        assert!(cases.len() > 90, "{}", cases.len());
        for case in cases.iter().filter(|case| case.see == See::Result) {
            for measure in case.exact.keys() {
                let name = measure
                    .split_once(": ")
                    .map_or(measure.as_str(), |(_, name)| name);
                assert!(catalogue::find(name).is_some(), "{}: {measure}", case.name);
            }
        }
    }
}
