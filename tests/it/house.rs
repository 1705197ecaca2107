//! The laws of the house that can be read off the source.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up; the modules of one row do not use each other unless a later row says so.
const ORDER: [&str; 15] = [
    "error",
    "secret",
    "time",
    "random",
    "stats",
    "center",
    "measure",
    "scenario",
    "simulation",
    "wire",
    "server",
    "live",
    "study",
    "report",
    "cli",
];

/// Pairs that the order allows and the laws do not: who, whom.
const APART: [(&str, &str); 4] = [
    ("wire", "simulation"),
    ("server", "simulation"),
    ("live", "simulation"),
    ("server", "scenario"),
];

/// All Rust files under `src`, with the module of the map that each belongs to.
fn sources() -> Vec<(PathBuf, String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inner = path.strip_prefix("src").unwrap();
                let first = inner.components().next().unwrap();
                let place = Path::new(&first)
                    .file_stem()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_string();
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, place, text));
            }
        }
    }
    assert!(found.len() > 50, "the source is there");
    found
}

/// The part of a file that ships: unit tests may look anywhere.
fn shipped(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

/// The modules of this crate that a text names, as in `use crate::center::agent` or a path.
fn named(text: &str) -> BTreeSet<String> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code: String = code.collect::<Vec<_>>().join("\n");
    let mut named = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        if let Some(group) = after.strip_prefix('{') {
            let words = group.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            named.extend(words.filter(|w| ORDER.contains(w)).map(String::from));
        } else {
            let end = after.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            named.insert(after[..end.unwrap_or(after.len())].to_string());
        }
    }
    named
}

#[test]
fn every_place_uses_only_those_below_it() {
    let rank = |place: &str| ORDER.iter().position(|o| *o == place);
    let mut faults = Vec::new();
    for (path, place, text) in sources() {
        if ["lib", "main"].contains(&place.as_str()) {
            continue;
        }
        let own = rank(&place).unwrap_or_else(|| panic!("{place} is not on the map"));
        for other in named(shipped(&text)) {
            let Some(theirs) = rank(&other) else { continue };
            let apart = APART.contains(&(place.as_str(), other.as_str()));
            if theirs > own || apart {
                faults.push(format!("{} uses {other}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_map_names_every_place() {
    let lib = fs::read_to_string("src/lib.rs").unwrap();
    for place in ORDER {
        assert!(lib.contains(&format!("[`{place}`]")), "{place}");
        assert!(lib.contains(&format!("pub mod {place};")), "{place}");
    }
    assert_eq!(lib.matches("pub mod ").count(), ORDER.len());
}

#[test]
fn only_drivers_drive() {
    let mut faults = Vec::new();
    for (path, place, text) in sources() {
        let text = shipped(&text);
        let mut allow = |needle: &str, places: &[&str]| {
            if text.contains(needle) && !places.contains(&place.as_str()) {
                faults.push(format!("{} has {needle}", path.display()));
            }
        };
        allow("Customer::new(", &["center", "simulation", "live"]);
        allow("Agent::new(", &["center", "simulation", "live"]);
        allow("Router::new(", &["center", "simulation", "server"]);
        allow("println!", &["cli"]);
        allow("process::exit", &["cli"]);
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The heart knows no clock, socket, thread, text or global.
#[test]
fn the_center_is_pure() {
    let forbidden = [
        "Instant",
        "SystemTime",
        "tokio",
        "std::net",
        "std::thread",
        "String",
        "static ",
        "Mutex",
    ];
    for (path, place, text) in sources() {
        let code = shipped(&text)
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let code: Vec<&str> = code.collect();
        for word in forbidden.iter().filter(|_| place == "center") {
            let there = code
                .iter()
                .find(|line| line.contains(word) && !line.contains("&'static str"));
            assert!(there.is_none(), "{}: {word}: {there:?}", path.display());
        }
    }
}

#[test]
fn files_stay_short_and_say_what_they_own() {
    let mut faults = Vec::new();
    for (path, _, text) in sources() {
        let lines = text.lines().count();
        if lines > 500 {
            faults.push(format!("{} has {lines} lines", path.display()));
        }
        if !text.starts_with("//!") {
            faults.push(format!("{} does not say what it owns", path.display()));
        }
        let tests = path.ends_with("tests.rs");
        if !tests && shipped(&text).contains(".unwrap()") {
            faults.push(format!("{} unwraps without a reason", path.display()));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
