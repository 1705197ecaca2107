//! Owns `Bell`: one timer of the kernel's for everybody who waits in an event loop.
//!
//! Law: who no longer waits leaves nothing behind. The timer is set for the first who waits, or
//! for somebody before who has gone; then it rings in vain, once, which is cheaper than setting it
//! anew for each who goes. Tokio's own timers have a grain of a millisecond. A `Place` is one
//! task's: who waits on for the same instant is not written down again.
//!
//! A ring costs the machine more than what somebody does when woken. So in the long run it rings
//! once in `APART`: where more are due than that, they are woken by the handful, late by that at
//! most, which is what tokio's timers are always.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Moment;

/// The time between two rings in the long run.
const APART: Duration = Duration::from_millis(2);

/// How much of that time may be saved up while few are due.
const SAVED: Duration = Duration::from_millis(100);

/// When somebody is due, in nanoseconds since the bell was hung, and a number that tells those apart
/// who are due at once.
type Key = (u64, u64);

/// A timer and who waits for it.
#[derive(Debug)]
pub struct Bell {
    queue: Rc<Queue>,
    /// The task that rings; over when the bell is dropped.
    _ringing: JoinSet<()>,
}

/// All times are in nanoseconds since the bell was hung: they are compared far more than read.
#[derive(Debug)]
struct Queue {
    timer: AsyncFd<OwnedFd>,
    hung: Instant,
    /// When the timer rings next; none when it has rung.
    set_for: Cell<Option<u64>>,
    /// It does not ring before this.
    quiet_until: Cell<u64>,
    waiting: RefCell<BTreeMap<Key, Waker>>,
    /// Whoever was due by then has been woken.
    rung: Cell<u64>,
    /// Who have come so far.
    came: Cell<u64>,
}

impl Bell {
    /// A bell for this event loop, of one thread.
    pub fn hung() -> io::Result<Bell> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let queue = Rc::new(Queue {
            timer: watched(timer)?,
            hung: Instant::now(),
            set_for: Cell::new(None),
            quiet_until: Cell::new(0),
            waiting: RefCell::default(),
            rung: Cell::new(0),
            came: Cell::new(0),
        });
        let mut ringing = JoinSet::new();
        ringing.spawn_local(Rc::clone(&queue).ring());
        Ok(Bell {
            queue,
            _ringing: ringing,
        })
    }

    /// A place for somebody who does not wait yet.
    pub fn place(&self) -> Place {
        Place {
            queue: Rc::clone(&self.queue),
            moment: Moment::NEVER,
            key: (0, 0),
        }
    }
}

/// The timer, of which the event loop tells when it rings.
#[expect(
    deprecated,
    reason = "what comes in its place is unsafe, for the sake of types that close their descriptor \
              too early; an `OwnedFd` keeps it"
)]
fn watched(timer: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(timer, Interest::READABLE)
}

/// The place of one task in the queue, for one due time after the other; given up when dropped.
#[derive(Debug)]
pub struct Place {
    queue: Rc<Queue>,
    /// What is waited for; never, while nobody waits here.
    moment: Moment,
    /// Where that is in the queue.
    key: Key,
}

impl Place {
    /// Ready at the moment, never where it never comes. Who asks for another moment, or for none, gives
    /// the place in the queue up.
    pub fn poll(
        &mut self,
        moment: Moment,
        instant: impl Fn() -> Instant,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let waits_on = moment == self.moment;
        // Who is not woken yet is not late: whoever is looks at the clock.
        if waits_on && (self.is_in_queue() || !moment.comes()) {
            return Poll::Pending;
        }
        self.leave();
        if waits_on {
            return Poll::Ready(());
        }
        if !moment.comes() {
            return Poll::Pending;
        }
        let due = instant();
        if due <= Instant::now() {
            return Poll::Ready(());
        }
        self.key = self.queue.take(due, context.waker().clone());
        self.moment = moment;
        Poll::Pending
    }

    /// Whether somebody waits here who was not woken yet.
    fn is_in_queue(&self) -> bool {
        self.moment.comes() && self.key.0 > self.queue.rung.get()
    }

