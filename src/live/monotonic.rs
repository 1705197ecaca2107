//! Owns the one clock that all processes of a host share: from instants to numbers and back.
//!
//! Law: an instant that one process names is the same to another, to within a microsecond. The
//! system's monotonic clock counts from the same moment for everybody; an `Instant` alone cannot
//! leave its process.

use std::time::Duration;

use tokio::time::Instant;

/// Nanoseconds on the clock of this host.
pub type Tick = u64;

/// What the clock shows at an instant.
pub fn tick_of(instant: Instant) -> Tick {
    let (now, here) = (now(), Instant::now());
    let after = instant.saturating_duration_since(here).as_nanos() as u64;
    let before = here.saturating_duration_since(instant).as_nanos() as u64;
    (now + after).saturating_sub(before)
}

/// The instant at which the clock shows this, or has shown it.
pub fn instant_of(tick: Tick) -> Instant {
    let (now, here) = (now(), Instant::now());
    match tick.checked_sub(now) {
        Some(ahead) => here + Duration::from_nanos(ahead),
        None => {
            let ago = here.checked_sub(Duration::from_nanos(now - tick));
            ago.unwrap_or(here)
        }
    }
}

/// Which boot of which machine's this clock is; none where the system does not say.
pub fn host() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

#[cfg(target_os = "linux")]
fn now() -> Tick {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// The time of day stands in: it is the same to all processes, as long as nobody sets it.
#[cfg(not(target_os = "linux"))]
fn now() -> Tick {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_comes_back() {
        let now = Instant::now();
        for instant in [now, now + Duration::from_secs(3)] {
            let back = instant_of(tick_of(instant));
            let off = back.max(instant) - back.min(instant);
            // The clock is read a moment before, or the process is kept waiting between.
            assert!(off < Duration::from_millis(200), "{off:?}");
        }
    }
}
