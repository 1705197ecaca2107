//! Owns what memory the machine has free, where that can be known.
//!
//! Law: asked before a file is taken in, never to decide what a plan is: a plan does not depend on
//! the machine, only whether it can be made there.

/// Bytes that can be taken without swapping, as `/proc/meminfo` tells; `None` where there is none.
pub fn available() -> Option<u64> {
    parse(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

fn parse(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// Bytes for people: `3.2 GB`.
pub fn say(bytes: f64) -> String {
    if bytes < 1e9 {
        format!("{:.0} MB", bytes / 1e6)
    } else {
        format!("{:.1} GB", bytes / 1e9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_found_and_in_bytes() {
        let text = "MemTotal:       24577316 kB\nMemAvailable:   23931292 kB\nCached: 1 kB\n";
        assert_eq!(parse(text), Some(23_931_292 * 1024));
        assert_eq!(parse("MemTotal: 5 kB\n"), None);
        assert_eq!(parse("MemAvailable: many kB\n"), None);
    }

    #[test]
    fn sizes_are_said_in_round_numbers() {
        assert_eq!(say(3.24e9), "3.2 GB");
        assert_eq!(say(12e6), "12 MB");
    }
}
