//! Owns the greeting: how long a server takes to let a customer in who does nothing.
//!
//! Law: somebody connects as customers do, hears the hello and goes; no chat is opened, and nothing
//! is counted of it.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::dial::Dial;
use super::socket::{SocketLimits, dial};
use super::way::Way;
use super::{Options, in_event_loop, way};
use crate::error::{Error, Result};
use crate::wire::frame::CustomerSide;

/// How long it takes from dialling to the server's hello, at the slowest of the targets' doors.
///
/// # Errors
/// Refused (exit 2): a target that is not allowed. Failed (exit 3): a target cannot be reached, or
/// does not say hello within that time.
pub fn greeted(options: &Options, within: Duration) -> Result<Duration> {
    let look = async {
        let way = way(&options.targets, options).await?;
        let mut slowest = Duration::ZERO;
        for door in 0..options.targets.len() as u32 {
            let took = match options.protocol {
                None => through(&way, door, within).await?,
                // Of what comes after the connection nothing is known here.
                Some(_) => connected(&way, door, within).await?,
            };
            slowest = slowest.max(took);
        }
        Ok(slowest)
    };
    in_event_loop(look)?
}

async fn connected(way: &Way, door: u32, within: Duration) -> Result<Duration> {
    let began = Instant::now();
    let late = |_| {
        Error::failed(format!(
            "{} does not answer within {within:?}",
            way.target(door)
        ))
    };
    timeout(within, way.connect(door)).await.map_err(late)??;
    Ok(began.elapsed())
}

async fn through(way: &Way, door: u32, within: Duration) -> Result<Duration> {
    let began = Instant::now();
    let greeted = async {
        let mut socket = dial::<CustomerSide, Way>(way, door, SocketLimits::default()).await?;
        socket.hello().await?;
        Ok((socket, began.elapsed()))
    };
    let late = |_| {
        let target = way.target(door);
        Error::failed(format!("{target} says no hello within {within:?}"))
    };
    let (mut socket, took) = timeout(within, greeted).await.map_err(late)??;
    socket.close(drop).await;
    Ok(took)
}
