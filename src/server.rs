//! The built-in chat server: customers and agents over WebSocket, routed by the center's `Router`.
//!
//! Law: it knows no scenario and no people, only frames and the router's rules; so a run against
//! it measures what a run against any other server would. Connections move frames, one hub task
//! owns the `Desk`, and the desk decides:
//!
//! ```text
//! connection --Note--> hub: Desk(Router) --Parcel--> connection
//!   (one task each)      (one task)        (bounded outbox, or cut)
//! ```

pub mod clock;
mod connection;
pub mod desk;
mod door;
mod handle;
mod hub;
pub mod listen;
mod pace;
mod stats;
mod tls;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

pub use handle::Handle;
pub use stats::Stats;
pub use tls::TlsListener;

use crate::center::rules::RouterRules;
use crate::error::{Error, Result};
use crate::time::Span;
use crate::wire::PROTOCOL;
use crate::wire::frame::Hello;
use crate::wire::limits::{FRAME_LIMIT, FRAME_LIMIT_LEAST, FRAME_LIMIT_MOST};
use crate::wire::tls::{Certificates, Identity};
use connection::House;
use desk::{ConnId, Desk, DeskRules};
use door::Door;
use hub::Note;
use listen::Listen;
use pace::Pace;
use stats::Counters;

/// Wall time that connections have to end when the server stops.
const STOPPING: Duration = Duration::from_secs(2);

/// The bounds of a limit on messages a second.
const MESSAGES_LEAST: f64 = 0.001;
const MESSAGES_MOST: f64 = 1e6;

/// What a server is told when it starts.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Where it listens; port 0 for any that is free.
    pub listen: SocketAddr,
    /// How it gives out chats.
    pub rules: RouterRules,
    /// A chat in which the agent has answered is ended when the customer says nothing for so long;
    /// endless for never.
    pub inactivity: Span,
    /// For how long the chat of a customer is kept whose connection is lost; zero for not at all.
    pub kept_for: Span,
    /// How many seconds of `rules.age_after`, `inactivity` and `kept_for` pass in a second on the
    /// wall.
    pub speed: f64,
    /// Of the lots of random routing.
    pub seed: u64,
    /// The replication of the run that it serves: a lot is the customer's own then.
    pub replication: u32,
    /// Wall time without a sign of life after which a connection is cut; a peer that is quiet for
    /// half of it is pinged.
    pub idle: Duration,
    /// The most bytes of a message.
    pub frame_limit: usize,
    /// The frames that may wait for a peer that does not read; beyond it, it is cut.
    pub outbox: usize,
    /// Whether it may listen on other addresses than loopback.
    pub allow_remote: bool,
    /// Names that Host and Origin headers may give it, besides its address and localhost.
    pub allowed_hosts: Vec<String>,
    /// The most messages and replies that it takes in a second on the wall, for trials; none for as
    /// many as come.
    pub messages_per_second: Option<f64>,
}

impl ServerOptions {
    /// The defaults: quiet chats are not ended, none is kept, a minute of idle time, messages of 16 KiB, loopback
    /// only.
    pub fn new(listen: SocketAddr, rules: RouterRules) -> ServerOptions {
        ServerOptions {
            listen,
            rules,
            inactivity: Span::ENDLESS,
            kept_for: Span::ZERO,
            speed: 1.0,
            seed: 0,
            replication: 0,
            idle: Duration::from_secs(60),
            frame_limit: FRAME_LIMIT,
            // More than an agent of the highest concurrency can be given at once.
            outbox: 2_048,
            allow_remote: false,
            allowed_hosts: Vec::new(),
            messages_per_second: None,
        }
    }

    fn check(&self) -> Result<()> {
        if !self.listen.ip().to_canonical().is_loopback() && !self.allow_remote {
            let words = format!("{} is not loopback: anyone could connect", self.listen);
            return Err(Error::refused(words)
                .with_remedy("listen on 127.0.0.1, or say --allow-remote if that is meant"));
        }
        if !(FRAME_LIMIT_LEAST..=FRAME_LIMIT_MOST).contains(&self.frame_limit) {
            return Err(Error::refused(format!(
                "a frame limit of {} bytes is outside {FRAME_LIMIT_LEAST} to {FRAME_LIMIT_MOST}",
                self.frame_limit
            )));
        }
        if self.idle < Duration::from_millis(10) || self.outbox == 0 {
            return Err(Error::refused(
                "a server needs an idle time of 10 ms at least, and room in its outboxes",
            ));
        }
        if !(self.speed > 0.0 && self.speed.is_finite()) || self.rules.levels == 0 {
            return Err(Error::refused(
                "a server needs a speed above zero, and one level of priority at least",
            ));
        }
        let sound = |rate: f64| (MESSAGES_LEAST..=MESSAGES_MOST).contains(&rate);
        if !self.messages_per_second.is_none_or(sound) {
            return Err(Error::refused(format!(
                "a server takes from {MESSAGES_LEAST} to {MESSAGES_MOST} messages a second"
            )));
        }
        Ok(())
    }

