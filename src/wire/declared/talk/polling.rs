//! Owns `Polling`: how far a talk is with what it asks for again and again.
//!
//! Law: there is one poll at a time. One that is refused, or is not answered in time, is a connection
//! that is lost; of one that came too soon the next comes when the server says, a few times in a row.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Talk;
use super::answers::{is_yes, may_be_better, retry_after};
use super::scene::About;
use crate::error::{Error, Result};
use crate::wire::declared::aim::Hit;
use crate::wire::declared::poll::Poll;
use crate::wire::declared::step::{Keep, TOO_MANY};
use crate::wire::speaker::{Answer, Effects, Speaker, Tidings};

/// How often in a row the server may say that a poll came too soon.
const THROTTLED_MOST: u32 = 5;

/// The longest that is waited then.
const RETRY_MOST: Duration = Duration::from_secs(60);

/// The least time from one poll to the next at a server that answers at once, so often in a row, and has
/// nothing to say: it would be asked as fast as the network goes. Some such answers are usual: to one's
/// own message, or of who has joined; to wait then would make what comes next late.
const LEAST: Duration = Duration::from_millis(100);
const HASTY_MOST: u32 = 10;

/// How far a talk is with its polls.
#[derive(Debug, Default)]
pub struct Polling {
    /// The request that is not answered yet.
    asked: Option<u32>,
    /// When it was made.
    since: Duration,
    /// When the next is due.
    next: Option<Duration>,
    /// How often in a row one came too soon.
    throttled: u32,
    /// How often in a row it was answered at once and with nothing.
    hasty: u32,
    /// Something came that was awaited, or means something.
    pub is_heard: bool,
}

impl Polling {
    /// Whether this is the answer to a poll.
    pub fn is_poll(&self, request: u32) -> bool {
        self.asked == Some(request)
    }

    /// When the next is due; none while one is under way.
    pub fn due(&self) -> Option<Duration> {
        self.next
    }
}

impl Talk {
    /// Polls, if that is due.
    pub(super) fn poll(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        let protocol = Arc::clone(&self.protocol);
        let Some(poll) = &protocol.transport.poll else {
            return Ok(());
        };
        if self.is_gone {
            self.polling.next = None;
        }
        if self.polling.next.is_none_or(|next| next > now) {
            return Ok(());
        }
        self.seq = self.seq.wrapping_add(1);
        let about = About {
            seq: self.seq,
            ..About::default()
        };
        let request = self.request(&poll.call, &self.scene(now, &about));
        let mut request = request.map_err(|missing| self.missing("`poll`", &missing))?;
        request.held = Some(poll.hold);
        self.requests = request.number.wrapping_add(1);
        self.polling.asked = Some(request.number);
        (self.polling.since, self.polling.next) = (now, None);
        out.requests.push_back(request);
        Ok(())
    }

    /// The first poll is due, where there are any.
    pub(super) fn begin_polling(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        self.polling.next = self.protocol.transport.poll.is_some().then_some(now);
        self.poll(now, out)
    }

    /// A poll was answered, or was not.
    pub(super) fn polled(
        &mut self,
        now: Duration,
        answer: Result<Answer>,
        out: &mut Effects,
    ) -> Result<()> {
        self.polling.asked = None;
        let answer = answer.map_err(|error| error.within("a poll has failed"))?;
        let protocol = Arc::clone(&self.protocol);
        let Some(poll) = &protocol.transport.poll else {
            return Ok(());
        };
        self.take_cookies(&answer);
        if !is_yes(&poll.call, answer.status) {
            return self.poll_refused(now, poll, &answer, out);
        }
        self.polling.throttled = 0;
        let has_said = self.take_polled(now, poll, &answer, out)?;
        let least = self.polling.since + LEAST;
        self.polling.hasty = match has_said || least <= now {
            true => 0,
            false => self.polling.hasty.saturating_add(1),
        };
        let waits = self.polling.hasty > HASTY_MOST;
        let next = now + poll.pause;
        self.polling.next = Some(if waits { least.max(next) } else { next });
        self.poll(now, out)
    }

    /// What an answer holds is kept and heard; whether it held anything that means something.
    fn take_polled(
        &mut self,
        now: Duration,
        poll: &Poll,
        answer: &Answer,
        out: &mut Effects,
    ) -> Result<bool> {
        if !poll.keeps.is_empty() {
            let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
            let keeps: Vec<&Keep> = poll.keeps.iter().collect();
            self.keep(&keeps, &Hit::whole(&body), &answer.headers, None)?;
        }
        let text = std::str::from_utf8(&answer.body).map_err(|_| {
            let name = &self.protocol.name;
            Error::failed(format!("{name}: a poll was answered with what is no text")).for_good()
        })?;
        if text.trim_ascii().is_empty() {
            return Ok(false);
        }
        self.polling.is_heard = false;
        self.hear(now, text, out)?;
        Ok(self.polling.is_heard)
    }

    /// The answer is a no.
    fn poll_refused(
        &mut self,
        now: Duration,
        poll: &Poll,
        answer: &Answer,
        out: &mut Effects,
    ) -> Result<()> {
        let (status, throttled) = (answer.status, poll.throttled.as_ref());
        out.note(|| format!("poll: status {status}"));
        let is_throttled = status == throttled.map_or(TOO_MANY, |own| own.status);
        if is_throttled {
            let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
            let retry = throttled.and_then(|own| own.retry.as_ref());
            let retry_after = retry_after(retry, &body, answer);
            let kind = format!("poll: {status}");
            out.tidings
                .push_back(Tidings::Throttled { kind, retry_after });
            let again = Duration::from_secs(1 << self.polling.throttled.min(THROTTLED_MOST));
            let again = retry_after.unwrap_or(again).clamp(LEAST, RETRY_MOST);
            self.polling.throttled += 1;
            self.polling.next = Some(now + again);
            if self.polling.throttled < THROTTLED_MOST {
                return Ok(());
            }
        }
        let name = &self.protocol.name;
        let in_a_row = match is_throttled {
            true => format!(", {THROTTLED_MOST} times in a row"),
            false => String::new(),
        };
        let what = format!("{name}: a poll was answered with status {status}{in_a_row}");
        let error = Error::failed(what);
        Err(match is_throttled || may_be_better(status) {
            true => error,
            false => error.for_good(),
        })
    }
}
