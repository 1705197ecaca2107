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
use crate::live::machine;
use crate::report::figure::grouped;
use crate::scenario;
use crate::server::{Server, ServerOptions, Stats};

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// A scenario whose queue and routing rules it goes by [default: no queue limit,
    /// fewest-active]
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
    /// The most chats that may wait; beyond it they are rejected
    #[arg(long, value_name = "N")]
    queue_limit: Option<u32>,
    /// Seconds without a sign of life after which a connection is cut
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    idle: u32,
}

/// Serves until a signal comes.
///
/// # Errors
/// The scenario or the address is refused, or the port is in use.
pub fn run(args: &Serve, console: &Console) -> Result<Exit> {
    let options = options(args)?;
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
        let server = Server::bind(options).await?;
        console.tell(&format!("listening on ws://{}\n", server.local_addr()))?;
        let shutdown = async {
            // The sender lives as long as the signals are listened for.
            let _ = stopped.await;
        };
        Ok(server.run(shutdown).await)
    })?;
    console.tell(&words(&stats))?;
    Ok(signals
        .came()
        .map_or(Exit::Fine, super::signals::Stop::exit))
}

fn options(args: &Serve) -> Result<ServerOptions> {
    let mut rules = match &args.file {
        Some(file) => scenario::read(file, &args.set)?.router,
        None => RouterRules::new(u32::MAX, Policy::FewestActive),
    };
    rules.queue_limit = args.queue_limit.unwrap_or(rules.queue_limit);
    Ok(ServerOptions {
        idle: Duration::from_secs(args.idle.into()),
        allow_remote: args.allow_remote,
        allowed_hosts: args.allowed_hosts.clone(),
        ..ServerOptions::new(args.listen, rules)
    })
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
        ("messages and replies", stats.tally.messages),
    ];
    let line =
        |(label, count): (&str, u64)| format!(" {label:<22} {:>9}\n", grouped(count as f64, 0));
    counts.map(line).concat()
}
