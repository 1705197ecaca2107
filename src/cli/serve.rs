//! `busyhour serve`: the built-in chat server alone.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::sync::oneshot;

use super::console::Console;
use super::signals::Signals;
use crate::center::rules::{Policy, RouterRules};
use crate::error::{Error, Exit, Result};
use crate::live::{built_in, machine};
use crate::report::figure::grouped;
use crate::scenario::{self, duration};
use crate::server::listen::Listen;
use crate::server::{Server, ServerOptions, Stats};
use crate::time::Span;
use crate::wire::tls::{Certificates, Identity};

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// A scenario whose queue and routing rules it goes by [default: no queue limit, one priority,
    /// no inactivity timeout, fewest-active]
    file: Option<PathBuf>,
    /// Change a key of the scenario; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE", requires = "file")]
    set: Vec<String>,
    /// Where it listens; port 0 takes any that is free
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:4210")]
    listen: SocketAddr,
    /// Listen beyond loopback: anyone who reaches the address can chat
    #[arg(long)]
    allow_remote: bool,
    /// A name that Host and Origin headers may give it, besides its address; may be repeated
    #[arg(long = "allow-host", value_name = "NAME")]
    allowed_hosts: Vec<String>,
    /// Which agent with room gets the next chat: fewest-active, longest-idle, round-robin,
    /// most-active-first or random
    #[arg(long, value_name = "POLICY", value_parser = policy)]
    policy: Option<Policy>,
    /// The most chats that may wait; beyond it they are rejected
    #[arg(long, value_name = "N")]
    queue_limit: Option<u32>,
    /// How many levels of priority there are; customers say theirs, from 0 for the least
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    priorities: Option<u8>,
    /// A chat that has waited so long is raised by one level, nobody above the highest
    #[arg(long, value_name = "DURATION", value_parser = span)]
    age_after: Option<Span>,
    /// End a chat when the agent has answered and the customer says nothing for so long
    #[arg(long, value_name = "DURATION", value_parser = span)]
    inactivity: Option<Span>,
    /// Keep the chat of a customer whose connection is lost for so long [default: the scenario's,
    /// else not at all]
    #[arg(long, value_name = "DURATION", value_parser = span)]
    kept_for: Option<Span>,
    /// How many seconds of these pass in a second on the wall [default: the scenario's
    /// live.speed, else 1]
    #[arg(long, value_name = "X", value_parser = speed)]
    speed: Option<f64>,
    /// Seconds without a sign of life after which a connection is cut
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    idle: u32,
    /// Take at most so many messages and replies in a second on the wall; the rest waits its turn:
    /// a limit for trials to find
    #[arg(long, value_name = "N", value_parser = rate)]
    messages_per_second: Option<f64>,
    /// Serve over TLS with this certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of --tls-cert (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Let only those in whose certificate one of these authorities (PEM) vouches for
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    client_ca: Option<PathBuf>,
}

/// Serves until a signal comes.
///
/// # Errors
/// The scenario or the address is refused, or the port is in use.
pub fn run(args: &Serve, console: &Console) -> Result<Exit> {
    let options = options(args)?;
    let identity = match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => Some(Identity::read(cert, key)?),
        _ => None,
    };
    let clients = args.client_ca.as_deref();
    let clients = clients.map(Certificates::read).transpose()?;
    machine::raise_descriptors();
    let failed =
        |source: std::io::Error| Error::failed(format!("cannot start an event loop: {source}"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(failed)?;
    let (stop, stopped) = oneshot::channel();
    let signals = Signals::listen(console, move || {
        // A server that is over already needs no telling.
        let _ = stop.send(());
    })?;
    let stats = runtime.block_on(async {
        match identity {
            None => serve(Server::bind(options).await?, "ws", stopped, console).await,
            Some(identity) => {
                let server = Server::bind_tls(options, &identity, clients.as_ref()).await?;
                serve(server, "wss", stopped, console).await
            }
        }
    })?;
    console.tell(&words(&stats))?;
    Ok(signals
        .came()
        .map_or(Exit::Fine, super::signals::Stop::exit))
}

async fn serve<L: Listen>(
    server: Server<L>,
    scheme: &str,
    stopped: oneshot::Receiver<()>,
    console: &Console,
) -> Result<Stats> {
    console.tell(&format!(
        "listening on {scheme}://{}\n",
        server.local_addr()
    ))?;
    let shutdown = async {
        // The sender lives as long as the signals are listened for.
        let _ = stopped.await;
    };
    Ok(server.run(shutdown).await)
}

fn options(args: &Serve) -> Result<ServerOptions> {
    let mut options = match &args.file {
        Some(file) => built_in(&scenario::read(file, &args.set)?, args.listen),
        None => {
            let rules = RouterRules::new(u32::MAX, Policy::FewestActive);
            ServerOptions::new(args.listen, rules)
        }
    };
    let rules = &mut options.rules;
    rules.policy = args.policy.unwrap_or(rules.policy);
    rules.queue_limit = args.queue_limit.unwrap_or(rules.queue_limit);
    rules.levels = args.priorities.unwrap_or(rules.levels);
    rules.age_after = args.age_after.unwrap_or(rules.age_after);
    Ok(ServerOptions {
        inactivity: args.inactivity.unwrap_or(options.inactivity),
        kept_for: args.kept_for.unwrap_or(options.kept_for),
        speed: args.speed.unwrap_or(options.speed),
        idle: Duration::from_secs(args.idle.into()),
        allow_remote: args.allow_remote,
        allowed_hosts: args.allowed_hosts.clone(),
        messages_per_second: args.messages_per_second,
        ..options
    })
}

fn policy(name: &str) -> std::result::Result<Policy, String> {
    let known = Policy::ALL.into_iter().find(|known| known.name() == name);
    known.ok_or_else(|| format!("one of {}", Policy::ALL.map(Policy::name).join(", ")))
}

fn span(text: &str) -> std::result::Result<Span, String> {
    let span = duration::parse(text).map(duration::Duration::span);
    let span = span.ok().filter(|span| *span > Span::ZERO);
    span.ok_or_else(|| "a length of time above zero, such as 45s, 15m or 1h30m".into())
}

fn speed(text: &str) -> std::result::Result<f64, String> {
    let speed = text.parse().ok();
    let speed = speed.filter(|speed| (0.001..=100_000.0).contains(speed));
    speed.ok_or_else(|| "a number from 0.001 to 100000".into())
}

fn rate(text: &str) -> std::result::Result<f64, String> {
    let rate = text.parse().ok();
    let rate = rate.filter(|rate| (0.001..=1e6).contains(rate));
    rate.ok_or_else(|| "a number from 0.001 to 1000000".into())
}

fn words(stats: &Stats) -> String {
    let counts = [
        ("connections", stats.connections),
        ("refused at the door", stats.refused),
        ("cut: idle", stats.idle),
        ("cut: did not read", stats.stalled),
        ("cut: no frames", stats.garbage),
        ("chats", stats.tally.chats),
        ("rejected", stats.tally.rejected),
        ("assigned", stats.tally.assigned),
        ("handed over", stats.tally.handed_over),
        ("ended: quiet", stats.tally.quiet),
        ("resumed", stats.tally.resumed),
        ("ended: not back", stats.tally.lapsed),
        ("messages and replies", stats.tally.messages),
        ("typing indicators", stats.tally.typing),
    ];
    let line =
        |(label, count): (&str, u64)| format!(" {label:<22} {:>9}\n", grouped(count as f64, 0));
    counts.map(line).concat()
}
