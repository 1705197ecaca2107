//! Owns `Pace`: how fast the hub takes notes from its inbox, for trials of a server that can do no
//! more.
//!
//! Law: of messages no more are taken than the pace allows, and everything waits its turn in the
//! order in which it came, as at a server with one slow worker; so nothing overtakes a message, and
//! whatever comes after one waits as well. The inbox is the queue: when it is full, connections
//! wait, and so does the network. Without a limit, notes are taken as they come, many at a time.

use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::desk::Input;
use super::hub::Note;
use crate::wire::frame::{FromAgent, FromCustomer};

/// Notes taken from the inbox at a time where there is no limit.
pub(super) const BATCH: usize = 256;

/// How fast notes are taken from the inbox.
#[derive(Debug)]
pub(super) struct Pace {
    /// What one message takes; none for nothing.
    each: Option<Duration>,
    /// When the last message that was taken is done.
    free: Instant,
    /// Whether nothing was there after it.
    rests: bool,
    /// Says when the server stops: then nothing is held up any more.
    stopping: watch::Receiver<bool>,
}

impl Pace {
    /// At most so many messages a second, or as many as come.
    pub fn new(messages_per_second: Option<f64>, stopping: watch::Receiver<bool>) -> Pace {
        Pace {
            each: messages_per_second.map(|rate| Duration::from_secs_f64(1.0 / rate)),
            free: Instant::now(),
            rests: true,
            stopping,
        }
    }

    /// Waits for what is taken next, puts it into `batch` and says how much it is; zero when nobody
    /// is left who could put a note into the inbox. Nothing is lost where it is not waited for to
    /// the end.
    pub async fn take(&mut self, inbox: &mut Receiver<Note>, batch: &mut Vec<Note>) -> usize {
        if self.each.is_some() {
            tokio::select! {
                biased;
                // Who is to say so is gone: the server is, too.
                _ = self.stopping.wait_for(|stopping| *stopping) => self.each = None,
                () = sleep_until(self.free) => {}
            }
        }
        let Some(each) = self.each else {
            return inbox.recv_many(batch, BATCH).await;
        };
        match inbox.try_recv() {
            // It has waited: a timer that is late costs the worker nothing.
            Ok(note) => batch.push(note),
            Err(TryRecvError::Disconnected) => return 0,
            Err(TryRecvError::Empty) => {
                self.rests = true;
                if inbox.recv_many(batch, 1).await == 0 {
                    return 0;
                }
            }
        }
        if std::mem::take(&mut self.rests) {
            self.free = Instant::now();
        }
        self.free += batch.iter().map(|note| each * messages(note)).sum();
        1
    }
}

/// How many messages are in a note.
fn messages(note: &Note) -> u32 {
    match note {
        Note::Heard(
            _,
            Input::Customer(FromCustomer::Say { .. } | FromCustomer::Open { text: Some(_), .. })
            | Input::Agent(FromAgent::Reply { .. }),
        ) => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::server::desk::ConnId;

    fn say(seq: u32) -> Note {
        let text = String::new();
        let said = FromCustomer::Say {
            seq,
            text,
            heard: 0,
        };
        Note::Heard(ConnId(1), Input::Customer(said))
    }

    fn typing() -> Note {
        Note::Heard(ConnId(2), Input::Customer(FromCustomer::Typing {}))
    }

    /// Milliseconds from `began` at which so many notes are taken.
    async fn taken(
        pace: &mut Pace,
        inbox: &mut Receiver<Note>,
        (began, count): (Instant, usize),
    ) -> Vec<u128> {
        let mut times = Vec::new();
        for _ in 0..count {
            let mut batch = Vec::new();
            assert_eq!(pace.take(inbox, &mut batch).await, 1);
            assert_eq!(batch.len(), 1);
            times.push(began.elapsed().as_millis());
        }
        times
    }

    /// A hundred a second: ten milliseconds each, one after the other; what is no message takes no
    /// time and waits its turn all the same.
    #[tokio::test(start_paused = true)]
    async fn messages_are_taken_one_after_the_other() {
        let (_stop, stopping) = watch::channel(false);
        let (put, mut inbox) = mpsc::channel(100);
        let mut pace = Pace::new(Some(100.0), stopping);
        let began = Instant::now();
        for note in [say(1), say(2), typing(), say(3), typing()] {
            put.send(note).await.unwrap();
        }
        let times = taken(&mut pace, &mut inbox, (began, 5)).await;
        assert_eq!(times, [0, 10, 20, 20, 30]);
    }

    /// Rest is not saved up: after it, messages are taken no faster.
    #[tokio::test(start_paused = true)]
    async fn a_rest_is_not_made_up_for() {
        let (_stop, stopping) = watch::channel(false);
        let (put, mut inbox) = mpsc::channel(100);
        let mut pace = Pace::new(Some(100.0), stopping);
        let began = Instant::now();
        let later = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            for seq in 1..=3 {
                put.send(say(seq)).await.unwrap();
            }
        };
        let (times, ()) = tokio::join!(taken(&mut pace, &mut inbox, (began, 3)), later);
        assert_eq!(times, [500, 510, 520]);
    }

    /// Neither is one during which the hub was called away to something else.
    #[tokio::test(start_paused = true)]
    async fn a_rest_that_is_broken_off_is_a_rest() {
        let (_stop, stopping) = watch::channel(false);
        let (put, mut inbox) = mpsc::channel(100);
        let mut pace = Pace::new(Some(100.0), stopping);
        let (began, mut batch) = (Instant::now(), Vec::new());
        let nothing = pace.take(&mut inbox, &mut batch);
        let waited = tokio::time::timeout(Duration::from_millis(500), nothing).await;
        assert!(waited.is_err());
        for seq in 1..=3 {
            put.send(say(seq)).await.unwrap();
        }
        let times = taken(&mut pace, &mut inbox, (began, 3)).await;
        assert_eq!(times, [500, 510, 520]);
    }

    /// A thousand messages that are there take as long as they should, whatever the timers' grain.
    #[tokio::test(start_paused = true)]
    async fn late_timers_cost_the_worker_nothing() {
        let (_stop, stopping) = watch::channel(false);
        let (put, mut inbox) = mpsc::channel(1_000);
        let mut pace = Pace::new(Some(3_000.0), stopping);
        let began = Instant::now();
        for seq in 0..1_000 {
            put.send(say(seq)).await.unwrap();
        }
        let times = taken(&mut pace, &mut inbox, (began, 1_000)).await;
        assert!((333..=334).contains(&times[999]), "{}", times[999]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stops_holds_nothing_up() {
        let (stop, stopping) = watch::channel(false);
        let (put, mut inbox) = mpsc::channel(100);
        let mut pace = Pace::new(Some(0.001), stopping);
        for seq in 1..=3 {
            put.send(say(seq)).await.unwrap();
        }
        let mut batch = Vec::new();
        assert_eq!(pace.take(&mut inbox, &mut batch).await, 1);
        stop.send(true).unwrap();
        assert_eq!(pace.take(&mut inbox, &mut batch).await, 2);
        drop(put);
        assert_eq!(pace.take(&mut inbox, &mut batch).await, 0);
        assert_eq!(batch.len(), 3);
    }
}
