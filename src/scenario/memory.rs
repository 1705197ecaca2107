//! Owns what memory the machine has free, where that can be known.
//!
//! Law: asked before a file is taken in, never to decide what a plan is: a plan does not depend on
//! the machine, only whether it can be made there.

/// The most rows that are read and arrivals that are replayed, whatever the machine's memory.
pub const MOST: u64 = 1_000_000_000;

/// Bytes that can be taken without swapping and within the process's limit (`ulimit -v`), as the
/// system tells; `None` where it does not.
pub fn available() -> Option<u64> {
    let read = |file: &str, key| parse(&std::fs::read_to_string(file).ok()?, key);
    let free = read("/proc/meminfo", "MemAvailable:");
    let limit = rlimit::Resource::AS.get().ok().map(|(soft, _)| soft);
    let limit = limit.filter(|limit| *limit != rlimit::INFINITY);
    let taken = || read("/proc/self/status", "VmSize:").unwrap_or(0);
    let left = limit.map(|limit| limit.saturating_sub(taken()));
    free.into_iter().chain(left).min()
}

/// For how many things of so many bytes there is room.
pub fn room(bytes: usize, free: Option<u64>) -> u64 {
    free.map_or(MOST, |free| (free / bytes as u64).min(MOST))
}

/// How many rows of so many bytes can be read: a list that grows takes up to twice what it holds.
pub fn rows(bytes: usize, free: Option<u64>) -> u64 {
    room(2 * bytes, free)
}

fn parse(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
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
        let free = |text| parse(text, "MemAvailable:");
        assert_eq!(free(text), Some(23_931_292 * 1024));
        assert_eq!(free("MemTotal: 5 kB\n"), None);
        assert_eq!(free("MemAvailable: many kB\n"), None);
    }

    #[test]
    fn the_room_is_the_memorys_and_never_more_than_a_billion() {
        assert_eq!(room(8, Some(80_000)), 10_000);
        assert_eq!(room(8, Some(u64::MAX)), MOST);
        assert_eq!(room(8, None), MOST);
        assert_eq!(room(24, Some(0)), 0);
        assert_eq!(rows(8, Some(80_000)), 5_000);
    }

    #[test]
    fn sizes_are_said_in_round_numbers() {
        assert_eq!(say(3.24e9), "3.2 GB");
        assert_eq!(say(12e6), "12 MB");
    }
}
