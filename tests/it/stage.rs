//! Owns `Stage`: a live run on a paused clock, over in-memory streams on which frames take a while.
//!
//! Law: nothing takes any time but what people do and what is on its way, so frames cross exactly
//! where a test wants them to.

use std::cell::Cell;
use std::future::{Future, Ready, ready};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use busyhour::error::{Error, Result};
use busyhour::live::alarm::Alarm;
use busyhour::live::dial::Dial;
use busyhour::live::ledger::Ledger;
use busyhour::live::target::Target;
use busyhour::live::watch::Watch;
use busyhour::live::{Options, Outcome, built_in, play, run};
use busyhour::measure::cast::Cast;
use busyhour::measure::record::Record;
use busyhour::scenario::plan::Plan;
use busyhour::server::listen::Listen;
use busyhour::server::{Server, ServerOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep_until};

/// More than anybody says before the other side reads.
const ROOM: usize = 64 * 1024;

/// A live run that is about to be played.
pub struct Stage {
    pub plan: Plan,
    pub options: Options,
    /// What a frame takes on its way, either way.
    pub delay: Delay,
    pub watch: Rc<Watch>,
}

/// What a frame takes on its way: as many milliseconds each, or up to so many by lot.
#[derive(Clone, Copy, Debug)]
pub struct Delay {
    least_ms: u64,
    most_ms: u64,
    seed: u64,
}

/// The streams of those who connect, at the server's end.
pub struct Door(pub UnboundedReceiver<DuplexStream>);

impl Delay {
    /// So many milliseconds each.
    pub fn of(ms: u64) -> Delay {
        let (least_ms, most_ms) = (ms, ms);
        Delay {
            least_ms,
            most_ms,
            seed: 0,
        }
    }

    /// Up to so many milliseconds, by the lots of a seed.
    pub fn up_to(most_ms: u64, seed: u64) -> Delay {
        Delay {
            least_ms: 0,
            most_ms,
            seed: seed << 32,
        }
    }

    fn next(&mut self) -> Duration {
        self.seed = self.seed.wrapping_add(1);
        let lot = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let lot = (lot ^ lot >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let lot = (lot ^ lot >> 27) % (self.most_ms - self.least_ms + 1);
        Duration::from_millis(self.least_ms + lot)
    }
}

impl Stage {
    /// The plan, with frames that take so many milliseconds.
    pub fn new(plan: Plan, delay_ms: u64) -> Stage {
        Stage {
            plan,
            options: OPTIONS,
            delay: Delay::of(delay_ms),
            watch: Rc::default(),
        }
    }

    /// Plays it against the built-in server by the plan's rules, changed.
    pub fn built_in(&self, change: impl FnOnce(&mut ServerOptions)) -> Outcome {
        let options = self.options(change);
        let outcome = self.against(|door| serve(door, options));
        outcome.expect("the run starts")
    }

    /// How the built-in server goes by the plan's rules, changed.
    pub fn options(&self, change: impl FnOnce(&mut ServerOptions)) -> ServerOptions {
        let mut options = built_in(&self.plan, addr());
        change(&mut options);
        options
    }

    /// Plays it against a server of its own.
    pub fn against<F>(&self, server: impl FnOnce(Door) -> F) -> Result<Outcome>
    where
        F: Future<Output = ()> + 'static,
    {
        let (far, door) = unbounded_channel();
        self.over(Line::new(self.delay, far), server(Door(door)))
    }

    /// Plays it over a line with a server at its other end.
    pub fn over<D: Dial>(
        &self,
        line: D,
        server: impl Future<Output = ()> + 'static,
    ) -> Result<Outcome> {
        let alarm = Alarm::coarse();
        let run = async { play(&self.plan, &self.options, line, alarm, &self.watch).await };
        beside(server, run)
    }

