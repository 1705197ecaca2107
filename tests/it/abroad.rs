//! Live runs against the chat servers of others.
//!
//! Each needs its server (`servers`), so that they are left to who asks for them: `--ignored`.

mod bot;
mod limits;
mod restarts;
mod runs;
mod smoke;
mod spoken;
mod strangers;
mod visitors;
