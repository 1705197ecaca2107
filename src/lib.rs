//! `busyhour`: a contact-center load simulator and benchmark harness for live chat.
//!
//! One scenario file describes customers, agents and the season. `simulate` plays it in virtual
//! time, `load` plays the same people over WebSocket connections against a chat server, and both
//! report in the same terms.
//!
//! ```text
//!  what is asked        what happens               what is seen    what to do, what is told
//! scenario -> Plan -----> center: Customer, Agent, Router -----> measure -----> study, report
//!                             ^                    ^
//!               virtual time: simulation     real time: server (drives Router),
//!                                            live (drives Customer, Agent)
//! ```
//!
//! # The map, from the ground up
//!
//! | place | owns |
//! |---|---|
//! | [`error`], [`secret`], [`time`], [`random`] | the one error and the exit codes; what nobody is to see; `Time`, `Span`; `Draws` |
//! | [`stats`] | distributions, confidence intervals, the exact queueing formulas |
//! | [`center`] | what happens: ids, fates, rules, customer, agent, router |
//! | [`measure`] | what is seen: catalogue, recorder, histograms, KPIs, `RunResult`, gates |
//! | [`scenario`] | what is asked: the file, its errors and schema, calendar, arrivals, the plan |
//! | [`simulation`] | virtual time: the event queue, the world, replications |
//! | [`wire`] | the protocols, without a socket: the built-in one, XMPP, those that a file declares; what a person says and hears in any of them |
//! | [`server`], [`live`] | real time: the chat server; the traffic generator, its workers, the ledger that they note for; parts of a run and their merge; who gives out chats where the server does not |
//! | [`study`] | what to do: validation against theory, what a live run's figures are due to, how much a server holds |
//! | [`report`] | what is told: terminal, result file, records file, telemetry |
//! | [`cli`] | one file a command; the only printer, the only place that exits |
//!
//! # The laws
//!
//! 1. A place uses only those above it in the map; `wire`, `server` and `live` do not use
//!    `simulation`, nor it them. A test reads the `use` lines.
//! 2. `center` sees no clock, socket, thread, text or global: people and router take the time, an
//!    input and their draws.
//! 3. Only `simulation` and `live` drive people; only `simulation` and `server` drive the router, and
//!    `live` the server's desk where the server under test does not route.
//! 4. A person exposes one wake-up.
//! 5. After the plan there is no text, no time zone and no allocation in the simulation's loop.
//! 6. A KPI is computed in `measure` and nowhere else.
//! 7. Results do not depend on threads: same plan, seed and version, same bytes.
//! 8. Every chat offered has exactly one fate.
//! 9. Nothing outside `cli` prints or exits.
//! 10. An error is the user's or the world's fault and says what, where and what to do; a panic is
//!     ours.

pub mod center;
pub mod cli;
pub mod error;
pub mod live;
pub mod measure;
pub mod random;
pub mod report;
pub mod scenario;
pub mod secret;
pub mod server;
pub mod simulation;
pub mod stats;
pub mod study;
pub mod time;
pub mod wire;
