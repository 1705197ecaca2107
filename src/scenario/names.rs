//! Owns suggestions: the known name that a wrong one was probably meant to be.
//!
//! Law: a suggestion is made only when it is near; a far-fetched one misleads.

/// The nearest of `known` to `wrong`, if one is near.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wrong.to_lowercase();
    let score = |name: &&str| strsim::jaro_winkler(&lower, &name.to_lowercase());
    let best = known
        .into_iter()
        .map(|name| (score(&name), name))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.8).then_some(best.1)
}

/// Whether a name is one of `known` with a slip or two in it.
pub fn misspelt<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> bool {
    let mut known = known.into_iter();
    known.any(|known| strsim::osa_distance(name, known) <= 2)
}

/// `did you mean ...?`, or the list of what there is.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(wrong, known.clone()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("there is {}", list(known)),
    }
}

/// Names in a row, each in backticks.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let known = ["concurrency", "count", "roster"];
        assert_eq!(nearest("concurency", known), Some("concurrency"));
        assert_eq!(nearest("Rooster", known), Some("roster"));
        assert_eq!(nearest("xyz", known), None);
    }

    #[test]
    fn two_slips_are_a_misspelling_and_three_are_another_name() {
        for slip in ["rostr", "rotser", "rooster", "roasters"] {
            assert!(misspelt(slip, ["count", "roster"]), "{slip}");
        }
        assert!(!misspelt("silver", ["silent", "share"]));
    }
}
