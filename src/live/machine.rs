//! Owns the machine's limits: whether a live run fits into them.
//!
//! Law: what does not fit is refused before anything starts, with what to set: a run that loses its
//! descriptors half-way measures nothing but that.

use crate::error::{Error, Result};

/// Descriptors of a process for everything but connections.
pub const MARGIN: u64 = 64;

/// Descriptors that this process may have open at once, at most: the hard limit. None where the
/// system does not say.
pub fn descriptors_allowed() -> Option<u64> {
    rlimit::Resource::NOFILE.get().ok().map(|(_, hard)| hard)
}

/// Raises the soft limit on descriptors to the hard one, as far as the system lets it.
pub fn raise_descriptors() {
    // What is not raised is missed when a run needs it, or a server has no room for a connection.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
}

/// Sees to it that `need` descriptors can be open, raising the soft limit where that helps.
///
/// # Errors
/// Refused: the limits allow fewer, or cannot be read.
pub fn make_room_for_descriptors(need: u64) -> Result<()> {
    raise_descriptors();
    let limits = rlimit::Resource::NOFILE.get();
    let (limit, hard) = limits.map_err(|source| {
        Error::refused(format!("cannot read the limit on descriptors: {source}"))
    })?;
    judge_descriptors(need, limit, hard)
}

/// Judges a need of descriptors against the limit in force, under the hard limit.
///
/// # Errors
/// Refused: there are too few.
pub fn judge_descriptors(need: u64, limit: u64, hard: u64) -> Result<()> {
    if need <= limit {
        return Ok(());
    }
    let remedy = if need <= hard {
        format!("raise the limit first: `ulimit -n {need}`")
    } else {
        format!(
            "the hard limit is {hard}: raise it (nofile in /etc/security/limits.conf, LimitNOFILE \
             of a service), or play fewer agents or chats"
        )
    };
    Err(Error::refused(format!(
        "too few descriptors: the run needs {need} at once, {limit} are allowed"
    ))
    .with_remedy(remedy))
}

/// Ports that the system gives to connections from one address to one server at once. None where it
/// does not say.
pub fn ports_allowed() -> Option<u64> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut bounds = range.split_whitespace().flat_map(str::parse::<u64>);
    let (first, last) = (bounds.next()?, bounds.next()?);
    Some((last + 1).saturating_sub(first))
}

/// Judges a need of ports against what `addresses` of this machine have together, so many each.
///
/// # Errors
/// Refused: there are too few.
pub fn judge_ports(need: u64, addresses: u64, each: u64) -> Result<()> {
    let allowed = each.saturating_mul(addresses);
    if need <= allowed {
        return Ok(());
    }
    let sources = need.div_ceil(each.max(1));
    Err(Error::refused(format!(
        "too few ports: the run needs {need}, those closed in the last minute included, and \
         {allowed} are allowed from {addresses} of this machine's addresses"
    ))
    .with_remedy(format!(
        "give {sources} addresses with --source-ip, or a wider net.ipv4.ip_local_port_range"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    #[test]
    fn enough_is_enough() {
        assert!(judge_descriptors(1_024, 1_024, 1_024).is_ok());
        assert!(make_room_for_descriptors(16).is_ok());
    }

    #[test]
    fn too_few_ports_ask_for_addresses() {
        assert!(judge_ports(28_232, 1, 28_232).is_ok());
        let few = judge_ports(60_000, 2, 28_232).unwrap_err().message(false);
        assert!(few.contains("3 addresses with --source-ip"), "{few}");
        #[cfg(target_os = "linux")]
        assert!(ports_allowed().is_some_and(|ports| ports > 1_000));
    }

    #[test]
    fn too_few_say_what_to_set() {
        let soft = judge_descriptors(5_000, 1_024, 20_000).unwrap_err();
        assert_eq!(soft.exit(), Exit::Refused);
        assert!(soft.message(false).contains("ulimit -n 5000"), "{soft}");
        let hard = judge_descriptors(50_000, 20_000, 20_000).unwrap_err();
        assert!(
            hard.message(false).contains("hard limit is 20000"),
            "{hard}"
        );
    }
}
