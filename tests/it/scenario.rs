//! The scenario file: what it accepts, what it refuses and how, and what it resolves to.

use std::path::{Path, PathBuf};

use busyhour::scenario::plan::Plan;
use busyhour::scenario::{read, read_text};

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_shipped_scenario_resolves() {
    for file in shipped() {
        let plan = read(&file, &[]).unwrap_or_else(|error| panic!("{error}"));
        eprintln!("{} {}", plan.name, plan.arrivals.expected());
    }
}