    /// Plays it against the built-in server and gives the ledger.
    pub fn ledger(
        &self,
        change: impl FnOnce(&mut ServerOptions),
        beside_it: impl Future<Output = ()> + 'static,
    ) -> Ledger {
        let (far, door) = unbounded_channel();
        let line = Line::new(self.delay, far);
        let mut ledger = Ledger::new(&self.plan, 0, false);
        let server = serve(Door(door), self.options(change));
        let both = async { ((), ()) = tokio::join!(server, beside_it) };
        let (alarm, watch) = (Alarm::coarse(), &self.watch);
        let run = async { run(&self.plan, &OPTIONS, line, alarm, watch, &mut ledger).await };
        beside(both, run).expect("the run starts");
        ledger
    }
}

const OPTIONS: Options = Options {
    targets: Vec::new(),
    separate: false,
    sources: Vec::new(),
    allow_targets: Vec::new(),
    access: None,
    protocol: None,
    replication: 0,
    records: true,
    trace: None,
    workers: None,
    skip_closed: false,
    cast: Cast::Everybody,
    shard: None,
    start: None,
};

/// Runs the one on a paused clock, with the other beside it.
fn beside<T>(server: impl Future<Output = ()> + 'static, run: impl Future<Output = T>) -> T {
    on_a_paused_clock(async {
        let serving = spawn_local(server);
        let outcome = run.await;
        if serving.is_finished() {
            serving.await.expect("the server keeps to its part");
        }
        outcome
    })
}

/// Runs something in one thread, on a clock that goes on only when everybody waits.
pub fn on_a_paused_clock<T>(run: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build_local(LocalOptions::default());
    runtime.unwrap().block_on(run)
}

/// The built-in server.
pub async fn serve(door: Door, options: ServerOptions) {
    let server = Server::on(door, addr(), &options).unwrap();
    server.run(std::future::pending()).await;
}

/// Where the server would be, if it were anywhere.
pub fn addr() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 4210))
}

/// A way to the server.
pub struct Line {
    target: Target,
    delay: Delay,
    connected: Cell<u64>,
    far: UnboundedSender<DuplexStream>,
}

impl Line {
    /// A way on which frames take `delay`, and whose streams come out at `far`.
    pub fn new(delay: Delay, far: UnboundedSender<DuplexStream>) -> Line {
        Line {
            target: Target::from(addr()),
            delay,
            connected: Cell::new(0),
            far,
        }
    }
}

impl Dial for Line {
    type Stream = DuplexStream;

    fn target(&self, _: u32) -> &Target {
        &self.target
    }

    async fn connect(&self, _: u32) -> Result<DuplexStream> {
        let (near, mut far) = duplex(ROOM);
        if self.delay.most_ms > 0 {
            let connected = self.connected.get() + 1;
            self.connected.set(connected);
            // Each direction of each connection has lots of its own.
            let lots = |way| Delay {
                seed: self.delay.seed + ((connected * 2 + way) << 16),
                ..self.delay
            };
            let (other, end) = duplex(ROOM);
            let (near_reads, near_writes) = split(std::mem::replace(&mut far, end));
            let (far_reads, far_writes) = split(other);
            carry(near_reads, far_writes, lots(0));
            carry(far_reads, near_writes, lots(1));
        }
        let sent = self.far.send(far);
        sent.map_err(|_| Error::failed("the server is gone"))?;
        Ok(near)
    }
}

/// Carries what is written at one end to the other, in order; what is written at once takes one
/// delay.
fn carry(mut from: ReadHalf<DuplexStream>, mut to: WriteHalf<DuplexStream>, mut delay: Delay) {
    let (on_its_way, mut arriving) = unbounded_channel::<(Instant, Vec<u8>)>();
    spawn_local(async move {
        let mut bytes = Vec::with_capacity(ROOM);
        while let Ok(length) = from.read_buf(&mut bytes).await {
            let parcel = (Instant::now() + delay.next(), bytes.clone());
            bytes.clear();
            if length == 0 || on_its_way.send(parcel).is_err() {
                return;
            }
        }
    });
    spawn_local(async move {
        while let Some((at, bytes)) = arriving.recv().await {
            sleep_until(at).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    });
}

impl Listen for Door {
    type Stream = DuplexStream;
    type Opening = Ready<io::Result<DuplexStream>>;

    async fn accept(&mut self) -> (Self::Opening, Option<IpAddr>) {
        match self.0.recv().await {
            Some(stream) => (ready(Ok(stream)), None),
            None => std::future::pending().await,
        }
    }
}

/// The only record that a run of one customer leaves.
pub fn only(outcome: &Outcome) -> Record {
    let records = &outcome.records[0];
    assert_eq!(records.len(), 1, "{records:#?}");
    records[0]
}

/// How many handle times were measured.
pub fn handle_times(outcome: &Outcome) -> u64 {
    let measure = outcome.result.measure("handle_s_mean");
    measure.map_or(0, |measure| measure.samples)
}
