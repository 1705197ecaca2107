//! Owns `Ledger`: every chat of a live run, from the entries that its people note.
//!
//! Law: entries are posted in the order of time, whoever noted them in which process; so what they
//! come to does not depend on how the people were spread. A chat of which nothing more is to come is
//! closed and forgotten, so that a long run takes no more room than a short one.

mod account;
mod ceiling;
mod chat;
mod door;
mod integrity;
mod off;
mod sent;
mod stranger;
mod traffic;
mod waiting;

use rustc_hash::FxHashMap;

use super::journal::{ChatEvent, Entry, Event, Fault};
use super::orbit::Caller;
use super::spool::Spool;
use crate::measure::cells::Cells;
use crate::measure::clock::Gauge;
use crate::measure::meter::Meter;
use crate::measure::pool::Pool;
use crate::measure::record::Record;
use crate::measure::recorder::Recorder;
use crate::measure::seen::Seen;
use crate::measure::story::Story;
use crate::measure::tally::{Latency, Tally};
use crate::scenario::plan::Plan;
use crate::time::{Span, Time};
use crate::wire::marker::Marker;
use account::Account;
pub use ceiling::Ceilings;
pub use door::Door;
pub use integrity::Integrity;
pub use sent::Sent;
use waiting::Waiting;

/// Wall time for which a chat that is over is kept, in case something more is heard of it.
const KEPT: Span = Span::from_secs(10);

/// Wall time by which clocks of machines may be apart that play one run together.
pub const SKEW: Span = Span::from_secs(1);

/// Which chat: the customer's number and attempt.
type Key = (u32, u16);

/// Every chat of a live run.
#[derive(Debug)]
pub struct Ledger {
    recorder: Recorder,
    /// Entries that are still to be posted, since earlier ones may come.
    waiting: Waiting,
    accounts: FxHashMap<Key, Account>,
    integrity: Integrity,
    ceilings: Ceilings,
    /// What was seen of the customer who is traced.
    seen: Vec<Seen>,
    door: Door,
    /// Rows by customer, where they are asked for.
    rows: Option<Vec<Record>>,
    cells: Cells,
    sent: Sent,
    /// Chats offered so far.
    offered: u32,
    /// When chats that are over were last looked for.
    cleared: Time,
    speed: f64,
    /// This run's number in markers.
    run: u32,
    /// Where all that is posted is kept for a merge.
    spool: Option<Spool>,
    /// By how much the times of two people may be apart that were noted at one instant.
    skew: Span,
    /// Entries about chats that are still to be offered, by a clock that is ahead.
    ahead: FxHashMap<Key, Vec<Entry>>,
}

impl Ledger {
    /// A ledger of the run of this number before anything has happened; `records` keeps a row a
    /// customer.
    pub fn new(plan: &Plan, run: u32, records: bool) -> Ledger {
        Ledger {
            recorder: Recorder::new(&plan.outline, true, true),
            rows: records.then(Vec::new),
            cells: Cells::new(&plan.outline),
            sent: Sent::new(plan.outline.warm_up, plan.outline.horizon),
            waiting: Waiting::default(),
            accounts: FxHashMap::default(),
            seen: Vec::new(),
            integrity: Integrity::new(plan.live.speed),
            ceilings: Ceilings::default(),
            door: Door::default(),
            offered: 0,
            cleared: Time::ZERO,
            speed: plan.live.speed,
            run,
            spool: None,
            skew: Span::ZERO,
            ahead: FxHashMap::default(),
        }
    }

    /// Keeps all that is posted from now on for a merge.
    pub fn spool_to(&mut self, spool: Spool) {
        self.spool = Some(spool);
    }

    /// What was kept for a merge, after the end.
    pub fn take_spool(&mut self) -> Option<Spool> {
        self.spool.take()
    }

    /// The people go by clocks that are apart: what one has noted may be posted before what came
    /// before it.
    pub fn bear_skew(&mut self) {
        self.skew = SKEW.scaled(self.speed);
    }

    /// The run's number in markers.
    pub fn run(&self) -> u32 {
        self.run
    }

    /// Tells the story of a customer.
    pub fn trace(&mut self, customer: u32) {
        self.recorder.trace(customer);
    }

    /// Counts from now on for whoever looks in while the run lasts.
    pub fn look_in(&mut self) {
        self.recorder.look_in();
    }