    /// Gives the place up, until somebody waits here again.
    fn leave(&mut self) {
        if self.is_in_queue() {
            self.queue.waiting.borrow_mut().remove(&self.key);
        }
        self.moment = Moment::NEVER;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Queue {
    /// An instant, by the bell.
    fn at(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.hung);
        since.as_nanos() as u64
    }

    /// Takes a place for somebody who is due then.
    fn take(&self, due: Instant, waker: Waker) -> Key {
        let key = (self.at(due), self.came.get());
        self.came.set(key.1 + 1);
        self.waiting.borrow_mut().insert(key, waker);
        self.set();
        key
    }

    /// Wakes whoever is due whenever the timer rings, until the event loop comes to its end.
    async fn ring(self: Rc<Queue>) {
        while let Ok(mut rung) = self.timer.readable().await {
            // Setting it anew takes back that it has rung; if it is not set, nobody waits.
            rung.clear_ready();
            self.set_for.set(None);
            let now = self.at(Instant::now());
            self.keep_quiet(now);
            self.rung.set(now);
            while let Some(waker) = self.take_due(now) {
                waker.wake();
            }
            self.set();
        }
    }

    /// It has rung at `now`.
    fn keep_quiet(&self, now: u64) {
        let saved = now.saturating_sub(nanos(SAVED));
        self.quiet_until
            .set(self.quiet_until.get().max(saved) + nanos(APART));
    }

    /// Takes the next one out who is due by `now`.
    fn take_due(&self, now: u64) -> Option<Waker> {
        let mut waiting = self.waiting.borrow_mut();
        let first = waiting.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// Sets the timer for the first who waits, unless it rings by then.
    fn set(&self) {
        let waiting = self.waiting.borrow();
        let Some((&(first, _), _)) = waiting.first_key_value() else {
            return;
        };
        let first = first.max(self.quiet_until.get());
        if self.set_for.get().is_some_and(|set_for| set_for <= first) {
            return;
        }
        self.set_for.set(Some(first));
        // A time of zero would take it off.
        let left = first.saturating_sub(self.at(Instant::now())).max(1);
        let times = Itimerspec {
            it_interval: Timespec::default(),
            it_value: Duration::from_nanos(left)
                .try_into()
                .expect("an instant is less than 2^63 s away"),
        };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &times)
            .expect("a timer can be set for any time that is not negative");
    }
}

const fn nanos(span: Duration) -> u64 {
    span.as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;
    use std::future::poll_fn;
    use tokio::runtime::{Builder, LocalOptions};

    /// Waits until an instant: a moment for each.
    async fn wait_until(place: &mut Place, due: Instant) {
        let moment = Moment {
            time: Time(place.queue.at(due)),
            jumps: 0,
        };
        poll_fn(|context| place.poll(moment, || due, context)).await;
    }

    /// Does something with a bell in an event loop on the wall's clock.
    fn with_bell<F: Future<Output = ()>>(act: impl FnOnce(Rc<Bell>) -> F) {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default());
        runtime.unwrap().block_on(async {
            act(Rc::new(Bell::hung().unwrap())).await;
        });
    }

    #[test]
    fn people_are_woken_in_order_and_not_too_early() {
        with_bell(|bell| async move {
            let now = Instant::now();
            let woken = Rc::new(RefCell::new(Vec::new()));
            let mut people = JoinSet::new();
            // The second is due before the one for whom the timer is set, the last already.
            for millis in [300, 100, 200, 200, 0] {
                let (bell, woken) = (Rc::clone(&bell), Rc::clone(&woken));
                people.spawn_local(async move {
                    let due = now + Duration::from_millis(millis);
                    wait_until(&mut bell.place(), due).await;
                    assert!(Instant::now() >= due);
                    woken.borrow_mut().push(millis);
                });
            }
            people.join_all().await;
            assert_eq!(*woken.borrow(), [0, 100, 200, 200, 300]);
            assert!(bell.queue.waiting.borrow().is_empty());
        });
    }

    /// Ten thousand in a tenth of a second, after the rings that were saved up.
    #[test]
    fn a_crowd_is_woken_by_the_handful() {
        with_bell(|bell| async move {
            let began = Instant::now();
            let rings = Rc::new(RefCell::new(std::collections::BTreeSet::new()));
            let mut people = JoinSet::new();
            for number in 0..10_000 {
                let (bell, rings) = (Rc::clone(&bell), Rc::clone(&rings));
                people.spawn_local(async move {
                    let due = began + Duration::from_micros(200_000 + number * 10);
                    wait_until(&mut bell.place(), due).await;
                    rings.borrow_mut().insert(bell.queue.quiet_until.get());
                });
            }
            people.join_all().await;
            let most = 1 + (began.elapsed() + SAVED).as_millis() / APART.as_millis();
            let rings = rings.borrow().len();
            assert!((2..=most as usize).contains(&rings), "{rings} of {most}");
        });
    }

    #[test]
    fn who_goes_leaves_nothing_behind_and_keeps_nobody() {
        with_bell(|bell| async move {
            let after = |millis| Instant::now() + Duration::from_millis(millis);
            let mut places = [0; 3].map(|_| bell.place());
            let [late, later, first] = &mut places;
            tokio::select! {
                biased;
                () = wait_until(late, after(3_000_000_000_000)) => panic!("in a hundred years"),
                () = wait_until(later, after(60_000)) => panic!("in a minute"),
                () = wait_until(first, after(20)) => {}
                () = tokio::task::yield_now() => {}
            }
            drop(places);
            assert!(bell.queue.waiting.borrow().is_empty());
            // The timer is set for nobody now, and rings all the same; who comes later is woken.
            assert!(bell.queue.set_for.get().is_some());
            let due = after(50);
            wait_until(&mut bell.place(), due).await;
            assert!(Instant::now() >= due);
        });
    }

    #[test]
    fn a_place_is_for_one_instant_at_a_time() {
        with_bell(|bell| async move {
            let now = Instant::now();
            let mut place = bell.place();
            // Later, sooner, again, and later than what rings in vain.
            for millis in [60_000, 40, 40, 80] {
                let due = now + Duration::from_millis(millis);
                tokio::select! {
                    biased;
                    () = wait_until(&mut place, due) => panic!("nobody waits so long"),
                    () = tokio::task::yield_now() => {}
                }
                let waiting = bell.queue.waiting.borrow();
                let dues: Vec<u64> = waiting.keys().map(|key| key.0).collect();
                assert_eq!(dues, [bell.queue.at(due)]);
            }
            let due = now + Duration::from_millis(80);
            wait_until(&mut place, due).await;
            assert!(Instant::now() >= due);
            assert!(bell.queue.waiting.borrow().is_empty());
            // It has passed: nobody is written down for it.
            wait_until(&mut place, due).await;
            assert!(bell.queue.waiting.borrow().is_empty());
        });
    }
}