    /// The desk of a server that is told this: who gives out its chats.
    pub fn desk(&self) -> Desk {
        let rules = DeskRules {
            router: self.rules.clone(),
            inactivity: self.inactivity,
            kept_for: self.kept_for,
            seed: self.seed,
            replication: self.replication,
        };
        Desk::new(rules, self.hello())
    }

    /// What such a server says of itself.
    pub fn hello(&self) -> Hello {
        let limit = self.rules.queue_limit;
        let wall_ms = |span: Span| {
            let millis = (span.0 as f64 / self.speed / 1e6).round();
            (span != Span::ENDLESS).then_some(millis as u64)
        };
        Hello {
            protocol: PROTOCOL,
            server: concat!("busyhour ", env!("CARGO_PKG_VERSION")).to_owned(),
            policy: self.rules.policy.name().to_owned(),
            queue_limit: (limit < u32::MAX).then_some(limit),
            levels: self.rules.levels,
            age_after_ms: wall_ms(self.rules.age_after),
            inactivity_ms: wall_ms(self.inactivity),
            kept_ms: wall_ms(self.kept_for).filter(|_| self.kept_for > Span::ZERO),
            frame_limit: u32::try_from(self.frame_limit).unwrap_or(u32::MAX),
            idle_ms: u64::try_from(self.idle.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// A chat server that listens.
#[derive(Debug)]
pub struct Server<L = TcpListener> {
    listener: L,
    addr: SocketAddr,
    desk: Desk,
    speed: f64,
    messages_per_second: Option<f64>,
    house: Arc<House>,
}

impl Server {
    /// Listens, but accepts nobody before `run`. To be called within a tokio runtime.
    ///
    /// # Errors
    /// Refused (exit 2): not loopback, or options that make no sense. Failed (exit 3): the port
    /// is in use, or the system will not have it.
    pub async fn bind(options: ServerOptions) -> Result<Server> {
        options.check()?;
        let (listener, addr) = listen::bind(options.listen)?;
        Server::on(listener, addr, &options)
    }

    /// Runs a server on a thread of its own.
    ///
    /// # Errors
    /// Those of `bind`, and failed (exit 3) when there is no thread to be had.
    pub fn spawn_thread(options: ServerOptions) -> Result<Handle> {
        Handle::start(options)
    }
}

impl Server<TlsListener> {
    /// Listens for connections over TLS, but accepts nobody before `run`: as `identity`, and with
    /// `clients` only for those whose certificates one of these authorities vouches for.
    ///
    /// # Errors
    /// Those of `bind`; refused (exit 2): certificates or keys that are unfit.
    pub async fn bind_tls(
        options: ServerOptions,
        identity: &Identity,
        clients: Option<&Certificates>,
    ) -> Result<Server<TlsListener>> {
        options.check()?;
        let (listener, addr) = TlsListener::bind(options.listen, identity, clients)?;
        Server::on(listener, addr, &options)
    }
}

impl<L: Listen> Server<L> {
    /// A server that takes the connections of `listener`, which is reached at `addr`.
    ///
    /// # Errors
    /// Refused (exit 2): not loopback, or options that make no sense.
    pub fn on(listener: L, addr: SocketAddr, options: &ServerOptions) -> Result<Server<L>> {
        options.check()?;
        let house = House {
            door: Door::new(addr, &options.allowed_hosts),
            counters: Arc::default(),
            frame_limit: options.frame_limit,
            idle: options.idle,
            outbox: options.outbox,
        };
        Ok(Server {
            listener,
            addr,
            desk: options.desk(),
            speed: options.speed,
            messages_per_second: options.messages_per_second,
            house: Arc::new(house),
        })
    }

    /// Where it listens; the port is the true one when any was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.house.counters)
    }

    /// Serves until `shutdown` comes; then ends every chat, closes every connection within two
    /// seconds, and says what was counted.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> Stats {
        let counters = self.counters();
        let (inbox, notes) = mpsc::channel(hub::INBOX);
        let (stop, stopping) = watch::channel(false);
        let pace = Pace::new(self.messages_per_second, stopping.clone());
        let hub = tokio::spawn(hub::run(
            self.desk,
            self.speed,
            (notes, pace),
            Arc::clone(&counters),
        ));
        let mut connections = JoinSet::new();
        let mut given = 0;
        tokio::pin!(shutdown);
        loop {
            let (opening, local) = tokio::select! {
                () = &mut shutdown => break,
                accepted = self.listener.accept() => accepted,
                Some(_) = connections.join_next() => continue,
            };
            given += 1;
            connections.spawn(connection::serve(
                Arc::clone(&self.house),
                ConnId(given),
                opening,
                local,
                inbox.clone(),
                stopping.clone(),
            ));
        }
        drop(self.listener);
        // Connections that stand are told by the hub, the others by the watch. Neither can be gone.
        let _ = stop.send(true);
        let _ = inbox.send(Note::Stop).await;
        let deadline = Instant::now() + STOPPING;
        while let Ok(Some(_)) = timeout_at(deadline, connections.join_next()).await {}
        connections.shutdown().await;
        drop(inbox);
        hub.await.expect("the hub does not panic");
        counters.stats()
    }
}