    /// What was counted so far for whoever looks in.
    pub fn meter(&self) -> Option<&Meter> {
        self.recorder.meter()
    }

    /// Takes over what was seen of the customer who is traced.
    pub fn see(&mut self, seen: Vec<Seen>) {
        self.seen.extend(seen);
    }

    /// Takes entries over, to be posted when everybody's up to then are there.
    pub fn take(&mut self, entries: &mut Vec<Entry>) {
        self.waiting.take(entries);
    }

    /// Posts all entries before `until`, in the order of time; those of one instant in the order in
    /// which they were taken over.
    pub fn post_until(&mut self, until: Time) {
        while let Some(entry) = self.waiting.next_before(until) {
            self.post(entry);
        }
        let kept = KEPT.scaled(self.speed);
        if until.comes() && until.since(self.cleared) > kept {
            self.cleared = until;
            self.clear(until - kept);
        }
    }

    /// Whether every entry that was taken over is posted.
    pub fn is_up_to_date(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether a message may still come to an agent, whose customer has gone since.
    pub fn awaits_messages(&self, now: Time) -> bool {
        let mut accounts = self.accounts.values();
        accounts.any(|account| self.integrity.awaits(account, now))
    }

    fn post(&mut self, Entry { at, event }: Entry) {
        if let Some(spool) = &mut self.spool {
            spool.put(Entry { at, event });
        }
        let recorder = &mut self.recorder;
        recorder.advance(at);
        match event {
            Event::Chat(caller, event) => {
                if let ChatEvent::Sent(message) = event {
                    self.sent.count(message.direction, at);
                    if message.wall.is_some() {
                        recorder.note(Latency::ScheduleLag, message.lag());
                    }
                }
                self.in_chat(caller, event, at);
            }
            Event::ClosedDesk(caller) => {
                recorder.closed_desk(caller.number, caller.attempt, caller.class, at);
            }
            Event::IntoOrbit => recorder.rise(Gauge::Orbit, at),
            Event::OutOfOrbit => recorder.fall(Gauge::Orbit, at),
            Event::Comes { late } => recorder.rise(Event::presence(late), at),
            Event::Goes { late } => recorder.fall(Event::presence(late), at),
            Event::Attends(busy) => recorder.attends(busy, at),
            Event::SlotTaken(held) => recorder.slot_taken(held, at),
            Event::SlotFreed(held) => recorder.slot_freed(held, at),
            Event::Took(latency, span) => {
                let is_in = matches!(latency, Latency::Connect | Latency::AgentOnline);
                self.door.came_in += u64::from(is_in);
                recorder.note(latency, span);
            }
            Event::Connect(how) => self.door.note(how),
            Event::Fault(fault, reader, marker) => {
                self.touch(fault, marker, Entry { at, event });
                self.integrity.fault(fault, reader, marker, at);
            }
        }
    }

    /// A fault may tell of a chat why a message does not come.
    fn touch(&mut self, fault: Fault, marker: Option<Marker>, entry: Entry) {
        let Some(marker) = marker.filter(|marker| marker.run == self.run) else {
            return;
        };
        let Ok(attempt) = u16::try_from(marker.attempt) else {
            return;
        };
        let key = (marker.customer, attempt);
        match self.accounts.get_mut(&key) {
            Some(account) => {
                account.traffic(marker.direction).strayed(marker.sequence);
                account.refused |= matches!(fault, Fault::OverLimit | Fault::AssignedOffline);
            }
            None => self.set_aside(key, entry),
        }
    }

    /// An entry about a chat that is not there: closed long ago, or a customer's in another part of
    /// the run; or, where clocks are apart, still to be offered.
    fn set_aside(&mut self, key: Key, entry: Entry) {
        if self.skew > Span::ZERO {
            self.ahead.entry(key).or_default().push(entry);
        }
    }

    /// A chat is offered, of which something may have been heard before.
    fn offer(&mut self, caller: Caller, at: Time) {
        let Caller {
            number,
            attempt,
            class,
        } = caller;
        let key = (number, attempt);
        let visit = self.recorder.offered(number, attempt, class, at);
        self.offered += 1;
        self.accounts
            .insert(key, Account::new(self.run, self.skew, visit));
        for entry in self.ahead.remove(&key).unwrap_or_default() {
            match entry.event {
                Event::Chat(caller, event) => self.in_chat(caller, event, entry.at),
                Event::Fault(fault, _, marker) => self.touch(fault, marker, entry),
                _ => {}
            }
        }
    }

    fn in_chat(&mut self, caller: Caller, event: ChatEvent, at: Time) {
        let key = (caller.number, caller.attempt);
        if event == ChatEvent::Offered {
            return self.offer(caller, at);
        }
        if let ChatEvent::Met { .. } = event {
            self.offer(caller, at);
        }
        let Some(account) = self.accounts.get_mut(&key) else {
            let event = Event::Chat(caller, event);
            return self.set_aside(key, Entry { at, event });
        };
        account.last = at;
        let mut page = chat::Page {
            recorder: &mut self.recorder,
            integrity: &mut self.integrity,
            ceilings: &mut self.ceilings,
            account,
        };
        page.post(event, at);
    }

    /// Closes the chats that are over and of which nothing was heard since `before`.
    fn clear(&mut self, before: Time) {
        let (recorder, integrity) = (&mut self.recorder, &mut self.integrity);
        let ceilings = &mut self.ceilings;
        self.accounts.retain(|(number, attempt), account| {
            let stays = !account.is_settled() || account.last >= before;
            if !stays {
                integrity.judge(account);
                account.keep(recorder);
                ceilings.forget(*number, *attempt);
            }
            stays
        });
        self.ahead
            .retain(|_, ahead| ahead.iter().any(|entry| entry.at >= before));
        let rows = self.recorder.take_records();
        self.keep(rows);
    }

    /// Keeps of the rows what is asked for: a long run has many.
    fn keep(&mut self, mut rows: Vec<Record>) {
        rows.iter().for_each(|row| self.cells.add(row));
        if let Some(kept) = &mut self.rows {
            kept.append(&mut rows);
        }
    }

    /// Ends the run at `end`: posts what is left, leaves open what is open, and gives what was
    /// counted and the rows by customer.
    pub fn finish(&mut self, end: Time, stopped: bool) -> (Tally, Vec<Record>) {
        self.post_until(Time::NEVER);
        self.recorder.advance(end);
        for account in self.accounts.values_mut() {
            if account.visit.fate().is_none() {
                self.recorder.open_at_end(&mut account.visit, end);
            }
            self.integrity.judge(account);
            account.keep(&mut self.recorder);
        }
        let (tally, rows) = self.recorder.finish(end, stopped);
        self.keep(rows);
        let mut rows = self.rows.take().unwrap_or_default();
        rows.sort_by_key(|row| (row.number, row.attempt));
        (tally, rows)
    }

    /// What customers found by the time of their offer, after the end.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// What was sent while it was measured.
    pub fn sent(&self) -> Sent {
        self.sent
    }

    /// Chats offered, as far as was posted.
    pub fn offered(&self) -> u32 {
        self.offered
    }

    /// How many there are, as far as was posted.
    pub fn count(&self, gauge: Gauge) -> u32 {
        self.recorder.count(gauge)
    }

    /// A percentile of a latency so far, in wall milliseconds.
    pub fn millis_so_far(&self, latency: Latency, share: f64) -> Option<f64> {
        self.recorder.so_far(latency, share).map(|secs| secs * 1e3)
    }

    /// The share of a latency's values so far from `least` to below `most`.
    pub fn count_within(&self, latency: Latency, (least, most): (Span, Span)) -> u64 {
        self.recorder.count_within(latency, least, most)
    }

    /// How people have fared with the server's door, as far as was posted.
    pub fn door(&self) -> Door {
        self.door
    }

    /// What the server must not have done.
    pub fn integrity(&self) -> &Integrity {
        &self.integrity
    }

    /// Whether the server lets no more than a rate of a session's bytes through.
    pub fn ceilings(&self) -> &Ceilings {
        &self.ceilings
    }

    /// What all chats found together, after the end.
    pub fn pool(&self) -> &Pool {
        self.recorder.pool()
    }

    /// The story of the customer who was traced.
    pub fn take_story(&mut self) -> Story {
        let mut story = self.recorder.take_story();
        story.see(std::mem::take(&mut self.seen));
        story
    }
}
