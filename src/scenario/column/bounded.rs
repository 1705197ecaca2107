//! Owns `Bounded`: a file that gives only so many bytes a record.
//!
//! Law: what is no CSV ends with a word, not with the memory: a file without line breaks is one
//! record, and whoever reads records holds one whole.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::rc::Rc;

/// The longest record, in bytes.
pub const LONGEST: u64 = 1 << 20;

/// A file that gives only so many bytes a record.
pub struct Bounded {
    file: File,
    allowance: Allowance,
}

/// What is left of the record's bytes, shared with whoever knows where a record begins.
#[derive(Clone)]
pub struct Allowance(Rc<Cell<u64>>);

impl Allowance {
    /// A new record begins.
    pub fn renew(&self) {
        self.0.set(LONGEST + 1);
    }

    /// Whether the record was too long.
    pub fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}

impl Bounded {
    /// Gives a file so.
    pub fn new(file: File) -> (Bounded, Allowance) {
        let allowance = Allowance(Rc::new(Cell::new(LONGEST + 1)));
        let bounded = Bounded {
            file,
            allowance: allowance.clone(),
        };
        (bounded, allowance)
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.allowance.0.get();
        if left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let most = buffer.len().min(left as usize);
        let read = self.file.read(&mut buffer[..most])?;
        self.allowance.0.set(left - read as u64);
        Ok(read)
    }
}
