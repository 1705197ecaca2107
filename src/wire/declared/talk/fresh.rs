//! Owns `Fresh`: names that nobody has had before, such as `${uuid}`.
//!
//! Law: they are draws like any other: the same run, person and number of a connection give the same
//! names in the same order. Those of a person are the same on each of its connections.

use std::cell::Cell;
use std::fmt::Write;

use rand::Rng;

use crate::random::{Draws, Kind, Population, Purpose};
use crate::wire::frame::Party;
use crate::wire::speaker::Who;

/// Where a person's own names are drawn: no attempt has this number.
const OWN: u32 = u32::MAX;

/// Names that nobody has had before.
pub struct Fresh {
    draws: Draws,
    drawn: Cell<u32>,
}

impl Fresh {
    /// A connection's.
    pub fn of_connection(who: &Who) -> Fresh {
        let connection = u32::from(who.attempt) << 16 ^ who.connection;
        Fresh::new(who, connection.min(OWN - 1))
    }

    /// The person's own.
    pub fn of_person(who: &Who) -> Fresh {
        Fresh::new(who, OWN)
    }

    fn new(who: &Who, salt: u32) -> Fresh {
        let kind = match who.party {
            Party::Agent => Kind::Agent,
            Party::Customer | Party::Server => Kind::Customer,
        };
        let people = Population::new(u64::from(who.run), 0, kind);
        Fresh {
            draws: people.person(u64::from(who.number), salt),
            drawn: Cell::new(0),
        }
    }

    fn word(&self) -> u64 {
        let index = self.drawn.get();
        self.drawn.set(index.wrapping_add(1));
        self.draws.at(Purpose::Name, index).next_u64()
    }

    /// Adds 16 hex digits.
    pub fn hex16(&self, into: &mut String) {
        let _ = write!(into, "{:016x}", self.word());
    }

    /// Adds a UUID of version 4.
    pub fn uuid(&self, into: &mut String) {
        let (high, low) = (self.word(), self.word());
        let high = high & !0xf000 | 0x4000;
        let low = low & !(0b11 << 62) | 0b10 << 62;
        let _ = write!(
            into,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: Who = Who {
        party: Party::Customer,
        number: 17,
        attempt: 0,
        connection: 0,
        run: 0x00c0_ffee,
    };

    fn two(fresh: &Fresh) -> (String, String) {
        let (mut one, mut other) = (String::new(), String::new());
        fresh.hex16(&mut one);
        fresh.uuid(&mut other);
        (one, other)
    }

    #[test]
    fn a_run_can_be_repeated_and_no_name_comes_twice() {
        let connected = |connection| Who { connection, ..WHO };
        let first = two(&Fresh::of_connection(&WHO));
        assert_eq!(first, two(&Fresh::of_connection(&WHO)));
        assert_ne!(first, two(&Fresh::of_connection(&connected(1))));
        let own = two(&Fresh::of_person(&WHO));
        assert_eq!(own, two(&Fresh::of_person(&connected(1))));
        assert_ne!(first, own);
        let agent = Who {
            party: Party::Agent,
            ..WHO
        };
        assert_ne!(own, two(&Fresh::of_person(&agent)));
    }

    #[test]
    fn a_uuid_has_its_form() {
        let (hex, uuid) = two(&Fresh::of_connection(&WHO));
        assert_eq!(hex.len(), 16);
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&uuid[14..15], "4");
        assert!("89ab".contains(&uuid[19..20]));
    }
}
